"""Self-checks of a notebook: in its own kernel, and from a terminal on what the saved file defines."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from grader.probe.selfcheck_notebook import Namespace, NotNowError, defined_by, kernel_namespace, limited

ROOT = Path(__file__).parents[3]
RIGHT = ROOT / "assignments" / "udacity_batchnorm" / "samples" / "right" / "Batch_Normalization_Lesson.ipynb"


def notebook(folder, *sources):
    cells = [{"cell_type": "code", "source": source} for source in sources]
    path = folder / "work.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "# x"}, *cells]}))
    return path


def test_defined_by_runs_what_defines_and_nothing_that_trains(tmp_path):
    (tmp_path / "course.py").write_text("def data(): return [1, 2]\n")
    path = notebook(
        tmp_path,
        "%matplotlib inline\nfrom course import data\nmnist = data()\n!ls",
        "def double(x):\n    return 2 * x\nclass Net:\n    size = double(3)",
        "net = Net()\ntrained = double(4)\nfor i in range(3): print(i)\nraise SystemExit",
    )
    sys.path.insert(0, str(tmp_path))
    try:
        names, faults = defined_by(path, ["course"])
    finally:
        sys.path.remove(str(tmp_path))
        del sys.modules["course"]
    assert faults == []
    assert (names["mnist"], names["double"](1), names["Net"].size) == ([1, 2], 2, 6)
    assert not {"net", "trained", "i"} & names.keys()


def test_defined_by_names_each_fault_with_its_place(tmp_path):
    names, faults = defined_by(notebook(tmp_path, "import nothing_of_that_name\nx = 1", "def f(:"), [])
    assert names["x"] == 1
    assert faults == [
        "work.ipynb, cell 2, line 1: ModuleNotFoundError: No module named 'nothing_of_that_name'",
        "work.ipynb, cell 3, line 1: SyntaxError: invalid syntax",
    ]


def test_namespace_says_where_a_name_is_missing():
    names = Namespace({"f": 1}, "this notebook")
    assert (names.f, dir(names), hasattr(names, "g")) == (1, ["f"], False)
    with pytest.raises(NotNowError, match="g is not defined in this notebook"):
        names.g  # noqa: B018  # asking is the test


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_limited_ends_an_endless_loop_and_leaves_what_ends():
    def wait():
        while True:
            pass

    with limited(60.0):
        assert True
    with (
        limited(0.05),
        pytest.raises(TimeoutError, match=r"did not end within 0.05 s; look for an endless loop"),
    ):
        wait()


def test_outside_of_a_kernel_there_is_no_namespace():
    assert kernel_namespace() is None


@pytest.fixture
def student(tmp_path, monkeypatch):
    """The Udacity folder as a student has it, with the right notebook saved in it."""
    folder = tmp_path / "lesson"
    shutil.copytree(ROOT / "student_template" / "udacity_batchnorm", folder)
    shutil.copy(RIGHT, folder)
    monkeypatch.setenv("GRADECHECK_SHORT", "1")
    monkeypatch.delenv("GRADECHECK_DATA", raising=False)
    return folder


def test_terminal_checks_what_the_saved_notebook_defines(student):
    command = [sys.executable, "check.py", "relu", "fully_connected"]
    done = subprocess.run(command, cwd=student, capture_output=True, text=True, check=False)
    assert "4 of 4 checks pass" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_terminal_says_which_cell_is_at_fault(student):
    text = json.loads(RIGHT.read_text())
    cell = next(cell for cell in text["cells"] if cell.get("id") == "relu")
    cell["source"] = "def relu(x:\n    return x"
    (student / RIGHT.name).write_text(json.dumps(text))
    command = [sys.executable, "check.py", "relu"]
    done = subprocess.run(command, cwd=student, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "relu is not defined in Batch_Normalization_Lesson.ipynb as it is saved" in said
    assert "cell 4, line 1: SyntaxError" in said


def test_kernel_checks_what_its_own_notebook_defines_now(student):
    sources = {cell["id"]: cell["source"] for cell in json.loads(RIGHT.read_text())["cells"]}
    cells = [
        "import numpy as np",
        "".join(sources["relu"]),
        "from check import check\nbefore = np.random.get_state()[1].sum()\nshown = repr(check('relu', 'sigmoid'))",
        "print(shown); print(before == np.random.get_state()[1].sum())",
        "def relu(x):\n    return x\nprint(check('relu').rows[0].outcome)",
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    made.cells[0].metadata = {}
    resources = {"metadata": {"path": str(student)}}
    NotebookClient(
        made, timeout=120, kernel_name="python3", resources=resources, coalesce_streams=True
    ).execute()
    said = made.cells[3].outputs[0].text
    assert "ok    ReLU keeps what is positive" in said
    assert "sigmoid is not defined in this notebook yet: run its cell first" in said
    assert said.endswith("True\n")
    assert made.cells[4].outputs[0].text == "failed\n"
