"""Fill a gradebook exported from Canvas: how its header, its rows that are no student's and its closed cells look.

Sources: Canvas, lib/gradebook_exporter.rb and lib/gradebook_importer.rb.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import UsageError
from .filling import Filled, Target, fill, number, places
from .schema import Row
from .sheet import Cell, Sheet

__all__ = ["fill_canvas"]

_KEYS = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
_NAMES = (("Student",), ("LastName", "FirstName"))  # a setting of the export chooses
_TOTALS = re.compile(
    r"\b(Current|Final|Override) (Score|Points|Grade|Status)\b"
)  # passed over by Canvas's import
_CLOSED = {"EX": "excused on Canvas", "N/A": "not assigned to this student on Canvas"}
_ASSIGNMENT = re.compile(r" \([0-9]+\)$")  # the number that Canvas writes behind an assignment's title


def fill_canvas(
    downloaded: Path, out: Path, rows: Iterable[Row], *, column: str | None = None, scale: bool = False
) -> Filled:
    """Fill the column of one assignment in a gradebook exported from Canvas.

    column: its header, "Title (id)", or the title alone where that is unique; None if there is one assignment only. Students are
    matched by Canvas's ID, SIS and integration ids, and the name in a login's e-mail address. scale: convert to the points
    possible there.
    Raises: UsageError if the file is not a Canvas export, or the column is not there or read only.
    """
    sheet = Sheet.read(downloaded)
    names = next((names for names in _NAMES if sheet.header[: len(names)] == names), None)
    if names is None or "ID" not in sheet.header:
        raise UsageError(
            f"{downloaded}:1: not a gradebook exported from Canvas; expected the columns Student, ID, ..."
        )
    target = _column(sheet, column)
    points = ""
    students: list[int] = []
    for at, row in enumerate(sheet.rows):
        if row[0].value.strip().startswith("Points Possible"):
            points = row[target].value.strip() if len(row) > target else ""
        elif row[0].value.strip() and not _is_test_student(row, names):
            students.append(at)
    if points.startswith("("):  # "(read only)", in the language of the site
        raise UsageError(f'{downloaded}: Canvas marks the column "{sheet.header[target]}" as {points[1:-1]}')
    keys = [sheet.header.index(name) for name in _KEYS if name in sheet.header]
    possible = number(points)
    return fill(
        sheet,
        out,
        rows,
        Target(
            platform="Canvas",
            column=target,
            students=len(students),
            places=places(sheet, students, lambda row: [row[key].value for key in keys]),
            maximum=lambda _: possible,
            refused=lambda at: _CLOSED.get(sheet.rows[at][target].value.strip().upper(), ""),
            limited=False,
        ),
        scale=scale,
    )


def _is_test_student(row: Sequence[Cell], names: Sequence[str]) -> bool:
    """Is it Canvas's test student, who is nobody?"""
    return ", ".join(cell.value.strip() for cell in row[: len(names)]) == "Student, Test"


def _column(sheet: Sheet, column: str | None) -> int:
    assignments = [name for name in sheet.header if _ASSIGNMENT.search(name)]
    choice = f"the assignments are {', '.join(assignments) or 'none'}"
    if column is None:
        if len(assignments) != 1:
            raise UsageError(f"{sheet.path}:1: which column? name one; {choice}")
        column = assignments[0]
    if _TOTALS.search(column):
        raise UsageError(f'{sheet.path}:1: "{column}" is a sum that Canvas makes itself; {choice}')
    found = [index for index, name in enumerate(sheet.header) if name == column]
    found = found or [index for index, name in enumerate(sheet.header) if _ASSIGNMENT.sub("", name) == column]
    if len(found) != 1:
        said = "is there more than once" if found else "is not there"
        raise UsageError(f'{sheet.path}:1: the column "{column}" {said}; {choice}')
    return found[0]
