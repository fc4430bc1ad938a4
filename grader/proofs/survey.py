"""Which checks catch what: every misconception and every source mutant of the solution, through every check.

Solutions in modules and those in notebook cells alike. A notebook's experiments take seconds, so they are run only for mutants that
the other checks let through. Everything runs in this process: the reference and the mutated solution are the instructor's, no
student code comes here.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from ..assignment import Assignment
from ..data import find_data
from ..diagnosis.misconceptions import bearing, load_catalogue, variants
from ..errors import AssignmentError
from ..given import given_arrays
from ..model import Array, CheckEvidence, Ending, Outcome, Value
from ..probe import Check
from ..probe.share import cpu_limit
from ..score import judge_check
from ..seed import Seed
from ..suite import Suite, expected_arrays, load_modules, load_reference, load_suite, run_probe
from ..yamlfile import read_mapping
from .cells import Cells, namespace, read_cells, set_up
from .mutants import Mutant, mutants

__all__ = ["Killed", "Progress", "Survey", "Survivor", "survey"]

EXPLAINED = "mutants.yaml"  # beside checks.py
KINDS = ("equivalent", "gaps", "not_here")  # what stands in it: name -> reason
PROBE_S = 20.0  # of CPU; a mutant may loop for ever


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
    """Run everything wrong through the checks.

    Args: every: of the source mutants, take one in so many, for a sample.
    Raises: AssignmentError if the instructor's files are wrong, or the solution itself does not pass.
    """
    suite, reference = load_suite(assignment), load_reference(assignment)
    expected = expected_arrays(suite, reference, seed)
    caught, silent = _misconceptions(suite, reference, expected, seed)
    killed, survivors = [], []
    equivalent, gaps, elsewhere = _explained(assignment)
    reasons = {**equivalent, **gaps}
    notebooks = _notebooks(suite)
    todo = _mutants(assignment, notebooks)[::every]
    with _Bench(suite, expected, seed, notebooks) as bench:
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


def _notebooks(suite: Suite) -> tuple[Cells, ...]:
    """The notebooks whose functions are graded by themselves; others hold experiments with graded modules."""
    assignment = suite.assignment
    places = {notebook.path: assignment.source / notebook.path for notebook in assignment.spec.notebooks}
    found = [read_cells(path, place.read_bytes(), str(place)) for path, place in places.items()]
    graded = [check for check in suite.checks if check.where == "notebook" and check.judge is None]
    return tuple(one for one in found if any(check.notebook in {"", one.path} for check in graded))


def _mutants(assignment: Assignment, notebooks: Sequence[Cells]) -> list[Mutant]:
    sources = [
        (module.path, (assignment.source / module.path).read_text("utf-8"))
        for module in assignment.spec.files.modules
    ]
    sources += [(notebook.path, notebook.rest) for notebook in notebooks]
    return [mutant for path, source in sources for mutant in mutants(path, source)]


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

    def __init__(
        self,
        suite: Suite,
        expected: Mapping[str, Mapping[str, Array]],
        seed: Seed,
        notebooks: Sequence[Cells],
    ) -> None:
        self._suite, self._expected, self._seed = suite, dict(expected), seed
        self._notebooks = {notebook.path: notebook for notebook in notebooks}
        self._begun: dict[str, dict[str, Any]] = {}  # what each notebook's first cell leaves behind
        self._room = tempfile.TemporaryDirectory(prefix="grader-mutants-")
        self._order: list[Check] = []
        self._after_experiments: list[Check] = []

    def __enter__(self) -> _Bench:
        assignment = self._suite.assignment
        for path in assignment.source.rglob("*.py"):
            target = Path(self._room.name, path.relative_to(assignment.source))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        if self._notebooks:
            self._expected |= self._data()
        for name, notebook in self._notebooks.items():
            self._begun[name] = set_up(notebook, Path(self._room.name), assignment.spec.environment)
        solution = self._implementations({}, experiments=False)
        for check in self._suite.checks:
            if check.where == "modules" or (self._notebooks and self._has_names(check, solution)):
                self._order.append(check)
            elif self._notebooks:
                self._after_experiments.append(check)
        return self

    def __exit__(self, *_: object) -> None:
        self._room.cleanup()

    def _data(self) -> dict[str, dict[str, Array]]:
        """Put the data set where notebooks look for it. Returns: what judges are given of it."""
        assignment = self._suite.assignment
        data = find_data(assignment, Path(self._room.name, "state"))
        if data is not None:
            place = Path(self._room.name, assignment.spec.data_folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(data.folder, target_is_directory=True)
        return given_arrays(self._suite, load_reference(assignment), data)

    def _has_names(self, check: Check, implementations: Mapping[str, Any]) -> bool:
        """Whether a notebook's check finds what it asks for: not if that comes from an experiment."""
        try:
            self._probed(check, implementations)
        except AssignmentError as exc:
            return not isinstance(exc.__cause__, AttributeError)
        return True

    def first_failure(self, mutant: Mutant | None) -> str:
        """The first check that fails, or "" if none does. Checks that have caught much are asked first."""
        if mutant is None:
            return self._failing({path: notebook.rest for path, notebook in self._notebooks.items()})
        if mutant.path in self._notebooks:
            return self._failing({mutant.path: mutant.source})
        target = Path(self._room.name, mutant.path)
        before = target.read_bytes()
        try:
            target.write_text(mutant.source, "utf-8")
            return self._failing({})
        finally:
            target.write_bytes(before)

    def _failing(self, changed: Mapping[str, str]) -> str:
        """The first check that fails. changed: the cells of notebooks, by path; only these are tried in the experiments, too."""
        try:
            found = self._first_of(self._order, self._implementations(changed, experiments=False))
            if not found and changed and self._after_experiments:
                found = self._first_of(
                    self._after_experiments, self._implementations(changed, experiments=True)
                )
        except (AssignmentError, TimeoutError):
            return "import"
        return found

    def _implementations(self, changed: Mapping[str, str], *, experiments: bool) -> dict[str, Any]:
        """What probes ask: that of the modules under "modules", that of a notebook under its path.

        Raises: AssignmentError if something cannot be imported or run, TimeoutError.
        """
        with contextlib.redirect_stdout(io.StringIO()):  # modules may greet whoever imports them
            found: dict[str, Any] = {"modules": load_modules(self._suite.assignment, Path(self._room.name))}
        for path, notebook in self._notebooks.items():
            with cpu_limit(PROBE_S):
                rest = changed.get(path, notebook.rest)
                names = namespace(notebook, self._begun[path], rest, experiments=experiments)
            found[path] = SimpleNamespace(**names)
        return found

    def _first_of(self, checks: list[Check], implementations: Mapping[str, Any]) -> str:
        for check in checks:
            answer = self._answer(check, implementations)
            if judge_check(check, answer, self._expected.get(check.id, {})).outcome is not Outcome.PASSED:
                checks.remove(check)
                checks.insert(0, check)
                return check.id
        return ""

    def _answer(self, check: Check, implementations: Mapping[str, Any]) -> CheckEvidence:
        try:
            arrays = self._probed(check, implementations)
        except (AssignmentError, TimeoutError) as exc:
            return CheckEvidence(check=check.id, ending=Ending.RAISED, detail=str(exc))
        values = (Value(name=name, type_name="ndarray", array=array) for name, array in arrays.items())
        return CheckEvidence(check=check.id, ending=Ending.ANSWERED, values=tuple(values))

    def _probed(self, check: Check, implementations: Mapping[str, Any]) -> dict[str, Array]:
        only = next(iter(self._notebooks), "")  # a check that names no notebook is for the only one
        implementation = implementations["modules" if check.where == "modules" else check.notebook or only]
        with cpu_limit(PROBE_S), contextlib.redirect_stdout(io.StringIO()):
            return run_probe(check, implementation, self._seed)
