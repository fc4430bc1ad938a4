"""What several mistakes give together: the reference is wrong in all of these ways, once for each question."""

import contextlib
import types

import numpy as np
import pytest

from grader.diagnosis.fits import Cause, Variant
from grader.diagnosis.together import KnownTogether
from grader.probe import Check
from grader.seed import Seed
from grader.suite import run_probe

SEED = Seed.of(7)
REFERENCE = types.SimpleNamespace(factor=2.0, offset=1.0)


class Catalogue:
    """Entries are names of the reference's numbers, which they raise; `runs` counts how often."""

    CATALOGUE = tuple(types.SimpleNamespace(id=name) for name in ("factor", "offset", "refused", "unseen"))

    def __init__(self):
        self.runs = 0

    @contextlib.contextmanager
    def applied(self, entries):
        names = [entry.id for entry in entries]
        if "refused" in names:
            raise ValueError("it goes with nothing")
        self.runs += 1
        before = dict(vars(REFERENCE))
        for name in names:
            setattr(REFERENCE, name, getattr(REFERENCE, name, 0.0) + 1)
        try:
            yield
        finally:
            vars(REFERENCE).clear()
            vars(REFERENCE).update(before)


def _probe(impl, rng):
    x = rng.standard_normal(3)
    return {"out": impl.factor * x + impl.offset, "x": x}


CHECK = Check(id="line", title="a line", of="line", probe=_probe)


@pytest.fixture
def catalogue():
    return Catalogue()


@pytest.fixture
def together(catalogue):
    expected = {"line": run_probe(CHECK, REFERENCE, SEED)}
    causes = [Cause(id=entry.id, function="line", student="s") for entry in catalogue.CATALOGUE]
    known = {"line": [Variant(causes=(cause,), arrays=expected["line"]) for cause in causes]}
    suite = types.SimpleNamespace(check=lambda name: {"line": CHECK}[name])
    return KnownTogether(suite, REFERENCE, catalogue, expected=expected, seed=SEED, variants=known)


def test_all_arrays_come_with_both_mistakes_in_them(together):
    x = run_probe(CHECK, REFERENCE, SEED)["x"]
    found = together("line", frozenset({"offset", "factor"}))
    assert [cause.id for cause in found.causes] == ["factor", "offset"]
    np.testing.assert_array_equal(found.arrays["out"], 3 * x + 2)
    np.testing.assert_array_equal(found.arrays["x"], x)
    assert vars(REFERENCE) == {"factor": 2.0, "offset": 1.0}


@pytest.mark.parametrize("other", ["refused", "unseen"])
def test_nothing_comes_of_what_does_not_go_together_or_does_not_show(together, other):
    ids = frozenset({other, "factor"}) if other == "refused" else frozenset({other})
    assert together("line", ids) is None


def test_a_question_is_worked_out_once(together, catalogue):
    first = together("line", frozenset({"factor", "offset"}))
    assert together("line", frozenset({"offset", "factor"})) is first
    assert catalogue.runs == 1


def test_the_legacy_generator_is_left_as_it_was(together):
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    together("line", frozenset({"factor", "offset"}))
    np.testing.assert_array_equal(np.random.get_state()[1], before)
