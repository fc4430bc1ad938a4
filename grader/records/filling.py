"""Fill the grades of one assignment into a platform's sheet: who goes where, who is left out and why. Knows no platform.

A grade goes to a row only if the student's id fits that row and no other, and only from a complete result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from ..errors import UsageError
from ..files import write_atomically
from ..model import Result, Status
from .schema import Row
from .sheet import Cell, Sheet

__all__ = ["Filled", "Target", "called", "fill", "left_out", "number", "places", "shown_grade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was handed over. left_out: (student with name, why) for each result that was not.

    unscored: rows of the file without a result. notes: what a person should know before uploading.
    """

    filled: int
    left_out: tuple[tuple[str, str], ...]
    unscored: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the grades of a sheet go. places: the rows that an id fits. maximum: the platform's, by row; None if it says none.

    refused: why a row takes no grade, or "". limited: whether the platform refuses grades above its maximum.
    """

    platform: str
    column: int
    students: int
    places: Mapping[str, frozenset[int]]
    maximum: Callable[[int], Decimal | None]
    refused: Callable[[int], str]
    limited: bool


def left_out(result: Row | Result) -> str:
    """Why a result is not handed over to a platform yet; "" if it is complete."""
    if result.status is Status.COMPLETE:
        return ""
    if result.status is Status.NOT_GRADED:
        return "not graded"
    return "1 mark pending" if result.pending == 1 else f"{result.pending} marks pending"


def called(result: Row | Result) -> str:
    """A student as people know them: the id, with the name where it says more. Platforms' ids are often numbers."""
    return f"{result.student} ({result.name})" if result.name not in ("", result.student) else result.student


def places(
    sheet: Sheet, students: Iterable[int], names: Callable[[Sequence[Cell]], Sequence[str]]
) -> Mapping[str, frozenset[int]]:
    """The rows that each id fits: ids of all kinds, and the name in an e-mail address."""
    places: dict[str, set[int]] = {}
    for at in students:
        if len(sheet.rows[at]) != len(sheet.header):
            continue  # a row that the platform did not write so: nobody is sure whose it is
        for name in names(sheet.rows[at]):
            for key in {name.strip(), name.strip().partition("@")[0]} - {""}:
                places.setdefault(key, set()).add(at)
    return {key: frozenset(rows) for key, rows in places.items()}


def fill(sheet: Sheet, out: Path, rows: Iterable[Row], target: Target, *, scale: bool) -> Filled:
    """Replace the target cell of each student who has a complete result, and write the file."""
    new: dict[int, str] = {}
    others: list[tuple[str, str]] = []
    differing: set[tuple[Decimal, Decimal]] = set()
    for row in rows:
        found = target.places.get(row.student, frozenset())
        reason = left_out(row) or _unplaced(found) or target.refused(next(iter(found)))
        if reason:
            others.append((called(row), reason))
            continue
        (place,) = found
        if place in new:
            raise UsageError(f"{row.student}: another result goes to the same row of the downloaded file")
        maximum, score = target.maximum(place), row.score
        if maximum is not None and maximum != row.max_score:
            differing.add((maximum, row.max_score))
            if scale and row.max_score:
                score = score * maximum / row.max_score
        if target.limited and maximum is not None and score > maximum:
            others.append(
                (
                    called(row),
                    f"{shown_grade(score)} is above {target.platform}'s maximum {shown_grade(maximum)}",
                )
            )
        else:
            new[place] = shown_grade(score)
    write_atomically(out, sheet.replaced(target.column, new).encode("utf-8"))
    return Filled(
        filled=len(new),
        left_out=tuple(others),
        unscored=target.students - len(new),
        notes=_scales(target.platform, differing, scale=scale),
    )


def _unplaced(found: frozenset[int]) -> str:
    if not found:
        return "not in the downloaded file"
    return f"the id fits {len(found)} rows of the downloaded file" if len(found) > 1 else ""


def _scales(platform: str, differing: Iterable[tuple[Decimal, Decimal]], *, scale: bool) -> tuple[str, ...]:
    """What to say where the platform's maximum is not the assignment's."""
    what = "converted to its points" if scale else "filled in as they are, not converted"
    return tuple(
        f"{platform} counts {shown_grade(theirs)} points, the assignment {shown_grade(ours)}: grades were {what}"
        for theirs, ours in sorted(differing)
    )


def shown_grade(score: Decimal) -> str:
    """With two decimals: both platforms compare at two."""
    return f"{score.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):f}"


def number(text: str) -> Decimal | None:
    """A number as platforms write it, with a decimal point or comma; None if it is none."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
