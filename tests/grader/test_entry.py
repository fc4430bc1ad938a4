"""The program's first moments: what is started ahead, and for which commands."""

import os
import subprocess
import sys

import pytest

from grader import entry
from grader.entry import runs_here


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        pytest.param(["run", "hw1", "class"], True, id="run"),
        pytest.param(["check", "hw1", "one"], True, id="check"),
        pytest.param(["run", "hw1", "class", "--cluster", "tls://x:1"], False, id="elsewhere"),
        pytest.param(["run", "hw1", "class", "--cluster=tls://x:1"], False, id="elsewhere-in-one-word"),
        pytest.param(["run", "--help"], False, id="help"),
        pytest.param(["rescore", "hw1"], False, id="no-student-code"),
        pytest.param(["--version"], False, id="version"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_runs_here_says_whether_a_sandbox_will_be_wanted(arguments, wanted):
    assert runs_here(arguments) is wanted


def test_the_entry_is_light_enough_to_be_first():
    """What is imported before the warm parent is started is waited for."""
    code = "import sys, grader.entry; print(*{'numpy', 'pydantic', 'click', 'asyncio', 'yaml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(("given", "wanted"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_the_driver_computes_with_one_thread_unless_told_otherwise(tmp_path, given, wanted):
    """Its slots have the other cores."""
    code = "import os; from grader import entry\ntry: entry.main()\nfinally: print(os.environ['OPENBLAS_NUM_THREADS'])"
    plain = {name: value for name, value in os.environ.items() if name not in entry.ONE_THREAD}
    command = [sys.executable, "-c", code, "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=plain | given)
    assert done.stdout.split()[-1] == wanted


def test_the_program_runs_a_command_and_leaves_its_exit_status(tmp_path):
    code = "from grader.entry import main; main()"
    command = [sys.executable, "-c", code, "run", str(tmp_path / "none"), str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "none" in done.stderr
