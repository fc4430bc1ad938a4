"""Checks as a page shows them: by function, outcome in words, what to look at first. Decides what each reader may see."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal

from ..model import CheckResult, Finding, Outcome, StudentError
from ..points import shown_points
from .chart import Gauge, gauge
from .values import Audience

__all__ = [
    "CheckView",
    "FindingView",
    "FirstLook",
    "FunctionView",
    "Verdict",
    "check_view",
    "first_looks",
    "function_views",
    "verdict",
]

MOST_FIRST_LOOKS = 5
MOST_WARNINGS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome as word and shape. kind: "passed", "partial", "failed" or "open"; it names the icon and the colour."""

    kind: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A finding in words. instructor: the instructor's sentence, "" on a student's page."""

    text: str
    instructor: str
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One check with what its reader may see; what he may not is empty here, so that no template can show it.

    anchor: its id on the page. lead: how the findings are to be read, e.g. that the data cannot tell them apart. hidden: the check
    is not visible to students.
    """

    id: str
    anchor: str
    title: str
    verdict: Verdict
    points: str
    max_points: str
    reason: str
    hidden: bool
    gauge: Gauge | None = None
    error_text: str = ""
    lead: str = ""
    findings: tuple[FindingView, ...] = ()
    hint: str = ""
    section: str = ""
    error: StudentError | None = None
    warnings: tuple[str, ...] = ()
    warnings_left_out: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionView:
    """The checks of one function with their points in sum. anchor: the id of its section on the page."""

    name: str
    anchor: str
    verdict: Verdict
    points: str
    max_points: str
    passed: int
    checks: tuple[CheckView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """One thing worth looking at, with the points it holds back.

    anchor: where on the page. text: the finding, or the first failed check's title; reason: of that check, "" beside a finding.
    checks: how many failed.
    """

    function: str
    anchor: str
    text: str
    reason: str
    section: str
    points: str
    checks: int


def verdict(outcome: Outcome, points: Decimal, max_points: Decimal) -> Verdict:
    """Word and shape of an outcome; a failed check that has a part of its points, or all of them back, says so."""
    if outcome is Outcome.PASSED:
        return Verdict(kind="passed", word="Passed")
    if outcome is Outcome.NOT_GRADED:
        return Verdict(kind="open", word="Not graded")
    if points >= max_points > 0:
        return Verdict(kind="partial", word="Charged elsewhere")
    if points > 0 and max_points > 0:
        return Verdict(kind="partial", word="Partly right")
    return Verdict(kind="failed", word="Failed")


def check_view(check: CheckResult, audience: Audience, *, anchor: str = "") -> CheckView:
    """The check for this reader. Of a hidden one a student sees title, outcome, points and reason, and nothing else."""
    instructor = audience is Audience.INSTRUCTOR
    if not check.visible and not instructor:
        return _base(check, anchor)
    failed = check.outcome is not Outcome.PASSED
    return _base(
        check,
        anchor,
        gauge=gauge(check.relative_error, check.tolerance),
        error_text=_undrawn(check),
        lead=_lead(check.findings),
        findings=tuple(_finding(finding, instructor=instructor) for finding in check.findings),
        hint=check.hint if failed else "",
        section=check.section if failed and not _told(check) else "",
        error=check.error,
        warnings=check.warnings[:MOST_WARNINGS],
        warnings_left_out=max(0, len(check.warnings) - MOST_WARNINGS),
        detail=check.detail if instructor else "",
    )


def _base(check: CheckResult, anchor: str, **shown: object) -> CheckView:
    terms: dict[str, object] = {
        "id": check.id,
        "anchor": anchor,
        "title": check.title,
        "verdict": verdict(check.outcome, check.points, check.max_points),
        "points": shown_points(check.points, check.max_points),
        "max_points": shown_points(check.max_points),
        "reason": check.reason,
        "hidden": not check.visible,
    }
    return CheckView(**{**terms, **shown})  # type: ignore[arg-type]  # the keys are CheckView's own fields


def _told(check: CheckResult) -> bool:
    """A finding already points to the check's own section."""
    return any(finding.section == check.section for finding in check.findings)


def _undrawn(check: CheckResult) -> str:
    """The error in words where a gauge cannot show it, e.g. NaN."""
    if check.relative_error is None or gauge(check.relative_error, check.tolerance) is not None:
        return ""
    return "NaN" if math.isnan(check.relative_error) else f"{check.relative_error:.1e}"


def _lead(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    if any(finding.certain for finding in findings):
        return "What seems to have gone wrong"
    if all(finding.id.startswith("structure.") for finding in findings):
        return "What the numbers show"
    return "Possible cause" if len(findings) == 1 else "Possible causes; the numbers alone do not settle it"


def _finding(finding: Finding, *, instructor: bool) -> FindingView:
    other = finding.instructor if instructor and finding.instructor != finding.student else ""
    return FindingView(text=finding.student, instructor=other, section=finding.section)


def function_views(checks: Iterable[CheckResult], audience: Audience) -> tuple[FunctionView, ...]:
    """The checks by function, in the order in which functions first appear."""
    groups: dict[str, list[CheckResult]] = {}
    for check in checks:
        groups.setdefault(check.function, []).append(check)
    return tuple(_function(i, name, group, audience) for i, (name, group) in enumerate(groups.items(), 1))


def _function(number: int, name: str, group: list[CheckResult], audience: Audience) -> FunctionView:
    points = sum((check.points for check in group), Decimal(0))
    most = sum((check.max_points for check in group), Decimal(0))
    return FunctionView(
        name=name,
        anchor=f"f{number}",
        verdict=_together(group, points, most),
        points=shown_points(points, most),
        max_points=shown_points(most),
        passed=sum(check.outcome is Outcome.PASSED for check in group),
        checks=tuple(
            check_view(check, audience, anchor=f"f{number}-{i}") for i, check in enumerate(group, 1)
        ),
    )


def _together(group: list[CheckResult], points: Decimal, most: Decimal) -> Verdict:
    outcomes = {check.outcome for check in group}
    if Outcome.FAILED in outcomes:
        return verdict(Outcome.FAILED, points, most)
    return verdict(Outcome.NOT_GRADED if Outcome.NOT_GRADED in outcomes else Outcome.PASSED, points, most)


def first_looks(checks: Sequence[CheckResult], audience: Audience) -> tuple[FirstLook, ...]:
    """What to look at first: the dearest failures, those with one cause as one entry, at most 5.

    One entry is one certain finding, else one function. Listed are known causes first, then in the assignment's order, for its
    later parts build on its earlier ones. Of hidden checks a student sees title and reason only, and that a cause which an open
    check names is theirs, too: without it, the student would look for a second mistake.
    """
    open_causes = {
        finding.id
        for check in checks
        if check.outcome is Outcome.FAILED and (finding := _certain(check, audience)) is not None
    }
    anchors = {
        view.id: view.anchor for function in function_views(checks, audience) for view in function.checks
    }
    groups: dict[_Cause, list[CheckResult]] = {}
    for check in checks:
        if check.outcome is Outcome.FAILED and check.points < check.max_points:
            groups.setdefault(_cause(check, open_causes), []).append(check)
    dearest = sorted(groups, key=lambda cause: -_lost(groups[cause]))[:MOST_FIRST_LOOKS]
    listed = sorted(
        (cause for cause in groups if cause in dearest), key=lambda cause: not cause.finding
    )  # stable
    return tuple(_look(groups[cause], anchors, audience) for cause in listed)


@dataclass(frozen=True, slots=True)
class _Cause:
    """Failures with equal causes are one entry: the finding's id, or else the function."""

    finding: str = ""
    function: str = ""


def _cause(check: CheckResult, open_causes: Set[str]) -> _Cause:
    finding = next((finding for finding in check.findings if finding.certain), None)
    if finding is None or finding.id not in open_causes:
        return _Cause(function=check.function)
    return _Cause(finding=finding.id)


def _certain(check: CheckResult, audience: Audience) -> Finding | None:
    if not check.visible and audience is Audience.STUDENT:
        return None
    return next((finding for finding in check.findings if finding.certain), None)


def _lost(group: list[CheckResult]) -> Decimal:
    return sum((check.max_points - check.points for check in group), Decimal(0))


def _at_fault(finding: Finding | None, group: list[CheckResult]) -> str:
    """The function in which a known mistake lies, if a check of its own failed, too; else "". Its mistake shows in others."""
    place = finding.id.partition(".")[0] if finding else ""
    return place if any(check.function == place for check in group) else ""


def _supposed(check: CheckResult, open_to_reader: bool) -> str:
    """The one known mistake that may be behind a failure, where numbers alone would stand; else ""."""
    if not open_to_reader or len(check.findings) != 1 or check.findings[0].id.startswith("structure."):
        return ""
    return f"Possible cause: {check.findings[0].student}"


def _look(group: list[CheckResult], anchors: dict[str, str], audience: Audience) -> FirstLook:
    first = next((check for check in group if _certain(check, audience) is not None), group[0])
    finding = _certain(first, audience)
    open_to_reader = first.visible or audience is Audience.INSTRUCTOR
    return FirstLook(
        function=_at_fault(finding, group) or first.function,
        anchor=anchors[first.id],
        text=finding.student if finding else first.title,
        reason="" if finding else _supposed(first, open_to_reader) or first.reason,
        section=(finding.section if finding else "") or (first.section if open_to_reader else ""),
        points=shown_points(_lost(group)),
        checks=len(group),
    )
