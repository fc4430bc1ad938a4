"""Arrays of one entry stand for numbers again, and nothing else is taken for one."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.probe.one_entry import is_refused, take_one_entry

SOURCE = """
import math
import numpy as np

def stored(value):
    a = np.zeros(3)
    a[1] = value
    return a.tolist()

def added(value):
    grads = {"db": np.zeros(2)}
    grads["db"][0] += value
    return grads["db"].tolist()

def as_float(value): return float(value)

def root(value): return math.sqrt(value)

def outer():
    shift = 1.0
    def inner(value):
        a = np.zeros(2)
        a[0] = value + shift
        return a.tolist()
    return inner

inner = outer()

class Layer:
    def forward(self, value):
        self.out = np.zeros((2, 2))
        self.out[0, 1] = value
        return self.out.tolist()

def kept(value):
    cache, rows = {}, [None]
    cache["x"] = rows[0] = value
    cache["y"] = value
    return [list(np.shape(cache["y"])), list(np.shape(rows[0]))]

def sliced(value):
    a = np.zeros((2, 2))
    a[:, 0] = value
    return a.tolist()
"""


def run(folder: Path, expression: str, value: Any) -> Any:
    file = folder / "student.py"
    file.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("student", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert take_one_entry(str(folder))
    return eval(f"{expression}(value)", {**vars(module), "value": value})


@pytest.mark.parametrize("one", [np.ones(1), np.ones((1, 1)), np.array(1.0)], ids=["(1,)", "(1, 1)", "()"])
@pytest.mark.parametrize(
    ("expression", "came"),
    [
        ("stored", [0.0, 1.0, 0.0]),
        ("added", [1.0, 0.0]),
        ("as_float", 1.0),
        ("root", 1.0),
        ("inner", [2.0, 0.0]),
        ("Layer().forward", [[0.0, 1.0], [0.0, 0.0]]),
        ("sliced", [[1.0, 0.0], [1.0, 0.0]]),
    ],
)
def test_one_entry_is_a_number(
    in_fork: Callable[..., Any], tmp_path: Path, expression: str, came: Any, one: Any
) -> None:
    assert in_fork(lambda: run(tmp_path, expression, one)) == came


def test_what_is_no_array_keeps_what_it_is_given(in_fork: Callable[..., Any], tmp_path: Path) -> None:
    assert in_fork(lambda: run(tmp_path, "kept", np.ones((1, 1)))) == [[1, 1], [1, 1]]


@pytest.mark.parametrize("expression", ["stored", "as_float", "root"])
def test_more_entries_are_refused_as_ever(
    in_fork: Callable[..., Any], tmp_path: Path, expression: str
) -> None:
    def work() -> str:
        try:
            run(tmp_path, expression, np.ones(2))
        except (TypeError, ValueError) as exc:
            return "refused" if is_refused(exc) else str(exc)
        return "taken"

    assert in_fork(work) == "refused"


def test_other_errors_are_no_refusal() -> None:
    class OddError(TypeError):
        def __str__(self) -> str:
            raise AssertionError("student code was run")

    assert not is_refused(ValueError("operands could not be broadcast together"))
    assert not is_refused(TypeError("unsupported operand"))
    assert not is_refused(OddError())


def test_nothing_of_a_student_nothing_to_exchange(in_fork: Callable[..., Any], tmp_path: Path) -> None:
    assert in_fork(lambda: take_one_entry(str(tmp_path / "elsewhere"))) is False
