"""Lock files: several together, one alone, and nobody for ever."""

import errno
import fcntl
import subprocess
import sys
import threading

import pytest

from grader.errors import GraderError
from grader.store.locks import held, is_held

HOLDER = """
import sys
from pathlib import Path
from grader.store.locks import held
with held(Path(sys.argv[1]), alone=sys.argv[2] == "alone"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock file `at-work` until it is killed."""
    started = []

    def start(how):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path / "at-work"), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("theirs", ["together", "alone"])
def test_who_holds_it_is_seen_until_the_end(tmp_path, other, theirs):
    assert not is_held(tmp_path / "at-work"), "nobody made it yet"
    process = other(theirs)
    assert is_held(tmp_path / "at-work")
    process.kill()
    process.wait()
    assert not is_held(tmp_path / "at-work")


def test_who_only_looks_keeps_nobody_off(tmp_path):
    path = tmp_path / "at-work"
    with held(path, alone=False):
        pass
    with path.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)
        threading.Timer(0.02, fcntl.flock, (looking, fcntl.LOCK_UN)).start()
        with held(path, alone=False):
            assert is_held(path)


def test_several_hold_it_together(tmp_path, other):
    other("together")
    with held(tmp_path / "at-work", alone=False):
        pass


@pytest.mark.parametrize(("theirs", "alone"), [("together", True), ("alone", False), ("alone", True)])
def test_who_wants_it_alone_has_it_alone(tmp_path, other, theirs, alone):
    process = other(theirs)
    with (
        pytest.raises(GraderError, match=r"at-work: another `grader` is at work on this assignment; wait"),
        held(tmp_path / "at-work", alone=alone),
    ):
        pass
    process.kill()  # however it ends, the lock is free
    process.wait()
    with held(tmp_path / "at-work", alone=True):
        pass


def test_a_disk_without_locks_keeps_nobody_from_working(tmp_path, monkeypatch):
    def fail(number):
        def flock(_descriptor, _how):
            raise OSError(number, "as a disk says it")

        monkeypatch.setattr(fcntl, "flock", flock)

    fail(errno.ENOLCK)
    with held(tmp_path / "at-work", alone=True):
        pass
    fail(errno.EIO)
    with pytest.raises(OSError, match="as a disk says it"), held(tmp_path / "at-work", alone=True):
        pass
