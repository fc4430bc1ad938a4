"""Which limits really hold on this machine: tried once in a small room, kept per boot and version, put into words."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from ..assignment import Limits
from ..errors import SandboxError
from .room import Room, RoomSpec

__all__ = ["NOT_HELD", "WATCHED", "Means", "open_air_limits", "tried_limits"]

MIB = 1024 * 1024
TRIAL_S = 60.0
NOT_HELD = "not held"
WATCHED = "watchdog"
ENDED = "the watchdog ended the room"  # for which each limit that it holds is tried in a room of its own
SMALL = Limits(memory_mib=1024, processes=16, open_files=64, disk_mib=4, file_mib=2)
SMALL_MEMORY_BYTES = 96 * MIB  # of the control group of the trial's room, so that reaching it is cheap
ENOUGH_BYTES = 64 << 30  # for any number of forks, each of which a watchdog counts in full
FOLDER = Path(__file__).resolve().parent


#: Makes a room whose members together may have so many bytes of memory.
RoomMaker = Callable[[RoomSpec, int], AbstractAsyncContextManager[Room]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the sandbox has. groups_version: of the control groups, 0 for none. maps_users: a room's user is nobody outside.

    watches: a watchdog sums what no group holds.
    """

    groups_version: int
    maps_users: bool
    watches: bool = False


def open_air_limits() -> dict[str, str]:
    """What holds without a room."""
    return {
        "sandbox": "none",
        "address space": "rlimit",
        "open files": "rlimit",
        "file size": "rlimit",
        "cpu time": "rlimit",
    }


async def tried_limits(make_room: RoomMaker, means: Means, cache: Path) -> Mapping[str, str]:
    """Say for each limit what holds it here, or "not held".

    Args: cache: folder in which the answer is kept; a machine that was restarted, another user, another bubblewrap or changed code
        are tried anew.
    Raises: SandboxError if no room can be made.
    """
    path = cache / f"limits-{_circumstances(means)}.json"
    tried = _kept(path)
    if tried is None:
        tried = await (_try_watched(make_room) if means.watches else _try(make_room, SMALL_MEMORY_BYTES))
        _keep(path, tried)
    return _words(means, tried)


def _words(means: Means, tried: Mapping[str, bool]) -> dict[str, str]:
    group = f"cgroup v{means.groups_version}"
    by = {
        "address space": "rlimit",
        "memory": WATCHED if means.watches else group,
        "processes": group if means.groups_version else WATCHED if tried.get(ENDED) else "rlimit",
        "open files": "rlimit",
        "file size": "rlimit",
        "disk": "tmpfs",
        "network": "network namespace",
        "system calls": "seccomp",
        "capabilities": "none left",
        "user namespaces": "forbidden",
    }
    words = {name: held if tried.get(name) else NOT_HELD for name, held in by.items()}
    return {**words, "cpu time": "rlimit", "user": "nobody's" if means.maps_users else "the grader's own"}


async def _try_watched(make_room: RoomMaker) -> dict[str, bool]:
    """Try all limits where reaching some of them ends the room."""
    found: dict[str, bool] = {}
    for name, memory_bytes in (("memory", SMALL_MEMORY_BYTES), ("processes", ENOUGH_BYTES)):
        answer = await _try(make_room, memory_bytes, only=[name])
        found |= {name: True, ENDED: name == "processes"} if answer.get(ENDED) else answer
    return found | await _try(make_room, ENOUGH_BYTES, skip=("memory", "processes"))


async def _try(
    make_room: RoomMaker, memory_bytes: int, *, only: Sequence[str] = (), skip: Sequence[str] = ()
) -> dict[str, bool]:
    """Try limits in one room. Returns: name -> held; {ENDED: True} if one of `only` ended the room."""
    config = {
        "only": list(only),
        "skip": list(skip),
        "processes": SMALL.processes + 16,
        "memory_bytes": 2 * SMALL_MEMORY_BYTES,
        "address_bytes": 2 * SMALL.memory_mib * MIB,
        "disk_bytes": SMALL.disk_mib * MIB,
        "file_bytes": SMALL.file_mib * MIB,
        "open_files": SMALL.open_files,
    }
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        async with make_room(RoomSpec(limits=SMALL), memory_bytes) as room:
            member = await room.fork("trial", config, [theirs.fileno()])
            theirs.close()
            try:
                async with asyncio.timeout(TRIAL_S):
                    data = await asyncio.get_running_loop().sock_recv(ours, 65536)
            except TimeoutError as exc:
                raise SandboxError(
                    f"trying the limits took more than {TRIAL_S:g} s; run `grader doctor`"
                ) from exc
            if not data:
                status = await member.wait()
                if only and not await room.took(status):
                    return {ENDED: True}
                raise SandboxError(f"trying the limits ended with status {status}; run `grader doctor`")
    return {str(name): value is True for name, value in json.loads(data).items()}


def _circumstances(means: Means) -> str:
    """A digest of everything that bears on the answer."""
    code = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.py")))
    bwrap = shutil.which("bwrap") or ""
    parts = [
        Path("/proc/sys/kernel/random/boot_id").read_text(),
        os.uname().release,
        f"{os.geteuid()} {means}",
        Path("/proc/self/cgroup").read_text(),
        f"{bwrap} {Path(bwrap).stat().st_mtime_ns if bwrap else ''}",
    ]
    return hashlib.sha256("\0".join(parts).encode() + code).hexdigest()[:24]


def _kept(path: Path) -> dict[str, bool] | None:
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _keep(path: Path, tried: Mapping[str, bool]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("limits-*.json"):
            old.unlink(missing_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(tried))
        temporary.replace(path)
    except OSError:
        return  # a home that cannot be written: it is tried again next time
