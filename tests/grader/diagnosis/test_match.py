"""Which known mistake fits: the one that gives all arrays and that no passed check rules out; else what is left, uncertain."""

from dataclasses import replace

import numpy as np
import pytest

from grader.diagnosis.fits import Cause, Observed, Variant, equal_arrays
from grader.diagnosis.match import Elsewhere, diagnose
from grader.probe import check

RIGHT = {"out": np.array([1.0, 2.0, 3.0]), "other": np.array([4.0, 5.0])}


def probe(name, of="f", **terms):
    def body(impl, rng):
        """A check."""

    body.__name__ = name
    return check(of=of, section=f"Section of {name}", **terms)(body)


def cause(name, function="f", section=""):
    return Cause(id=name, function=function, student=f"{name}?", instructor=f"{name}!", section=section)


def variant(*names, function="f", **arrays):
    changed = {key: np.asarray(value, dtype=float) for key, value in arrays.items()}
    return Variant(causes=tuple(cause(name, function) for name in names), arrays={**RIGHT, **changed})


def seen(name="one", *, of="f", out=(1, 2, 3), variants=(), passed=False, **terms):
    arrays = {**RIGHT, "out": np.asarray(out, dtype=float)}
    return Observed(
        check=probe(name, of, **terms), passed=passed, arrays=arrays, expected=RIGHT, variants=variants
    )


def told(diagnosis):
    return [(finding.id, finding.certain) for finding in diagnosis.findings]


def test_one_that_fits_is_certain():
    known = [variant("a", out=[9, 8, 6]), variant("b", out=[7, 7, 8])]
    found = diagnose([seen(out=[9, 8, 6], variants=known)])["one"]
    assert told(found) == [("a", True)]
    first = found.findings[0]
    assert (first.student, first.instructor, first.section) == ("a?", "a!", "Section of one")


@pytest.mark.parametrize(
    ("function", "section"),
    [
        pytest.param("f", "Section of one", id="the check's, where the mistake is in its own function"),
        pytest.param("g", "Earlier", id="the cause's, where it is in another"),
    ],
)
def test_a_finding_points_to_where_the_mistake_is(function, section):
    arrays = {**RIGHT, "out": np.array([9.0, 8.0, 6.0])}
    known = Variant(causes=(cause("a", function, section="Earlier"),), arrays=arrays)
    found = diagnose([seen(out=[9, 8, 6], variants=[known])])["one"].findings[0]
    assert found.section == section


def test_an_array_that_should_be_right_and_is_not_speaks_against_it():
    known = [variant("a", out=[9, 8, 6])]
    observed = seen(out=[9, 8, 6], variants=known)
    observed.arrays["other"] = np.array([1.0, -7.0])
    assert diagnose([observed]) == {}


@pytest.mark.parametrize(("error", "fits"), [(1e-8, True), (1e-6, False)])
def test_the_fit_is_as_tight_as_the_check(error, fits):
    known = [variant("a", out=[9, 8, 6])]
    found = diagnose([seen(out=[9, 8, 6 * (1 + error)], variants=known, tolerance=1e-7)])
    assert ("one" in found) is fits
    assert not fits or told(found["one"]) == [("a", True)]


def test_rounding_where_nothing_is_left_does_not_speak_against_a_cause():
    right = {
        "out": np.array([1.0, 2.0]),
        "bias": np.array([3e-17, -1e-17]),
    }  # a gradient that is zero but for rounding
    known = Variant(
        causes=(cause("a"),), arrays={"out": np.array([5.0, 9.0]), "bias": np.array([2e-17, 4e-17])}
    )
    given = {"out": np.array([5.0, 9.0]), "bias": np.array([-6e-16, 5e-16])}
    observed = Observed(check=probe("one"), passed=False, arrays=given, expected=right, variants=[known])
    assert told(diagnose([observed])["one"]) == [("a", True)]


@pytest.mark.parametrize(
    ("out", "fits"), [((1, 2, 3.29), True), ((1, 2, 3.26), False), ((1, 2, 3.34), False)]
)
def test_under_a_wide_tolerance_a_cause_leaves_at_most_a_tenth_unexplained(out, fits):
    known = [variant("a", out=[1, 2, 3.3])]
    found = diagnose([seen(out=out, variants=known, tolerance=0.02)]).get("one")
    assert (found is not None and told(found) == [("a", True)]) is fits


def test_two_that_fit_are_both_possible():
    known = [variant("a", out=[9, 8, 6]), variant("b", out=[9, 8, 6]), variant("c", out=[1, 1, 1])]
    assert told(diagnose([seen(out=[9, 8, 6], variants=known)])["one"]) == [("a", False), ("b", False)]


def test_a_passed_check_of_the_same_function_rules_out():
    both = [variant("a", out=[9, 8, 6]), variant("b", out=[9, 8, 6])]
    passed = seen("two", passed=True, variants=[variant("b", out=[5, 5, 5])])
    assert told(diagnose([seen(out=[9, 8, 6], variants=both), passed])["one"]) == [("a", True)]


def test_a_passed_check_of_another_function_does_not():
    both = [variant("a", out=[9, 8, 6]), variant("b", out=[9, 8, 6])]
    passed = seen("two", of="network", passed=True, variants=[variant("b", out=[5, 5, 5])])
    assert told(diagnose([seen(out=[9, 8, 6], variants=both), passed])["one"]) == [("a", False), ("b", False)]


def test_a_cause_that_its_own_functions_checks_speak_against_is_not_named_elsewhere():
    by_chance = seen("accuracy", of="network", out=[9, 8, 6], variants=[variant("a", out=[9, 8, 6])])
    own = seen("two", out=[3, 1, 4], variants=[variant("a", out=[5, 5, 5])])
    found = diagnose([by_chance, own])
    assert "a" not in {name for each in found.values() for name, _ in told(each)}
    assert told(diagnose([by_chance])["accuracy"]) == [("a", True)], "nothing speaks against it"


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param([variant("a", out=[7, 7, 8])], id="where it would show in another way"),
        pytest.param([], id="where it would not show"),
    ],
)
def test_a_check_of_its_function_that_nothing_explains_leaves_it_possible(elsewhere):
    network = seen("network", of="network", out=[9, 8, 6], variants=[variant("a", out=[9, 8, 6])])
    as_it_would = seen("two", out=[5, 5, 5], variants=[variant("a", out=[5, 5, 5])])
    with_another = seen("three", out=[3, 1, 4], variants=elsewhere)
    found = diagnose([network, as_it_would, with_another])
    assert told(found["network"]) == told(found["two"]) == [("a", False)]
    assert found["network"].elsewhere.functions == ("f",), (
        "nothing of the network's own shows, whatever the cause"
    )


def test_a_check_that_returned_nothing_where_it_would_show_says_nothing():
    own = seen("one", out=[9, 8, 6], variants=[variant("a", out=[9, 8, 6])])
    nothing = seen("two", variants=[variant("a", out=[5, 5, 5])])
    nothing.arrays["out"] = None
    assert told(diagnose([own, nothing])["one"]) == [("a", True)]
    elsewhere = seen("two", variants=[variant("a", other=[5, 5])])
    elsewhere.arrays["out"] = None
    assert told(diagnose([own, elsewhere])["one"]) == [("a", False)], (
        "it returned numbers where it would show, and others"
    )


def test_an_unexplained_check_of_another_function_does_not():
    own = seen("one", out=[9, 8, 6], variants=[variant("a", out=[9, 8, 6])])
    other = seen("two", of="g", out=[3, 1, 4], variants=[])
    assert told(diagnose([own, other])["one"]) == [("a", True)]


def test_an_unexplained_verdict_of_a_judge_does_not():
    def fails(actual, expected):
        raise AssertionError("not asked here")

    own = seen("one", out=[9, 8, 6], variants=[variant("a", out=[9, 8, 6])])
    manners = seen("two", out=[3, 1, 4], variants=[variant("b", out=[2, 2, 2])], judge=fails)
    assert told(diagnose([own, manners])["one"]) == [("a", True)]


def test_two_that_are_held_need_no_third_where_both_show():
    known = {"one": [variant("a", out=[9, 8, 6])], "two": [variant("b", out=[4, 4, 5])]}
    together = [variant("a", out=[7, 7, 8]), variant("b", out=[5, 5, 5])]
    observed = [
        seen("one", out=[9, 8, 6], variants=known["one"]),
        seen("two", out=[4, 4, 5], variants=known["two"]),
        seen("both", out=[3, 1, 4], variants=together),
    ]
    assert told(diagnose(observed)["one"]) == [("a", True)]
    assert told(diagnose([observed[0], replace(observed[2], variants=together[:1])])["one"]) == [("a", False)]


def test_a_cause_proved_elsewhere_explains_here():
    both = [variant("a", out=[9, 8, 6]), variant("b", out=[9, 8, 6])]
    alone = [variant("a", out=[4, 4, 5])]
    found = diagnose([seen(out=[9, 8, 6], variants=both), seen("two", out=[4, 4, 5], variants=alone)])
    assert told(found["one"]) == told(found["two"]) == [("a", True)]


def test_two_mistakes_together_are_both_named():
    known = [variant("a", out=[9, 8, 6]), variant("b", out=[7, 7, 8]), variant("a", "b", out=[2, 9, 4])]
    assert told(diagnose([seen(out=[2, 9, 4], variants=known)])["one"]) == [("a", True), ("b", True)]


def test_two_are_not_assumed_where_one_explains():
    known = [variant("a", out=[9, 8, 6]), variant("b", "c", out=[9, 8, 6])]
    assert told(diagnose([seen(out=[9, 8, 6], variants=known)])["one"]) == [("a", True)]


def test_a_proved_cause_that_does_not_explain_all_is_possible_only():
    known = [variant("a", out=[9, 8, 6])]
    later = seen("two", out=[3, 1, 4], variants=[variant("a", out=[5, 5, 6])])
    found = diagnose([seen(out=[9, 8, 6], variants=known), later])
    assert told(found["two"]) == [("a", False)]


def test_what_another_function_explains_alone_is_charged_elsewhere():
    known = [variant("a", out=[9, 8, 6])]
    own = diagnose([seen(out=[9, 8, 6], variants=known)])["one"]
    later = diagnose([seen("two", of="network", out=[9, 8, 6], variants=known)])["two"]
    assert own.elsewhere is None
    assert later.elsewhere == Elsewhere(functions=("f",), causes=frozenset({"a"}), own=0.0)


def test_a_pair_of_which_one_is_its_own_is_charged_here():
    both = Variant(causes=(cause("a"), cause("b", "network")), arrays={**RIGHT, "out": np.array([9.0, 8, 6])})
    assert diagnose([seen("two", of="network", out=[9, 8, 6], variants=[both])])["two"].elsewhere is None


def test_what_is_only_possible_excuses_nothing():
    known = [variant("a", out=[9, 8, 6]), variant("b", out=[9, 8, 6], function="g")]
    assert diagnose([seen("two", of="network", out=[9, 8, 6], variants=known)])["two"].elsewhere is None


def test_without_a_known_cause_the_numbers_are_described():
    assert told(diagnose([seen(out=[-1, -2, -3])])["one"]) == [("structure.sign", False)]


def test_nothing_is_said_of_numbers_that_say_nothing():
    assert diagnose([seen(out=[3, 1, 4])]) == {}


def test_passed_checks_need_no_diagnosis():
    assert diagnose([seen(passed=True, variants=[variant("a", out=[9, 8, 6])])]) == {}


def test_unreadable_and_absent_arrays_fit_nothing():
    known = [variant("a", out=[9, 8, 6])]
    for arrays in ({"out": None, "other": RIGHT["other"]}, {"other": RIGHT["other"]}):
        observed = Observed(check=probe("one"), passed=False, arrays=arrays, expected=RIGHT, variants=known)
        assert diagnose([observed]) == {}


def test_at_most_four_findings():
    known = [variant(name, out=[9, 8, 6]) for name in "abcdef"]
    assert len(diagnose([seen(out=[9, 8, 6], variants=known)])["one"].findings) == 4


def test_equality_uses_each_arrays_own_terms():
    terms = probe("one", tolerance={"out": 0.1}, floor={"other": 1.0})
    near = {"out": RIGHT["out"] * 1.1, "other": RIGHT["other"]}
    assert equal_arrays(terms, near, RIGHT)
    assert not equal_arrays(terms, {**near, "other": RIGHT["other"] * 1.1}, RIGHT)
    assert not equal_arrays(terms, {"out": RIGHT["out"]}, RIGHT)
