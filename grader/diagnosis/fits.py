"""What known mistakes give, and whether a student's arrays are that. Pure.

A mistake fits if it gives all of a check's arrays within the check's own tolerance, and if it is far nearer than the right answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from ..compare import FLOOR, compare_value
from ..model import Array
from ..probe import Check
from .digits import largest, near

__all__ = [
    "Arrays",
    "Cause",
    "Observed",
    "Same",
    "Variant",
    "equal_arrays",
    "fits",
    "fitting_of",
    "single_ids",
    "wrong_arrays",
]

REST = 0.1  # of the deviation that a cause accounts for: more than that unexplained, and it is not this cause

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
    """What a student's code gave for one check. arrays: None where it was no array. warnings: what NumPy said on the way.

    single: what fits it need not do so beyond the digits of single precision, which were lost elsewhere.
    """

    check: Check
    passed: bool
    arrays: Mapping[str, Array | None]
    expected: Arrays
    variants: Sequence[Variant] = ()
    warnings: Sequence[str] = ()
    single: bool = False


def equal_arrays(check: Check, actual: Mapping[str, Array | None], expected: Arrays) -> bool:
    """Whether all arrays agree, as far as the check's tolerance can tell. The floating-point width does not count."""
    if actual.keys() != expected.keys():
        return False
    same = Same(check)
    return all(same(name, actual[name], array) for name, array in expected.items())


def wrong_arrays(check: Check, actual: Mapping[str, Array | None], expected: Arrays) -> set[str]:
    """The names of the arrays that differ by more than the check's tolerance."""
    same = Same(check)
    return {name for name, array in expected.items() if not same(name, actual.get(name), array)}


class Same:
    """Equality of one array with another under a check's tolerance and floor."""

    def __init__(self, check: Check) -> None:
        self._check = check

    def __call__(self, name: str, actual: Array | None, expected: Array) -> bool:
        """Whether the arrays of this name are equal."""
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


def fitting_of(seen: Observed, ruled_out: Set[str]) -> list[Variant]:
    """The variants that give what the student's code gave. Two mistakes are assumed only where one does not explain it.

    Had the student made a mistake that is ruled out, a check of the same function would have failed that passed.
    """
    found = [
        variant
        for variant in seen.variants
        if not any(cause.id in ruled_out for cause in variant.causes) and fits(seen, variant)
    ]
    single = [variant for variant in found if len(variant.causes) == 1]
    return single or found


def fits(seen: Observed, variant: Variant) -> bool:
    """Whether the variant gives what the student's code gave."""
    same = equal_arrays(seen.check, seen.arrays, variant.arrays) or (seen.single and _nearly(seen, variant))
    return same and _accounts_for(seen, variant)


def _nearly(seen: Observed, variant: Variant) -> bool:
    """Whether all arrays are the variant's, within the check's tolerance or to the digits of single precision."""
    if seen.arrays.keys() != variant.arrays.keys():
        return False
    same, most = Same(seen.check), max((largest(array) for array in variant.arrays.values()), default=0.0)
    return all(
        same(name, seen.arrays[name], array) or near(seen.arrays[name], array, most)
        for name, array in variant.arrays.items()
    )


def single_ids(seen: Observed) -> set[str]:
    """The known mistakes that show in a check by themselves."""
    return {cause.id for variant in seen.variants if len(variant.causes) == 1 for cause in variant.causes}


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
