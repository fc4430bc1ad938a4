"""Fill an offline grading worksheet downloaded from Moodle, whose headers are in the site's language.

Sources: Moodle, mod/assign/gradingtable.php and mod/assign/feedback/offline/importgradeslib.php.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import UsageError
from .filling import Filled, Target, fill, number, places
from .schema import Row
from .sheet import Cell, Sheet

__all__ = ["fill_moodle"]

_KEYS = ("ID number", "Username", "Email address")


def fill_moodle(
    downloaded: Path,
    out: Path,
    rows: Iterable[Row],
    *,
    identifier: str | None = None,
    grade: str | None = None,
    scale: bool = False,
) -> Filled:
    """Fill an offline grading worksheet downloaded from Moodle.

    identifier, grade: the headers, which Moodle writes in the site's language; "Identifier" and "Grade" unless said. Students are
    matched by the participant's number, id number, user name, e-mail address and the name in it. Moodle passes over grades above
    the sheet's maximum, and locked ones, without a word: they are left out here, with the reason. scale: convert to the maximum.
    Raises: UsageError if the file is not such a worksheet, or is one for a scale of words.
    """
    sheet = Sheet.read(downloaded)
    key, target = _column(sheet, identifier or "Identifier"), _column(sheet, grade or "Grade")
    keys = [at for name in _KEYS if (at := sheet.column(name)) is not None]

    def names(row: Sequence[Cell]) -> list[str]:
        participant = re.search(r"([0-9]+)\s*$", row[key].value)
        return [row[key].value, participant[1] if participant else "", *(row[other].value for other in keys)]

    maximum = _maximum(sheet, target)
    open_ = sheet.column("Grade can be changed")
    students = list(range(len(sheet.rows)))
    return fill(
        sheet,
        out,
        rows,
        Target(
            platform="Moodle",
            column=target,
            students=len(students),
            places=places(sheet, students, names),
            maximum=lambda at: None if maximum is None else number(sheet.rows[at][maximum].value),
            refused=lambda at: (
                "locked on Moodle"
                if open_ is not None and sheet.rows[at][open_].value.strip().casefold() == "no"
                else ""
            ),
            limited=True,
        ),
        scale=scale,
    )


def _column(sheet: Sheet, name: str) -> int:
    at = sheet.column(name)
    if at is None:
        raise UsageError(
            f"{sheet.path}:1: no column {name}; found {', '.join(sheet.header)}. "
            "Headers are in the site's language: name the columns of this worksheet"
        )
    return at


def _maximum(sheet: Sheet, grade: int) -> int | None:
    """The column of the maximum: Moodle writes it right of the grade, under a name in the site's language."""
    place = grade + 1
    values = [row[place].value for row in sheet.rows if len(row) > place]
    if values and all(number(value) is not None for value in values):
        return place
    if sheet.column("Scale") == place or any("\n" in value for value in values):
        raise UsageError(
            f"{sheet.path}:1: this assignment is graded by words of a scale; set its grade to points in Moodle, "
            "and download the worksheet again"
        )
    return None
