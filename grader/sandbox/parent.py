"""The driver's handle of the warm parent: start it with a clean environment, ask it for members, start it anew when it died."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import SandboxError
from .bwrap import Python

__all__ = ["WarmParent", "default_cache", "make_alias"]

START_S = 60.0  # importing everything from a cold disk
REQUEST_BYTES = 128 * 1024  # as in warm.py

#: What the warm parent runs first. It sees the descriptor of its socket, and learns everything else over it: command line and
#: environment of a process can be read by its members. `grader` and `grader.sandbox` are empty here, so that nothing of the
#: driver's side is imported, and no `site` runs, so that no path file of the environment does.
BOOT = """
import importlib, json, os, socket, sys, types
control = socket.socket(fileno=int(sys.argv[1]))
start = json.loads(control.recv(65536))
os.environ.update(start["environment"])
sys.path += start["sites"]
for name in ("grader", "grader.sandbox"):
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = [start["alias"] + "/" + name.replace(".", "/")]
importlib.import_module("grader.sandbox.warm").serve(control)
"""

CLEAN = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # sets of strings iterate the same way in every run
}


def make_alias(folder: Path, python_sites: Sequence[Path]) -> None:
    """Fill `folder` with links to the package folders and to the harness, by whose names modules are imported (see `Python`)."""
    for number, site in enumerate(python_sites):
        (folder / f"site{number}").symlink_to(site)
    (folder / "grader").symlink_to(Path(__file__).resolve().parent.parent)


class WarmParent:
    """One warm parent process. Requests go one at a time; a dead parent is replaced on the next request."""

    def __init__(self, python: Python, *, font_cache: Path) -> None:
        self._python = python
        self._font_cache = font_cache
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process that is alive now, if there is one."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def start(self) -> None:
        """Start the process and wait until it has imported everything.

        Raises: SandboxError with the end of what it wrote if it does not get there.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        argv = [
            str(self._python.executable),
            "-s",
            "-S",
            "-P",
            "-X",
            "utf8",
            "-c",
            BOOT,
            str(theirs.fileno()),
        ]
        with theirs:
            self._process = subprocess.Popen(
                argv, env=CLEAN, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        self._control = ours
        start = {
            "alias": str(self._python.alias),
            "sites": self._python.inner_sites,
            "environment": {"MPLCONFIGDIR": str(self._font_cache), "HOME": "/tmp"},  # noqa: S108  # in the room
        }
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(ours, json.dumps(start).encode())
            answer = await asyncio.wait_for(loop.sock_recv(ours, 4096), START_S)
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


def default_cache() -> Path:
    """Where what is dear to find out is kept between starts: matplotlib's list of fonts, and which limits hold."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "gradecheck"
