"""One assignment made ready to grade: checks, expected arrays, data set and seed; and from evidence and answers, a result.

Reads what was handed in from the blob store. Starts no process.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .assignment import Assignment, Question
from .data import DataSet, find_data
from .diagnosis.explain import Knowledge
from .diagnosis.misconceptions import load_catalogue, variants, variants_kept
from .diagnosis.together import KnownTogether
from .errors import EvidenceError, SubmissionError
from .given import given_arrays
from .model import (
    Answer,
    Array,
    CheckResult,
    Ending,
    Evidence,
    Figure,
    ManualMark,
    Note,
    Outcome,
    QuestionKind,
    QuestionResult,
    Result,
    Status,
    Submission,
    Value,
)
from .notebooks.file import read_notebook
from .probe.published import PUBLISHED
from .questions.rubric import extract_answers, grade_questions
from .score import score
from .seed import Seed
from .state import State
from .store.evidence import evidence_key
from .suite import Suite, expected_arrays, load_reference, load_suite

__all__ = [
    "Grading",
    "environment",
    "open_grading",
    "prepare_grading",
    "rejected",
    "with_stand_ins",
]


@cache
def _packages() -> str:
    """Packages that course work may use and that are here, by name."""
    found = {name: find_spec(name) for name in PUBLISHED}
    return " ".join(sorted(name for name, spec in found.items() if spec is not None and spec.origin))


def environment() -> dict[str, str]:
    """What bears on what student code returns; kept with evidence, and a part of its key: work that waits for a package is run
    again once that package is there."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "packages": _packages(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """What grading every submission of one assignment shares.

    known: what failures are explained by; nothing until `explained`. solution: the evidence of the instructor's own,
    for the figures.
    """

    assignment: Assignment
    suite: Suite
    seed: Seed
    data: DataSet | None
    expected: Mapping[str, Mapping[str, Array]]
    state: State
    known: Knowledge = field(default_factory=Knowledge)
    solution: Evidence | None = None

    def key(self, submission: Submission, *, sandboxed: bool) -> str:
        """The key of the submission's evidence: all that decides what running it gives."""
        spec = self.assignment.spec
        return evidence_key(
            submission=submission.digest,
            suite=self.suite.digest,
            seed=self.seed.id,
            data=self.data.digest if self.data else "",
            limits=spec.limits.model_dump(mode="json"),
            variables=spec.environment,
            environment=environment(),
            sandboxed=str(sandboxed),
        )

    @property
    def explains_at_once(self) -> bool:
        """Whether `explained` has nothing to compute: seconds, for a long catalogue that meets a new seed."""
        assignment = self.assignment
        return not assignment.spec.misconceptions or variants_kept(
            self.suite, load_reference(assignment), self.seed, self.state.expected
        )

    def explained(self) -> Grading:
        """This grading with the known mistakes to explain failures by, computed or recalled.

        Raises: AssignmentError if the catalogue is wrong.
        """
        return replace(self, known=_known(self.assignment, self.suite, self.seed, self.state.expected))

    def judge(self, submission: Submission, evidence: Evidence, marks: Mapping[str, ManualMark]) -> Result:
        """Score the evidence, mark the inline questions, apply what people decided."""
        return score(
            submission,
            with_stand_ins(self.suite, submission, evidence),
            self.suite.checks,
            self.expected,
            known=self.known,
            questions=self._questions(submission, marks),
            figures=self._figures(evidence),
            marks=marks,
        )

    def _questions(
        self, submission: Submission, marks: Mapping[str, ManualMark]
    ) -> tuple[QuestionResult, ...]:
        spec = self.assignment.spec
        graded: list[QuestionResult] = []
        for notebook in spec.notebooks:
            questions = [question for question in spec.questions if question.notebook == notebook.path]
            if questions:
                answers = self._answers(submission, notebook.path, questions)
                elsewhere = dict(submission.stand_ins).get(notebook.path, "")
                graded += grade_questions(answers, questions, marks, elsewhere=elsewhere)
        order = [question.id for question in spec.questions]
        return tuple(sorted(graded, key=lambda result: order.index(result.id)))

    def _answers(
        self, submission: Submission, path: str, questions: Sequence[Question]
    ) -> tuple[Answer, ...]:
        """The answers in one notebook as handed in. None for an absent one; of an unreadable one, a person must find them."""
        digests = {file.path: file.digest for file in submission.files}
        if path not in digests:
            return ()
        try:
            notebook = read_notebook(self.state.blobs.get(digests[path]), path)
        except (SubmissionError, EvidenceError):
            return tuple(Answer(question=question.id) for question in questions)
        original = read_notebook((self.assignment.source / path).read_bytes(), path)
        return extract_answers(notebook, questions, original=original)

    def _figures(self, evidence: Evidence) -> tuple[Figure, ...]:
        figures = []
        for spec in self.assignment.spec.figures:
            series = [
                (label, history, self._reference_history(spec.check, name))
                for label, name in spec.series.items()
                if (history := _history(evidence, spec.check, name)) is not None
            ]
            if series:
                figures.append(
                    Figure(title=spec.title, x_label=spec.x_label, y_label=spec.y_label, series=tuple(series))
                )
        return tuple(figures)

    def _reference_history(self, check: str, name: str) -> tuple[float, ...] | None:
        array = self.expected.get(check, {}).get(name)
        if array is not None:
            return _floats(array)
        return _history(self.solution, check, name) if self.solution else None


def with_stand_ins(suite: Suite, submission: Submission, evidence: Evidence) -> Evidence:
    """The evidence in which checks of a notebook, or of the modules, wait for a person where other files may be the same work."""
    waits = {
        check.id: f"{path} is not what was handed in; see whether {place} shows what it asks for"
        for path, place in submission.stand_ins
        for check in (suite.of_modules if path.endswith(".py") else suite.in_notebook(path))
    }
    checks = tuple(
        replace(answer, ending=Ending.NEEDS_PERSON, detail=waits[answer.check])
        if answer.check in waits and answer.ending is Ending.MISSING
        else answer
        for answer in evidence.checks
    )
    return replace(evidence, checks=checks)


def open_grading(
    assignment: Assignment, state: State, *, seed: Seed | None = None, data: Path | None = None
) -> Grading:
    """All of `prepare_grading`, and the known mistakes.

    Raises: AssignmentError if any of the instructor's files is wrong.
    """
    return prepare_grading(assignment, state, seed=seed, data=data).explained()


def prepare_grading(
    assignment: Assignment, state: State, *, seed: Seed | None = None, data: Path | None = None
) -> Grading:
    """Load checks and reference, find the data set, and compute (or recall) the expected arrays: enough to run submissions.

    Raises: AssignmentError if any of the instructor's files is wrong.
    """
    suite = load_suite(assignment)
    used = seed or state.seed(assignment.name)
    load_catalogue(assignment)  # its faults are told before anything runs
    reference = load_reference(assignment)
    found = find_data(assignment, state.folder, data)
    return Grading(
        assignment=assignment,
        suite=suite,
        seed=used,
        data=found,
        expected=expected_arrays(suite, reference, used, cache=state.expected)
        | given_arrays(suite, reference, found, cache=state.expected),
        state=state,
    )


def _known(assignment: Assignment, suite: Suite, seed: Seed, cache: Path) -> Knowledge:
    reference, catalogue = load_reference(assignment), load_catalogue(assignment)
    expected = expected_arrays(suite, reference, seed, cache=cache)
    known = Knowledge(companions=suite.companions, share=Decimal(str(assignment.spec.carry_forward)))
    if catalogue is None:
        return known
    found = variants(suite, reference, catalogue, expected, seed, cache=cache)
    together = KnownTogether(suite, reference, catalogue, expected=expected, seed=seed, variants=found)
    return replace(known, variants=found, together=together)


def rejected(grading: Grading, *, student: str, origin: str, reason: str) -> Result:
    """The result of what could not be read at all: nothing is graded, nothing is zero, and a person must look."""
    checks = tuple(
        CheckResult(
            id=check.id,
            title=check.title,
            function=check.of,
            outcome=Outcome.NOT_GRADED,
            points=Decimal(0),
            max_points=Decimal(str(check.points)),
            reason="what was handed in could not be read",
            section=check.section,
            visible=check.visible,
        )
        for check in grading.suite.checks
    )
    questions = tuple(
        QuestionResult(
            id=question.id,
            title=question.title,
            kind=QuestionKind(question.kind),
            outcome=Outcome.NOT_GRADED,
            points=Decimal(0),
            max_points=question.points,
            reason="what was handed in could not be read",
        )
        for question in grading.assignment.spec.questions
    )
    parts: list[CheckResult | QuestionResult] = [*checks, *questions]
    return Result(
        student=student,
        digest="",
        evidence="",
        status=Status.NOT_GRADED,
        score=Decimal(0),
        max_score=sum((part.max_points for part in parts), Decimal(0)),
        pending=len(questions),
        checks=checks,
        questions=questions,
        notes=(Note(about=origin, text=reason),),
    )


def _history(evidence: Evidence, check: str, name: str) -> tuple[float, ...] | None:
    for answer in evidence.checks:
        if answer.check == check and answer.ending is Ending.ANSWERED:
            for value in answer.values:
                if value.name == name and value.array is not None:
                    return _floats(value.array)
    return None


MAX_POINTS = 5_000  # of one curve in a report; a longer history is thinned evenly


def _floats(array: Array | Value) -> tuple[float, ...] | None:
    numbers = np.asarray(array)
    if numbers.ndim != 1 or numbers.size == 0 or numbers.dtype.kind not in "fiu":
        return None
    step = -(-numbers.size // MAX_POINTS)
    return tuple(float(number) for number in numbers[::step])
