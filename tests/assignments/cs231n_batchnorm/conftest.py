"""The CS231n batch normalization assignment, its solution's modules, and its solution's namespace."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

NAME = "cs231n_batchnorm"


@pytest.fixture
def batchnorm(course: Callable[[str], Any]) -> Any:
    """The assignment with suite and reference."""
    return course(NAME)


@pytest.fixture
def source(batchnorm: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of the assignment's source by its name in the package."""
    monkeypatch.syspath_prepend(batchnorm.assignment.source)
    monkeypatch.delenv("GRADECHECK_SHORT", raising=False)
    monkeypatch.delenv("GRADECHECK_DATA", raising=False)
    return lambda name: importlib.import_module(f"cs231n.{name}")
