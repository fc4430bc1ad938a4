"""`grader doctor`: is this machine fit to grade? Each finding says what was seen and, where it is amiss, how to mend it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .data import DATA_SETS, DATA_VARIABLE
from .errors import GraderError
from .sandbox.health import Health, examine_sandbox
from .state import State

__all__ = ["examine"]

GIB = 1024**3
FREE_BYTES = GIB  # evidence and reports of a class of hundreds, with room to spare
MEMORY_BYTES = 2 * GIB  # one submission's default limit


def examine(*, state: Path, database: str | None = None, data: Path | None = None) -> tuple[Health, ...]:
    """Look at everything that grading needs, in the order in which it is needed. Changes nothing: no folder is made for good."""
    return (
        _python(),
        _machine(),
        *examine_sandbox(),
        _guarded(
            "state folder",
            lambda: _disk(state),
            f"name another folder with --state, or free space for {state}",
        ),
        _guarded(
            "gradebook",
            lambda: _database(state, database),
            "see the message; --state or --database names another place",
        ),
        *(_data(name, data) for name in DATA_SETS),
    )


def _python() -> Health:
    seen = f"Python {sys.version.split()[0]}, NumPy {np.__version__}"
    return Health(
        name="python", ok=sys.version_info >= (3, 11), seen=seen, fix="install Python 3.11 or later"
    )


def _machine() -> Health:
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Health(
        name="machine",
        ok=memory >= MEMORY_BYTES,
        seen=f"{cores} cores, {memory / GIB:.1f} GiB of memory",
        fix="lower `memory_mib` in assignment.yaml, and --jobs",
    )


def _guarded(name: str, look: Callable[[], Health], fix: str) -> Health:
    try:
        return look()
    except (GraderError, OSError) as exc:
        return Health(name=name, ok=False, seen=str(exc), fix=fix)


def _disk(folder: Path) -> Health:
    place = _there(folder)
    with tempfile.NamedTemporaryFile(dir=place) as file:
        file.write(b"0" * 4096)
        file.flush()
        os.fsync(file.fileno())
    free = shutil.disk_usage(place).free
    if place == folder and folder.stat().st_mode & 0o007:
        return Health(
            name="state folder",
            ok=False,
            seen=f"{folder} is open to everybody on this machine, and holds marks and what was handed in",
            fix=f"`chmod o-rwx {folder}`",
        )
    return Health(
        name="state folder",
        ok=free >= FREE_BYTES,
        seen=f"{folder} can be {'written' if place == folder else 'made'}, {free / GIB:.1f} GiB free",
        fix=f"free at least {FREE_BYTES // GIB} GiB, or name a folder elsewhere with --state",
    )


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there: the first run makes the others in it."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


def _database(folder: Path, database: str | None) -> Health:
    state = State(folder, database)
    if database is not None or state.gradebook_file.exists():
        with state.gradebook() as gradebook:
            return Health(
                name="gradebook", ok=True, seen=f"{gradebook.place} can be read and written", fix=""
            )
    with (
        tempfile.TemporaryDirectory(prefix=".gradecheck-", dir=_there(folder)) as trial,  # on the same disk
        State(Path(trial)).gradebook(),
    ):
        return Health(name="gradebook", ok=True, seen=f"{state.gradebook_file} can be made", fix="")


def _data(name: str, setting: Path | None) -> Health:
    """Real data is not needed to grade: without it the stand-in is used, and said to be one."""
    form = DATA_SETS[name]
    named = setting or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if named is None:
        seen = f"none named; assignments use a synthetic stand-in ({DATA_VARIABLE} or --data names a folder with {form.folder}/)"
        return Health(name=form.title, ok=True, seen=seen, fix="")
    for folder in (named / form.folder, named):
        absent = [file for file in form.files if not (folder / file).is_file()]
        if not absent:
            return Health(name=form.title, ok=True, seen=str(folder), fix="")
    fix = f"put {form.folder}/ with {', '.join(form.files)} into {named}, or unset {DATA_VARIABLE}"
    return Health(name=form.title, ok=False, seen=f"not in {named}", fix=fix)
