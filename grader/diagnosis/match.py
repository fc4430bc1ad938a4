"""Say what went wrong: compare a failed check's arrays with what each known mistake gives on the same inputs. Pure.

A cause is certain only if it is the one that fits: it gives all of the check's arrays within the check's own tolerance, and every
other cause that does is ruled out by a check of the same function that passed, or is not needed because this one is held elsewhere.
It is not certain where another check of its function fails in a way that nothing known gives: what is wrong there may be what shows
here, too. What the data cannot tell apart is said to be so. Where nothing known fits, `structure` describes the numbers; no guess
is dressed as a fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import Finding
from ..probe import Check
from .fits import Cause, Observed, Same, Variant, fitting_of, single_ids, wrong_arrays
from .several import Together, explained_together
from .structure import observe

__all__ = ["Diagnosis", "Elsewhere", "diagnose"]

MOST_CAUSES = 4  # findings of one check; more than that tell nobody where to look


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Mistakes of other functions that show in a check, and explain it with what is the check's own. causes: their ids.

    own: the share of the points that the check's own mistakes would have cost alone.
    """

    functions: tuple[str, ...]
    causes: frozenset[str]
    own: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What can be said of a failed check. elsewhere: None unless others' mistakes explain what its own do not."""

    findings: tuple[Finding, ...]
    elsewhere: Elsewhere | None = None


def diagnose(observed: Sequence[Observed], together: Together | None = None) -> dict[str, Diagnosis]:
    """A diagnosis for each failed check, by its id; checks for which nothing can be said are absent.

    All checks of a submission are needed at once: those that passed rule causes out, and a cause that one check proves explains
    others. together: what several mistakes give, where no variant of a check says so.
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
    fitting = _consistent(failed, {seen.check.id: fitting_of(seen, ruled_out) for seen in failed})
    if together is not None:
        fitting = explained_together(failed, fitting, ruled_out, together)
    held = frozenset(found[0].ids for found in fitting.values() if len(found) == 1)
    causes = frozenset().union(*held)
    unexplained = _unexplained(failed, fitting, held)
    diagnoses = {}
    for seen in failed:
        found = fitting[seen.check.id]
        proved = [variant for variant in found if variant.ids <= causes]
        found = proved if len(proved) == 1 else found
        said = _findings(found, seen.check, unexplained) or _carried(seen, held) or _described(seen)
        if said:
            diagnoses[seen.check.id] = Diagnosis(
                findings=said[:MOST_CAUSES], elsewhere=_elsewhere(found, seen)
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
        if seen.check.judge is None and not fitting[seen.check.id] and len(single_ids(seen) & causes) < 2
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
    same = Same(seen.check)
    return observe(seen.arrays, seen.expected, seen.warnings, same, section=seen.check.section)


def _elsewhere(found: Sequence[Variant], seen: Observed) -> Elsewhere | None:
    """What others' mistakes account for. Which of several mistakes of the same functions it is makes no difference to that."""
    parts = [
        ([cause for cause in one.causes if cause.function != seen.check.of], _own(one, seen)) for one in found
    ]
    functions = {tuple(dict.fromkeys(cause.function for cause in others)) for others, _ in parts}
    if len(functions) != 1 or functions == {()} or any(own is None for _, own in parts):
        return None
    return Elsewhere(
        functions=functions.pop(),
        causes=frozenset(cause.id for others, _ in parts for cause in others),
        own=max(own or 0.0 for _, own in parts),
    )


def _own(variant: Variant, seen: Observed) -> float | None:
    """The share of the points that the check's own mistakes cost alone, one at most; None if that is not known."""
    check, own = seen.check, {cause.id for cause in variant.causes if cause.function == seen.check.of}
    if not own:
        return 0.0
    alone = [one for one in seen.variants if one.ids == own]
    if not alone or check.judge is not None:
        return None
    wrong = wrong_arrays(check, alone[0].arrays, seen.expected)
    return len(wrong) / len(seen.expected) if check.credit == "each" else 1.0


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
