"""Checks of the scaling assignment."""

import math

import numpy as np

from grader.compare import Judgement
from grader.probe import check

SCALE = 3.0  # of the inputs, in their own units
SECRET = math.pi  # only the hidden check uses it


def judge_positive(actual, expected):
    """Every number has to be positive."""
    return Judgement(1.0 if (actual["out"] > 0).all() else 0.0, "not positive")


def _inputs(rng):
    """Inputs of one shape."""
    return SCALE * rng.standard_normal((4, 3))


@check(
    points=3,
    of="scale_forward",
    tolerance=1e-6,
    hint="Look at the maximum of each column.",
    section="Scaling",
)
def columns_are_scaled(impl, rng):
    """Each column is divided by its largest magnitude.

    More about it that students do not need.
    """
    return {"out": impl.scale_forward(_inputs(rng))}


@check(points=2, of="scale_forward", visible=False)
def zeros_stay_zero(impl, rng):
    """A column of zeros stays zero."""
    x = _inputs(rng) * SECRET
    x[:, 1] = 0
    return {"out": impl.scale_forward(x)}


@check(points=2, of="Scaler")
def scaler_remembers(impl, rng):
    """Scaler applies the factors that it was fitted with."""
    scaler = impl.Scaler(power=1)
    scaler.fit(_inputs(rng))
    return {"out": scaler.apply(np.ones((2, 3)))["scaled"]}


@check(points=1, of="Scaler", judge=judge_positive)
def factors_are_positive(impl, rng):
    """Factors are positive."""
    scaler = impl.Scaler(power=1)
    scaler.fit(_inputs(rng))
    return {"out": scaler.factors}
