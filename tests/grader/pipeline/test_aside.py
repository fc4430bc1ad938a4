"""What runs aside gives back what it gives, and holds nobody up."""

import asyncio
import subprocess
import sys

import pytest

from grader.pipeline.aside import aside

INTERRUPTED = """
import asyncio, signal, time
from grader.pipeline.aside import aside

async def main():
    asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGINT)
    await aside(lambda: time.sleep(600))

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""
PATIENCE_S = 60  # of a test on a busy machine; the thread sleeps ten times as long


def test_aside_gives_back_what_is_returned_or_raised():
    assert asyncio.run(aside(lambda: 6 * 7)) == 42
    with pytest.raises(ZeroDivisionError, match="division"):
        asyncio.run(aside(lambda: 1 / 0))


def test_an_interrupt_does_not_wait_for_what_runs_aside():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)
