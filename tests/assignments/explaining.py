"""What a submission is told: every check judged and explained, as in a graded run, with code that runs in this process."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from grader.assignment import Assignment, load_assignment
from grader.diagnosis.explain import Knowledge, explain
from grader.diagnosis.misconceptions import load_catalogue, variants
from grader.diagnosis.together import KnownTogether
from grader.model import CheckEvidence, CheckResult, Ending, Outcome, StudentError, Value
from grader.probe import Check
from grader.probe.seeding import seeded
from grader.probe.values import plain
from grader.score import judge_check
from grader.seed import Seed
from grader.suite import Suite, expected_arrays, load_reference, load_suite

__all__ = ["certain", "failed", "told"]

ROOT = Path(__file__).parents[2]
SEED = 5


@dataclass(frozen=True)
class _Course:
    assignment: Assignment
    suite: Suite
    expected: Mapping[str, Mapping[str, Any]]
    known: Knowledge


@functools.cache
def _course(name: str, seed: int) -> _Course:
    """Known mistakes take seconds: once for all tests of a course."""
    assignment = load_assignment(ROOT / "assignments" / name)
    suite, reference = load_suite(assignment), load_reference(assignment)
    expected = expected_arrays(suite, reference, Seed.of(seed))
    catalogue = load_catalogue(assignment)
    assert catalogue is not None
    found = variants(suite, reference, catalogue, expected, Seed.of(seed), cache=_of_this_run())
    return _Course(
        assignment,
        suite,
        expected,
        Knowledge(
            variants=found,
            together=KnownTogether(
                suite, reference, catalogue, expected=expected, seed=Seed.of(seed), variants=found
            ),
            companions=suite.companions,
            share=Decimal(str(assignment.spec.carry_forward)),
        ),
    )


def _of_this_run() -> Path:
    """A folder that the workers of one run of the tests share: what one has computed, the others need not."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"alone-{os.getpid()}")
    folder = Path(tempfile.gettempdir()) / f"known-mistakes-{run}"
    folder.mkdir(exist_ok=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def told(course: str, implementation: Any, *, seed: int = SEED) -> dict[str, CheckResult]:
    """The results of all checks that need no experiment, by id."""
    known = _course(course, seed)
    checks = [
        check for check in known.suite.checks if check.where == "modules" or known.expected.get(check.id)
    ]
    answers = {check.id: _answer(check, implementation, seed) for check in (*checks, *known.suite.companions)}
    judged = [judge_check(check, answers[check.id], known.expected[check.id]) for check in checks]
    return {result.id: result for result in explain(judged, checks, answers, known.expected, known.known)}


def _answer(check: Check, implementation: Any, seed: int) -> CheckEvidence:
    state = np.random.get_state()
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            returned = check.probe(implementation, seeded(Seed.of(seed).for_check(check.draws_as)))
    except Exception as exc:  # noqa: BLE001 - wrong student code is what is tested
        error = StudentError(kind=type(exc).__name__, message=str(exc))
        return CheckEvidence(check=check.id, ending=Ending.RAISED, error=error)
    finally:
        np.random.set_state(state)
    values = [(name, *plain(value)) for name, value in returned.items()]
    made = tuple(Value(name=name, type_name=kind, array=array) for name, kind, array in values)
    return CheckEvidence(check=check.id, ending=Ending.ANSWERED, values=made)


def failed(results: Mapping[str, CheckResult]) -> set[str]:
    """The checks that do not pass."""
    return {name for name, result in results.items() if result.outcome is not Outcome.PASSED}


def certain(results: Mapping[str, CheckResult]) -> set[str]:
    """The known mistakes that are named without reserve."""
    return {
        finding.id
        for result in results.values()
        for finding in result.findings
        if finding.certain and not finding.id.startswith("structure.")
    }
