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
    """A clock that stands still but for what is waited, and a kernel for which `share` of that time no processor was free.

    others_s: CPU seconds of its room for each second, beside the kernel's own.
    """

    def __init__(self, share, until_s, others_s=0.0):
        self.now_s, self.share, self.until_s, self.others_s = 100.0, share, until_s, others_s

    def monotonic(self):
        return self.now_s

    def kept_waiting_s(self):
        return 50.0 + self.share * (min(self.now_s, 100.0 + self.until_s) - 100.0)

    def computed_s(self):
        passed = self.now_s - 100.0
        return 7.0 + passed - (self.kept_waiting_s() - 50.0) + self.others_s * passed


@pytest.mark.parametrize(
    ("share", "until_s", "others_s", "waited_s"),
    [
        pytest.param(0.0, 100.0, 0.0, 8.0, id="machine-at-rest"),
        pytest.param(0.5, 100.0, 0.0, 16.0, id="two-on-one-processor"),
        pytest.param(0.75, 8.0, 0.0, 14.0, id="busy-at-first"),
        pytest.param(1.0, 1000.0, 0.0, 40.0, id="never-let-run: bounded"),
        pytest.param(0.5, 100.0, 0.5, 8.0, id="a-thread-of-its-own-on-the-same-processor"),
        pytest.param(0.75, 100.0, 0.25, 16.0, id="and-half-of-it-somebody-else's"),
        pytest.param(0.5, 100.0, 2.0, 8.0, id="many-threads"),
    ],
)
def test_time_without_a_processor_is_not_a_cells(monkeypatch, share, until_s, others_s, waited_s):
    clock = Clock(share, until_s, others_s)
    monkeypatch.setattr(cells, "time", clock)
    driver = CellDriver(clock, Received(limit_bytes=0))

    async def wait(_futures, limit_s):
        clock.now_s += limit_s
        return False

    monkeypatch.setattr(cells, "_first_of", wait)
    asyncio.run(driver._wait_for_limit([], 8.0))
    assert waited_s - 2 * cells.LEAST_S <= clock.now_s - 100.0 <= waited_s
