"""The KTH assignment on k-layer networks, and its solution's modules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.probe import NeedsPersonError
from grader.probe.implementation import Implementation
from grader.probe.pieces import run_pieces
from grader.probe.seeding import seeded
from grader.seed import Seed

NAME = "kth_batchnorm"


@pytest.fixture
def klayer(course: Callable[[str], Any]) -> Any:
    """The assignment with suite and reference."""
    return course(NAME)


@pytest.fixture(autouse=True)
def _own_modules() -> Iterator[None]:
    """Modules of a submission go by the same names in every test: forget them."""
    yield
    for name in list(sys.modules):
        if name.partition(".")[0] in ("bnn", "dd2424"):
            del sys.modules[name]


@pytest.fixture
def source(klayer: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports a module of the assignment's source by its name."""
    monkeypatch.syspath_prepend(klayer.assignment.source)
    monkeypatch.delenv("GRADECHECK_SHORT", raising=False)
    monkeypatch.delenv("GRADECHECK_DATA", raising=False)
    return importlib.import_module


@pytest.fixture
def judged(klayer: Any, tmp_path: Path) -> Any:
    """A check's outcome for a script's text, and why; "person" where one has to look."""

    def judge(check: str, text: str, *edits: tuple[str, str]) -> tuple[str, str]:
        for old, new in edits:
            assert text.count(old) == 1, f"holds {text.count(old)} times: {old}"
            text = text.replace(old, new)
        (tmp_path / "plain_hand_in.py").write_text(text)
        module = run_pieces("plain_hand_in.py", str(tmp_path), lambda _: False, shortened=True)
        assert module is not None
        del sys.modules["plain_hand_in"]
        implementation = Implementation([vars(module)], "plain_hand_in.py")
        found = klayer.suite.check(check)
        try:
            with np.errstate(all="ignore"):
                found.probe(implementation, seeded(Seed.of(0).for_check(check)))
        except NeedsPersonError as exc:
            return "person", str(exc)
        result = klayer.judge(check, implementation)
        return result.outcome.value, result.reason

    return judge
