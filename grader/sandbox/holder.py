"""The bubblewrap process of one room: start it, map its users, open its namespaces, end it. The driver's side."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import SandboxError
from . import bwrap
from .cgroups import Group
from .seccomp import filter_program

__all__ = ["Holder"]

SET_UP_S = 20.0  # a room takes some 15 ms; this is for a machine that swaps
NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
FIRST_HOST_UID = 1_900_000_000  # above every range that systemd hands out; the room's pid is added, so no two rooms share one


class Holder:
    """A room's first process. pid: its number here. identity: the user to become inside, or None to stay the one that joined.

    host_uid: who that user is outside, where the driver may choose. namespaces: open descriptors by name.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.identity: int | None = None
        self.host_uid: int | None = None
        self.namespaces: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._handle: int | None = None

    async def start(
        self, room: bwrap.RoomPlan, *, group: Group | None, limits: Mapping[int, int], mapped: bool
    ) -> None:
        """Start bubblewrap and wait until the room stands.

        Args: group: where the process is put at once. limits: resource limits by number, which hold for what a member might make
            of this process. mapped: let the room's user be nobody's user outside, which takes root.
        Raises: SandboxError with what bubblewrap said.
        """
        program = filter_program()
        with _pipe() as (info, info_end), _pipe() as (wait, go), _pipe() as (rules, rules_end):
            args = bwrap.command(
                room,
                info=info_end.fileno(),
                user_map=wait.fileno() if mapped else None,
                seccomp=rules.fileno() if program else None,
            )
            rules_end.write(program)  # a pipe takes some hundred bytes before anybody reads
            rules_end.close()
            environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
            self._process = subprocess.Popen(
                args,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[info_end.fileno(), wait.fileno(), rules.fileno()],
                start_new_session=True,  # Ctrl-C is the driver's to handle; the room ends when the driver lets go of it
            )
            info_end.close()
            self.pid = await self._read_pid(info.fileno())
            self._handle = os.pidfd_open(self.pid)
            if mapped:
                self._map_users(go.fileno())
            await self._until_ready()
            # A move into a control group waits some 10 ms for the kernel's readers (RCU): the other rooms must not wait with it.
            await asyncio.to_thread(self._bind, group, limits)
            self._open_namespaces()

    async def ends_within(self, time_s: float) -> bool:
        """Whether the room's first process has ended by then; the kernel ends it last, some moments after the others."""
        if self._handle is None:
            return True
        try:
            async with asyncio.timeout(time_s):
                await _readable(self._handle)
        except TimeoutError:
            return False
        return True

    def kill(self) -> None:
        """Kill the first process of the pid namespace, and with it every other one."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    async def close(self) -> None:
        """Kill the room and wait until the kernel has ended everything in it."""
        self.kill()
        for descriptor in self.namespaces.values():
            os.close(descriptor)
        self.namespaces.clear()
        if self._process is not None:
            if self._handle is None:
                self._process.kill()  # else it ends by itself, after it has buried the room's first process
            await asyncio.to_thread(self._process.wait)
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()
        if self._handle is not None:
            await _ended(self._handle)
            os.close(self._handle)
            self._handle = None

    async def _read_pid(self, info: int) -> int:
        text = b""
        while b"}" not in text:
            data = await _read(info, 4096)
            if not data:
                raise SandboxError(await self._complaint())
            text += data
        return int(json.loads(text)["child-pid"])

    def _map_users(self, go: int) -> None:
        self.host_uid, self.identity = FIRST_HOST_UID + self.pid, bwrap.INNER_UID
        table = f"0 0 1\n{bwrap.INNER_UID} {self.host_uid} 1\n"
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{self.pid}/{name}").write_text(table)
        os.write(go, b"1")

    async def _until_ready(self) -> None:
        if (
            self._process is None
            or self._process.stdout is None
            or not await _read(self._process.stdout.fileno(), 1)
        ):
            raise SandboxError(await self._complaint())

    def _bind(self, group: Group | None, limits: Mapping[int, int]) -> None:
        """Put the first process under the room's limits: an ordinary user's member has the same user, and might trace it."""
        try:
            if group is not None:
                group.add(self.pid)
            for kind, value in limits.items():
                resource.prlimit(self.pid, kind, (value, value))
        except OSError as exc:
            raise SandboxError(f"the room's first process could not be limited: {exc}") from exc
        with contextlib.suppress(OSError):  # takes root; else it is still the smallest process of the room
            Path(f"/proc/{self.pid}/oom_score_adj").write_text("-1000")  # out of memory, the others go

    def _open_namespaces(self) -> None:
        for name in NAMESPACES:
            path = Path(f"/proc/{self.pid}/ns/{name}")
            if path.exists():
                self.namespaces[name] = os.open(path, os.O_RDONLY)

    async def _complaint(self) -> str:
        said = b""
        if self._process is not None and self._process.stderr is not None:
            self._process.kill()
            said = await asyncio.to_thread(self._process.stderr.read)
        return f"bubblewrap could not make a room: {said.decode(errors='replace').strip()[-1000:]}; run `grader doctor`"


@contextmanager
def _pipe() -> Iterator[tuple[io.FileIO, io.FileIO]]:
    """Make a pipe as two files, which may be closed on the way: a number closed twice may be another room's by then."""
    reader, writer = os.pipe()
    with io.FileIO(reader, "r") as reading, io.FileIO(writer, "w") as writing:
        yield reading, writing


async def _read(descriptor: int, size: int) -> bytes:
    """Read once from a pipe without blocking the loop. Raises: SandboxError if nothing comes."""
    try:
        async with asyncio.timeout(SET_UP_S):
            await _readable(descriptor)
    except TimeoutError as exc:
        raise SandboxError(f"bubblewrap said nothing for {SET_UP_S:g} s; run `grader doctor`") from exc
    return os.read(descriptor, size)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


async def _ended(handle: int) -> None:
    """Wait until the process behind a pidfd is gone; the kernel ends a pid namespace before its first process."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SET_UP_S):
            await _readable(handle)
