"""What a forward pass gives around a point, by which its own gradient can be told from outside. No gradient is computed here.

A companion of a check (`carries=`) sends this: outputs a small step to either side along one random direction for each gradient,
and far away in each input alone. NumPy only; runs beside student code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assignments.common.arrays import number, row, upstream, vectors
from assignments.common.networks import names_of
from assignments.common.parameters import put

__all__ = ["around", "layer_around", "network_around"]

STEP = 1e-5  # balances truncation and rounding of central differences in float64
FAR = 0.5  # in units of each input's own spread


def around(
    value: Any,
    inputs: dict[str, Any],
    gradients: dict[str, str],
    rng: Any,
    *,
    weight: Any = None,
    one_row: bool = True,
) -> dict[str, Any]:
    """Outputs around a point.

    Args: value: called as value(**inputs) with fresh copies; gives an array or a number. inputs: by argument.
        gradients: the check's name for a gradient -> the input that it belongs to.
        rng: draws the directions. weight: the gradient from above. one_row: far away, an input moves in its first row alone, so
        that it shows whether rows answer to each other; False where the value is one number, which one row may not reach: the unit
        that it belongs to may be off.
    """
    arrays = {"base": _output(value, inputs), "step": np.array(STEP)}
    for name, key in gradients.items():
        along = rng.standard_normal(inputs[key].shape)
        arrays[f"{name}|along"] = along
        arrays[f"{name}|plus"] = _output(value, inputs, key, STEP * along)
        arrays[f"{name}|minus"] = _output(value, inputs, key, -STEP * along)
    for key, given in inputs.items():
        part = FAR * (np.std(given) + 0.1) * rng.standard_normal(given.shape)
        part[1:] *= not one_row
        arrays[f"far_{key}_up"] = _output(value, inputs, key, part)
        arrays[f"far_{key}_down"] = _output(value, inputs, key, -part)
    shape = np.shape(arrays["base"])
    arrays["weight"] = np.ones(shape) if weight is None else weight
    return arrays


def _output(value: Any, inputs: dict[str, Any], key: str = "", move: Any = 0.0) -> Any:
    moved = {name: array + move if name == key else array.copy() for name, array in inputs.items()}
    out = value(**moved)
    return np.array(out, dtype=float) if isinstance(out, (float, int, np.floating)) else out


def layer_around(
    impl: Any, rng: Any, forward: str, shape: tuple[int, int], param: dict[str, Any]
) -> dict[str, Any]:
    """A normalization's outputs around the inputs that `normalization.gradients` draws for one shape."""
    x, dout = upstream(rng, *shape)
    gamma, beta = vectors(rng, shape[1])

    def value(x: Any, gamma: Any, beta: Any) -> Any:
        return getattr(impl, forward)(x, gamma, beta, dict(param))[0]

    inputs = {"x": x, "gamma": gamma, "beta": beta}
    return around(value, inputs, {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}, rng, weight=dout)


def network_around(model: Any, X: Any, y: Any, rng: Any, *, prefix: str) -> dict[str, Any]:
    """A network's losses around its parameters and X. prefix: of the names under which the check sends the gradients."""
    names = names_of(model.params)
    shapes = {name: model.params[key].shape for name, key in names.items()}

    def value(X: Any, **params: Any) -> Any:
        for name, array in params.items():
            put(lambda: model.params, names[name], array.reshape(shapes[name]), name)
        return number(model.loss(X, y.copy())[0])

    inputs = {name: row(model.params[names[name]]).copy() for name in sorted(names)}
    wanted = {f"{prefix}{name}": name for name in sorted(names)}
    return around(value, {"X": X, **inputs}, wanted, rng, one_row=False)
