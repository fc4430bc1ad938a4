"""Rooms: bubblewrap containers in which student code runs, and who works in them. The driver's side.

A `Sandbox` owns the warm parent and makes rooms; a `Room` is a container with one idle process; a `Member` is a process that the
warm parent forked into it. Everything in a room is dead, and its memory free, when its context exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import re
import resource
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..assignment import Limits
from ..errors import SandboxError
from . import bwrap, cgroups
from .bwrap import WORK, RoomPlan
from .holder import Holder
from .members import Member, Usage
from .parent import WarmParent, default_font_cache, make_alias
from .staging import stage

__all__ = ["Room", "RoomSpec", "Sandbox"]

MIB = 1024 * 1024
ENTER_S = 20.0  # a fork of the warm parent takes some 10 ms
EXTRA_PROCESSES = 8  # of ours, in the room's control group beside the student's
NPROC_PER_NAMESPACE = (
    5,
    14,
)  # since this kernel, RLIMIT_NPROC counts a user's processes in each user namespace by itself
ALIAS_PREFIX = "gradecheck-"
CHECKOUT = Path(__file__).resolve().parent.parent.parent
INNER_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",
    "MPLBACKEND": "Agg",
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


class Room:
    """A container around one idle process. Made by `Sandbox.room`.

    pid: of the idle process, on this side. work: the working folder as its members see it.
    """

    def __init__(
        self,
        parent: WarmParent,
        spec: RoomSpec,
        *,
        root: Path,
        work: str,
        holder: Holder | None,
        group: cgroups.Group | None,
    ) -> None:
        self.pid = holder.pid if holder is not None else os.getpid()
        self.spec = spec
        self.work = work
        self._parent = parent
        self._root = root
        self._holder = holder
        self._group = group
        self._members: list[Member] = []

    def path(self, inner: str) -> Path:
        """Where an absolute path of the room is found from here. Whatever lies there may be a link made by student code."""
        return self._root / inner.lstrip("/")

    def usage(self) -> Usage:
        """CPU seconds and peak memory of everything that ran in the room."""
        members = [member.usage() for member in self._members]
        cpu_s = self._group.cpu_s() if self._group else None
        memory = self._group.peak_memory_bytes() if self._group else None
        largest = max((usage.peak_memory_bytes for usage in members), default=0)
        return Usage(
            cpu_s=sum(usage.cpu_s for usage in members) if cpu_s is None else cpu_s,
            peak_memory_bytes=largest if memory is None else memory,
        )

    def memory_kills(self) -> int:
        """How many processes died because the room was out of memory, where that is counted."""
        return self._group.memory_kills() if self._group else 0

    async def fork(
        self, entry: str, config: Mapping[str, Any], fds: Sequence[int] = (), *, cpu_s: float | None = None
    ) -> Member:
        """Fork the warm parent into the room.

        Args: entry: "runner", "kernel" or "trial". config: JSON for the entry; `work`, the working folder, is added. fds:
            descriptors that the member keeps; the entry gets their numbers in this order. cpu_s: CPU seconds of the process itself.
        Raises: SandboxError if the member did not come up, which is never student code's doing.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        message = {"entry": entry, "config": {**config, "work": self.work}, "room": self._terms(cpu_s)}
        namespaces = self._holder.namespaces.values() if self._holder else ()
        with contextlib.ExitStack() as stack:
            stack.enter_context(theirs)
            files = (
                [stack.enter_context(path.open("wb", buffering=0)) for path in self._group.tasks]
                if self._group
                else []
            )
            granted = [theirs.fileno(), *(file.fileno() for file in files), *namespaces, *fds]
            await self._parent.request(message, granted)
        try:
            member = Member(await _entered(ours, entry), ours)
        except BaseException:
            ours.close()
            raise
        self._members.append(member)
        return member

    async def close(self) -> None:
        """Kill what is left of the members, and wait for them."""
        for member in self._members:
            await member.close()

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
        if self._holder is not None:
            rlimits["NPROC"] = _process_limit(limits.processes, own_user=self._holder.identity is not None)
        folder = self.work if self._holder is None else "/tmp"  # noqa: S108  # in the room
        environment = {
            **INNER_ENVIRONMENT,
            "HOME": folder,
            "TMPDIR": folder,
            "MPLCONFIGDIR": f"{folder}/.matplotlib",
        }
        return {
            "groups": len(self._group.tasks) if self._group else 0,
            "namespaces": list(self._holder.namespaces) if self._holder else [],
            "identity": self._holder.identity if self._holder else None,
            "rlimits": rlimits,
            "work": self.work,
            "environment": {**environment, **self.spec.environment},
        }


class Sandbox:
    """Makes rooms. An async context manager that owns the warm parent.

    unsafe: run without rooms (`--unsafe-no-sandbox`): the same processes with resource limits only. Code that runs so can read and
        write whatever this user can.
    hidden: host files and folders that must not be visible in a room even if they lie in a folder of the system that is.
    sandboxed: the opposite of unsafe. limits_held: what holds each limit here, e.g. {"memory": "cgroup v1"}; filled on entering.
    """

    def __init__(self, *, unsafe: bool = False, hidden: Sequence[Path] = ()) -> None:
        self.sandboxed = not unsafe
        self.limits_held: Mapping[str, str] = {}
        self._hidden = (CHECKOUT, *(path.resolve() for path in hidden))
        self._stack = contextlib.AsyncExitStack()
        self._groups = cgroups.Groups(version=0, parents={})

    async def __aenter__(self) -> Self:  # noqa: D105  # said by the class
        if self.sandboxed and shutil.which("bwrap") is None:
            raise SandboxError(
                "bubblewrap is not installed, and other people's code does not run without it; install it: apt install bubblewrap"
            )
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(  # noqa: D105  # said by the class
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        _remove_stale()
        alias = self._stack.enter_context(
            tempfile.TemporaryDirectory(dir="/tmp", prefix=f"{ALIAS_PREFIX}{os.getpid()}-")
        )
        self._python = bwrap.locate_python(Path(alias))
        make_alias(Path(alias), self._python.sites)
        self._groups = cgroups.find_groups(
            mountinfo=Path("/proc/self/mountinfo").read_text(),
            membership=Path("/proc/self/cgroup").read_text(),
        )
        self._groups.clean()
        self._parent = WarmParent(self._python, font_cache=default_font_cache())
        self._stack.push_async_callback(self._parent.close)
        await self._parent.start()

    def room(self, spec: RoomSpec) -> AbstractAsyncContextManager[Room]:
        """Make a room, stage its files, and destroy it with everything in it on exit.

        Raises: SandboxError if bubblewrap fails, or the files do not fit.
        """
        return self._closed_room(spec) if self.sandboxed else self._open_air(spec)

    @asynccontextmanager
    async def _closed_room(self, spec: RoomSpec) -> AsyncIterator[Room]:
        plan = RoomPlan(
            python=self._python,
            mounts=spec.mounts,
            work_bytes=spec.limits.disk_mib * MIB,
            hidden=self._hidden,
        )
        async with contextlib.AsyncExitStack() as stack:
            group = self._make_group(spec.limits)
            if group is not None:
                stack.push_async_callback(asyncio.to_thread, group.remove)
            holder = Holder()
            stack.push_async_callback(holder.close)
            mapped = os.geteuid() == 0 and bwrap.readable_by_all(plan)
            await holder.start(plan, group=group, limits=_holder_limits(spec.limits), mapped=mapped)
            room = Room(
                self._parent,
                spec,
                root=Path(f"/proc/{holder.pid}/root"),
                work=WORK,
                holder=holder,
                group=group,
            )
            stage(
                room.path(WORK),
                files=spec.files,
                links=spec.links,
                folders=_mount_parents(spec.mounts),
                owner=holder.host_uid,
            )
            try:
                yield room
            finally:
                holder.kill()
                await room.close()

    @asynccontextmanager
    async def _open_air(self, spec: RoomSpec) -> AsyncIterator[Room]:
        prefix = f"{ALIAS_PREFIX}{os.getpid()}-open-"
        with tempfile.TemporaryDirectory(dir="/tmp", prefix=prefix, ignore_cleanup_errors=True) as folder:
            root = Path(folder)
            for name in ("work", "k", "tmp"):
                (root / name).mkdir()
            stage(root / "work", files=spec.files, links=spec.links)
            for inner, outer in spec.mounts.items():
                link = root / inner.lstrip("/")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(outer)
            room = Room(self._parent, spec, root=root, work=str(root / "work"), holder=None, group=None)
            try:
                yield room
            finally:
                await room.close()

    def _make_group(self, limits: Limits) -> cgroups.Group | None:
        if not self._groups.parents:
            return None
        memory_bytes = (
            limits.memory_mib + 3 * limits.disk_mib
        ) * MIB  # /work, /tmp and /dev/shm live in memory
        try:
            return self._groups.create(
                memory_bytes=memory_bytes, processes=limits.processes + EXTRA_PROCESSES
            )
        except OSError as exc:
            raise SandboxError(
                f"a control group could not be made, though it could be at the start: {exc}"
            ) from exc


async def _entered(status: socket.socket, entry: str) -> int:
    """Wait until the watcher has told the member's process number, and the member that it has dropped every right."""
    loop = asyncio.get_running_loop()
    said: set[str] = set()
    try:
        async with asyncio.timeout(ENTER_S):
            while len(said) < 2:
                words = (await loop.sock_recv(status, 4096)).decode(errors="replace")
                if words != "in" and not words.startswith("pid "):
                    said = {words or "it died"}
                    break
                said.add(words)
    except (OSError, TimeoutError) as exc:
        said = {repr(exc)}
    numbers = [int(words[4:]) for words in said if words.startswith("pid ")]
    if len(said) == 2 and numbers:
        return numbers[0]
    raise SandboxError(
        f"entry {entry}: the fork did not reach the room: {', '.join(said)}; try again, or run `grader doctor`"
    )


def _process_limit(processes: int, *, own_user: bool) -> int:
    """The value of RLIMIT_NPROC: on an older kernel it counts what this user runs elsewhere, too."""
    release = re.match(r"(\d+)\.(\d+)", platform.release())
    if own_user or release is None or tuple(map(int, release.groups())) >= NPROC_PER_NAMESPACE:
        return processes
    user = os.geteuid()
    running = sum(1 for path in Path("/proc").glob("[0-9]*/task/*") if _owner(path) == user)
    return processes + running


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def _holder_limits(limits: Limits) -> dict[int, int]:
    return {
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_FSIZE: limits.file_mib * MIB,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }


def _mount_parents(mounts: Mapping[str, Path]) -> list[str]:
    """Folders under /work that bubblewrap made for mounts; the submission's own files may have to go beside them."""
    found: dict[str, None] = {}
    for inner in mounts:
        parents = [str(parent) for parent in Path(inner).parents if str(parent).startswith(WORK + "/")]
        found.update(dict.fromkeys(parent.removeprefix(WORK + "/") for parent in parents))
    return list(found)


def _remove_stale() -> None:
    """Remove the folders of graders that were killed."""
    for folder in Path("/tmp").glob(f"{ALIAS_PREFIX}*"):  # noqa: S108  # made by tempfile, and owned by us
        owner = folder.name.removeprefix(ALIAS_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and _owner(folder) == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
