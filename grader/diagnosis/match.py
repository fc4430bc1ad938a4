"""Say what went wrong: compare a failed check's arrays with what each known mistake gives on the same inputs. Pure.

A cause is certain only if it is the one that fits: it gives all of the check's arrays within the check's own tolerance, and every
other cause that does is ruled out by a check of the same function that passed, or is not needed because this one is held elsewhere.
It is not certain where another check of its function fails in a way that nothing known gives: what is wrong there may be what shows
here, too. What the data cannot tell apart is said to be so. Where nothing known fits, `structure` describes the numbers; no guess
is dressed as a fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from ..compare import FLOOR, compare_value
from ..model import Array, Finding
from ..probe import Check
from .structure import observe

__all__ = ["Cause", "Diagnosis", "Observed", "Variant", "diagnose", "equal_arrays", "wrong_arrays"]

REST = 0.1  # of the deviation that a cause accounts for: more than that unexplained, and it is not this cause
MOST_CAUSES = 4  # findings of one check; more than that tell nobody where to look

Arrays = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A known mistake.

    function: the graded function whose check shows it first, and which therefore holds it. student: one sentence that gives a
    direction. section: the notebook's heading to re-read.
    """

    id: str
    function: str
    student: str
    instructor: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What one known mistake, or two held together, give for one check: all of its arrays, some unlike the expected."""

    causes: tuple[Cause, ...]
    arrays: Arrays

    @property
    def ids(self) -> frozenset[str]:
        """The causes' ids, for comparing with other checks' variants."""
        return frozenset(cause.id for cause in self.causes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a student's code gave for one check. arrays: None where it was no array. warnings: what NumPy said on the way."""

    check: Check
    passed: bool
    arrays: Mapping[str, Array | None]
    expected: Arrays
    variants: Sequence[Variant] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What can be said of a failed check. elsewhere: functions whose mistakes explain all of it, none of them the check's own."""

    findings: tuple[Finding, ...]
    elsewhere: tuple[str, ...] = ()


def diagnose(observed: Sequence[Observed]) -> dict[str, Diagnosis]:
    """A diagnosis for each failed check, by its id; checks for which nothing can be said are absent.

    All checks of a submission are needed at once: those that passed rule causes out, and a cause that one check proves explains
    others.
    """
    ruled_out = {
        cause.id
        for seen in observed
        if seen.passed
        for variant in seen.variants
        if len(variant.causes) == 1
        for cause in variant.causes
        if cause.function
        == seen.check.of  # others may get by without the function: a network need not call every layer
    }
    failed = [seen for seen in observed if not seen.passed]
    fitting = _consistent(failed, {seen.check.id: _fitting(seen, ruled_out) for seen in failed})
    held = frozenset(found[0].ids for found in fitting.values() if len(found) == 1)
    unexplained = _unexplained(failed, fitting, held)
    diagnoses = {}
    for seen in failed:
        found = fitting[seen.check.id]
        proved = [variant for variant in found if variant.ids in held]
        found = proved if len(proved) == 1 else found
        said = _findings(found, seen.check, unexplained) or _carried(seen, held) or _described(seen)
        if said:
            diagnoses[seen.check.id] = Diagnosis(
                findings=said[:MOST_CAUSES], elsewhere=_elsewhere(found, seen.check)
            )
    return diagnoses


def _consistent(failed: Sequence[Observed], fitting: Mapping[str, list[Variant]]) -> dict[str, list[Variant]]:
    """What fits, without causes that their own function's checks speak against.

    A check of another function may show few numbers, such as one accuracy, which an unknown mistake can give by chance. Where the
    function that would hold a cause fails checks in which it shows, and none of them in its way, it is not that cause.
    """
    shown, explained = set(), set()
    for seen in failed:
        own = [variant for variant in seen.variants if len(variant.causes) == 1]
        shown |= {cause.id for variant in own for cause in variant.causes if cause.function == seen.check.of}
        explained |= {
            cause.id
            for variant in fitting[seen.check.id]
            for cause in variant.causes
            if cause.function == seen.check.of
        }
    return {
        check: [variant for variant in found if not variant.ids & (shown - explained)]
        for check, found in fitting.items()
    }


def _unexplained(
    failed: Sequence[Observed], fitting: Mapping[str, list[Variant]], held: frozenset[frozenset[str]]
) -> list[Observed]:
    """Checks that compare numbers, fail, and give what nothing known gives: something else is wrong with their function.

    Two causes that are held and both show in a check need no third for what it gives, for not all pairs are tried everywhere.
    """
    causes = frozenset().union(*held)
    return [
        seen
        for seen in failed
        if seen.check.judge is None
        and not fitting[seen.check.id]
        and len({one for variant in seen.variants if len(variant.ids) == 1 for one in variant.ids & causes})
        < 2
    ]


def _doubted(cause: Cause, unexplained: Sequence[Observed]) -> bool:
    """Whether something unknown is wrong with the cause's function, and may be what looks like it.

    A check that returned nothing where the cause would show says nothing of it.
    """
    return any(seen.check.of == cause.function and not _silent(cause, seen) for seen in unexplained)


def _silent(cause: Cause, seen: Observed) -> bool:
    shown = [
        seen.arrays.get(name)
        for variant in seen.variants
        if variant.ids == {cause.id}
        for name in wrong_arrays(seen.check, variant.arrays, seen.expected)
    ]
    return bool(shown) and all(array is None for array in shown)


def _described(seen: Observed) -> tuple[Finding, ...]:
    """How the numbers differ; nothing where a judge decides, for then right ones may differ as well."""
    if seen.check.judge is not None:
        return ()
    same = _Same(seen.check)
    return observe(seen.arrays, seen.expected, seen.warnings, same, section=seen.check.section)


def _elsewhere(found: Sequence[Variant], check: Check) -> tuple[str, ...]:
    if len(found) != 1:
        return ()
    functions = tuple(dict.fromkeys(cause.function for cause in found[0].causes))
    return () if check.of in functions else functions


def _carried(seen: Observed, held: frozenset[frozenset[str]]) -> tuple[Finding, ...]:
    """Causes that other checks prove and that show in this one, though none explains it alone: possible, not certain."""
    causes = {
        cause.id: cause
        for variant in seen.variants
        if len(variant.causes) == 1
        for cause in variant.causes
        if any(cause.id in ids for ids in held)
    }
    return tuple(_finding(cause, seen.check, certain=False) for cause in causes.values())


def equal_arrays(check: Check, actual: Mapping[str, Array | None], expected: Arrays) -> bool:
    """Whether all arrays agree, as far as the check's tolerance can tell. The floating-point width does not count."""
    if actual.keys() != expected.keys():
        return False
    same = _Same(check)
    return all(same(name, actual[name], array) for name, array in expected.items())


def wrong_arrays(check: Check, actual: Mapping[str, Array | None], expected: Arrays) -> set[str]:
    """The names of the arrays that differ by more than the check's tolerance."""
    same = _Same(check)
    return {name for name, array in expected.items() if not same(name, actual.get(name), array)}


class _Same:
    """Equality of one array with another under a check's tolerance and floor."""

    def __init__(self, check: Check) -> None:
        self._check = check

    def __call__(self, name: str, actual: Array | None, expected: Array) -> bool:
        judged = compare_value(
            "ndarray",
            actual,
            expected,
            tolerance=_term(self._check.tolerance, name, 1e-7),
            floor=_term(self._check.floor, name, FLOOR),
            exact_dtype=False,
        )
        return judged.passed


def _term(term: float | Mapping[str, float], name: str, default: float) -> float:
    return float(term.get(name, default)) if isinstance(term, Mapping) else float(term)


def _fitting(seen: Observed, ruled_out: Set[str]) -> list[Variant]:
    """The variants that give what the student's code gave. Two mistakes are assumed only where one does not explain it.

    Had the student made a mistake that is ruled out, a check of the same function would have failed that passed.
    """
    fits = [
        variant
        for variant in seen.variants
        if not any(cause.id in ruled_out for cause in variant.causes)
        and equal_arrays(seen.check, seen.arrays, variant.arrays)
        and _accounts_for(seen, variant)
    ]
    single = [variant for variant in fits if len(variant.causes) == 1]
    return single or fits


def _accounts_for(seen: Observed, variant: Variant) -> bool:
    """Whether the variant is not only within the tolerance but far nearer than the right answer.

    A check with a wide tolerance and few numbers is met by several causes, and by numbers that have none: one loss of 2.81 is
    within 2 % of many.
    """
    left = moved = 0.0
    for name in wrong_arrays(seen.check, variant.arrays, seen.expected):  # elsewhere there is rounding alone
        actual, array, right = seen.arrays[name], variant.arrays[name], seen.expected[name]
        if (
            actual is None
            or array.shape != right.shape
            or not {array.dtype.kind, right.dtype.kind} <= set("fiub")
        ):
            continue
        given, wrong, true = (np.asarray(one, dtype=np.float64) for one in (actual, array, right))
        finite = np.isfinite(given) & np.isfinite(wrong) & np.isfinite(true)
        given, wrong, true = given[finite], wrong[finite], true[finite]
        scale = float(np.abs(true).max(initial=0.0)) or 1.0
        left += float(np.abs(given / scale - wrong / scale).sum())
        moved += float(np.abs(wrong / scale - true / scale).sum())
    return left <= REST * moved or not moved


def _findings(found: Sequence[Variant], check: Check, unexplained: Sequence[Observed]) -> tuple[Finding, ...]:
    """The causes of what fits. unexplained: checks that nothing known explains."""
    certain = len(found) == 1 and not any(_doubted(cause, unexplained) for cause in found[0].causes)
    causes = {cause.id: cause for variant in found for cause in variant.causes}
    return tuple(_finding(cause, check, certain=certain) for cause in causes.values())


def _finding(cause: Cause, check: Check, *, certain: bool) -> Finding:
    return Finding(
        id=cause.id,
        student=cause.student,
        instructor=cause.instructor,
        certain=certain,
        # where the mistake shows in its own function's check, that check's heading is the one to re-read
        section=(cause.section if cause.function != check.of else "") or check.section or cause.section,
    )
