"""A backward pass is timed if it is right, or gives what the student's own step-by-step version gives."""

from __future__ import annotations

import numpy as np
import pytest

from assignments.common.backward_speed import judge_alt_times

GRADIENTS = {
    "dx": np.array([[1.0, -2.0], [3.0, 4.0]]),
    "dgamma": np.array([5.0, 6.0]),
    "dbeta": np.array([7.0, 8.0]),
}
TIMES = {"seconds_backward": np.array([3e-3, 2e-3]), "seconds_alt": np.array([4e-3, 1e-3])}
RIGHT = {**GRADIENTS, **{f"own_{name}": array for name, array in GRADIENTS.items()}, **TIMES}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({}, "", id="right"),
        pytest.param({"seconds_alt": np.array([3.9e-3, 5e-3])}, "", id="nearly-twice-as-slow"),
        pytest.param(
            {"seconds_alt": np.array([4.2e-3, 5e-3])}, "takes 0.004 s", id="more-than-twice-as-slow"
        ),
        pytest.param({"seconds_alt": np.array([-1.0, 1.0])}, "are not times", id="made-up"),
        pytest.param(
            {"dx": 1.1 * GRADIENTS["dx"]}, "not timed, for its results are not right: dx", id="wrong"
        ),
        pytest.param({name: 1.1 * RIGHT[name] for name in ("dx", "own_dx")}, "", id="as-wrong-as-the-own"),
        pytest.param({name: 0 * RIGHT[name] for name in ("dx", "own_dx")}, "not timed", id="both-nothing"),
    ],
)
def test_judge_alt_times(changed: dict[str, np.ndarray], reason: str) -> None:
    judged = judge_alt_times({**RIGHT, **changed}, RIGHT)
    assert judged.passed is not bool(reason)
    assert reason in judged.reason


def test_there_is_nothing_to_be_slower_than_where_the_own_version_is_not_written() -> None:
    actual = {
        name: array for name, array in RIGHT.items() if not name.startswith(("own_", "seconds_backward"))
    }
    assert judge_alt_times(actual, RIGHT).passed
