"""Tests of how a cell's text becomes Python: the same as IPython makes of it, without looking where there is nothing to find."""

from __future__ import annotations

import warnings

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from grader.sandbox.kernel_input import CellInput

PYTHON = [
    pytest.param("x = 1\n\n\ndef f(a):\n    return (a\n%3)\n", id="a-percent-sign-first-in-a-line"),
    pytest.param('s = """\n%matplotlib inline\n!ls\nwhat?\n"""\n', id="magics-in-a-string"),
    pytest.param("    x = 1\n    y = 2  # what?\n", id="indented-as-a-whole"),
    pytest.param(">>> x = 1\n>>> y = 2\n", id="prompts"),
    pytest.param("In [1]: x = 1\n", id="prompts-of-ipython"),
    pytest.param("await f()\n", id="await-at-the-top"),
    pytest.param("\n\n%%time\nx = 1\n", id="a-cell-magic"),
    pytest.param(r's = "\d"' + "\n", id="an-escape-that-warns"),
    pytest.param("", id="nothing"),
]
NOT_PYTHON = [
    pytest.param("%matplotlib inline\nx = 1\n", id="a-magic"),
    pytest.param("files = !ls\nx = %pwd\n", id="assigned"),
    pytest.param("x = 1\nnp.dot?\n", id="help"),
    pytest.param("for a in b:\n    !echo {a}\n", id="a-command-in-a-loop"),
    pytest.param("def f(:\n  pass\n", id="an-error"),
    pytest.param("x = (1,\n", id="unfinished"),
    pytest.param("x = '\0'\n", id="a-null"),
]


@pytest.mark.parametrize("cell", [*PYTHON, *NOT_PYTHON])
def test_cell_input_is_what_ipython_makes_of_it(cell):
    assert CellInput().transform_cell(cell) == TransformerManager().transform_cell(cell)


@pytest.mark.parametrize("cell", PYTHON)
def test_cell_input_does_not_look_for_magics_where_there_are_none(cell, monkeypatch):
    def looks(_self, _lines):
        raise AssertionError

    monkeypatch.setattr(TransformerManager, "do_one_token_transform", looks)
    CellInput().transform_cell(cell)


def test_cell_input_uses_what_a_notebook_adds():
    class Shout:
        start_line = start_col = priority = 0

        @classmethod
        def find(cls, tokens_by_line):
            return cls() if tokens_by_line[0][0].string == "x" else None

        def transform(self, lines):
            return ["y = 2\n"]

    manager = CellInput()
    manager.token_transformers.append(Shout)
    assert manager.transform_cell("x = 1\n") == "y = 2\n"


def test_cell_input_warns_of_nothing_and_forgets_no_warning_that_was_shown():
    """Python shows a warning once for each place; a reset would show a student's warnings again in each cell."""
    registry: dict[object, object] = {}

    def warn():
        warnings.warn_explicit("once", UserWarning, "cell", 1, registry=registry)

    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        warn()
        CellInput().transform_cell(r's = "\d"')
        warn()
    assert [str(one.message) for one in shown] == ["once"]
