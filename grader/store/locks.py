"""Who is at work: a lock file that several hold together, or one alone. A process that ends, however it does, lets go of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import GraderError

__all__ = ["held"]


@contextlib.contextmanager
def held(path: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lock file at `path` while the block runs; it stays behind, empty. Does not wait.

    Raises: GraderError if another process holds it alone, or at all where this one wants it alone. OSError if it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise GraderError(
                f"{path}: another `grader` is at work on this assignment; wait until it has ended, then run this again"
            ) from exc
        yield
    finally:
        os.close(descriptor)
