"""What may come from a kernel in all, and how long a cell is waited for.

How cells end is tested with real kernels in tests/grader/notebooks/test_run.py.
"""

import asyncio

import pytest

from grader.model import Ending
from grader.sandbox import cells
from grader.sandbox.cells import CellDriver, Received, StoppedError
from grader.sandbox.kernel import Message

MESSAGE = Message(kind="stream", request="r", size_bytes=400)


def test_received_stops_at_its_bytes():
    received = Received(limit_bytes=1000)
    received.count(MESSAGE)
    received.count(MESSAGE)
    with pytest.raises(StoppedError, match="sent 3 messages of 0 MiB in all") as caught:
        received.count(MESSAGE)
    assert caught.value.ending is Ending.OVERSIZE


def test_received_stops_at_its_number_of_messages(monkeypatch):
    monkeypatch.setattr(cells, "MAX_RECEIVED", 2)
    received = Received(limit_bytes=10**9)
    received.count(MESSAGE)
    received.count(MESSAGE)
    with pytest.raises(StoppedError, match="sent 3 messages"):
        received.count(MESSAGE)


class Clock:
    """A clock that stands still but for what is waited, and a kernel for which `share` of that time no processor was free."""

    def __init__(self, share, until_s):
        self.now_s, self.share, self.until_s = 100.0, share, until_s

    def monotonic(self):
        return self.now_s

    def kept_waiting_s(self):
        return 50.0 + self.share * (min(self.now_s, 100.0 + self.until_s) - 100.0)


@pytest.mark.parametrize(
    ("share", "until_s", "waited_s"),
    [
        pytest.param(0.0, 100.0, 8.0, id="machine-at-rest"),
        pytest.param(0.5, 100.0, 16.0, id="two-on-one-processor"),
        pytest.param(0.75, 8.0, 14.0, id="busy-at-first"),
        pytest.param(1.0, 1000.0, 40.0, id="never-let-run: bounded"),
    ],
)
def test_time_without_a_processor_is_not_a_cells(monkeypatch, share, until_s, waited_s):
    clock = Clock(share, until_s)
    monkeypatch.setattr(cells, "time", clock)
    driver = CellDriver(clock, Received(limit_bytes=0))

    async def wait(_futures, limit_s):
        clock.now_s += limit_s
        return False

    monkeypatch.setattr(cells, "_first_of", wait)
    asyncio.run(driver._wait_for_limit([], 8.0))
    assert waited_s - 2 * cells.LEAST_S <= clock.now_s - 100.0 <= waited_s
