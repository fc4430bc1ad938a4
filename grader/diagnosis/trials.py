"""Run one check's probe on the reference, again and again, with other mistakes in it: which arrays change, does the check notice?

Whatever the runs have in common is done once: a course's catalogue takes thousands of them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import CodeType
from typing import Any, Protocol

import numpy as np

from ..errors import AssignmentError
from ..model import Array
from ..probe import Check
from ..seed import Seed
from ..suite import answer, undisturbed
from .fits import equal_arrays

__all__ = ["Applies", "Arrays", "Trial", "changed_by", "identical", "trials", "watched"]

Arrays = Mapping[str, Array]


class Applies(Protocol):
    """Of a catalogue, what makes the reference wrong."""

    def applied(self, misconceptions: Sequence[Any]) -> AbstractContextManager[None]:
        """Make the reference wrong in these ways for a `with` block. Raises: ValueError if they do not go together."""


class Trial:
    """One check, and what its probe runs. Within `trials` only, which keeps NumPy's legacy generator and warnings for all runs.

    ran: which functions the probe runs on the right reference, and how often. steady: whether it gives the expected arrays again,
    so that a difference tells of the code.
    """

    def __init__(self, check: Check, reference: Any, expected: Arrays, seed: Seed) -> None:
        self.check = check
        self.expected = expected
        self._reference = reference
        self._seed = seed.for_check(check.draws_as)
        again, self.ran = watched(check, reference, self._seed)
        self.steady = again.keys() == expected.keys() and all(
            identical(again[name], expected[name]) for name in again
        )

    def changed(self, catalogue: Applies, entries: Sequence[Any]) -> dict[str, Array]:
        """What these mistakes change in the check's arrays, see `changed_by`."""
        return changed_by(
            catalogue, entries, self.check, self._reference, expected=self.expected, seed=self._seed
        )


def changed_by(
    catalogue: Applies, entries: Sequence[Any], check: Check, reference: Any, *, expected: Arrays, seed: int
) -> dict[str, Array]:
    """What mistakes change in a check's arrays; nothing if the check passes all the same, they do not go together, or the probe
    ends in an error. Within `undisturbed`. seed: the check's own."""
    try:
        with catalogue.applied(entries):
            arrays = answer(check, reference, seed)
    except (AssignmentError, ValueError):
        return {}
    if arrays.keys() != expected.keys():
        return {}
    changed = {name: array for name, array in arrays.items() if not identical(array, expected[name])}
    return {} if not changed or _passes(check, arrays, changed, expected) else changed


def _passes(check: Check, arrays: Arrays, changed: Arrays, expected: Arrays) -> bool:
    """Whether the check lets these arrays pass. changed: those that are not identical with the expected ones."""
    if check.judge is None:
        return equal_arrays(check, changed, {name: expected[name] for name in changed})
    try:
        with np.errstate(all="ignore"):
            return bool(check.judge(arrays, expected).passed)
    except Exception:  # noqa: BLE001 - the author's judge meets arrays that it may not know; scoring counts this as failed, too
        return False


def watched(check: Check, reference: Any, seed: int) -> tuple[dict[str, Array], Counter[CodeType]]:
    """A probe's arrays, and which functions it runs and how often. Within `undisturbed`. seed: the check's own."""
    ran: Counter[CodeType] = Counter()

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            ran[frame.f_code] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        arrays = answer(check, reference, seed)
    finally:
        sys.setprofile(before)
    return arrays, ran


@contextmanager
def trials(
    checks: Sequence[Check], reference: Any, expected: Mapping[str, Arrays], seed: Seed
) -> Iterator[list[Trial]]:
    """The checks to be tried, in order, for a `with` block that leaves NumPy's legacy generator as it was.

    Left out are judged checks whose arrays differ from run to run, such as times. Of those that are compared it is taken for
    granted that they do not.
    """
    with undisturbed():
        found = [Trial(check, reference, expected[check.id], seed) for check in checks]
        yield [trial for trial in found if trial.check.judge is None or trial.steady]


def identical(one: Array, other: Array) -> bool:
    """Whether two arrays have one dtype, one shape and the same entries; NaN is the same as NaN."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    same = one == other
    if bool(np.all(same)):
        return True
    if one.dtype.kind not in "fc":
        return False
    return bool(np.all(same | ((one != one) & (other != other))))  # noqa: PLR0124 - NaN alone differs from itself
