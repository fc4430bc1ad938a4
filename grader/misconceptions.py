"""Load an assignment's catalogue of misconceptions, and compute what each one gives for each check, on the graded seed.

The catalogue is a module that `assignment.yaml` names: `CATALOGUE`, the entries, and `applied(entries)`, a context manager in which
the reference makes these mistakes. Which entries bear on a check is found by running its probe once and seeing which functions ran.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Protocol

import numpy as np

from .assignment import Assignment
from .diagnose import Cause, Variant, equal_arrays
from .errors import AssignmentError
from .files import atomic_file
from .model import Array
from .probe import Check
from .seed import Seed
from .suite import Suite, expected_key, run_probe

__all__ = ["Catalogue", "Misconception", "load_catalogue", "variants"]

MOST_PAIRED = 2  # checks in which the same two mistakes are tried together
JOIN = "+"  # between the ids of two mistakes held together, in the cache

Arrays = Mapping[str, Array]


class Misconception(Protocol):
    """An entry of a catalogue. functions: those of the reference that are wrong while it is applied."""

    @property
    def id(self) -> str: ...  # noqa: D102 - said by the class
    @property
    def student(self) -> str: ...  # noqa: D102
    @property
    def instructor(self) -> str: ...  # noqa: D102
    @property
    def functions(self) -> tuple[FunctionType, ...]: ...  # noqa: D102


class Catalogue(Protocol):
    """What the named module has to offer."""

    CATALOGUE: Sequence[Any]

    def applied(self, misconceptions: Sequence[Any]) -> AbstractContextManager[None]:
        """Make the reference wrong in these ways for a `with` block. Raises: ValueError if they do not go together."""


def load_catalogue(assignment: Assignment) -> Catalogue | None:
    """The module that `assignment.yaml` names under `misconceptions`, or None if it names none.

    Raises: AssignmentError if it cannot be imported or is no catalogue.
    """
    name = assignment.spec.misconceptions
    if not name:
        return None
    place = assignment.folder / "assignment.yaml"
    try:
        module: Any = importlib.import_module(name)
    except ImportError as exc:
        raise AssignmentError(
            f"{place}: misconceptions {name} cannot be imported ({exc}); expected a module"
        ) from exc
    if not hasattr(module, "CATALOGUE") or not hasattr(module, "applied"):
        raise AssignmentError(
            f"{place}: {name} has no CATALOGUE and applied(); expected a catalogue of misconceptions"
        )
    found: Catalogue = module
    return found


def variants(
    suite: Suite,
    reference: Any,
    catalogue: Catalogue,
    expected: Mapping[str, Arrays],
    seed: Seed,
    *,
    cache: Path | None = None,
) -> dict[str, tuple[Variant, ...]]:
    """What each misconception that shows in a check gives for it: check id -> variants, those of two mistakes last.

    Checks with a judge of their own are left out: their arrays are not what is compared. cache: a folder.
    """
    path = cache / f"{_key(suite, reference, seed)}.variants.npz" if cache is not None else None
    given: dict[str, dict[str, dict[str, Array]]] | None = None
    if path is not None:
        with contextlib.suppress(FileNotFoundError, ValueError, EOFError, KeyError, OSError):
            given = _load(path, suite)
    if given is None:
        given = _computed(suite, reference, catalogue, expected, seed)
        if path is not None:
            _save(path, given)
    causes = _causes(suite, catalogue, given)
    return {
        check: tuple(
            Variant(
                causes=tuple(causes[one] for one in ids.split(JOIN)), arrays={**expected[check], **changed}
            )
            for ids, changed in found.items()
        )
        for check, found in given.items()
    }


def _compared(suite: Suite) -> Iterator[Check]:
    return (check for check in suite.checks if check.where == "modules" and check.judge is None)


def _computed(
    suite: Suite, reference: Any, catalogue: Catalogue, expected: Mapping[str, Arrays], seed: Seed
) -> dict[str, dict[str, dict[str, Array]]]:
    """The arrays that differ from the expected ones, by check and misconception."""
    given: dict[str, dict[str, dict[str, Array]]] = {}
    homes: dict[str, str] = {}  # misconception -> the graded function whose check shows it first
    paired: Counter[tuple[str, str]] = Counter()
    for check in _compared(suite):
        ran = _functions_run(check, reference, seed)
        bearing = [
            entry for entry in catalogue.CATALOGUE if any(one.__code__ in ran for one in entry.functions)
        ]
        run = partial(_changed, check, reference, catalogue, expected[check.id], seed)
        found = {entry.id: changed for entry in bearing if (changed := run((entry,)))}
        for name in found:
            homes.setdefault(name, check.of)
        # Two mistakes in one function are common. Later checks build on these: there, one of the two explains enough.
        showing = [entry for entry in bearing if entry.id in found and homes[entry.id] == check.of]
        for one, other in itertools.combinations(showing, 2):
            pair = (one.id, other.id)
            if paired[pair] < MOST_PAIRED and (changed := run((one, other))):
                paired[pair] += 1
                if not any(_same_change(changed, found[name]) for name in pair):  # else one hides the other
                    found[JOIN.join(pair)] = changed
        given[check.id] = found
    return given


def _same_change(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(_identical(one[name], other[name]) for name in one)


def _changed(  # noqa: PLR0917 - all but the last are bound once per check
    check: Check,
    reference: Any,
    catalogue: Catalogue,
    expected: Arrays,
    seed: Seed,
    entries: tuple[Misconception, ...],
) -> dict[str, Array]:
    """What these mistakes change in the check's arrays; nothing if they do not go together or the probe ends in an error."""
    try:
        with catalogue.applied(entries):
            arrays = run_probe(check, reference, seed)
    except (AssignmentError, ValueError):
        return {}
    if arrays.keys() != expected.keys() or equal_arrays(check, arrays, expected):
        return {}
    return {name: array for name, array in arrays.items() if not _identical(array, expected[name])}


def _identical(one: Array, other: Array) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")


def _functions_run(check: Check, reference: Any, seed: Seed) -> frozenset[CodeType]:
    ran: set[CodeType] = set()

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            ran.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run_probe(check, reference, seed)
    finally:
        sys.setprofile(before)
    return frozenset(ran)


def _causes(
    suite: Suite, catalogue: Catalogue, given: Mapping[str, Mapping[str, object]]
) -> dict[str, Cause]:
    """The entries in words. They belong to the first check in which they show: later ones build on it."""
    first: dict[str, Check] = {}
    for check in suite.checks:
        for ids in given.get(check.id, {}):
            if JOIN not in ids:
                first.setdefault(ids, check)
    return {
        entry.id: Cause(
            id=entry.id,
            function=first[entry.id].of,
            student=entry.student,
            instructor=entry.instructor,
            section=first[entry.id].section,
        )
        for entry in catalogue.CATALOGUE
        if entry.id in first
    }


def _key(suite: Suite, reference: Any, seed: Seed) -> str:
    """As the expected arrays', and by terms that decide which differences show."""
    terms = [
        (check.id, str(check.tolerance), str(check.floor), check.judge is None, check.of)
        for check in suite.checks
    ]
    name = suite.assignment.spec.misconceptions
    return hashlib.sha256(f"{expected_key(suite, reference, seed)}\n{name}\n{terms}".encode()).hexdigest()


def _save(path: Path, given: Mapping[str, Mapping[str, Arrays]]) -> None:
    named = {
        f"{check}\n{ids}\n{name}": array
        for check, found in given.items()
        for ids, arrays in found.items()
        for name, array in arrays.items()
    }
    with atomic_file(path, 0o600) as file:
        np.savez(file, **named)  # type: ignore[arg-type] # numpy types the keywords too narrowly


def _load(path: Path, suite: Suite) -> dict[str, dict[str, dict[str, Array]]]:
    given: dict[str, dict[str, dict[str, Array]]] = {check.id: {} for check in _compared(suite)}
    with np.load(path, allow_pickle=False) as file:
        for key in file.files:
            check, ids, name = key.split("\n")
            given[check].setdefault(ids, {})[name] = file[key]
    return given
