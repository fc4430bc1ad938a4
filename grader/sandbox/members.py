"""A member of a room, seen from outside: wait for its end, signal it, ask what it used. Knows nothing of what it does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass

from ..probe.waits import kept_waiting_s

__all__ = ["Member", "Usage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a member or a whole room has used."""

    cpu_s: float = 0.0
    peak_memory_bytes: int = 0


class Member:
    """A process in a room. pid: its number on this side, not in the room."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self._status = status
        self._handle: int | None = None
        with contextlib.suppress(
            ProcessLookupError
        ):  # gone already, for it had little to do; `_watch` hears how
            self._handle = os.pidfd_open(pid)
        self._usage = Usage()
        self._end: asyncio.Task[int | None] = asyncio.ensure_future(self._watch())

    async def wait(self) -> int | None:
        """Wait for its end.

        Returns: the exit status, negative for a signal; None if its watcher was lost: then something outside of the room ended it,
            and its end says nothing about the student's code.
        """
        return await asyncio.shield(self._end)

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended."""
        return self._end.done()

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if it has ended."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """Kill it, whatever it does about signals."""
        self.signal(signal.SIGKILL)

    def usage(self) -> Usage:
        """CPU seconds and peak memory: with its buried children once it has ended, its own CPU before."""
        if self._end.done():
            return self._usage
        try:
            return Usage(cpu_s=time.clock_gettime(_cpu_clock(self.pid)))
        except OSError:  # it is gone, and its watcher has not said so yet
            return self._usage

    def kept_waiting_s(self) -> float:
        """Seconds that its first thread was ready to run and had no processor, until now; 0 where the kernel does not tell."""
        return kept_waiting_s(self.pid)

    async def close(self) -> None:
        """Kill it, wait, and free what was held of it."""
        self.kill()
        await self.wait()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    async def _watch(self) -> int | None:
        loop = asyncio.get_running_loop()
        try:
            words = (await loop.sock_recv(self._status, 1024)).split()
        except OSError:
            words = []
        finally:
            self._status.close()
        if len(words) != 4 or words[0] != b"ended":
            return None
        self._usage = Usage(cpu_s=float(words[2]), peak_memory_bytes=int(words[3]))
        return int(words[1])


def _cpu_clock(pid: int) -> int:
    """The clock of another process's CPU time, as clock_getcpuclockid(3) makes it: ~pid, then 2 for all of its threads."""
    return ~pid << 3 | 2
