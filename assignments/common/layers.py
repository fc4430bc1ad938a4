"""Probes of affine and ReLU layers: `affine_forward(x, w, b) -> out, cache`, `relu_forward(x) -> out, cache`, and their backwards.

NumPy only; runs beside student code.
"""

from __future__ import annotations

from typing import Any

from assignments.common.arrays import kept, row

__all__ = ["affine_gradients", "affine_inputs", "affine_outputs", "layers_inputs_after"]


def affine_inputs(rng: Any, shape: tuple[int, ...], units: int) -> tuple[Any, Any, Any, Any]:
    """x of the given shape, w, b for so many units, and a gradient from above."""
    x = rng.standard_normal(shape) + 0.3
    w = rng.standard_normal((x[0].size, units))
    return x, w, rng.standard_normal(units), rng.standard_normal((shape[0], units))


def affine_outputs(impl: Any, rng: Any, forward: str, shapes: Any) -> dict[str, Any]:
    """The forward pass for several shapes; each is the shape of x and the number of units."""
    arrays = {}
    for shape, units in shapes:
        x, w, b, _ = affine_inputs(rng, shape, units)
        arrays[f"out_{_label(shape, units)}"] = getattr(impl, forward)(x, w, b)[0]
    return arrays


def affine_gradients(impl: Any, rng: Any, names: tuple[str, str], shapes: Any) -> dict[str, Any]:
    """Forward and backward pass for several shapes; names: of the two functions."""
    arrays = {}
    for shape, units in shapes:
        x, w, b, dout = affine_inputs(rng, shape, units)
        _, cache = getattr(impl, names[0])(x, w, b)
        dx, dw, db = getattr(impl, names[1])(dout, cache)
        label = _label(shape, units)
        arrays.update({f"dx_{label}": dx, f"dw_{label}": dw, f"db_{label}": row(db)})
    return arrays


def layers_inputs_after(impl: Any, rng: Any) -> dict[str, Any]:
    """What x, w, b and dout hold after the affine and ReLU layers had them."""
    x, w, b, dout = affine_inputs(rng, (5, 2, 3), 4)
    _, cache = impl.affine_forward(x, w, b)
    impl.affine_backward(dout, cache)
    arrays = {"affine_x": kept(x), "affine_w": kept(w), "affine_b": kept(b), "affine_dout": kept(dout)}
    x, dout = rng.standard_normal((5, 6)), rng.standard_normal((5, 6))
    _, cache = impl.relu_forward(x)
    impl.relu_backward(dout, cache)
    return {**arrays, "relu_x": kept(x), "relu_dout": kept(dout)}


def _label(shape: tuple[int, ...], units: int) -> str:
    return "x".join(map(str, shape)) + f"_to_{units}"
