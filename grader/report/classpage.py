"""The class's page: the view over its statistics, then the HTML. Rows come one at a time; nothing is scored, no file is touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ..model import Status
from ..points import shown_points
from .tally import class_statistics
from .templating import render
from .text import cut, percent, seconds_text
from .values import Audience, CheckRate, ClassRow, ClassStatistics, ReportHeader, TableLine

__all__ = [
    "Bar",
    "ClassPage",
    "FindingLine",
    "RateView",
    "StudentLine",
    "class_page",
    "render_class",
    "render_statistics",
]

MOST_WAITING = 60  # students named under "needs a person"; the table has them all
MOST_FINDINGS = 30
OPEN_FINDINGS = 8  # shown at once, the commonest; the stylesheet counts on from there
MOST_WHY = 400  # characters of what kept a submission from being graded
PLOT_HEIGHT = 120.0  # SVG units of the tallest bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of the distribution: label such as "80-89 %", count, and its height in SVG units."""

    label: str
    short: str
    count: int
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateView:
    """A check with its pass rate, as text and as shares of a bar in percent."""

    id: str
    title: str
    function: str
    passed: int
    graded: int
    not_graded: int
    rate: str
    credit: str
    passed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentLine:
    """A line of the table. kind: "complete", "pending" or "open". twentieths: length of its bar, 0 to 20."""

    student: str
    name: str
    href: str
    score: str
    percent: str
    twentieths: int
    kind: str
    status: str
    passed: int
    first: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A misconception, ranked. surely: how many hold it for certain; students: (id, name, href), the first of them."""

    id: str
    text: str
    section: str
    count: int
    share: str
    at: float
    surely: int
    students: tuple[tuple[str, str, str], ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPage:
    """Everything that the class's page shows."""

    statistics: ClassStatistics
    mean: str
    median: str
    middle: str
    bars: tuple[Bar, ...]
    rates: tuple[RateView, ...]
    findings: tuple[FindingLine, ...]
    findings_left_out: int
    open_findings: int
    pending: tuple[StudentLine, ...]
    not_graded: tuple[StudentLine, ...]
    max_score: str
    checks: int
    lines: tuple[StudentLine, ...]
    slow: tuple[tuple[str, str, int, str], ...]
    phases: tuple[tuple[str, str, str], ...]


def render_class(rows: Iterable[ClassRow], header: ReportHeader) -> str:
    """The class's page as self-contained HTML with one script of our own, for the instructor.

    rows: read once, in the order in which the table lists them; a generator over any number of results will do.
    """
    return render_statistics(class_statistics(rows), header)


def render_statistics(statistics: ClassStatistics, header: ReportHeader) -> str:
    """The class's page from figures that were added up before."""
    return render("class.html.j2", header, Audience.INSTRUCTOR, page=class_page(statistics))


def class_page(statistics: ClassStatistics) -> ClassPage:
    """The page as data."""
    lines = tuple(_line(line) for line in statistics.lines)
    shown = statistics.findings[:MOST_FINDINGS]
    return ClassPage(
        statistics=statistics,
        mean=_share(statistics.mean),
        median=_share(statistics.quartiles[1] if statistics.quartiles else None),
        middle=_middle(statistics),
        bars=_bars(statistics.bins),
        rates=tuple(_rate(rate) for rate in sorted(statistics.checks, key=_hardest)),
        findings=tuple(
            FindingLine(
                id=finding.id,
                text=finding.text,
                section=finding.section,
                count=finding.students,
                share=percent(finding.students, statistics.students),
                at=round(100 * finding.students / statistics.students, 1),
                surely=finding.certain,
                students=tuple((line.student, line.name, line.href) for line in finding.lines),
                more=finding.students - len(finding.lines),
            )
            for finding in shown
        ),
        findings_left_out=len(statistics.findings) - len(shown),
        open_findings=OPEN_FINDINGS,
        pending=tuple(line for line in lines if line.kind == "pending")[:MOST_WAITING],
        not_graded=tuple(line for line in lines if line.kind == "open")[:MOST_WAITING],
        max_score=shown_points(max((line.max_score for line in statistics.lines), default=Decimal(0))),
        checks=max((line.checks for line in statistics.lines), default=0),
        lines=lines,
        slow=tuple(
            (cell.student, cell.notebook, cell.index + 1, seconds_text(cell.wall_s))
            for cell in statistics.slow_cells
        ),
        phases=tuple(
            (p.phase, seconds_text(p.total_s), seconds_text(p.longest_s)) for p in statistics.phases
        ),
    )


def _share(value: float | None) -> str:
    return "" if value is None else percent(value, 1.0)


def _middle(statistics: ClassStatistics) -> str:
    if statistics.quartiles is None:
        return ""
    low, _, high = statistics.quartiles
    return f"{_share(low)} to {_share(high)}"


def _bars(bins: tuple[int, ...]) -> tuple[Bar, ...]:
    tallest = max(bins, default=0) or 1
    last = len(bins) - 1
    return tuple(
        Bar(
            label="exactly 100 %" if i == last else f"{10 * i} to under {10 * i + 10} %",
            short="100" if i == last else f"{10 * i}",
            count=count,
            height=round(PLOT_HEIGHT * count / tallest, 1),
        )
        for i, count in enumerate(bins)
    )


def _hardest(rate: CheckRate) -> float:
    graded = rate.passed + rate.failed
    return rate.passed / graded if graded else 2.0  # checks that nobody was graded on come last


def _rate(rate: CheckRate) -> RateView:
    graded = rate.passed + rate.failed
    return RateView(
        id=rate.id,
        title=rate.title,
        function=rate.function,
        passed=rate.passed,
        graded=graded,
        not_graded=rate.not_graded,
        rate=percent(rate.passed, graded),
        credit=_share(rate.mean_share),
        passed_at=round(100 * rate.passed / graded, 1) if graded else 0.0,
    )


def _line(line: TableLine) -> StudentLine:
    texts = {
        Status.COMPLETE: ("complete", "complete"),
        Status.PENDING: ("pending", f"{line.pending} pending"),
        Status.NOT_GRADED: ("open", "not graded"),
    }
    kind, status = texts[line.status]
    return StudentLine(
        student=line.student,
        name=line.name,
        href=line.href,
        score=shown_points(line.score, line.max_score),
        percent=percent(line.score, line.max_score),
        twentieths=_twentieths(line),
        kind=kind,
        status=status,
        passed=line.passed,
        first=line.first,
        why=cut(line.why, head=MOST_WHY)[0],
    )


def _twentieths(line: TableLine) -> int:
    """The share in steps of 5 %, rounded down, so that only full marks fill the bar."""
    return max(0, min(20, int(20 * line.score // line.max_score))) if line.max_score else 0
