"""Gradebooks exported from Canvas: only the grades change, and nobody's grade goes to another."""

import pytest

from grader.errors import UsageError
from grader.model import Status
from grader.records.canvas import fill_canvas
from grader.records.filling import Filled

EXPORT = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,HW 1 (77),HW 2 (78),Current Score,Override Score\r\n"
    ",,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,20.0,20.0,(read only),(read only)\r\n"
    '"Kim, ""Min""",101,s-1,kim@x.edu,"A, B",3.00,,88,\r\n'
    '=Lee,102,s-2,lee@x.edu,A,"",5.00,77,\r\n'
    '"Student, Test",103,,,A,,,,\r\n'
)
# As a site writes it whose language has decimal commas: semicolons, "läs endast" for "read only", names in two columns.
SWEDISH = (
    "LastName;FirstName;ID;SIS Login ID;Section;Uppgift 2 (78);Final Score\n"
    "    Points Possible;;;;;20,0;(läs endast)\n"
    'Åberg;Siv;201;siv@x.se;"A; B";9,00;45,00\n'
    "Student;Test;202;;A;;\n"
)


@pytest.fixture
def canvas(tmp_path):
    path = tmp_path / "canvas.csv"
    path.write_bytes(EXPORT.encode())
    return path


@pytest.fixture
def swedish(tmp_path):
    path = tmp_path / "svensk.csv"
    path.write_bytes(SWEDISH.encode())
    return path


@pytest.mark.parametrize("column", ["HW 2 (78)", "HW 2"])
@pytest.mark.parametrize("ids", [("101", "102"), ("s-1", "s-2"), ("kim@x.edu", "lee@x.edu"), ("kim", "lee")])
def test_fill_canvas_changes_only_the_grades(canvas, tmp_path, row, column, ids):
    out = tmp_path / "out.csv"
    filled = fill_canvas(canvas, out, [row(ids[0]), row(ids[1], "19.995")], column=column)
    assert filled == Filled(filled=2, left_out=(), unscored=0)
    expected = EXPORT.replace("3.00,,88", "3.00,9.50,88").replace('"",5.00,77', '"",20.00,77')
    assert out.read_bytes().decode() == expected


def test_fill_canvas_keeps_quotes_where_the_cell_had_them(canvas, tmp_path, row):
    fill_canvas(canvas, tmp_path / "o.csv", [row("102")], column="HW 1")
    assert '=Lee,102,s-2,lee@x.edu,A,"9.50",5.00,77,\r\n' in (tmp_path / "o.csv").read_bytes().decode()


def test_fill_canvas_leaves_out_what_is_not_complete_or_not_there(canvas, tmp_path, row):
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


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("EX", "excused on Canvas"), ("N/A", "not assigned to this student on Canvas")],
)
def test_fill_canvas_leaves_excused_and_not_assigned_students_alone(canvas, tmp_path, row, cell, reason):
    canvas.write_bytes(EXPORT.replace("3.00,,88", f"{cell},,88").encode())
    filled = fill_canvas(canvas, tmp_path / "o.csv", [row("101")], column="HW 1")
    assert filled.left_out == (("101", reason),)
    assert (tmp_path / "o.csv").read_bytes() == canvas.read_bytes()


@pytest.mark.parametrize("other", ["101", "kim@elsewhere.edu"])
def test_an_id_that_fits_two_rows_gets_no_grade(canvas, tmp_path, row, other):
    canvas.write_bytes(EXPORT.replace("s-2", other).encode())
    filled = fill_canvas(canvas, tmp_path / "o.csv", [row("101" if other == "101" else "kim")], column="HW 2")
    assert filled.left_out[0][1] == "the id fits 2 rows of the downloaded file"
    assert (tmp_path / "o.csv").read_bytes() == canvas.read_bytes()


def test_two_results_never_go_to_one_row(canvas, tmp_path, row):
    with pytest.raises(UsageError, match=r"kim@x\.edu: another result goes to the same row"):
        fill_canvas(canvas, tmp_path / "o.csv", [row("101"), row("kim@x.edu")], column="HW 1")
    assert not (tmp_path / "o.csv").exists()


def test_fill_canvas_reads_the_export_of_a_site_with_decimal_commas(swedish, tmp_path, row):
    filled = fill_canvas(swedish, tmp_path / "o.csv", [row("siv")])  # the only assignment needs no name
    assert filled == Filled(filled=1, left_out=(), unscored=0)
    assert (tmp_path / "o.csv").read_bytes().decode() == SWEDISH.replace("9,00", "9.50")


def test_fill_canvas_tells_of_another_maximum_and_converts_if_asked(canvas, tmp_path, row):
    rows = [row("101", "60", max_score="80")]
    plain = fill_canvas(canvas, tmp_path / "plain.csv", rows, column="HW 2")
    assert plain.notes == (
        "Canvas counts 20.00 points, the assignment 80.00: grades were filled in as they are, not converted",
    )
    assert "3.00,60.00,88" in (tmp_path / "plain.csv").read_text(encoding="utf-8")
    scaled = fill_canvas(canvas, tmp_path / "scaled.csv", rows, column="HW 2", scale=True)
    assert scaled.notes[0].endswith("grades were converted to its points")
    assert "3.00,15.00,88" in (tmp_path / "scaled.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        (
            ("", ""),
            "HW 3",
            r'canvas\.csv:1: the column "HW 3" is not there; the assignments are HW 1 \(77\), HW 2 \(78\)',
        ),
        (("", ""), None, r"which column\? name one; the assignments are HW 1 \(77\), HW 2 \(78\)"),
        (("", ""), "Current Score", r'"Current Score" is a sum that Canvas makes itself'),
        (("", ""), "Override Score", r'"Override Score" is a sum that Canvas makes itself'),
        (("HW 2 (78)", "HW 1 (79)"), "HW 1", r'"HW 1" is there more than once'),
        (("20.0,20.0", "(läs endast),"), "HW 1", r'marks the column "HW 1 \(77\)" as läs endast'),
        (("Student,ID", "Name,Key"), "HW 1", r"canvas\.csv:1: not a gradebook exported from Canvas"),
    ],
)
def test_fill_canvas_names_what_is_wrong(canvas, row, change, column, reason):
    canvas.write_text(EXPORT.replace(*change) if change[0] else EXPORT, encoding="utf-8", newline="")
    with pytest.raises(UsageError, match=reason):
        fill_canvas(canvas, canvas.with_name("o.csv"), [row("101")], column=column)
    assert not canvas.with_name("o.csv").exists()
