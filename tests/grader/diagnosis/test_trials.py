"""A check's probe is run with mistakes in the reference; what the runs share is set up once and put back."""

import types
import warnings
from contextlib import contextmanager

import numpy as np
import pytest

from grader.diagnosis.trials import identical, trials
from grader.probe import Check
from grader.seed import Seed
from grader.suite import run_probe

SEED = Seed.of(231)


def _doubled(x):
    return 2 * x


REFERENCE = types.SimpleNamespace(doubled=_doubled)


class Tripled:
    """A catalogue of one mistake."""

    @contextmanager
    def applied(self, entries):
        """Entries: of "tripled" and of "refused", which does not go together with anything."""
        if "refused" in entries:
            raise ValueError("not this one")
        REFERENCE.doubled = lambda x: 3 * x
        try:
            yield
        finally:
            REFERENCE.doubled = _doubled


def _probe(impl, rng):
    np.log(np.zeros(1))  # a warning, were it not for `undisturbed`
    drawn = rng.standard_normal(3), np.random.random(3)
    return {"out": impl.doubled(drawn[0]), "legacy": drawn[1], "same": np.zeros(2)}


def _check(probe=_probe, **terms):
    return Check(id="doubles", title="doubles", of="doubled", probe=probe, **terms)


def _tried(check):
    expected = run_probe(check, REFERENCE, SEED)
    return trials([check], REFERENCE, {check.id: expected}, SEED), expected


def test_a_mistake_changes_the_arrays_that_depend_on_it_however_often_it_is_tried():
    block, expected = _tried(_check())
    with block as [trial]:
        for _ in range(3):
            changed = trial.changed(Tripled(), ("tripled",))
            assert changed.keys() == {"out"}
            np.testing.assert_array_equal(changed["out"], 1.5 * expected["out"])
        assert trial.changed(Tripled(), ("refused",)) == {}


def test_a_probe_that_ends_in_an_error_changes_nothing():
    def fails(impl, _rng):
        if impl.doubled(1) == 3:
            raise RuntimeError("three")
        return {"out": np.ones(2)}

    block, _ = _tried(_check(fails))
    with block as [trial]:
        assert trial.changed(Tripled(), ("tripled",)) == {}


def test_the_functions_that_a_probe_runs_are_counted():
    block, _ = _tried(_check(lambda impl, rng: {"out": impl.doubled(impl.doubled(rng.standard_normal(2)))}))
    with block as [trial]:
        assert trial.ran[_doubled.__code__] == 2


def test_judged_checks_that_differ_from_run_to_run_are_left_out():
    runs = iter(range(10))

    def unsteady(_impl, _rng):
        return {"out": np.array([next(runs)])}

    for judge, left in ((lambda _actual, _expected: None, 0), (None, 1)):
        block, _ = _tried(_check(unsteady, judge=judge))
        with block as found:
            assert len(found) == left


def test_numpys_generator_and_warnings_are_afterwards_what_they_were():
    np.random.seed(5)
    wanted = np.random.random(4)
    np.random.seed(5)
    filters = list(warnings.filters)
    block, _ = _tried(_check())
    with block as [trial]:
        trial.changed(Tripled(), ("tripled",))
    np.testing.assert_array_equal(np.random.random(4), wanted)
    assert warnings.filters == filters


NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param([1.0, 2.0], [1.0, 2.0], True, id="equal"),
        pytest.param([1.0, 2.0], [1.0, 2.0000000000000004], False, id="last-bit"),
        pytest.param([NAN, 2.0], [NAN, 2.0], True, id="nan-in-both"),
        pytest.param([NAN, 2.0], [1.0, 2.0], False, id="nan-in-one"),
        pytest.param([NAN, 2.0], [NAN, 3.0], False, id="nan-and-another"),
        pytest.param([1.0, 2.0], [1, 2], False, id="dtype"),
        pytest.param([1.0], [[1.0]], False, id="would-broadcast"),
        pytest.param([], [], True, id="empty"),
        pytest.param(["a"], ["a"], True, id="words"),
        pytest.param(["a"], ["b"], False, id="other-words"),
    ],
)
def test_arrays_are_identical_by_dtype_shape_and_entries(one, other, same):
    assert identical(np.array(one), np.array(other)) is same
