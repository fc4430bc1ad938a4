"""Numerical gradients by central differences, and the field's relative error. Pure unless asked to perturb in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Array

__all__ = ["numerical_gradient", "numerical_gradient_array", "relative_error"]

FLOOR = 1e-8  # denominator floor of the notebooks' rel_error: 0 against 0 has error 0


def numerical_gradient(
    f: Callable[[Array], float], x: Array, *, h: float = 1e-5, in_place: bool = False
) -> Array:
    """Gradient of a scalar function at x: (f(x + h e) - f(x - h e)) / 2h for each entry.

    Args: f: called twice for each entry. x: any shape, floating point. h: half the distance, in units of x.
        in_place: perturb x itself and put every entry back, for an f that reads x elsewhere; else f gets a copy.
    Returns: in the shape of x, float64.
    Accuracy: truncation of order h squared, rounding of order 1e-16 |f| / h; h = 1e-5 balances them in float64.
    """
    return _central_differences(f, x, 1.0, h, in_place=in_place)


def numerical_gradient_array(
    f: Callable[[Array], Array], x: Array, dout: Array, *, h: float = 1e-5, in_place: bool = False
) -> Array:
    """Gradient of sum(f(x) * dout) for x: what a backward pass should return for the upstream gradient dout.

    Args: f: array-valued. dout: in the shape of f(x). Others and returns: as numerical_gradient.
    """
    return _central_differences(f, x, dout, h, in_place=in_place)


def _central_differences(
    f: Callable[[Array], Any], x: Array, dout: Any, h: float, *, in_place: bool
) -> Array:
    point = x if in_place else x.copy()
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        value = point[index]
        point[index] = value + h
        above = np.array(f(point))  # copies: f may return what it is given, which moves on
        point[index] = value - h
        below = np.array(f(point))
        point[index] = value
        gradient[index] = np.sum((above - below) * dout) / (2 * h)
    return gradient


def relative_error(x: Any, y: Any, *, floor: float = FLOOR) -> float:
    """The notebooks' measure: max(|x - y| / max(floor, |x| + |y|)). It passes over NaN and broadcasts, so it is no verdict."""
    return float(np.max(np.abs(x - y) / np.maximum(floor, np.abs(x) + np.abs(y))))
