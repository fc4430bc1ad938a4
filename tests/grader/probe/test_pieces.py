"""A script whose top level raises still gives what it defines, and nothing that it does not."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from grader.probe.imports import import_path, prepare_path

SCRIPT = """
import math, absent_package
HALF = math.sqrt(0.25)
data = open("C:/me/data_batch_1").read()
def double(x, *, by=2):
    return by * x
mean = sum(data) / len(data)
def biased(x, mean=mean):
    return x - mean
class Net:
    size = HALF
net = Net().train(data)
import sys; sys.exit(0)
raise KeyboardInterrupt
LAST = double(4)
"""


@pytest.fixture
def imported(tmp_path, in_fork):
    """Import a.py of some files in a fork; the error's kind and line, and what an expression gives in the module."""

    def run(files: dict[str, str], then: str) -> Any:
        for name, source in files.items():
            (tmp_path / name).write_text(source)

        def work() -> Any:
            prepare_path(str(tmp_path))
            outcome = import_path("a.py", str(tmp_path))
            value = None if outcome.module is None else eval(then, vars(outcome.module))
            error = outcome.error and [outcome.error["kind"], outcome.error["frames"][-1]["line"]]
            return [error, value, outcome.stubs]

        return in_fork(work)

    return run


def test_statements_that_raise_are_left_out(imported):
    error, value, stubs = imported(
        {"a.py": SCRIPT}, "[double(3), Net.size, LAST, 'biased' in globals(), 'net' in globals()]"
    )
    assert error == ["FileNotFoundError", 4]
    assert value == [6, 0.5, 8, False, False]
    assert stubs == ["absent_package"]


def test_functions_keep_the_lines_of_the_file(imported):
    error, line, _ = imported(
        {"a.py": "raise ValueError\n\ndef f():\n    return 1\n"}, "f.__code__.co_firstlineno"
    )
    assert (error, line) == (["ValueError", 1], 3)


def test_others_import_what_it_defines(imported):
    files = {
        "a.py": "from b import f\ng = f\nraise ValueError\ndef h(): return 1",
        "b.py": "def f(): return 7",
    }
    assert imported(files, "g() + h()")[:2] == [["ValueError", 3], 8]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def f(:", id="no-python"),
        pytest.param("raise ValueError\nx = 1", id="no-function"),
        pytest.param("from math import sqrt\nraise ValueError", id="only-others"),
    ],
)
def test_without_functions_of_its_own_there_is_no_module(imported, source):
    error, value, _ = imported({"a.py": source}, "1")
    assert error is not None
    assert value is None
    assert "a" not in sys.modules
