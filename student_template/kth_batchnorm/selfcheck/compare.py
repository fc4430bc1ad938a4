"""Compare a student's array with the expected one. Pure NumPy: no files, no kernel, no printing; the self-check uses it as well.

Judging fails closed, in this order: type, dtype, exact shape (no broadcasting), finiteness, tolerance. `rel_error` alone passes
NaN, broadcasts (3,) onto (3, 1) and raises on empty arrays, so it never judges alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

__all__ = ["FLOOR", "Judgement", "compare_value", "rel_error", "type_in_words"]

FLOOR = 1e-8  # denominator floor of the notebooks' rel_error: 0 against 0 has error 0

KINDS = {
    "f": "floating-point",
    "i": "integer",
    "u": "integer",
    "b": "boolean",
    "c": "complex",
    "S": "bytes",
    "U": "text",
}


@dataclass(frozen=True)
class Judgement:
    """What became of one comparison. fraction: share of the points, in [0, 1]; relative_error: None where nothing was compared.

    person: a check's own judge cannot tell right from wrong, and why is the reason: the check waits for a person's points.
    """

    fraction: float
    reason: str = ""
    relative_error: Optional[float] = None  # noqa: UP045 - this module also runs on students' older Pythons
    person: bool = False

    @property
    def passed(self) -> bool:
        """Whether all of the points are earned."""
        return self.fraction == 1.0


def rel_error(x: Any, y: Any, *, floor: float = FLOOR) -> float:
    """The largest relative error, max |x - y| / max(floor, |x| + |y|): 0 for equal arrays, 1 for opposite signs or against zero.

    Args: x, y: arrays of one shape, finite; empty arrays have error 0. floor: in units of x, > 0.
    Raises: ValueError if the shapes differ.
    Source: the `rel_error` cell of the course notebooks.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"rel_error: shapes {x.shape} and {y.shape} differ; expected one shape")
    if x.size == 0:
        return 0.0
    return float(np.max(_relative(x, y, floor)))


def compare_value(
    type_name: str,
    actual: Any,
    expected: Any,
    *,
    tolerance: float = 1e-7,
    floor: float = FLOOR,
    exact_dtype: bool = True,
) -> Judgement:
    """Judge one value that student code returned.

    Args: type_name: what the student's value was, e.g. "list". actual: its plain array, or None where it was no array or number.
        expected: the reference's array. tolerance: largest relative error that passes. floor: see `rel_error`.
        exact_dtype: a narrower floating-point type than expected fails.
    Returns: a Judgement of fraction 1 or 0, whose reason says what came and what was expected, without any value of either array.
    """
    expected = np.asarray(expected)
    if actual is None:
        return Judgement(0.0, f"is {type_in_words(type_name)}, expected {_describe(expected)}")
    actual = np.asarray(actual)
    reason = _wrong_dtype(actual, expected, exact_dtype=exact_dtype) or _wrong_shape(actual, expected)
    if reason:
        return Judgement(0.0, reason)
    if expected.dtype.kind not in "fciu":
        same = bool(np.array_equal(actual, expected))
        return Judgement(
            1.0 if same else 0.0, "" if same else "differs from what is expected", 0.0 if same else 1.0
        )
    return _judge_numbers(actual, expected, tolerance, floor)


def _judge_numbers(actual: Any, expected: Any, tolerance: float, floor: float) -> Judgement:
    mask = np.isfinite(expected)
    all_finite = bool(mask.all())
    wrong = np.isfinite(actual) != mask
    if not all_finite:  # a check may expect an infinity or NaN in places; there, kinds have to agree
        wrong |= ~mask & ~((actual == expected) | (np.isnan(actual) & np.isnan(expected)))
    if wrong.any():
        kind = "NaN" if np.isnan(actual[wrong]).any() else "infinite"
        return Judgement(
            0.0, f"{int(wrong.sum())} of {actual.size} numbers are {kind} where finite numbers are expected"
        )
    if not all_finite:
        actual, expected = actual[mask], expected[mask]
    errors = _relative(actual, expected, floor)
    error = float(errors.max()) if errors.size else 0.0  # as `rel_error`
    if error <= tolerance:  # spelt as the passing case: a NaN here must not pass
        return Judgement(1.0, "", error)
    beyond = int((errors > tolerance).sum())
    share = "all" if beyond == actual.size else f"{beyond} of {actual.size}"
    return Judgement(
        0.0, f"relative error {error:.2g}, tolerance {tolerance:.2g} ({share} numbers are off)", error
    )


def _relative(x: Any, y: Any, floor: float) -> Any:
    wide = np.result_type(
        x.dtype, y.dtype, np.float64
    )  # unsigned integers would wrap around, float16 overflow
    x, y = x.astype(wide, copy=False), y.astype(wide, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        # halves, so that the sum of two huge numbers stays finite
        return np.abs(x / 2 - y / 2) / np.maximum(floor / 2, np.abs(x) / 2 + np.abs(y) / 2)


def _wrong_dtype(actual: Any, expected: Any, *, exact_dtype: bool) -> str:
    got, want = actual.dtype, expected.dtype
    if got.kind not in KINDS:
        return f"has dtype {got}, expected {want}"
    scalar_integer = (
        want.kind == "f" and actual.ndim == 0 and got.kind in "iu"
    )  # a loss of 0 is a loss of 0.0
    if KINDS[got.kind] != KINDS.get(want.kind) and not scalar_integer:
        return f"has dtype {got} ({KINDS[got.kind]}), expected {want}"
    if exact_dtype and want.kind == got.kind == "f" and got.itemsize < want.itemsize:
        return f"has dtype {got}, expected {want}: precision was lost on the way"
    return ""


def _wrong_shape(actual: Any, expected: Any) -> str:
    if actual.shape == expected.shape:
        return ""
    advice = ""
    if actual.size == expected.size:
        advice = "; the number of elements is right"
    elif _broadcasts(actual.shape, expected.shape):
        advice = "; it would only fit by broadcasting"
    return f"has shape {actual.shape}, expected {expected.shape}{advice}"


def _broadcasts(one: Any, other: Any) -> bool:
    try:
        np.broadcast_shapes(one, other)
    except ValueError:
        return False
    return True


def _describe(expected: Any) -> str:
    if expected.ndim == 0:
        return "a number"
    return f"an array of shape {expected.shape}"


def type_in_words(type_name: str) -> str:
    """What a value was that came back without an array: "a list", "None"."""
    if type_name == "NoneType":
        return "None"
    if type_name == "ndarray":  # its data did not come along: no dtype of numbers
        return "an array of something else than plain numbers (dtype object, perhaps)"
    return f"{'an' if type_name[:1].lower() in 'aeiou' else 'a'} {type_name}"
