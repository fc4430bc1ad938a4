"""Which checks catch what: every misconception and every source mutant of the solution, through every check.

Everything runs in this process, for the reference and the mutated solution are the instructor's: no student code comes here.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..assignment import Assignment
from ..diagnosis.misconceptions import bearing, load_catalogue, variants
from ..errors import AssignmentError
from ..model import Array, CheckEvidence, Ending, Outcome, Value
from ..probe import Check
from ..score import judge_check
from ..seed import Seed
from ..suite import Suite, expected_arrays, load_modules, load_reference, load_suite, run_probe
from ..yamlfile import read_mapping
from .mutants import Mutant, mutants

__all__ = ["Killed", "Progress", "Survey", "Survivor", "survey"]

EXPLAINED = "mutants.yaml"  # beside checks.py
KINDS = ("equivalent", "gaps", "not_here")  # what stands in it: name -> reason
PROBE_S = 20.0  # a mutant may loop for ever


class Progress(Protocol):
    """Told after each mutant."""

    def __call__(self, done: int, total: int) -> None:
        """done of total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What was caught, and by which checks, in their order (of a mutant, only the first)."""

    id: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """A mutant that no check tells from the solution.

    reason: why, from `mutants.yaml`; "" if nobody has said. equivalent: it is as right as the solution; else it is a gap.
    """

    id: str
    diff: str
    reason: str = ""
    equivalent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """misconceptions: those that the checks catch; missed: those whose functions the probes run and no check catches.

    not_here: of the latter, those that `mutants.yaml` says cannot be made in this course. mutants: those that a check catches.
    survivors: the others. stale: entries of `mutants.yaml` that nothing needs.
    """

    misconceptions: tuple[Killed, ...]
    missed: tuple[str, ...]
    mutants: tuple[Killed, ...]
    survivors: tuple[Survivor, ...]
    stale: tuple[str, ...]
    not_here: tuple[str, ...] = ()

    @property
    def unexplained(self) -> tuple[Survivor, ...]:
        """Survivors that nobody has explained."""
        return tuple(survivor for survivor in self.survivors if not survivor.reason)

    @property
    def score(self) -> float:
        """Share of the mutants which the checks catch, equivalent ones aside."""
        caught, total = (
            len(self.mutants),
            len(self.mutants) + sum(not one.equivalent for one in self.survivors),
        )
        return caught / total if total else 1.0


def survey(assignment: Assignment, seed: Seed, *, every: int = 1, progress: Progress | None = None) -> Survey:
    """Run everything wrong through the checks of the modules.

    Args: every: of the source mutants, take one in so many, for a sample.
    Raises: AssignmentError if the instructor's files are wrong, or the solution itself does not pass.
    """
    suite, reference = load_suite(assignment), load_reference(assignment)
    expected = expected_arrays(suite, reference, seed)
    caught, silent = _misconceptions(suite, reference, expected, seed)
    killed, survivors = [], []
    equivalent, gaps, elsewhere = _explained(assignment)
    reasons = {**equivalent, **gaps}
    todo = _mutants(assignment)[::every]
    with _Bench(suite, expected, seed) as bench:
        wrong = bench.first_failure(None)
        if wrong:
            raise AssignmentError(
                f"{assignment.folder}: the solution itself fails {wrong}; mend it before judging its mutants"
            )
        for number, mutant in enumerate(todo, 1):
            check = bench.first_failure(mutant)
            if check:
                killed.append(Killed(id=mutant.id, checks=(check,)))
            else:
                survivors.append(
                    Survivor(
                        id=mutant.id,
                        diff=mutant.diff,
                        reason=reasons.get(mutant.id, ""),
                        equivalent=mutant.id in equivalent,
                    )
                )
            if progress is not None:
                progress(number, len(todo))
    needed = {survivor.id for survivor in survivors} | set(silent)
    stale = {*reasons, *elsewhere} - needed if every == 1 else set()
    return Survey(
        misconceptions=caught,
        missed=tuple(name for name in silent if name not in elsewhere),
        not_here=tuple(name for name in silent if name in elsewhere),
        mutants=tuple(killed),
        survivors=tuple(survivors),
        stale=tuple(sorted(stale)),
    )


def _misconceptions(
    suite: Suite, reference: Any, expected: Mapping[str, Mapping[str, Array]], seed: Seed
) -> tuple[tuple[Killed, ...], tuple[str, ...]]:
    catalogue = load_catalogue(suite.assignment)
    if catalogue is None:
        return (), ()
    found: dict[str, list[str]] = {}
    for check, given in variants(suite, reference, catalogue, expected, seed).items():
        for variant in given:
            if len(variant.causes) == 1:
                found.setdefault(variant.causes[0].id, []).append(check)
    silent = tuple(name for name in bearing(suite, reference, catalogue, seed) if name not in found)
    return tuple(Killed(id=name, checks=tuple(checks)) for name, checks in found.items()), silent


def _mutants(assignment: Assignment) -> list[Mutant]:
    return [
        mutant
        for module in assignment.spec.files.modules
        for mutant in mutants(module.path, (assignment.source / module.path).read_text("utf-8"))
    ]


def _explained(assignment: Assignment) -> tuple[dict[str, str], ...]:
    """Reasons: for survivors that are equivalent, for gaps, and for misconceptions that nobody can have in this course."""
    path = assignment.folder / EXPLAINED
    document = read_mapping(path, "`equivalent`, `gaps` and `not_here`") if path.is_file() else {}
    if set(document) - set(KINDS):
        raise AssignmentError(
            f"{path}: holds {', '.join(document)}; expected {', '.join(KINDS)}, each a name: reason"
        )
    return tuple(
        {str(name): str(reason) for name, reason in (document.get(kind) or {}).items()} for kind in KINDS
    )


class _Bench:
    """The solution in a folder of its own, in which one file at a time is exchanged for a mutant."""

    def __init__(self, suite: Suite, expected: Mapping[str, Mapping[str, Array]], seed: Seed) -> None:
        self._suite, self._expected, self._seed = suite, expected, seed
        self._room = tempfile.TemporaryDirectory(prefix="grader-mutants-")
        self._order = [check for check in suite.checks if check.where == "modules"]

    def __enter__(self) -> _Bench:
        source = self._suite.assignment.source
        for path in source.rglob("*.py"):
            target = Path(self._room.name, path.relative_to(source))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return self

    def __exit__(self, *_: object) -> None:
        self._room.cleanup()

    def first_failure(self, mutant: Mutant | None) -> str:
        """The first check that fails, or "" if none does. Checks that have caught much are asked first."""
        if mutant is None:
            return self._failing()
        target = Path(self._room.name, mutant.path)
        before = target.read_bytes()
        try:
            target.write_text(mutant.source, "utf-8")
            return self._failing()
        finally:
            target.write_bytes(before)

    def _failing(self) -> str:
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # modules may greet whoever imports them
                implementation = load_modules(self._suite.assignment, Path(self._room.name))
        except AssignmentError:
            return "import"
        for check in self._order:
            if (
                judge_check(
                    check, self._answer(check, implementation), self._expected.get(check.id, {})
                ).outcome
                is not Outcome.PASSED
            ):
                self._order.remove(check)
                self._order.insert(0, check)
                return check.id
        return ""

    def _answer(self, check: Check, implementation: Any) -> CheckEvidence:
        try:
            with _time_limit(PROBE_S):
                arrays = run_probe(check, implementation, self._seed)
        except (AssignmentError, TimeoutError) as exc:
            return CheckEvidence(check=check.id, ending=Ending.RAISED, detail=str(exc))
        values = (Value(name=name, type_name="ndarray", array=array) for name, array in arrays.items())
        return CheckEvidence(check=check.id, ending=Ending.ANSWERED, values=tuple(values))


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block after so long; without effect outside of the main thread, where signals do not reach."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"did not end within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
