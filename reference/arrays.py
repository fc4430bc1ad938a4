"""What the whole core shares: the array type, where random numbers come from, and the checks of shapes. Computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "ChoiceSource",
    "NormalSource",
    "UniformSource",
    "expect_labels",
    "expect_rank",
    "expect_shape",
]

#: An array of any dtype; the functions keep the floating-point width that they are given.
Array = NDArray[Any]


class UniformSource(Protocol):
    """Draws from [0, 1): an `np.random.Generator`, or `np.random` itself for courses that seed the global generator."""

    def random(self, size: Any, /) -> Any:
        """Uniform numbers of shape `size`."""


class NormalSource(Protocol):
    """Draws from the standard normal distribution: an `np.random.Generator`, or `np.random` itself."""

    def standard_normal(self, size: Any, /) -> Any:
        """Normal numbers of shape `size`."""


class ChoiceSource(Protocol):
    """Draws rows with replacement: an `np.random.Generator`, or `np.random` itself."""

    def choice(self, a: int, size: int, /) -> Any:
        """`size` integers from range(a)."""


def expect_rank(where: str, name: str, array: Array, rank: int, meaning: str) -> None:
    """Raise ValueError unless `array` has `rank` dimensions and at least one element; `meaning` spells the axes, e.g. "(N, D)"."""
    if array.ndim != rank or array.size == 0:
        raise ValueError(
            f"{where}: {name} has shape {array.shape}, expected {meaning} with at least one element"
        )


def expect_shape(where: str, name: str, array: Array, shape: Sequence[int], why: str) -> None:
    """Raise ValueError unless `array` has exactly `shape`; `why` says what the shape follows from."""
    if array.shape != tuple(shape):
        raise ValueError(f"{where}: {name} has shape {array.shape}, expected {tuple(shape)}, {why}")


def expect_labels(where: str, y: Array, rows: int, classes: int) -> None:
    """Raise ValueError unless `y` holds one integer in range(classes) for each of the rows."""
    expect_shape(where, "y", y, (rows,), "one label per row of scores")
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"{where}: y has dtype {y.dtype}, expected integer class numbers")
    if rows and not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise ValueError(f"{where}: labels run from {y.min()} to {y.max()}, expected 0 to {classes - 1}")
