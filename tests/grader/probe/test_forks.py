"""Forks that run no hooks. Each test has a process of its own: the one that runs the tests may have threads."""

import errno
import subprocess
import sys
import textwrap

import pytest

from grader.probe import forks

#: Hooks that note that they ran; and what a child of `fork_bare` says.
PRELUDE = """
import asyncio, os, random, threading
from grader.probe.forks import fork_bare

RAN = []
os.register_at_fork(
    before=lambda: RAN.append("before"),
    after_in_child=lambda: RAN.append("in the child"),
    after_in_parent=lambda: RAN.append("in the parent"),
)

def told_by(say):
    reader, writer = os.pipe()
    child = fork_bare()
    if child == 0:
        os.write(writer, str(say()).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return told
"""


def printed(code):
    """What a fresh interpreter prints."""
    source = PRELUDE + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is os.fork")
def test_no_hook_runs_in_a_process_of_one_thread():
    assert printed("print(told_by(lambda: RAN), RAN)") == ["[] []"]


def test_hooks_run_where_there_are_other_threads():
    code = """
    ended = threading.Event()
    threading.Thread(target=ended.wait).start()
    print(told_by(lambda: RAN))
    print(RAN)
    ended.set()
    """
    assert printed(code) == ["['before', 'in the child']", "['before', 'in the parent']"]


def test_the_child_can_do_what_a_check_does():
    code = """
    def say():
        threads = [threading.Thread(target=random.random) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [os.getppid(), os.getpid() == os.getppid(), threading.active_count()]

    print(told_by(say) == str([os.getpid(), False, 1]))
    """
    assert printed(code) == ["True"]


def test_random_numbers_go_on_where_the_parent_was():
    assert printed("random.seed(7); print(told_by(random.random) == str(random.random()))") == ["True"]


def test_the_child_of_a_running_loop_can_run_one_of_its_own():
    code = """
    async def inside():
        return told_by(lambda: asyncio.run(asyncio.sleep(0, "slept")))

    print(asyncio.run(inside()))
    """
    assert printed(code) == ["slept"]


def test_a_fork_that_fails_raises(monkeypatch):
    def refused():
        forks.ctypes.set_errno(errno.EAGAIN)
        return -1

    monkeypatch.setattr(forks, "_fork", refused)
    monkeypatch.setattr(sys, "_current_frames", dict)
    with pytest.raises(BlockingIOError, match="fork: Resource temporarily unavailable"):
        forks.fork_bare()
