"""Measure one course on one seed: how known mistakes are named, how far right and wrong answers stand from each tolerance.

Everything runs in this process, for the reference, its wrong variants and the right ones beside the tests are our own. Nothing is
written, and nothing is decided: `prove` keeps the figures, `validity` tells them.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from grader.assignment import Assignment
from grader.compare import FLOOR, rel_error
from grader.diagnosis.fits import Observed, Variant, equal_arrays
from grader.diagnosis.match import diagnose
from grader.diagnosis.misconceptions import bearing, load_catalogue, variants
from grader.errors import AssignmentError
from grader.model import CheckEvidence, Ending, Outcome, StudentError, Value
from grader.probe import Check
from grader.probe.seeding import seeded
from grader.probe.values import plain
from grader.score import judge_check
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite

__all__ = ["THREADS", "Figures", "measure", "right_variants"]

THREADS = (1, 2)  # of the linear algebra library, for right variants

Arrays = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One course on one seed.

    named: entry -> "certain"; "twin" (only together with others that give the same numbers in every check); "among" (one of
    several); "silent"; or "wrong" (another one is said to be certain). wrong: check -> the smallest error that a mistake of its
    function gives. right: check -> the largest error of a right answer, over all variants and numbers of threads. lost: variant,
    check, reason. variants: how many right ones ran.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, float] = field(default_factory=dict)
    right: Mapping[str, float] = field(default_factory=dict)
    lost: Sequence[Sequence[str]] = ()
    variants: int = 0

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)


def right_variants(course: str) -> Mapping[str, Any]:
    """The course's right implementations by name: `RIGHT` of the `right_variants.py` beside its tests; empty if there is none."""
    name = f"tests.assignments.{course}.right_variants"
    if not Path(__file__).with_name(course).joinpath("right_variants.py").is_file():
        return {}
    found: Mapping[str, Any] = importlib.import_module(name).RIGHT
    return found


def measure(assignment: Assignment, number: int, *, entries: int = 0, right: int = 0) -> Figures:
    """One seed. entries, right: for a sample, know so many mistakes and run so many right variants only; 0 means all."""
    suite, reference, seed = load_suite(assignment), load_reference(assignment), Seed.of(number)
    with threads(1):
        expected = expected_arrays(suite, reference, seed)
        catalogue = load_catalogue(assignment)
        if catalogue and entries:
            known = {one.id: one for one in catalogue.CATALOGUE}
            names = sample(
                {name: known[name] for name in bearing(suite, reference, catalogue, seed)}, entries, number
            )
            catalogue = SimpleNamespace(CATALOGUE=list(names.values()), applied=catalogue.applied)
        found = variants(suite, reference, catalogue, expected, seed) if catalogue else {}
    numeric = [check for check in suite.checks if check.judge is None and check.id in expected]
    wrong = {
        check.id: min(error_of(check, one.arrays, expected[check.id]) for one in own)
        for check in numeric
        if (own := own_mistakes(check, found.get(check.id, ())))
    }
    checks = [check for check in suite.checks if check.id in found]
    chosen = sample(right_variants(assignment.name), right, number)
    errors, lost = spared(suite.at("modules") or numeric, chosen, expected, seed)
    named = named_as(checks, found, expected)
    return Figures(named=named, wrong=wrong, right=errors, lost=lost, variants=len(chosen))


def sample(everything: Mapping[str, Any], size: int, number: int) -> dict[str, Any]:
    """So many items, other ones for each seed; all of them for 0."""
    names = sorted(everything)
    if size and names:
        step = max(len(names) // size, 1)
        names = names[number % step :: step][:size]
    return {name: everything[name] for name in names}


# --- Wrong answers ----------------------------------------------------------------------------------------------------------


def own_mistakes(check: Check, found: Sequence[Variant]) -> list[Variant]:
    """Mistakes that the check is there for: those of its function. Those of others, which are charged there, if it has none."""
    own = [one for one in found if any(cause.function == check.of for cause in one.causes)]
    return own or list(found)


def named_as(
    checks: Sequence[Check], found: Mapping[str, Sequence[Variant]], expected: Mapping[str, Arrays]
) -> dict[str, str]:
    """How the diagnosis names each mistake that shows, made alone."""
    shows: dict[str, dict[str, Arrays]] = defaultdict(dict)
    for check in checks:
        for variant in found[check.id]:
            if len(variant.causes) == 1:
                shows[variant.causes[0].id][check.id] = variant.arrays
    told = {}
    for name in sorted(shows):
        observed = []
        for check in checks:
            arrays = shows[name].get(check.id)
            terms: dict[str, Any] = {"expected": expected[check.id], "variants": found[check.id]}
            given = expected[check.id] if arrays is None else arrays
            observed.append(Observed(check=check, passed=arrays is None, arrays=given, **terms))
        findings = [one for diagnosis in diagnose(observed).values() for one in diagnosis.findings]
        certain = {one.id for one in findings if one.certain}
        listed = {one.id for one in findings}
        told[name] = (
            "certain"
            if certain == {name}
            else "wrong"
            if certain
            else "silent"
            if name not in listed
            else "twin"
            if all(same_everywhere(checks, shows, name, other) for other in listed)
            else "among"
        )
    return told


def same_everywhere(
    checks: Sequence[Check], shows: Mapping[str, Mapping[str, Arrays]], name: str, other: str
) -> bool:
    """Whether two mistakes give the same numbers in every check, so that nobody could tell them apart."""
    return shows[name].keys() == shows.get(other, {}).keys() and all(
        equal_arrays(check, shows[name][check.id], shows[other][check.id])
        for check in checks
        if check.id in shows[name]
    )


# --- Right answers ----------------------------------------------------------------------------------------------------------


def spared(
    checks: Sequence[Check],
    implementations: Mapping[str, Any],
    expected: Mapping[str, Arrays],
    seed: Seed,
    counts: Sequence[int] = THREADS,
) -> tuple[dict[str, float], list[tuple[str, str, str]]]:
    """The largest error of a right answer for each check, and what right answers lose.

    Checks with a judge, which may take times, run with the first number of threads only.
    """
    errors: dict[str, float] = {}
    lost = []
    without_judge = [check for check in checks if check.judge is None]
    for count in counts if implementations else ():
        with threads(count):
            for name, implementation in implementations.items():
                for check in checks if count == counts[0] else without_judge:
                    arrays, evidence = answer(check, implementation, seed)
                    result = judge_check(check, evidence, expected.get(check.id, {}))
                    if result.outcome is not Outcome.PASSED:
                        lost.append((name, check.id, result.reason))
                    elif check.judge is None:
                        error = error_of(check, arrays, expected[check.id])
                        errors[check.id] = max(errors.get(check.id, 0.0), error)
    return errors, lost


def answer(check: Check, implementation: Any, seed: Seed) -> tuple[Arrays, CheckEvidence]:
    """What an implementation gives for one check: its arrays, and the same as evidence."""
    state = np.random.get_state()
    try:
        with np.errstate(all="ignore"):
            returned = check.probe(implementation, seeded(seed.for_check(check.draws_as)))
    except Exception as exc:  # noqa: BLE001 - a variant that raises has lost its points, and is told as that
        error = StudentError(kind=type(exc).__name__, message=str(exc))
        return {}, CheckEvidence(check=check.id, ending=Ending.RAISED, error=error)
    finally:
        np.random.set_state(state)
    values = [(name, *plain(value)) for name, value in returned.items()]
    made = tuple(Value(name=name, type_name=kind, array=array) for name, kind, array in values)
    arrays = {value.name: value.array for value in made}
    return arrays, CheckEvidence(check=check.id, ending=Ending.ANSWERED, values=made)


def error_of(check: Check, actual: Arrays, expected: Arrays) -> float:
    """The largest relative error over all arrays, by the check's floors; infinite where shapes or kinds differ."""
    worst = 0.0
    for name, array in expected.items():
        got, floor = actual.get(name), check.floor
        if got is None or got.shape != array.shape or got.dtype.kind not in "fciub":
            return float("inf")
        if not np.isfinite(got).all():
            return float("inf")
        own = floor.get(name, FLOOR) if isinstance(floor, Mapping) else floor
        worst = max(worst, rel_error(got, array, floor=own))
    return worst


# --- Threads ----------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Let NumPy's linear algebra use so many threads in the block.

    Raises: AssignmentError if its library cannot be told: figures for threads that were not there would be made up.
    """
    library = _openblas()
    if library is None:
        raise AssignmentError(
            "NumPy's OpenBLAS was not found among the loaded libraries; its threads cannot be set"
        )
    before = library.scipy_openblas_get_num_threads64_()
    library.scipy_openblas_set_num_threads64_(count)
    try:
        yield
    finally:
        library.scipy_openblas_set_num_threads64_(before)


def _openblas() -> Any:
    """The library that this process has loaded with NumPy, or None."""
    loaded = {
        line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "openblas" in line
    }
    for path in sorted(loaded):
        library = ctypes.CDLL(path)
        if hasattr(library, "scipy_openblas_set_num_threads64_"):
            return library
    return None
