"""The command line of a room: what of the host stands in it, read-only, and what is hidden. Pure but for looking at the disk.

A room shows the system's programs and libraries, the interpreter and the folders with the packages that the kernel needs, and
nothing else: no home, no `/etc` but three entries, no `/var`, no checkout of this project.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from ..errors import SandboxError

__all__ = ["INNER_UID", "WORK", "Python", "RoomPlan", "command", "locate_python", "readable_by_all"]

INNER_UID = 1000  # the student's user and group id, as seen in the room
NEEDED = ("numpy", "matplotlib", "IPython", "matplotlib_inline", "traitlets")
OURS = ("grader", "reference", "assignments", "student_template")
SYSTEM = ("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32")
SHARED = (
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
    "/usr/share/fontconfig",
    "/usr/share/terminfo",
    "/usr/share/locale",
)
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts")
WORK = "/work"
#: The room's first process: it says that the room stands, and is idle from then on. It must not read: an ordinary user's room has
#: the same user in it, who can write into whatever it reads, and the room ends with it.
FIRST = "echo; exec sleep infinity </dev/null >/dev/null 2>&1"
#: An ordinary user's room has the same user in it, to whom the first process's files would belong: its memory, and how soon it goes
#: when the room is out of memory. It is there when the room is made, so that something can be laid over it.
FIRST_IN_PROC = "/proc/1"
RESERVED = (WORK, "/tmp", "/proc", "/dev")  # noqa: S108  # the room's own folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Python:
    """The interpreter and its packages. alias: a private folder with links `site0`, `site1`, ... to `sites` and `grader` to ours;
    modules are imported through it, inside and outside, so that no path of this machine shows in the room."""

    executable: Path
    base: Path
    sites: tuple[Path, ...]
    alias: Path

    @property
    def inner_sites(self) -> tuple[str, ...]:
        """The package folders as they are called in the room and in the warm parent."""
        return tuple(str(self.alias / f"site{number}") for number in range(len(self.sites)))


def locate_python(alias: Path) -> Python:
    """Find the interpreter of this process, without its virtual environment, and the folders of the packages that are needed.

    Raises: SandboxError if a package is missing or the interpreter stands where the room has a folder of its own.
    """
    sites: dict[Path, None] = {}
    for name in NEEDED:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise SandboxError(
                f"package {name} is not installed in {sys.prefix}; install gradecheck with its dependencies"
            )
        sites[Path(spec.origin).resolve().parent.parent] = None
    base = Path(sys.base_prefix).resolve()
    for reserved in RESERVED:
        if base.is_relative_to(reserved):
            raise SandboxError(
                f"Python stands in {base}, but {reserved} is the room's own; use an interpreter elsewhere"
            )
    version = f"python{sysconfig.get_python_version()}"
    executable = base / "bin" / version
    if not executable.is_file():
        raise SandboxError(
            f"no interpreter at {executable}; expected the one that {sys.executable} is made from"
        )
    return Python(executable=executable, base=base, sites=tuple(sites), alias=alias)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPlan:
    """What stands in a room.

    mounts: absolute path in the room -> host folder, read-only. work_bytes: size of /work, of /tmp and of /dev/shm.
    hidden: host paths that must not be visible even if they lie in something that is.
    """

    python: Python
    mounts: Mapping[str, Path]
    work_bytes: int
    hidden: tuple[Path, ...] = ()


def command(room: RoomPlan, *, info: int, user_map: int | None, seccomp: int | None = None) -> list[str]:
    """Give bubblewrap's argument list.

    Args: info: the descriptor on which it tells the first process's number. user_map: the descriptor on which it waits until the
        driver has written the user map; without, the room's user is the one who starts it. seccomp: the descriptor from which
        the first process's system call filter is read.
    """
    args = ["bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    args += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv", "--as-pid-1"]
    args += ["--cap-drop", "ALL", "--hostname", "room", "--info-fd", str(info)]
    if seccomp is not None:
        args += ["--seccomp", str(seccomp)]
    if user_map is not None:
        args += ["--userns-block-fd", str(user_map)]
    else:
        args += ["--uid", str(INNER_UID), "--gid", str(INNER_UID), "--disable-userns"]
    args += _first_directories(room.python)
    args += ["--proc", "/proc", *_empty(FIRST_IN_PROC)]
    args += ["--dev", "/dev", *_tmpfs("/dev/shm", room.work_bytes), "--remount-ro", "/dev"]  # noqa: S108  # in the room
    args += [*_tmpfs("/tmp", room.work_bytes), *_tmpfs(WORK, room.work_bytes)]  # noqa: S108  # in the room
    args += _directories([*room.python.inner_sites, *room.mounts])
    args += _system(room.python, room.hidden)
    for inner, outer in room.mounts.items():
        args += ["--ro-bind", str(outer), inner]
    return [*args, "--remount-ro", "/", "--chdir", "/", "/bin/sh", "-c", FIRST]


@lru_cache
def _first_directories(python: Python) -> tuple[str, ...]:
    return tuple(_directories([inner for _, inner in _shown(python) if not inner.startswith("/tmp/")]))  # noqa: S108  # in the room


@lru_cache
def _system(python: Python, hidden: tuple[Path, ...]) -> tuple[str, ...]:
    """Show the host's part, without what is hidden. Put together once in each process: it takes 1 ms for each room."""
    shown = _shown(python)
    binds = [arg for outer, inner in shown for arg in ("--ro-bind", str(outer), inner)]
    return (*binds, *_library_links(), *_masks(shown, hidden))


def readable_by_all(room: RoomPlan) -> bool:
    """Whether a user that is nobody here could read what stands in the room.

    A home that is closed to others is no obstacle, for folders in it are bound directly.
    """
    if not _readable_system(room.python):
        return False
    samples = list(room.mounts.values())
    samples += [child for folder in room.mounts.values() if folder.is_dir() for child in folder.iterdir()]
    return all(_open_to_others(path) for path in samples if path.exists())


@lru_cache
def _readable_system(python: Python) -> bool:
    samples = [outer for outer, _ in _shown(python)]
    samples += [python.executable, *(site / "numpy" / "__init__.py" for site in python.sites)]
    return all(_open_to_others(path) for path in samples if path.exists())


def _open_to_others(path: Path) -> bool:
    wanted = 0o005 if path.is_dir() else 0o004
    return path.stat().st_mode & wanted == wanted


@lru_cache
def _shown(python: Python) -> tuple[tuple[Path, str], ...]:
    """What of the host stands in a room, and under which name. Looked up once in each process."""
    system = [
        (Path(name), name)
        for name in (*SYSTEM, *SHARED, *SETTINGS)
        if Path(name).exists() and not Path(name).is_symlink()
    ]
    system += [(Path(name), name) for name in SETTINGS if Path(name).is_symlink() and Path(name).exists()]
    shown = system
    if python.base != Path("/usr"):
        shown = [*shown, (python.base, str(python.base))]
    return (*shown, *zip(python.sites, python.inner_sites, strict=True))


def _tmpfs(inner: str, size_bytes: int) -> list[str]:
    return ["--perms", "1777", "--size", str(size_bytes), "--tmpfs", inner]


def _empty(inner: str) -> list[str]:
    """An empty folder over whatever stands there."""
    return ["--perms", "0755", "--size", "4096", "--tmpfs", inner, "--remount-ro", inner]


def _directories(inner: Sequence[str]) -> list[str]:
    """Make the folders above each path, readable for the room's user: bubblewrap's own would be for its owner alone."""
    parents: dict[str, None] = {}
    for name in inner:
        for parent in list(reversed(PurePosixPath(name).parents))[1:]:
            parents[str(parent)] = None
    return [
        arg for parent in parents if parent not in RESERVED for arg in ("--perms", "0755", "--dir", parent)
    ]


def _library_links() -> list[str]:
    """/bin, /lib, ... are links into /usr on a merged system, and folders elsewhere."""
    args: list[str] = []
    for name in ("bin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / name
        if path.is_symlink():
            args += ["--symlink", os.readlink(path), str(path)]  # noqa: PTH115  # the text of the link, not a Path
        elif path.is_dir():
            args += ["--ro-bind", str(path), str(path)]
    return args


def _masks(shown: Sequence[tuple[Path, str]], hidden: Iterable[Path]) -> list[str]:
    args: list[str] = []
    for outer, inner in shown:
        for secret in hidden:
            if secret.is_relative_to(outer) and secret != outer:
                args += _mask(secret, f"{inner}/{secret.relative_to(outer)}")
        for folder in _package_folders(outer):
            args += _mask_ours(folder, inner + str(folder)[len(str(outer)) :])
    return args


@lru_cache
def _package_folders(outer: Path) -> tuple[Path, ...]:
    if outer.name in ("site-packages", "dist-packages"):
        return (outer,)
    return (*outer.glob("python3*/*-packages"), *outer.glob("lib/python3*/*-packages"))


@lru_cache
def _mask_ours(folder: Path, inner: str) -> tuple[str, ...]:
    """Hide an installed harness, references and checks, and the files that tell where a checkout lies.

    Looked up once in each process: reading folders of some hundred packages anew costs 8 ms of CPU for each room.
    """
    found = [folder / name for name in OURS]
    found += [
        *folder.glob("gradecheck-*"),
        *folder.glob("*.pth"),
        *folder.glob("__editable__*"),
        *folder.glob("*.egg-link"),
    ]
    found += [path for path in folder.glob("*.dist-info/direct_url.json") if path.parent not in found]
    return tuple(
        arg for path in found if path.exists() for arg in _mask(path, f"{inner}/{path.relative_to(folder)}")
    )


def _mask(outer: Path, inner: str) -> list[str]:
    if outer.is_dir():
        return _empty(inner)
    return ["--ro-bind", "/dev/null", inner]
