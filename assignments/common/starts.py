"""Judge the parameters that a network starts from. Pure, and outside: nothing of it enters the sandbox.

Weights are drawn by chance, in any order, so they are held against the spread that was asked for; all else is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.compare import Judgement, compare_value

__all__ = ["judge_start"]

SIGMAS = 6.0  # a right mean or spread is farther off once in five hundred million arrays
EXACT = {"b": 0.0, "gamma": 1.0, "beta": 0.0}


def judge_start(
    actual: Mapping[str, Any], expected: Mapping[str, Any], *, scales: Mapping[str | None, float]
) -> Judgement:
    """`starting_parameters`: weights have mean zero and the asked spread, biases and shifts are zero, scales one."""
    for name, array in expected.items():
        normalization, _, parameter = name.partition("_")
        kind = parameter.rstrip("0123456789")
        if name not in actual:
            return Judgement(0.0, f"params has no {parameter}")
        given = actual[name]
        judged = compare_value("ndarray", given, array, tolerance=np.inf)  # type, shape, finiteness
        if not judged.passed:
            return Judgement(0.0, f"{parameter} {judged.reason}")
        if kind == "W":
            asked = next(scale for key, scale in scales.items() if str(key) == normalization)
            problem = _spread_wrong(given, asked)
        else:
            problem = "" if (given == EXACT[kind]).all() else f"does not start at {EXACT[kind]:g}"
        if problem:
            return Judgement(0.0, f"{parameter} {problem}")
    return Judgement(1.0)


def _spread_wrong(weights: Any, scale: float) -> str:
    """In words what is wrong with weights that should be normal with mean zero and this standard deviation, or nothing."""
    mean, spread = float(np.mean(weights)), float(np.std(weights))
    if not abs(spread - scale) <= SIGMAS * scale / np.sqrt(2 * weights.size):
        return f"has standard deviation {spread:.2g} where weight_scale is {scale:g}"
    if not abs(mean) <= SIGMAS * scale / np.sqrt(weights.size):
        return f"has mean {mean:.2g}, expected about zero"
    return ""
