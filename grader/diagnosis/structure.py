"""Describe how wrong numbers differ from the right ones: a factor, a sign, an axis, a place. Pure. Observations, never causes.

No value of either array is told: factors are, for they say nothing of hidden inputs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Finding

__all__ = ["observe"]

Array = NDArray[Any]

#: same(name, actual, expected): are they equal as far as the check can tell?
Same = Callable[[str, Array | None, Array], bool]

MOST = 3
CONSTANT = 1e-6  # relative spread of what counts as one factor or one offset
LEFT = 0.1  # of the difference: where more is left over, factor or offset describes nothing but lost digits
NUMERIC = "fciu"


def observe(
    actual: Mapping[str, Array | None],
    expected: Mapping[str, Array],
    warnings: Sequence[str],
    same: Same,
    *,
    section: str = "",
) -> tuple[Finding, ...]:
    """What strikes the eye in each wrong array, at most three arrays, one finding each; nothing where nothing does.

    Args: warnings: of NumPy, which name the operation that NaN came from.
    """
    wrong = {
        name: array
        for name, value in expected.items()
        if name in actual and (array := actual[name]) is not None and not same(name, array, value)
    }
    found: dict[str, Finding] = {}
    for name, array in wrong.items():
        said = _exchanged(name, wrong, expected, same) or _one(name, array, expected[name], warnings, same)
        if said is not None:
            kind, text = said
            found.setdefault(kind, Finding(id=f"structure.{kind}", student=f"{name} {text}", section=section))
    return tuple(found.values())[:MOST]


def _exchanged(
    name: str, wrong: Mapping[str, Array], expected: Mapping[str, Array], same: Same
) -> tuple[str, str] | None:
    for other in wrong:
        if (
            other != name
            and same(name, wrong[name], expected[other])
            and same(other, wrong[other], expected[name])
        ):
            return "exchanged", f"and {other} have changed places."
    return None


def _one(
    name: str, actual: Array, expected: Array, warnings: Sequence[str], same: Same
) -> tuple[str, str] | None:
    if actual.dtype.kind not in NUMERIC or expected.dtype.kind not in NUMERIC:
        return None
    if actual.shape != expected.shape:
        return _shape(name, actual, expected, same)
    if np.isfinite(expected).all() and not np.isfinite(actual).all():
        return "not_finite", _not_finite(actual, warnings)
    if not np.isfinite(actual).all() or actual.size == 0:
        return None
    return (
        _factor(actual, expected)
        or _layout(name, actual, expected, same)
        or _place(name, actual, expected, same)
    )


def _not_finite(actual: Array, warnings: Sequence[str]) -> str:
    kind = "NaN" if np.isnan(actual).any() else "infinite numbers"
    said = [
        match[0]
        for text in warnings
        if (match := re.search(r"\b(?:divide by zero|invalid value|overflow) encountered in \w+", text))
    ]
    because = f"; on the way NumPy warned of: {said[0]}" if said else ""
    return f"holds {kind} where finite numbers are expected{because}."


def _shape(name: str, actual: Array, expected: Array, same: Same) -> tuple[str, str] | None:
    if actual.size == expected.size and same(name, actual.reshape(expected.shape), expected):
        return (
            "shape_only",
            f"holds the right numbers in the shape {actual.shape}; expected is {expected.shape}.",
        )
    if actual.ndim == 2 and actual.T.shape == expected.shape and same(name, actual.T, expected):
        return "transposed", "is transposed: rows and columns have changed places."
    if actual.ndim == expected.ndim + 1:
        for axis in range(actual.ndim):
            if same(name, actual.sum(axis=axis), expected):
                return "sum_missing", f"is not added up yet: summed over axis {axis} it is right."
            if same(name, actual.mean(axis=axis), expected):
                return "mean_missing", f"is not averaged yet: averaged over axis {axis} it is right."
    return None


def _factor(actual: Array, expected: Array) -> tuple[str, str] | None:
    """All zeros, one factor, or one offset for all numbers."""
    if not actual.any():
        return "zeros", "holds nothing but zeros: is it ever filled in?"
    scale = float(np.abs(expected).max())
    there = np.abs(expected) > 1e-9 * scale
    if scale == 0 or there.sum() < 2:
        return None
    ratio = actual[there] / expected[there]
    factor = complex(np.median(ratio)).real
    if (
        np.abs(ratio - factor).max() <= min(CONSTANT * abs(factor), LEFT * abs(factor - 1))
        and np.abs(actual[~there]).max(initial=0) <= 1e-6 * scale
    ):
        if abs(factor + 1) <= CONSTANT:
            return "sign", "has the wrong sign and is otherwise right."
        return "factor", f"is right but for one factor, {_named(factor, expected.shape)}."
    offset = actual - expected
    first = abs(complex(offset.flat[0]))
    if np.ptp(offset.real) <= min(CONSTANT * scale, LEFT * first) and first > CONSTANT * scale:
        return "offset", "is off by the same amount everywhere."
    return None


def _named(factor: float, shape: tuple[int, ...]) -> str:
    """The factor, with what it may come from: a small number, or a length of the array."""
    counted = {2.0: "2", 0.5: "1/2"}
    for axis, length in enumerate(shape):
        if length > 2:
            counted.setdefault(float(length), f"{length}, which is the length of its axis {axis}")
            counted.setdefault(1 / length, f"1/{length}, one over the length of its axis {axis}")
    for value, text in counted.items():
        for sign, word in ((1, ""), (-1, "minus ")):
            if math.isclose(factor, sign * value, rel_tol=CONSTANT):
                return word + text
    return f"{factor:.6g}"


def _layout(name: str, actual: Array, expected: Array, same: Same) -> tuple[str, str] | None:
    """Rows, columns or features that are each off in the same way."""
    if actual.ndim != 2 or min(actual.shape) < 2:
        return None
    if actual.shape[0] == actual.shape[1] and same(name, actual.T, expected):
        return "transposed", "is transposed: rows and columns have changed places."
    scale = float(np.abs(expected).max())
    offset = actual - expected
    most = LEFT * float(np.abs(offset).max())
    for axis, each in ((0, "column"), (1, "row")):
        left = np.abs(offset - offset.mean(axis=axis, keepdims=True)).max()
        if left <= min(CONSTANT * scale, most):
            return f"offset_per_{each}", f"is off by a constant of its own in each {each}."
        size = np.abs(expected).max(axis=axis, keepdims=True)
        with np.errstate(all="ignore"):
            factors = (actual * expected).sum(axis=axis, keepdims=True) / (expected * expected).sum(
                axis=axis, keepdims=True
            )
            left = np.abs(actual - factors * expected)
            fits = left <= CONSTANT * size * np.maximum(1, np.abs(factors))
        if bool(fits.all()) and left.max() <= most:
            return f"factor_per_{each}", f"is off by a factor of its own in each {each}."
    return None


def _place(name: str, actual: Array, expected: Array, same: Same) -> tuple[str, str] | None:
    """Wrong in some places only."""
    if actual.ndim == 0 or actual.shape[0] < 3:
        return None
    rows = [not same(name, actual[i], expected[i]) for i in range(actual.shape[0])]
    what = "row" if actual.ndim > 1 else "entry"
    if sum(rows) == 1 and (rows[0] or rows[-1]):
        return "one_place", f"is wrong in its {'first' if rows[0] else 'last'} {what} only."
    positive = expected > 0
    numbered = bool(
        np.all(expected >= 0) and np.all(expected == np.round(expected))
    )  # classes: zero is one of them
    if positive.any() and not positive.all() and not numbered:
        if same(name, actual[positive], expected[positive]):
            return (
                "not_positive",
                "is right wherever the right result is positive; what is wrong lies elsewhere.",
            )
        if same(name, actual[~positive], expected[~positive]):
            return (
                "positive",
                "is right wherever the right result is not positive; what is wrong lies elsewhere.",
            )
    return None
