"""Was nothing lost but digits? Numbers that are right as far as single precision can tell, and where that is charged. Pure.

An array made with float32 on the way shows in all that is worked out from it, in dozens of checks. It is one mistake, and what the
checks ask for is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..model import Array, CheckEvidence, CheckResult, Finding
from ..probe import Check
from .fits import Arrays, Observed, wrong_arrays
from .match import Diagnosis

__all__ = ["FOUND", "charging_digits", "single_precision"]

# Of an array's largest number. One cast to float32, wherever it stood, moved results by 25 of its roundings (2**-24) at most in
# hundreds of arrays; the mildest mistakes that are known, an eps in the wrong place, move them by 60 and more.
DIGITS = 32 * 2.0**-24
ALIKE = 0.999  # correlation of what is off with the right numbers: a factor is wrong; rounding has it once in a thousand
NOTHING = 1e-9  # of the check's largest number: an array below it is zero but for rounding, and has no scale of its own

#: What is said of a check that lost digits and nothing else.
FOUND = Finding(
    id="structure.single_precision",
    student="The numbers are right to about seven digits: an array on the way to them is float32. Look for astype and dtype.",
    instructor="Right to the digits of single precision, and no known mistake gives these numbers.",
    certain=False,
)


def single_precision(observed: Sequence[Observed], diagnoses: Mapping[str, Diagnosis]) -> dict[str, int]:
    """The failed checks, of those that compare arrays, that lost digits and nothing else: id -> how many functions they build on.

    A known mistake that gives the numbers explains them better, and so does an unknown one in a function that the check builds on.
    """
    failed = [seen for seen in observed if not seen.passed and seen.check.judge is None]
    unnamed = [seen for seen in failed if not _named(diagnoses.get(seen.check.id))]
    short = [seen for seen in unnamed if _short(seen.check, seen.arrays, seen.expected)]
    found = {seen.check.id for seen in short}
    otherwise = {seen.check.of for seen in unnamed if seen.check.id not in found}
    return {seen.check.id: len(_built_on(seen)) for seen in short if not otherwise & _built_on(seen)}


def charging_digits(
    short: Mapping[str, int],
    checks: Sequence[Check],
    judged: Mapping[str, CheckResult],
    answers: Mapping[str, CheckEvidence],
    expected: Mapping[str, Arrays],
) -> str:
    """The one check that the lost digits are charged by.

    A failed check whose judge decides, and whose arrays lack nothing else, asks for digits. Else it is the one that lost most among
    those that build on the fewest functions, for there the digits were lost. short: as `single_precision` gives it.
    """
    for check in checks:
        if check.judge is not None and judged[check.id].points < judged[check.id].max_points:
            arrays = {value.name: value.array for value in answers[check.id].values}
            if expected.get(check.id) and _short(check, arrays, expected[check.id]):
                return check.id
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
    most = max((_largest(array) for array in expected.values()), default=0.0)
    return bool(wrong) and all(_near(arrays.get(name), expected[name], most) for name in wrong)


def _narrow(arrays: Mapping[str, Array | None], expected: Arrays) -> Iterable[str]:
    for name, array in expected.items():
        got = arrays.get(name)
        if (
            got is not None
            and got.dtype.kind == array.dtype.kind == "f"
            and got.dtype.itemsize < array.dtype.itemsize
        ):
            yield name


def _near(got: Array | None, array: Array, most: float) -> bool:
    if got is None or got.shape != array.shape or got.dtype.kind != "f" or array.dtype.kind != "f":
        return False
    if got.dtype.itemsize < np.dtype(np.float32).itemsize:
        return False
    own = _largest(array)
    right = array.astype(np.float64)
    with np.errstate(all="ignore"):  # whatever numbers a student's code made of it
        off = got.astype(np.float64) - right
    if not _largest(off) <= DIGITS * (own if own > NOTHING * most else most):  # NaN included
        return False
    return not _by_a_factor(off, right)


def _by_a_factor(off: NDArray[np.float64], array: NDArray[np.float64]) -> bool:
    norm = float(np.linalg.norm(off) * np.linalg.norm(array))
    return array.size > 2 and norm > 0 and abs(float(np.sum(off * array))) > ALIKE * norm


def _largest(array: Array) -> float:
    return float(np.abs(array).max(initial=0.0)) if array.dtype.kind in "fiu" else 0.0
