"""Start the process that becomes the warm parents, without waiting for it. Standard library only, and little of that.

It takes most of a second to import what members need. `ahead` starts it while the grader imports its own; the sandbox then takes it
over. One that nobody took is ended by `forget`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import SandboxError
from .bwrap import Python, locate_python

__all__ = [
    "PREFIX",
    "SCRATCH",
    "Launched",
    "Place",
    "ahead",
    "default_cache",
    "forget",
    "launch",
    "place",
    "take",
]

SCRATCH = Path("/tmp")  # noqa: S108  # folders in it are made by tempfile, and are ours alone
PREFIX = "gradecheck-"

#: What the warm parent runs first. It sees the descriptors of its sockets, and learns everything else over one: command line and
#: environment of a process can be read by its members. `grader` and `grader.sandbox` are empty here, so that nothing of the
#: driver's side is imported, and no `site` runs, so that no path file of the environment does.
BOOT = """
import gc, importlib, json, os, socket, sys, types
gc.disable()
lean, full = (socket.socket(fileno=int(word)) for word in sys.argv[1:])
del sys.argv[1:]  # else students' scripts would take them for their own arguments
start = json.loads(lean.recv(65536))
os.environ.update(start["environment"])
sys.path += start["sites"]
for name in ("grader", "grader.sandbox"):
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = [start["alias"] + "/" + name.replace(".", "/")]
importlib.import_module("grader.sandbox.warm").serve(lean, full)
"""

CLEAN = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # sets of strings iterate the same way in every run
    # glibc comes to these by itself once a block of 32 MiB is freed. Until then each array of some megabytes is new memory, page by
    # page: a tenth of the CPU of a training loop in NumPy.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024),
    # Huge pages behind what glibc hands out: a training loop whose arrays have some megabytes takes 10 to 18 % less CPU. NumPy asks
    # for them itself, but from 4 MiB on. Since glibc 2.35; earlier ones, and machines without huge pages, pass it over.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


@dataclass(frozen=True, slots=True)
class Launched:
    """A process that is on its way to become the warm parents. lean, full: sockets on which each of the two says `ready`."""

    process: subprocess.Popen[bytes]
    lean: socket.socket
    full: socket.socket

    def end(self) -> None:
        """Kill it and wait."""
        self.lean.close()
        self.full.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


@dataclass(frozen=True, slots=True)
class Place:
    """The private folder of one sandbox and the interpreter that is named through it."""

    folder: tempfile.TemporaryDirectory[str]
    python: Python


#: What `ahead` started and nobody has taken yet: one entry or none.
_ahead: list[tuple[Place, Launched]] = []


def place() -> Place:
    """Make a sandbox's folder, with links by whose names modules are imported (see `Python`).

    Raises: SandboxError if the interpreter or a package is not where it has to be.
    """
    folder = tempfile.TemporaryDirectory(dir=SCRATCH, prefix=f"{PREFIX}{os.getpid()}-")
    alias = Path(folder.name)
    try:
        python = locate_python(alias)
        for number, site in enumerate(python.sites):
            (alias / f"site{number}").symlink_to(site)
        (alias / "grader").symlink_to(Path(__file__).resolve().parent.parent)
    except BaseException:
        folder.cleanup()
        raise
    return Place(folder, python)


def launch(python: Python) -> Launched:
    """Start the process with a clean environment and tell it what to import. Raises: OSError if it cannot be started."""
    lean, its_lean = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    full, its_full = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs = [its_lean.fileno(), its_full.fileno()]
    argv = [str(python.executable), "-s", "-S", "-P", "-X", "utf8", "-c", BOOT, *map(str, theirs)]
    with its_lean, its_full:
        process = subprocess.Popen(
            argv, env=CLEAN, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=theirs, start_new_session=True,
        )  # fmt: skip
    launched = Launched(process, lean, full)
    fonts = str(default_cache() / "matplotlib")
    start = {
        "alias": str(python.alias),
        "sites": python.inner_sites,
        "environment": {"MPLCONFIGDIR": fonts, "HOME": "/tmp"},  # noqa: S108  # in the room
    }
    with contextlib.suppress(OSError):  # it died at once: whoever waits for it finds out why
        lean.sendall(json.dumps(start).encode())
    return launched


def ahead() -> None:
    """Start a warm parent that the next sandbox of this process takes over. What keeps it from starting is told there."""
    with contextlib.suppress(SandboxError, OSError):
        made = place()
        try:
            _ahead.append((made, launch(made.python)))
        except BaseException:
            made.folder.cleanup()
            raise


def take() -> tuple[Place, Launched | None]:
    """A place and, if one was started ahead, the process in it; both are the caller's to clear away. Raises: as `place`."""
    return _ahead.pop() if _ahead else (place(), None)


def forget() -> None:
    """End what was started ahead and not taken."""
    while _ahead:
        made, launched = _ahead.pop()
        launched.end()
        made.folder.cleanup()


def default_cache() -> Path:
    """Where what is dear to find out is kept between starts: matplotlib's list of fonts, and which limits hold."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "gradecheck"
