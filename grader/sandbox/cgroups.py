"""Control groups for rooms, of version 1 or 2, whichever this process may write. Knows nothing of rooms but a name.

A group holds the number of processes and the memory of everything in a room together, where a resource limit holds for one process.
It also gets a share of the processors as a whole: a room full of busy processes takes no more from its neighbours than one does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Group", "Groups", "find_groups", "killed_for_memory"]

#: More than the kernel asks a group for at once: a huge page, and what processors keep ready.
AT_ONCE_BYTES = 4 * 1024 * 1024
PREFIX = "gradecheck-"
REMOVAL_TRIES = 50  # a group is busy for some milliseconds after its last process died
REMOVAL_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The folders of one room's group: one in version 2, one for each controller in version 1."""

    folders: Mapping[str, Path]

    @property
    def tasks(self) -> list[Path]:
        """The files into which a process writes 0 to become a member."""
        return [folder / "cgroup.procs" for folder in dict.fromkeys(self.folders.values())]

    def add(self, pid: int) -> None:
        """Put a process into the group. Raises: OSError if it is gone or may not be moved."""
        for tasks in self.tasks:
            tasks.write_text(str(pid))

    def cpu_s(self) -> float | None:
        """CPU seconds used by everything that was ever in the group, or None where that is not counted."""
        folder = self.folders.get("cpuacct")
        if folder is not None:
            return int(_read(folder / "cpuacct.usage") or 0) / 1e9
        folder = self.folders.get("cpu")
        used = _field(_read(folder / "cpu.stat"), "usage_usec") if folder is not None else 0
        return used / 1e6 if used else None  # version 1 counts elsewhere

    def peak_memory_bytes(self) -> int | None:
        """The largest memory of the group at any time, file system in memory included, or None where that is not counted."""
        folder = self.folders.get("memory")
        if folder is None:
            return None
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            if text := _read(folder / name):
                return int(text)
        return None

    def memory_kills(self) -> int:
        """How many processes the kernel killed because the group was out of memory: at its own limit, not the machine's."""
        return self._kills() if self._limit_reached() else 0

    def machine_kills(self) -> int:
        """How many it killed although the group was within its limit: the machine, or a group around this one, had none left."""
        return 0 if self._limit_reached() else self._kills()

    def _kills(self) -> int:
        """Processes of the group that the kernel killed for memory, whoever lacked it."""
        folder = self.folders.get("memory")
        if folder is None:
            return 0
        return _field(_read(folder / "memory.events") or _read(folder / "memory.oom_control"), "oom_kill")

    def _limit_reached(self) -> bool:
        folder = self.folders.get("memory")
        if folder is None:
            return False
        if events := _read(folder / "memory.events"):
            return _field(events, "oom") > 0
        counts = (_read(folder / name) for name in ("memory.failcnt", "memory.memsw.failcnt"))
        if any(count not in ("", "0") for count in counts):
            return True
        # Seen on Linux 6.18: no failure counted in a group that had all that it may.
        most, limit = (_read(folder / f"memory.{name}_in_bytes") for name in ("max_usage", "limit"))
        return most.isdigit() and limit.isdigit() and int(most) + AT_ONCE_BYTES >= int(limit)

    def remove(self) -> None:
        """Remove the group; its processes must be dead. A group that stays busy is left for the next start to remove."""
        for folder in dict.fromkeys(self.folders.values()):
            _remove(folder, tries=REMOVAL_TRIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Where groups can be made. version: 0 where they cannot, else 1 or 2. parents: controller -> folder."""

    version: int
    parents: Mapping[str, Path]

    def create(self, *, memory_bytes: int, processes: int) -> Group:
        """Make a group with its limits. Raises: OSError if the folder, or a limit in it, cannot be written."""
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        folders = {controller: parent / name for controller, parent in self.parents.items()}
        for folder in dict.fromkeys(folders.values()):
            folder.mkdir()
        group = Group(folders=folders)
        try:
            if "memory" in folders:
                _limit_memory(folders["memory"], memory_bytes, version=self.version)
            if "pids" in folders:
                (folders["pids"] / "pids.max").write_text(str(processes))
        except OSError:
            group.remove()
            raise
        return group

    def clean(self) -> int:
        """Remove groups whose grader is gone; how many there were."""
        removed = 0
        for parent in dict.fromkeys(self.parents.values()):
            for folder in parent.glob(f"{PREFIX}*"):
                owner = folder.name.removeprefix(PREFIX).partition("-")[0]
                if owner.isdigit() and not Path(f"/proc/{owner}").exists():
                    removed += _remove(folder, tries=1)
        return removed


def find_groups(*, mountinfo: str, membership: str) -> Groups:
    """Find where this process may make groups.

    Args: mountinfo, membership: texts of /proc/self/mountinfo and /proc/self/cgroup.
    """
    first = _version_1(_mounts(mountinfo, "cgroup"), membership)
    if first.parents.keys() >= {"memory", "pids"}:
        return first
    second = _version_2(_mounts(mountinfo, "cgroup2"), membership)
    return second if len(second.parents) >= len(first.parents) and second.parents else first


def killed_for_memory() -> int:
    """How many processes this machine has killed for memory since it started, in whatever group; 0 where it does not count."""
    return _field(_read(Path("/proc/vmstat")), "oom_kill")


def _mounts(mountinfo: str, kind: str) -> list[tuple[str, Path, Sequence[str]]]:
    """Each mount of a kind: root within the hierarchy, mount point, super-block options."""
    found: list[tuple[str, Path, Sequence[str]]] = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, tail = left.split(), right.split()
        if tail and tail[0] == kind:
            found.append((fields[3], Path(fields[4]), tail[-1].split(",")))
    return found


def _version_1(mounts: Sequence[tuple[str, Path, Sequence[str]]], membership: str) -> Groups:
    own = {
        controller: line.split(":", 2)[2]
        for line in membership.splitlines()
        for controller in line.split(":", 2)[1].split(",")
    }
    parents = {}
    for controller in ("memory", "pids", "cpuacct", "cpu"):
        for root, point, options in mounts:
            if controller in options:
                inner = own.get(controller, "/").removeprefix(root).strip("/")
                writable = [folder for folder in (point / inner, point) if _may_create(folder)]
                if writable:
                    parents[controller] = writable[0]
    return Groups(version=1 if parents.keys() - {"cpu"} else 0, parents=parents)


def _version_2(mounts: Sequence[tuple[str, Path, Sequence[str]]], membership: str) -> Groups:
    own = next((line.split(":", 2)[2] for line in membership.splitlines() if line.startswith("0::")), "/")
    for root, point, _ in mounts:
        folder = point / own.removeprefix(root).strip("/")
        # A group with processes of its own cannot have children with controllers: take the nearest ancestor that can.
        for candidate in (folder, *folder.parents):
            if not candidate.is_relative_to(point):
                break
            controllers = (_read(candidate / "cgroup.subtree_control") or "").split()
            if (
                {"memory", "pids"} <= set(controllers)
                and _may_create(candidate)
                and os.access(candidate / "cgroup.procs", os.W_OK)
            ):
                return Groups(
                    version=2,
                    parents={name: candidate for name in ("memory", "pids", "cpu") if name in controllers},
                )
    return Groups(version=0, parents={})


def _may_create(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _limit_memory(folder: Path, limit_bytes: int, *, version: int) -> None:
    if version == 2:
        (folder / "memory.max").write_text(str(limit_bytes))
        with contextlib.suppress(OSError):  # no swap accounting: then there is no swap to limit
            (folder / "memory.swap.max").write_text("0")
        return
    (folder / "memory.limit_in_bytes").write_text(str(limit_bytes))
    with contextlib.suppress(OSError):  # as above
        (folder / "memory.memsw.limit_in_bytes").write_text(str(limit_bytes))


def _remove(folder: Path, *, tries: int) -> bool:
    for attempt in range(tries):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError as exc:
            if exc.errno != errno.EBUSY:
                return False
            if attempt + 1 < tries:
                time.sleep(REMOVAL_PAUSE_S)
        else:
            return True
    return False


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _field(text: str, name: str) -> int:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0
