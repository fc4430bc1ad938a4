"""The ECE C147/C247 homework 4 assignment and its solution's modules."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

NAME = "ece247_hw4"


@pytest.fixture
def homework(course: Callable[[str], Any]) -> Any:
    """The assignment with suite and reference."""
    return course(NAME)


@pytest.fixture
def source(homework: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of the assignment's source by its full name."""
    monkeypatch.syspath_prepend(homework.assignment.source)
    monkeypatch.delenv("GRADECHECK_SHORT", raising=False)
    monkeypatch.delenv("GRADECHECK_DATA", raising=False)
    return importlib.import_module
