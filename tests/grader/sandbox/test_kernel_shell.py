"""What the kernel's shell forgives: commands that fetch."""

import subprocess
import time

import pytest

from grader.sandbox import kernel_shell
from grader.sandbox.kernel_shell import run_command


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
