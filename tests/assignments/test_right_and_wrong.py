"""Right code, however it is written, loses no point; wrong code that no catalogue holds loses some, and is told nothing false."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.authoring.source import solution_files
from tests.assignments.explaining import certain, failed, told
from tests.assignments.test_udacity_batchnorm import NOTEBOOK, _cells, _namespace
from tests.assignments.wrong_solutions import WRONG

COURSES = ("tufts_batchnorm", "kth_batchnorm", "udacity_batchnorm")
LEAST = 12


def variants_of(course: str) -> dict[str, Any]:
    return dict(importlib.import_module(f"tests.assignments.{course}.right_variants").RIGHT)


@pytest.mark.parametrize("course_name", COURSES)
def test_there_are_a_dozen(course_name: str) -> None:
    assert len(variants_of(course_name)) >= LEAST


@pytest.mark.parametrize(
    ("course_name", "name", "seed"),
    [(course, name, number) for course in COURSES for number, name in enumerate(variants_of(course))],
)
def test_right_code_loses_no_point(
    course: Callable[[str], Any], course_name: str, name: str, seed: int
) -> None:
    bench, implementation = course(course_name), variants_of(course_name)[name]
    lost = {}
    for check in bench.suite.checks:
        if not check.id.startswith(("experiment_", "figures_")):
            result = bench.judge(check.id, implementation, seed)
            if result.points != result.max_points:
                lost[check.id] = result.reason
    assert lost == {}


def wrong_code(bench: Any, edits: Any, folder: Path) -> Any:
    """The solution with a mistake: edits of files, or of the notebook's cells."""
    if isinstance(edits, dict):
        return bench.edited(folder, edits)
    return _namespace(_cells(solution_files(bench.assignment)[NOTEBOOK]), edits)


@pytest.mark.parametrize(
    ("course_name", "name"), [(course, name) for course, found in WRONG.items() for name in found]
)
def test_wrong_code_loses_what_it_must_and_is_told_nothing_false(
    course: Callable[[str], Any], course_name: str, name: str, tmp_path: Path
) -> None:
    case = WRONG[course_name][name]
    results = told(course_name, wrong_code(course(course_name), case.edits, tmp_path))
    assert failed(results) == set(case.loses.split())
    assert certain(results) <= set(case.true.split()), "this is said, and it is not so"


@pytest.mark.parametrize("course_name", COURSES)
def test_there_are_ten_wrong_ones(course_name: str) -> None:
    assert len(WRONG[course_name]) >= 10
