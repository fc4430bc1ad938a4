"""Manual marks out to CSV and back: exact, all or nothing, and every fault named with its place."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from grader.errors import UsageError
from grader.model import (
    CheckResult,
    Criterion,
    ManualMark,
    Outcome,
    QuestionKind,
    QuestionResult,
    Result,
    Status,
)
from grader.records.gradebook import Gradebook
from grader.records.marks import COLUMNS, MarksImported, export_marks, import_marks

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANSWER = "=It is robust,\nbecause the scale\tcancels; 초기화에 둔감"


def question(item, *, outcome=Outcome.NOT_GRADED, answer=ANSWER):
    return QuestionResult(
        id=item,
        title=f"Title of {item}",
        kind=QuestionKind.TEXT,
        outcome=outcome,
        points=Decimal(0),
        max_points=Decimal("2.5"),
        answer=answer,
        answered=bool(answer),
        criteria=(
            Criterion(text="Names the effect", points=Decimal("1.5"), spans=((7, 13),)),
            Criterion(text="Names the cause", points=Decimal(1)),
        ),
    )


def result(student, *questions):
    check = CheckResult(
        id="forward",
        title="t",
        function="f",
        outcome=Outcome.FAILED,
        points=Decimal(0),
        max_points=Decimal(4),
    )
    return Result(
        student=student,
        name="-Kim" if student == "kim" else "",
        digest="d",
        evidence="e",
        status=Status.PENDING,
        score=Decimal(0),
        max_score=Decimal(9),
        pending=2,
        checks=(check,),
        questions=questions,
    )


@pytest.fixture
def book(tmp_path):
    with Gradebook.open(tmp_path / "g.sqlite") as opened:
        opened.record("hw", result("kim", question("q1"), question("q2", answer="")), NOW)
        opened.record("hw", result("lee", question("q1"), question("q2", outcome=Outcome.PASSED)), NOW)
        yield opened


@pytest.fixture
def path(tmp_path):
    return tmp_path / "marks.csv"


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(path, changes, *, delimiter=",", encoding="utf-8-sig"):
    """What a person does in a spreadsheet: other values in some cells, by (student, item)."""
    rows = rows_of(path)
    for row in rows:
        row.update(changes.get((row["student"], row["item"]), {}))
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def take(book, path, *, marker="ta", now=LATER):
    return import_marks(book, "hw", path, marker=marker, now=now)


def test_check_that_waits_for_a_person_is_marked_like_a_question(book, path):
    waiting = CheckResult(
        id="net", title="A network", function="Net", outcome=Outcome.NOT_GRADED, points=Decimal(0),
        max_points=Decimal(4), reason="a person has to look", detail="it needs keras", pending=True,
    )  # fmt: skip
    lee = result("lee")
    book.record("hw", replace(lee, checks=(*lee.checks, waiting)), LATER)
    export_marks(book, "hw", path, pending_only=True)
    (row,) = [row for row in rows_of(path) if row["student"] == "lee"]
    assert (row["item"], row["max_points"], row["suggested"]) == ("net", "4", "it needs keras")
    fill(path, {("lee", "net"): {"points": "3", "comment": "ran it by hand"}})
    assert take(book, path).added == 1
    assert book.all_marks("hw")["lee"]["net"].points == 3


def test_export_has_a_row_for_each_question_and_no_formula(book, path):
    assert export_marks(book, "hw", path) == 4
    rows = rows_of(path)
    assert [(row["student"], row["item"]) for row in rows] == [
        ("kim", "q1"),
        ("kim", "q2"),
        ("lee", "q1"),
        ("lee", "q2"),
    ]
    first = rows[0]
    assert tuple(first) == COLUMNS
    assert first["answer"] == f"'{ANSWER}"
    assert first["name"] == "'-Kim"
    assert first["max_points"] == "2.5"
    assert (
        first["suggested"]
        == "Names the effect (1.5): mentions robust\nNames the cause (1): none of its terms occurs"
    )
    assert (first["points"], first["comment"], first["marker"], first["marked_at"]) == ("", "", "", "")


def test_export_of_what_is_pending_leaves_out_the_rest(book, path):
    book.add_mark("hw", ManualMark(student="kim", item="q1", points=Decimal(1), marker="ta", marked_at=NOW))
    assert export_marks(book, "hw", path, pending_only=True) == 2
    assert [(row["student"], row["item"]) for row in rows_of(path)] == [("kim", "q2"), ("lee", "q1")]


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_import_adds_marks_with_who_and_when(book, path, delimiter, encoding):
    export_marks(book, "hw", path)
    comment = "'=SUM(A1), said twice;\r\n둘째 줄"
    fill(
        path,
        {("kim", "q1"): {"points": "1,5", "comment": comment}, ("lee", "q1"): {"points": "0"}},
        delimiter=delimiter,
        encoding=encoding,
    )
    assert take(book, path) == MarksImported(added=2, unchanged=2)
    assert book.marks("hw", "kim") == {
        "q1": ManualMark(
            student="kim",
            item="q1",
            points=Decimal("1.5"),
            comment="=SUM(A1), said twice;\n둘째 줄",
            marker="ta",
            marked_at=LATER,
        )
    }
    assert book.marks("hw", "lee")["q1"].points == 0


def test_a_round_trip_without_changes_adds_nothing(book, path):
    kept = ManualMark(
        student="kim", item="q1", points=Decimal("1.50"), comment="@home\n-x", marker="=ta", marked_at=NOW
    )
    book.add_mark("hw", kept)
    export_marks(book, "hw", path)
    assert take(book, path) == MarksImported(added=0, unchanged=4)
    assert book.all_marks("hw") == {"kim": {"q1": kept}}


def test_importing_a_file_twice_adds_its_marks_once(book, path):
    export_marks(book, "hw", path)
    fill(path, {("kim", "q1"): {"points": "1"}})
    assert take(book, path).added == 1
    assert take(book, path, now=LATER + timedelta(hours=1)).added == 0
    assert len(book.mark_history("hw", "kim")) == 1


def test_import_replaces_the_mark_that_its_author_knew(book, path):
    book.add_mark("hw", ManualMark(student="kim", item="q1", points=Decimal(1), marker="ta", marked_at=NOW))
    export_marks(book, "hw", path)
    fill(path, {("kim", "q1"): {"points": "2", "comment": "better on a second reading"}})
    assert take(book, path, marker="prof").added == 1
    assert [(entry.points, entry.marker) for entry in book.mark_history("hw", "kim")] == [
        (1, "ta"),
        (2, "prof"),
    ]


def test_import_refuses_what_somebody_else_has_marked_since(book, path):
    export_marks(book, "hw", path)
    fill(path, {("kim", "q1"): {"points": "1"}, ("lee", "q1"): {"points": "1"}})
    other = ManualMark(student="kim", item="q1", points=Decimal(2), marker="prof", marked_at=NOW)
    book.add_mark("hw", other)
    expected = r"marks\.csv:2, column marked_at: 'kim', 'q1': the mark has changed since the export: prof gave 2 at 2026-03-01"
    with pytest.raises(UsageError, match=expected):
        take(book, path)
    assert book.all_marks("hw") == {"kim": {"q1": other}}


def test_import_refuses_a_change_of_a_mark_that_was_withdrawn_since(book, path):
    book.add_mark("hw", ManualMark(student="kim", item="q1", points=Decimal(1), marker="ta", marked_at=NOW))
    export_marks(book, "hw", path)
    fill(path, {("kim", "q1"): {"points": "2"}})
    book.withdraw_mark("hw", "kim", "q1", marker="prof", now=NOW)
    with pytest.raises(UsageError, match=r"'kim', 'q1': .*: it was withdrawn; export again"):
        take(book, path)


def test_a_row_that_was_not_touched_is_no_conflict(book, path):
    book.add_mark("hw", ManualMark(student="kim", item="q1", points=Decimal(1), marker="ta", marked_at=NOW))
    export_marks(book, "hw", path)
    newer = ManualMark(student="kim", item="q1", points=Decimal(2), marker="prof", marked_at=LATER)
    book.add_mark("hw", newer)
    fill(path, {("lee", "q1"): {"points": "1"}})
    assert take(book, path) == MarksImported(added=1, unchanged=3)
    assert book.marks("hw", "kim")["q1"] == newer


def test_import_takes_an_adjustment_of_a_check(book, path):
    path.write_text(
        "student,item,points,comment,marker,marked_at\nkim,forward,4,right idea,,\n", encoding="utf-8"
    )
    assert take(book, path).added == 1
    assert book.marks("hw", "kim")["forward"].points == 4


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("park,q1,1,,,", r":3, column student: 'park', 'q1': no such student", id="student"),
        pytest.param(
            "kim,q9,1,,,",
            r":3, column item: 'kim', 'q9': no such question or check; did you mean q1 or q2",
            id="item",
        ),
        pytest.param(
            "kim,q1,2.6,,,",
            r":3, column points: 'kim', 'q1': got 2\.6, expected .* from 0 to 2\.5",
            id="more",
        ),
        pytest.param(
            "kim,q1,-1,,,", r":3, column points: 'kim', 'q1': got '-1', expected a number from 0", id="less"
        ),
        pytest.param("kim,q1,NaN,,,", r":3, column points: .* got 'NaN'", id="no-number"),
        pytest.param("kim,q1,1e0,,,", r":3, column points: .* got '1e0'", id="exponent"),
        pytest.param("kim,q1,٢,,,", r":3, column points: .* got '٢'", id="other-digits"),
        pytest.param(
            "kim,q1,,good,,",
            r":3, column points: 'kim', 'q1': empty although there is a comment",
            id="no-points",
        ),
        pytest.param("lee,q1,2,,,", r":3, column item: 'lee', 'q1': stands on line 2 already", id="twice"),
    ],
)
def test_import_names_each_fault_and_imports_nothing(book, path, row, reason):
    path.write_text(f"student,item,points,comment,marker,marked_at\nlee,q1,1,,,\n{row}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"(?s)marks\.csv{reason}.*\nnothing was imported$"):
        take(book, path)
    assert book.all_marks("hw") == {}


def test_import_names_at_most_twenty_faults(book, path):
    lines = [
        "student,item,points,comment,marker,marked_at",
        *(f"nobody{number},q1,1,,," for number in range(25)),
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"(?s)nobody19.*\n\.\.\. and 5 more\nnothing was imported"
    ) as caught:
        take(book, path)
    assert "nobody20" not in str(caught.value)


def test_import_needs_the_columns_that_show_conflicts(book, path):
    path.write_text("student,item,points,comment\nkim,q1,1,\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"marks\.csv:1: no column marker, marked_at"):
        take(book, path)


def test_import_needs_a_marker(book, path):
    with pytest.raises(UsageError, match=r"no name of the marker"):
        take(book, path, marker=" ")
