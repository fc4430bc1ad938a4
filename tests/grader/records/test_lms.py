"""Files that are written anew for learning platforms."""

import csv
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from grader.model import CheckResult, Outcome, QuestionKind, QuestionResult, Result, Status
from grader.records.lms import NBGRADER_COLUMNS, gradescope_document, write_nbgrader


@pytest.fixture
def result():
    """A pending result with a hidden check that failed and a question that waits."""
    check = CheckResult(
        id="c",
        title="Running averages",
        function="f",
        outcome=Outcome.FAILED,
        points=Decimal("1.5"),
        max_points=Decimal(3),
        relative_error=0.125,
        reason="the running mean is off",
        detail="secret input",
        visible=False,
    )
    question = QuestionResult(
        id="q",
        title="Why?",
        kind=QuestionKind.TEXT,
        outcome=Outcome.NOT_GRADED,
        points=Decimal(0),
        max_points=Decimal(2),
    )
    return Result(
        student="kim",
        digest="d",
        evidence="e",
        status=Status.PENDING,
        score=Decimal("1.5"),
        max_score=Decimal(5),
        pending=1,
        checks=(check,),
        questions=(question,),
    )


def test_write_nbgrader_writes_its_columns_and_complete_results_only(tmp_path):
    points = {"score": Decimal("9.5"), "max_score": Decimal(20)}
    kept = {"digest": "d", "evidence": "e", "checks": ()}
    came = datetime(2026, 3, 1, 12, tzinfo=UTC)
    complete = Result(student="kim, min", status=Status.COMPLETE, pending=0, arrived=came, **points, **kept)
    pending = Result(student="lee", status=Status.PENDING, pending=1, **points, **kept)
    filled = write_nbgrader(tmp_path / "n.csv", "hw", [complete, pending])
    assert (filled.filled, filled.left_out) == (1, (("lee", "1 mark pending"),))
    with (tmp_path / "n.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == NBGRADER_COLUMNS
    name = ["kim, min", "", "", ""]
    assert rows == [["hw", "", "2026-03-01 12:00:00", *name, "9.50", "0.0", "9.50", "20.00"]]


def test_gradescope_document_says_no_more_than_a_student_may_see(result):
    document = gradescope_document(result)
    assert document["score"] == 1.5
    first, second = document["tests"]
    assert (first["status"], first["score"], first["max_score"], first["output"]) == (
        "failed",
        1.5,
        3,
        "the running mean is off",
    )
    assert "status" not in second
    assert "score" not in second
    assert second["output"] == "not graded yet"
    assert "secret" not in str(document)
    assert "0.125" not in str(document)
