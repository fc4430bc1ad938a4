"""Whether a function does its work by running another one that was to be done without: seen in the lines that both run.

NumPy and the standard library only; runs beside student code, which can hide what it runs: this finds who hides nothing.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any

import numpy as np

from assignments.common.arrays import upstream, vectors
from assignments.common.normalization import spared
from grader.probe import NeedsPersonError

__all__ = ["ask_if_not_derived"]

STEP = 1e-5  # of the central differences; they are right to about its square
NEAR = 1e-5


def ask_if_not_derived(impl: Any) -> None:
    """Ask for a person where `batchnorm_backward_alt` runs every line of `batchnorm_backward`: its gradients then say nothing of a
    derivation. Both under one name are such a case, and so is one function with a setting that tells the two apart in no line.

    Raises: NeedsPersonError. What the functions raise themselves is for the checks of their values.
    """
    if spared(_lines_of_both, impl):
        raise NeedsPersonError(
            "batchnorm_backward_alt runs all of batchnorm_backward, whose gradients it then gives: "
            "the notebook asks for a formula that was simplified on paper, and a person has to see whether there is one"
        )


def _lines_of_both(impl: Any) -> dict[str, Any]:
    """An array if the alternative runs all lines of the step-by-step version and gives a right gradient; nothing otherwise.

    A wrong gradient is charged by its numbers, however it was come by.
    """
    rng = np.random.default_rng(0)  # of its own, for the check's draws stay as they are
    x, dout = upstream(rng, 5, 3)
    gamma, beta = vectors(rng, 3)

    def forward(given: Any) -> Any:
        return impl.batchnorm_forward(given, gamma.copy(), beta.copy(), {"mode": "train"})

    step_by_step, _ = _lines(impl.batchnorm_backward, dout.copy(), forward(x.copy())[1])
    alternative, (dx, _, _) = _lines(impl.batchnorm_backward_alt, dout.copy(), forward(x.copy())[1])
    if not step_by_step or not step_by_step <= alternative:
        return {}
    slopes = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = STEP
        slopes[place] = np.sum(dout * (forward(x + shift)[0] - forward(x - shift)[0])) / (2 * STEP)
    return {"same": np.array(True)} if np.allclose(dx, slopes, rtol=NEAR, atol=NEAR) else {}


def _lines(function: Any, *given: Any) -> tuple[set[tuple[CodeType, int]], Any]:
    """The lines, of whatever Python code, that a call runs, and what it returns."""
    found: set[tuple[CodeType, int]] = set()

    def note(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            found.add((frame.f_code, frame.f_lineno))
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        returned = function(*given)
    finally:
        sys.settrace(before)
    return found, returned
