"""Right code loses no point, whatever it keeps its intermediate values in and however it is put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.authoring.source import solution_files
from grader.seed import Seed
from grader.suite import expected_arrays
from tests.assignments.measure import spared
from tests.assignments.rewritten import REWRITTEN
from tests.assignments.test_udacity_batchnorm import EXPERIMENTS, NOTEBOOK, _cells, _namespace

SEED = Seed.of(3)


@pytest.mark.parametrize("course_name", REWRITTEN)
def test_right_code_loses_no_point(course: Callable[[str], Any], course_name: str, tmp_path: Path) -> None:
    bench = course(course_name)
    expected = expected_arrays(bench.suite, bench.reference, SEED)
    # What a notebook trained cannot be had without running it.
    checks = bench.suite.at("modules") or [one for one in bench.suite.checks if one.id not in EXPERIMENTS]
    lost = {}
    for number, (name, (place, code)) in enumerate(REWRITTEN[course_name].items()):
        files = solution_files(bench.assignment)
        if place in files:
            files[place] += f"\n\n{code}".encode()
            implementation = bench.implementation(tmp_path / str(number), files)
        else:
            cells = _cells(files[NOTEBOOK])
            implementation = _namespace({**cells, place: f"{cells[place]}\n\n{code}"})
        _, lost[name] = spared(checks, {name: implementation}, expected, SEED, (1,))
    assert {name: checks for name, checks in lost.items() if checks} == {}
