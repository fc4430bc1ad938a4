"""Tell downloads of learning platforms by their names, and read from them whose each part is and when it came.

* Canvas: `lastnamefirstname_LATE_12345_678901_layers-2.py`, all in one folder. Several files with the same two first parts are one
  student's; of a file and its resubmissions (`-1`, `-2`) the newest counts. The id is Canvas's number of the user (here 12345).
* Moodle: `Full Name_12345_assignsubmission_file_`, a folder, or the same followed by a file's name. The id is the participant's.
* Gradescope: `submission_123456/` beside `submission_metadata.yml`. The id is the student's number there, else from the e-mail
  address, else the folder's name; a group's work is listed for each member.
* nbgrader: `submitted/<student>/<assignment>/` with `timestamp.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..assignment import Assignment
from ..errors import SubmissionError
from ..model import Note
from .caps import MIB, Caps
from .classes import Marks
from .handin import HandIn, may_be_work, stem
from .tree import Entry, Tree, shown

__all__ = ["parse_timestamp", "recognise"]

_CANVAS = re.compile(
    r"(?P<name>[^\W_].*?)_(?:(?P<late>LATE)_)?(?P<user>\d+|(?:(?<=anon_)|(?<=anon_LATE_))[A-Za-z0-9]{5})_(?P<attachment>\d+)_(?P<file>.+)",
    re.IGNORECASE,
)
# "hw4_2024_03_export.zip": no Canvas has attachments of two digits by then.
_DATED = re.compile(r"(?:19|20)\d\d_\d{1,2}_")
_RESUBMITTED = re.compile(r"(?P<base>.+?)-(?P<count>\d{1,3})(?P<suffix>\.[^.]*)?")
_MOODLE_PARTS = r"_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)"
_MOODLE = re.compile(rf"(?P<name>.+?){_MOODLE_PARTS}", re.IGNORECASE)
#: Of a folder, what stands last is Moodle's: a person may call himself like somebody else's folder. A file may be called so, too.
_MOODLE_FOLDER = re.compile(rf"(?P<name>.+){_MOODLE_PARTS}", re.IGNORECASE)
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
_METADATA = "submission_metadata.yml"
_METADATA_BYTES = 64 * MIB
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(\.\d+)?\s*(.*)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_NBGRADER = {
    "source",
    "release",
    "autograded",
    "feedback",
    "gradebook.db",
    "nbgrader_config.py",
    "exchange",
    "downloaded",
}
_SMALL_BYTES = 4096


def recognise(tree: Tree, assignment: Assignment, caps: Caps) -> list[HandIn]:  # noqa: ARG001  # the caps of a class are checked before
    """The hand-ins of an LMS download; empty if the tree is none."""
    return _nbgrader(tree, assignment) or _gradescope(tree) or _moodle(tree) or _canvas(tree)


def _most(count: int, tree: Tree) -> bool:
    """Do `count` of a tree's first-level names make it a download, with few strays?"""
    return count > 0 and count * 2 > len(tree.names())


def _strays(tree: Tree, known: set[str]) -> list[HandIn]:
    """What lies in a download without its pattern, and could be somebody's work: nothing handed in may get lost."""
    parts = tree.split()
    found = [
        HandIn(student=name, origin=name, tree=part)
        for name, part in parts.items()
        if name not in known and (part.entries or part.refusals)
    ]
    found += [
        HandIn(student=stem(entry.name), origin=entry.path, tree=Tree((entry,)))
        for entry in tree.entries
        if "/" not in entry.path and entry.path not in known and may_be_work(entry)
    ]
    return found


# --- Canvas -----------------------------------------------------------------------------------------------------------------


def _canvas(tree: Tree) -> list[HandIn]:
    matches = [(entry, _CANVAS.fullmatch(entry.path)) for entry in tree.entries if "/" not in entry.path]
    named = [
        (entry, found)
        for entry, found in matches
        if found and not _DATED.match(found[0], found.start("user"))
    ]
    if not _most(len(named), tree):
        return []
    students: dict[tuple[str, str], list[tuple[Entry, re.Match[str]]]] = {}
    for entry, match in named:
        students.setdefault((match["user"], match["name"]), []).append((entry, match))
    found = [_canvas_student(user, name, files) for (user, name), files in sorted(students.items())]
    return found + _strays(tree, {entry.path for entry, _ in named})


def _canvas_student(user: str, name: str, files: list[tuple[Entry, re.Match[str]]]) -> HandIn:
    newest: dict[str, tuple[int, int, Entry]] = {}
    for entry, match in files:
        again = _RESUBMITTED.fullmatch(match["file"])
        original = again["base"] + (again["suffix"] or "") if again else match["file"]
        age = (int(again["count"]) if again else 0, int(match["attachment"]))
        if original not in newest or newest[original][:2] < age:
            newest[original] = (*age, replace(entry, path=original))
    notes = []
    if any(match["late"] for _, match in files):
        notes.append(Note(about=name, text="Canvas marks this hand-in as late.", for_student=False))
    if len(newest) < len(files):
        notes.append(Note(about=name, text="Files were handed in again; the newest of each counts."))
    tree = Tree(tuple(newest[path][2] for path in sorted(newest)))
    return HandIn(
        student=user, name=name, origin=min(entry.path for entry, _ in files), tree=tree, notes=tuple(notes)
    )


# --- Moodle -----------------------------------------------------------------------------------------------------------------


def _moodle(tree: Tree) -> list[HandIn]:
    parts = tree.split()
    matches = {name: (_MOODLE_FOLDER if name in parts else _MOODLE).fullmatch(name) for name in tree.names()}
    named = {name: match for name, match in matches.items() if match}
    if not _most(len(named), tree):
        return []
    files = {entry.path: entry for entry in tree.entries if "/" not in entry.path}
    people: dict[tuple[str, str], list[tuple[str, Tree, bool]]] = {}
    for name, match in named.items():
        is_text = match["kind"].lower() == "onlinetext"
        part = parts.get(name)
        if part is None:
            entry = files[name]
            part = Tree((replace(entry, path=match["file"] or entry.name),))
        people.setdefault((match["id"], match["name"]), []).append((name, part, is_text))
    found = [_moodle_student(number, name, parts_of) for (number, name), parts_of in sorted(people.items())]
    return found + _strays(tree, set(named))


def _moodle_student(number: str, name: str, parts: list[tuple[str, Tree, bool]]) -> HandIn:
    """One participant's files. An online text is not the work, unless nothing else came."""
    chosen = [part for _, part, is_text in parts if not is_text] or [part for _, part, _ in parts]
    entries = {entry.path: entry for part in chosen for entry in part.entries}
    tree = Tree(
        tuple(entries[path] for path in sorted(entries)),
        tuple(refusal for part in chosen for refusal in part.refusals),
        tuple(item for part in chosen for item in part.left_out),
    )
    return HandIn(student=number, name=name, origin=min(origin for origin, _, _ in parts), tree=tree)


# --- Gradescope -------------------------------------------------------------------------------------------------------------


def _gradescope(tree: Tree) -> list[HandIn]:
    parts = tree.split()
    named = [name for name in parts if _GRADESCOPE.fullmatch(name)]
    metadata = next((entry for entry in tree.entries if entry.path == _METADATA), None)
    if not named or (metadata is None and not _most(len(named), tree)):
        return []
    known, note = _read_metadata(metadata)
    found: list[HandIn] = []
    for name in named:
        found += _gradescope_students(name, parts[name], known.get(name, {}), note)
    return found + _strays(tree, {*named, _METADATA})


def _gradescope_students(
    folder: str, tree: Tree, about: Mapping[str, Any], note: tuple[Note, ...]
) -> list[HandIn]:
    arrived = parse_timestamp(_text(about.get(":created_at")))
    handin = HandIn(student=folder, origin=folder, tree=tree, arrived=arrived, notes=note)
    people = [person for person in _list(about.get(":submitters")) if isinstance(person, dict)]
    names = [_text(person.get(":name")) for person in people]
    found = []
    for person, name in zip(people, names, strict=True):
        student = _text(person.get(":sid")) or _text(person.get(":email")).partition("@")[0] or folder
        text = f"Handed in together by {', '.join(shown(other) for other in names)}."
        together = (Note(about=folder, text=text),) if len(people) > 1 else ()
        found.append(replace(handin, student=student, name=name, notes=note + together))
    return found or [handin]


def _read_metadata(entry: Entry | None) -> tuple[dict[str, Mapping[str, Any]], tuple[Note, ...]]:
    """Submitters and times by folder, and a note if they could not be read."""
    if entry is None:
        return {}, ()
    try:
        document = YAML(typ="base", pure=True).load(_essence(entry.read(_METADATA_BYTES).decode("utf-8")))
    except (SubmissionError, UnicodeDecodeError, YAMLError, ValueError, RecursionError) as exc:
        text = f"Names and times are not known, for {_METADATA} cannot be read ({shown(str(exc).partition(chr(10))[0])})."
        return {}, (Note(about=_METADATA, text=text, for_student=False),)
    known = document if isinstance(document, dict) else {}
    return {name: about for name, about in known.items() if isinstance(about, dict)}, ()


def _essence(text: str) -> str:
    """Only the lines about submitters and times: the export also holds every test's output, which is long and none of ours."""
    kept: list[str] = []
    keep = False
    for line in re.split(r"\r?\n", text):  # at nothing else that could stand in what students print
        if line[:1] not in {" ", "-", "#", ""}:
            kept.append(line)
            keep = False
        elif re.match(r"  [^\s-]", line):
            keep = line.startswith(("  :submitters:", "  :created_at:"))
            if keep:
                kept.append(line)
        elif keep:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _text(value: object) -> str:
    if isinstance(value, dict):  # older exports keep a time with its zone: {utc: ..., zone: ..., time: ...}
        return _text(value.get("utc"))
    return value.strip() if isinstance(value, str) and value.strip() not in {"null", "~"} else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# --- nbgrader ---------------------------------------------------------------------------------------------------------------


def _nbgrader(tree: Tree, assignment: Assignment) -> list[HandIn]:
    others = set(tree.names()) - {"submitted"}
    deep = any(re.fullmatch(r"submitted/[^/]+/[^/]+/.+", entry.path) for entry in tree.entries)
    if deep and others <= _NBGRADER:
        return [
            replace(handin, origin=f"submitted/{handin.origin}")
            for handin in _exchange(tree.under("submitted"), assignment)
        ]
    stamped = {
        entry.path.partition("/")[0]
        for entry in tree.entries
        if re.fullmatch(r"[^/]+/[^/]+/timestamp\.txt", entry.path)
    }
    return _exchange(tree, assignment) if _most(len(stamped), tree) else []


def _exchange(tree: Tree, assignment: Assignment) -> list[HandIn]:
    """One hand-in for each student's folder; of its assignments the one of this name, else the one with most of its files."""
    marks = Marks(assignment)
    found = []
    for student, part in tree.split().items():
        works = part.split()
        if not works:
            found.append(HandIn(student=student, origin=student, tree=part))
            continue
        counted = {
            name: sum(marks.module(entry) or marks.notebook(entry) for entry in work.entries)
            for name, work in works.items()
        }
        name = (
            assignment.name if assignment.name in works else min(works, key=lambda key: (-counted[key], key))
        )
        others = ", ".join(shown(other) for other in works if other != name)
        notes = (
            (Note(about=student, text=f"{shown(name)} was taken, not {others}.", for_student=False),)
            if others
            else ()
        )
        work, arrived = _stamped(works[name])
        found.append(
            HandIn(student=student, origin=f"{student}/{name}", tree=work, arrived=arrived, notes=notes)
        )
    return found


def _stamped(work: Tree) -> tuple[Tree, datetime | None]:
    """A hand-in without nbgrader's time stamp, and that time: the file is not the student's."""
    stamp = next((entry for entry in work.entries if entry.path == "timestamp.txt"), None)
    if stamp is None:
        return work, None
    try:
        arrived = parse_timestamp(stamp.read(_SMALL_BYTES).decode("utf-8", errors="replace"))
    except SubmissionError:
        arrived = None
    return replace(work, entries=tuple(entry for entry in work.entries if entry is not stamp)), arrived


def parse_timestamp(text: str) -> datetime | None:
    """A time such as "2024-10-01 17:03:12.5 America/Los_Angeles", with an offset, "Z" or "UTC"; without a known zone it is UTC."""
    match = _TIMESTAMP.match(text.strip())
    if not match:
        return None
    try:
        when = datetime.fromisoformat(match[1]).replace(microsecond=int(float(match[2] or 0) * 1e6))
        return when.replace(tzinfo=_zone(match[3].strip())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset:
        distance = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-distance if offset[1] == "-" else distance)
    if name in {"", "Z", "UTC", "GMT"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
