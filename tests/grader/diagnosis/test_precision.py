"""Lost digits: what single precision explains, and nothing that a mistake explains as well."""

from decimal import Decimal

import numpy as np
import pytest

from grader.diagnosis.fits import Cause, Observed, Variant, fits
from grader.diagnosis.match import Diagnosis
from grader.diagnosis.precision import asking_for_digits, charging_digits, marked, single_precision
from grader.model import CheckEvidence, CheckResult, Ending, Finding, Outcome, Value
from grader.probe import Check

RIGHT = {"out": np.array([1.0, -2.0, 1e-6]), "zero": np.zeros(2)}
SHORT = {"out": RIGHT["out"] + np.array([0.0, 1e-7, 3e-7]), "zero": np.array([1e-7, 0.0])}
NARROW = {name: array.astype(np.float32) for name, array in RIGHT.items()}
WRONG = {**RIGHT, "out": RIGHT["out"] + 1e-4}


def check(name, of="layer", **terms):
    return Check(id=name, title=f"{name}.", of=of, probe=lambda impl, rng: {}, points=4, **terms)


def seen(name, arrays, of="layer", variants=()):
    return Observed(check=check(name, of), passed=False, arrays=arrays, expected=RIGHT, variants=variants)


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        pytest.param(SHORT, True, id="noise-in-the-eighth-digit-of-the-largest"),
        pytest.param(NARROW, True, id="float32-itself"),
        pytest.param({**NARROW, "out": WRONG["out"].astype(np.float32)}, False, id="float32-and-wrong"),
        pytest.param({**RIGHT, "out": RIGHT["out"].astype(np.float16)}, False, id="float16"),
        pytest.param({**SHORT, "out": RIGHT["out"] * (1 + 4e-6)}, False, id="a-small-factor"),
        pytest.param({**SHORT, "out": None}, False, id="nothing"),
        pytest.param({**SHORT, "zero": np.array([np.nan, 0.0])}, False, id="nan"),
        pytest.param({**SHORT, "zero": np.zeros(3)}, False, id="shape"),
    ],
)
def test_lost_digits_are_told_from_mistakes(arrays, found):
    assert single_precision([seen("a", arrays)], {}) == ({"a": 1} if found else {})


def test_a_known_mistake_is_the_better_explanation():
    known = Diagnosis(findings=(Finding(id="layer.eps_missing", student="s"),))
    described = Diagnosis(findings=(Finding(id="structure.one_place", student="s"),))
    assert single_precision([seen("a", SHORT)], {"a": known}) == {}
    assert single_precision([seen("a", SHORT)], {"a": described}) == {"a": 1}


def test_something_unknown_in_a_function_that_it_builds_on_may_be_what_shows():
    of_layer = Variant(causes=(Cause(id="x", function="layer", student="s"),), arrays=RIGHT)
    network = seen("network_check", SHORT, of="Network", variants=[of_layer])
    other = seen("other_check", SHORT, of="other")
    assert single_precision([seen("a", WRONG), network, other], {}) == {"other_check": 1}
    assert single_precision([seen("a", WRONG), network, other], {}, proved=True).keys() == {
        "network_check",
        "other_check",
    }


def test_to_the_digits_that_are_left_a_known_mistake_fits():
    mistake = Variant(causes=(Cause(id="x", function="layer", student="s"),), arrays=WRONG)
    both = {**WRONG, "out": WRONG["out"] + np.array([1e-7, 0.0, -1e-7])}
    other = {**WRONG, "out": WRONG["out"] + np.array([1e-5, 0.0, -1e-5])}
    lost = seen("lost", SHORT)
    again = marked([lost, seen("a", both, variants=[mistake]), seen("b", other, variants=[mistake])], {})
    assert [one.single for one in again] == [False, True, True]
    assert [fits(one, mistake) for one in again] == [False, True, False]
    assert not fits(seen("a", both), mistake)
    assert marked([seen("a", both, variants=[mistake])], {}) is None  # no digits were lost that would say so


def result(name, points):
    return CheckResult(
        id=name,
        title=name,
        function="f",
        outcome=Outcome.FAILED,
        points=Decimal(points),
        max_points=Decimal(4),
        reason="r",
        section="",
        visible=True,
    )


def answer(name, arrays):
    values = tuple(Value(name=key, type_name="ndarray", array=array) for key, array in arrays.items())
    return CheckEvidence(check=name, ending=Ending.ANSWERED, values=values)


@pytest.mark.parametrize(
    ("judges", "by"),
    [
        pytest.param({"digits": SHORT}, "digits", id="a-judge-asks-for-digits"),
        pytest.param({"times": WRONG}, "dear", id="a-judge-fails-something-else"),
        pytest.param({}, "dear", id="the-function-that-lost-most"),
    ],
)
def test_one_check_charges(judges, by):
    compared = {"cheap": (1, 3), "dear": (1, 1), "network": (2, 0)}
    checks = [check(name) for name in compared]
    checks += [check(name, judge=lambda actual, expected: None) for name in judges]
    judged = {name: result(name, points) for name, (_, points) in compared.items()}
    judged |= {name: result(name, 3) for name in judges}
    answers = {name: answer(name, judges.get(name, SHORT)) for name in judged}
    expected = dict.fromkeys(judged, RIGHT)
    short = {name: functions for name, (functions, _) in compared.items()}
    asking = asking_for_digits(checks, judged, answers, expected)
    assert charging_digits(short, checks, judged, asking) == by
