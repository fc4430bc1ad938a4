"""Scores for learning platforms: fill a file downloaded from Canvas or Moodle, or write what Gradescope and nbgrader read.

A downloaded file is edited in place of single cells: every other byte stays as the platform wrote it, for its importer compares
them. Cells are not neutralised against formulas here (`grader.records.tables` does that, for people): it would change names.
Only complete results are filled in; who was left out, and why, is returned.

Sources: Canvas, lib/gradebook_importer.rb. Moodle, offline grading worksheet (assignfeedback_offline). Gradescope, autograder
specifications (results.json). nbgrader, plugins/export.py.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..files import write_atomically
from ..model import CheckResult, Outcome, QuestionResult, Result, Status
from .gradebook import Row

__all__ = ["Filled", "fill_canvas", "fill_moodle", "gradescope_document", "write_nbgrader"]

NBGRADER_COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
_CANVAS_KEYS = (
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Integration ID",
)  # in the order in which Canvas matches students
_MOODLE_KEYS = ("ID number", "Username", "Email address")
_OF_CANVAS = re.compile(r"Points Possible|Student, Test", re.IGNORECASE)  # rows that are no student's
_QUOTED = frozenset('",;\t\r\n')


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was filled in. left_out: (student, why) for each result that was not; unscored: rows of the file without a result."""

    filled: int
    left_out: tuple[tuple[str, str], ...]
    unscored: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell of a CSV text: its value, and where it stands with its quotes."""

    value: str
    start: int
    end: int


def fill_canvas(downloaded: Path, out: Path, rows: Iterable[Row], *, column: str) -> Filled:
    """Fill the column of one assignment in a gradebook exported from Canvas.

    column: its header, "Title (id)", or the title alone where that is unique. Students are matched by ID, then SIS ids.
    Raises: UsageError if the file is not a Canvas export, the column is not there or read only, or an id fits two rows.
    """
    text = _text(downloaded)
    cells = _cells(text)
    header = [cell.value.strip() for cell in cells[0]] if cells else []
    if not header or "Student" not in header[0] or "ID" not in header:
        raise UsageError(
            f"{downloaded}:1: not a gradebook exported from Canvas; expected the columns Student, ID, ..."
        )
    target = _canvas_column(downloaded, header, column)
    possible = [row for row in cells[1:4] if "Points Possible" in row[0].value]
    if possible and len(possible[0]) > target and "read only" in possible[0][target].value:
        raise UsageError(f'{downloaded}: Canvas marks the column "{header[target]}" as read only')
    students = [row for row in cells[1:] if row[0].value.strip() and not _OF_CANVAS.search(row[0].value)]
    keys = [header.index(name) for name in _CANVAS_KEYS if name in header]
    places = _places(downloaded, students, lambda row: [row[key].value for key in keys])
    return _fill(text, out, students, places, rows, target=target, limit=None)


def fill_moodle(
    downloaded: Path, out: Path, rows: Iterable[Row], *, identifier: str = "Identifier", grade: str = "Grade"
) -> Filled:
    """Fill an offline grading worksheet downloaded from Moodle.

    identifier, grade: the headers, which Moodle writes in the site's language. Students are matched by the participant's number,
    then by id number, user name and e-mail address where the sheet has them. Moodle passes over grades above the sheet's maximum
    without a word: they are left out here, with the reason.
    Raises: UsageError if the file is not such a worksheet or an id fits two rows.
    """
    text = _text(downloaded)
    cells = _cells(text)
    header = [cell.value.strip() for cell in cells[0]] if cells else []
    absent = [name for name in (identifier, grade) if name not in header]
    if absent:
        raise UsageError(
            f"{downloaded}:1: no column {', '.join(absent)}; found {', '.join(header)}. "
            "Headers are in the site's language: name the columns of this worksheet"
        )
    keys = [header.index(name) for name in _MOODLE_KEYS if name in header]
    place = header.index(identifier)

    def names(row: Sequence[_Cell]) -> list[str]:
        number = re.search(r"([0-9]+)\s*$", row[place].value)
        return [row[place].value, number[1] if number else "", *(row[key].value for key in keys)]

    maximum = header.index("Maximum grade") if "Maximum grade" in header else None
    places = _places(downloaded, cells[1:], names)
    return _fill(text, out, cells[1:], places, rows, target=header.index(grade), limit=maximum)


def write_nbgrader(path: Path, assignment: str, rows: Iterable[Row]) -> int:
    """Write the CSV that `nbgrader export` writes; returns the number of rows. Only complete results have a score."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NBGRADER_COLUMNS)
    count = 0
    for row in rows:
        score = _grade(row.score) if row.status is Status.COMPLETE else ""
        when = row.graded_at.strftime("%Y-%m-%d %H:%M:%S")
        names = (row.student, row.name, "", "")
        writer.writerow(
            (assignment, "", when, *names, score, "0.0" if score else "", score, _grade(row.max_score))
        )
        count += 1
    write_atomically(path, text.getvalue().encode("utf-8", "backslashreplace"))
    return count


def gradescope_document(result: Result) -> dict[str, Any]:
    """The results.json of a Gradescope autograder, for students to see: hidden checks with name and reason only."""
    parts: tuple[CheckResult | QuestionResult, ...] = (*result.checks, *result.questions)
    output = {
        Status.COMPLETE: "",
        Status.PENDING: f"{result.pending} marks are pending: a person still has to decide.",
        Status.NOT_GRADED: "Something could not be graded. Nothing was lost; it will be run again.",
    }
    return {
        "score": float(result.score),
        "output": output[result.status],
        "output_format": "text",
        "tests": [_gradescope_test(part) for part in parts],
        "extra_data": {"digest": result.digest, "status": result.status.value},
    }


def _gradescope_test(part: CheckResult | QuestionResult) -> dict[str, Any]:
    test = {
        "name": part.title,
        "name_format": "text",
        "max_score": float(part.max_points),
        "output": part.reason,
        "output_format": "text",
        "visibility": "visible",
    }
    if part.outcome is Outcome.NOT_GRADED:  # Gradescope knows passed and failed only: neither is said
        return test | {"output": f"not graded yet: {part.reason}" if part.reason else "not graded yet"}
    return test | {"score": float(part.points), "status": part.outcome.value}


# --- filling single cells ------------------------------------------------------------------------------------------------


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # with its byte order mark, which stays
    except UnicodeDecodeError as exc:
        raise UsageError(
            f"{path}: byte {exc.start} is not UTF-8; download it again, without opening it between"
        ) from exc
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror}") from exc


def _cells(text: str) -> list[list[_Cell]]:
    """The rows of a CSV text with the place of each cell, so that one can be replaced and the rest stays as it is."""
    start = 1 if text.startswith("\ufeff") else 0
    header = text[start:].partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    pattern = re.compile(
        rf'(?:"((?:[^"]|"")*)"|((?:[^"{delimiter}\r\n][^{delimiter}\r\n]*)?))({delimiter}|\r?\n|\r|$)'
    )
    rows: list[list[_Cell]] = [[]]
    while start < len(text):
        match = pattern.match(text, start)
        if match is None:
            line = text.count("\n", 0, start) + 1
            raise UsageError(
                f"line {line} of the downloaded file is not CSV: a quote is not closed or stands alone"
            )
        quoted, plain, after = match.groups()
        value = plain if quoted is None else quoted.replace('""', '"')
        rows[-1].append(_Cell(value, match.start(), match.start(3)))
        if after != delimiter:
            rows.append([])
        start = match.end()
    return [row for row in rows if any(cell.value for cell in row)]


def _canvas_column(path: Path, header: Sequence[str], column: str) -> int:
    found = [index for index, name in enumerate(header) if name == column]
    found = found or [
        index for index, name in enumerate(header) if re.sub(r" \([0-9]+\)$", "", name) == column
    ]
    if len(found) != 1:
        said = "is there more than once" if found else "is not there"
        assignments = ", ".join(name for name in header if re.search(r" \([0-9]+\)$", name))
        raise UsageError(
            f'{path}:1: the column "{column}" {said}; the assignments are {assignments or "none"}'
        )
    return found[0]


def _places(
    path: Path, rows: Sequence[Sequence[_Cell]], names: Callable[[Sequence[_Cell]], Sequence[str]]
) -> Mapping[str, int]:
    """The row of each student, by every id that the file gives; the first kind of id goes first."""
    width = max((len(row) for row in rows), default=0)
    kinds = [names(row) for row in rows if len(row) == width]
    full = [index for index, row in enumerate(rows) if len(row) == width]
    places: dict[str, int] = {}
    for kind in range(max((len(found) for found in kinds), default=0)):
        own: dict[str, int] = {}
        for index, found in zip(full, kinds, strict=True):
            name = found[kind].strip()
            if name and own.setdefault(name, index) != index:
                raise UsageError(f"{path}: the id {name} stands in two rows; grades cannot be told apart")
        places = own | places
    return places


def _fill(
    text: str,
    out: Path,
    students: Sequence[Sequence[_Cell]],
    places: Mapping[str, int],
    rows: Iterable[Row],
    *,
    target: int,
    limit: int | None,
) -> Filled:
    """Replace the target cell of each student who has a complete result, and write the file."""
    new: dict[int, str] = {}
    left_out: list[tuple[str, str]] = []
    for row in rows:
        place = places.get(row.student)
        if row.status is not Status.COMPLETE:
            left_out.append((row.student, f"{row.pending} marks pending" if row.pending else "not graded"))
        elif place is None:
            left_out.append((row.student, "not in the downloaded file"))
        elif place in new:
            raise UsageError(f"{row.student}: another result goes to the same row of the downloaded file")
        elif limit is not None and _exceeds(row.score, students[place][limit].value):
            left_out.append(
                (row.student, f"{_grade(row.score)} is above the maximum {students[place][limit].value}")
            )
        else:
            new[place] = _grade(row.score)
    pieces, last = [], 0
    for place in sorted(new):
        cell = students[place][target]
        pieces += [text[last : cell.start], _like(text[cell.start : cell.end], new[place])]
        last = cell.end
    write_atomically(out, "".join([*pieces, text[last:]]).encode("utf-8"))
    return Filled(filled=len(new), left_out=tuple(left_out), unscored=len(students) - len(new))


def _like(old: str, value: str) -> str:
    """The value in quotes if the cell that it replaces was."""
    return f'"{value}"' if old.startswith('"') or _QUOTED & set(value) else value


def _grade(score: Decimal) -> str:
    """With two decimals: both platforms compare at two."""
    return f"{score.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):f}"


def _exceeds(score: Decimal, maximum: str) -> bool:
    try:
        return score > Decimal(maximum.strip().replace(",", "."))
    except InvalidOperation:
        return False  # the sheet says no number, so there is nothing to exceed
