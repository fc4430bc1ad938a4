"""The Tufts batch normalization assignment and its solution's modules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

NAME = "tufts_batchnorm"
PACKAGES = ("implementations", "data_utils", "experiments")


@pytest.fixture(autouse=True)
def _own_modules() -> Iterator[None]:
    """The course's modules lie at the top, without a package: forget what a test imported."""
    yield
    forget()


def forget() -> None:
    """Let the next import of the course's modules find them anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]


@pytest.fixture
def batchnorm(course: Callable[[str], Any]) -> Any:
    """The assignment with suite and reference."""
    return course(NAME)


@pytest.fixture
def source(batchnorm: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports a module of the assignment's source by its name."""
    monkeypatch.syspath_prepend(batchnorm.assignment.source)
    monkeypatch.delenv("GRADECHECK_SHORT", raising=False)
    monkeypatch.delenv("GRADECHECK_DATA", raising=False)
    return importlib.import_module


@pytest.fixture(scope="module")
def solution_network(course: Callable[[str], Any]) -> Iterator[Any]:
    """The solution's FullyConnectedNet, for a whole module of tests."""
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(course(NAME).assignment.source)
        yield importlib.import_module("implementations.fc_net").FullyConnectedNet
    sys.dont_write_bytecode = writes
    forget()
