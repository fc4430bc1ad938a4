"""What may come from a kernel in all. How cells end is tested with real kernels in tests/grader/test_notebook.py."""

import pytest

from grader.model import Ending
from grader.sandbox import cells
from grader.sandbox.cells import Received, StoppedError
from grader.sandbox.kernel import Message

MESSAGE = Message(kind="stream", parent="p", size_bytes=400)


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
