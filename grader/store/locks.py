"""Who is at work: a lock file that several hold together, or one alone. A process that ends, however it does, lets go of it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import GraderError

__all__ = ["held", "is_held"]

# A disk that knows no locks (some network and user-space file systems) must not keep a class from being graded.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})

LOOKS, LOOK_S = 50, 0.01


@contextlib.contextmanager
def held(path: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lock file at `path` while the block runs; it stays behind, empty. Does not wait.

    On a disk that knows no locks it holds nobody off.

    Raises: GraderError if another process holds it alone, or at all where this one wants it alone. OSError if it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            _take(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        except BlockingIOError as exc:
            raise GraderError(
                f"{path}: another `grader` is at work on this assignment; wait until it has ended, then run this again"
            ) from exc
        except OSError as exc:
            if exc.errno not in _NO_LOCKS:
                raise
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, kind: int) -> None:
    """Raises: BlockingIOError if others keep it for longer than `is_held` does, which has it for an instant."""
    for _ in range(LOOKS):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        time.sleep(LOOK_S)
    return fcntl.flock(descriptor, kind | fcntl.LOCK_NB)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock file at `path`, or none can be told from its disk, which knows no locks."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
