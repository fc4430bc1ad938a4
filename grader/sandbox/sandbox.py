"""The sandbox: makes rooms, owns the warm parents, knows which limits hold here.

Everything that it makes is gone when its context exits, and soon after it was killed: bubblewrap, the warm parents, the watchers
and the members each die with their parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from ..assignment import Limits
from ..errors import SandboxError
from . import bwrap, cgroups
from .bwrap import WORK, RoomPlan
from .held import Means, open_air_limits, tried_limits
from .holder import Holder
from .launch import PREFIX, SCRATCH, default_cache, take
from .parent import WarmParent
from .room import NO_CORE_BYTES, Room, RoomSpec
from .staging import stage
from .watchdog import Watchdog, Watched

__all__ = ["Sandbox"]

MIB = 1024 * 1024
PAGE_BYTES = resource.getpagesize()  # a file in memory takes whole pages
EXTRA_PROCESSES = 8  # of ours, in the room's control group beside the student's
CHECKOUT = Path(__file__).resolve().parent.parent.parent


class Sandbox:
    """Makes rooms. An async context manager that owns the warm parents.

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

    async def __aenter__(self) -> Self:
        """Start the warm parents and find out which limits hold.

        Raises: SandboxError if there is no bubblewrap, or no room can be made with it, with what to do.
        """
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

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the warm parents."""
        await self._stack.aclose()

    async def _start(self) -> None:
        _remove_stale()
        place, launched = take()
        self._stack.callback(place.folder.cleanup)
        self._python = place.python
        self._parent = WarmParent(self._python, launched)
        self._stack.push_async_callback(self._parent.close)
        self._groups = cgroups.find_groups(
            mountinfo=Path("/proc/self/mountinfo").read_text(),
            membership=Path("/proc/self/cgroup").read_text(),
        )
        self._groups.clean()
        await self._parent.start()
        if not self.sandboxed:
            self.limits_held = open_air_limits()
            return
        means = Means(
            groups_version=self._groups.version,
            maps_users=self._maps_users(self._plan(RoomSpec())),
            watches=not self._groups_hold,
        )
        self.limits_held = await tried_limits(self._closed_room, means, default_cache())

    def room(self, spec: RoomSpec) -> AbstractAsyncContextManager[Room]:
        """Make a room, stage its files, and destroy it with everything in it on exit.

        Raises: SandboxError if bubblewrap fails, or the files do not fit.
        """
        return self._closed_room(spec) if self.sandboxed else self._open_air(spec)

    @asynccontextmanager
    async def _closed_room(self, spec: RoomSpec, memory_bytes: int | None = None) -> AsyncIterator[Room]:
        plan = self._plan(spec)
        async with contextlib.AsyncExitStack() as stack:
            group = self._make_group(spec, memory_bytes)
            if group is not None:
                stack.push_async_callback(asyncio.to_thread, group.remove)
            holder = Holder()
            stack.push_async_callback(holder.close)
            await holder.start(
                plan, group=group, limits=_holder_limits(spec.limits), mapped=self._maps_users(plan)
            )
            root = Path(f"/proc/{holder.pid}/root")
            watchdog = self._watchdog(spec, root / "proc", memory_bytes)
            if watchdog is not None:
                watching = asyncio.ensure_future(watchdog.watch(holder.kill))
                stack.callback(watching.cancel)
            room = Room(
                self._parent, spec, root=root, work=WORK, holder=holder, group=group, watchdog=watchdog
            )
            parents = _mount_parents(spec.mounts)
            stage(room.path(WORK), files=spec.files, links=spec.links, folders=parents, owner=holder.host_uid)
            try:
                yield room
            finally:
                holder.kill()
                await room.close()

    @asynccontextmanager
    async def _open_air(self, spec: RoomSpec) -> AsyncIterator[Room]:
        prefix = f"{PREFIX}{os.getpid()}-open-"
        with tempfile.TemporaryDirectory(dir=SCRATCH, prefix=prefix, ignore_cleanup_errors=True) as folder:
            root = Path(folder)
            for name in ("work", "tmp"):
                (root / name).mkdir()
            for inner, outer in spec.mounts.items():
                link = root / inner.lstrip("/")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(outer)
            stage(root / "work", files=spec.files, links=spec.links)
            room = Room(self._parent, spec, root=root, work=str(root / "work"), holder=None, group=None)
            try:
                yield room
            finally:
                await room.close()

    def _plan(self, spec: RoomSpec) -> RoomPlan:
        work_bytes = spec.limits.disk_mib * MIB + _staged_bytes(spec)
        return RoomPlan(python=self._python, mounts=spec.mounts, work_bytes=work_bytes, hidden=self._hidden)

    def _maps_users(self, plan: RoomPlan) -> bool:
        return os.geteuid() == 0 and bwrap.readable_by_all(plan)

    @property
    def _groups_hold(self) -> bool:
        return self._groups.parents.keys() >= {"memory", "pids"}

    def _watchdog(self, spec: RoomSpec, proc: Path, memory_bytes: int | None) -> Watchdog | None:
        """Watch a room whose memory or processes no group holds; its file systems in memory have limits of their own."""
        if self._groups_hold:
            return None
        limits = Watched(
            memory_bytes=memory_bytes or spec.limits.memory_mib * MIB,
            processes=spec.limits.processes + EXTRA_PROCESSES,
        )
        return Watchdog(proc, limits)

    def _make_group(self, spec: RoomSpec, memory_bytes: int | None) -> cgroups.Group | None:
        if not self._groups.parents:
            return None
        limits = spec.limits
        # /work, /tmp and /dev/shm live in memory
        most = memory_bytes or (limits.memory_mib + 3 * limits.disk_mib) * MIB + _staged_bytes(spec)
        try:
            return self._groups.create(memory_bytes=most, processes=limits.processes + EXTRA_PROCESSES)
        except OSError as exc:
            raise SandboxError(
                f"a control group could not be made below {', '.join(map(str, self._groups.parents.values()))}: {exc}; "
                "run `grader doctor`"
            ) from exc


def _holder_limits(limits: Limits) -> dict[int, int]:
    return {
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_FSIZE: limits.file_mib * MIB,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: NO_CORE_BYTES,
    }


def _staged_bytes(spec: RoomSpec) -> int:
    """What the submission itself takes: nobody becomes ungradable by handing in more than `disk_mib`; intake has its own caps.

    Raises: SandboxError if a file is gone.
    """
    try:
        return sum(-(-path.stat().st_size // PAGE_BYTES) * PAGE_BYTES for path in spec.files.values())
    except OSError as exc:
        raise SandboxError(f"staging the submission's files: {exc}; run again") from exc


def _mount_parents(mounts: Mapping[str, Path]) -> list[str]:
    """Folders under /work that bubblewrap makes for mounts; the submission's own files may have to go beside them."""
    found: dict[str, None] = {}
    for inner in mounts:
        parents = [str(parent) for parent in Path(inner).parents if str(parent).startswith(WORK + "/")]
        found.update(dict.fromkeys(parent.removeprefix(WORK + "/") for parent in parents))
    return list(found)


def _remove_stale() -> None:
    """Remove the folders of graders that were killed."""
    for folder in SCRATCH.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):
                if folder.lstat().st_uid == os.geteuid() and not folder.is_symlink():
                    shutil.rmtree(folder, ignore_errors=True)
