"""A part of a probe is stopped at its share of the check's time, and only where that time is kept."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from grader.probe.share import OutOfTimeError, let_share, share_of_time


@pytest.fixture
def kept() -> Iterator[None]:
    """A process whose check may take a fifth of a second."""
    let_share(0.2)
    yield
    let_share(None)


@pytest.mark.usefixtures("kept")
def test_what_never_ends_is_stopped_at_its_share():
    def part() -> None:
        with share_of_time(0.5):
            while True:
                pass

    with pytest.raises(OutOfTimeError, match=r"computed for more than 0\.1 s"):
        part()


@pytest.mark.usefixtures("kept")
def test_what_ends_in_time_leaves_no_timer_and_no_handler():
    before = signal.getsignal(signal.SIGPROF)
    with share_of_time(0.5):
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 0
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    assert signal.getsignal(signal.SIGPROF) == before


def test_nothing_is_stopped_where_nobody_keeps_the_time():
    with share_of_time(0.0):
        assert sum(range(100_000)) > 0
        assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
