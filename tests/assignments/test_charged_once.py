"""One mistake in otherwise right code is named for certain, and costs what its own checks charge and a share of the others'."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.assignments.explaining import certain, told
from tests.assignments.one_mistake import MISTAKES, Mistake
from tests.assignments.test_right_and_wrong import wrong_code


@pytest.mark.parametrize(
    ("course_name", "mistake"),
    [
        pytest.param(name, mistake, id=f"{name}-{mistake.named}")
        for name, mistakes in MISTAKES.items()
        for mistake in mistakes
    ],
)
def test_one_mistake_is_named_and_charged_once(
    course: Callable[[str], Any], course_name: str, mistake: Mistake, tmp_path: Path
) -> None:
    results = told(course_name, wrong_code(course(course_name), mistake.edits, tmp_path)).values()
    assert certain({result.id: result for result in results}) == {mistake.named}
    assert 0 < sum(float(result.max_points - result.points) for result in results) <= mistake.most
