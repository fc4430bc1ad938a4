"""Catalogues: loaded by name, tried where their functions run, kept on disk."""

import contextlib
import itertools
import types
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.compare import Judgement
from grader.diagnosis import misconceptions
from grader.diagnosis.misconceptions import bearing, load_catalogue, variants
from grader.errors import AssignmentError
from grader.probe import Check
from grader.seed import Seed
from grader.suite import Suite, expected_arrays

SEED = Seed.of(5)


def scale(x):
    return 2 * x


def shift(x):
    return x + 1


def never(x):
    return x


WRONG = {
    "scale.three": (scale, lambda x: 3 * x),
    "scale.minus": (scale, lambda x: -2 * x),
    "shift.two": (shift, lambda x: x + 2),
    "shift.none": (shift, lambda x: x),
    "shift.raises": (shift, lambda x: x + np.zeros(77)),
    "scale.same": (scale, lambda x: x + x),
    "never.called": (never, lambda x: -x),
}


@dataclass
class Entry:
    id: str
    functions: tuple
    code: object
    student: str = "It looks like a mistake."
    instructor: str = "A mistake."
    context: tuple = ()
    paired: bool = True

    @property
    def wrong_functions(self):
        return tuple(function for function in self.functions if function not in self.context)


@contextlib.contextmanager
def applied(entries):
    if len({entry.functions for entry in entries}) < len(entries):
        raise ValueError("both in one line")
    before = {entry.functions[0]: entry.functions[0].__code__ for entry in entries}
    try:
        for entry in entries:
            entry.functions[0].__code__ = entry.code
        yield
    finally:
        for function, code in before.items():
            function.__code__ = code


CATALOGUE = types.SimpleNamespace(
    CATALOGUE=[Entry(name, (function,), wrong.__code__) for name, (function, wrong) in WRONG.items()],
    applied=applied,
)
REFERENCE = types.SimpleNamespace(scale=scale, shift=shift)


def probe_scale(impl, rng):
    return {"out": impl.scale(rng.standard_normal(3)), "aside": np.array([1.0, 1.0])}


def probe_both(impl, rng):
    return {"out": impl.shift(impl.scale(rng.standard_normal(3)))}


def probe_shift(impl, rng):
    return {"out": impl.shift(rng.standard_normal(3))}


def checks():
    return (
        Check(id="first", title="t", of="scale", probe=probe_scale, section="Scaling"),
        Check(id="second", title="t", of="both", probe=probe_shift, section="Shifting"),
        Check(id="third", title="t", of="both", probe=probe_both, section="Both"),
        Check(id="judged", title="t", of="both", probe=probe_both, judge=lambda a, e: None),
        Check(id="inside", title="t", of="both", probe=probe_both, where="notebook"),
    )


@dataclass
class Spec:
    misconceptions: str = "some.catalogue"


@dataclass
class Assignment:
    spec: Spec = field(default_factory=Spec)


@pytest.fixture
def suite(monkeypatch):
    monkeypatch.setattr(misconceptions, "expected_key", lambda *_: "key")
    return Suite(assignment=Assignment(), checks=checks(), modules={}, digest="d")


def found(suite, cache=None, catalogue=CATALOGUE):
    expected = expected_arrays(suite, REFERENCE, SEED)
    return expected, variants(suite, REFERENCE, catalogue, expected, SEED, cache=cache)


def ids(given):
    return [tuple(cause.id for cause in variant.causes) for variant in given]


def test_each_check_has_the_mistakes_that_show_in_it(suite):
    _, given = found(suite)
    assert ids(given["first"]) == [("scale.three",), ("scale.minus",)]
    assert ids(given["second"]) == [("shift.two",), ("shift.none",)]
    assert ("scale.three",) in ids(given["third"])
    assert ("shift.two",) in ids(given["third"])


def test_what_shows_nowhere_is_left_out(suite):
    _, given = found(suite)
    everywhere = {name for found_here in given.values() for names in ids(found_here) for name in names}
    assert everywhere == {"scale.three", "scale.minus", "shift.two", "shift.none"}


def test_a_mistake_in_a_function_that_no_check_runs_is_left_out(suite):
    elsewhere = Entry("never.called", (shift,), WRONG["shift.two"][1].__code__, context=(shift,))
    catalogue = types.SimpleNamespace(CATALOGUE=[elsewhere], applied=applied)
    assert not any(found(suite, catalogue=catalogue)[1].values())


def test_checks_of_a_notebook_that_have_a_judge_are_left_out(suite):
    judged = [replace(one, where="notebook") if one.judge else one for one in suite.checks]
    _, by_check = found(replace(suite, checks=tuple(judged)))
    assert set(by_check) == {"first", "second", "third", "inside"}


def test_long_probes_are_not_run_for_pairs(suite, monkeypatch):
    assert (
        any(len(names) == 2 for names in ids(found(suite)[1]["third"])) is False
    )  # of two functions: never paired
    checks = (Check(id="one", title="t", of="both", probe=probe_both),)
    small = Suite(assignment=Assignment(), checks=checks, modules={}, digest="d")
    assert any(len(names) == 2 for names in ids(found(small)[1]["one"]))
    monkeypatch.setattr(misconceptions, "MOST_CALLS", 1)
    assert not any(len(names) == 2 for names in ids(found(small)[1]["one"]))


def test_arrays_are_whole_and_wrong_where_the_mistake_shows(suite):
    expected, given = found(suite)
    arrays = given["first"][0].arrays
    np.testing.assert_allclose(arrays["out"], 1.5 * expected["first"]["out"])
    np.testing.assert_array_equal(arrays["aside"], [1, 1])


def test_a_cause_belongs_to_the_first_check_that_shows_it(suite):
    _, given = found(suite)
    cause = next(v.causes[0] for v in given["third"] if v.causes[0].id == "scale.three")
    assert (cause.function, cause.section) == ("scale", "Scaling")


def test_the_reference_is_right_again_afterwards(suite):
    found(suite)
    assert scale(1) == 2
    assert shift(1) == 2


def test_pairs_are_of_mistakes_that_one_function_holds(suite):
    both = [Entry("shift.two", (shift,), WRONG["shift.two"][1].__code__)]
    both += [Entry("never.zero", (never,), (lambda x: 0 * x).__code__)]

    def probe(impl, rng):
        x = rng.standard_normal(2)
        return {"a": impl.shift(x), "b": impl.never(x)}

    checks = (Check(id="one", title="t", of="f", probe=probe),)
    small = Suite(assignment=Assignment(), checks=checks, modules={}, digest="d")
    reference = types.SimpleNamespace(shift=shift, never=never)
    expected = expected_arrays(small, reference, SEED)
    catalogue = types.SimpleNamespace(CATALOGUE=both, applied=applied)
    alone = [("shift.two",), ("never.zero",)]
    assert ids(variants(small, reference, catalogue, expected, SEED)["one"]) == [
        *alone,
        ("shift.two", "never.zero"),
    ]
    catalogue.CATALOGUE = [both[0], replace(both[1], paired=False)]
    assert ids(variants(small, reference, catalogue, expected, SEED)["one"]) == alone


def test_the_same_mistake_in_two_places_of_a_function_is_tried_in_later_checks_as_well():
    def wrong(name, code, function):
        return Entry(name, (function,), code.__code__)

    entries = [
        wrong("shift.zero", lambda x: 0 * x, shift),
        wrong("never.zero", lambda x: 0 * x, never),
        wrong("never.minus", lambda x: -x, never),
    ]

    def layer(impl, rng):
        x = rng.standard_normal(2)
        return {"a": impl.shift(x), "b": impl.never(x)}

    def network(impl, rng):
        x = rng.standard_normal(2)
        return {"loss": impl.scale(impl.shift(x) + impl.never(x))}

    checks = tuple(
        Check(id=probe.__name__, title="t", of=probe.__name__, probe=probe) for probe in (layer, network)
    )
    small = Suite(assignment=Assignment(), checks=checks, modules={}, digest="d")
    reference = types.SimpleNamespace(shift=shift, never=never, scale=scale)
    catalogue = types.SimpleNamespace(CATALOGUE=entries, applied=applied)
    given = variants(small, reference, catalogue, expected_arrays(small, reference, SEED), SEED)
    assert [pair for pair in ids(given["network"]) if len(pair) == 2] == [("shift.zero", "never.zero")]
    assert len([pair for pair in ids(given["layer"]) if len(pair) == 2]) == 2


def test_what_is_kept_is_what_was_computed(suite, tmp_path):
    _, first = found(suite, tmp_path)
    broken = types.SimpleNamespace(CATALOGUE=CATALOGUE.CATALOGUE, applied=None)  # would raise if anything ran
    _, again = found(suite, tmp_path, broken)
    assert {check: ids(given) for check, given in first.items()} == {
        check: ids(given) for check, given in again.items()
    }
    for check, given in first.items():
        for one, other in zip(given, again[check], strict=True):
            assert one.arrays.keys() == other.arrays.keys()
            for name, array in one.arrays.items():
                np.testing.assert_array_equal(array, other.arrays[name])


def test_a_damaged_file_is_made_again(suite, tmp_path):
    found(suite, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"no archive")
    assert ids(found(suite, tmp_path)[1]["first"]) == [("scale.three",), ("scale.minus",)]


ASSIGNMENT = "tests/data/small_assignment"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param(
            "no_such_module_here", "misconceptions no_such_module_here cannot be imported", id="absent"
        ),
        pytest.param("json", "json has no CATALOGUE and applied", id="no-catalogue"),
    ],
)
def test_a_name_that_is_no_catalogue_is_the_instructors_error(name, reason, pytestconfig):
    assignment = load_assignment(pytestconfig.rootpath / ASSIGNMENT)
    object.__setattr__(assignment, "spec", assignment.spec.model_copy(update={"misconceptions": name}))
    with pytest.raises(AssignmentError, match=reason):
        load_catalogue(assignment)


def test_an_assignment_without_a_catalogue_has_none(pytestconfig):
    assert load_catalogue(load_assignment(pytestconfig.rootpath / ASSIGNMENT)) is None


def judge_sign(actual, expected):
    """Passes whatever points the right way."""
    return Judgement(float((actual["out"] * expected["out"] > 0).all()))


def judge_nothing(actual, expected):
    raise KeyError("absent")


def with_judge(suite, probe, judge):
    check = Check(id="judged", title="t", of="scale", probe=probe, judge=judge)
    return replace(suite, checks=(*[one for one in suite.checks if one.id != "judged"], check))


def test_where_a_judge_decides_a_mistake_shows_if_it_does_not_pass(suite):
    _, by_check = found(with_judge(suite, probe_scale, judge_sign))
    assert [set(one.ids) for one in by_check["judged"]] == [{"scale.minus"}]


def test_a_judge_that_cannot_read_the_arrays_lets_nothing_pass(suite):
    _, by_check = found(with_judge(suite, probe_scale, judge_nothing))
    assert {"scale.three"} in [set(one.ids) for one in by_check["judged"]]


def test_a_judged_check_whose_arrays_differ_from_run_to_run_is_left_out(suite):
    count = itertools.count()

    def timed(impl, rng):
        return {"out": impl.scale(rng.standard_normal(3)), "seconds": np.array(next(count))}

    _, by_check = found(with_judge(suite, timed, judge_sign))
    assert "judged" not in by_check


def test_entries_bear_on_a_course_where_its_probes_run_their_functions(suite):
    assert set(bearing(suite, REFERENCE, CATALOGUE, SEED)) == set(WRONG) - {"never.called"}


def test_kept_arrays_are_made_anew_for_another_judge(suite, tmp_path):
    found(with_judge(suite, probe_scale, judge_sign), cache=tmp_path)
    found(with_judge(suite, probe_scale, partial(judge_sign)), cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1, "the same judge"
    found(with_judge(suite, probe_scale, None), cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
