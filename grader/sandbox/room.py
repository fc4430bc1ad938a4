"""Rooms: bubblewrap containers in which student code runs, and the members that work in them. The driver's side.

A `Sandbox` owns the warm parent and makes rooms; a `Room` is a container with one idle process; a `Member` is a process that the
warm parent forked into it. Everything in a room is dead, and its memory free, when its context exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

import grader

from ..assignment import Limits
from ..errors import SandboxError
from . import bwrap, cgroups
from .parent import WarmParent, default_font_cache, make_alias

__all__ = ["Member", "Room", "RoomSpec", "Sandbox", "Usage"]

MIB = 1024 * 1024
SET_UP_S = 20.0  # a room takes some 10 ms; this is for a machine that swaps
ENTER_S = 20.0  # a fork of the warm parent takes some 10 ms
NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
FIRST_HOST_UID = 1_900_000_000  # above every range that systemd hands out; the room's pid is added, so no two rooms share one
WORK = "/work"
INNER_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108  # in the room
    "TMPDIR": "/tmp",  # noqa: S108  # in the room
    "LANG": "C.UTF-8",
    "USER": "student",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp/.matplotlib",  # noqa: S108  # in the room
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSpec:
    """What stands in a room.

    files: path under /work -> host file, whose bytes are copied in. links: (link, target) pairs, relative, under /work.
    mounts: absolute path in the room -> host folder, read-only (data sets). environment: variables added to the room's own few.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()
    mounts: Mapping[str, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a member or a whole room has used."""

    cpu_s: float = 0.0
    peak_memory_bytes: int = 0


class Member:
    """A process in a room, seen from outside. pid: its number here, not in the room."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self._status = status
        self._handle = os.pidfd_open(pid)
        self._ended: asyncio.Task[int | None] = asyncio.ensure_future(self._watch())
        self._usage = Usage()

    async def wait(self) -> int | None:
        """Wait for its end. Returns the exit status, negative for a signal, or None if its watcher was lost."""
        return await asyncio.shield(self._ended)

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended."""
        return self._ended.done()

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """Kill it, whatever it does about signals."""
        self.signal(signal.SIGKILL)

    def usage(self) -> Usage:
        """CPU seconds and peak memory: of it and its buried children once it has ended, of it alone before."""
        if self._ended.done():
            return self._usage
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError, ValueError):
            return self._usage
        return Usage(cpu_s=cpu_s)

    async def close(self) -> None:
        """Kill it, wait, and free what was held of it."""
        self.kill()
        await self.wait()
        os.close(self._handle)

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


class Room:
    """A container around one idle process. Made by `Sandbox.room`."""

    def __init__(self, sandbox: Sandbox, spec: RoomSpec, *, pid: int, root: Path, work: str, group: cgroups.Group | None) -> None:
        self.pid = pid
        self.spec = spec
        self.work = work
        self._sandbox = sandbox
        self._root = root
        self._group = group
        self._members: list[Member] = []
        self._identity: int | None = None
        self._namespaces: dict[str, int] = {}

    def path(self, inner: str) -> Path:
        """Where an absolute path of the room is found from here. Whatever lies there may be a link made by student code."""
        return self._root / inner.lstrip("/")

    def usage(self) -> Usage:
        """CPU seconds and peak memory of everything that ran in the room."""
        members = [member.usage() for member in self._members]
        cpu_s = self._group.cpu_s() if self._group else None
        memory = self._group.peak_memory_bytes() if self._group else None
        return Usage(
            cpu_s=sum(usage.cpu_s for usage in members) if cpu_s is None else cpu_s,
            peak_memory_bytes=max((usage.peak_memory_bytes for usage in members), default=0) if memory is None else memory,
        )

    def memory_kills(self) -> int:
        """How many processes died because the room was out of memory, where that is counted."""
        return self._group.memory_kills() if self._group else 0

    async def fork(self, entry: str, config: Mapping[str, Any], fds: Sequence[int] = (), *, cpu_s: float | None = None) -> Member:
        """Fork the warm parent into the room.

        Args: entry: "runner" or "kernel". config: JSON for the entry; `work`, the working folder, is added. fds: descriptors that
            the member keeps; the entry gets their numbers in this order. cpu_s: CPU seconds of the process itself.
        Raises: SandboxError if the member did not come up, which is never student code's doing.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        message = {"entry": entry, "config": {**config, "work": self.work}, "room": self._terms(cpu_s)}
        tasks = [os.open(path, os.O_WRONLY) for path in self._group.tasks] if self._group else []
        try:
            await self._sandbox.parent.request(message, [theirs.fileno(), *tasks, *self._namespaces.values(), *fds])
        finally:
            theirs.close()
            for descriptor in tasks:
                os.close(descriptor)
        try:
            answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ours, 4096), ENTER_S)
        except (OSError, TimeoutError) as exc:
            ours.close()
            raise SandboxError(f"entry {entry}: the fork did not reach the room: {exc!r}; try again, or run `grader doctor`") from exc
        words = answer.decode(errors="replace")
        if not words.startswith("pid "):
            ours.close()
            raise SandboxError(f"entry {entry}: the fork did not reach the room: {words or 'it died'}; run `grader doctor`")
        member = Member(int(words[4:]), ours)
        self._members.append(member)
        return member

    def _terms(self, cpu_s: float | None) -> dict[str, Any]:
        limits = self.spec.limits
        rlimits = {
            "AS": limits.memory_mib * MIB,
            "NOFILE": limits.open_files,
            "FSIZE": limits.file_mib * MIB,
            "CORE": 0,
            "MEMLOCK": 0,
            "MSGQUEUE": 0,
            "RTPRIO": 0,
            "CPU": int(cpu_s if cpu_s is not None else limits.notebook_s + limits.cell_s) + 1,
        }
        if self._namespaces:
            rlimits["NPROC"] = limits.processes  # counted per user namespace; outside one it would count the user's other processes
        return {
            "groups": len(self._group.tasks) if self._group else 0,
            "namespaces": list(self._namespaces),
            "identity": self._identity,
            "rlimits": rlimits,
            "work": self.work,
            "environment": {**INNER_ENVIRONMENT, **self.spec.environment},
        }

    async def _close_members(self) -> None:
        for member in self._members:
            await member.close()


class Sandbox:
    """Makes rooms. An async context manager that owns the warm parent.

    unsafe: run without rooms (`--unsafe-no-sandbox`): the same processes with resource limits only. Code that runs so can read and
    write whatever this user can.
    hidden: host files and folders that must not be visible in a room even if they lie in a folder of the system that is.
    """

    def __init__(self, *, unsafe: bool = False, hidden: Sequence[Path] = ()) -> None:
        self.sandboxed = not unsafe
        self.limits_held: Mapping[str, str] = {}
        self._hidden = [Path(grader.__file__).resolve().parent.parent, *(path.resolve() for path in hidden)]
        self._stack = contextlib.AsyncExitStack()
        self._groups = cgroups.Groups(version=0, parents={})

    async def __aenter__(self) -> Self:
        if self.sandboxed and shutil.which("bwrap") is None:
            raise SandboxError("bubblewrap is not installed, and code of others does not run without it: `apt install bubblewrap`")
        alias = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gradecheck-")))
        self._python = bwrap.locate_python(alias)
        make_alias(alias, self._python.sites)
        self._groups = cgroups.find_groups(
            mountinfo=Path("/proc/self/mountinfo").read_text(), membership=Path("/proc/self/cgroup").read_text()
        )
        self._groups.clean()
        self.parent = WarmParent(self._python, font_cache=default_font_cache())
        self._stack.push_async_callback(self.parent.close)
        try:
            await self.parent.start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    def room(self, spec: RoomSpec) -> AbstractAsyncContextManager[Room]:
        """Make a room, stage its files, and destroy it with everything in it on exit.

        Raises: SandboxError if bubblewrap fails, or the files do not fit.
        """
        return self._room(spec) if self.sandboxed else self._open_air(spec)

    @asynccontextmanager
    async def _room(self, spec: RoomSpec) -> AsyncIterator[Room]:
        async with contextlib.AsyncExitStack() as stack:
            group = self._group(spec.limits)
            if group is not None:
                stack.push_async_callback(asyncio.to_thread, group.remove)
            holder = _Holder(self._python, spec, hidden=self._hidden)
            stack.push_async_callback(holder.close)
            await holder.start(group)
            room = Room(self, spec, pid=holder.pid, root=Path(f"/proc/{holder.pid}/root"), work=WORK, group=group)
            room._identity, room._namespaces = holder.identity, holder.namespaces
            _stage(spec, room.path(WORK), owner=holder.host_uid)
            try:
                yield room
            finally:
                holder.kill()
                await room._close_members()

    @asynccontextmanager
    async def _open_air(self, spec: RoomSpec) -> AsyncIterator[Room]:
        with tempfile.TemporaryDirectory(prefix="gradecheck-open-", ignore_cleanup_errors=True) as folder:
            root = Path(folder)
            for name in ("work", "k", "tmp"):
                (root / name).mkdir()
            _stage(spec, root / "work", owner=None)
            for inner, outer in spec.mounts.items():
                link = root / inner.lstrip("/")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(outer)
            room = Room(self, spec, pid=os.getpid(), root=root, work=str(root / "work"), group=None)
            try:
                yield room
            finally:
                await room._close_members()

    def _group(self, limits: Limits) -> cgroups.Group | None:
        if not self._groups.parents:
            return None
        memory_bytes = (limits.memory_mib + 3 * limits.disk_mib) * MIB  # /work, /tmp and /dev/shm live in memory
        try:
            return self._groups.create(memory_bytes=memory_bytes, processes=limits.processes)
        except OSError:
            return None


class _Holder:
    """The bubblewrap process of one room: starting, joining terms, ending."""

    def __init__(self, python: bwrap.Python, spec: RoomSpec, *, hidden: Sequence[Path]) -> None:
        self._python = python
        self._spec = spec
        self._hidden = hidden
        self._process: subprocess.Popen[bytes] | None = None
        self._handle: int | None = None
        self.pid = 0
        self.host_uid: int | None = None
        self.identity: int | None = None
        self.namespaces: dict[str, int] = {}

    async def start(self, group: cgroups.Group | None) -> None:
        mapped = os.geteuid() == 0
        info, info_end = os.pipe()
        wait, go = os.pipe()
        fds = {"info": info_end, **({"map": wait} if mapped else {})}
        args = bwrap.command(
            self._python, mounts=self._spec.mounts, work_bytes=self._spec.limits.disk_mib * MIB, hidden=self._hidden, fds=fds, nested=True
        )
        try:
            self._process = subprocess.Popen(
                args, env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, pass_fds=list(fds.values()),
            )  # fmt: skip
            os.close(info_end)
            info_end = -1
            self.pid = await self._read_pid(info)
            if group is not None:
                group.add(self.pid)
            if mapped:
                self._map_users(go)
            await self._until_ready()
            self._open_namespaces()
        finally:
            for descriptor in (info, info_end, wait, go):
                if descriptor >= 0:
                    os.close(descriptor)

    async def _read_pid(self, info: int) -> int:
        text = b""
        while b"}" not in text:
            data = await asyncio.wait_for(_readable(info, 4096), SET_UP_S)
            if not data:
                raise SandboxError(f"bubblewrap failed: {await self._complaint()}; run `grader doctor`")
            text += data
        pid = int(json.loads(text)["child-pid"])
        self._handle = os.pidfd_open(pid)
        return pid

    def _map_users(self, go: int) -> None:
        """Let the room's user be nobody's user outside: a way out of the room would not lead to root."""
        self.host_uid, self.identity = FIRST_HOST_UID + self.pid, bwrap.INNER_UID
        table = f"0 0 1\n{bwrap.INNER_UID} {self.host_uid} 1\n"
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{self.pid}/{name}").write_text(table)
        os.write(go, b"1")

    async def _until_ready(self) -> None:
        if self._process is None or self._process.stdout is None:
            raise SandboxError("bubblewrap was not started")
        if not await asyncio.wait_for(_readable(self._process.stdout.fileno(), 1), SET_UP_S):
            raise SandboxError(f"bubblewrap failed: {await self._complaint()}; run `grader doctor`")

    def _open_namespaces(self) -> None:
        for name in NAMESPACES:
            path = Path(f"/proc/{self.pid}/ns/{name}")
            if path.exists():
                self.namespaces[name] = os.open(path, os.O_RDONLY)

    async def _complaint(self) -> str:
        if self._process is None or self._process.stderr is None:
            return ""
        self._process.kill()
        return (await asyncio.to_thread(self._process.stderr.read)).decode(errors="replace").strip()[-1000:]

    def kill(self) -> None:
        """Kill the first process of the pid namespace, and with it every other one."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    async def close(self) -> None:
        self.kill()
        for descriptor in self.namespaces.values():
            os.close(descriptor)
        if self._process is not None:
            if self._handle is None:
                self._process.kill()
            await asyncio.to_thread(self._process.wait)
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()
        if self._handle is not None:
            os.close(self._handle)


async def _readable(descriptor: int, size: int) -> bytes:
    """Read once from a pipe without blocking the loop."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, size)


def _stage(spec: RoomSpec, work: Path, *, owner: int | None) -> None:
    """Copy the files in while nothing of the student's runs yet, so that no link of theirs can lead the copy astray."""
    try:
        for inner, outer in sorted(spec.files.items()):
            target = work / _inside(inner)
            _make_folders(target.parent, work, owner)
            shutil.copyfile(outer, target)
            _give(target, 0o644, owner)
        for link, to in spec.links:
            place = work / _inside(link)
            _make_folders(place.parent, work, owner)
            place.symlink_to(os.path.relpath(work / _inside(to), place.parent))
    except OSError as exc:
        raise SandboxError(f"staging {len(spec.files)} files in a room of {spec.limits.disk_mib} MiB: {exc}") from exc


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise SandboxError(f"{path!r}: expected a relative path that stays inside the submission")
    return str(pure)


def _make_folders(folder: Path, top: Path, owner: int | None) -> None:
    if folder != top and not folder.exists():
        _make_folders(folder.parent, top, owner)
        folder.mkdir()
        _give(folder, 0o755, owner)


def _give(path: Path, mode: int, owner: int | None) -> None:
    path.chmod(mode)
    if owner is not None:
        os.chown(path, owner, owner)
