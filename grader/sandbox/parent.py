"""The driver's handle of the warm parents: wait until they are ready, ask them for members, start them anew when one died.

They are also started anew when packages were installed or removed meanwhile (a worker serves for days): what they have imported
would not go together with what members import later. Members of the former ones end in peace.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import SandboxError
from .bwrap import Python
from .launch import Launched, launch

__all__ = ["WarmParent"]

START_S = 60.0  # importing everything from a cold disk
REQUEST_BYTES = 128 * 1024  # as in warm.py
RECORDS = (".dist-info", ".egg-info")  # what says in a package folder which version of a package is there


class WarmParent:
    """The lean warm parent and the full one. Requests to each go one at a time; both are replaced on the next if one is dead, or
    if other packages are installed than when they were started.

    launched: a process that was started already, and is this object's to end from here on.
    """

    def __init__(self, python: Python, launched: Launched | None = None) -> None:
        self._python = python
        self._pair = _Pair(launched) if launched else None
        self._changing = asyncio.Lock()
        self._installed = _Installed(python.sites)
        self._retired: list[_Pair] = []  # members of theirs may be at work; they would die with them

    @property
    def pid(self) -> int | None:
        """The lean one that is alive now, if there is one; the full one dies with it."""
        return self._pair.launched.process.pid if self._pair is not None and self._pair.alive else None

    async def start(self) -> None:
        """Start both, if they were not started ahead, and wait until the lean one has imported everything.

        Raises: SandboxError with the end of what it wrote if it does not get there.
        """
        if self._pair is None:
            self._pair = _Pair(launch(self._python))
        pair = self._pair
        try:
            await pair.ready(full=False)
        except _NotStartedError as exc:
            raise SandboxError(f"the warm parent did not start: {exc}; {await self._drop(pair)}") from exc

    async def request(self, message: Mapping[str, Any], fds: Sequence[int], *, full: bool) -> int:
        """Ask for a member; returns the process number of the parent that it is a fork of. full: of the full one.

        Raises: SandboxError if the parent cannot be reached even after a new start, or NumPy is no longer the driver's.
        """
        data = json.dumps(message).encode()
        if len(data) > REQUEST_BYTES:
            raise SandboxError(
                f"a request of {len(data)} bytes for a member; at most {REQUEST_BYTES} go through: send less as configuration"
            )
        with contextlib.suppress(OSError, _NotStartedError):
            return await self._ask(data, fds, full=full)
        try:  # it is dead, or was replaced for another request: once more, with the next
            return await self._ask(data, fds, full=full)
        except OSError as exc:
            raise SandboxError(f"the warm parent takes no requests: {exc}") from exc
        except _NotStartedError as exc:
            raise SandboxError(f"the warm parent did not start: {exc}") from exc

    async def close(self) -> None:
        """End both; members that are still there die with them."""
        for pair in (*self._retired, *([self._pair] if self._pair is not None else [])):
            await self._drop(pair)
        self._retired.clear()

    async def _ask(self, data: bytes, fds: Sequence[int], *, full: bool) -> int:
        """Raises: OSError, _NotStartedError; then the pair is gone. SandboxError if NumPy was exchanged."""
        async with self._changing:
            if self._installed.changed() and self._pair is not None:
                self._retired.append(self._pair)
                self._pair = None
            if self._pair is not None and not self._pair.alive:
                await self._pair.close()
                self._pair = None
            if self._pair is None:
                self._pair = _Pair(launch(self._python))
            pair = self._pair
        try:
            return await pair.ask(data, fds, full=full)
        except OSError:
            await self._drop(pair)
            raise
        except _NotStartedError as exc:
            raise _NotStartedError(f"{exc}; {await self._drop(pair)}") from exc

    async def _drop(self, pair: _Pair) -> str:
        """End a pair; returns the end of what it wrote."""
        async with self._changing:
            if self._pair is pair:
                self._pair = None
            return await pair.close()


class _Installed:
    """The packages in some folders, by the records of whatever installed them."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._looked = self._times()
        self._records = self._there()
        self._numpy = _of_numpy(self._records)

    def changed(self) -> bool:
        """Whether a package came, went or was exchanged since the last call.

        Raises: SandboxError if it is NumPy: what the driver expects was computed with the one that it has imported.
        """
        times = self._times()
        if times == self._looked:
            return False
        before, self._looked, self._records = self._records, times, self._there()
        found = _of_numpy(self._records)
        if found != self._numpy:
            self._looked = ()  # so that it is told each time, until it is as it was
            now, was = ", ".join(found) or "no NumPy", ", ".join(self._numpy)
            raise SandboxError(f"{now} is installed now, in the place of {was}; start the grader again")
        return self._records != before

    def _times(self) -> tuple[int, ...]:
        return tuple(folder.stat().st_mtime_ns for folder in self._folders)

    def _there(self) -> frozenset[str]:
        paths = (path for folder in self._folders for path in folder.iterdir() if path.suffix in RECORDS)
        return frozenset(str(path) for path in paths)


def _of_numpy(records: Iterable[str]) -> tuple[str, ...]:
    names = (Path(record).stem for record in records)
    return tuple(sorted(name for name in names if name.startswith("numpy-")))


class _NotStartedError(Exception):
    """A warm parent did not say that it is ready."""


class _Pair:
    """One process that is the lean parent, or becomes it, and its fork."""

    def __init__(self, launched: Launched) -> None:
        self.launched = launched
        self._controls = (launched.lean, launched.full)
        self._pids = [0, 0]  # of those that are ready
        self._locks = (asyncio.Lock(), asyncio.Lock())
        for control in self._controls:
            control.setblocking(False)

    @property
    def alive(self) -> bool:
        return self.launched.process.poll() is None

    async def ready(self, *, full: bool) -> int:
        """The parent's process number, once it can fork. Raises: _NotStartedError."""
        async with self._locks[full]:
            if not self._pids[full]:
                self._pids[full] = await self._word(self._controls[full])
            return self._pids[full]

    @staticmethod
    async def _word(control: socket.socket) -> int:
        try:
            async with asyncio.timeout(START_S):
                answer = await asyncio.get_running_loop().sock_recv(control, 4096)
        except (OSError, TimeoutError) as exc:
            raise _NotStartedError(repr(exc)) from exc
        word, _, number = answer.decode(errors="replace").partition(" ")
        if word != "ready":
            raise _NotStartedError(answer.decode(errors="replace"))
        return int(number)

    async def ask(self, data: bytes, fds: Sequence[int], *, full: bool) -> int:
        """Send one request once the parent can fork; its process number. Raises: OSError if nobody takes it; _NotStartedError."""
        pid = await self.ready(full=full)
        async with self._locks[full]:
            while True:
                try:
                    socket.send_fds(self._controls[full], [data], list(fds))
                except BlockingIOError:
                    await asyncio.sleep(0.002)  # it forks some hundred members a second; its queue is short
                else:
                    return pid

    async def close(self) -> str:
        """End both; returns the end of what they wrote, "" the second time."""
        process = self.launched.process
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        async with self._locks[0], self._locks[1]:  # who waits for a word has seen the end of it then
            if process.stderr is None or process.stderr.closed:
                return ""
            words = await asyncio.to_thread(process.stderr.read)
            await asyncio.to_thread(self.launched.end)
        return words.decode(errors="replace")[-2000:].strip()
