"""One student's hand-in before it is sorted: whose it is, where it came from, and its files, with zips inside opened one level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ..assignment import Assignment
from ..errors import SubmissionError
from ..model import Note
from .caps import Caps
from .junk import ARCHIVES
from .tree import Entry, LeftOut, Refusal, Tree, shown
from .zips import read_zip

__all__ = ["HandIn", "is_archive", "is_zip", "may_be_work", "moment", "open_nested", "open_sole_zip", "stem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """What one student handed in. student: the id as found, not yet made safe. arrived: None if only the files' times tell."""

    student: str
    origin: str
    tree: Tree
    name: str = ""
    arrived: datetime | None = None
    notes: tuple[Note, ...] = field(default=())
    refused: str = ""  # why it cannot be read at all, if so


def is_zip(entry: Entry) -> bool:
    """Does a file's name say that it is a zip?"""
    return entry.suffix == ".zip"


def is_archive(name: str) -> bool:
    """Does a file's name say that it is an archive of a kind that is not opened?"""
    return name.lower().endswith(ARCHIVES)


def may_be_work(entry: Entry) -> bool:
    """Could a file by itself be what somebody handed in? An archive that is not opened could: whose it is has to be told so."""
    return is_zip(entry) or is_archive(entry.name) or entry.suffix in {".ipynb", ".py"}


def stem(name: str) -> str:
    """A file's name without its ending: "alice.zip" and "alice.tar.gz" give "alice"."""
    for ending in (".tar.gz", ".tar.bz2", ".tar.xz"):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name.rpartition(".")[0] or name


def moment(seconds: float) -> datetime | None:
    """A file's time as an aware datetime in UTC; None for 0 (unknown) and for times no calendar has."""
    if seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def open_sole_zip(tree: Tree, caps: Caps, *, of_class: bool = False) -> Tree:
    """A tree that is one zip and nothing else is what is in the zip. of_class: it was named, and may hold a class.

    Raises: SubmissionError if that zip cannot be read.
    """
    if len(tree.entries) != 1 or not is_zip(tree.entries[0]):
        return tree
    inner = _open(tree.entries[0], caps, of_class=of_class)
    return replace(
        inner, refusals=(*tree.refusals, *inner.refusals), left_out=(*tree.left_out, *inner.left_out)
    )


def _open(entry: Entry, caps: Caps, *, of_class: bool = False) -> Tree:
    limit = caps.nested_zip_bytes
    return read_zip(entry.open(limit), shown(entry.path), caps, of_class=of_class)


def open_nested(tree: Tree, assignment: Assignment, caps: Caps) -> Tree:
    """Add what is in a hand-in's zips, one level deep, where some of the assignment's own files do not lie open beside them.

    A nested zip that cannot be read, or holds something fatal, is refused; the rest of the hand-in stands.
    """
    zips = [entry for entry in tree.entries if is_zip(entry)]
    if not zips or not _wanted(assignment) - {entry.name.casefold() for entry in tree.entries}:
        return tree
    entries = {entry.path: entry for entry in tree.entries}
    refusals = list(tree.refusals)
    left_out = list(tree.left_out)
    left = caps.archive_entries  # of all together: eight large archives are as dear as one that is too large
    for entry in zips[: caps.nested_zips]:
        del entries[entry.path]
        try:
            inner = _open(entry, replace(caps, archive_entries=left))
            left -= inner.listed
            _check_fatal(inner)
        except SubmissionError as exc:
            refusals.append(Refusal(entry.path, f"cannot be used: {exc}"))
            continue
        prefix = entry.path + "/"
        entries.update({prefix + item.path: replace(item, path=prefix + item.path) for item in inner.entries})
        refusals += [replace(item, path=prefix + item.path) for item in inner.refusals]
        left_out += [LeftOut(prefix + item.path, item.kind) for item in inner.left_out]
    return Tree(tuple(entries[path] for path in sorted(entries)), tuple(refusals), tuple(left_out))


def _check_fatal(tree: Tree) -> None:
    for refusal in tree.refusals:
        if refusal.fatal:
            raise SubmissionError(f"{shown(refusal.path)} {refusal.reason}")


def _wanted(assignment: Assignment) -> set[str]:
    """Names of the files that a complete hand-in has, in lower case."""
    spec = assignment.spec
    paths: Iterable[str] = [module.path for module in spec.files.modules] + [
        notebook.path for notebook in spec.notebooks
    ]
    return {path.rpartition("/")[2].casefold() for path in paths}
