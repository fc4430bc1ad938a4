"""Judge whether a simplified backward pass is no slower than the step-by-step one. Pure, and outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.compare import Judgement, compare_value

__all__ = ["judge_alt_times"]

SLOWER = 2.0  # the fastest of 15 calls varies by a few per cent from run to run; one extra pass over the data is not a fault
CLOCK_S = 1e-5  # what a call to the clock and to an empty function takes, with room to spare
ALT_TOLERANCE = 1e-7
SINGLE = 1e-5  # of an array's largest number: what float32 leaves right, and digits are asked for elsewhere


def judge_alt_times(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """The alternative's fastest call is no slower than the step-by-step version's, with a factor to spare.

    It has to compute something worth timing: what is right, or what the student's own step-by-step version gives. Where that is
    wrong, as it is on top of a wrong forward pass, the checks of those functions charge it.
    """
    wrong = _alt_wrong(actual, expected)
    if wrong is not None:
        return wrong
    if (
        "seconds_backward" not in actual
    ):  # not written yet, and charged where it is judged: there is nothing to be slower than
        return Judgement(1.0)
    step_by_step, simplified = (
        _fastest(actual[name], expected[name].shape) for name in ("seconds_backward", "seconds_alt")
    )
    if step_by_step is None or simplified is None:
        return Judgement(0.0, "the times that came back are not times")
    if simplified <= SLOWER * step_by_step + CLOCK_S:
        return Judgement(1.0)
    return Judgement(0.0, f"takes {simplified:.1g} s, batchnorm_backward {step_by_step:.1g} s")


def _alt_wrong(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement | None:
    """What keeps the alternative's results from being timed, if anything does."""
    own = {name: actual.get(f"own_{name}") for name in ("dx", "dgamma", "dbeta")}
    honest = own["dx"] is not None and _alike(own["dx"], expected["dx"])
    for name, step_by_step in own.items():
        judged = compare_value("ndarray", actual[name], expected[name], tolerance=ALT_TOLERANCE)
        if (
            not judged.passed
            and not _to_seven_digits(actual[name], expected[name])
            and not (honest and _equal(actual[name], step_by_step))
        ):
            reason = f"not timed, for its results are not right: {name} {judged.reason}"
            return Judgement(0.0, reason, judged.relative_error)
    return None


def _to_seven_digits(array: Any, expected: Any) -> bool:
    if (
        array is None
        or array.shape != expected.shape
        or array.dtype.kind != "f"
        or not np.isfinite(array).all()
    ):
        return False
    return float(np.abs(array - expected).max()) <= SINGLE * float(np.abs(expected).max())


def _equal(array: Any, other: Any) -> bool:
    return other is not None and compare_value("ndarray", array, other, tolerance=ALT_TOLERANCE).passed


ALIKE = 0.7  # correlation with the right gradient from which on a wrong one counts as an attempt at it


def _alike(array: Any, expected: Any) -> bool:
    """Whether a wrong gradient is an attempt at the right one, not zeros or what was at hand."""
    if array.shape != expected.shape or array.dtype.kind != "f" or not np.isfinite(array).all():
        return False
    norm = float(np.linalg.norm(array) * np.linalg.norm(expected))
    return norm > 0 and float(np.sum(array * expected)) >= ALIKE * norm


def _fastest(seconds: Any, shape: tuple[int, ...]) -> float | None:
    if (
        seconds.shape != shape
        or seconds.dtype.kind != "f"
        or not np.isfinite(seconds.min())
        or seconds.min() < 0
    ):
        return None
    return float(seconds.min())
