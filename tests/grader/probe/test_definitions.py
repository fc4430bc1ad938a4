"""What defines something is told from what runs something."""

from __future__ import annotations

import ast

import pytest

from grader.probe.definitions import definitions

OWN = {"helper"}.__contains__


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        pytest.param("def f(): pass\nclass C: pass\nimport os", 3, id="definitions"),
        pytest.param("x = 1\ny: int = len('ab')\nx += 2", 3, id="constants"),
        pytest.param("import numpy as np\nx = np.zeros(3)", 2, id="other-package"),
        pytest.param("def f(): pass\nx = f()", 1, id="own-function"),
        pytest.param("from helper import f\nx = f()", 1, id="own-file"),
        pytest.param("from helper import *\nx = anything()", 1, id="own-star"),
        pytest.param("x = [f(i) for i in range(9)]\ndef f(i): pass", 1, id="own-in-comprehension"),
        pytest.param("from math import sqrt\nx = sqrt(4)", 2, id="other-name"),
        pytest.param("def print(): pass\nx = print()", 1, id="own-name-of-a-builtin"),
        pytest.param("for i in range(9): x = i\nwhile 1: pass\nwith open('a') as f: x = f", 0, id="loops"),
        pytest.param("print(1)\nmain()\n'text'\nassert 0\ndel x", 0, id="expressions"),
        pytest.param("import sys\nsys.path.append('..')", 2, id="path"),
        pytest.param("def f(): pass\nif f(): x = 1", 1, id="own-test"),
    ],
)
def test_definitions_are_told_from_what_runs(source, kept):
    assert len(list(definitions(ast.parse(source), OWN))) == kept


def test_definitions_inside_of_conditions_are_kept_without_the_rest():
    source = "if 1:\n    x = 1\n    train()\nelse:\n    train()\ntry:\n    import a\n    train()\nexcept E:\n    a = None"
    texts = [ast.unparse(node) for node in definitions(ast.parse(source), OWN)]
    assert texts == ["if 1:\n    x = 1", "try:\n    import a\nexcept E:\n    a = None"]
