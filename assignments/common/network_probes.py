"""What is asked of a network of the CS231n family: losses, gradients, both around a point, and where its parameters start.

The inputs of a point are drawn in one order whoever asks, so that a companion finds the point that the check of the gradients drew.
NumPy only; runs beside student code.
"""

from __future__ import annotations

from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import numpy as np

from assignments.common.arrays import number, row
from assignments.common.carried import network_around
from assignments.common.networks import (
    absent_biases,
    gradients_of,
    make_network,
    names_of,
    own_averages,
    start,
    without_backward,
)
from grader.probe import NeedsPersonError

__all__ = [
    "IMAGE",
    "REGS",
    "SIZES",
    "examples",
    "gradients_at",
    "loss_around",
    "loss_of",
    "losses_at",
    "started",
    "starting_parameters",
]

SIZES = (12, 7, 5, 9, 4)  # input, three hidden layers of unequal width, classes
IMAGE = (3, 2, 2)  # the same input as an image
REGS = (0.0, 3.14)
ROWS = 9  # examples at each point


def examples(rng: Any, rows: int) -> tuple[Any, Any]:
    """Images and their classes: X (rows, *IMAGE), y (rows,)."""
    return rng.standard_normal((rows, *IMAGE)) + 0.3, rng.integers(SIZES[-1], size=rows)


def started(
    impl: Any,
    rng: Any,
    normalization: str | None,
    reg: float,
    sizes: Any = SIZES,
    *,
    by_averages: bool = False,
) -> Any:
    """The student's network, with parameters drawn here. by_averages: whether its running averages are used.

    Raises: NeedsPersonError for a network as good as the asked one, whose numbers are others: without biases in front of layer
        normalization, or of batch normalization by running averages, which take a bias out after many steps only.
    """
    model = make_network(impl, sizes, normalization, reg)
    matters = by_averages or normalization == "layernorm"
    if normalization and matters and model.params and absent_biases(model.params, sizes):
        raise NeedsPersonError(f"the network has no biases in front of {normalization}")
    return start(model, rng, sizes, normalized=normalization is not None)


def losses_at(impl: Any, rng: Any, normalization: str | None) -> dict[str, Any]:
    """Losses without and with regularization."""
    arrays = {}
    for reg in REGS:
        model = started(impl, rng, normalization, reg)
        X, y = examples(rng, ROWS)
        arrays[f"loss_reg_{reg:g}"] = loss_of(model, X, y)
    return arrays


def loss_of(model: Any, X: Any, y: Any) -> Any:
    """The loss in training mode, also where a normalization's backward pass, which has checks of its own, raises or gives nothing.

    The network works out loss and gradients in one call. Where it raises, it is called once more, as in `_trained`, and with zeros
    in the place of what the backward passes did not give; an error of another cause comes again.
    """
    return number(_trained(model, X, y, without_backward)[0])


def _trained(model: Any, X: Any, y: Any, again: Any = None) -> Any:
    """What a call in training mode returns, also where layers share a dictionary of running averages, which shows in test mode.

    again: of the model, the context of a second call, which is made where the first one raises.
    """
    settings = deepcopy(getattr(model, "bn_params", None))
    try:
        return model.loss(X.copy(), y.copy())
    except NeedsPersonError:
        raise
    except Exception:  # noqa: BLE001 - a student's function may raise anything
        if settings is not None:
            model.bn_params = settings  # the running averages as they were before the call
    with own_averages(model), again(model) if again else nullcontext():
        return model.loss(X.copy(), y.copy())


def gradients_at(impl: Any, rng: Any, normalization: str | None) -> dict[str, Any]:
    """All gradients, without and with regularization."""
    arrays = {}
    for reg in REGS:
        model = started(impl, rng, normalization, reg)
        X, y = examples(rng, ROWS)
        grads = _trained(model, X, y)[1]
        normalized = normalization is not None
        absent = absent_biases(model.params, SIZES) if normalized else frozenset()
        arrays.update(
            gradients_of(grads, SIZES, normalized=normalized, prefix=f"reg_{reg:g}_", absent=absent)
        )
    return arrays


def loss_around(impl: Any, rng: Any, normalization: str | None, reg: float) -> dict[str, Any]:
    """The loss around that point of `gradients_at` whose regularization is `reg`."""
    for drawn in REGS[: REGS.index(reg) + 1]:
        model = started(impl, rng, normalization, drawn)
        X, y = examples(rng, ROWS)
    return network_around(model, X, y, rng, prefix=f"reg_{reg:g}_")


def starting_parameters(impl: Any, scales: dict[str | None, float], sizes: Any) -> dict[str, Any]:
    """The parameters that the student's constructor gives, for each normalization with a weight scale of its own.

    Returns: `None_W1`, `batchnorm_gamma1`, ...; under the course's names, vectors as (D,).
    """
    arrays = {}
    for normalization, scale in scales.items():
        model = make_network(impl, sizes, normalization, 0.0, weight_scale=scale)
        if not model.params:
            raise NotImplementedError("FullyConnectedNet has no parameters yet")
        for name, key in sorted(names_of(model.params).items()):
            given = model.params[key]
            arrays[f"{normalization}_{name}"] = given if name.startswith("W") else np.array(row(given))
        for name in absent_biases(model.params, sizes) if normalization else ():
            arrays[f"{normalization}_{name}"] = np.zeros(
                sizes[int(name[1:])]
            )  # what is not there adds nothing
    return arrays
