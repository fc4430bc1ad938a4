"""The KTH assignment on k-layer networks, and its solution's modules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

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
