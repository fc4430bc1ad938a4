"""Judge evidence: same values in, same marks out. Pure: no clock, disk, kernel, randomness or print.

What a student may read (`reason`) and what only an instructor may (`detail`) part here: every text that student code made under a
hidden check (an exception's words or class, a type's name) can carry that check's inputs, so none of them becomes a reason.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from .compare import FLOOR, Judgement, compare_value, type_in_words
from .diagnosis.explain import Knowledge, explain
from .model import (
    Array,
    CheckEvidence,
    CheckResult,
    Ending,
    Evidence,
    Figure,
    ManualMark,
    Note,
    Outcome,
    QuestionResult,
    Result,
    Status,
    StudentError,
    Submission,
    Value,
)
from .probe import Check

__all__ = ["judge_check", "score"]

MEASURED = re.compile(r"relative error \S+, tolerance \S+ \([^)]*\)")  # as `compare_value` words it
NOTHING = Knowledge()  # nothing is known: failures stay unexplained
MAX_NAMED = 3  # arrays named in one reason; the rest is counted
MAX_REASON = 2_000  # characters of an author's judge's reason, which may show what student code returned

#: Types and exceptions that a hidden check's reason may name: their names are not of the student's making.
KNOWN_TYPES = frozenset(
    {name for name, value in vars(builtins).items() if isinstance(value, type)}
    | {
        "NoneType",
        "ellipsis",
        "function",
        "generator",
        "method",
        "module",
        "ndarray",
        "matrix",
        "MaskedArray",
    }
    | {np.dtype(char).type.__name__ for char in np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?"}
)


def score(
    submission: Submission,
    evidence: Evidence,
    checks: Sequence[Check],
    expected: Mapping[str, Mapping[str, Array]],
    *,
    known: Knowledge = NOTHING,
    questions: Sequence[QuestionResult] = (),
    figures: Sequence[Figure] = (),
    marks: Mapping[str, ManualMark] | None = None,
) -> Result:
    """Judge one submission's evidence.

    Args: checks: of the suite, in report order. expected: check id -> array name -> the reference's array.
        known: what failures are explained by. marks: check id -> what a person
        decided, which goes before what was worked out.
    Returns: a Result in which points not yet given by a person count as pending, not as lost.
    """
    answers = {answer.check: answer for answer in evidence.checks}
    judged = tuple(judge_check(check, answers.get(check.id), expected.get(check.id, {})) for check in checks)
    judged = explain(judged, checks, answers, expected, known, marks=marks)
    judged = tuple(_decided(result, (marks or {}).get(result.id)) for result in judged)
    ungraded = any(result.outcome is Outcome.NOT_GRADED and not result.pending for result in judged)
    pending = sum(question.outcome is Outcome.NOT_GRADED for question in questions)
    pending += sum(result.pending for result in judged)
    parts: list[CheckResult | QuestionResult] = [*judged, *questions]
    return Result(
        student=submission.student,
        name=submission.name,
        digest=submission.digest,
        evidence=evidence.key,
        status=Status.NOT_GRADED if ungraded else Status.PENDING if pending else Status.COMPLETE,
        score=sum((part.points for part in parts), Decimal(0)),
        max_score=sum((part.max_points for part in parts), Decimal(0)),
        pending=pending,
        checks=judged,
        questions=tuple(questions),
        notebooks=evidence.notebooks,
        figures=tuple(figures),
        notes=_once((*submission.notes, *evidence.noticed)),
        sandboxed=evidence.sandboxed,
        timings=evidence.phases,
        arrived=submission.arrived,
    )


def _decided(result: CheckResult, mark: ManualMark | None) -> CheckResult:
    """The result with a person's points for it, if a person gave any."""
    if mark is None:
        return result
    outcome = Outcome.PASSED if mark.points == result.max_points else Outcome.FAILED
    reason = f"points given by {mark.marker}" + (f": {mark.comment}" if mark.comment else "")
    return replace(result, outcome=outcome, points=mark.points, reason=reason, mark=mark, pending=False)


def judge_check(check: Check, answer: CheckEvidence | None, expected: Mapping[str, Array]) -> CheckResult:
    """Judge what one probe gave.

    Returns: NOT_GRADED only where our machinery failed, or where a person has to look, which is then `pending`. Everything else
    that student code did or left undone is PASSED or FAILED.
    """
    if answer is None or answer.ending is Ending.NOT_RUN:
        detail = answer.detail if answer else "no evidence for this check is kept"
        return _result(
            check,
            Outcome.NOT_GRADED,
            Judgement(0.0, "could not be run; it will be tried again"),
            detail=detail,
        )
    if answer.ending is Ending.NEEDS_PERSON:
        return _for_person(check, answer)
    if answer.ending is not Ending.ANSWERED:
        reason = _ending_reason(check, answer)
        return _result(
            check, Outcome.FAILED, Judgement(0.0, reason), detail=_ending_detail(answer), answer=answer
        )
    judgement = _judge_values(check, answer.values, expected)
    if judgement.person:
        return _left_to_person(check, answer, judgement.reason)
    outcome = Outcome.PASSED if judgement.passed else Outcome.FAILED
    detail = ""
    if not check.visible and outcome is not Outcome.PASSED:  # the instructor is told every name
        detail = _judge_values(replace(check, visible=True), answer.values, expected).reason
    return _result(
        check, outcome, judgement if check.visible else _told(judgement), detail=detail, answer=answer
    )


def _for_person(check: Check, answer: CheckEvidence) -> CheckResult:
    """A check that was run and tells nothing: it waits for a person's points, which `grader marks` takes."""
    place = ""
    if answer.error is not None and answer.error.frames:
        last = answer.error.frames[-1]
        place = f" in {last.file}, line {last.line}"
    why = answer.detail if check.visible else ""  # student code may have made the text
    reason = f"a person has to look{place if why else ''}" + (f": {why}" if why else "")
    package = answer.error is not None
    remedy = (
        "; install it where the work is graded and run again, or give the points by `grader marks`"
        if package
        else "; give the points by `grader marks`"
    )
    judgement = Judgement(0.0, reason)
    result = _result(
        check, Outcome.NOT_GRADED, judgement, detail=f"{answer.detail}{place}{remedy}", answer=answer
    )
    return replace(result, hint="", pending=True)


def _left_to_person(check: Check, answer: CheckEvidence, why: str) -> CheckResult:
    """A check whose judge cannot tell right from wrong, by what came: its own words hold nothing of the student's."""
    judgement = Judgement(0.0, f"a person has to look: {why}")
    result = _result(
        check,
        Outcome.NOT_GRADED,
        judgement,
        detail=f"{why}; give the points by `grader marks`",
        answer=answer,
    )
    return replace(result, hint="", pending=True)


def _result(
    check: Check,
    outcome: Outcome,
    judgement: Judgement,
    *,
    detail: str = "",
    answer: CheckEvidence | None = None,
) -> CheckResult:
    points = Decimal(str(check.points))
    return CheckResult(
        id=check.id,
        title=check.title,
        function=check.of,
        outcome=outcome,
        points=points
        if outcome is Outcome.PASSED
        else (points * Decimal(str(judgement.fraction))).quantize(Decimal("0.0001")).normalize() + 0,
        max_points=points,
        relative_error=judgement.relative_error,
        tolerance=check.tolerance if isinstance(check.tolerance, (int, float)) else None,
        reason="" if outcome is Outcome.PASSED else judgement.reason,
        detail=detail,
        hint="" if outcome is Outcome.PASSED else check.hint,
        section=check.section,
        visible=check.visible,
        error=answer.error if answer else None,
        warnings=answer.warnings if answer else (),
    )


def _judge_values(check: Check, values: Sequence[Value], expected: Mapping[str, Array]) -> Judgement:
    by_name = {value.name: value for value in values}
    if values and all(value.type_name == "NoneType" for value in values):
        return Judgement(0.0, "not implemented yet: returns None")
    if check.judge is not None:
        return _own_judge(check, by_name, expected)
    if set(by_name) != set(expected) or len(values) != len(by_name):
        came = _names(by_name) if check.visible or set(by_name) <= set(expected) else "other names"
        return Judgement(0.0, f"answered with {came}, expected {_names(expected)}")
    judged = {name: _compare(check, name, by_name[name], array) for name, array in expected.items()}
    return _combined(check, judged, expected)


def _own_judge(check: Check, by_name: Mapping[str, Value], expected: Mapping[str, Array]) -> Judgement:
    """Let the check's own function decide; what it can't digest is a failure of the answer, never a pass."""
    judge: Any = check.judge
    for name, value in by_name.items():
        if value.array is None:
            return Judgement(0.0, f"{name} is {type_in_words(_type(check, value))}, expected numbers")
    try:
        with np.errstate(all="ignore"):
            judgement = judge({name: value.array for name, value in by_name.items()}, expected)
    except Exception as exc:  # noqa: BLE001 - student arrays of any shape meet the author's function here
        return Judgement(0.0, f"could not be read as an answer to this check ({type(exc).__name__})")
    if not isinstance(judgement, Judgement):
        return Judgement(0.0, f"the check's judge returned {type(judgement).__name__}, expected a Judgement")
    if not 0.0 <= judgement.fraction <= 1.0:  # NaN included
        return Judgement(0.0, f"the check's judge gave the share {judgement.fraction}, expected 0 to 1")
    if len(judgement.reason) > MAX_REASON:
        return replace(judgement, reason=f"{judgement.reason[:MAX_REASON]} [...]")
    return judgement


def _compare(check: Check, name: str, value: Value, expected: Array) -> Judgement:
    return compare_value(
        _type(check, value),
        value.array,
        expected,
        tolerance=_term(check.tolerance, name, 1e-7),
        floor=_term(check.floor, name, FLOOR),
        exact_dtype=check.exact_dtype,
    )


def _type(check: Check, value: Value) -> str:
    return value.type_name if check.visible or value.type_name in KNOWN_TYPES else "object of another type"


def _term(term: float | Mapping[str, float], name: str, default: float) -> float:
    return float(term.get(name, default)) if isinstance(term, Mapping) else float(term)


def _combined(check: Check, judged: Mapping[str, Judgement], expected: Mapping[str, Array]) -> Judgement:
    errors = [
        judgement.relative_error for judgement in judged.values() if judgement.relative_error is not None
    ]
    failed = {name: judgement for name, judgement in judged.items() if not judgement.passed}
    worst = max(errors, default=None)
    if judged and not failed:
        return Judgement(1.0, "", worst)
    named = [f"{name} {judgement.reason}" for name, judgement in failed.items()]
    left = len(named) - MAX_NAMED
    more = f"; {left} more {'is' if left == 1 else 'are'} wrong" if left > 0 else ""
    reason = "; ".join(named[:MAX_NAMED]) + more
    share = _share(check, judged, expected) if check.credit == "each" else 0.0
    if share:
        reason = f"{len(judged) - len(failed)} of {len(judged)} results are right; {reason}"
    return Judgement(share, reason or "returned nothing", worst)


def _share(check: Check, judged: Mapping[str, Judgement], expected: Mapping[str, Array]) -> float:
    """The share of results that are right. What zeros would be right for earns only beside something else: zeros can be guessed."""
    right = [name for name, judgement in judged.items() if judgement.passed]
    if all(_zero(check, name, expected[name]) for name in right):
        return 0.0
    return len(right) / len(judged)


def _zero(check: Check, name: str, expected: Array) -> bool:
    """Whether nothing tells what is expected from zeros, within the check's tolerance."""
    if expected.dtype.kind not in "fciub":
        return False
    most = _term(check.tolerance, name, 1e-7) * _term(check.floor, name, FLOOR)
    return bool(np.all(np.abs(expected) <= most))  # NaN is not zero


def _told(judgement: Judgement) -> Judgement:
    """What a student may read of a hidden check: which results are wrong and in what way, without a number of the comparison."""
    return replace(judgement, reason=MEASURED.sub("is not what is expected", judgement.reason))


def _names(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _ending_reason(check: Check, answer: CheckEvidence) -> str:
    detail = answer.detail if check.visible else ""  # student code may have made the text
    more = f" ({detail})" if detail else ""
    match answer.ending:
        case Ending.RAISED:
            return _raised(check, answer.error)
        case Ending.TIMED_OUT:
            return f"did not end within its time limit{more}"
        case Ending.DIED:
            return f"its process ended before it could answer{more}"
        case Ending.MALFORMED:
            return f"what came back is not an answer{more}"
        case Ending.OVERSIZE:
            return f"returned more than the limits allow{more}"
        case _:
            return detail or f"{check.of}, or another function that this check calls, was not found"


def _raised(check: Check, error: StudentError | None) -> str:
    if error is None:
        return "raised an exception"
    if not check.visible:
        if error.kind == "NotImplementedError":
            return "not implemented yet"
        return f"raised {error.kind}" if error.kind in KNOWN_TYPES else "raised an exception"
    where = f" in {error.frames[-1].file}, line {error.frames[-1].line}" if error.frames else ""
    said = f": {error.message}" if error.message else ""
    if (
        error.kind == "NotImplementedError"
    ):  # without a place of the student's, the probe says what it looked for
        return f"not implemented yet{where or said}"
    return f"raised {error.kind}{where}{said}"


def _ending_detail(answer: CheckEvidence) -> str:
    if answer.error is not None:
        return f"{answer.error.kind}: {answer.error.message}"
    return answer.detail


def _once(notes: Sequence[Note]) -> tuple[Note, ...]:
    return tuple(dict.fromkeys(notes))
