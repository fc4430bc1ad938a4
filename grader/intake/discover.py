"""From the paths that were named to hand-ins: opens folders and zips, asks the LMS patterns first, then the rules for classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ..assignment import Assignment
from ..errors import SubmissionError, UsageError
from ..model import Note
from .caps import Caps
from .classes import divide, is_part_name
from .folders import read_files, read_folder
from .handin import HandIn, is_zip, may_be_work, moment, open_sole_zip, stem
from .lms import recognise
from .names import safe_id
from .tree import Entry, Tree

__all__ = ["discover"]

_EXPECTED = "name a folder, a zip, a notebook or a Python file"


def discover(
    paths: Sequence[Path],
    assignment: Assignment,
    caps: Caps,
    *,
    leave_out: Sequence[Path] = (),
    pass_over: Callable[[str], None] = lambda _: None,
    in_class: Callable[[str], bool] = lambda _: False,
) -> list[HandIn]:
    """The hand-ins at `paths`, in their order, within a path by student. A path that was named twice counts once.

    leave_out: folders that are not looked into. pass_over: is told each file that was named and is nobody's work (a list of
    grades, a README): outside of a platform's download, its name says neither whose it is nor what. in_class: is somebody with
    this id in the class already? The zip of one of them is that student's, even if folders in it are called like others.
    Raises: UsageError if a path does not exist, is to be left out, or none holds anything.
    """
    ours = frozenset(
        (found.st_dev, found.st_ino) for found in (path.stat() for path in leave_out if path.is_dir())
    )
    resolved = list(dict.fromkeys(_existing(path) for path in paths))
    found: list[HandIn] = []
    done: set[Path] = set()
    for path in resolved:
        if path in done:
            continue
        if path.is_dir():
            if (path.stat().st_dev, path.stat().st_ino) in ours:
                raise UsageError(
                    f"{path}: is the folder for what the grader writes; name another one for that"
                )
            tree = read_folder(path, caps, ours)
            part = _in_tree(tree, path.name, assignment, caps, is_class_zip=False)
            found += _of_its_owner(tree.entries[0], part, in_class) if len(tree.entries) == 1 else part
            continue
        beside = [other for other in resolved if other.parent == path.parent and not other.is_dir()]
        done.update(beside)
        found += _files(beside, assignment, caps, pass_over, in_class)
    if not found:
        raise UsageError(
            f"{', '.join(map(str, paths))}: nothing handed in there that can be graded; {_EXPECTED} with students' work"
        )
    return found


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UsageError(f"{path}: does not exist; {_EXPECTED}")
    if not (path.is_dir() or path.is_file()):
        raise UsageError(f"{path}: is neither a folder nor a file")
    return path.resolve()


def _files(
    paths: Sequence[Path],
    assignment: Assignment,
    caps: Caps,
    pass_over: Callable[[str], None],
    in_class: Callable[[str], bool],
) -> list[HandIn]:
    """Files that were named and lie in the same folder: perhaps a part of an LMS download, else each by itself."""
    tree = read_files(paths, caps)
    known = recognise(tree, assignment, caps)
    if known:
        return known
    for entry in tree.entries:
        if not may_be_work(entry):
            pass_over(entry.name)
    entries = [entry for entry in tree.entries if may_be_work(entry)]
    inside = [_of_its_owner(entry, _in_named(entry, assignment, caps), in_class) for entry in entries]
    own = [_of_one_student(entry, part) for entry, part in zip(entries, inside, strict=True)]
    among_students = any(alone and not part[0].refused for alone, part in zip(own, inside, strict=True))
    found: list[HandIn] = []
    for entry, alone, part in zip(entries, own, inside, strict=True):
        found += [_as_one(entry, _BESIDE)] if part and not alone and among_students else part
    found += [
        HandIn(student=stem(item.path), origin=item.path, tree=Tree(()), refused=f"it {item.reason}")
        for item in tree.refusals
    ]
    return found


def _in_named(entry: Entry, assignment: Assignment, caps: Caps) -> list[HandIn]:
    alone = Tree((entry,))
    if is_zip(entry):
        return _in_tree(alone, stem(entry.name), assignment, caps, is_class_zip=True)
    return [HandIn(student=stem(entry.name), origin=entry.name, tree=alone)]


def _of_one_student(entry: Entry, part: Sequence[HandIn]) -> bool:
    """Whether a file holds the work of the student that it is called after; a download of one late hand-in names its own."""
    return len(part) == 1 and part[0].student == stem(entry.name)


def _of_its_owner(entry: Entry, part: Sequence[HandIn], in_class: Callable[[str], bool]) -> Sequence[HandIn]:
    """What a zip by itself holds; if it is called like one of the class, and what it holds like others, it is that student's."""
    owner = safe_id(stem(entry.name))
    if not is_zip(entry) or len(part) < 2 or not in_class(owner):
        return part
    others = any(student != owner and in_class(student) for student in (safe_id(one.student) for one in part))
    return [_as_one(entry, _OWNED)] if others else part


_BESIDE = "was named beside single students' files: so it counts as one student's. If it is a class, name it by itself."
_OWNED = (
    "is called like one of the class, and folders in it like others: so it counts as that student's. If it is a class, give it "
    "another name."
)


def _as_one(entry: Entry, why: str) -> HandIn:
    """A zip that looks like a class and is a student's: nobody hands in the work of others."""
    note = Note(about=entry.name, text=f"It looks like a class's download, and {why}", for_student=False)
    return HandIn(student=stem(entry.name), origin=entry.name, tree=Tree((entry,)), notes=(note,))


def _in_tree(
    tree: Tree, student: str, assignment: Assignment, caps: Caps, *, is_class_zip: bool
) -> list[HandIn]:
    """The hand-ins in a folder or in a zip. A zip that cannot be read is the refused hand-in of the student it is called after."""
    if (
        not is_class_zip
        and len(tree.entries) == 1
        and is_zip(tree.entries[0])
        and not is_part_name(stem(tree.entries[0].name))
    ):
        student = stem(tree.entries[0].name)
    if not is_class_zip and len(tree.entries) == 1 and is_zip(tree.entries[0]):
        named = recognise(tree, assignment, caps)
        if named:  # a platform's name says whose it is, whatever is in it
            return named
    try:
        inner = open_sole_zip(tree, caps, of_class=True)
    except SubmissionError as exc:
        return [HandIn(student=student, origin=student, tree=tree, refused=str(exc))]
    origin = student if inner is tree else tree.entries[0].path
    # In a folder, who made the zip is not said: where it lies tells what else is of that person's.
    outer = origin if inner is not tree and not is_class_zip else ""
    known = recognise(inner, assignment, caps)
    if known:
        return _within(outer, known)
    folder, part = _unwrapped(inner)
    if folder:
        below = recognise(part, assignment, caps) or divide(part, student, origin, assignment, named_zip=True)
        if len(below) > 1 or (below and below[0].student != student):
            return _within(f"{outer}/{folder}" if outer else folder, below)
    found = divide(inner, student, origin, assignment, named_zip=inner is not tree)
    if (
        inner is not tree and len(found) == 1
    ):  # a student's own zip: in it stand the times that its maker wants
        found = [replace(found[0], arrived=moment(tree.modified()))]
    if not inner.entries and not inner.refusals and not inner.folders:
        return []
    return _within(outer if len(found) > 1 else "", found)


def _within(folder: str, found: Sequence[HandIn]) -> list[HandIn]:
    """Hand-ins by student, with where they lie in what was named. folder: what holds them all, or ""."""
    ordered = sorted(found, key=lambda handin: (handin.student, handin.origin))
    return [replace(handin, origin=f"{folder}/{handin.origin}") for handin in ordered] if folder else ordered


def _unwrapped(tree: Tree) -> tuple[str, Tree]:
    """The folder that holds everything, one level down, and what it holds; "" if there is no such folder."""
    names = tree.names()
    if len(names) != 1 or names[0] not in tree.folders:
        return "", tree
    return names[0], tree.under(names[0])
