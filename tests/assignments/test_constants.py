"""No check can be met by what somebody wrote down: the right answers of another seed earn nothing. For all five suites.

Graded runs draw their inputs from a secret seed, self-checks from the public one, whose right answers are published. That is a
defence only as far as answers depend on the seed, which is what is tried here, check by check.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.model import CheckEvidence, Ending, Value
from grader.probe import Check
from grader.probe.seeding import seeded
from grader.probe.values import plain
from grader.score import judge_check
from grader.seed import PUBLIC_SEED, Seed
from grader.suite import run_probe

COURSES = ("cs231n_batchnorm", "ece247_hw4", "kth_batchnorm", "tufts_batchnorm", "udacity_batchnorm")
OTHER_SEEDS = (Seed.of(1), Seed.of(2), Seed.of(3))

DRAWN = "what is asked for is a draw of one's own, of a known spread: any such draw is right"
GIVEN = "the task is to start from zeros and ones, or to make zeros, in given shapes"
#: Checks of the modules whose right answer may be the same for all inputs: what constants earn there, and why it stays so.
CONSTANT = {
    ("cs231n_batchnorm", "network_start"): (1, DRAWN),
    ("ece247_hw4", "network_start"): (1, DRAWN),
    ("kth_batchnorm", "initial_spread"): (3, DRAWN),
    ("kth_batchnorm", "initial_values"): (2, GIVEN),
    ("kth_batchnorm", "zeros_in_shape"): (1, GIVEN),
}
#: What functions earn that return the published results in their order, whatever they are asked.
REPLAYED = {("ece247_hw4", "inputs_untouched"): (1, "what touches nothing leaves its inputs as they are")}
#: Checks of a notebook's namespace with a judge of their own: nothing is expected, and no input is drawn. What is read are
#: histories and starting values that the notebook made; a judge asks whether they can be what a training leaves behind.
READ_FROM_THE_NOTEBOOK = {
    "cs231n_batchnorm": Decimal(6),
    "ece247_hw4": Decimal(12),
    "kth_batchnorm": Decimal(12),
    "tufts_batchnorm": Decimal(10),
    "udacity_batchnorm": Decimal(14),
}


def has_expected(check: Check) -> bool:
    return check.where == "modules" or check.judge is None


def earned(check: Check, returned: Mapping[str, Any], expected: Mapping[str, Any]) -> Decimal:
    values = [(name, *plain(value)) for name, value in returned.items()]
    made = tuple(Value(name=name, type_name=kind, array=array) for name, kind, array in values)
    evidence = CheckEvidence(check=check.id, ending=Ending.ANSWERED, values=made)
    return judge_check(check, evidence, expected).points


@pytest.fixture(params=COURSES)
def named(request, course):
    return request.param, course(request.param)


def test_published_answers_earn_nothing_at_other_seeds(named):
    """Whoever owns his process completely can answer each check with the published arrays: by its name, in the right form."""
    name, made = named
    gained = {}
    for check in filter(has_expected, made.suite.checks):
        published = run_probe(check, made.reference, PUBLIC_SEED)
        assert earned(check, published, published) == Decimal(str(check.points)), (
            "the attack works at its own seed"
        )
        # A class that is predicted may be the same once by chance; not at each seed.
        points = min(earned(check, published, run_probe(check, made.reference, seed)) for seed in OTHER_SEEDS)
        if points:
            gained[name, check.id] = points
    assert gained == {key: points for key, (points, _) in CONSTANT.items() if key[0] == name}


def test_points_that_rest_on_what_the_notebook_made_are_known(named):
    name, made = named
    points = sum(Decimal(str(check.points)) for check in made.suite.checks if not has_expected(check))
    assert points == READ_FROM_THE_NOTEBOOK[name]


def test_zeros_earn_nothing(named):
    """Arrays of the right names, types and shapes, and nothing in them."""
    name, made = named
    gained = {}
    for check in filter(has_expected, made.suite.checks):
        expected = run_probe(check, made.reference, OTHER_SEEDS[0])
        zeros = {key: np.zeros_like(array) for key, array in expected.items()}
        if points := earned(check, zeros, expected):
            gained[name, check.id] = points
    assert gained == {}


@dataclass
class Tape:
    """What the right functions returned, in the order of the calls, and how to give it again whatever is asked."""

    calls: dict[str, list[Any]] = field(default_factory=dict)

    def recording(self, reference: Any) -> Any:
        return SimpleNamespace(**{name: self._recorded(name, value) for name, value in functions(reference)})

    def _recorded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            returned = function(*args, **kwargs)
            written = [arg for arg in (*args, *kwargs.values()) if isinstance(arg, dict | np.ndarray)]
            self.calls.setdefault(name, []).append(copy.deepcopy((returned, written)))
            return returned

        return call

    def playing(self, reference: Any) -> Any:
        turns = {name: iter(calls) for name, calls in self.calls.items()}

        def played(name: str) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                returned, written = next(turns[name])
                given = [arg for arg in (*args, *kwargs.values()) if isinstance(arg, dict | np.ndarray)]
                for arg, after in zip(given, written, strict=False):
                    if isinstance(arg, dict):
                        arg.update(copy.deepcopy(after))
                return copy.deepcopy(returned)

            return call

        return SimpleNamespace(**{name: played(name) for name, _ in functions(reference)})


def functions(reference: Any) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in vars(reference).items()
        if callable(value) and not isinstance(value, type) and not name.startswith("_")
    ]


def run(check: Check, implementation: Any, seed: Seed) -> dict[str, Any]:
    """Run a probe on what need not be right; nothing where it raises."""
    state = np.random.get_state()
    try:
        with np.errstate(all="ignore"):
            return dict(check.probe(implementation, seeded(seed.for_check(check.id))))
    except Exception:  # noqa: BLE001 - an attack that raises has earned nothing
        return {}
    finally:
        np.random.set_state(state)


def test_answers_replayed_in_the_order_of_calls_earn_nothing(named):
    """Functions that know the published run call by call, and write into what they are given as the right ones did."""
    name, made = named
    gained, works = {}, 0
    for check in filter(has_expected, made.suite.checks):
        tape = Tape()
        first = run(check, tape.recording(made.reference), PUBLIC_SEED)
        if not first or not tape.calls:
            continue  # it works on a class, whose methods are of the same objects: see the test above
        again = run(check, tape.playing(made.reference), PUBLIC_SEED)
        published = run_probe(check, made.reference, PUBLIC_SEED)
        works += earned(check, again, published) == earned(check, published, published)
        expected = run_probe(check, made.reference, OTHER_SEEDS[0])
        if points := earned(check, run(check, tape.playing(made.reference), OTHER_SEEDS[0]), expected):
            gained[name, check.id] = points
    more = {key: points for key, points in gained.items() if key not in CONSTANT}
    assert more == {key: points for key, (points, _) in REPLAYED.items() if key[0] == name}
    assert works >= 3 or name == "kth_batchnorm", "the attack works at its own seed"
