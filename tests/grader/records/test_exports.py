"""results.json against its documented fields, grades.csv against formulas; both written as a whole."""

import csv
import json
import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.model import (
    CheckResult,
    Finding,
    ManualMark,
    Note,
    Outcome,
    QuestionKind,
    QuestionResult,
    Result,
    Status,
)
from grader.records.exports import (
    SCHEMA,
    exported,
    results_document,
    submission_document,
    write_grades,
    write_results,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA_PAGE = Path(__file__).resolve().parents[3] / "docs" / "results-schema.md"
TYPES = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def check(item="forward", **changes):
    values = {
        "title": "t",
        "function": "f",
        "outcome": Outcome.PASSED,
        "points": Decimal("1.50"),
        "max_points": Decimal(2),
        "relative_error": 1e-9,
        "tolerance": 1e-7,
    }
    return CheckResult(id=item, **(values | changes))


def question(**changes):
    values = {
        "title": "Q",
        "kind": QuestionKind.TEXT,
        "outcome": Outcome.NOT_GRADED,
        "points": Decimal(0),
        "max_points": Decimal(2),
        "answer": "둔감",
        "answered": True,
    }
    return QuestionResult(id="q1", **(values | changes))


def result(student="kim", **changes):
    values = {
        "digest": "d",
        "evidence": "e",
        "status": Status.PENDING,
        "score": Decimal("1.50"),
        "max_score": Decimal(4),
        "pending": 1,
        "checks": (check(),),
        "questions": (question(),),
    }
    return Result(student=student, **(values | changes))


def varied():
    """Results that between them have every field in every form that it can take."""
    mark = ManualMark(student="lee", item="q1", points=Decimal(1), marker="ta", marked_at=NOW)
    failed = check(
        "hidden",
        outcome=Outcome.FAILED,
        relative_error=math.inf,
        visible=False,
        findings=(Finding(id="x", student="s"),),
    )
    crashed = check(
        "crashed",
        outcome=Outcome.NOT_GRADED,
        relative_error=None,
        tolerance=None,
        reason="it was \udcff killed",
    )
    return [
        result(),
        result(
            "lee",
            arrived=NOW,
            checks=(failed, crashed, check("odd", relative_error=math.nan)),
            questions=(question(mark=mark, outcome=Outcome.FAILED, points=Decimal(1)),),
            notes=(Note(about="a.py", text="odd"),),
            timings={"run": 1.5},
        ),
    ]


def documented(heading):
    """The field table below a heading of the schema page: field -> allowed types."""
    section = SCHEMA_PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", section, re.MULTILINE)
    return {field: re.split(r", | or ", kinds) for field, kinds in rows}


def assert_as_documented(value, heading):
    fields = documented(heading)
    assert len(fields) > 2
    assert set(value) == set(fields)
    for field, kinds in fields.items():
        allowed = [TYPES[kind] for kind in kinds]
        fits = any(isinstance(value[field], kind) for kind in allowed)
        assert fits, f"{heading}: {field} is {value[field]!r}, documented as {kinds}"
        assert not isinstance(value[field], bool) or kinds == ["boolean"]


def test_the_document_has_exactly_the_documented_fields():
    document = results_document("hw", varied())
    assert_as_documented(document, "The document")
    for submission in document["submissions"]:
        assert_as_documented(submission, "submissions[]")
        for part in submission["checks"]:
            assert_as_documented(part, "submissions[].checks[]")
        for part in submission["questions"]:
            assert_as_documented(part, "submissions[].questions[]")


def test_the_documented_version_is_the_written_one():
    assert f"# results.json, version {SCHEMA}\n" in SCHEMA_PAGE.read_text(encoding="utf-8")
    assert results_document("hw", [])["schema"] == SCHEMA


def test_values_are_what_the_result_says():
    first, second = (submission_document(given) for given in varied())
    assert (first["student"], first["status"], first["score"], first["max_score"]) == (
        "kim",
        "pending",
        1.5,
        4,
    )
    assert isinstance(first["max_score"], int)
    assert [part["relative_error"] for part in second["checks"]] == ["inf", None, "nan"]
    assert [part["outcome"] for part in second["checks"]] == ["failed", "not_graded", "passed"]
    assert [part["visible"] for part in second["checks"]] == [False, True, True]
    assert second["checks"][0]["findings"] == ["x"]
    assert second["questions"][0]["marker"] == "ta"
    assert second["arrived"] == second["questions"][0]["marked_at"] == "2026-03-01T12:00:00+00:00"


def test_write_results_writes_the_same_as_strict_json(tmp_path):
    path = tmp_path / "out" / "results.json"
    assert write_results(path, "hw", iter(varied())) == 2

    def no_constant(name):
        raise AssertionError(f"{name} is no JSON")

    text = path.read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=no_constant) == results_document("hw", varied())
    assert "둔감" in text
    assert text.count("\n") == 4  # the head, two submissions, the end


def test_write_results_of_an_empty_class_is_valid(tmp_path):
    assert write_results(tmp_path / "r.json", "hw", []) == 0
    assert json.loads((tmp_path / "r.json").read_bytes()) == {
        "schema": SCHEMA,
        "assignment": "hw",
        "submissions": [],
    }


def test_write_results_holds_one_result_at_a_time(tmp_path):
    alive = []

    class Watched(str):
        """A student id that tells when it goes."""

        __slots__ = ()

        def __del__(self):
            alive.remove(str(self))

    def many():
        for number in range(50):
            student = Watched(f"s{number}")
            alive.append(str(student))
            yield result(student)
            del student
            assert len(alive) <= 2

    assert write_results(tmp_path / "r.json", "hw", many()) == 50


def test_write_results_leaves_the_old_file_if_reading_fails(tmp_path):
    path = tmp_path / "r.json"
    write_results(path, "hw", [result("old")])

    def broken():
        yield result("new")
        raise OSError("the gradebook went away")

    with pytest.raises(OSError, match="went away"):
        write_results(path, "hw", broken())
    assert [entry["student"] for entry in json.loads(path.read_bytes())["submissions"]] == ["old"]


def test_write_grades_gives_columns_to_items_and_no_formula(tmp_path):
    path = tmp_path / "grades.csv"
    results = [*varied(), result("=cmd", name="@x", checks=())]
    assert write_grades(path, results, items=["forward", "crashed", "q1"]) == 3
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["student", "name", "status", "score", "max_score", "pending", "forward", "crashed", "q1"],
        ["kim", "", "pending", "1.5", "4", "1", "1.5", "", ""],
        ["lee", "", "pending", "1.5", "4", "1", "", "", "1"],
        ["'=cmd", "'@x", "pending", "1.5", "4", "1", "", "", ""],
    ]


def test_exported_passes_results_on_and_writes_the_same_files(tmp_path):
    results = varied()
    assert list(exported(iter(results), folder=tmp_path, assignment="hw", items=["q1"])) == results
    write_results(tmp_path / "alone.json", "hw", results)
    write_grades(tmp_path / "alone.csv", results, items=["q1"])
    assert (tmp_path / "results.json").read_bytes() == (tmp_path / "alone.json").read_bytes()
    assert (tmp_path / "grades.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


def test_exported_leaves_files_alone_when_nobody_takes_all(tmp_path):
    write_results(tmp_path / "results.json", "hw", [result("old")])
    before = (tmp_path / "results.json").read_bytes()
    passing = exported(iter(varied()), folder=tmp_path, assignment="hw")
    next(passing)
    passing.close()
    assert (tmp_path / "results.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
