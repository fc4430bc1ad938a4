"""`results.json` and `grades.csv`: what a run hands to other programs and to people. Holds one result at a time, judges none.

The fields of `results.json` are described in docs/results-schema.md; `SCHEMA` counts its versions. Files replace their older selves
as a whole. Both are for instructors: hidden checks stand in them with their errors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..files import atomic_file
from ..model import CheckResult, Outcome, QuestionResult, Result
from ..points import shown_points
from .tables import table_file

__all__ = [
    "SCHEMA",
    "exported",
    "results_document",
    "submission_document",
    "write_grades",
    "write_results",
]

GRADES_COLUMNS = ("student", "name", "status", "score", "max_score", "pending")
SCHEMA = 1  # raise it when a field changes its meaning or goes; a new field does not need it


def results_document(assignment: str, results: Iterable[Result]) -> dict[str, Any]:
    """The whole of `results.json` as plain JSON values. For a class, `write_results` needs less memory."""
    return {
        "schema": SCHEMA,
        "assignment": assignment,
        "submissions": [submission_document(result) for result in results],
    }


def submission_document(result: Result) -> dict[str, Any]:
    """One submission of `results.json`. Points are JSON numbers; a relative error that is none is "nan", "inf" or "-inf"."""
    return {
        "student": _text(result.student),
        "name": _text(result.name),
        "digest": result.digest,
        "evidence": result.evidence,
        "status": result.status.value,
        "score": _number(result.score),
        "max_score": _number(result.max_score),
        "pending": result.pending,
        "sandboxed": result.sandboxed,
        "arrived": result.arrived.isoformat() if result.arrived else None,
        "checks": [_check(check) for check in result.checks],
        "questions": [_question(question) for question in result.questions],
        "notes": [{"about": _text(note.about), "text": _text(note.text)} for note in result.notes],
        "timings": {phase: _error(seconds) for phase, seconds in sorted(result.timings.items())},
    }


def write_results(path: Path, assignment: str, results: Iterable[Result]) -> int:
    """Write `results.json`, one submission on a line; returns the number of submissions.

    Raises: OSError if the file cannot be written, and whatever `results` raises; `path` is then as it was.
    """
    count = 0
    with _results_file(path, assignment) as add:
        for result in results:
            add(result)
            count += 1
    return count


@contextmanager
def _results_file(path: Path, assignment: str) -> Iterator[Callable[[Result], None]]:
    with atomic_file(path) as file:
        head = f'{{"schema": {SCHEMA}, "assignment": {_json(assignment)}, "submissions": ['
        file.write(head.encode("utf-8"))
        before = ["\n"]

        def add(result: Result) -> None:
            file.write((before[0] + _json(submission_document(result))).encode("utf-8"))
            before[0] = ",\n"

        yield add
        file.write(b"\n]}\n")


def write_grades(path: Path, results: Iterable[Result], *, items: Sequence[str] = ()) -> int:
    """Write `grades.csv`, one row for each student; returns the number of rows.

    items: ids of the checks and questions that get a column of their own, headed by the id; the cell is empty where the item is not
    graded or not there. Points have at most two decimals. Cells that look like formulas are neutralised (`grader.records.tables`).
    Raises: OSError if the file cannot be written.
    """
    count = 0
    with table_file(path, [*GRADES_COLUMNS, *items]) as add:
        for result in results:
            add(_grades_row(result, items))
            count += 1
    return count


def exported(
    results: Iterable[Result], *, folder: Path, assignment: str, items: Sequence[str] = ()
) -> Iterator[Result]:
    """Pass results on, and write `results.json` and `grades.csv` of them on the way: a result is read once for all outputs.

    The files appear when the last result was taken; if whoever takes them stops before, they are as they were.
    """
    with (
        _results_file(folder / "results.json", assignment) as add_result,
        table_file(folder / "grades.csv", [*GRADES_COLUMNS, *items]) as add_row,
    ):
        for result in results:
            add_result(result)
            add_row(_grades_row(result, items))
            yield result


def _grades_row(result: Result, items: Sequence[str]) -> Iterator[str]:
    earned = dict(_earned(result))
    yield from (result.student, result.name, result.status.value)
    yield from (
        shown_points(result.score, result.max_score),
        shown_points(result.max_score),
        str(result.pending),
    )
    for item in items:
        yield shown_points(earned[item]) if item in earned else ""


def _earned(result: Result) -> Iterator[tuple[str, Decimal]]:
    parts: tuple[CheckResult | QuestionResult, ...] = (*result.checks, *result.questions)
    for part in parts:
        if part.outcome is not Outcome.NOT_GRADED:
            yield part.id, part.points


def _check(check: CheckResult) -> Mapping[str, Any]:
    return {
        "id": check.id,
        "title": check.title,
        "function": check.function,
        "outcome": check.outcome.value,
        "points": _number(check.points),
        "max_points": _number(check.max_points),
        "relative_error": None if check.relative_error is None else _error(check.relative_error),
        "tolerance": None if check.tolerance is None else _error(check.tolerance),
        "reason": _text(check.reason),
        "visible": check.visible,
        "findings": [finding.id for finding in check.findings],
    }


def _question(question: QuestionResult) -> Mapping[str, Any]:
    mark = question.mark
    return {
        "id": question.id,
        "title": question.title,
        "kind": question.kind.value,
        "outcome": question.outcome.value,
        "points": _number(question.points),
        "max_points": _number(question.max_points),
        "answered": question.answered,
        "answer": _text(question.answer),
        "reason": _text(question.reason),
        "marker": _text(mark.marker) if mark else None,
        "marked_at": mark.marked_at.isoformat() if mark else None,
    }


def _number(points: Decimal) -> int | float:
    """Points as a JSON number. A double holds 15 digits exactly, more than any mark has."""
    return int(points) if points == points.to_integral_value() else float(points)


def _error(value: float) -> float | str:
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(value)


def _text(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
