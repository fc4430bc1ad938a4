"""Assignments as tests need them: loaded suites, student code in process, and how a check judges it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.assignment import Assignment, load_assignment
from grader.authoring.source import blank_files, solution_files
from grader.model import CheckEvidence, CheckResult, Ending, StudentError, Value
from grader.probe.seeding import seeded
from grader.probe.values import plain
from grader.score import judge_check
from grader.seed import Seed
from grader.suite import Suite, load_reference, load_suite, run_probe

ROOT = Path(__file__).parents[2]


class Course:
    """One assignment of the repository with its suite and reference."""

    def __init__(self, name: str) -> None:
        self.assignment: Assignment = load_assignment(ROOT / "assignments" / name)
        self.suite: Suite = load_suite(self.assignment)
        self.reference: Any = load_reference(self.assignment)

    def judge(
        self, check: str, implementation: Any, seed: int = 0, *, known: Mapping[str, Any] | None = None
    ) -> CheckResult:
        """What `check` says to `implementation`, both run in this process. known: what a notebook's judge is given."""
        found = self.suite.check(check)
        judged_alone = found.where == "notebook" and found.judge is not None
        expected = (known or {}) if judged_alone else run_probe(found, self.reference, Seed.of(seed))
        state = np.random.get_state()
        try:
            with np.errstate(all="ignore"):
                returned = found.probe(implementation, seeded(Seed.of(seed).for_check(check)))
        except Exception as exc:  # noqa: BLE001 - wrong student code is what is tested
            error = StudentError(kind=type(exc).__name__, message=str(exc))
            evidence = CheckEvidence(check=check, ending=Ending.RAISED, error=error)
        else:
            values = [(name, *plain(value)) for name, value in returned.items()]
            made = tuple(Value(name=name, type_name=kind, array=array) for name, kind, array in values)
            evidence = CheckEvidence(check=check, ending=Ending.ANSWERED, values=made)
        finally:
            np.random.set_state(state)
        return judge_check(found, evidence, expected)

    def implementation(self, folder: Path, files: Mapping[str, bytes]) -> Any:
        """The names of a submission's modules, with the provided files beside them in `folder`."""
        spec = self.assignment.spec
        staged = {
            path: (self.assignment.source / path).read_bytes()
            for path in (*spec.files.provided, *spec.files.fallback)
        }
        for path, data in {
            **files,
            **{k: staged[k] for k in spec.files.provided},
            **{k: v for k, v in staged.items() if k not in files},
        }.items():
            target = folder / "source" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        own = replace(self.assignment, folder=folder, spec=spec.model_copy(update={"reference": "solution"}))
        return load_reference(own)

    def edited(self, folder: Path, edits: Mapping[str, list[tuple[str, str]]]) -> Any:
        """The instructor's solution with texts of its modules replaced; each text must occur once."""
        files = solution_files(self.assignment)
        for path, pairs in edits.items():
            text = files[path].decode()
            for old, new in pairs:
                assert text.count(old) == 1, f"{path} holds {text.count(old)} times: {old}"
                text = text.replace(old, new)
            files[path] = text.encode()
        return self.implementation(folder, files)

    def blank(self, folder: Path) -> Any:
        """The release without solutions."""
        return self.implementation(folder, blank_files(self.assignment))


@pytest.fixture(scope="session")
def course() -> Callable[[str], Course]:
    """Loads an assignment by name, once."""
    loaded: dict[str, Course] = {}

    def load(name: str) -> Course:
        if name not in loaded:
            loaded[name] = Course(name)
        return loaded[name]

    return load


def _forget_student_code() -> None:
    """Courses name their packages alike, and so do the hand-ins of one course."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        places = [file] if isinstance(file, str) else [str(place) for place in _path_of(module)]
        if any(_is_student_code(place) for place in places):
            del sys.modules[name]


def _path_of(module: object) -> list[object]:
    try:
        return list(getattr(module, "__path__", []))
    except TypeError:  # some packages put an object of their own there
        return []


def _is_student_code(place: str) -> bool:
    in_source = place.startswith(str(ROOT / "assignments")) and "/source/" in f"{place}/"
    return in_source or (place.startswith(tempfile.gettempdir()) and not place.startswith(str(ROOT)))


@pytest.fixture(autouse=True)
def _own_imports() -> Iterator[None]:
    """Forget student code before and after a test, and write no byte code into the tree."""
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    _forget_student_code()
    yield
    _forget_student_code()
    sys.dont_write_bytecode = writes
