"""Prove an assignment before anybody is graded by it: solution, blank release, samples, repeatability, the students' template."""

from __future__ import annotations

import ast
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..assignment import Assignment
from ..authoring.release import leaks, stale
from ..authoring.samples import SampleVerdict, disagreements, load_verdicts, stale_samples
from ..authoring.source import blank_files, solution_files
from ..model import CheckResult, Outcome, QuestionKind, QuestionResult, Result, Status
from ..pipeline import Progress, Settings, grade
from ..seed import Seed
from ..state import State
from ..suite import load_reference, load_suite
from .survey import Progress as SurveyProgress
from .survey import survey

__all__ = ["Proof", "mutant_proofs", "sample_proofs", "validate"]

SOLUTION, BLANK = "solution-of-the-instructor", "blank-release"
SEED = 231
LEAST_KILLED = 0.97  # of the mutants that are not equivalent
VOLATILE = ("timings", "arrived", "digest")  # of results.json: not part of a verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One thing that was to be proved. against: what speaks against it, a line each; empty if it holds."""

    claim: str
    against: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.against


def validate(
    assignment: Assignment,
    *,
    data: Path | None = None,
    jobs: int = 0,
    unsafe: bool = False,
    template: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Proof, ...]:
    """Grade solution, blank release and samples twice, from nothing, and compare with what must come out.

    What known mistakes give is computed once: of the reference alone, as are the arrays that are expected, which come anew.

    Args: template: what students receive; `student_template/<name>` beside `assignments/` unless said.
    Raises: AssignmentError if the instructor's files are wrong. SandboxError if there is no working sandbox.
    """
    verdicts = load_verdicts(assignment)
    with tempfile.TemporaryDirectory(prefix="grader-validate-") as folder:
        room = Path(folder)
        _write(room / "class" / SOLUTION, solution_files(assignment))
        _write(room / "class" / BLANK, blank_files(assignment))
        paths = [room / "class", *([assignment.samples] if assignment.samples.is_dir() else [])]
        documents = []
        for number in (1, 2):
            state = State(room / f"state{number}")
            if number > 1:
                _hand_on_known(State(room / "state1"), state)
            settings = Settings(
                out=room / f"out{number}",
                state=state,
                jobs=jobs,
                seed=Seed.of(SEED),  # the same seed, a state of its own: everything is executed again
                data=data,
                unsafe=unsafe,
            )
            grade(assignment, paths, settings, progress)
            documents.append(json.loads((settings.out / "results.json").read_text("utf-8")))
        with settings.state.gradebook() as gradebook:
            results = {result.student: result for result in gradebook.results(assignment.name)}
    return (
        Proof(claim="what is named is there", against=tuple(_strange_names(assignment))),
        Proof(claim="the solution gets full marks", against=tuple(_short_of_full(results[SOLUTION]))),
        Proof(claim="the blank release gets none", against=tuple(_more_than_none(results[BLANK]))),
        *(_sample_proof(verdict, results) for verdict in verdicts),
        Proof(claim="a second run gives identical results", against=tuple(_differences(*documents))),
        *_template_proofs(assignment, template),
    )


def _strange_names(assignment: Assignment) -> Iterator[str]:
    """Names that nothing has. A slip in one costs nobody a point, but tells students of a function that is not there."""
    reference = load_reference(assignment)
    written: set[str] = set()
    for module in assignment.spec.files.modules:
        names = _names_in((assignment.source / module.path).read_text("utf-8"))
        absent = [name for name in module.defines if name not in names]
        if absent:
            yield f"assignment.yaml: {module.path} defines no {', '.join(absent)}"
        written |= names
    for check in load_suite(assignment).at("modules"):
        if check.of.partition(".")[0] not in written and not hasattr(reference, check.of.partition(".")[0]):
            yield f"checks.py: check {check.id} is of {check.of}, which neither the solution nor the reference has"


def _names_in(source: str) -> set[str]:
    """What a module defines, imports or sets, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def sample_proofs(assignment: Assignment, state: State) -> tuple[Proof, ...]:
    """Hold the results of a class of samples, as they stand in the gradebook, against the verdicts written down for them."""
    with state.gradebook() as gradebook:
        results = {result.student: result for result in gradebook.results(assignment.name)}
    return tuple(_sample_proof(verdict, results) for verdict in load_verdicts(assignment))


def mutant_proofs(assignment: Assignment, *, progress: SurveyProgress | None = None) -> tuple[Proof, ...]:
    """Hold the checks against everything wrong that is known or can be made: misconceptions, and mutants of the solution.

    Raises: AssignmentError if the instructor's files are wrong.
    """
    found = survey(assignment, Seed.of(SEED), progress=progress)
    shown = len(found.misconceptions)
    total = len(found.mutants) + len(found.survivors)
    return (
        Proof(
            claim=f"the checks catch every known mistake in their functions ({shown})",
            against=tuple(
                f"{name}: no check fails; if it cannot be made in this course, say why under `not_here` in mutants.yaml"
                for name in found.missed
            ),
        ),
        Proof(
            claim=f"the checks catch {found.score:.1%} of {total} mutants of the solution, equivalent ones aside",
            against=() if found.score >= LEAST_KILLED else (f"expected at least {LEAST_KILLED:.0%}",),
        ),
        Proof(
            claim="each mutant that survives is explained in mutants.yaml",
            against=(
                *(f"{survivor.id}\n{survivor.diff}" for survivor in found.unexplained),
                *(f"{name}: explained, but nothing needs that" for name in found.stale),
            ),
        ),
    )


def _hand_on_known(first: State, second: State) -> None:
    """Copy what known mistakes give: seconds of a processor, and in no way of what is graded."""
    second.make()
    second.expected.mkdir()
    for path in first.expected.glob("*.variants"):
        shutil.copyfile(path, second.expected / path.name)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _short_of_full(result: Result) -> Iterator[str]:
    for check in result.checks:
        if check.outcome is not Outcome.PASSED or check.points != check.max_points:
            yield f"{check.id}: {check.points} of {check.max_points} points: {check.reason}"
    for question in result.questions:
        if question.kind is QuestionKind.CHOICE and question.points != question.max_points:
            yield f"{question.id}: {question.points} of {question.max_points} points: {question.reason}"
        if question.kind is QuestionKind.TEXT and not question.answered:
            yield f"{question.id}: the solution's answer was not found"


def _more_than_none(result: Result) -> Iterator[str]:
    parts: list[CheckResult | QuestionResult] = [*result.checks, *result.questions]
    for part in parts:
        if part.points != Decimal(0) or part.outcome is not Outcome.FAILED:
            yield f"{part.id}: {part.outcome.value}, {part.points} of {part.max_points} points: {part.reason}"
    if result.status is not Status.COMPLETE:
        yield f"its status is {result.status.value}, expected complete: nothing in it needs a person"


def _sample_proof(verdict: SampleVerdict, results: Mapping[str, Result]) -> Proof:
    claim = f"sample {verdict.sample} gets its verdict"
    if verdict.sample not in results:
        return Proof(claim=claim, against=("it was not found by intake",))
    return Proof(claim=claim, against=tuple(disagreements(verdict, results[verdict.sample])))


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    by_student = {submission["student"]: submission for submission in second["submissions"]}
    for submission in first["submissions"]:
        other = by_student.get(submission["student"], {})
        for key, value in submission.items():
            if key not in VOLATILE and other.get(key) != value:
                yield f"{submission['student']}: {key} differs: {_where(value, other.get(key))}"


def _where(one: Any, other: Any) -> str:
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return "; ".join(f"{a} and {b}" for a, b in zip(one, other, strict=True) if a != b)[:500]
    return f"{one} and {other}"[:500]


def _template_proofs(assignment: Assignment, template: Path | None) -> Iterator[Proof]:
    folder = template or assignment.folder.parent.parent / "student_template" / assignment.name
    yield Proof(claim="the samples are what their recipes make", against=tuple(stale_samples(assignment)))
    if not folder.is_dir():
        yield Proof(
            claim="students receive a template", against=(f"{folder} is not there; run `grader release`",)
        )
        return
    yield Proof(claim="what students receive is current", against=tuple(stale(assignment, folder)))
    yield Proof(
        claim="no solution survives in what students receive", against=tuple(leaks(assignment, folder))
    )
