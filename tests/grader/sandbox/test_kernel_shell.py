"""What the kernel's shell forgives: commands that fetch, Colab's modules, absent packages."""

import ast
import subprocess
import sys
import time

import pytest

from grader.sandbox import kernel_shell
from grader.sandbox.kernel_shell import ColabFinder, ImportGuard, run_command


@pytest.fixture
def colab():
    sys.meta_path.append(ColabFinder)
    yield
    sys.meta_path.remove(ColabFinder)
    for name in [name for name in sys.modules if name.split(".")[:2] == ["google", "colab"]]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "command",
    [
        "pip install numpy",
        "pip3 install -q past",
        "sudo apt-get -y install x",
        "cd data && bash get_datasets.sh",
        "wget http://cs231n.stanford.edu/cifar-10-python.tar.gz",
        "git clone https://example.org/x",
    ],
)
def test_run_command_does_not_try_to_fetch(command):
    assert run_command(command) == (
        1,
        f"$ {command}\nnot run here: nothing is installed or fetched while grading\n",
    )


@pytest.mark.parametrize(
    ("command", "status", "output"),
    [
        ("printf 'a\\nb'", 0, "a\nb"),
        ("echo to stderr >&2; exit 3", 3, "to stderr\n"),
        ("no_such_command_here", 127, None),
        ("cat", 0, ""),  # no input: it ends at once
        ("printf '\\377'", 0, "\ufffd"),
        ("git_status_is_no_fetch=1; echo piping", 0, "piping\n"),
    ],
)
def test_run_command_gives_status_and_output(command, status, output):
    got_status, got_output = run_command(command)
    assert got_status == status
    assert output is None or got_output == output


def test_run_command_stops_one_that_says_too_much():
    status, output = run_command("yes")
    assert status == 1
    assert len(output) < kernel_shell.COMMAND_OUTPUT_BYTES + 200
    assert output.endswith("(stopped: it printed more than 65536 bytes)\n")


def test_run_command_stops_one_that_takes_too_long_with_its_children(monkeypatch):
    monkeypatch.setattr(kernel_shell, "COMMAND_S", 0.3)
    started = time.monotonic()
    status, output = run_command("sleep 59.25 & sleep 59.25")
    assert (status, output) == (124, "(stopped after 0.3 s)\n")
    assert time.monotonic() - started < 30  # it did not wait for the sleepers
    listed = subprocess.run(["ps", "-eo", "stat,args"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in listed.splitlines() if line.endswith("sleep 59.25") and line[0] != "Z"]


def test_colab_finder_gives_modules_that_do_nothing(colab):
    from google.colab import drive, files

    assert drive.mount("/content/drive", force_remount=True) is None
    assert files.upload() == {}


def test_colab_finder_knows_nothing_else(colab):
    assert ColabFinder.find_spec("google.cloud") is None
    assert ColabFinder.find_spec("tensorflow") is None


def guarded(source, stand_in, names=None):
    """Run `source` as a cell would be run: its imports guarded, absent packages handed to `stand_in`."""
    tree = ast.fix_missing_locations(ImportGuard().visit(ast.parse(source)))
    space = {ImportGuard.FUNCTION: stand_in, **(names or {})}
    exec(compile(tree, "cell", "exec"), space)
    return space


def test_import_guard_tries_again_after_a_stand_in():
    def stand_in(error):
        seen.append(error.name)
        return sys.modules.setdefault(error.name, sys) is sys

    seen = []
    try:
        space = guarded("import absent_one\nif True:\n    from absent_two import path\n", stand_in)
    finally:
        for name in seen:
            del sys.modules[name]
    assert seen == ["absent_one", "absent_two"]
    assert space["absent_one"] is sys


def test_import_guard_raises_what_cannot_be_stood_in_for():
    with pytest.raises(ModuleNotFoundError, match="absent_three") as caught:
        guarded("x = 1\nimport absent_three\n", lambda error: False)
    assert caught.traceback[-1].frame.f_globals.get("x", 1) == 1
    assert [entry.lineno + 1 for entry in caught.traceback if str(entry.path) == "cell"] == [2]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("try:\n    import absent_four\nexcept ImportError:\n    found = False", id="try"),
        pytest.param("def f():\n    import absent_four", id="function"),
        pytest.param("class A:\n    def f(self):\n        import absent_four", id="method"),
        pytest.param("from __future__ import annotations", id="future"),
    ],
)
def test_import_guard_leaves_alone(source):
    def stand_in(error):
        raise AssertionError("was asked")

    before = ast.dump(ast.parse(source))
    assert ast.dump(ImportGuard().visit(ast.parse(source))) == before
    guarded(source, stand_in)


def test_import_guard_passes_a_star_and_an_alias():
    space = guarded("from math import *\nimport os.path as p, json\n", lambda error: False)
    assert (space["pi"] > 3, space["json"].__name__, space["p"].__name__[-4:]) == (True, "json", "path")
