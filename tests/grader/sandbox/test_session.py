"""A check is tried once more where its process was killed, or where it waited more than it computed; the rest is its own doing."""

import pytest

from grader.model import CheckEvidence, Ending
from grader.probe.child import KILLED
from grader.sandbox.session import Planned, worth_another_try


@pytest.mark.parametrize(
    ("ending", "detail", "cpu_s", "again"),
    [
        pytest.param(Ending.TIMED_OUT, "", 0.9, True, id="waited"),
        pytest.param(Ending.TIMED_OUT, "", 1.0, False, id="computed"),
        pytest.param(Ending.DIED, KILLED, 1.9, True, id="killed"),
        pytest.param(Ending.DIED, "exit status 1", 0.0, False, id="died"),
        pytest.param(Ending.RAISED, KILLED, 0.0, False, id="raised"),
        pytest.param(Ending.ANSWERED, "", 0.0, False, id="answered"),
    ],
)
def test_worth_another_try_is_what_may_not_have_been_the_checks_doing(ending, detail, cpu_s, again):
    evidence = CheckEvidence(check="c", ending=ending, detail=detail, cpu_s=cpu_s)
    assert worth_another_try(evidence, Planned(id="c", seed=1, time_s=2.0)) is again
