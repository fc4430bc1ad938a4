"""The small values of reports: who reads, what stands at the head, one light row per submission. Plain data, no HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from ..model import CheckResult, Finding, Outcome, Result, Status

__all__ = [
    "Audience",
    "CheckMark",
    "CheckRate",
    "ClassRow",
    "ClassStatistics",
    "FindingCount",
    "FindingSeen",
    "PhaseTime",
    "ReportHeader",
    "SlowCell",
    "TableLine",
    "class_row",
]

SLOWEST_PER_STUDENT = 3  # more of one student's cells would crowd the others out of the class's list


class Audience(Enum):
    """Who a page is for. A student's page carries nothing of hidden checks' insides or of the instructor's machine."""

    STUDENT = "student"
    INSTRUCTOR = "instructor"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHeader:
    """What a run's pages have in common. Holds no seed, on purpose.

    data: the data set's name as people read it; synthetic: it is a stand-in, and trained accuracies mean nothing. limits: which
    limits held, by name. sandboxed: False puts a warning on every page. private_paths: prefixes such as the environment's or the
    user's folder, which are cut out of students' pages wherever they occur and are themselves never shown.
    """

    title: str
    course: str = ""
    graded_at: datetime | None = None
    data: str = ""
    synthetic: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    sandboxed: bool = True
    version: str = ""
    private_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMark:
    """One check of one student, without its numbers. share: earned part of the points, 0 to 1."""

    id: str
    title: str
    function: str
    outcome: Outcome
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSeen:
    """One student's finding. certain: named as the one cause in at least one check."""

    id: str
    text: str
    section: str
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowCell:
    """A cell of a student's notebook and how long it took; index counts all cells from 0."""

    student: str
    notebook: str
    index: int
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """A light summary of a Result: what the class page needs of one submission. href: its page, relative, already quoted."""

    student: str
    name: str
    href: str
    status: Status
    score: Decimal
    max_score: Decimal
    pending: int
    checks: tuple[CheckMark, ...]
    findings: tuple[FindingSeen, ...] = ()
    slow_cells: tuple[SlowCell, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    sandboxed: bool = True
    notes: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLine:
    """What the class page's table keeps of a row once its checks have been counted.

    first: the function to look at first, or "". why: what kept the submission from being graded, or "".
    """

    student: str
    name: str
    href: str
    status: Status
    score: Decimal
    max_score: Decimal
    pending: int
    passed: int
    checks: int
    first: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRate:
    """How the class did on one check. mean_share: mean earned part of its points over those who were graded, or None."""

    id: str
    title: str
    function: str
    passed: int
    failed: int
    not_graded: int
    mean_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCount:
    """A finding with how many students hold it. certain: how many for certain. lines: the first of those students' lines."""

    id: str
    text: str
    section: str
    students: int
    certain: int
    lines: tuple[TableLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTime:
    """Seconds that the class spent in one phase, in sum and at most for one student."""

    phase: str
    total_s: float
    longest_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassStatistics:
    """The class in figures. marks_to_give: of those that wait for nothing else.

    bins: submissions by tenths of the maximum, the last bin for exactly full marks. quartiles: of the share of the maximum, 0 to 1.
    Submissions that could not be graded are in neither.
    """

    students: int
    complete: int
    pending: int
    not_graded: int
    marks_to_give: int
    unsandboxed: int
    mean: float | None
    quartiles: tuple[float, float, float] | None
    bins: tuple[int, ...]
    checks: tuple[CheckRate, ...]
    findings: tuple[FindingCount, ...]
    slow_cells: tuple[SlowCell, ...]
    phases: tuple[PhaseTime, ...]
    lines: tuple[TableLine, ...]


def class_row(result: Result, *, href: str = "") -> ClassRow:
    """Summarise a result for the class page."""
    return ClassRow(
        student=result.student,
        name=result.name,
        href=href,
        status=result.status,
        score=result.score,
        max_score=result.max_score,
        pending=result.pending,
        checks=tuple(_mark(check) for check in result.checks),
        findings=_findings(result.checks),
        slow_cells=_slow_cells(result),
        timings=result.timings,
        sandboxed=result.sandboxed,
        notes=len(result.notes),
        why=result.obstacle,
    )


def _mark(check: CheckResult) -> CheckMark:
    share = float(check.points / check.max_points) if check.max_points else 0.0
    return CheckMark(
        id=check.id, title=check.title, function=check.function, outcome=check.outcome, share=share
    )


def _findings(checks: tuple[CheckResult, ...]) -> tuple[FindingSeen, ...]:
    """Each finding once, however many checks it shows in; certain if it is so in one of them."""
    seen: dict[str, FindingSeen] = {}
    for check in checks:
        for finding in check.findings:
            held = seen.get(finding.id)
            if held is None or (finding.certain and not held.certain):
                seen[finding.id] = _seen(finding)
    return tuple(seen.values())


def _seen(finding: Finding) -> FindingSeen:
    text = finding.instructor or finding.student
    return FindingSeen(id=finding.id, text=text, section=finding.section, certain=finding.certain)


def _slow_cells(result: Result) -> tuple[SlowCell, ...]:
    cells = [
        SlowCell(student=result.student, notebook=notebook.path, index=cell.index, wall_s=cell.wall_s)
        for notebook in result.notebooks
        for cell in notebook.cells
        if cell.wall_s > 0
    ]
    return tuple(sorted(cells, key=lambda cell: -cell.wall_s)[:SLOWEST_PER_STUDENT])
