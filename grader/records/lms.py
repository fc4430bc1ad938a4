"""What is written anew for learning platforms: results.json of a Gradescope autograder, the CSV of `nbgrader export`.

Only complete results go out (`grader.records.handover` sorts them out for Gradescope). Cells are not neutralised against formulas
here (`grader.records.tables` does that, for people): it would change names.
Sources: Gradescope, autograder specifications (results.json). nbgrader, plugins/export.py.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..model import CheckResult, Outcome, QuestionResult, Result, Status
from .filling import Filled, called, left_out, shown_grade

__all__ = ["NBGRADER_COLUMNS", "gradescope_document", "write_nbgrader"]

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


def write_nbgrader(path: Path, assignment: str, results: Iterable[Result]) -> Filled:
    """Write the CSV that `nbgrader export` writes, with the complete results only. timestamp: when the work came, UTC."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NBGRADER_COLUMNS)
    filled = 0
    others: list[tuple[str, str]] = []
    for result in results:
        reason = left_out(result)
        if reason:
            others.append((called(result), reason))
            continue
        when = result.arrived.strftime("%Y-%m-%d %H:%M:%S") if result.arrived else ""
        score, names = shown_grade(result.score), (result.student, result.name, "", "")
        writer.writerow((assignment, "", when, *names, score, "0.0", score, shown_grade(result.max_score)))
        filled += 1
    write_atomically(path, text.getvalue().encode("utf-8", "backslashreplace"))
    return Filled(filled=filled, left_out=tuple(others), unscored=0)


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
