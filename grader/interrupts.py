"""Ctrl-C at every moment of a command: heard where Python would print it and forget it, and silent once the command is done."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["heard"]

AGAIN_S = 0.05


@contextmanager
def heard() -> Iterator[None]:
    """While a command runs. Afterwards the interpreter ends in a moment, and would answer an interrupt with a traceback."""
    sys.unraisablehook = _again
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _again(unraisable: sys.UnraisableHookArgs) -> None:
    """Let an interrupt that came while an object was finalized, which cannot raise it, come again a moment later."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    again = threading.Timer(AGAIN_S, os.kill, (os.getpid(), signal.SIGINT))
    again.daemon = True
    again.start()
