"""Judge how functions behave, whatever they compute: inputs left as they are, the same again, all digits kept. Pure, and outside.

A wrong value is charged where values are judged, and so is a function that raises or is not there. Here they are left aside, as
long as some result is near what it should be: code that does nothing has no manners to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.compare import Judgement, rel_error

__all__ = ["NOTHING_NEAR", "judge_precision", "judge_repeats", "judge_untouched", "some_near"]

NEAR = 0.3  # distance from the right result, in its size: a wrong constant or axis of the field's kind, not what was at hand


def some_near(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether some result is near the right one."""
    return any(
        name in actual and _near(actual[name], array)
        for name, array in expected.items()
        if not name.startswith("kept_")
    )


def _near(got: Any, array: Any) -> bool:
    if got.shape != array.shape or got.dtype.kind != "f" or not np.isfinite(got).all():
        return False
    return float(np.linalg.norm(got - array)) <= NEAR * float(np.linalg.norm(array))


NOTHING_NEAR = Judgement(0.0, "no result is near what it should be yet")


def judge_untouched(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """Every input is as it was, and some result is near what it should be."""
    if not some_near(actual, expected):
        return NOTHING_NEAR
    for name, array in expected.items():
        if name.startswith("kept_") and not np.array_equal(actual[name], array):
            _, function, given = name.split("_")
            return Judgement(0.0, f"{function}'s {given} is not what it was before the call")
    return Judgement(1.0)


def judge_repeats(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """The second result is the first, bit for bit, and some result is near what it should be."""
    if not some_near(actual, expected):
        return NOTHING_NEAR
    for name in [name for name in expected if name.endswith("_2")]:
        first = name.removesuffix("2") + "1"
        if name not in actual and first not in actual:
            continue
        if not _same(actual.get(name), actual.get(first)):
            return Judgement(0.0, f"{name.rpartition('_')[0]} differs between two calls with the same inputs")
    return Judgement(1.0)


def _same(second: Any, first: Any) -> bool:
    return second is not None and first is not None and np.array_equal(second, first, equal_nan=True)


# float32 in between leaves an error of about 1e-7, and more where a gradient cancels; right answers in float64 have 1e-13 here.
DOUBLE, SINGLE = 1e-9, 1e-4


def judge_precision(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """Every result is float64, and none is right to the digits of float32 only."""
    right = 0
    worst = 0.0
    for name, array in expected.items():
        got = actual.get(name)
        if got is None or got.shape != array.shape:
            continue
        if got.dtype.kind != array.dtype.kind or got.dtype.itemsize < array.dtype.itemsize:
            return Judgement(0.0, f"{name} has dtype {got.dtype}, expected {array.dtype}")
        error = rel_error(got, array, floor=PRECISION_FLOOR * float(np.abs(array).max()))
        if DOUBLE < error <= SINGLE:
            return Judgement(0.0, f"{name} is {got.dtype}, but right to the digits of float32 only", error)
        if error <= DOUBLE:
            right, worst = right + 1, max(worst, error)
    return Judgement(1.0, "", worst) if right else Judgement(0.0, "no result is right yet")


PRECISION_FLOOR = (
    1e-3  # of the largest entry; smaller ones are differences, whose last digits nobody can keep
)
