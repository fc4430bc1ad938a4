"""A notebook's cells, run as what they define or with their experiments."""

import json
import os
import sys

import pytest

from grader.errors import AssignmentError
from grader.proofs.cells import namespace, read_cells, set_up

FIRST = "%matplotlib inline\nimport os\nimport helper_of_cells\nsize = helper_of_cells.SIZE\nasked = os.environ['GRADECHECK_SHORT']"
DEFINE = "import math\n\ndef double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n\nresult = double(size)"
EXPERIMENT = "!ls\nlater = [double(value) for value in range(size)]\nif later:\n    %time print('later')"


@pytest.fixture
def cells():
    sources = [
        ("markdown", "# Not code"),
        ("code", FIRST),
        ("code", DEFINE),
        ("code", EXPERIMENT.splitlines(keepends=True)),
    ]
    notebook = {"nbformat": 4, "cells": [{"cell_type": kind, "source": text} for kind, text in sources]}
    return read_cells("n.ipynb", json.dumps(notebook).encode(), "n.ipynb")


@pytest.fixture
def begun(cells, tmp_path):
    (tmp_path / "helper_of_cells.py").write_text("SIZE = 3\n")
    return set_up(cells, tmp_path, {"GRADECHECK_SHORT": "yes"})


def test_the_set_up_runs_beside_the_files_and_leaves_nothing_behind(begun, tmp_path):
    assert (begun["size"], begun["asked"]) == (3, "yes")
    assert "helper_of_cells" not in sys.modules
    assert str(tmp_path) not in sys.path
    assert os.environ.get("GRADECHECK_SHORT") != "yes"


def test_definitions_alone_leave_no_results(cells, begun, capsys):
    space = namespace(cells, begun, cells.rest, experiments=False)
    assert space["double"](4) == 8
    assert "math" in space
    assert "result" not in space
    assert "later" not in space
    assert capsys.readouterr().out == ""


def test_experiments_run_silently_on_changed_cells(cells, begun, capsys):
    changed = cells.rest.replace("2 * x", "5 * x")
    space = namespace(cells, begun, changed, experiments=True)
    assert (space["result"], space["later"]) == (15, [0, 5, 10])
    assert "result" not in begun, "the set-up is kept for the next mutant"
    assert capsys.readouterr().out == ""


def test_what_a_cell_raises_is_the_instructors(cells, begun, tmp_path):
    with pytest.raises(AssignmentError, match=r"n\.ipynb: NameError: name 'nothing' is not defined"):
        namespace(cells, begun, "nothing()", experiments=True)
    broken = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "import no_such_module"}]})
    with pytest.raises(AssignmentError, match="first code cell: ModuleNotFoundError"):
        set_up(read_cells("n.ipynb", broken.encode(), "n.ipynb"), tmp_path, {})
