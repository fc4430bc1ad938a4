"""What probes of several courses do with arrays before handing them over. NumPy only; runs beside student code."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["kept", "number", "row", "upstream", "vectors"]


def row(value: Any) -> Any:
    """A (1, D) array as (D,), anything else as it is.

    Vectors per feature (running statistics, gradients of gamma, beta and biases) are (D,) in the course's text, but its own cells
    and networks work as well with (1, D), and both are handed in. Nothing else is reshaped: (D, 1) or a number stays wrong.
    """
    if isinstance(value, np.ndarray):
        value = np.asarray(value)  # a row of an np.matrix has two axes for ever
        return value[0] if value.ndim == 2 and value.shape[0] == 1 else value
    return value


def kept(value: Any) -> Any:
    """`row(value)` as it is now: later calls may write into the same array."""
    value = row(value)
    return value.copy() if isinstance(value, np.ndarray) else value


def number(value: Any) -> Any:
    """An array of one entry as that number, anything else as it is.

    A loss that was summed with an axis left over, (1,) or (1, 1), counts and prints as a number in the courses' notebooks.
    """
    if isinstance(value, np.ndarray) and value.size == 1:
        return np.asarray(value).reshape(())
    return value


def vectors(rng: Any, features: int) -> tuple[Any, Any]:
    """A scale and a shift per feature, neither of them one or zero: gamma, beta."""
    gamma = rng.uniform(0.5, 2.0, features) * rng.choice([-1.0, 1.0], features)
    return gamma, rng.standard_normal(features) + 0.5


def upstream(rng: Any, rows: int, features: int) -> tuple[Any, Any]:
    """Data whose features differ in mean and spread, and a gradient from above: x, dout (rows, features), both float64."""
    x = rng.uniform(0.5, 4.0, features) * rng.standard_normal((rows, features)) + 4 * rng.standard_normal(
        features
    )
    return x, rng.standard_normal((rows, features))
