"""Handing results over: every platform gets complete results only, through one function and one command."""

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import cli
from grader.errors import UsageError
from grader.model import Result, Status
from grader.records.gradebook import Gradebook
from grader.records.handover import Platform, hand_over
from grader.state import State

SMALL = Path(__file__).resolve().parents[2] / "data" / "small_assignment"
CANVAS = "Student,ID,SIS Login ID,Section,HW (7)\n    Points Possible,,,,10\nKim,1,kim,A,\nLee,2,lee,A,\n"
MOODLE = 'Identifier,Grade,"Maximum Grade","Last modified (grade)"\nParticipant 1,,10.00,-\n'


def result(student, status=Status.COMPLETE, pending=0):
    return Result(
        student=student,
        digest="d",
        evidence="e",
        status=status,
        score=Decimal("7.5"),
        max_score=Decimal(10),
        pending=pending,
        checks=(),
        arrived=datetime(2026, 3, 1, tzinfo=UTC),
    )


def record(gradebook, *results, assignment="small_assignment"):
    for one in results:
        gradebook.record(assignment, one, datetime(2026, 3, 2, tzinfo=UTC))


@pytest.fixture
def state(tmp_path):
    """A state folder in which kim is complete and lee is not."""
    with State(tmp_path / ".grader").gradebook() as gradebook:
        record(gradebook, result("kim"), result("lee", Status.PENDING, 2))
    return tmp_path / ".grader"


@pytest.fixture
def export(state, tmp_path):
    """Runs `grader export` in a folder with templates in it."""
    (tmp_path / "canvas.csv").write_text(CANVAS)

    def run(*arguments):
        command = ["export", SMALL, "--state", state, *arguments]
        return CliRunner().invoke(cli, [str(word) for word in command])

    return run


def test_export_to_canvas_fills_the_template_and_names_who_is_left_out(export, tmp_path):
    out = tmp_path / "filled.csv"
    done = export("--to", "canvas", "--template", tmp_path / "canvas.csv", "--out", out)
    assert done.exit_code == 0, done.output
    assert out.read_text() == CANVAS.replace("kim,A,", "kim,A,7.50")
    assert done.stdout.splitlines() == [
        f"1 grade in {out}",
        "left out: lee, 2 marks pending",
        "1 student of the template has no grade from here; the cell is as it was",
    ]
    assert (tmp_path / "canvas.csv").read_text() == CANVAS, "the template stays as it came"


def test_export_to_csv_and_nbgrader_and_gradescope_write_anew(export, tmp_path):
    for platform in ("csv", "nbgrader", "gradescope"):
        done = export("--to", platform, "--out", tmp_path / platform)
        assert done.exit_code == 0, done.output
        assert "left out: lee, 2 marks pending" in done.stdout
    with (tmp_path / "csv").open(encoding="utf-8-sig", newline="") as file:
        assert [(line["student"], line["score"]) for line in csv.DictReader(file)] == [("kim", "7.5")]
    with (tmp_path / "nbgrader").open(newline="") as file:
        assert [line["student_id"] for line in csv.DictReader(file)] == ["kim"]
    assert [path.name for path in (tmp_path / "gradescope").iterdir()] == ["kim"]
    assert json.loads((tmp_path / "gradescope" / "kim" / "results.json").read_text())["score"] == 7.5


def test_hand_over_to_moodle_takes_the_names_of_its_columns(tmp_path):
    template = tmp_path / "moodle.csv"
    template.write_text(MOODLE.replace("Identifier", "ID-Nummer").replace("Grade,", "Bewertung,", 1))
    with Gradebook.open(tmp_path / "g.sqlite") as book:
        record(book, result("1"), assignment="hw")
        filled = hand_over(
            book,
            "hw",
            Platform.MOODLE,
            tmp_path / "o.csv",
            template=template,
            column="Bewertung",
            id_column="ID-Nummer",
        )
    assert filled.filled == 1
    assert "Participant 1,7.50,10.00" in (tmp_path / "o.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(
            ["--to", "canvas", "--out", "o.csv"], r"canvas: download the gradebook", id="no-template"
        ),
        pytest.param(
            ["--to", "moodle", "--out", "o.csv"], r"moodle: download the grading work", id="no-sheet"
        ),
        pytest.param(
            ["--to", "csv", "--out", "o.csv", "--scale"], r"csv: there is no file to fill", id="scale-of-csv"
        ),
        pytest.param(
            ["--to", "canvas", "--out", "canvas.csv", "--template", "canvas.csv"],
            r"canvas\.csv: is the template, which stays as it came",
            id="over-the-template",
        ),
        pytest.param(
            ["--to", "canvas", "--out", "o", "--template", "canvas.csv", "--id-column", "x"],
            r"leave --id-column out",
            id="id-column-of-canvas",
        ),
        pytest.param(
            ["--to", "csv", "--out", "canvas.csv/o.csv"], r"o\.csv: cannot be written", id="no-folder"
        ),
    ],
)
def test_export_says_what_does_not_fit(export, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    done = export(*arguments)
    assert isinstance(done.exception, UsageError)
    with pytest.raises(UsageError, match=reason):
        raise done.exception


def test_export_of_an_assignment_without_results_says_so(tmp_path):
    with (
        Gradebook.open(tmp_path / "g.sqlite") as book,
        pytest.raises(UsageError, match=r"g\.sqlite: no results for hw; run `grader run` first"),
    ):
        hand_over(book, "hw", Platform.CSV, tmp_path / "o.csv")
