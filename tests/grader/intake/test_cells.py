"""A notebook's code cells as a file: what is Python stays in its place, what is not becomes a comment."""

from __future__ import annotations

import json

import pytest

from grader.errors import SubmissionError
from grader.intake.cells import as_module, code_of, defining
from grader.intake.tree import Entry


def notebook(*cells):
    made = [{"cell_type": kind, "source": source} for kind, source in cells]
    return json.dumps({"cells": made}).encode()


def test_code_cells_come_in_order_under_their_numbers():
    data = notebook(("code", "a = 1"), ("markdown", "text"), ("code", ["b = 2\n", "c = 3"]))
    assert code_of(data) == "# cell 1\na = 1\n\n# cell 3\nb = 2\nc = 3\n"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("%matplotlib inline\nx = 1", {"x"}, id="magic"),
        pytest.param("if True:\n    !ls\nx = 1", {"x"}, id="shell-command-as-a-body"),
        pytest.param("np.dot?\nx = 1", {"x"}, id="help"),
        pytest.param("%%bash\nls -l /\nx = 1", set(), id="cell-magic-of-another-language"),
        pytest.param("def f(:\n    pass", set(), id="no-python"),
    ],
)
def test_what_is_no_python_becomes_a_comment(source, names):
    space = {}
    exec(code_of(notebook(("code", source), ("code", "y = 2"))), space)  # the test's own cells
    assert set(space) - {"__builtins__"} == names | {"y"}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"cells": 1}', b'{"cells": [{}]}'])
def test_no_notebook_gives_no_code(data):
    assert code_of(data) == ""


class Memory:
    def __init__(self, data):
        self.data = data

    def read(self, _key, _limit_bytes):
        return self.data


def test_entry_reads_the_code_within_its_limit():
    data = notebook(("code", "x = 1"))
    entry = as_module(Entry("a/work.ipynb", len(data), 0.0, Memory(data), None), limit_bytes=1000)
    assert (entry.path, entry.suffix, entry.read(100)) == ("a/work.ipynb.py", ".py", b"# cell 1\nx = 1\n")
    with pytest.raises(SubmissionError, match=r"the code of a/work.ipynb is 15 bytes, the limit is 9"):
        entry.read(9)


def test_defining_keeps_lines_in_their_place_and_runs_nothing():
    code = (
        "import numpy as np\n"
        "@staticmethod\n"
        "def f(x):\n"
        "    return x\n"
        "try:\n"
        "    import numba\n"
        "except ImportError:\n"
        "    numba = None\n"
        "net = f(3)\n"
        "k = net + 1\n"
        "lr = 1e-3; f(2)\n"
        "for i in range(3):\n"
        "    s = '''\n"
        "  text'''\n"
        "net = 3\n"
        "k = net + 1\n"
    )
    kept = defining(code).splitlines()
    left_out = [number for number, line in enumerate(kept, 1) if line.startswith("#: ")]
    assert left_out == [9, 10, 12, 13, 14]
    assert [line.removeprefix("#: ") for line in kept] == code.splitlines()


@pytest.mark.parametrize("code", ["def f(:\n", "x = " + "(" * 5000 + ")" * 5000])
def test_defining_leaves_alone_what_it_cannot_read(code):
    assert defining(code) == code


def test_entry_may_import_the_modules_that_it_takes_the_place_of():
    code = "from pack.net import (\n    Net,\n)\nimport pack.layers as l\nfrom pack import layers\nfrom pack import other\nx = 1"
    data = notebook(("code", code))
    entry = as_module(
        Entry("work.ipynb", len(data), 0.0, Memory(data), None),
        limit_bytes=1000,
        own=["pack.layers", "pack.net"],
    )
    lines = entry.read(1000).decode().splitlines()
    guard = 'with __import__("contextlib").suppress(ImportError): '
    assert [line.removeprefix(guard) for line in lines[1:]] == code.splitlines()
    assert [line.startswith(guard) for line in lines[1:]] == [True, False, False, True, True, False, False]
    space = {}
    exec("\n".join([*lines[:6], "x = 1"]), space)  # none of them is there
    assert space["x"] == 1


def test_entry_may_keep_to_definitions():
    data = notebook(("code", "def f():\n    pass\nf()"))
    entry = as_module(
        Entry("work.ipynb", len(data), 0.0, Memory(data), None), limit_bytes=1000, only_definitions=True
    )
    assert entry.read(100) == b"# cell 1\ndef f():\n    pass\n#: f()\n"
