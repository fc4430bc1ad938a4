"""Probes of the tests' tiny assignment. What must stay outside of every room carries a canary."""

import numpy as np

from grader.compare import Judgement
from grader.probe import check

SHAPE = (6, 3)
HELD_BACK = "canary-271828182845"  # only the judge uses it


def judge_share(actual, expected):
    """canary-141421356237: what only the judge knows."""
    same = actual["dx"].shape == expected["dx"].shape and np.allclose(actual["dx"], expected["dx"])
    return Judgement(float(same), "" if same and HELD_BACK else "is not centered")


@check(points=3, of="center_backward", visible=False, judge=judge_share)
def gradient_is_centered(impl, rng):
    """The gradient for x is centered, too.

    canary-693147180559: prose for those who write checks.
    """
    return {"dx": impl.center_backward(rng.standard_normal(SHAPE))}


@check(points=4, tolerance=1.2345e-9, of="center_forward", hint="canary-161803398874")
def columns_are_centered(impl, rng):
    """Each column has mean zero afterwards."""
    # canary-577215664901: a comment of the author's
    return {"out": impl.center_forward(rng.standard_normal(SHAPE))}


@check(points=2, of="spread", where="notebook")
def notebook_knows_the_spread(impl, rng):
    """The notebook's function gives largest minus smallest."""
    return {"out": impl.spread(rng.standard_normal(SHAPE))}
