from __future__ import annotations
from typing import Any
from .arrays import row

def affine_inputs(rng: Any, shape: tuple[int, ...], units: int) -> tuple[Any, Any, Any, Any]:
    x = rng.standard_normal(shape) + 0.3
    w = rng.standard_normal((x[0].size, units))
    return (x, w, rng.standard_normal(units), rng.standard_normal((shape[0], units)))

def affine_outputs(impl: Any, rng: Any, forward: str, shapes: Any) -> dict[str, Any]:
    arrays = {}
    for shape, units in shapes:
        x, w, b, _ = affine_inputs(rng, shape, units)
        arrays[f'out_{_label(shape, units)}'] = getattr(impl, forward)(x, w, b)[0]
    return arrays

def affine_gradients(impl: Any, rng: Any, names: tuple[str, str], shapes: Any) -> dict[str, Any]:
    arrays = {}
    for shape, units in shapes:
        x, w, b, dout = affine_inputs(rng, shape, units)
        _, cache = getattr(impl, names[0])(x, w, b)
        dx, dw, db = getattr(impl, names[1])(dout, cache)
        label = _label(shape, units)
        arrays.update({f'dx_{label}': dx, f'dw_{label}': dw, f'db_{label}': row(db)})
    return arrays

def _label(shape: tuple[int, ...], units: int) -> str:
    return 'x'.join(map(str, shape)) + f'_to_{units}'
