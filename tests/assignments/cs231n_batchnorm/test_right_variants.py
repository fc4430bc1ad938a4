"""Right code, however it is written, loses no point."""

from pathlib import Path

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.model import CheckEvidence, Ending, Outcome, Value
from grader.score import judge_check
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite, run_probe
from tests.assignments.right_variants import RIGHT


@pytest.fixture(scope="module")
def bench():
    assignment = load_assignment(Path(__file__).parents[3] / "assignments" / "cs231n_batchnorm")
    suite = load_suite(assignment)
    seed = Seed.of(7)
    checks = [
        check for check in suite.checks if check.where == "modules" and check.id != "batchnorm_alt_speed"
    ]
    return checks, expected_arrays(suite, load_reference(assignment), seed), seed


def test_there_are_thirty():
    assert len(RIGHT) >= 30


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_variant_loses_no_point(bench, name):
    checks, expected, seed = bench
    for check in checks:
        arrays = run_probe(check, RIGHT[name], seed)
        values = tuple(
            Value(name=key, type_name="ndarray", array=np.asarray(one)) for key, one in arrays.items()
        )
        evidence = CheckEvidence(check=check.id, ending=Ending.ANSWERED, values=values)
        result = judge_check(check, evidence, expected[check.id])
        assert result.outcome is Outcome.PASSED, (check.id, result.reason)
