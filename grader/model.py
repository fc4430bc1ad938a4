"""The values that travel through the house: Submission -> Evidence -> Result. Frozen, plain, and free of disk, clock and kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Answer",
    "Array",
    "CellEvidence",
    "CheckEvidence",
    "CheckResult",
    "Criterion",
    "Ending",
    "Evidence",
    "Figure",
    "Finding",
    "ManualMark",
    "Note",
    "NotebookEvidence",
    "Outcome",
    "QuestionKind",
    "QuestionResult",
    "Result",
    "Status",
    "StudentError",
    "Submission",
    "SubmittedFile",
    "TracebackLine",
    "Value",
]

Array = NDArray[np.generic]


class Outcome(Enum):
    """The three ways a check or a question can end. There is no fourth."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_GRADED = "not_graded"  # our machinery failed, or a person must look: no points, and no zero either


class Status(Enum):
    """How far a submission's mark has come."""

    COMPLETE = "complete"
    PENDING = "pending"  # a person still has to mark something
    NOT_GRADED = "not_graded"  # something could not be run or read; nothing was lost, run again


class Ending(Enum):
    """How a cell, an import or a probe ended."""

    ANSWERED = "answered"  # it returned, and what it returned could be read
    RAISED = "raised"  # student code raised an exception
    TIMED_OUT = "timed_out"
    DIED = "died"  # its process was killed, crashed or left (os._exit, segmentation fault, memory limit)
    MALFORMED = "malformed"  # bytes came back that are not an answer
    OVERSIZE = "oversize"  # more came back than the limits allow
    MISSING = "missing"  # what it needed is not there: the function, the module, the notebook
    NEEDS_PERSON = "needs_person"  # it uses a package that is not here, or has a form that the check cannot ask: never a zero
    NOT_RUN = "not_run"  # infrastructure: never a zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something noticed that a person should know. about: file or place; text: one sentence; for_student: may a student read it?"""

    about: str
    text: str
    for_student: bool = True


# --- Submission ---


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedFile:
    """One file as it will stand in the room. path: relative, with forward slashes. digest: of its bytes in the blob store."""

    path: str
    digest: str
    size_bytes: int
    provided: bool = False  # the instructor's own copy, restored over whatever came


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one student handed in, sorted and with the provided files restored.

    student: the id, from the folder, file or LMS pattern. name: the person's name where the LMS gave one. origin: where it came
    from, relative to what was named on the command line. files: everything to stage, sorted by path. notebooks: paths of the
    assignment's notebooks that are there. aliases: (link, target) pairs of package folders under another name.
    digest: sha256 over the staged paths and contents. missing: the assignment's files that were not found. stand_ins: (notebook or
    module, file) pairs: in its place, this file of the hand-in may show what it asks for.
    """

    student: str
    name: str = ""
    origin: str
    files: tuple[SubmittedFile, ...]
    notebooks: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    digest: str
    arrived: datetime | None = None
    missing: tuple[str, ...] = ()
    stand_ins: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()


# --- Evidence ---


@dataclass(frozen=True, slots=True, kw_only=True)
class TracebackLine:
    """One frame in the student's own files: `file` relative to the submission, or "notebook cell n"."""

    file: str
    line: int
    function: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentError:
    """An exception of student code, as text. Never raised again, never evaluated."""

    kind: str  # the exception's class name, e.g. "ValueError"
    message: str = ""
    frames: tuple[TracebackLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One named thing that a probe returned. `array` is None where it was no array or number; `type_name` says what it was."""

    name: str
    type_name: str  # "ndarray", "float", "list", "NoneType", ...
    array: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEvidence:
    """What one probe gave. cpu_s: CPU seconds of its process. warnings: texts of Python warnings, deduplicated and capped."""

    check: str
    ending: Ending
    values: tuple[Value, ...] = ()
    error: StudentError | None = None
    detail: str = ""  # what we can say about a DIED, MALFORMED, OVERSIZE or MISSING ending
    warnings: tuple[str, ...] = ()
    wall_s: float = 0.0
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEvidence:
    """How one code cell ended; `index` counts all cells of the notebook from 0."""

    index: int
    ending: Ending
    error: StudentError | None = None
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookEvidence:
    """One executed notebook. executed: digest of the .ipynb in the blob store, outputs capped and as data only."""

    path: str
    ending: Ending
    cells: tuple[CellEvidence, ...] = ()
    executed: str | None = None
    detail: str = ""
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that running a submission gave, and nothing judged. Kept under `key`.

    seed_id: digest of the seed, which itself is not kept here. environment: versions that bear on numbers. limits: which limits
    held, e.g. {"memory": "cgroup v1", "processes": "rlimit"}. sandboxed: False marks results of --unsafe-no-sandbox.
    phases: wall seconds by phase. noticed: what the sandbox saw, e.g. stubbed imports, refused frames, leftover processes.
    """

    key: str
    submission: str
    suite: str
    seed_id: str
    checks: tuple[CheckEvidence, ...]
    notebooks: tuple[NotebookEvidence, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    sandboxed: bool = True
    phases: Mapping[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    noticed: tuple[Note, ...] = ()


# --- Result ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What seems to have gone wrong.

    certain: exactly one known cause fits the data, and nothing unknown is wrong beside it. section: the heading to re-read.
    """

    id: str
    student: str  # one sentence for the student: direction, not the solution
    instructor: str = ""
    certain: bool = False
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualMark:
    """A person's decision on a question, or an adjustment of a check. `item` is the question's or check's id."""

    student: str
    item: str
    points: Decimal
    comment: str = ""
    marker: str
    marked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One judged check. relative_error is None where nothing could be compared. reason: one sentence a student may read.

    pending: NOT_GRADED because a person has to look, who can give the points; running it again would tell nothing new.
    """

    id: str
    title: str
    function: str
    outcome: Outcome
    points: Decimal
    max_points: Decimal
    relative_error: float | None = None
    tolerance: float | None = None
    reason: str = ""
    detail: str = ""  # for the instructor only: may hold exception texts, which may hold hidden inputs
    hint: str = ""
    section: str = ""
    visible: bool = True
    error: StudentError | None = None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    mark: ManualMark | None = None
    pending: bool = False


class QuestionKind(Enum):
    """How an inline question is marked."""

    CHOICE = "choice"  # scored against the key
    TEXT = "text"  # stays NOT_GRADED until a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A rubric line and the spans (start, end) of the answer in which its terms occur. Matching is help, never a mark."""

    text: str
    points: Decimal
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A student's answer as found in the notebook. answered is False for unchanged template text or an absent cell."""

    question: str
    text: str = ""
    answered: bool = False
    cell: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionResult:
    """One inline question with its answer, rubric and, once a person has decided, the mark with who and when."""

    id: str
    title: str
    kind: QuestionKind
    outcome: Outcome
    points: Decimal
    max_points: Decimal
    answer: str = ""
    answered: bool = False
    reason: str = ""
    criteria: tuple[Criterion, ...] = ()
    mark: ManualMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Histories to draw beside the reference's. series: (label, y values of the student, y values of the reference or None)."""

    title: str
    x_label: str
    y_label: str
    series: tuple[tuple[str, tuple[float, ...], tuple[float, ...] | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The judged submission: what the gradebook, the reports and results.json are made of.

    score and max_score count all points, also those of pending questions (which have earned nothing yet). pending: how many
    marks a person still has to give. cells: for the report, how the notebook's cells ended.
    """

    student: str
    name: str = ""
    digest: str
    evidence: str  # key
    status: Status
    score: Decimal
    max_score: Decimal
    pending: int
    checks: tuple[CheckResult, ...]
    questions: tuple[QuestionResult, ...] = ()
    notebooks: tuple[NotebookEvidence, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[Note, ...] = ()
    sandboxed: bool = True
    timings: Mapping[str, float] = field(default_factory=dict)
    arrived: datetime | None = None

    @property
    def obstacle(self) -> str:
        """What kept it from being graded: the last note, for intake's stand before what failed; "" if it was graded."""
        if self.status is not Status.NOT_GRADED:
            return ""
        unread = [
            check.reason for check in self.checks if check.outcome is Outcome.NOT_GRADED and check.reason
        ]
        said = [*unread, *(note.text for note in self.notes)]
        return said[-1].removeprefix(f"{self.student}: ") if said else ""
