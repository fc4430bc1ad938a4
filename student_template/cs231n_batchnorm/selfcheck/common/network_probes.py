from __future__ import annotations
from contextlib import nullcontext
from copy import deepcopy
from typing import Any
from .arrays import number
from .networks import absent_biases, gradients_of, make_network, own_averages, start, without_backward
from ..check import NeedsPersonError
SIZES = (12, 7, 5, 9, 4)
IMAGE = (3, 2, 2)
REGS = (0.0, 3.14)
ROWS = 9

def examples(rng: Any, rows: int) -> tuple[Any, Any]:
    return (rng.standard_normal((rows, *IMAGE)) + 0.3, rng.integers(SIZES[-1], size=rows))

def started(impl: Any, rng: Any, normalization: str | None, reg: float, sizes: Any=SIZES, *, by_averages: bool=False) -> Any:
    model = make_network(impl, sizes, normalization, reg)
    matters = by_averages or normalization == 'layernorm'
    if normalization and matters and model.params and absent_biases(model.params, sizes):
        raise NeedsPersonError(f'the network has no biases in front of {normalization}')
    return start(model, rng, sizes, normalized=normalization is not None)

def losses_at(impl: Any, rng: Any, normalization: str | None) -> dict[str, Any]:
    arrays = {}
    for reg in REGS:
        model = started(impl, rng, normalization, reg)
        X, y = examples(rng, ROWS)
        arrays[f'loss_reg_{reg:g}'] = loss_of(model, X, y)
    return arrays

def loss_of(model: Any, X: Any, y: Any) -> Any:
    return number(_trained(model, X, y, without_backward)[0])

def _trained(model: Any, X: Any, y: Any, again: Any=None) -> Any:
    settings = deepcopy(getattr(model, 'bn_params', None))
    try:
        return model.loss(X.copy(), y.copy())
    except NeedsPersonError:
        raise
    except Exception:
        if settings is not None:
            model.bn_params = settings
    with own_averages(model), again(model) if again else nullcontext():
        return model.loss(X.copy(), y.copy())

def gradients_at(impl: Any, rng: Any, normalization: str | None) -> dict[str, Any]:
    arrays = {}
    for reg in REGS:
        model = started(impl, rng, normalization, reg)
        X, y = examples(rng, ROWS)
        grads = _trained(model, X, y)[1]
        normalized = normalization is not None
        absent = absent_biases(model.params, SIZES) if normalized else frozenset()
        arrays.update(gradients_of(grads, SIZES, normalized=normalized, prefix=f'reg_{reg:g}_', absent=absent))
    return arrays
