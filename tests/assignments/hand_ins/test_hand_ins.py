"""Whole hand-ins, of several years and habits, through the real sandbox: nobody right loses a point, nobody wrong gains one."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.model import CheckResult, Outcome, Result
from grader.pipeline import Settings, grade
from grader.seed import Seed
from grader.state import State
from tests.assignments.hand_ins import later, recipes
from tests.assignments.hand_ins.dress import Files, zipped
from tests.assignments.hand_ins.recipes import HandIn

ROOT = Path(__file__).parents[3]
HANDS = Path(__file__).parent / "hands"

CS231N = recipes.CS231N + later.CS231N
ECE247 = recipes.ECE247 + later.ECE247

pytestmark = pytest.mark.sandbox


def files_of(hand_in: HandIn) -> Files:
    """What lies in the student's folder."""
    folder = HANDS / hand_in.hand
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.py"))}
    for path, old, new in hand_in.edits:
        text = files[path].decode()
        assert text.count(old) == 1, f"{hand_in.name}: {path} holds {text.count(old)} times: {old}"
        files[path] = text.replace(old, new).encode()
    for dress in hand_in.dress:
        files = dress(files)
    if hand_in.zip:
        files = {f"{hand_in.name}.zip": zipped(files)}
    return hand_in.finish(files) if hand_in.finish else files


def by_function(result: Result) -> dict[str, list[CheckResult]]:
    """The checks of each function; the notebooks' experiments left aside."""
    found: dict[str, list[CheckResult]] = defaultdict(list)
    for check in result.checks:
        if not check.id.startswith("experiment_"):
            found[check.function].append(check)
    return found


def bounds(hand_in: HandIn, check: CheckResult) -> tuple[float, float]:
    """The least and the most of its points that a check should lose, as shares."""
    share = hand_in.lost.get(check.id, hand_in.lost.get(check.function, 0.0))
    return share if isinstance(share, tuple) else (share, share)


def graded(name: str, hand_ins: tuple[HandIn, ...], folder: Path) -> Mapping[str, Result]:
    """One class of all hand-ins; the results by name."""
    for hand_in in hand_ins:
        for path, data in files_of(hand_in).items():
            target = folder / "class" / hand_in.name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    assignment = load_assignment(ROOT / "assignments" / name)
    settings = Settings(
        out=folder / "out",
        state=State(folder / "state"),
        seed=Seed.of(int(os.environ.get("HAND_INS_SEED", "5"))),
    )
    grade(assignment, [folder / "class"], settings)
    with settings.state.gradebook() as gradebook:
        return {result.student: result for result in gradebook.results(assignment.name)}


@pytest.fixture(scope="module")
def cs231n(tmp_path_factory):
    return graded("cs231n_batchnorm", CS231N, tmp_path_factory.mktemp("cs231n"))


@pytest.fixture(scope="module")
def ece247(tmp_path_factory):
    return graded("ece247_hw4", ECE247, tmp_path_factory.mktemp("ece247"))


ROUNDING = 0.001  # points


def disagreements(hand_in: HandIn, result: Result) -> list[str]:
    """A line for each function whose points are not those reasoned by hand, with the reasons that the student reads."""
    lines: list[str] = []
    named = {finding.id for check in result.checks for finding in check.findings}
    lines += [f"not told: {name}" for name in sorted(set(hand_in.told) - named)]
    lines += [f"told, though false: {name}" for name in sorted(set(hand_in.not_told) & named)]
    known = {*(check.id for check in result.checks), *(check.function for check in result.checks)}
    assert set(hand_in.lost) <= known, set(hand_in.lost) - known
    for function, checks in by_function(result).items():
        least = sum(float(check.max_points) * bounds(hand_in, check)[0] for check in checks)
        most = sum(float(check.max_points) * bounds(hand_in, check)[1] for check in checks)
        lost = sum(float(check.max_points - check.points) for check in checks)
        if not least - ROUNDING <= lost <= most + ROUNDING:
            lines.append(f"{function}: lost {lost:g}, expected {least:g} to {most:g}")
            lines += [
                f"    {check.id} ({check.points} of {check.max_points}): {check.reason} | {check.detail}"
                for check in checks
                if check.points != check.max_points
            ]
    questions = {question.id: question for question in result.questions}
    for name, points in hand_in.questions.items():
        question = questions[name]
        came = None if question.outcome is Outcome.NOT_GRADED else float(question.points)
        if came != points:
            lines.append(f"{name}: {came} points, expected {points}: {question.reason}")
    return lines


@pytest.mark.parametrize("hand_in", [pytest.param(one, id=one.name) for one in CS231N])
def test_cs231n_hand_in_loses_what_it_should(cs231n, hand_in):
    assert not disagreements(hand_in, cs231n[hand_in.name])


@pytest.mark.parametrize("hand_in", [pytest.param(one, id=one.name) for one in ECE247])
def test_ece247_hand_in_loses_what_it_should(ece247, hand_in):
    assert not disagreements(hand_in, ece247[hand_in.name])
