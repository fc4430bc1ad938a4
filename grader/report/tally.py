"""The class in figures, from rows that come one at a time: only the table's lines and counters are kept. Pure arithmetic."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..model import Outcome, Status
from .values import (
    CheckMark,
    CheckRate,
    ClassRow,
    ClassStatistics,
    FindingCount,
    FindingSeen,
    PhaseTime,
    SlowCell,
    TableLine,
)

__all__ = ["Tally", "class_statistics", "quartiles"]

TENTHS = 10
MOST_LINES = 25  # students named per finding; the table has them all
MOST_SLOW_CELLS = 10


@dataclass(slots=True)
class _CheckCount:
    first: CheckMark
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    shares: float = 0.0


@dataclass(slots=True)
class _FindingTally:
    first: FindingSeen
    students: int = 0
    certain: int = 0
    lines: list[TableLine] = field(default_factory=list)


class Tally:
    """Adds rows up. `add` each row once, in the order in which the table is to list them; then `statistics`."""

    def __init__(self) -> None:
        """Start with an empty class."""
        self._lines: list[TableLine] = []
        self._shares: list[float] = []
        self._bins = [0] * (TENTHS + 1)
        self._statuses: Counter[Status] = Counter()
        self._marks = 0
        self._unsandboxed = 0
        self._checks: dict[str, _CheckCount] = {}
        self._findings: dict[str, _FindingTally] = {}
        self._slow: list[tuple[float, int, SlowCell]] = []
        self._phases: dict[str, tuple[float, float]] = {}

    def add(self, row: ClassRow) -> None:
        """Count one submission."""
        line = _line(row)
        self._lines.append(line)
        self._statuses[row.status] += 1
        self._marks += row.pending if row.status is Status.PENDING else 0
        self._unsandboxed += not row.sandboxed
        if row.status is not Status.NOT_GRADED and row.max_score > 0:
            self._shares.append(float(row.score / row.max_score))
            self._bins[_bin(row)] += 1
        for mark in row.checks:
            count = self._checks.setdefault(mark.id, _CheckCount(mark))
            count.outcomes[mark.outcome] += 1
            count.shares += mark.share if mark.outcome is not Outcome.NOT_GRADED else 0.0
        for finding in row.findings:
            self._add_finding(finding, line)
        for cell in row.slow_cells:
            # The counter breaks ties, so that equal times never compare cells.
            heapq.heappush(self._slow, (cell.wall_s, -len(self._lines), cell))
            if len(self._slow) > MOST_SLOW_CELLS:
                heapq.heappop(self._slow)
        for phase, seconds in row.timings.items():
            together, longest = self._phases.get(phase, (0.0, 0.0))
            self._phases[phase] = (together + seconds, max(longest, seconds))

    def _add_finding(self, finding: FindingSeen, line: TableLine) -> None:
        tally = self._findings.setdefault(finding.id, _FindingTally(finding))
        tally.students += 1
        tally.certain += finding.certain
        if len(tally.lines) < MOST_LINES:
            tally.lines.append(line)

    def statistics(self) -> ClassStatistics:
        """What has been added so far."""
        graded = len(self._shares)
        return ClassStatistics(
            students=len(self._lines),
            complete=self._statuses[Status.COMPLETE],
            pending=self._statuses[Status.PENDING],
            not_graded=self._statuses[Status.NOT_GRADED],
            marks_to_give=self._marks,
            unsandboxed=self._unsandboxed,
            mean=sum(self._shares) / graded if graded else None,
            quartiles=quartiles(self._shares),
            bins=tuple(self._bins),
            checks=tuple(_rate(count) for count in self._checks.values()),
            findings=tuple(_count(tally) for tally in sorted(self._findings.values(), key=_rank)),
            slow_cells=tuple(cell for _, _, cell in sorted(self._slow, key=lambda entry: -entry[0])),
            phases=tuple(
                PhaseTime(phase=name, total_s=a, longest_s=b) for name, (a, b) in self._phases.items()
            ),
            lines=tuple(self._lines),
        )


def class_statistics(rows: Iterable[ClassRow]) -> ClassStatistics:
    """Read the rows once and add them up."""
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally.statistics()


def quartiles(values: Sequence[float]) -> tuple[float, float, float] | None:
    """Lower quartile, median, upper quartile, by linear interpolation between order statistics; None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    low, middle, high = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    return low, middle, high


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _bin(row: ClassRow) -> int:
    """The tenth in which the score lies; exactly full marks (and more) have a bin of their own. Exact, for points are decimal."""
    return max(0, min(TENTHS, int(row.score * TENTHS // row.max_score)))


def _line(row: ClassRow) -> TableLine:
    failed = next((mark.function for mark in row.checks if mark.outcome is Outcome.FAILED), "")
    return TableLine(
        student=row.student,
        name=row.name,
        href=row.href,
        status=row.status,
        score=row.score,
        max_score=row.max_score,
        pending=row.pending,
        passed=sum(mark.outcome is Outcome.PASSED for mark in row.checks),
        checks=len(row.checks),
        first=failed,
        why=row.why,
    )


def _rate(count: _CheckCount) -> CheckRate:
    passed, failed = count.outcomes[Outcome.PASSED], count.outcomes[Outcome.FAILED]
    graded = passed + failed
    return CheckRate(
        id=count.first.id,
        title=count.first.title,
        function=count.first.function,
        passed=passed,
        failed=failed,
        not_graded=count.outcomes[Outcome.NOT_GRADED],
        mean_share=count.shares / graded if graded else None,
    )


def _rank(tally: _FindingTally) -> tuple[int, int, str]:
    return -tally.students, -tally.certain, tally.first.id


def _count(tally: _FindingTally) -> FindingCount:
    return FindingCount(
        id=tally.first.id,
        text=tally.first.text,
        section=tally.first.section,
        students=tally.students,
        certain=tally.certain,
        lines=tuple(tally.lines),
    )
