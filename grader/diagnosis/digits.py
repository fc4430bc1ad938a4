"""Are numbers right as far as single precision can tell? Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..model import Array

__all__ = ["largest", "near"]

# Of an array's largest number. One cast to float32, wherever it stood, moved results by 25 of its roundings (2**-24) at most in
# hundreds of arrays; the mildest mistakes that are known, an eps in the wrong place, move them by 60 and more.
ROUNDING = 2.0**-24
DIGITS = 32 * ROUNDING
ALIKE = 0.999  # correlation of what is off with the right numbers: a factor is wrong; rounding has it once in a thousand
# What is off by no more is rounding, though it may have that correlation: of three numbers such as -a, 0, a it always has.
FEW = 4 * ROUNDING
NOTHING = 1e-9  # of the check's largest number: an array below it is zero but for rounding, and has no scale of its own


def near(got: Array | None, array: Array, most: float) -> bool:
    """Whether an array is another one but for rounding in single precision. most: the check's largest number."""
    if got is None or got.shape != array.shape or got.dtype.kind != "f" or array.dtype.kind != "f":
        return False
    if got.dtype.itemsize < np.dtype(np.float32).itemsize:
        return False
    own = largest(array)
    right = array.astype(np.float64)
    with np.errstate(all="ignore"):  # whatever numbers a student's code made of it
        off = got.astype(np.float64) - right
    if not largest(off) <= DIGITS * (own if own > NOTHING * most else most):  # NaN included
        return False
    return largest(off) <= FEW * own or not _by_a_factor(off, right)


def _by_a_factor(off: NDArray[np.float64], array: NDArray[np.float64]) -> bool:
    norm = float(np.linalg.norm(off) * np.linalg.norm(array))
    return array.size > 2 and norm > 0 and abs(float(np.sum(off * array))) > ALIKE * norm


def largest(array: Array) -> float:
    """The size of an array's largest number; 0 if it holds none."""
    return float(np.abs(array).max(initial=0.0)) if array.dtype.kind in "fiu" else 0.0
