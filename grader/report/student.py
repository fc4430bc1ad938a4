"""One student's page: the view (data first), then the HTML. Touches no disk but the templates, and scores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model import Note, Result, Status
from ..points import shown_points
from .chart import Chart, chart
from .checks import FirstLook, FunctionView, first_looks, function_views
from .outputs import NotebookView, notebook_view
from .questions import QuestionView, question_view
from .templating import render
from .text import percent, seconds_text
from .values import Audience, ReportHeader

__all__ = ["StudentPage", "Total", "render_student", "student_page", "total"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The mark at the head. kind: "complete", "pending" or "open"; earned_at and open_at: shares of the bar, in percent."""

    score: str
    max_score: str
    percent: str
    kind: str
    status: str
    earned_at: float
    open_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentPage:
    """Everything that a student's page shows, and nothing that its reader may not see."""

    student: str
    name: str
    arrived: str
    total: Total
    passed: int
    looks: tuple[FirstLook, ...]
    functions: tuple[FunctionView, ...]
    checks: int
    charts: tuple[Chart, ...]
    questions: tuple[QuestionView, ...]
    notebooks: tuple[NotebookView, ...]
    notes: tuple[Note, ...]
    unsandboxed: bool
    facts: tuple[tuple[str, str], ...]


def render_student(
    result: Result,
    assignment: ReportHeader,
    *,
    executed: Mapping[str, bytes],
    audience: Audience,
) -> str:
    """The page of one submission as self-contained HTML: no script, nothing loaded from anywhere.

    Args: executed: bytes of the executed .ipynb by the notebook's path; what is absent is said to be absent.
        audience: decides about hidden checks, details for the instructor, and paths of the machine.
    Returns: HTML, encodable as UTF-8 whatever the submission held.
    """
    return render(
        "student.html.j2",
        assignment,
        audience,
        page=student_page(result, assignment, executed=executed, audience=audience),
    )


def student_page(
    result: Result, header: ReportHeader, *, executed: Mapping[str, bytes], audience: Audience
) -> StudentPage:
    """The page as data."""
    functions = function_views(result.checks, audience)
    instructor = audience is Audience.INSTRUCTOR
    return StudentPage(
        student=result.student,
        name=result.name,
        arrived=f"{result.arrived:%Y-%m-%d %H:%M}" if result.arrived else "",
        total=total(result),
        passed=sum(function.passed for function in functions),
        looks=first_looks(result.checks, audience),
        functions=functions,
        checks=len(result.checks),
        charts=tuple(chart(figure) for figure in result.figures),
        questions=tuple(question_view(question) for question in result.questions),
        notebooks=tuple(
            notebook_view(notebook, executed.get(notebook.path)) for notebook in result.notebooks
        ),
        notes=tuple(note for note in result.notes if instructor or note.for_student),
        unsandboxed=not (result.sandboxed and header.sandboxed),
        facts=_facts(result, header) if instructor else (),
    )


def total(result: Result) -> Total:
    """The mark in words: "complete", "n marks pending", or that our side failed."""
    texts = {
        Status.COMPLETE: ("complete", "Complete"),
        Status.PENDING: ("pending", f"{result.pending} mark{'' if result.pending == 1 else 's'} pending"),
        Status.NOT_GRADED: ("open", "Not fully graded"),
    }
    kind, status = texts[result.status]
    whole = float(result.max_score) or 1.0
    waiting = [
        question.max_points for question in result.questions if question_view(question).verdict.kind == "open"
    ]
    waiting += [check.max_points for check in result.checks if check.outcome.value == "not_graded"]
    return Total(
        score=shown_points(result.score, result.max_score),
        max_score=shown_points(result.max_score),
        percent=percent(result.score, result.max_score),
        kind=kind,
        status=status,
        earned_at=round(100 * float(result.score) / whole, 2),
        open_at=round(100 * float(sum(waiting)) / whole, 2),
    )


def _facts(result: Result, header: ReportHeader) -> tuple[tuple[str, str], ...]:
    """What an instructor may want to know of how the result came about."""
    facts = [("Submission", result.digest), ("Evidence", result.evidence)]
    facts += [(f"Time: {phase}", seconds_text(seconds)) for phase, seconds in result.timings.items()]
    facts += [(f"Limit: {name}", how) for name, how in header.limits.items()]
    facts += list(header.environment.items())
    return tuple(facts)
