"""Several mistakes in one check: those that other checks prove explain it, with at most one more of its own."""

import numpy as np
import pytest

from grader.diagnosis.fits import Cause, Observed, Variant
from grader.diagnosis.match import Elsewhere, diagnose
from grader.probe import check

RIGHT = {"out": np.array([1.0, 2.0, 3.0]), "other": np.array([4.0, 5.0])}
FUNCTIONS = {"low": "layer", "other_low": "layer", "high": "network", "other_high": "network"}
MOVES = {"low": [10, 0, 0], "other_low": [0, 10, 0], "high": [0, 0, 10], "other_high": [0, 0, 20]}


def variant(*names, **arrays):
    """What mistakes give that move each its own entry of `out`."""
    causes = tuple(Cause(id=name, function=FUNCTIONS[name], student=f"{name}?") for name in names)
    out = RIGHT["out"] + sum(np.array(MOVES[name], dtype=float) for name in names)
    return Variant(causes=causes, arrays={**RIGHT, "out": out, **arrays})


def seen(name, of, *held, known=(), passed=False, **terms):
    """A check in which the mistakes `held` show. known: what is known of it."""

    def body(impl, rng):
        """A check."""

    body.__name__ = name
    arrays = variant(*held).arrays if held else RIGHT
    return Observed(
        check=check(of=of, **terms)(body), passed=passed, arrays=arrays, expected=RIGHT, variants=known
    )


def singles(*names):
    return [variant(name) for name in names]


class Asked:
    """Answers what mistakes give together, and remembers what it was asked."""

    def __init__(self):
        self.questions = []

    def __call__(self, check, ids):
        self.questions.append((check, ids))
        return variant(*sorted(ids))


def told(diagnosis):
    return {finding.id for finding in diagnosis.findings if finding.certain}


LAYER = seen("layer", "layer", "low", known=singles("low", "other_low"))


def test_what_two_checks_prove_explains_a_third_in_which_both_show():
    own = seen("own", "network", "high", known=singles("high"))
    both = seen("both", "network", "low", "high", known=singles("low", "high", "other_high"))
    found = diagnose([LAYER, own, both], Asked())["both"]
    assert told(found) == {"low", "high"}
    assert found.elsewhere == Elsewhere(functions=("layer",), causes=frozenset({"low"}), own=1.0)


def test_without_a_way_to_ask_it_stays_unexplained():
    both = seen("both", "network", "low", "high", known=singles("low", "high"))
    found = diagnose([LAYER, both])["both"]
    assert told(found) == set()
    assert found.elsewhere is None


def test_one_mistake_of_its_own_beside_a_proved_one_is_found_and_named():
    both = seen("both", "network", "low", "high", known=singles("low", "high", "other_high"))
    assert told(diagnose([LAYER, both], Asked())["both"]) == {"low", "high"}


def test_a_mistake_that_a_passed_check_of_its_function_rules_out_is_not_tried():
    both = seen("both", "network", "low", "high", known=singles("low", "high"))
    fine = seen("fine", "network", known=singles("high"), passed=True)
    assert told(diagnose([LAYER, both, fine], Asked())["both"]) == set()


def test_what_none_of_them_explains_stays_unexplained():
    strange = seen(
        "strange", "network", "low", "high", "other_high", known=singles("low", "high", "other_high")
    )
    found = diagnose([LAYER, strange], Asked())["strange"]
    assert told(found) == set()
    assert found.elsewhere is None


def test_the_functions_next_checks_are_not_searched_once_more_for_one_of_its_own():
    asked, known = Asked(), singles("low", "high", "other_high")
    first = seen("first", "network", "low", "high", "other_high", known=known)
    second = seen("second", "network", "low", "high", "other_high", known=known)
    diagnose([LAYER, first, second], asked)
    assert {check for check, _ in asked.questions} == {"first"}


def test_of_an_each_check_the_own_share_is_that_of_the_arrays_that_are_wrong_by_its_own_mistakes():
    both = seen("both", "network", "low", "high", known=singles("low", "high"), credit="each")
    assert diagnose([LAYER, both], Asked())["both"].elsewhere.own == pytest.approx(0.5)


def test_proved_mistakes_go_before_two_of_its_own_that_give_the_same():
    same = variant("high").arrays["out"] + MOVES["low"]
    own_pair = Variant(causes=variant("high", "other_high").causes, arrays={**RIGHT, "out": same})
    both = seen("both", "network", "low", "high", known=[*singles("low", "high", "other_high"), own_pair])
    assert told(diagnose([LAYER, both])["both"]) == {"high", "other_high"}
    assert told(diagnose([LAYER, both], Asked())["both"]) == {"low", "high"}


def test_proved_mistakes_go_before_one_for_which_nothing_else_speaks():
    other = seen("other", "layer", "other_low", known=singles("other_low"))
    lookalike = Variant(causes=variant("high").causes, arrays=variant("low", "other_low").arrays)
    later = seen("later", "network", "low", "other_low", known=[*singles("low", "other_low"), lookalike])
    found = diagnose([LAYER, other, later], Asked())["later"]
    assert told(found) == {"low", "other_low"}
    assert found.elsewhere == Elsewhere(functions=("layer",), causes=frozenset({"low", "other_low"}))


def test_one_that_explains_a_second_check_is_kept():
    other = seen("other", "layer", "other_low", known=singles("other_low"))
    lookalike = Variant(causes=variant("high").causes, arrays=variant("low", "other_low").arrays)
    known = [*singles("low", "other_low"), lookalike]
    checks = [seen(name, "network", "low", "other_low", known=known) for name in ("later", "latest")]
    assert told(diagnose([LAYER, other, *checks], Asked())["later"]) == {"high"}


def test_of_two_that_cannot_be_told_apart_the_one_that_explains_more_is_certain():
    twins = [variant("low"), Variant(causes=variant("other_low").causes, arrays=variant("low").arrays)]
    layer = seen("layer", "layer", "low", known=twins)
    both = seen("both", "network", "low", "high", known=singles("low", "other_low", "high"))
    found = diagnose([layer, both], Asked())
    assert told(found["both"]) == {"low", "high"}
    assert told(found["layer"]) == {"low"}


def test_which_of_two_mistakes_of_another_function_it_is_makes_no_difference_to_what_is_charged():
    twins = [variant("low"), Variant(causes=variant("other_low").causes, arrays=variant("low").arrays)]
    found = diagnose([seen("later", "network", "low", known=twins)])["later"]
    assert told(found) == set()
    assert found.elsewhere == Elsewhere(functions=("layer",), causes=frozenset({"low", "other_low"}))
