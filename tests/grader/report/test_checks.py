import math
from collections.abc import Callable
from decimal import Decimal

import pytest

from grader.model import CheckResult, Finding, Outcome, Result
from grader.report.checks import check_view, first_looks, function_views, verdict
from grader.report.values import Audience

Make = Callable[..., CheckResult]
STUDENT, INSTRUCTOR = Audience.STUDENT, Audience.INSTRUCTOR


@pytest.mark.parametrize(
    ("outcome", "points", "word"),
    [
        (Outcome.PASSED, 2, "Passed"),
        (Outcome.FAILED, 0, "Failed"),
        (Outcome.FAILED, 1, "Partly right"),
        (Outcome.FAILED, 2, "Charged elsewhere"),
        (Outcome.NOT_GRADED, 0, "Not graded"),
    ],
)
def test_verdict_has_a_word_for_each_outcome(outcome: Outcome, points: int, word: str) -> None:
    assert verdict(outcome, Decimal(points), Decimal(2)).word == word


def test_hidden_check_shows_a_student_title_outcome_points_and_reason_only(wrong: Result) -> None:
    hidden = next(check for check in wrong.checks if not check.visible)
    view = check_view(hidden, STUDENT)
    assert (view.title, view.reason) == ("Title of unseen", "dx has another shape than x.")
    assert (view.points, view.max_points) == ("1.2", "2")
    assert view.gauge is view.error is None
    assert (view.findings, view.warnings) == ((), ())
    assert view.lead == view.hint == view.section == view.detail == view.error_text == ""


def test_instructor_sees_what_a_hidden_check_holds(wrong: Result) -> None:
    hidden = next(check for check in wrong.checks if not check.visible)
    view = check_view(hidden, INSTRUCTOR)
    assert view.gauge is not None
    assert (view.detail, view.hint) == ("SECRETDETAIL", "SECRETHINT")
    assert view.error is hidden.error


def test_detail_is_for_the_instructor_alone(wrong: Result) -> None:
    assert [check_view(check, STUDENT).detail for check in wrong.checks] == [""] * 5


@pytest.mark.parametrize(
    ("certain", "lead"),
    [
        ((True,), "What seems to have gone wrong"),
        ((False,), "Possible cause"),
        ((False, False), "Possible causes; the numbers alone do not settle it"),
    ],
)
def test_findings_are_never_a_guess_dressed_as_a_fact(
    make_check: Make, certain: tuple[bool, ...], lead: str
) -> None:
    findings = tuple(Finding(id=str(i), student="s", certain=sure) for i, sure in enumerate(certain))
    assert check_view(make_check("a", Outcome.FAILED, 0, findings=findings), STUDENT).lead == lead


def test_error_that_cannot_be_drawn_is_said(make_check: Make) -> None:
    view = check_view(make_check("a", Outcome.FAILED, 0, relative_error=math.nan, tolerance=1e-7), STUDENT)
    assert (view.gauge, view.error_text) == (None, "NaN")


def test_section_is_not_said_twice(make_check: Make) -> None:
    finding = Finding(id="f", student="s", section="Here")
    same = make_check("a", Outcome.FAILED, 0, section="Here", findings=(finding,))
    other = make_check("a", Outcome.FAILED, 0, section="There", findings=(finding,))
    assert (check_view(same, STUDENT).section, check_view(other, STUDENT).section) == ("", "There")


def test_hint_and_section_are_for_what_failed(make_check: Make) -> None:
    view = check_view(make_check("a", hint="h", section="s"), STUDENT)
    assert (view.hint, view.section) == ("", "")


def test_function_views_group_in_first_order_and_add_points(make_check: Make) -> None:
    checks = [
        make_check("a", function="g", points=1, most=2, outcome=Outcome.FAILED),
        make_check("b", function="f"),
        make_check("c", function="g", points=3, most=3),
    ]
    g, f = function_views(checks, STUDENT)
    assert (g.name, g.points, g.max_points, g.passed, g.verdict.kind) == ("g", "4", "5", 1, "partial")
    assert (f.name, f.verdict.kind, f.anchor) == ("f", "passed", "f2")


def test_first_looks_join_one_cause_and_begin_with_known_ones(make_check: Make) -> None:
    cause = (Finding(id="eps", student="eps is missing.", certain=True, section="Forward"),)
    checks = [
        make_check("a", Outcome.FAILED, 0, 9, function="f", reason="raised."),
        make_check("b", Outcome.FAILED, 0, 1, function="f", reason="differs.", findings=cause),
        make_check("c", Outcome.FAILED, "0.5", 2, function="g", reason="differs.", findings=cause),
        make_check("d", function="g"),
        make_check("e", Outcome.NOT_GRADED, 0, 50, function="g"),
    ]
    known, other = first_looks(checks, STUDENT)
    assert (known.text, known.points, known.checks, known.section) == ("eps is missing.", "2.5", 2, "Forward")
    assert (other.text, other.reason, other.points, other.anchor) == ("Title of a", "raised.", "9", "f1-1")
    assert known.reason == ""


def test_first_look_names_the_function_in_which_a_known_mistake_lies(make_check: Make) -> None:
    cause = (Finding(id="forward.eps", student="eps is missing.", certain=True),)
    hidden = make_check("a", Outcome.FAILED, 0, 3, function="forward", findings=cause, visible=False)
    shows = make_check("b", Outcome.FAILED, 0, 3, function="backward", findings=cause)
    (look,) = first_looks([hidden, shows], STUDENT)
    assert (look.function, look.anchor) == ("forward", "f2-1")  # the link leads to where the cause is told
    (look,) = first_looks([shows], STUDENT)
    assert look.function == "backward"


def test_first_looks_keep_the_dearest_in_the_assignments_order(make_check: Make) -> None:
    checks = [make_check(f"c{i}", Outcome.FAILED, 0, i + 1, function=f"f{i}") for i in range(8)]
    assert [look.function for look in first_looks(checks, STUDENT)] == ["f3", "f4", "f5", "f6", "f7"]


def test_first_looks_join_what_failed_in_one_function(make_check: Make) -> None:
    checks = [make_check(f"c{i}", Outcome.FAILED, 0, 2, reason=f"r{i}") for i in range(3)]
    (look,) = first_looks(checks, STUDENT)
    assert (look.text, look.reason, look.points, look.checks) == ("Title of c0", "r0", "6", 3)


@pytest.mark.parametrize(
    ("ids", "terms", "reason"),
    [
        (["eps"], {}, "Possible cause: eps is missing."),
        (["eps", "axis"], {}, "numbers"),
        (["structure.sign"], {}, "numbers"),
        (["eps"], {"visible": False}, "numbers"),
    ],
)
def test_first_look_says_the_one_cause_that_is_possible(
    make_check: Make, ids: list[str], terms: dict[str, bool], reason: str
) -> None:
    findings = tuple(Finding(id=one, student="eps is missing.") for one in ids)
    (look,) = first_looks(
        [make_check("a", Outcome.FAILED, 0, reason="numbers", findings=findings, **terms)], STUDENT
    )
    assert (look.text, look.reason) == ("Title of a", reason)


def test_first_looks_put_a_hidden_check_under_the_cause_that_an_open_one_names(make_check: Make) -> None:
    cause = (Finding(id="eps", student="eps is missing.", certain=True, section="Forward"),)
    other = (Finding(id="axis", student="SECRET", certain=True, section="Forward"),)
    checks = [
        make_check("hidden", Outcome.FAILED, 0, 3, findings=cause, visible=False),
        make_check("open", Outcome.FAILED, 0, 4, findings=cause),
        make_check("else", Outcome.FAILED, 0, 2, findings=other, visible=False),
    ]
    known, unknown = first_looks(checks, STUDENT)
    assert (known.text, known.points, known.checks) == ("eps is missing.", "7", 2)
    assert (unknown.text, unknown.checks) == ("Title of else", 1)


def test_first_looks_take_only_title_and_reason_of_a_hidden_check(wrong: Result) -> None:
    hidden = [check for check in wrong.checks if not check.visible]
    (look,) = first_looks(hidden, STUDENT)
    assert (look.text, look.reason, look.section) == ("Title of unseen", "dx has another shape than x.", "")
    (look,) = first_looks(hidden, INSTRUCTOR)
    assert (look.text, look.section) == ("SECRETFINDING", "SECRETSECTION")
