"""What holds for the checks of every course: they add up, point into the notebook, hide some, and give a blank nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grader.model import Outcome

COURSES = sorted(
    path.parent.name for path in (Path(__file__).parents[2] / "assignments").glob("*/assignment.yaml")
)
VERDICTS = re.compile(r"\b(?:points|tolerance|judge|hint)\s*=|\bJudgement\b|\breference\.|\bcompare\b")
SHORTEST_HINT = 20  # characters


@pytest.fixture(params=COURSES)
def any_course(request: pytest.FixtureRequest, course: Callable[[str], Any]) -> Any:
    """Each assignment in turn, with suite and reference."""
    return course(request.param)


def headings(assignment: Any) -> set[str]:
    """The headings of an assignment's notebooks."""
    lines: list[str] = []
    for notebook in assignment.spec.notebooks:
        document = json.loads((assignment.source / notebook.path).read_text(encoding="utf-8"))
        for cell in document["cells"]:
            if cell["cell_type"] == "markdown":
                lines += "".join(cell["source"]).splitlines()
    return {line.lstrip("#").strip() for line in lines if line.startswith("#")}


def test_points_add_up_to_100(any_course: Any) -> None:
    questions = sum(question.points for question in any_course.assignment.spec.questions)
    assert sum(Decimal(str(check.points)) for check in any_course.suite.checks) + questions == 100


def test_every_check_points_to_a_heading_and_gives_a_hint(any_course: Any) -> None:
    known = headings(any_course.assignment)
    assert [check.id for check in any_course.suite.checks if check.section not in known] == []
    assert [check.id for check in any_course.suite.checks if len(check.hint) <= SHORTEST_HINT] == []


def test_a_third_of_the_checks_is_hidden(any_course: Any) -> None:
    checks = any_course.suite.at("modules") or any_course.suite.checks
    hidden = [check for check in checks if not check.visible]
    assert 0.25 <= len(hidden) / len(checks) <= 0.45


def test_sandbox_copy_carries_no_verdicts(any_course: Any) -> None:
    found = {name: VERDICTS.findall(source) for name, source in any_course.suite.modules.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_blank_release_earns_nothing(any_course: Any, tmp_path: Path) -> None:
    checks = any_course.suite.at("modules")
    if not checks:
        pytest.skip("its checks run in the notebook; `grader validate` runs its blank release there")
    blank = any_course.blank(tmp_path)
    for check in checks:
        result = any_course.judge(check.id, blank)
        assert (result.outcome, result.points) == (Outcome.FAILED, 0), check.id
