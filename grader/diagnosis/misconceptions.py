"""Load an assignment's catalogue of misconceptions, and compute what each one gives for each check, on the graded seed.

The catalogue is a module that `assignment.yaml` names: `CATALOGUE`, the entries, and `applied(entries)`, a context manager in which
the reference makes these mistakes. Which entries bear on a check is found by running its probe once and seeing which functions ran.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Protocol

import numpy as np

from ..assignment import Assignment
from ..errors import AssignmentError, EvidenceError
from ..files import write_atomically
from ..model import Array
from ..probe import Check
from ..seed import Seed
from ..store.arrays import pack_arrays, unpack_arrays
from ..suite import Suite, expected_key, undisturbed
from .fits import Cause, Variant
from .trials import Applies, Arrays, Trial, identical, trials, watched

__all__ = ["Catalogue", "Misconception", "bearing", "load_catalogue", "variants", "variants_kept"]

MOST_CALLS = 1_000  # of a probe that is run for pairs as well; training runs take more
MOST_PAIRED = 2  # checks in which the same two mistakes are tried together
LAYOUT = 4  # of the kept file
JOIN = "+"  # between the ids of two mistakes held together, in the cache


class Misconception(Protocol):
    """An entry of a catalogue.

    functions: those of the reference that are exchanged while it is applied. wrong_functions: those among them that are wrong; a
    course that never runs one of these does not have the function that the mistake is about. paired: whether it is tried together
    with others, which takes many runs.
    """

    @property
    def id(self) -> str: ...  # noqa: D102 - said by the class
    @property
    def student(self) -> str: ...  # noqa: D102
    @property
    def instructor(self) -> str: ...  # noqa: D102
    @property
    def paired(self) -> bool: ...  # noqa: D102
    @property
    def functions(self) -> tuple[FunctionType, ...]: ...  # noqa: D102
    @property
    def wrong_functions(self) -> tuple[FunctionType, ...]: ...  # noqa: D102


class Catalogue(Applies, Protocol):
    """What the named module has to offer."""

    CATALOGUE: Sequence[Any]


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


def bearing(suite: Suite, reference: Any, catalogue: Catalogue, seed: Seed) -> tuple[str, ...]:
    """The ids of the entries whose functions the probes run, in the catalogue's order: mistakes that this course can have."""
    with undisturbed():
        ran = [watched(check, reference, seed.for_check(check.draws_as))[1] for check in _compared(suite)]
    return tuple(one.id for one in _bearing(catalogue, frozenset().union(*ran)))


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

    Where a check has a judge of its own, a mistake shows if the judge does not pass it. Left out are checks whose arrays
    differ from run to run, such as times, and those in a notebook that have a judge: nothing is expected there. cache: a folder.
    """
    path = _place(suite, reference, seed, cache) if cache is not None else None
    shown: _Shown | None = None
    if path is not None:
        with contextlib.suppress(EvidenceError, OSError, KeyError, ValueError):
            shown = _load(path, suite)
    if shown is None:
        shown = _computed(suite, reference, catalogue, expected, seed)
        if path is not None:
            _save(path, shown)
    causes = _causes(suite, catalogue, shown)
    return {
        check: tuple(
            Variant(
                causes=tuple(causes[one] for one in ids.split(JOIN)), arrays={**expected[check], **changed}
            )
            for ids, changed in found.items()
        )
        for check, found in shown.changed.items()
    }


def variants_kept(suite: Suite, reference: Any, seed: Seed, cache: Path) -> bool:
    """Whether `variants` would recall what it gives instead of computing it, which takes seconds."""
    return _place(suite, reference, seed, cache).exists()


def _place(suite: Suite, reference: Any, seed: Seed, cache: Path) -> Path:
    return cache / f"{_key(suite, reference, seed)}.variants"


@dataclass(frozen=True, slots=True)
class _Shown:
    """reach: how many of the catalogue's functions each check's probe runs, and how many calls of any function it takes.
    changed: check id -> ids of mistakes -> the arrays that they change.
    """

    reach: Mapping[str, tuple[int, int]]
    changed: Mapping[str, dict[str, dict[str, Array]]]

    def homes(self, suite: Suite) -> dict[str, Check]:
        """For each mistake the check that shows it with the least else around it: that of the function itself."""
        found: dict[str, Check] = {}
        compared = [check for check in _compared(suite) if check.id in self.reach]
        for check in sorted(compared, key=lambda check: self.reach[check.id]):  # stable
            for ids in self.changed[check.id]:
                found.setdefault(ids, check)
        return found


def _compared(suite: Suite) -> Iterator[Check]:
    return (check for check in suite.checks if check.judge is None or check.where == "modules")


def _computed(
    suite: Suite, reference: Any, catalogue: Catalogue, expected: Mapping[str, Arrays], seed: Seed
) -> _Shown:
    """Run the probes with every mistake that bears on them, and with pairs of those that one function holds."""
    with trials(tuple(_compared(suite)), reference, expected, seed) as found:
        entries = _bearing(catalogue, frozenset().union(*(trial.ran for trial in found)))
        singles = {trial.check.id: _singles(trial, catalogue, entries) for trial in found}
        known = {function.__code__ for one in catalogue.CATALOGUE for function in one.functions}
        reach = {trial.check.id: (len(known & trial.ran.keys()), trial.ran.total()) for trial in found}
        shown = _Shown(reach, singles)
        _add_pairs(shown, suite, catalogue, entries, found)
    return shown


def _singles(trial: Trial, catalogue: Catalogue, entries: Sequence[Any]) -> dict[str, dict[str, Array]]:
    bearing = [one for one in entries if any(f.__code__ in trial.ran for f in one.functions)]
    return {one.id: changed for one in bearing if (changed := trial.changed(catalogue, (one,)))}


def _add_pairs(
    shown: _Shown, suite: Suite, catalogue: Catalogue, entries: Sequence[Any], found: Sequence[Trial]
) -> None:
    """Two mistakes in one function are common. Later checks build on these: there, one of the two explains enough, unless it is the
    same mistake made in both modes."""
    homes = {ids: home.of for ids, home in shown.homes(suite).items()}
    paired: Counter[tuple[str, str]] = Counter()
    for trial in found:
        check = trial.check
        if check.judge is not None:
            continue
        changes = shown.changed[check.id]
        showing = [one for one in entries if one.id in changes and one.paired]
        few = trial.ran.total() <= MOST_CALLS
        for one, other in itertools.combinations(showing, 2):
            pair = (one.id, other.id)
            own = few and homes[one.id] == homes[other.id] == check.of
            twice = homes[one.id] == homes[other.id] and _mistake(one) == _mistake(other)
            if ((own and paired[pair] < MOST_PAIRED) or twice) and (
                changed := trial.changed(catalogue, (one, other))
            ):
                paired[pair] += 1
                if not any(_same_change(changed, changes[name]) for name in pair):  # else one hides the other
                    changes[JOIN.join(pair)] = changed


def _mistake(entry: Misconception) -> str:
    """What is wrong, whichever function or mode of it holds it: the part of the id behind the place."""
    return entry.id.partition(".")[2]


def _bearing(catalogue: Catalogue, ran: Set[CodeType]) -> list[Any]:
    return [one for one in catalogue.CATALOGUE if any(f.__code__ in ran for f in one.wrong_functions)]


def _same_change(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(identical(one[name], other[name]) for name in one)


def _causes(suite: Suite, catalogue: Catalogue, shown: _Shown) -> dict[str, Cause]:
    """The entries in words, with the function and the section that they belong to."""
    homes = shown.homes(suite)
    return {
        entry.id: Cause(
            id=entry.id,
            function=homes[entry.id].of,
            student=entry.student,
            instructor=entry.instructor,
            section=homes[entry.id].section,
        )
        for entry in catalogue.CATALOGUE
        if entry.id in homes
    }


def _key(suite: Suite, reference: Any, seed: Seed) -> str:
    """As the expected arrays', and by what decides which differences show: terms and judges."""
    terms = [
        (check.id, str(check.tolerance), str(check.floor), _judge_digest(check), check.of)
        for check in suite.checks
    ]
    name = suite.assignment.spec.misconceptions
    return hashlib.sha256(
        f"{expected_key(suite, reference, seed)}\n{name}\n{terms}\n{LAYOUT}".encode()
    ).hexdigest()


def _judge_digest(check: Check) -> str:
    """Of the file that holds the check's judge; empty if it has none."""
    judge = check.judge.func if isinstance(check.judge, partial) else check.judge
    file = inspect.getsourcefile(judge) if judge is not None else None
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""


def _save(path: Path, shown: _Shown) -> None:
    named = {
        f"{check}\n{ids}\n{name}": array
        for check, found in shown.changed.items()
        for ids, arrays in found.items()
        for name, array in arrays.items()
    }
    named |= {check: np.array(reach) for check, reach in shown.reach.items()}
    write_atomically(path, pack_arrays(named), 0o600)


def _load(path: Path, suite: Suite) -> _Shown:
    kept = unpack_arrays(path.read_bytes())
    reach = {}
    for check in _compared(suite):
        if check.id in kept:
            functions, calls = kept[check.id]
            reach[check.id] = int(functions), int(calls)
    changed: dict[str, dict[str, dict[str, Array]]] = {check: {} for check in reach}
    for key, array in kept.items():
        shown_in, *rest = key.split("\n")
        if rest:
            changed[shown_in].setdefault(rest[0], {})[rest[1]] = array
    return _Shown(reach, changed)
