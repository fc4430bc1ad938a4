"""Probes of dropout under the convention `dropout_forward(x, {"mode", "p"}) -> out, cache`. NumPy only; runs beside student code.

Which entries are kept is chance, drawn in any of several right ways, so nothing here can be compared with a reference's draw: the
probes send what shows the mask, and `assignments.common.masks` judges it outside.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from assignments.common.networks import gradients_of, start

__all__ = [
    "dropout_gradients",
    "dropout_network",
    "dropout_outputs",
    "masked_beside_normalization",
    "masked_network",
    "unmasked",
]


def away_from_zero(rng: Any, shape: tuple[int, ...]) -> Any:
    """Entries between 0.5 and 2 of either sign: what was dropped can be told from what is small."""
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def dropout_outputs(impl: Any, rng: Any, probabilities: Any, shape: tuple[int, int]) -> dict[str, Any]:
    """Training mode, twice for each p: inputs `x_...` and outputs `out_...`.

    Raises: NotImplementedError for a forward pass that gives no output.
    """
    arrays = {}
    for p in probabilities:
        for call in (1, 2):
            x = away_from_zero(rng, shape)
            arrays[f"x_{p:g}_{call}"] = x.copy()
            out = impl.dropout_forward(x, {"mode": "train", "p": p})[0]
            if out is None:
                raise NotImplementedError("dropout_forward returns None")
            arrays[f"out_{p:g}_{call}"] = out
    return arrays


def dropout_gradients(impl: Any, rng: Any, probabilities: Any, shape: tuple[int, int]) -> dict[str, Any]:
    """Training mode, forward and backward: `x_...`, `out_...`, `dout_...`, `dx_...`.

    Raises: NotImplementedError for a forward pass that gives no output.
    """
    arrays = {}
    for p in probabilities:
        x, dout = away_from_zero(rng, shape), away_from_zero(rng, shape)
        arrays.update({f"x_{p:g}": x.copy(), f"dout_{p:g}": dout.copy()})
        out, cache = impl.dropout_forward(x, {"mode": "train", "p": p})
        if out is None:
            raise NotImplementedError("dropout_forward returns None")
        arrays.update({f"out_{p:g}": out.copy(), f"dx_{p:g}": impl.dropout_backward(dout, cache)})
    return arrays


def dropout_network(impl: Any, sizes: Any, p: float, *, normalized: bool = False) -> Any:
    """A network in float64 with dropout, with or without batch normalization. sizes: input, hidden layers, classes.

    Raises: NotImplementedError if the class takes no argument for dropout, or none for the normalization that is asked for.
    """
    accepted = inspect.signature(impl.FullyConnectedNet).parameters
    names = [name for name in ("dropout", "dropout_keep_ratio") if name in accepted]
    if not names:
        raise NotImplementedError("FullyConnectedNet takes no argument that asks for dropout")
    terms = {"input_dim": sizes[0], "num_classes": sizes[-1], "weight_scale": 5e-2, "dtype": np.float64}
    choices = {"use_batchnorm": True, "normalization": "batchnorm"}
    asked = [name for name in choices if name in accepted]
    if normalized and not asked:
        raise NotImplementedError("FullyConnectedNet takes no argument that asks for batchnorm")
    terms |= {asked[0]: choices[asked[0]]} if normalized else {}
    return impl.FullyConnectedNet(list(sizes[1:-1]), **terms, **{names[0]: p})


def masked_network(impl: Any, rng: Any, sizes: Any, p: float, calls: int) -> dict[str, Any]:
    """Losses and gradients of single examples in training mode, with the parameters and inputs that they belong to.

    With one example, the gradient of the weights above a layer is zero in the rows of the units that were dropped.
    """
    model = start(dropout_network(impl, sizes, p), rng, sizes, normalized=False)
    arrays = gradients_of(
        {name: value.copy() for name, value in model.params.items()}, sizes, normalized=False, prefix="param_"
    )
    for call in range(1, calls + 1):
        X, y = rng.standard_normal((1, sizes[0])) + 0.3, rng.integers(sizes[-1], size=1)
        loss, grads = model.loss(X.copy(), y.copy())
        arrays.update({f"X_{call}": X, f"y_{call}": y, f"loss_{call}": loss})
        arrays.update(gradients_of(grads, sizes, normalized=False, prefix=f"grad_{call}_"))
    return arrays


def masked_beside_normalization(
    impl: Any, rng: Any, sizes: tuple[int, int, int], p: float, calls: int
) -> dict[str, Any]:
    """Losses and gradients of a network with one hidden layer, dropout and batch normalization, on two examples that are the same.

    Normalized over equal examples, every feature is its beta, whatever came before, and whatever the variance is divided by: each
    row's hidden units are those of its own mask. Parameters are sent as those of the network whose hidden layer they make.
    """
    model = start(dropout_network(impl, sizes, p, normalized=True), rng, sizes, normalized=True)
    given = gradients_of(
        {name: value.copy() for name, value in model.params.items()}, sizes, normalized=True, prefix=""
    )
    arrays = {f"param_{name}": given[name] for name in TWIN_PARAMETERS}
    for call in range(1, calls + 1):
        X, y = rng.standard_normal((1, sizes[0])) + 0.3, rng.integers(sizes[-1], size=1)
        loss, grads = model.loss(np.repeat(X, 2, axis=0), np.repeat(y, 2))
        found = gradients_of(grads, sizes, normalized=True, prefix="")
        arrays.update({f"y_{call}": y, f"loss_{call}": loss})
        arrays.update({f"grad_{call}_{name}": found[name] for name in TWIN_PARAMETERS})
    return arrays


TWIN_PARAMETERS = ("beta1", "W2", "b2")


def unmasked(impl: Any, rng: Any, sizes: Any, probabilities: Any) -> dict[str, Any]:
    """Scores in test mode, before and after a step of training mode."""
    arrays = {}
    for p in probabilities:
        model = start(dropout_network(impl, sizes, p), rng, sizes, normalized=False)
        X, y = rng.standard_normal((5, sizes[0])) + 0.3, rng.integers(sizes[-1], size=5)
        arrays[f"scores_{p:g}"] = model.loss(X.copy())
        model.loss(X.copy(), y)
        arrays[f"scores_{p:g}_again"] = model.loss(X)
    return arrays
