"""A room's memory and number of processes, summed from outside, for machines where no control group holds them.

It looks, at a low rate, at what the kernel tells everybody about the processes of the room's own `/proc`, and says when a limit is
passed. Ending the room is its owner's. Between two looks a room can take more than it may: a control group is better.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Watchdog", "Watched", "anonymous_bytes"]

LOOK_EVERY_S = 0.2  # a look at a room of three processes takes some 0.1 ms
#: Forks of the warm parent share its memory, which the kernel counts for each. So many are believed to be such forks: more would
#: give programs that were started afresh as much memory for nothing.
FORKS = 8
#: What each process has written into, or made others share. Files are left out: they are the system's.
COUNTED = ("RssAnon:", "RssShmem:", "VmPTE:")
KIB = 1024
FILE_BYTES = (
    KIB  # of the kernel's memory for a file in memory, also an empty one, which no file system's size counts
)
IN_MEMORY = ("work", "tmp", "dev/shm", "k")  # beside `proc`, the room's file systems that can be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The limits of a room."""

    memory_bytes: int
    processes: int


class Watchdog:
    """Watches one room. proc: the room's `/proc` as it is seen from here. over: the limit that was passed, "" while none was."""

    def __init__(self, proc: Path, limits: Watched) -> None:
        self._proc = proc
        self._limits = limits
        self._shared_bytes = 0
        self.over = ""
        self.peak_bytes = 0

    def shares(self, size_bytes: int) -> None:
        """Note what a member of the room, a fork of a warm parent, counts as its own and is not."""
        self._shared_bytes = max(self._shared_bytes, size_bytes)

    async def watch(self, end: Callable[[], None]) -> None:
        """Look until a limit is passed, then call `end`. To be cancelled when the room is left."""
        while not self.over:
            self.look()
            if self.over:
                end()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Sum once. A process that ends meanwhile is not counted."""
        sizes = list(self._sizes())
        total = sum(sizes) - min(len(sizes), FORKS) * self._shared_bytes + FILE_BYTES * self._files()
        self.peak_bytes = max(self.peak_bytes, total)
        if total > self._limits.memory_bytes:
            self.over = "memory"
        elif len(sizes) > self._limits.processes:
            self.over = "processes"

    def _files(self) -> int:
        """How many files there are; each file system in memory counts its own."""
        found = 0
        for name in IN_MEMORY:
            try:
                status = os.statvfs(self._proc.parent / name)
            except OSError:  # the room is gone
                continue
            found += status.f_files - status.f_ffree
        return found

    def _sizes(self) -> Iterator[int]:
        """Bytes of each process but the room's first, which is ours."""
        try:
            names = [path.name for path in self._proc.iterdir() if path.name.isdigit() and path.name != "1"]
        except OSError:  # the room is gone
            return
        for name in names:
            size = _counted(self._proc / name / "status", COUNTED)
            if size is not None:
                yield size


def anonymous_bytes(pid: int) -> int:
    """The memory that a process here has written into, and that its forks begin with; 0 if it is gone."""
    return _counted(Path(f"/proc/{pid}/status"), COUNTED[:1]) or 0


def _counted(status: Path, names: tuple[str, ...]) -> int | None:
    try:
        lines = status.read_text(errors="replace").splitlines()
    except OSError:
        return None
    return KIB * sum(int(line.split()[1]) for line in lines if line.startswith(names))
