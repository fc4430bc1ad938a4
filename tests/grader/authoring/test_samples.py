"""Recipes of sample submissions: what they make, what they promise, and what is wrong with them."""

import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.authoring.samples import (
    Expectation,
    SampleVerdict,
    build_samples,
    disagreements,
    load_verdicts,
    make_samples,
    stale_samples,
)
from grader.errors import AssignmentError
from grader.model import CheckResult, Outcome, QuestionKind, QuestionResult, Result, Status

SMALL = Path(__file__).parents[2] / "data" / "small_assignment"


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "small"
    shutil.copytree(SMALL, folder)
    return load_assignment(folder)


def write(assignment, text):
    (assignment.folder / "samples.yaml").write_text(text, encoding="utf-8")


def recipe(body, verdict="{score: 1}"):
    return f"format: 1\nsamples:\n  one:\n    title: One\n    verdict: {verdict}\n{body}"


def test_samples_are_built_and_then_current(small):
    assert len(stale_samples(small)) == 6
    assert build_samples(small) == ("right", "blank", "wrong_divisor")
    assert stale_samples(small) == ()
    assert sorted(path.name for path in small.samples.iterdir()) == ["blank", "right", "wrong_divisor"]
    assert "x / np.abs(x).sum(axis=0)" in (small.samples / "wrong_divisor/pkg/scaling.py").read_text()
    assert "범위를" in (small.samples / "wrong_divisor/Scaling.ipynb").read_text(encoding="utf-8")
    assert "NotImplementedError" in (small.samples / "blank/pkg/scaling.py").read_text()


def test_samples_hold_students_files_alone(small):
    assert all(set(files) == {"pkg/scaling.py", "Scaling.ipynb"} for files in make_samples(small).values())


def test_stale_samples_name_what_differs(small):
    build_samples(small)
    (small.samples / "right/pkg/scaling.py").write_text("changed")
    (small.samples / "left_over").mkdir()
    assert stale_samples(small) == (
        "left_over: no recipe in samples.yaml",
        "right/pkg/scaling.py: differs from what is generated",
    )


def test_folder_without_a_recipe_is_not_touched(small):
    (small.samples / "by_hand").mkdir(parents=True)
    with pytest.raises(AssignmentError, match=r"samples: no recipe in samples\.yaml for by_hand"):
        build_samples(small)
    assert (small.samples / "by_hand").is_dir()


def test_unchanged_samples_are_not_written_again(small):
    build_samples(small)
    before = (small.samples / "right").stat().st_ino
    build_samples(small)
    assert (small.samples / "right").stat().st_ino == before


def test_files_renames_and_removals_come_last(small):
    write(
        small,
        recipe(
            "    rename: {Scaling.ipynb: my answer.ipynb}\n"
            "    remove: [pkg/scaling.py]\n"
            "    files:\n      extra/helper.py: |\n        x = 1\n      data.bin: {base64: AAEC}\n"
        ),
    )
    files = make_samples(small)["one"]
    assert set(files) == {"my answer.ipynb", "extra/helper.py", "data.bin"}
    assert files["extra/helper.py"] == b"x = 1\n"
    assert files["data.bin"] == b"\0\1\2"


def test_verdicts_are_read(small):
    verdicts = {verdict.sample: verdict for verdict in load_verdicts(small)}
    assert verdicts["right"].score == (Decimal(8), Decimal(8))
    assert verdicts["right"].others is Outcome.PASSED
    assert verdicts["wrong_divisor"].score == (Decimal(3), Decimal(5))
    assert verdicts["blank"].status is Status.COMPLETE
    assert verdicts["blank"].checks == {
        "columns_are_scaled": Expectation(outcome=Outcome.FAILED, reason="not implemented")
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            recipe("    colour: red\n"), r"samples\.yaml:6:5: samples\.one\.colour: Extra", id="unknown-key"
        ),
        pytest.param(
            recipe("", "{}"),
            r"samples\.yaml:5:5: samples\.one\.verdict: .*expected `status`",
            id="empty-verdict",
        ),
        pytest.param(recipe("", "{score: {min: 3, max: 2}}"), r"min 3 is greater than max 2", id="range"),
        pytest.param(
            recipe("", "{checks: {a: {outcome: failed, reason: '('}}}"),
            r"5:45: .*not a regular expression",
            id="regex",
        ),
        pytest.param(
            recipe("", "{checks: {a: {outcome: wrong}}}"), r"'passed', 'failed' or 'not_graded'", id="outcome"
        ),
        pytest.param(recipe("    from: nothing\n"), r"an empty folder is no submission", id="nothing"),
        pytest.param(recipe("    files: {a.bin: {base64: '?'}}\n"), r"not base64", id="base64"),
        pytest.param(
            "format: 1\nsamples:\n  One-1: {}\n", r"samples\.yaml:3:10: .*should match pattern", id="name"
        ),
        pytest.param(
            recipe("    edits:\n      - {file: pkg/scaling.py, replace: absent, with: x}\n"),
            r"samples\.yaml:7:9: one: pkg/scaling\.py holds the text to replace 0 times",
            id="edit-does-not-fit",
        ),
        pytest.param(
            recipe("    edits:\n      - {file: pkg/scaling.py}\n"),
            r"samples\.yaml:7:9: .*has to say what it changes",
            id="edit",
        ),
        pytest.param(
            recipe("    remove: [no.py]\n"), r"samples\.yaml:6:14: one: no\.py is not among", id="remove"
        ),
        pytest.param(
            recipe("    rename: {no.py: x.py}\n"),
            r"samples\.yaml:6:14: one: no\.py is not among",
            id="rename",
        ),
        pytest.param(
            recipe("    answers: {q9: x}\n"), r"samples\.yaml:6:15: one: question 'q9' is not in", id="answer"
        ),
        pytest.param(
            "format: 1\nsamples:\n  a: 1\n  a: 2\n",
            r"samples\.yaml:4:3: not YAML: found duplicate key",
            id="twice",
        ),
    ],
)
def test_wrong_recipes_say_line_and_column(small, text, message):
    write(small, text)
    with pytest.raises(AssignmentError, match=message):
        make_samples(small)


def test_missing_recipes_are_named(small):
    (small.folder / "samples.yaml").unlink()
    with pytest.raises(AssignmentError, match=r"samples\.yaml: not there; write the recipes"):
        load_verdicts(small)


def check_result(name, outcome, reason=""):
    return CheckResult(
        id=name,
        title=name,
        function="f",
        outcome=outcome,
        points=Decimal(0),
        max_points=Decimal(1),
        reason=reason,
    )


RESULT = Result(
    student="s",
    digest="d",
    evidence="e",
    status=Status.PENDING,
    score=Decimal("4.5"),
    max_score=Decimal(10),
    pending=1,
    checks=(check_result("a", Outcome.PASSED), check_result("b", Outcome.FAILED, "relative error 0.1")),
    questions=(
        QuestionResult(
            id="q1",
            title="Q",
            kind=QuestionKind.TEXT,
            outcome=Outcome.NOT_GRADED,
            points=Decimal(0),
            max_points=Decimal(2),
        ),
    ),
    arrived=datetime(2026, 1, 1, tzinfo=UTC),
)


def verdict(**terms):
    return SampleVerdict(**{"sample": "s", "title": "t", "checks": {}, "questions": {}, **terms})


def test_agreeing_result_has_no_disagreement():
    assert (
        disagreements(
            verdict(
                status=Status.PENDING,
                score=(Decimal(4), Decimal(5)),
                checks={"b": Expectation(outcome=Outcome.FAILED, reason=r"error 0\.\d")},
                others=Outcome.PASSED,
                questions={"q1": Expectation(outcome=Outcome.NOT_GRADED)},
            ),
            RESULT,
        )
        == ()
    )


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        pytest.param({"status": Status.COMPLETE}, "status is pending, expected complete", id="status"),
        pytest.param({"score": (Decimal(5), Decimal(5))}, "score is 4.5, expected 5", id="score"),
        pytest.param({"score": (Decimal(5), Decimal(6))}, "score is 4.5, expected 5 to 6", id="range"),
        pytest.param(
            {"checks": {"a": Expectation(outcome=Outcome.FAILED)}},
            "check a is passed (no reason), expected failed",
            id="outcome",
        ),
        pytest.param(
            {"checks": {"b": Expectation(outcome=Outcome.FAILED, reason="shape")}},
            "check b: reason is 'relative error 0.1', expected it to match 'shape'",
            id="reason",
        ),
        pytest.param(
            {"checks": {"c": Expectation(outcome=Outcome.FAILED)}},
            "check c is not in the result",
            id="unknown-check",
        ),
        pytest.param(
            {"others": Outcome.PASSED}, "check b is failed (relative error 0.1), expected passed", id="others"
        ),
        pytest.param(
            {"questions": {"q1": Expectation(outcome=Outcome.PASSED)}},
            "question q1 is not_graded (no reason), expected passed",
            id="question",
        ),
    ],
)
def test_disagreements_are_named(terms, said):
    assert disagreements(verdict(**terms), RESULT) == (said,)
