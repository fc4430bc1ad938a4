"""The driver's handle of the warm parent: wait until it is ready, ask it for members, start it anew when it died."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SandboxError
from .bwrap import Python
from .launch import Launched, launch

__all__ = ["WarmParent"]

START_S = 60.0  # importing everything from a cold disk
REQUEST_BYTES = 128 * 1024  # as in warm.py


class WarmParent:
    """One warm parent process. Requests go one at a time; a dead parent is replaced on the next request.

    launched: one that was started already, and is this object's to end from here on.
    """

    def __init__(self, python: Python, launched: Launched | None = None) -> None:
        self._python = python
        self._process: subprocess.Popen[bytes] | None = launched.process if launched else None
        self._control: socket.socket | None = launched.control if launched else None
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process that is alive now, if there is one."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def start(self) -> None:
        """Start the process, if it was not started ahead, and wait until it has imported everything.

        Raises: SandboxError with the end of what it wrote if it does not get there.
        """
        if self._process is None or self._control is None:
            launched = launch(self._python)
            self._process, self._control = launched.process, launched.control
        self._control.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            answer = await asyncio.wait_for(loop.sock_recv(self._control, 4096), START_S)
        except (OSError, TimeoutError) as exc:
            raise SandboxError(f"the warm parent did not start: {exc!r}; {await self._last_words()}") from exc
        if answer != b"ready":
            raise SandboxError(
                f"the warm parent did not start: {answer.decode(errors='replace')} {await self._last_words()}"
            )

    async def request(self, message: Mapping[str, Any], fds: Sequence[int]) -> None:
        """Ask for a member. Raises: SandboxError if the parent cannot be reached even after a new start."""
        data = json.dumps(message).encode()
        if len(data) > REQUEST_BYTES:
            raise SandboxError(
                f"a request of {len(data)} bytes for a member; at most {REQUEST_BYTES} go through: send less as configuration"
            )
        async with self._lock:
            for last in (False, True):
                if self.pid is None or self._control is None:
                    await self.close()
                    await self.start()
                try:
                    await self._send(data, fds)
                except OSError as exc:
                    await self.close()
                    if last:
                        raise SandboxError(f"the warm parent takes no requests: {exc}") from exc
                else:
                    return

    async def _send(self, data: bytes, fds: Sequence[int]) -> None:
        control = self._control
        if control is None:
            raise BrokenPipeError
        while True:
            try:
                socket.send_fds(control, [data], list(fds))
            except BlockingIOError:
                await asyncio.sleep(0.002)  # it forks some hundred members a second; its queue is short
            else:
                return

    async def close(self) -> None:
        """End the process; members that are still there die with it."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.to_thread(self._process.wait)
            if self._process.stderr is not None:
                self._process.stderr.close()
            self._process = None

    async def _last_words(self) -> str:
        process = self._process
        if process is None or process.stderr is None:
            return ""
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        words = await asyncio.to_thread(process.stderr.read)
        await self.close()
        return words.decode(errors="replace")[-2000:].strip()
