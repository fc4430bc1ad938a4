"""Sample submissions: `samples.yaml` holds recipes and the verdict that each must get, `samples/` the folders made from them.

A sample is what a student would hand in: modules and notebooks, changed as the recipe says. Nothing is run here; whether the
verdicts come out is for `grader validate`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ..assignment import Assignment
from ..errors import AssignmentError
from ..model import CheckResult, Outcome, QuestionResult, Result, Status
from ..tree import differences, write_tree
from ..yamlfile import InnerPath, Strict, place, read_mapping, validate
from .edits import Edit, EditError, answer, apply_edit, minimal
from .source import blank_files, solution_files

__all__ = [
    "Expectation",
    "SampleVerdict",
    "build_samples",
    "disagreements",
    "load_verdicts",
    "make_samples",
    "stale_samples",
]

_OutcomeName = Literal["passed", "failed", "not_graded"]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as exc:
        raise ValueError(f"not a regular expression: {exc}") from exc
    return text


class _Range(Strict):
    """Least and greatest score that is right, in points."""

    min: Decimal = Field(strict=False)
    max: Decimal = Field(strict=False)

    @model_validator(mode="after")
    def _ordered(self) -> _Range:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is greater than max {self.max}")
        return self


class _Expected(Strict):
    """An outcome, and a regular expression that is found in the reason."""

    outcome: _OutcomeName
    reason: Annotated[str, AfterValidator(_pattern)] = ""


class _Verdict(Strict):
    """What grading the sample must give. others: the outcome of every check that `checks` does not name."""

    status: Literal["complete", "pending", "not_graded"] | None = None
    score: Annotated[Decimal, Field(strict=False)] | _Range | None = None
    checks: dict[str, _Expected] = Field(default_factory=dict)
    others: _OutcomeName | None = None
    questions: dict[str, _Expected] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> _Verdict:
        if not self.model_fields_set:
            raise ValueError("expected `status`, `score`, `checks`, `others` or `questions`")
        return self


class _Bytes(Strict):
    """A file that is not text."""

    base64: str

    @model_validator(mode="after")
    def _decodes(self) -> _Bytes:
        try:
            base64.b64decode(self.base64, validate=True)
        except binascii.Error as exc:
            raise ValueError(f"not base64: {exc}") from exc
        return self


class _Recipe(Strict):
    """How a sample is made. title: what it shows, in a few words; why: where such a thing was seen.

    from: the instructor's solution, the blank release, or nothing. notebook: "minimal" drops prose. Then, in this order, `answers`
    (question -> text), `edits`, `rename` (old path -> new path), `remove`, and `files` (path -> text, laid over what is there).
    """

    title: str = Field(min_length=1)
    why: str = ""
    from_: Literal["solution", "blank", "nothing"] = Field("solution", alias="from")
    notebook: Literal["full", "minimal"] = "full"
    answers: dict[str, str] = Field(default_factory=dict)
    edits: list[Edit] = Field(default_factory=list)
    rename: dict[InnerPath, InnerPath] = Field(default_factory=dict)
    remove: list[InnerPath] = Field(default_factory=list)
    files: dict[InnerPath, str | _Bytes] = Field(default_factory=dict)
    verdict: _Verdict

    @model_validator(mode="after")
    def _holds_something(self) -> _Recipe:
        if self.from_ == "nothing" and not self.files:
            raise ValueError("a sample from nothing needs `files`; an empty folder is no submission")
        return self


_SampleName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]


class _Samples(Strict):
    """The whole of `samples.yaml`. A sample's name is its folder's, and so the student's id when the folder is graded."""

    format: Literal[1]
    samples: dict[_SampleName, _Recipe] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """An outcome, and a regular expression that must be found in its reason (empty: any reason)."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleVerdict:
    """What grading one sample must give; None stands for "not said". score: least and greatest. others: all checks not named."""

    sample: str
    title: str
    status: Status | None = None
    score: tuple[Decimal, Decimal] | None = None
    checks: Mapping[str, Expectation]
    others: Outcome | None = None
    questions: Mapping[str, Expectation]


def load_verdicts(assignment: Assignment) -> tuple[SampleVerdict, ...]:
    """The verdict that each sample must get, in the order of `samples.yaml`.

    Raises: AssignmentError, with file, line and column, if `samples.yaml` is missing or not as expected.
    """
    _, samples = _read(assignment)
    return tuple(_verdict(name, recipe) for name, recipe in samples.samples.items())


def make_samples(assignment: Assignment) -> dict[str, dict[str, bytes]]:
    """The files of each sample, by sample and path.

    Raises: AssignmentError, with the recipe's line, if an edit, an answer or a file does not fit the source.
    """
    document, samples = _read(assignment)
    starts = {"solution": solution_files(assignment), "blank": blank_files(assignment), "nothing": {}}
    path = _path(assignment)
    made = {}
    for name, recipe in samples.samples.items():
        try:
            made[name] = _make(assignment, recipe, starts[recipe.from_])
        except _PartError as exc:
            raise AssignmentError(
                f"{place(path, document, ('samples', name, *exc.loc))}: {name}: {exc}"
            ) from exc
    return made


def build_samples(assignment: Assignment) -> tuple[str, ...]:
    """Write `samples/` anew and name the samples. Folders without a recipe are never touched.

    Raises: AssignmentError as `make_samples`, and if a folder without a recipe lies there. OSError if it cannot be written.
    """
    made = make_samples(assignment)
    orphans = _orphans(assignment, made)
    if orphans:
        raise AssignmentError(
            f"{assignment.samples}: no recipe in samples.yaml for {', '.join(orphans)}; write one or delete the folder"
        )
    for name, files in made.items():
        if not (assignment.samples / name).is_dir() or differences(assignment.samples / name, files):
            write_tree(assignment.samples / name, files)
    return tuple(made)


def stale_samples(assignment: Assignment) -> tuple[str, ...]:
    """What differs between `samples/` and the recipes, a sentence each; empty when all is current.

    Raises: AssignmentError as `make_samples`.
    """
    made = make_samples(assignment)
    found = [f"{name}: no recipe in samples.yaml" for name in _orphans(assignment, made)]
    for name, files in made.items():
        found += [f"{name}/{difference}" for difference in differences(assignment.samples / name, files)]
    return tuple(found)


def disagreements(verdict: SampleVerdict, result: Result) -> tuple[str, ...]:
    """How `result` differs from the verdict that the sample must get, a sentence each; empty when it is the verdict."""
    found = []
    if verdict.status is not None and result.status is not verdict.status:
        found.append(f"status is {result.status.value}, expected {verdict.status.value}")
    if verdict.score is not None and not verdict.score[0] <= result.score <= verdict.score[1]:
        least, greatest = verdict.score
        wanted = f"{least}" if least == greatest else f"{least} to {greatest}"
        found.append(f"score is {result.score}, expected {wanted}")
    found += _compare("check", verdict.checks, {check.id: check for check in result.checks})
    found += _compare("question", verdict.questions, {question.id: question for question in result.questions})
    if verdict.others is not None:
        others = {check.id: check for check in result.checks if check.id not in verdict.checks}
        found += _compare("check", dict.fromkeys(others, Expectation(outcome=verdict.others)), others)
    return tuple(found)


class _PartError(Exception):
    """A part of a recipe that does not fit, with its place in the recipe."""

    def __init__(self, message: str, *loc: str | int) -> None:
        super().__init__(message)
        self.loc = loc


def _path(assignment: Assignment) -> Path:
    return assignment.folder / "samples.yaml"


def _read(assignment: Assignment) -> tuple[Any, _Samples]:
    path = _path(assignment)
    if not path.is_file():
        raise AssignmentError(f"{path}: not there; write the recipes of the sample submissions in it")
    document = read_mapping(path, "`format` and `samples`")
    return document, validate(path, document, _Samples)


def _verdict(name: str, recipe: _Recipe) -> SampleVerdict:
    verdict, score = recipe.verdict, recipe.verdict.score
    limits = (
        (score.min, score.max) if isinstance(score, _Range) else (score, score) if score is not None else None
    )
    return SampleVerdict(
        sample=name,
        title=recipe.title,
        status=None if verdict.status is None else Status(verdict.status),
        score=limits,
        checks={check: _expectation(expected) for check, expected in verdict.checks.items()},
        others=None if verdict.others is None else Outcome(verdict.others),
        questions={question: _expectation(expected) for question, expected in verdict.questions.items()},
    )


def _expectation(expected: _Expected) -> Expectation:
    return Expectation(outcome=Outcome(expected.outcome), reason=expected.reason)


def _make(assignment: Assignment, recipe: _Recipe, start: Mapping[str, bytes]) -> dict[str, bytes]:
    files = dict(start)
    if recipe.notebook == "minimal":
        files |= {path: minimal(data, path) for path, data in files.items() if path.endswith(".ipynb")}
    notebooks = {question.id: question.notebook for question in assignment.spec.questions}
    for question, text in recipe.answers.items():
        if notebooks.get(question) not in files:
            raise _PartError(f"question {question!r} is not in the sample's notebooks", "answers", question)
        files[notebooks[question]] = answer(files[notebooks[question]], question, text, notebooks[question])
    for number, edit in enumerate(recipe.edits):
        try:
            files = apply_edit(files, edit)
        except EditError as exc:
            raise _PartError(str(exc), "edits", number) from exc
    for old, new in recipe.rename.items():
        if old not in files:
            raise _PartError(f"{old} is not among the sample's files", "rename", old)
        files[new] = files.pop(old)
    for number, gone in enumerate(recipe.remove):
        if files.pop(gone, None) is None:
            raise _PartError(f"{gone} is not among the sample's files", "remove", number)
    for path, content in recipe.files.items():
        files[path] = (
            content.encode("utf-8") if isinstance(content, str) else base64.b64decode(content.base64)
        )
    return files


def _orphans(assignment: Assignment, made: Mapping[str, Any]) -> list[str]:
    if not assignment.samples.is_dir():
        return []
    return sorted(
        entry.name
        for entry in assignment.samples.iterdir()
        if entry.name not in made and not entry.name.startswith(".")
    )


def _compare(
    kind: str,
    wanted: Mapping[str, Expectation],
    got: Mapping[str, CheckResult] | Mapping[str, QuestionResult],
) -> list[str]:
    found = []
    for name, expected in wanted.items():
        result = got.get(name)
        if result is None:
            found.append(f"{kind} {name} is not in the result")
        elif result.outcome is not expected.outcome:
            found.append(
                f"{kind} {name} is {result.outcome.value} ({result.reason or 'no reason'}), expected {expected.outcome.value}"
            )
        elif not re.search(expected.reason, result.reason):
            found.append(
                f"{kind} {name}: reason is {result.reason!r}, expected it to match {expected.reason!r}"
            )
    return found
