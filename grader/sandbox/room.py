"""A room: a bubblewrap container with one idle process, into which a warm parent forks members. The driver's side.

Rooms are made and ended by `sandbox.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import re
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..assignment import Limits
from ..errors import SandboxError
from .cgroups import Group, killed_for_memory
from .holder import Holder
from .members import Member, Usage
from .parent import WarmParent
from .watchdog import Watchdog, anonymous_bytes

__all__ = ["MACHINE_FULL", "Room", "RoomSpec"]

MIB = 1024 * 1024
PENDING_SIGNALS = 1024  # timers of the kernel's count as well, each some hundred bytes of its memory
#: The core limit at which the kernel neither writes a file nor hands the crash to the program that `core_pattern` may name; at 0 it
#: would do the latter (fs/coredump.c, `cprm.limit == 1`). The system call filter keeps it there.
NO_CORE_BYTES = 1
FALL_S = 0.25  # between the end of a room's last member and that of its first process
ENTER_S = 20.0  # a fork of a warm parent takes some 10 ms
#: Since this kernel, RLIMIT_NPROC counts a user's processes in each user namespace by itself.
NPROC_PER_NAMESPACE = (5, 14)
MACHINE_FULL = "the machine ran out of memory, and ended the student's process within its limit; run again, with fewer jobs"
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
    """A container around one idle process. Made by `Sandbox.room`, ended when its context exits.

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
        group: Group | None,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.pid = holder.pid if holder is not None else os.getpid()
        self.spec = spec
        self.work = work
        self._parent = parent
        self._root = root
        self._holder = holder
        self._group = group
        self._watchdog = watchdog
        self._members: list[Member] = []
        self._killed_before = killed_for_memory()

    def path(self, inner: str) -> Path:
        """Where an absolute path of the room is found from here. Whatever lies there may be a link made by student code."""
        return self._root / inner.lstrip("/")

    async def took(self, status: int | None) -> bool:
        """Whether it was not a member's own doing that it ended with `status`, as `Member.wait` gives it.

        A room cannot be ended from inside: if it ends, something outside ended it and, by SIGKILL, whatever was in it. Only the
        watchdog, which is outside, ends it for what its members did.
        """
        if self._watchdog is not None and self._watchdog.over:
            return False
        if status is None:
            return True
        return (
            status == -signal.SIGKILL and self._holder is not None and await self._holder.ends_within(FALL_S)
        )

    def usage(self) -> Usage:
        """CPU seconds and peak memory of everything that ran in the room."""
        members = [member.usage() for member in self._members]
        cpu_s = self._group.cpu_s() if self._group else None
        memory = self._group.peak_memory_bytes() if self._group else None
        largest = max((usage.peak_memory_bytes for usage in members), default=0)
        if self._watchdog is not None:
            largest = max(largest, self._watchdog.peak_bytes)
        return Usage(
            cpu_s=sum(usage.cpu_s for usage in members) if cpu_s is None else cpu_s,
            peak_memory_bytes=largest if memory is None else memory,
        )

    def computed_s(self) -> float | None:
        """CPU seconds of everything that ran in the room until now, or None where only its members' own are known."""
        return self._group.cpu_s() if self._group else None

    def memory_kills(self) -> int:
        """How many processes died because the room was out of memory, where that is counted."""
        if self._watchdog is not None and self._watchdog.over == "memory":
            return 1
        return self._group.memory_kills() if self._group else 0

    def machine_kills(self) -> int:
        """How many processes died because the machine was out of memory, and not the room.

        Without a group the whole machine's count has to do: it says that some were killed, not whose.
        """
        if self._watchdog is not None and self._watchdog.over:
            return 0
        return self._group.machine_kills() if self._group else killed_for_memory() - self._killed_before

    async def fork(
        self,
        entry: str,
        config: Mapping[str, Any],
        fds: Sequence[int] = (),
        *,
        cpu_s: float | None = None,
        full: bool = False,
    ) -> Member:
        """Fork a warm parent into the room.

        Args: entry: "runner", "kernel" or "trial". config: JSON for the entry; `work`, the working folder, is added. fds:
            descriptors that the member keeps; the entry gets their numbers in this order. cpu_s: CPU seconds of the process itself.
            full: fork the full parent, as for a kernel.
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
            parent = await self._parent.request(message, granted, full=full or entry == "kernel")
            if self._watchdog is not None:
                self._watchdog.shares(anonymous_bytes(parent))
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
            "CORE": NO_CORE_BYTES,
            "MEMLOCK": 0,
            "MSGQUEUE": 0,
            "SIGPENDING": PENDING_SIGNALS,
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
