"""An interrupt ends a command with one line, whenever it comes; after the command it is nobody's."""

import signal
import subprocess
import sys

import pytest

FINALIZED = """
import signal, time
from grader.interrupts import heard

class Slow:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
        time.sleep(0)

try:
    with heard():
        Slow()
        time.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
"""
FAULTY = """
from grader.interrupts import heard

class Faulty:
    def __del__(self):
        raise ZeroDivisionError("ours")

with heard():
    Faulty()
"""
ENDED = """
import atexit, os, signal, sys
from grader import cli

atexit.register(lambda: (os.kill(os.getpid(), signal.SIGINT), print("ended", flush=True)))
sys.argv = ["grader", *sys.argv[1:]]
cli.main()
"""


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_interrupt_in_a_finalizer_comes_again():
    done = python(FINALIZED)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)


def test_other_faults_in_finalizers_are_told_as_ever():
    assert "ZeroDivisionError: ours" in python(FAULTY).stderr


@pytest.mark.parametrize(("argument", "status"), [("--version", 0), ("--no-such-option", 2)])
def test_interrupt_after_the_command_changes_nothing(argument, status):
    done = python(ENDED, argument)
    assert "ended" in done.stdout
    assert "Traceback" not in done.stderr
    assert done.returncode == status
    assert done.returncode != -signal.SIGINT
