"""Find the data set that an assignment's notebooks train on: real files where there are any, else a stand-in that says what it is.

A data set is a folder in the official file format. Its files are only located here; nothing is parsed.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .assignment import Assignment
from .errors import AssignmentError

__all__ = ["DATA_SETS", "DATA_VARIABLE", "DataFormat", "DataSet", "find_data"]

DATA_VARIABLE = "GRADECHECK_DATA"  # names a folder that holds `cifar-10-batches-py/` and `mnist/`


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFormat:
    """What marks a folder as holding a data set. folder: its customary name. files: those that must be there."""

    title: str
    folder: str
    files: tuple[str, ...]


DATA_SETS = {
    "cifar10": DataFormat(
        title="CIFAR-10",
        folder="cifar-10-batches-py",
        files=("batches.meta", *(f"data_batch_{number}" for number in range(1, 6)), "test_batch"),
    ),
    "mnist": DataFormat(
        title="MNIST",
        folder="mnist",
        files=tuple(
            f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A data set in its place. name: as reports show it, e.g. "CIFAR-10 (synthetic stand-in)". digest: of names and contents."""

    name: str
    folder: Path
    synthetic: bool
    digest: str


def find_data(assignment: Assignment, state: Path, setting: Path | None = None) -> DataSet | None:
    """The data set of an assignment, or None if it uses none.

    Looked for in `setting` (a command's option), then in the folder that the environment variable names; failing both, the
    assignment's stand-in is written to `state/data/`, once.

    Raises: AssignmentError if a named folder lacks files, or there is neither real data nor a stand-in.
    """
    if assignment.spec.data == "none":
        return None
    form = DATA_SETS[assignment.spec.data]
    named = setting or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)
    if named is not None:
        folder = _holding(named.resolve(), form)
        return DataSet(name=form.title, folder=folder, synthetic=False, digest=_digest(folder))
    folder = _stand_in(assignment, state.resolve() / "data" / "synthetic" / form.folder, form)
    return DataSet(
        name=f"{form.title} (synthetic stand-in)", folder=folder, synthetic=True, digest=_digest(folder)
    )


def _holding(named: Path, form: DataFormat) -> Path:
    for folder in (named / form.folder, named):
        if all((folder / file).is_file() for file in form.files):
            return folder
    raise AssignmentError(
        f"{named}: no {form.title} there; expected {form.folder}/ with {', '.join(form.files)} "
        f"(`grader data fetch` gets it; without {DATA_VARIABLE} or --data a synthetic stand-in is used)"
    )


def _stand_in(assignment: Assignment, folder: Path, form: DataFormat) -> Path:
    if all((folder / file).is_file() for file in form.files):
        return folder
    module, _, function = assignment.spec.data_stand_in.partition(":")
    if not function:
        raise AssignmentError(
            f"{assignment.folder / 'assignment.yaml'}: data: {assignment.spec.data} has no `data_stand_in`; set {DATA_VARIABLE} "
            "to a folder with the real files, or name a `module:function` that writes a stand-in"
        )
    write: Callable[[str, Path], object] = getattr(importlib.import_module(module), function)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    unfinished.mkdir(parents=True, exist_ok=True)
    write(assignment.spec.data, unfinished)
    try:
        unfinished.rename(folder)
    except OSError:  # another grader made it first; both are the same
        for file in unfinished.iterdir():
            file.unlink()
        unfinished.rmdir()
    return folder


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
