"""A warm parent that is started ahead: taken over by the next sandbox, or ended without a trace."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from grader.errors import SandboxError
from grader.sandbox import launch as launching
from grader.sandbox.launch import ahead, forget, take
from grader.sandbox.parent import WarmParent
from grader.sandbox.sandbox import Sandbox


@pytest.fixture(autouse=True)
def nothing_left():
    """Whatever a test started is ended."""
    forget()
    yield
    forget()


def begun():
    """What was started ahead and not taken."""
    (one,) = launching._ahead
    return one


def gone(pid):
    return not Path(f"/proc/{pid}").exists()


def test_forget_ends_the_process_and_removes_its_folder():
    ahead()
    made, launched = begun()
    assert Path(made.folder.name, "grader").exists()
    forget()
    assert gone(launched.process.pid)
    assert not Path(made.folder.name).exists()


def test_take_gives_what_was_started_once():
    ahead()
    made, launched = begun()
    assert take() == (made, launched)
    other, none = take()
    try:
        assert none is None
        assert other.folder.name != made.folder.name
    finally:
        other.folder.cleanup()
        launched.end()
        made.folder.cleanup()


@pytest.mark.sandbox
def test_a_sandbox_takes_over_what_was_started_ahead():
    ahead()
    made, launched = begun()

    async def enter():
        async with Sandbox() as sandbox:
            assert sandbox._parent.pid == launched.process.pid
            forget()
            assert not gone(launched.process.pid)

    asyncio.run(enter())
    assert gone(launched.process.pid)
    assert not Path(made.folder.name).exists()


def test_one_that_died_meanwhile_is_told_by_the_sandbox():
    ahead()
    made, launched = take()
    os.kill(launched.process.pid, signal.SIGKILL)
    with pytest.raises(SandboxError, match="the warm parent did not start"):
        asyncio.run(WarmParent(made.python, launched).start())
    made.folder.cleanup()


def test_what_hinders_the_start_is_told_by_who_needs_it(monkeypatch):
    def missing(_alias):
        raise SandboxError("package numpy is not installed")

    monkeypatch.setattr(launching, "locate_python", missing)
    before = set(launching.SCRATCH.glob(f"{launching.PREFIX}{os.getpid()}-*"))
    ahead()
    assert not launching._ahead
    with pytest.raises(SandboxError, match="package numpy is not installed"):
        take()
    assert set(launching.SCRATCH.glob(f"{launching.PREFIX}{os.getpid()}-*")) == before


def test_the_process_has_no_descriptor_and_no_variable_of_ours(monkeypatch):
    monkeypatch.setenv("GRADECHECK_SECRET", "x")
    one, other = socket.socketpair()
    with one, other:
        os.set_inheritable(one.fileno(), True)
        ahead()
        _, launched = begun()
        environment = Path(f"/proc/{launched.process.pid}/environ").read_bytes()
        sockets = [path.name for path in Path(f"/proc/{launched.process.pid}/fd").iterdir()]
        assert b"GRADECHECK_SECRET" not in environment
        assert str(one.fileno()) not in sockets
