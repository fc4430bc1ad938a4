"""Edits of sample recipes: each way of naming a place, and each way of naming one that is not there."""

import ast

import pytest
from pydantic import ValidationError

from grader.authoring.cells import clean_notebook, dump_notebook, new_cell, parse_notebook, source_of
from grader.authoring.edits import Edit, EditError, answer, apply_edit, minimal

MODULE = b"""import numpy as np


def first(x):
    return x + 1


class Net:
    @property
    def size(self):
        return 3

    def loss(self):
        return 0.0
"""


def answer_cell():
    cell = new_cell("markdown", "my answer", "a1")
    cell["metadata"] = {"gradecheck": {"question": "q1"}}
    return cell


NOTEBOOK = dump_notebook(
    clean_notebook(
        {
            "cells": [
                new_cell("markdown", "# Title\nprose\n## Part\nmore", "title"),
                new_cell("markdown", "only prose", "prose"),
                new_cell("code", "x = 1\nprint(x)", "one"),
                new_cell("code", "y = 2\nprint(y)", "two"),
                answer_cell(),
            ]
        }
    )
)
FILES = {"m.py": MODULE, "n.ipynb": NOTEBOOK}


def edit(**terms):
    return Edit.model_validate(terms)


def cells(files):
    return [(cell["id"], source_of(cell)) for cell in parse_notebook(files["n.ipynb"], "n")["cells"]]


def test_replace_in_a_module():
    changed = apply_edit(FILES, edit(file="m.py", replace="x + 1", **{"with": "x - 1"}))
    assert changed["m.py"] == MODULE.replace(b"x + 1", b"x - 1")
    assert changed["n.ipynb"] == NOTEBOOK


def test_replace_counts():
    changed = apply_edit(FILES, edit(file="m.py", replace="return", count=3, **{"with": "yield"}))
    assert changed["m.py"].count(b"yield") == 3


def test_function_is_replaced_whole():
    changed = apply_edit(
        FILES, edit(file="m.py", function="first", **{"with": "def first(x):\n    return None"})
    )
    assert b"x + 1" not in changed["m.py"]
    assert b"return None\n\n\nclass Net" in changed["m.py"]


def test_method_goes_with_its_decorator():
    changed = apply_edit(FILES, edit(file="m.py", function="Net.size", **{"with": "    size = 4"}))
    assert b"@property" not in changed["m.py"]
    ast.parse(changed["m.py"])


def test_function_can_be_taken_out():
    assert b"def first" not in apply_edit(FILES, edit(file="m.py", function="first"))["m.py"]


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        pytest.param({"insert": "before"}, 0, id="file-start"),
        pytest.param({"insert": "after"}, -1, id="file-end"),
        pytest.param({"insert": "before", "function": "first"}, 3, id="before-function"),
        pytest.param({"insert": "after", "function": "first"}, 5, id="after-function"),
    ],
)
def test_lines_are_inserted(terms, line):
    changed = apply_edit(FILES, edit(file="m.py", **terms, **{"with": "new = 1"}))
    assert changed["m.py"].decode().splitlines()[line] == "new = 1"
    assert len(changed["m.py"].splitlines()) == len(MODULE.splitlines()) + 1


def test_cell_is_found_by_id_before_text():
    changed = apply_edit(FILES, edit(file="n.ipynb", cell="two", **{"with": "y = 3"}))
    assert cells(changed)[3] == ("two", "y = 3")


def test_text_inside_a_cell_is_replaced():
    changed = apply_edit(
        FILES, edit(file="n.ipynb", cell="x = 1", replace="print(x)", **{"with": "raise ValueError"})
    )
    assert cells(changed)[2] == ("one", "x = 1\nraise ValueError")


def test_text_is_replaced_across_cells():
    changed = apply_edit(FILES, edit(file="n.ipynb", replace="print", count=2, **{"with": "repr"}))
    assert [text.count("repr") for _, text in cells(changed)] == [0, 0, 1, 1, 0]


def test_cell_without_new_text_is_taken_out():
    assert [name for name, _ in cells(apply_edit(FILES, edit(file="n.ipynb", cell="one")))] == [
        "title",
        "prose",
        "two",
        "a1",
    ]


@pytest.mark.parametrize(
    ("terms", "at"),
    [
        pytest.param({"insert": "before"}, 0, id="start"),
        pytest.param({"insert": "after"}, 5, id="end"),
        pytest.param({"insert": "before", "cell": "two"}, 3, id="before-cell"),
        pytest.param({"insert": "after", "cell": "two"}, 4, id="after-cell"),
    ],
)
def test_cells_are_inserted(terms, at):
    changed = apply_edit(FILES, edit(file="n.ipynb", **terms, **{"with": "while True: pass"}))
    assert cells(changed)[at][1] == "while True: pass"
    assert len({name for name, _ in cells(changed)}) == 6


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        pytest.param(
            {"file": "no.py", "replace": "x"},
            r"no\.py is not among the sample's files: m\.py, n\.ipynb",
            id="file",
        ),
        pytest.param(
            {"file": "m.py", "replace": "absent"},
            r"m\.py holds the text to replace 0 times, expected 1",
            id="absent",
        ),
        pytest.param(
            {"file": "m.py", "replace": "return"},
            r"holds the text to replace 3 times, expected 1",
            id="too-often",
        ),
        pytest.param(
            {"file": "m.py", "function": "Net.absent", "with": "x"},
            r"m\.py defines no Net\.absent",
            id="function",
        ),
        pytest.param(
            {"file": "n.ipynb", "cell": "print"}, r"cells 3, 4 contain 'print'", id="ambiguous-cell"
        ),
        pytest.param(
            {"file": "n.ipynb", "cell": "nowhere"},
            r"no cell has the id, or contains, 'nowhere'",
            id="no-cell",
        ),
        pytest.param(
            {"file": "n.ipynb", "cell": "one", "replace": "y"},
            r"n\.ipynb, cell 3 holds .* 0 times",
            id="not-in-cell",
        ),
        pytest.param(
            {"file": "n.ipynb", "replace": "zzz"},
            r"n\.ipynb holds the text to replace 0 times",
            id="not-in-notebook",
        ),
        pytest.param(
            {"file": "m.py", "replace": "x + 1", "with": "x + 1"},
            r"is the same after the edit",
            id="no-change",
        ),
    ],
)
def test_edits_that_do_not_fit_are_refused(terms, message):
    with pytest.raises(EditError, match=message):
        apply_edit(FILES, edit(**terms))


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        pytest.param({"file": "m.py", "with": "x"}, "an edit has to say what it changes", id="nowhere"),
        pytest.param(
            {"file": "m.py", "replace": "x", "function": "f"}, "`replace` goes with `cell` alone", id="both"
        ),
        pytest.param({"file": "m.py", "cell": "x"}, "`cell` is for notebooks", id="cell-of-module"),
        pytest.param(
            {"file": "n.ipynb", "function": "x"}, "`function` is for modules", id="function-of-notebook"
        ),
        pytest.param({"file": "../m.py", "replace": "x"}, "stays inside", id="path"),
    ],
)
def test_edits_that_make_no_sense_are_refused(terms, message):
    with pytest.raises(ValidationError, match=message):
        edit(**terms)


def test_answer_is_put_in_its_cell():
    assert "왜냐하면" in answer(NOTEBOOK, "q1", "왜냐하면", "n.ipynb").decode()


def test_answer_without_a_cell_is_refused():
    with pytest.raises(EditError, match=r"n\.ipynb has no cell for question q7"):
        answer(NOTEBOOK, "q7", "x", "n.ipynb")


def test_minimal_keeps_headings_code_and_answers():
    assert cells({"n.ipynb": minimal(NOTEBOOK, "n")}) == [
        ("title", "# Title\n## Part"),
        ("one", "x = 1\nprint(x)"),
        ("two", "y = 2\nprint(y)"),
        ("a1", "my answer"),
    ]
