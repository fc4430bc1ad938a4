"""Files for learning platforms: only the grades change, and nobody's grade goes to another."""

import csv
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from grader.errors import UsageError
from grader.model import CheckResult, Outcome, QuestionKind, QuestionResult, Result, Status
from grader.records.gradebook import Row
from grader.records.lms import (
    NBGRADER_COLUMNS,
    Filled,
    fill_canvas,
    fill_moodle,
    gradescope_document,
    write_nbgrader,
)

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,HW 1 (77),HW 2 (78),Current Score\r\n"
    ",,,,,Manual Posting,,(read only)\r\n"
    "    Points Possible,,,,,10.0,20.0,(read only)\r\n"
    '"Kim, ""Min""",101,s-1,kim@x.edu,"A, B",3.00,,88\r\n'
    '=Lee,102,s-2,lee@x.edu,A,"",5.00,77\r\n'
    '"Student, Test",103,,,A,,,\r\n'
)
MOODLE = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed","Last modified (grade)"\n'
    '"Participant 501","Kim","kim@x.edu","Submitted",,100.00,Yes,-\n'
    '"Participant 502","Lee","lee@x.edu","Submitted","50,00","10,00",Yes,-\n'
)


def row(student, score="9.5", *, status=Status.COMPLETE, pending=0):
    return Row(
        student=student,
        name="",
        digest="d",
        evidence="e",
        status=status,
        score=Decimal(score),
        max_score=Decimal(20),
        pending=pending,
        graded_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


@pytest.fixture
def canvas(tmp_path):
    path = tmp_path / "canvas.csv"
    path.write_bytes(CANVAS.encode())
    return path


@pytest.fixture
def moodle(tmp_path):
    path = tmp_path / "moodle.csv"
    path.write_bytes(MOODLE.encode())
    return path


@pytest.mark.parametrize("column", ["HW 2 (78)", "HW 2"])
@pytest.mark.parametrize("ids", [("101", "102"), ("s-1", "s-2"), ("kim@x.edu", "lee@x.edu")])
def test_fill_canvas_changes_only_the_grades(canvas, tmp_path, column, ids):
    out = tmp_path / "out.csv"
    filled = fill_canvas(canvas, out, [row(ids[0]), row(ids[1], "19.995")], column=column)
    assert filled == Filled(filled=2, left_out=(), unscored=0)
    expected = CANVAS.replace("3.00,,88", "3.00,9.50,88").replace('"",5.00,77', '"",20.00,77')
    assert out.read_bytes().decode() == expected


def test_fill_canvas_keeps_quotes_where_the_cell_had_them(canvas, tmp_path):
    fill_canvas(canvas, tmp_path / "o.csv", [row("102")], column="HW 1")
    assert '=Lee,102,s-2,lee@x.edu,A,"9.50",5.00,77\r\n' in (tmp_path / "o.csv").read_bytes().decode()


def test_fill_canvas_leaves_out_what_is_not_complete_or_not_there(canvas, tmp_path):
    rows = [
        row("101", status=Status.PENDING, pending=2),
        row("102", status=Status.NOT_GRADED),
        row("999"),
        row("103"),
    ]
    filled = fill_canvas(canvas, tmp_path / "o.csv", rows, column="HW 1")
    assert filled.left_out == (
        ("101", "2 marks pending"),
        ("102", "not graded"),
        ("999", "not in the downloaded file"),
        ("103", "not in the downloaded file"),  # the platform's test student is nobody
    )
    assert (filled.filled, filled.unscored) == (0, 2)
    assert (tmp_path / "o.csv").read_bytes() == canvas.read_bytes()


def test_the_canvas_id_goes_before_the_others(canvas, tmp_path):
    canvas.write_text(CANVAS.replace("s-2", "101"), encoding="utf-8", newline="")
    fill_canvas(canvas, tmp_path / "o.csv", [row("101")], column="HW 2")
    assert "3.00,9.50,88" in (tmp_path / "o.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        (
            ("", ""),
            "HW 3",
            r'canvas\.csv:1: the column "HW 3" is not there; the assignments are HW 1 \(77\), HW 2 \(78\)',
        ),
        (("HW 2 (78)", "HW 1 (79)"), "HW 1", r'"HW 1" is there more than once'),
        (("10.0,", "(read only),"), "HW 1", r'marks the column "HW 1 \(77\)" as read only'),
        (("Student,ID", "Name,Key"), "HW 1", r"canvas\.csv:1: not a gradebook exported from Canvas"),
        (("102", "101"), "HW 1", r"the id 101 stands in two rows"),
        (('"Student, Test"', '"Student, Test'), "HW 1", r"line 6 of the downloaded file is not CSV"),
    ],
)
def test_fill_canvas_names_what_is_wrong(canvas, tmp_path, change, column, reason):
    canvas.write_text(CANVAS.replace(*change) if change[0] else CANVAS, encoding="utf-8", newline="")
    with pytest.raises(UsageError, match=reason):
        fill_canvas(canvas, tmp_path / "o.csv", [row("101")], column=column)
    assert not (tmp_path / "o.csv").exists()


def test_two_results_never_go_to_one_row(canvas, tmp_path):
    with pytest.raises(UsageError, match=r"kim@x\.edu: another result goes to the same row"):
        fill_canvas(canvas, tmp_path / "o.csv", [row("101"), row("kim@x.edu")], column="HW 1")


@pytest.mark.parametrize("student", ["501", "Participant 501", "kim@x.edu"])
def test_fill_moodle_changes_only_the_grades(moodle, tmp_path, student):
    filled = fill_moodle(moodle, tmp_path / "o.csv", [row(student)])
    assert filled == Filled(filled=1, left_out=(), unscored=1)
    assert (tmp_path / "o.csv").read_bytes().decode() == MOODLE.replace(
        '"Submitted",,100.00', '"Submitted",9.50,100.00'
    )


def test_fill_moodle_leaves_out_what_moodle_would_pass_over(moodle, tmp_path):
    filled = fill_moodle(moodle, tmp_path / "o.csv", [row("502", "10.01")])
    assert filled.left_out == (("502", "10.01 is above the maximum 10,00"),)
    assert (tmp_path / "o.csv").read_bytes() == moodle.read_bytes()


def test_fill_moodle_takes_the_headers_of_the_site(moodle, tmp_path):
    moodle.write_text(MOODLE.replace("Identifier", "식별자").replace(",Grade,", ",성적,"), encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"no column Identifier, Grade; found 식별자, .* in the site's language"
    ):
        fill_moodle(moodle, tmp_path / "o.csv", [row("501")])
    assert (
        fill_moodle(moodle, tmp_path / "o.csv", [row("501")], identifier="식별자", grade="성적").filled == 1
    )


def test_write_nbgrader_writes_its_columns(tmp_path):
    path = tmp_path / "n.csv"
    assert write_nbgrader(path, "hw", [row("kim, min"), row("lee", status=Status.PENDING, pending=1)]) == 2
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == NBGRADER_COLUMNS
    assert rows[1] == [
        "hw",
        "",
        "2026-03-01 12:00:00",
        "kim, min",
        "",
        "",
        "",
        "9.50",
        "0.0",
        "9.50",
        "20.00",
    ]
    assert rows[2][-4:] == ["", "", "", "20.00"]


def test_gradescope_document_says_no_more_than_a_student_may_see():
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
    result = Result(
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
