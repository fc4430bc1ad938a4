"""Does a gradient agree with the student's own forward pass? Then an error there need not be charged again. Pure.

The sandbox sends what the student's forward pass gives at chosen points; the differences are taken here. It has to be an honest
attempt: a forward pass that is right already has no wrong gradient to excuse, and one that is constant, linear, blind to some of
its inputs or unlike the right one earns nothing, however well its gradient fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["agreeing"]

Array = NDArray[Any]

AGREES = 1e-5  # relative; central differences of smooth functions in float64 keep 1e-8 at the step that the probes take
ROUNDING = 1e-14  # relative, of one number of an output
STEP_IN = "step"  # name of the array that holds the step
RIGHT = 1e-9  # relative; right forward passes differ by 4e-12 at most, the mildest wrong ones, such as an eps of 1e-8, by 1e-8
LIKE = 0.7  # correlation with the right responses that an honest attempt has; unrelated ones stay below 0.5 at 40 numbers
MOVES = 1e-9  # relative change that counts as an answer to a moved input; rounding stays below 1e-13
BENDS = 1e-6  # relative second difference from which on the right forward pass counts as not linear there
SIDE = 0.1  # correlation with the right gradient; of known mistakes that pass for honest the gradient of x has 0.2 and more
NOTHING = 1e-9  # a right gradient of this norm is zero; others are near one
SHARE_OF_ANSWERS = 0.9  # of the numbers that should move or bend, this share has to


def agreeing(
    gradients: Mapping[str, Array | None],
    moved: Mapping[str, Array | None],
    expected: Mapping[str, Array],
    *,
    right: Mapping[str, Array],
) -> frozenset[str]:
    """The names of the gradients that agree with differences of the student's forward pass; none if that is no honest attempt.

    Args: gradients: what the failed check returned. moved: what its companion returned: `base`; for each gradient g `g|plus` and
        `g|minus`, the outputs a small `step` away along `g|along`; `far_...`, outputs far away in one input, to both sides.
        expected: the same of the right forward pass. Steps, directions and the upstream gradient `weight` are read from there, for
        they are inputs, not answers. right: the right gradients, which an honest attempt at them does not turn its back on.
    """
    outputs = {name: array for name, array in expected.items() if _is_output(name)}
    own = {}
    for name, array in outputs.items():
        numbers = _numbers(moved.get(name), array)
        if numbers is None:
            return frozenset()
        own[name] = numbers
    if _close(own["base"], outputs["base"]) or not _honest(own, outputs):
        return frozenset()
    step, weight = float(expected[STEP_IN]), expected["weight"]
    noise = ROUNDING * _scale(own) * weight.size / step
    return frozenset(
        name.removesuffix("|along")
        for name, along in expected.items()
        if name.endswith("|along")
        and _agrees(gradients.get(name[:-6]), along, _slope(own, name[:-6], weight, step), noise)
        and _on_its_side(gradients.get(name[:-6]), right.get(name[:-6]))
    )


def _is_output(name: str) -> bool:
    return name == "base" or name.endswith(("|plus", "|minus")) or name.startswith("far_")


def _numbers(array: Array | None, like: Array) -> Array | None:
    if array is None or array.shape != like.shape or array.dtype.kind != "f" or not np.isfinite(array).all():
        return None
    return array.astype(np.float64)


def _close(one: Array, other: Array) -> bool:
    return float(np.abs(one - other).max(initial=0)) <= RIGHT * float(np.abs(other).max(initial=0))


def _slope(own: Mapping[str, Array], name: str, weight: Array, step: float) -> float:
    return float(np.sum((own[f"{name}|plus"] - own[f"{name}|minus"]) * weight) / (2 * step))


def _agrees(gradient: Array | None, along: Array, slope: float, noise: float) -> bool:
    if gradient is None or gradient.shape != along.shape or gradient.dtype.kind != "f":
        return False
    claimed = float(np.sum(gradient * along))
    size = float(np.linalg.norm(gradient) * np.linalg.norm(along)) + abs(slope)
    return abs(claimed - slope) <= AGREES * size + noise  # False where anything is NaN


def _on_its_side(gradient: Array | None, right: Array | None) -> bool:
    """Whether a gradient goes up where the right one does: zeros, for which a forward pass need not move, do not."""
    if gradient is None or right is None or gradient.shape != right.shape:
        return False
    if float(np.linalg.norm(right)) <= NOTHING:
        return True  # of a bias in front of a normalization, and right is rounding
    return _correlation(gradient.ravel(), right.ravel()) >= SIDE


def _honest(own: Mapping[str, Array], right: Mapping[str, Array]) -> bool:
    """Whether the forward pass answers to what it should answer to, bends where it should, and looks like the right one."""
    far = sorted({name.rpartition("_")[0] for name in right if name.startswith("far_")})
    scale, right_scale = _scale(own), _scale(right)
    if scale == 0:
        return False
    answers, right_answers = [], []
    for name in far:
        up, down = own[f"{name}_up"] - own["base"], own[f"{name}_down"] - own["base"]
        right_up, right_down = right[f"{name}_up"] - right["base"], right[f"{name}_down"] - right["base"]
        if not _covers(np.abs(up) > MOVES * scale, np.abs(right_up) > MOVES * right_scale):
            return False
        if not _covers(
            np.abs(up + down) > BENDS * scale, np.abs(right_up + right_down) > BENDS * right_scale
        ):
            return False
        answers += [up.ravel(), down.ravel()]
        right_answers += [right_up.ravel(), right_down.ravel()]
    return _correlation(np.concatenate(answers), np.concatenate(right_answers)) >= LIKE


def _scale(values: Mapping[str, Array]) -> float:
    return max(float(np.abs(array).max(initial=0)) for array in values.values())


def _covers(has: Array, should: Array) -> bool:
    """Whether nearly all places that should show something do."""
    return int(should.sum()) == 0 or float(has[should].mean()) >= SHARE_OF_ANSWERS


def _correlation(one: Array, other: Array) -> float:
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / norm if norm > 0 else 0.0
