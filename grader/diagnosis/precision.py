"""Was nothing lost but digits? Numbers that are right as far as single precision can tell, and where that is charged. Pure.

An array made with float32 on the way shows in all that is worked out from it, in dozens of checks. It is one mistake, and what the
checks ask for is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..model import Array, CheckEvidence, CheckResult, Finding
from ..probe import Check
from .digits import largest, near
from .fits import Arrays, Observed, wrong_arrays
from .match import Diagnosis

__all__ = ["FOUND", "asking_for_digits", "charging_digits", "marked", "single_precision"]

#: What is said of a check that lost digits and nothing else.
FOUND = Finding(
    id="structure.single_precision",
    student="The numbers are right to about seven digits: an array on the way to them is float32. Look for astype and dtype.",
    instructor="Right to the digits of single precision, and no known mistake gives these numbers.",
    certain=False,
)


def single_precision(
    observed: Sequence[Observed], diagnoses: Mapping[str, Diagnosis], *, proved: bool = False
) -> dict[str, int]:
    """The failed checks, of those that compare arrays, that lost digits and nothing else: id -> how many functions they build on.

    A known mistake that gives the numbers explains them better, and so may an unknown one in a function that the check builds on,
    unless it is proved, by a check that asks for nothing else, that digits were lost.
    """
    unnamed = _unnamed(observed, diagnoses)
    short = [seen for seen in unnamed if _short(seen.check, seen.arrays, seen.expected)]
    found = {seen.check.id for seen in short}
    otherwise = set() if proved else {seen.check.of for seen in unnamed if seen.check.id not in found}
    return {seen.check.id: len(_built_on(seen)) for seen in short if not otherwise & _built_on(seen)}


def marked(observed: Sequence[Observed], diagnoses: Mapping[str, Diagnosis]) -> list[Observed] | None:
    """The same checks, those that nothing explains marked as `single`, where others lost digits and nothing else; None otherwise.

    Who made an array in single precision may have made a mistake besides: to the digits that are left, a known one then fits.
    """
    unnamed = _unnamed(observed, diagnoses)
    short = {seen.check.id for seen in unnamed if _short(seen.check, seen.arrays, seen.expected)}
    others = {seen.check.id for seen in unnamed} - short
    if not short or not others:
        return None
    return [replace(seen, single=True) if seen.check.id in others else seen for seen in observed]


def _unnamed(observed: Sequence[Observed], diagnoses: Mapping[str, Diagnosis]) -> list[Observed]:
    """The failed checks that compare arrays and that no known mistake explains."""
    failed = [seen for seen in observed if not seen.passed and seen.check.judge is None]
    return [seen for seen in failed if not _named(diagnoses.get(seen.check.id))]


def asking_for_digits(
    checks: Sequence[Check],
    judged: Mapping[str, CheckResult],
    answers: Mapping[str, CheckEvidence],
    expected: Mapping[str, Arrays],
) -> str:
    """The failed check that asks for digits: its judge decides, and its arrays lack nothing else. "" if there is none."""
    for check in checks:
        if check.judge is not None and judged[check.id].points < judged[check.id].max_points:
            arrays = {value.name: value.array for value in answers[check.id].values}
            if expected.get(check.id) and _short(check, arrays, expected[check.id]):
                return check.id
    return ""


def charging_digits(
    short: Mapping[str, int], checks: Sequence[Check], judged: Mapping[str, CheckResult], asking: str
) -> str:
    """The one check that the lost digits are charged by.

    It is the one that asks for them. Else it is the one that lost most among those that build on the fewest functions, for there
    the digits were lost. short: as `single_precision` gives it. asking: as `asking_for_digits` gives it.
    """
    if asking:
        return asking
    costs = [
        (short[check.id], judged[check.id].points - judged[check.id].max_points, number, check.id)
        for number, check in enumerate(checks)
        if check.id in short
    ]
    return min(costs)[-1]


def _named(diagnosis: Diagnosis | None) -> bool:
    return diagnosis is not None and any(not one.id.startswith("structure.") for one in diagnosis.findings)


def _built_on(seen: Observed) -> set[str]:
    """The functions whose mistakes show in a check: its own, and those that it calls."""
    return {seen.check.of, *(cause.function for variant in seen.variants for cause in variant.causes)}


def _short(check: Check, arrays: Mapping[str, Array | None], expected: Arrays) -> bool:
    """Whether arrays are wrong or too narrow, each as far only as single precision explains."""
    wrong = wrong_arrays(check, arrays, expected) | set(_narrow(arrays, expected))
    most = max((largest(array) for array in expected.values()), default=0.0)
    return bool(wrong) and all(near(arrays.get(name), expected[name], most) for name in wrong)


def _narrow(arrays: Mapping[str, Array | None], expected: Arrays) -> Iterable[str]:
    for name, array in expected.items():
        got = arrays.get(name)
        if (
            got is not None
            and got.dtype.kind == array.dtype.kind == "f"
            and got.dtype.itemsize < array.dtype.itemsize
        ):
            yield name
