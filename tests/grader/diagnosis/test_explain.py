"""Findings and carried points on whole results: an error is charged once, and never excused by a guess."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import numpy as np
import pytest

from grader.diagnosis.explain import Knowledge, explain
from grader.diagnosis.fits import Cause, Variant
from grader.model import CheckEvidence, Ending, ManualMark, Outcome, Value
from grader.probe import Check
from grader.score import judge_check

EXPECTED = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
WRONG = {"a": np.array([5.0, 9.0]), "b": EXPECTED["b"]}


def check(name, of="layer", **terms):
    return Check(id=name, title="t", of=of, probe=lambda impl, rng: {}, points=10, **terms)


def answer(name, arrays, ending=Ending.ANSWERED):
    values = tuple(Value(name=key, type_name="ndarray", array=array) for key, array in arrays.items())
    return CheckEvidence(check=name, ending=ending, values=values)


def variant(name, function="layer", **arrays):
    return Variant(causes=(Cause(id=name, function=function, student="s"),), arrays={**EXPECTED, **arrays})


def explained(checks, answers, known):
    by_id = {one.check: one for one in answers}
    expected = {one.id: EXPECTED for one in checks}
    judged = [judge_check(one, by_id.get(one.id), EXPECTED) for one in checks]
    return explain(judged, checks, by_id, expected, known)


SHARE = Decimal("0.6")
LAYER, NETWORK = check("layer_check"), check("network_check", of="network")
KNOWN = Knowledge(
    variants={"layer_check": [variant("x", a=WRONG["a"])], "network_check": [variant("x", a=WRONG["a"])]},
    share=SHARE,
)


def test_an_error_is_charged_once():
    layer, network = explained(
        [LAYER, NETWORK], [answer("layer_check", WRONG), answer("network_check", WRONG)], KNOWN
    )
    assert (layer.points, network.points) == (Decimal(0), Decimal(6))
    assert layer.outcome is network.outcome is Outcome.FAILED
    assert network.reason.endswith(
        "right but for what is wrong in layer and charged there: 6 points are given"
    )
    assert [finding.certain for finding in network.findings] == [True]


def test_points_that_arrays_earned_stay():
    each = check("network_check", of="network", credit="each")
    answers = [answer("layer_check", WRONG), answer("network_check", WRONG)]
    _, result = explained([LAYER, each], answers, KNOWN)
    assert result.points == Decimal(5) + Decimal("0.6") * 5


def test_a_share_of_nothing_gives_nothing():
    known = Knowledge(variants=KNOWN.variants)
    (result,) = explained([NETWORK], [answer("network_check", WRONG)], known)
    assert result.points == 0
    assert "given" not in result.reason
    assert result.findings


def test_an_unexplained_failure_keeps_its_zero():
    strange = {"a": np.array([7.0, 1.0]), "b": EXPECTED["b"]}
    (result,) = explained([NETWORK], [answer("network_check", strange)], KNOWN)
    assert result.points == 0


def test_a_passed_check_is_left_alone():
    (result,) = explained([NETWORK], [answer("network_check", EXPECTED)], KNOWN)
    assert (result.points, result.findings, result.reason) == (Decimal(10), (), "")


@pytest.mark.parametrize("ending", [Ending.RAISED, Ending.TIMED_OUT, Ending.NOT_RUN])
def test_what_did_not_answer_is_left_alone(ending):
    (result,) = explained([NETWORK], [answer("network_check", {}, ending)], KNOWN)
    assert (result.points, result.findings) == (Decimal(0), ())


def waiting(name):
    return CheckEvidence(check=name, ending=Ending.NEEDS_PERSON, detail="it uses a package that is not here")


def decided(points):
    return {
        "layer_check": ManualMark(
            student="s",
            item="layer_check",
            points=Decimal(points),
            marker="m",
            marked_at=datetime(2026, 5, 4),
        )
    }


@pytest.mark.parametrize(
    ("marks", "points"),
    [
        pytest.param({}, 0, id="while a person has not decided"),
        pytest.param(decided(10), 0, id="where a person gave all points"),
        pytest.param(decided(4), 6, id="where a person took some"),
        pytest.param(decided(0), 6, id="where a person took all"),
    ],
)
def test_nothing_is_given_back_that_is_not_charged(marks, points):
    answers = {"layer_check": waiting("layer_check"), "network_check": answer("network_check", WRONG)}
    expected = {"layer_check": EXPECTED, "network_check": EXPECTED}
    judged = [judge_check(one, answers[one.id], EXPECTED) for one in (LAYER, NETWORK)]
    layer, network = explain(judged, [LAYER, NETWORK], answers, expected, KNOWN, marks=marks)
    assert layer.outcome is Outcome.NOT_GRADED, "what a person decided is put in its place by whoever calls"
    assert network.points == points
    assert ("charged there" in network.reason) is (points > 0)


def test_a_failure_of_another_check_of_the_function_charges_something_else():
    other = check("layer_other")
    answers = {
        "layer_check": waiting("layer_check"),
        "layer_other": answer("layer_other", {**EXPECTED, "b": np.array([0.0, 1.0])}),
        "network_check": answer("network_check", WRONG),
    }
    checks = [LAYER, other, NETWORK]
    judged = [judge_check(one, answers[one.id], EXPECTED) for one in checks]
    results = explain(judged, checks, answers, dict.fromkeys(answers, EXPECTED), KNOWN)
    assert [result.points for result in results] == [0, 0, 0]


# --- The student's own forward pass: a cube about the mean, where a square is right ------------------------------------------

POINT = np.array([1.0, 2.0, 4.0])
ALONG = np.array([0.3, -1.0, 0.5])
PUSH = np.array([0.4, 0.0, 0.0])
STEP = 1e-5


def moved(f):
    return {
        "base": np.array(f(POINT)),
        "step": np.array(STEP),
        "weight": np.array(1.0),
        "dx|along": ALONG,
        "dx|plus": np.array(f(POINT + STEP * ALONG)),
        "dx|minus": np.array(f(POINT - STEP * ALONG)),
        "far_x_up": np.array(f(POINT + PUSH)),
        "far_x_down": np.array(f(POINT - PUSH)),
    }


def cube(x):
    return float(np.sum(x**3))


def own(gradient, forward=cube, *, told=None, waits=False, marks=None, **terms):
    """The result of the gradient's check. forward: what the companion shows; told: what the check of the forward pass was told."""
    expected = {
        "forward": {"out": np.array(np.sum(POINT**2))},
        "backward": {"dx": 2 * POINT},
        "around": moved(lambda x: float(np.sum(x**2))),
    }
    checks = [check("forward", of="forward", **terms), check("backward", of="backward")]
    companion = check("around", of="backward", carries="backward", charged="forward")
    answers = {
        "forward": waiting("forward")
        if waits
        else answer("forward", {"out": np.array((told or forward)(POINT))}),
        "backward": answer("backward", {"dx": gradient}),
        "around": answer("around", moved(forward)),
    }
    judged = [judge_check(one, answers[one.id], expected[one.id]) for one in checks]
    known = Knowledge(companions=(companion,), share=SHARE)
    return explain(judged, checks, answers, expected, known, marks=marks)[1]


def test_a_gradient_of_the_students_own_forward_pass_earns_the_share():
    result = own(3 * POINT**2)
    assert result.points == 6
    assert "agrees with your own forward pass" in result.reason


def test_another_gradient_does_not():
    assert own(3 * POINT**2 + 1).points == 0


def test_a_linear_forward_pass_does_not():
    assert own(np.full(3, 5.0), lambda x: float(5 * x.sum())).points == 0


def test_a_forward_pass_that_is_wrong_for_the_companion_alone_excuses_nothing():
    assert own(3 * POINT**2, told=lambda x: float(np.sum(x**2))).points == 0


@pytest.mark.parametrize(("given", "back"), [(None, 0), (10, 0), (7, 3), (0, 6)])
def test_a_forward_pass_that_a_person_judges_excuses_what_the_person_charges(given, back):
    marks = {} if given is None else {"forward": replace(decided(given)["layer_check"], item="forward")}
    assert own(3 * POINT**2, waits=True, marks=marks).points == back


def test_no_more_is_given_back_than_the_forward_pass_cost():
    backward, companion = check("backward", of="b"), check("a", of="b", carries="backward", charged="forward")
    forward = Check(id="forward", title="t", of="f", probe=lambda impl, rng: {}, points=4)
    expected = {
        "forward": {"out": np.array(21.0)},
        "backward": {"dx": 2 * POINT},
        "a": moved(lambda x: float(np.sum(x**2))),
    }
    answers = {
        "forward": answer("forward", {"out": np.array(cube(POINT))}),
        "backward": answer("backward", {"dx": 3 * POINT**2}),
        "a": answer("a", moved(cube)),
    }
    checks = [forward, backward]
    judged = [judge_check(one, answers[one.id], expected[one.id]) for one in checks]
    known = Knowledge(companions=(companion,), share=SHARE)
    assert explain(judged, checks, answers, expected, known)[1].points == 4


def test_a_forward_pass_that_is_wrong_by_a_millionth_is_wrong():
    def nearly(x):
        return float(np.sum(x**2) * (1 + 1e-6))

    assert own(2 * (1 + 1e-6) * POINT, nearly).points == 6


def test_a_gradient_of_zeros_agrees_with_nothing():
    def still(x):
        near = np.abs(x - POINT).max() < 1e-3
        return cube(POINT if near else x)

    assert own(np.zeros(3), still).points == 0


def test_a_companion_that_did_not_answer_excuses_nothing():
    backward, companion = (
        check("backward", of="b"),
        check("around", of="b", carries="backward", charged="backward"),
    )
    answers = {"backward": answer("backward", WRONG), "around": answer("around", {}, Ending.RAISED)}
    judged = [judge_check(backward, answers["backward"], EXPECTED)]
    known = Knowledge(companions=(companion,), share=SHARE)
    expected = {"backward": EXPECTED, "around": moved(lambda x: float(np.sum(x**2)))}
    assert explain(judged, [backward], answers, expected, known)[0].points == 0


# --- Others in the place of a check's parts ---------------------------------------------------------------------------------------

STRANGE = {"a": np.array([7.0, 1.0]), "b": EXPECTED["b"]}
OTHERS = {"a": np.array([2.0, 3.0]), "b": np.array([0.5, 0.25])}
ON_OTHERS = check("on_others", of="network", carries="network_check", parts=("layer",))


def on_others(came, *, network=None, layer=WRONG, credit="all"):
    """The result of the network's check. came: what it gives with others in the place of its layer; network, layer: without."""
    checks = [LAYER, check("network_check", of="network", credit=credit)]
    answers = {
        "layer_check": answer("layer_check", layer),
        "network_check": network or answer("network_check", STRANGE),
        "on_others": answer("on_others", came),
    }
    expected = {"layer_check": EXPECTED, "network_check": EXPECTED, "on_others": OTHERS}
    judged = [judge_check(one, answers[one.id], EXPECTED) for one in checks]
    known = Knowledge(companions=(ON_OTHERS,), share=SHARE)
    return explain(judged, checks, answers, expected, known)[1]


def test_what_is_right_with_others_in_the_place_of_its_parts_gets_the_share():
    result = on_others(OTHERS)
    assert result.points == 6
    assert result.reason.endswith(
        "right with other layers in the place of layer; what is wrong there is charged there: 6 points are given"
    )
    assert on_others(OTHERS, credit="each").points == Decimal(5) + SHARE * 5


@pytest.mark.parametrize("ending", [Ending.RAISED, Ending.TIMED_OUT])
def test_so_does_what_a_part_keeps_from_answering(ending):
    assert on_others(OTHERS, network=answer("network_check", {}, ending)).points == 6


def test_what_is_wrong_with_others_as_well_is_its_own():
    assert on_others({**OTHERS, "a": OTHERS["a"] + 1}).points == 0
    assert on_others({"a": OTHERS["a"]}).points == 0


def test_parts_that_charge_nothing_excuse_nothing():
    assert on_others(OTHERS, layer=EXPECTED).points == 0


def test_what_passes_is_left_alone():
    assert on_others(OTHERS, network=answer("network_check", EXPECTED)).reason == ""


def test_what_is_right_with_others_has_its_share_however_little_the_parts_cost():
    cheap = Check(id="layer_check", title="t", of="layer", probe=lambda impl, rng: {}, points=4)
    checks = [cheap, NETWORK, check("second", of="network")]
    again = check("again", of="network", carries="second", parts=("layer",))
    answers = {one.id: answer(one.id, STRANGE) for one in checks}
    answers |= {one.id: answer(one.id, OTHERS) for one in (ON_OTHERS, again)}
    expected = dict.fromkeys(("layer_check", "network_check", "second"), EXPECTED)
    expected |= dict.fromkeys(("on_others", "again"), OTHERS)
    judged = [judge_check(one, answers[one.id], EXPECTED) for one in checks]
    known = Knowledge(companions=(ON_OTHERS, again), share=SHARE)
    assert [one.points for one in explain(judged, checks, answers, expected, known)] == [0, 6, 6]


def test_two_grounds_do_not_add_up():
    """A gradient that agrees with the student's own forward pass, and is right on other layers: 6 of 10 points, not 6 + 2.4."""
    checks = [check("forward"), check("backward", of="network")]
    around = check("around", of="network", carries="backward", charged="forward")
    others = check("others", of="network", carries="backward", parts=("layer",))
    expected = {
        "forward": {"out": np.array(np.sum(POINT**2))},
        "backward": {"dx": 2 * POINT},
        "around": moved(lambda x: float(np.sum(x**2))),
        "others": OTHERS,
    }
    answers = {
        "forward": answer("forward", {"out": np.array(cube(POINT))}),
        "backward": answer("backward", {"dx": 3 * POINT**2}),
        "around": answer("around", moved(cube)),
        "others": answer("others", OTHERS),
    }
    judged = [judge_check(one, answers[one.id], expected[one.id]) for one in checks]
    known = Knowledge(companions=(around, others), share=SHARE)
    _, backward = explain(judged, checks, answers, expected, known)
    assert backward.points == 6
