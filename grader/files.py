"""Write files so that a reader, or a crash, never sees half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["atomic_file", "mend", "write_atomically"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_IN_THE_WAY = frozenset({errno.EEXIST, errno.ENOTDIR, errno.EISDIR})


def mend(exc: OSError) -> str:
    """What a person can do about a file or folder that could not be written, as the middle of a sentence."""
    if exc.errno in _FULL:
        return "free space"
    if exc.errno in _REFUSED:
        return "allow writing there or name another folder"
    if exc.errno in _IN_THE_WAY:
        return "take away what is in the way or name another folder"
    return "mend that or name another folder"


@contextlib.contextmanager
def atomic_file(target: Path, mode: int = 0o644, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a binary file beside `target` for writing; it replaces `target` when the block ends, and vanishes if the block raises.

    durable: wait until the disk has it. Not worth the wait for what can be made again: thousands of pages.
    Raises: OSError if the folder cannot be written or the disk is full; `target` is then as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    file = os.fdopen(descriptor, "wb")
    try:
        os.fchmod(descriptor, mode)
        yield file
        file.flush()
        if durable:
            os.fsync(descriptor)
        file.close()
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(
            OSError
        ):  # on a full disk closing fails, too, over what is still in the buffer
            file.close()
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(target: Path, data: bytes, mode: int = 0o644, *, durable: bool = True) -> None:
    """Replace `target` by `data` as a whole; `durable` as for `atomic_file`."""
    with atomic_file(target, mode, durable=durable) as file:
        file.write(data)
