"""The proof of the checks in small: a few known mistakes and right variants of every course, on two seeds; and its own tests."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.compare import Judgement
from grader.diagnosis.fits import Cause, Variant
from grader.probe import Check
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite
from tests.assignments import measure as module
from tests.assignments.measure import (
    error_of,
    measure,
    named_as,
    own_mistakes,
    right_variants,
    spared,
    threads,
)
from tests.assignments.prove import ROOT, courses

ENTRIES, RIGHT = 12, 2
LEAST = {"cs231n_batchnorm": 30, "ece247_hw4": 30}  # right variants; other courses have as many as they have


@pytest.mark.parametrize("number", [3, 8])
@pytest.mark.parametrize("course", courses())
def test_known_mistakes_are_named_and_right_answers_lose_nothing(course: str, number: int) -> None:
    assignment = load_assignment(ROOT / "assignments" / course)
    figures = measure(assignment, number, entries=ENTRIES, right=RIGHT)
    assert figures.lost == []
    assert len(figures.named) >= ENTRIES / 2
    assert not {name for name, how in figures.named.items() if how in ("wrong", "silent")}
    checks = {check.id: check for check in load_suite(assignment).checks}
    for name, error in figures.right.items():
        limit = checks[name].tolerance
        assert error <= (limit if isinstance(limit, float) else max(limit.values()))
    for name, error in figures.wrong.items():
        limit = checks[name].tolerance
        assert error > (limit if isinstance(limit, float) else min(limit.values()))


@pytest.mark.parametrize("course", sorted(LEAST))
def test_every_right_variant_keeps_its_points(course: str) -> None:
    assignment, seed = load_assignment(ROOT / "assignments" / course), Seed.of(7)
    suite = load_suite(assignment)
    implementations = right_variants(course)
    assert len(implementations) >= LEAST[course]
    expected = expected_arrays(suite, load_reference(assignment), seed)
    _, lost = spared(suite.at("modules"), implementations, expected, seed, counts=(1,))
    assert lost == []


def test_a_course_without_right_variants_has_none() -> None:
    assert right_variants("no_such_course") == {}


# --- The instrument ---------------------------------------------------------------------------------------------------------


def check(name: str = "one", **terms: object) -> Check:
    return Check(
        id=name, title="t", of="f", probe=lambda impl, rng: {"out": impl.f(rng.standard_normal(4))}, **terms
    )


def variant(name: str, out: object, function: str = "f") -> Variant:
    return Variant(causes=(Cause(id=name, function=function, student="s"),), arrays={"out": np.array(out)})


SEED = Seed.of(1)
ONES = np.ones(3)


def test_what_a_right_answer_loses_is_told_with_its_reason() -> None:
    implementations = {"right": SimpleNamespace(f=np.abs), "wrong": SimpleNamespace(f=np.square)}
    expected = {"one": module.answer(check(), implementations["right"], SEED)[0]}
    errors, lost = spared([check()], implementations, expected, SEED, counts=(1,))
    assert errors == {"one": 0.0}
    assert [(name, where) for name, where, _ in lost] == [("wrong", "one")]
    assert "relative error" in lost[0][2]


def test_a_right_answer_that_raises_has_lost() -> None:
    _, lost = spared([check()], {"none": SimpleNamespace()}, {"one": {"out": ONES}}, SEED, counts=(1,))
    assert "f" in lost[0][2]


def test_where_a_judge_decides_there_is_no_error_but_points_can_be_lost() -> None:
    judged = check(judge=lambda actual, expected: Judgement(0.0, "no"))
    errors, lost = spared(
        [judged], {"one": SimpleNamespace(f=np.abs)}, {"one": {"out": ONES}}, SEED, counts=(1,)
    )
    assert errors == {}
    assert [reason for _, _, reason in lost] == ["no"]


@pytest.mark.parametrize(
    ("got", "error"),
    [
        pytest.param(ONES, 0.0, id="equal"),
        pytest.param(3 * ONES, 0.5, id="off"),
        pytest.param(np.ones(4), np.inf, id="shape"),
        pytest.param(np.nan * ONES, np.inf, id="nan"),
        pytest.param(None, np.inf, id="absent"),
    ],
)
def test_error_of_an_answer(got: object, error: float) -> None:
    assert error_of(check(), {"out": got}, {"out": ONES}) == error


def test_error_of_an_answer_is_by_the_floor_of_its_array() -> None:
    assert error_of(check(floor={"out": 10.0}), {"out": ONES + 1}, {"out": ONES}) == pytest.approx(0.1)


def named(*found: Variant, passes: tuple[Variant, ...] = ()) -> dict[str, str]:
    checks = [check("one"), check("two")]
    expected = {name: {"out": ONES} for name in ("one", "two")}
    return named_as(checks, {"one": found, "two": passes}, expected)


def test_a_mistake_that_alone_gives_its_numbers_is_named_for_certain() -> None:
    assert named(variant("f.a", 2 * ONES), variant("f.b", 3 * ONES)) == {"f.a": "certain", "f.b": "certain"}


def test_mistakes_that_nobody_can_tell_apart_are_twins() -> None:
    assert named(variant("f.a", 2 * ONES), variant("f.b", 2 * ONES)) == {"f.a": "twin", "f.b": "twin"}


def test_of_two_mistakes_that_differ_elsewhere_one_is_told_by_the_check_that_fails() -> None:
    told = named(variant("f.a", 2 * ONES), variant("f.b", 2 * ONES), passes=(variant("f.b", 5 * ONES),))
    assert told == {"f.a": "certain", "f.b": "certain"}


def test_two_mistakes_that_a_check_of_another_function_tells_apart_are_among_several() -> None:
    other = variant("f.b", 5 * ONES, function="g")
    told = named(variant("f.a", 2 * ONES), variant("f.b", 2 * ONES, function="g"), passes=(other,))
    assert told["f.a"] == "among", (
        "g's check passes, but is not of the function that f.b is in, which f.a is not ruled out by"
    )


def test_pairs_are_no_mistake_to_be_named_alone() -> None:
    causes = tuple(Cause(id=name, function="f", student="s") for name in ("f.a", "f.c"))
    pair = Variant(causes=causes, arrays={"out": 7 * ONES})
    assert named(variant("f.a", 2 * ONES), pair) == {"f.a": "certain"}


def test_margins_are_those_of_the_mistakes_that_a_check_is_there_for() -> None:
    mine, others = variant("f.a", ONES), variant("g.b", ONES, function="g")
    assert own_mistakes(check(), [mine, others]) == [mine]
    assert own_mistakes(check(), [others]) == [others]


def test_threads_are_set_and_set_back() -> None:
    library = module._openblas()
    before = library.scipy_openblas_get_num_threads64_()
    with threads(1):
        assert library.scipy_openblas_get_num_threads64_() == 1
    assert library.scipy_openblas_get_num_threads64_() == before


def test_samples_differ_from_seed_to_seed_and_are_whole_for_none() -> None:
    everything = {str(i): i for i in range(10)}
    assert module.sample(everything, 0, 5) == everything
    first, second = (set(module.sample(everything, 3, number)) for number in (0, 1))
    assert len(first) == len(second) == 3
    assert first != second
