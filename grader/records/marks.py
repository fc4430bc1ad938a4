"""Manual marks as a CSV file, out and back: a person marks the answers in any spreadsheet.

Importing is all or nothing: every fault of the file is named with line and column, and nothing is added as long as there is one.
`marker` and `marked_at` of a row say which mark its author had before them; where somebody else has marked since, that is a fault,
too. Marks count at the next scoring; totals are not computed here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from ..errors import UsageError
from ..model import CheckResult, ManualMark, QuestionResult, Result
from ..points import shown_points
from .gradebook import Gradebook
from .schema import MarkEntry
from .tables import TableRow, read_table, write_table

__all__ = ["COLUMNS", "MarksImported", "export_marks", "import_marks"]

COLUMNS = (
    "student",
    "name",
    "item",
    "title",
    "max_points",
    "answer",
    "suggested",
    "points",
    "comment",
    "marker",
    "marked_at",
)
_NEEDED = ("student", "item", "points", "comment", "marker", "marked_at")
_ANSWER_CHARACTERS = 4_000  # a spreadsheet's cell holds 32,767; the reports show the answer in full
_MOST_FAULTS = 20  # named in one message
_POINTS = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksImported:
    """What an import did. added: new or changed marks. unchanged: rows that said nothing new."""

    added: int
    unchanged: int


def export_marks(gradebook: Gradebook, assignment: str, path: Path, *, pending_only: bool = False) -> int:
    """Write one row for each question of each student, and for each check that a person has to look at; returns the number of rows.

    pending_only: leave out what needs no person. `suggested` names the rubric's criteria and which of their terms the answer has;
    of a check, why it waits.
    Raises: GradebookError; UsageError if `path` cannot be written.
    """
    marks = gradebook.all_marks(assignment)

    def rows() -> Iterator[tuple[str, ...]]:
        for result in gradebook.results(assignment):
            own = marks.get(result.student, {})
            for question in result.questions:
                mark = own.get(question.id)
                if pending_only and (mark is not None or question.outcome.value != "not_graded"):
                    continue
                yield _row(result, question, mark)
            for check in result.checks:
                mark = own.get(check.id)
                if check.pending or (mark is not None and not pending_only):
                    yield _check_row(result, check, mark)

    try:
        return write_table(path, COLUMNS, rows())
    except OSError as exc:
        raise UsageError(f"{path}: cannot be written: {exc.strerror}") from exc


def import_marks(
    gradebook: Gradebook, assignment: str, path: Path, *, marker: str, now: datetime
) -> MarksImported:
    """Add the marks of a file that `export_marks` wrote and a person filled in. Rows without points or comment are passed over.

    marker: who marked. now: when, with a time zone.
    Raises: UsageError, naming line, column, student and item of up to 20 faults; GradebookError if somebody marked one of the
    items in the very moment. In both cases nothing was added.
    """
    if not marker.strip():
        raise UsageError("no name of the marker was given; it is kept with every mark")
    book = _Book(
        known={result.student: _limits(result) for result in gradebook.results(assignment)},
        current=gradebook.all_marks(assignment),
        history=lambda student, item: gradebook.mark_history(assignment, student, item),
    )
    faults: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    new: list[ManualMark] = []
    unchanged = 0
    for row in read_table(path, _NEEDED):
        try:
            mark = _read(row, book, seen, marker=marker, now=now)
        except _FaultError as fault:
            faults.append(f"{path}:{row.line}, {fault}")
            continue
        if mark is None:
            unchanged += 1
        else:
            new.append(mark)
    if faults:
        more = f"\n... and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        raise UsageError("\n".join(faults[:_MOST_FAULTS]) + more + "\nnothing was imported")
    expected = {(mark.student, mark.item): book.current.get(mark.student, {}).get(mark.item) for mark in new}
    added = gradebook.add_marks(assignment, new, expected=expected)
    return MarksImported(added=added, unchanged=unchanged + len(new) - added)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """What an import needs to know. known: what each item of each student is worth. current: the marks that count."""

    known: Mapping[str, Mapping[str, Decimal]]
    current: Mapping[str, Mapping[str, ManualMark]]
    history: Callable[[str, str], Iterable[MarkEntry]]


class _FaultError(Exception):
    """What is wrong with a row: the column, the student and the item, and what was expected."""

    def __init__(self, column: str, row: TableRow, text: str) -> None:
        super().__init__(f"column {column}: {row.cells['student']!r}, {row.cells['item']!r}: {text}")


def _row(result: Result, question: QuestionResult, mark: ManualMark | None) -> tuple[str, ...]:
    answer = question.answer if question.answered else ""
    if len(answer) > _ANSWER_CHARACTERS:
        answer = f"{answer[:_ANSWER_CHARACTERS]} [cut: the report shows all of it]"
    return (
        result.student,
        result.name,
        question.id,
        question.title,
        shown_points(question.max_points),
        answer,
        _suggested(question),
        *_given(mark),
    )


def _check_row(result: Result, check: CheckResult, mark: ManualMark | None) -> tuple[str, ...]:
    """A check has no answer to show: the person looks at the file that its reason names."""
    points = shown_points(check.max_points)
    return (
        result.student,
        result.name,
        check.id,
        check.title,
        points,
        "",
        check.detail or check.reason,
        *_given(mark),
    )


def _given(mark: ManualMark | None) -> tuple[str, ...]:
    if mark is None:
        return ("", "", "", "")
    return (f"{mark.points:f}", mark.comment, mark.marker, mark.marked_at.isoformat())


def _suggested(question: QuestionResult) -> str:
    """The criteria with the matching words of the answer. They help to find the place; they are no mark."""
    lines = []
    for criterion in question.criteria:
        words = list(dict.fromkeys(question.answer[start:end].casefold() for start, end in criterion.spans))
        found = f"mentions {', '.join(words)}" if words else "none of its terms occurs"
        lines.append(f"{criterion.text} ({shown_points(criterion.points)}): {found}")
    return "\n".join(lines)


def _limits(result: Result) -> dict[str, Decimal]:
    """What each item of the result is worth. Checks count as well: a person may adjust them."""
    items = {check.id: check.max_points for check in result.checks}
    return items | {question.id: question.max_points for question in result.questions}


def _read(
    row: TableRow, book: _Book, seen: dict[tuple[str, str], int], *, marker: str, now: datetime
) -> ManualMark | None:
    """The mark that a row gives, or None if it gives none or says what is there already."""
    student, item = row.cells["student"].strip(), row.cells["item"].strip()
    if student not in book.known:
        raise _FaultError("student", row, "no such student has a result for this assignment")
    limits = book.known[student]
    if item not in limits:
        like = difflib.get_close_matches(item, limits, n=4, cutoff=0.5)
        hint = f"did you mean {' or '.join(sorted(like))}?" if like else "ids are the headers of grades.csv"
        raise _FaultError("item", row, f"no such question or check; {hint}")
    before = seen.setdefault((student, item), row.line)
    if before != row.line:
        raise _FaultError("item", row, f"stands on line {before} already; keep one of the two")
    mark = book.current.get(student, {}).get(item)
    points, comment = row.cells["points"].strip(), _comment(row.cells["comment"])
    if not points and not comment and not row.cells["marked_at"].strip():
        return None
    value = _points(row, points, limits[item])
    if mark is not None and value == mark.points and comment == _comment(mark.comment):
        return None
    given = row.cells["marked_at"].strip()
    if given != (mark.marked_at.isoformat() if mark else ""):
        if _is_untouched(value, comment, given, book.history(student, item)):
            return None
        now_there = (
            f"{mark.marker} gave {mark.points} at {mark.marked_at.isoformat()}"
            if mark
            else "it was withdrawn"
        )
        raise _FaultError(
            "marked_at", row, f"the mark has changed since the export: {now_there}; export again"
        )
    return ManualMark(student=student, item=item, points=value, comment=comment, marker=marker, marked_at=now)


def _is_untouched(points: Decimal, comment: str, given: str, history: Iterable[MarkEntry]) -> bool:
    """Whether the row is as it was exported: then somebody else's later mark is no conflict."""
    return any(
        entry.marked_at.isoformat() == given and entry.points == points and _comment(entry.comment) == comment
        for entry in history
    )


def _points(row: TableRow, text: str, limit: Decimal) -> Decimal:
    expected = f"expected a number from 0 to {shown_points(limit)}"
    if not text:
        raise _FaultError("points", row, f"empty although there is a comment or an earlier mark; {expected}")
    if not _POINTS.fullmatch(text):
        raise _FaultError("points", row, f"got {text[:40]!r}, {expected}")
    value = Decimal(text.replace(",", "."))
    if value > limit:
        raise _FaultError("points", row, f"got {text}, {expected}")
    return value


def _comment(text: str) -> str:
    """The comment as it is compared and kept: spreadsheets change line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
