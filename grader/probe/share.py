"""A share of a check's time for a part of its probe, so that one function that never ends does not take what is left to the others.

Students may receive a copy of this module, so it keeps to the standard library and to what Python 3.8 knows.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from typing import Iterator, Optional  # noqa: UP035 - Python 3.8 needs these

__all__ = ["OutOfTimeError", "cpu_limit", "let_share", "share_of_time"]

#: Seconds that the check of this process may take; None where nobody keeps its time, as for the reference.
_limit_s: Optional[float] = None  # noqa: UP045 - Python 3.8


class OutOfTimeError(TimeoutError):
    """A part of a probe computed for longer than its share. Left alone, it says that the check's time was used up."""


def let_share(limit_s: float | None) -> None:
    """Say what the check that this process runs may take, in seconds by the clock. None: nobody keeps its time."""
    global _limit_s  # noqa: PLW0603 - of the process, like the signal
    _limit_s = limit_s


@contextlib.contextmanager
def share_of_time(share: float) -> Iterator[None]:
    """Stop the block once it has computed for this share of the check's time. Nothing is stopped where no time is kept.

    CPU seconds count, which are never more than those by the clock: with a share of one half, what is called twice and is stopped
    here could not have ended in time. So a function that is right and slow loses nothing by it.

    Raises: OutOfTimeError, in the block.
    """
    if _limit_s is None:
        yield
        return
    with cpu_limit(share * _limit_s):
        yield


@contextlib.contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Stop the block once it has computed for so many CPU seconds, so that a busy machine decides nothing.

    Without effect outside of the main thread, where signals do not reach.

    Raises: OutOfTimeError, in the block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = time.process_time() + seconds

    def late(*_: object) -> None:
        left = ends - time.process_time()
        if left > 0:  # the timer counts by ticks
            signal.setitimer(signal.ITIMER_PROF, left)
            return
        raise OutOfTimeError(f"one call computed for more than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
