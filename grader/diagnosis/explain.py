"""Explain failed checks, and charge an error once: findings, and a share of the points where only an earlier mistake shows. Pure.

A later check that fails is not charged in full when it is certain that nothing of its own is wrong: when its arrays are, number for
number, what right code gives on top of a known mistake in another function. That function's own checks charge the mistake; where
they do not, because they wait for a person or a person gave their points, nothing is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ..model import Array, CheckEvidence, CheckResult, Ending, ManualMark, Outcome
from ..probe import Check
from .carry import agreeing
from .fits import Observed, Variant, equal_arrays, wrong_arrays
from .match import Diagnosis, diagnose
from .precision import FOUND, asking_for_digits, charging_digits, marked, single_precision
from .several import Together

__all__ = ["Knowledge", "explain"]

Arrays = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What failures are explained by. variants: check id -> what known mistakes give for it.

    together: what several of them give for one check at once, where `variants` does not say.
    companions: checks that send the student's own forward pass for the gradients of another, see `carry`, or what another asks for
    with other functions in the place of the student's.
    share: of the points that a check lost, given where the error was made and charged elsewhere; 0 to 1.
    """

    variants: Mapping[str, Sequence[Variant]] = field(default_factory=dict)
    together: Together | None = None
    companions: Sequence[Check] = ()
    share: Decimal = Decimal(0)


def explain(
    judged: Sequence[CheckResult],
    checks: Sequence[Check],
    answers: Mapping[str, CheckEvidence],
    expected: Mapping[str, Arrays],
    known: Knowledge,
    *,
    marks: Mapping[str, ManualMark] | None = None,
) -> tuple[CheckResult, ...]:
    """The results with findings and carried points, where arrays came back that can be compared with the expected ones.

    marks: check id -> what a person decided. It says what a check charges; whoever calls puts it in the result's place.
    """
    observed = [
        Observed(
            check=check,
            passed=result.outcome is Outcome.PASSED,
            arrays=_arrays(answers[check.id]),
            expected=expected[check.id],
            variants=known.variants.get(check.id, ()),
            warnings=answers[check.id].warnings,
        )
        for check, result in zip(checks, judged, strict=True)
        if _comparable(check, known) and expected.get(check.id) and _answered(answers, check.id)
    ]
    diagnoses = diagnose(observed, known.together)
    again = marked(observed, diagnoses)
    if again is not None:
        observed, diagnoses = again, diagnose(again, known.together)
    lost = {result.id: _lost(result, (marks or {}).get(result.id)) for result in judged}
    charging = _charging(checks, known, {name for name, points in lost.items() if points > 0})
    results = {
        result.id: _carried(result, diagnoses.get(result.id), charging, known.share) for result in judged
    }
    earned = {result.id: result.points for result in judged}
    given = {name: results[name].points - points for name, points in earned.items()}
    for seen in observed:
        name = seen.check.id
        if not seen.passed and not given[name]:  # the greater of the two grounds counts, never their sum
            share = known.share * Decimal(str(_own_share(seen, answers, expected, known)))
            results[name] = _excused(results[name], share, _charged(name, known), lost)
    for companion in known.companions:
        name = companion.carries
        if companion.parts and results[name].outcome is Outcome.FAILED and _answered(answers, companion.id):
            parts = _faulty_parts(companion, checks, answers[companion.id], expected[companion.id], lost)
            so_far = results[name].points - earned[name]  # on whichever ground
            results[name] = _built_right(results[name], so_far, parts, known.share)
    before = {result.id: result for result in judged}
    asking = asking_for_digits(checks, before, answers, expected)
    short = single_precision(observed, diagnoses, proved=bool(asking))
    if short:
        charged_by = before[charging_digits(short, checks, before, asking)]
        for name in short:
            results[name] = _short_of_digits(before[name], charged_by)
    return tuple(results.values())


def _lost(result: CheckResult, mark: ManualMark | None) -> Decimal:
    """The points that a check charges: nothing while a person has not decided."""
    if mark is not None:
        return result.max_points - mark.points
    return result.max_points - result.points if result.outcome is Outcome.FAILED else Decimal(0)


def _charging(checks: Sequence[Check], known: Knowledge, charged: Set[str]) -> frozenset[str]:
    """The known mistakes that a check of their own function, in which they show, charges. charged: checks that lost points."""
    return frozenset(
        cause.id
        for check in checks
        if check.id in charged
        for variant in known.variants.get(check.id, ())
        if len(variant.causes) == 1
        for cause in variant.causes
        if cause.function == check.of
    )


def _comparable(check: Check, known: Knowledge) -> bool:
    """Whether a check's arrays say something beside its verdict: where a judge decides, only if known mistakes show in them."""
    return check.judge is None or bool(known.variants.get(check.id))


def _answered(answers: Mapping[str, CheckEvidence], check: str) -> bool:
    return check in answers and answers[check].ending is Ending.ANSWERED


def _arrays(answer: CheckEvidence) -> dict[str, Array | None]:
    return {value.name: value.array for value in answer.values}


def _own_share(
    seen: Observed, answers: Mapping[str, CheckEvidence], expected: Mapping[str, Arrays], known: Knowledge
) -> float:
    """Which part of what the check lost the student's own forward pass excuses: of the wrong gradients, those that agree."""
    if seen.check.judge is not None:  # which of its arrays are wrong, the judge alone knows
        return 0.0
    agree: set[str] = set()
    for companion in known.companions:
        if (
            companion.carries == seen.check.id
            and not companion.parts
            and _answered(answers, companion.id)
            and expected.get(companion.id)
        ):
            moved = _arrays(answers[companion.id])
            agree |= agreeing(seen.arrays, moved, expected[companion.id], right=seen.expected)
    wrong = wrong_arrays(seen.check, seen.arrays, seen.expected)
    if not wrong or (seen.check.credit == "all" and wrong - agree):
        return 0.0
    return len(wrong & agree) / len(wrong)


def _faulty_parts(
    companion: Check,
    checks: Sequence[Check],
    answer: CheckEvidence,
    expected: Arrays,
    lost: Mapping[str, Decimal],
) -> tuple[str, ...]:
    """The functions that charge something and in whose place others let a check give what is expected; none if they do not."""
    if not equal_arrays(companion, _arrays(answer), expected):
        return ()
    return tuple(dict.fromkeys(one.of for one in checks if one.of in companion.parts and lost[one.id] > 0))


def _built_right(result: CheckResult, before: Decimal, parts: Sequence[str], share: Decimal) -> CheckResult:
    """One result with the share that its parts excuse, if that is more than what it was given before on other grounds.

    What is right on other layers was not made wrong for this occasion, so this has no bound in what the parts' checks lost.
    """
    if not parts:
        return result
    given = (result.max_points - result.points + before) * share - before
    names = " and ".join(parts)
    return _given(
        result,
        given,
        f"right with other layers in the place of {names}; what is wrong there is charged there",
    )


def _charged(check: str, known: Knowledge) -> tuple[str, ...]:
    """The checks that charge a mistake of the forward pass whose gradients this check judges."""
    found = (companion.charged for companion in known.companions if companion.carries == check)
    return tuple(name for name in dict.fromkeys(found) if name)


def _carried(
    result: CheckResult, diagnosis: Diagnosis | None, charging: Set[str], share: Decimal
) -> CheckResult:
    """One result with what is known about it, and the share of what mistakes charged elsewhere cost it."""
    if diagnosis is None:
        return result
    result = replace(result, findings=diagnosis.findings)
    elsewhere = diagnosis.elsewhere
    if elsewhere is None or not elsewhere.causes <= charging:
        return result
    lost = result.max_points - result.points
    right = (
        "what else is not right comes from what is wrong" if elsewhere.own else "right but for what is wrong"
    )
    reason = f"{right} in {' and '.join(elsewhere.functions)} and charged there"
    own = min(lost, result.max_points * Decimal(str(elsewhere.own)))
    return _given(result, (lost - own) * share, reason)


def _short_of_digits(result: CheckResult, charged_by: CheckResult) -> CheckResult:
    """One result that lost digits and nothing else; it has its points unless it is the one that charges for them."""
    result = replace(
        result, findings=(FOUND,), hint=""
    )  # a hint at the computation leads away from what is wrong
    if result.id == charged_by.id:
        return result
    reason = f'nothing is lost but digits, which "{charged_by.title.rstrip(".")}" charges'
    return _given(result, result.max_points - result.points, reason)


def _excused(
    result: CheckResult, share: Decimal, charged: Sequence[str], lost: dict[str, Decimal]
) -> CheckResult:
    """One result with the share that the student's own forward pass excuses.

    lost: points that checks lost; what is given here is taken from those of `charged`, for no loss to be given back twice. The
    forward pass was run by the student's process, which can make it wrong for this occasion alone: so no more is given back than
    the same mistake cost, and nothing where it cost nothing.
    """
    most = sum((lost.get(name, Decimal(0)) for name in charged), Decimal(0))
    given = min((result.max_points - result.points) * share, most)
    left = given
    for name in charged:
        taken = min(left, lost.get(name, Decimal(0)))
        lost[name], left = lost.get(name, Decimal(0)) - taken, left - taken
    return _given(
        result, given, "what is wrong agrees with your own forward pass, which is charged by itself"
    )


def _given(result: CheckResult, points: Decimal, reason: str) -> CheckResult:
    given = points.quantize(Decimal("0.0001")).normalize() + 0
    if given <= 0:
        return result
    return replace(
        result,
        points=result.points + given,
        reason=f"{result.reason}; {reason}: {given:f} points are given",
    )
