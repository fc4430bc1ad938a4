"""Scoring: what student code did is passed or failed; what our machinery did is neither."""

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from grader.compare import Judgement
from grader.model import (
    CheckEvidence,
    Ending,
    Evidence,
    ManualMark,
    Outcome,
    QuestionKind,
    QuestionResult,
    Status,
    StudentError,
    Submission,
    TracebackLine,
    Value,
)
from grader.probe import Check
from grader.score import judge_check, score

EXPECTED = {"dx": np.arange(3.0), "db": np.ones(2)}
ERROR = StudentError(
    kind="ValueError",
    message="secret 0.123",
    frames=(TracebackLine(file="cs/layers.py", line=7, function="f"),),
)


def make_check(**terms):
    return Check(
        id="c",
        title="A check",
        of="f",
        probe=lambda impl, rng: {},
        **{"points": 4, "hint": "look there", **terms},
    )


def answered(**arrays):
    values = tuple(
        Value(name=name, type_name=type(array).__name__, array=array) for name, array in arrays.items()
    )
    return CheckEvidence(check="c", ending=Ending.ANSWERED, values=values)


def test_judge_check_right_answer_earns_all_points_and_no_hint():
    result = judge_check(make_check(), answered(**EXPECTED), EXPECTED)
    assert (result.outcome, result.points, result.relative_error, result.hint) == (Outcome.PASSED, 4, 0.0, "")


def test_judge_check_wrong_array_is_named_with_its_error():
    result = judge_check(make_check(), answered(dx=np.arange(3.0), db=np.zeros(2)), EXPECTED)
    assert (result.outcome, result.points, result.relative_error) == (Outcome.FAILED, 0, 1.0)
    assert result.reason.startswith("db relative error 1, tolerance 1e-07")
    assert result.hint == "look there"


def test_judge_check_each_array_earns_its_share():
    result = judge_check(
        make_check(credit="each", points=5), answered(dx=np.arange(3.0), db=np.zeros(2)), EXPECTED
    )
    assert (result.outcome, result.points) == (Outcome.FAILED, Decimal("2.5"))
    assert result.reason.startswith("1 of 2 results are right")


@pytest.mark.parametrize(
    ("dx", "points"),
    [
        pytest.param(np.zeros(3), 0, id="zeros alone"),
        pytest.param(np.arange(3.0), 4, id="beside what is not"),
    ],
)
def test_judge_check_zeros_earn_a_share_only_beside_what_is_not_zero(dx, points):
    expected = {"db1": np.zeros(2), "dx": np.arange(3.0), "db2": np.zeros(()), "dw": np.ones(4)}
    came = answered(db1=np.zeros(2), db2=np.zeros(()), dx=dx, dw=np.full(4, 2.0))
    assert judge_check(make_check(credit="each", points=Decimal("5.3333")), came, expected).points == points


@pytest.mark.parametrize(
    "arrays",
    [
        pytest.param({"dx": np.arange(3.0)}, id="missing"),
        pytest.param({**EXPECTED, "more": np.ones(1)}, id="extra"),
        pytest.param({}, id="none"),
    ],
)
def test_judge_check_wrong_names_fail(arrays):
    result = judge_check(make_check(), answered(**arrays), EXPECTED)
    assert result.outcome is Outcome.FAILED
    assert "expected db, dx" in result.reason


def test_judge_check_the_same_name_twice_fails():
    twice = CheckEvidence(
        check="c",
        ending=Ending.ANSWERED,
        values=tuple(Value(name="db", type_name="ndarray", array=np.full(2, x)) for x in (0.0, 1.0)),
    )
    assert judge_check(make_check(), twice, {"db": np.ones(2)}).outcome is Outcome.FAILED


def test_judge_check_nothing_expected_nothing_answered_fails():
    assert judge_check(make_check(), answered(), {}).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("ending", "detail", "reason"),
    [
        (Ending.TIMED_OUT, "10 s", r"did not end within its time limit \(10 s\)"),
        (Ending.DIED, "signal 11", r"process ended before it could answer \(signal 11\)"),
        (Ending.MALFORMED, "", "what came back is not an answer"),
        (Ending.OVERSIZE, "", "more than the limits allow"),
        (Ending.MISSING, "", "f, or another function that this check calls, was not found"),
        (Ending.MISSING, "layers.py was not handed in", "layers.py was not handed in"),
    ],
)
def test_judge_check_ending_of_the_students_doing_fails_with_reason(ending, detail, reason):
    result = judge_check(make_check(), CheckEvidence(check="c", ending=ending, detail=detail), EXPECTED)
    assert result.outcome is Outcome.FAILED
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(result.reason)


@pytest.mark.parametrize(
    "answer", [None, CheckEvidence(check="c", ending=Ending.NOT_RUN, detail="fork failed")]
)
def test_judge_check_our_failure_is_not_graded(answer):
    result = judge_check(make_check(), answer, EXPECTED)
    assert (result.outcome, result.points) == (Outcome.NOT_GRADED, 0)


@pytest.mark.parametrize("visible", [True, False])
def test_judge_check_that_needs_a_person_is_pending_and_no_zero(visible):
    answer = CheckEvidence(
        check="c",
        ending=Ending.NEEDS_PERSON,
        error=ERROR,
        detail="it needs keras (imported at net.py, line 1)",
    )
    result = judge_check(make_check(visible=visible), answer, EXPECTED)
    assert (result.outcome, result.points, result.pending, result.hint) == (Outcome.NOT_GRADED, 0, True, "")
    told = "a person has to look in cs/layers.py, line 7: it needs keras (imported at net.py, line 1)"
    assert result.reason == (told if visible else "a person has to look")
    assert "install it where the work is graded and run again, or give the points" in result.detail


@pytest.mark.parametrize("visible", [True, False])
def test_judge_check_that_its_judge_leaves_to_a_person_is_pending_and_no_zero(visible):
    check = make_check(
        judge=lambda _actual, _expected: Judgement(0.0, "no network", person=True), visible=visible
    )
    result = judge_check(check, answered(dx=np.zeros(3)), {})
    assert (result.outcome, result.points, result.pending, result.hint) == (Outcome.NOT_GRADED, 0, True, "")
    assert result.reason == "a person has to look: no network"
    assert result.detail == "no network; give the points by `grader marks`"


def test_judge_check_visible_exception_is_told():
    result = judge_check(make_check(), CheckEvidence(check="c", ending=Ending.RAISED, error=ERROR), EXPECTED)
    assert result.reason == "raised ValueError in cs/layers.py, line 7: secret 0.123"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param("ValueError", "raised ValueError", id="known"),
        pytest.param("x0_5284m0_0305", "raised an exception", id="named by the student"),
        pytest.param("NotImplementedError", "not implemented yet", id="not written"),
    ],
)
def test_judge_check_hidden_exception_keeps_its_text_from_students(kind, reason):
    error = dataclasses.replace(ERROR, kind=kind)
    answer = CheckEvidence(check="c", ending=Ending.RAISED, error=error)
    result = judge_check(make_check(visible=False), answer, EXPECTED)
    assert result.reason == reason
    assert f"{kind}: secret" in result.detail


@pytest.mark.parametrize("ending", [Ending.MALFORMED, Ending.DIED, Ending.TIMED_OUT, Ending.MISSING])
def test_judge_check_hidden_ending_keeps_its_detail_from_students(ending):
    answer = CheckEvidence(check="c", ending=ending, detail="0.5284 -0.0305")
    result = judge_check(make_check(visible=False), answer, EXPECTED)
    assert "0.5284" not in result.reason
    assert "0.5284" in result.detail


def test_judge_check_hidden_answer_names_no_type_or_name_of_the_student():
    odd = CheckEvidence(
        check="c",
        ending=Ending.ANSWERED,
        values=(Value(name="dx", type_name="x0_5284"), Value(name="db", type_name="list")),
    )
    result = judge_check(make_check(visible=False), odd, EXPECTED)
    assert "is an object of another type, expected" in result.reason
    assert "is a list" in result.reason
    assert "is a x0_5284, expected" in result.detail
    renamed = dataclasses.replace(odd, values=(Value(name="x0_5284", type_name="list"),))
    assert judge_check(make_check(visible=False), renamed, EXPECTED).reason.startswith(
        "answered with other names"
    )


def test_judge_check_hidden_comparison_keeps_its_numbers_from_students():
    arrays = {"dx": np.arange(3.0) + 0.5, "db": np.ones(2, np.float32)}
    result = judge_check(make_check(visible=False), answered(**arrays), EXPECTED)
    assert (
        result.reason
        == "dx is not what is expected; db has dtype float32, expected float64: precision was lost on the way"
    )
    assert "relative error" in result.detail


def test_judge_check_unfilled_function_is_not_implemented():
    error = StudentError(kind="NotImplementedError", message="write me", frames=ERROR.frames)
    result = judge_check(make_check(), CheckEvidence(check="c", ending=Ending.RAISED, error=error), EXPECTED)
    assert result.reason == "not implemented yet in cs/layers.py, line 7"


def test_judge_check_what_a_probe_looked_for_in_vain_is_told():
    error = StudentError(kind="NotImplementedError", message="Net takes no argument that asks for layernorm")
    result = judge_check(make_check(), CheckEvidence(check="c", ending=Ending.RAISED, error=error), EXPECTED)
    assert result.reason == "not implemented yet: Net takes no argument that asks for layernorm"


@pytest.mark.parametrize(
    ("fraction", "outcome", "points"),
    [
        (1.0, Outcome.PASSED, 4),
        (0.5, Outcome.FAILED, 2),
        (0.0, Outcome.FAILED, 0),
        (float("nan"), Outcome.FAILED, 0),
        (-5.0, Outcome.FAILED, 0),
        (1000.0, Outcome.FAILED, 0),
    ],
)
def test_judge_check_own_judge_decides_within_bounds(fraction, outcome, points):
    check = make_check(judge=lambda actual, expected: Judgement(fraction, "why"))
    result = judge_check(check, answered(dx=np.ones(1)), {})
    assert result.points == points
    assert result.outcome is outcome


@pytest.mark.parametrize("judge", [lambda actual, expected: actual["absent"], lambda actual, expected: True])
def test_judge_check_own_judge_that_cannot_read_the_answer_fails_it(judge):
    assert judge_check(make_check(judge=judge), answered(dx=np.ones(1)), {}).outcome is Outcome.FAILED


def test_judge_check_own_judge_that_shows_what_came_shows_a_part_of_it():
    def judge(actual, _expected):
        return Judgement(0.0, f"came {actual['dx'].tolist()}")

    result = judge_check(make_check(judge=judge), answered(dx=np.zeros(100_000)), {})
    assert result.reason.startswith("came [0.0, 0.0")
    assert 2_000 <= len(result.reason) < 2_100


def test_judge_check_own_judge_never_sees_what_is_no_number():
    answer = CheckEvidence(check="c", ending=Ending.ANSWERED, values=(Value(name="dx", type_name="dict"),))
    result = judge_check(make_check(judge=lambda actual, expected: Judgement(1.0)), answer, {})
    assert (result.outcome, result.reason) == (Outcome.FAILED, "dx is a dict, expected numbers")


@pytest.mark.parametrize(
    ("points", "outcome"),
    [(Decimal(4), Outcome.PASSED), (Decimal("2.5"), Outcome.FAILED), (Decimal(0), Outcome.FAILED)],
)
def test_score_a_persons_decision_on_a_check_goes_first(points, outcome):
    submission = Submission(student="ada", origin="ada", files=(), digest="d")
    lost = CheckEvidence(check="c", ending=Ending.NOT_RUN)
    evidence = Evidence(key="k", submission="d", suite="s", seed_id="i", checks=(lost,))
    mark = ManualMark(
        student="ada",
        item="c",
        points=points,
        comment="seen",
        marker="kim",
        marked_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    result = score(submission, evidence, [make_check()], {"c": EXPECTED}, marks={"c": mark})
    assert (result.status, result.score) == (Status.COMPLETE, points)
    assert (result.checks[0].outcome, result.checks[0].reason) == (outcome, "points given by kim: seen")


def make_result(ending, question_outcome):
    submission = Submission(student="ada", origin="ada", files=(), digest="d")
    evidence = Evidence(
        key="k",
        submission="d",
        suite="s",
        seed_id="i",
        checks=(CheckEvidence(check="c", ending=ending, values=answered(**EXPECTED).values),),
    )
    question = QuestionResult(
        id="q",
        title="Q",
        kind=QuestionKind.TEXT,
        outcome=question_outcome,
        points=Decimal(1),
        max_points=Decimal(2),
    )
    return score(submission, evidence, [make_check()], {"c": EXPECTED}, questions=[question])


@pytest.mark.parametrize(
    ("ending", "question", "status", "points", "pending"),
    [
        (Ending.ANSWERED, Outcome.PASSED, Status.COMPLETE, 5, 0),
        (Ending.ANSWERED, Outcome.NOT_GRADED, Status.PENDING, 5, 1),
        (Ending.NOT_RUN, Outcome.PASSED, Status.NOT_GRADED, 1, 0),
    ],
)
def test_score_adds_up_and_says_what_is_open(ending, question, status, points, pending):
    result = make_result(ending, question)
    assert (result.status, result.score, result.max_score, result.pending) == (status, points, 6, pending)


@pytest.mark.parametrize(
    ("points", "status", "pending", "total"),
    [(None, Status.PENDING, 1, 0), (Decimal(3), Status.COMPLETE, 0, 3), (Decimal(4), Status.COMPLETE, 0, 4)],
)
def test_score_counts_a_check_that_waits_for_a_person_as_pending(points, status, pending, total):
    submission = Submission(student="ada", origin="ada", files=(), digest="d")
    waiting = CheckEvidence(check="c", ending=Ending.NEEDS_PERSON, detail="it needs keras")
    evidence = Evidence(key="k", submission="d", suite="s", seed_id="i", checks=(waiting,))
    marks = {}
    if points is not None:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        marks["c"] = ManualMark(student="ada", item="c", points=points, marker="kim", marked_at=moment)
    result = score(submission, evidence, [make_check()], {"c": EXPECTED}, marks=marks)
    assert (result.status, result.pending, result.score, result.max_score) == (status, pending, total, 4)
    assert result.checks[0].pending is (points is None)
