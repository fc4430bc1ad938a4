"""The two warm parents: who is forked from which, and that a dead one is replaced, whoever asks."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from grader.errors import SandboxError
from grader.model import Ending
from grader.sandbox.parent import _Installed
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

#: In two words, for the name alone would ask for the full parent.
HAD = "import sys\nHAD = 'IPy' 'thon' in sys.modules, 'numpy.random' in sys.modules\n"
KERNEL = {"message_bytes": 1000, "total_bytes": 1000, "evidence_bytes": 1, "alone": True}


async def kernel_starts(sandbox):
    """Whether a kernel comes up in a fresh room."""
    async with sandbox.room(RoomSpec()) as room:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        driver, line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, driver:
            with theirs, line:
                await room.fork("kernel", KERNEL, [line.fileno(), theirs.fileno()])
            async with asyncio.timeout(30):
                return await asyncio.get_running_loop().sock_recv(ours, 1) == b"k"


def had(bench, source):
    evidence = bench.one(HAD + source + "\ndef f(x):\n    return 2.0 * HAD[0] + HAD[1]\n")
    assert evidence.ending is Ending.ANSWERED, evidence
    return float(evidence.values[0].array)


def test_runner_has_what_probes_need_and_no_more(bench):
    assert had(bench, "import numpy") == 1


def test_runner_whose_modules_speak_of_matplotlib_has_it_already(bench):
    assert had(bench, "import matplotlib.pyplot as plt\nplt.figure()") == 3


async def full_parent(sandbox):
    return await sandbox._parent._pair.ready(full=True)


def test_full_parent_is_replaced_after_it_was_killed(bench):
    async def kill_and_go_on():
        before = await full_parent(bench.sandbox)
        os.kill(before, signal.SIGKILL)
        assert await kernel_starts(bench.sandbox)
        assert await full_parent(bench.sandbox) != before

    bench.run(kill_and_go_on())
    assert bench.one("def f(x): return x").ending is Ending.ANSWERED


def test_who_waits_for_the_full_parent_gets_the_next_one_if_the_lean_one_dies():
    async def kill_while_it_imports():
        async with Sandbox() as sandbox:
            waiting = asyncio.ensure_future(kernel_starts(sandbox))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            os.kill(sandbox._parent.pid, signal.SIGKILL)
            return await waiting

    assert asyncio.run(kill_while_it_imports())


def test_parents_are_started_anew_when_a_package_was_installed_and_members_of_the_former_stay(
    bench, tmp_path, monkeypatch
):
    async def install_and_go_on():
        before = await full_parent(bench.sandbox)
        (tmp_path / "thing-1.0.dist-info").mkdir()
        assert await kernel_starts(bench.sandbox)
        assert await full_parent(bench.sandbox) != before
        assert state(before) != "Z", "its members may be at work"

    monkeypatch.setattr(bench.sandbox._parent, "_installed", _Installed([tmp_path]))
    bench.run(install_and_go_on())


def test_what_is_installed_is_told_by_the_records_of_its_installer(tmp_path):
    (tmp_path / "numpy-2.4.6.dist-info").mkdir()
    installed = _Installed([tmp_path])
    assert not installed.changed()
    (tmp_path / "__pycache__").mkdir()
    assert not installed.changed(), "byte-code is no package"
    (tmp_path / "thing-1.0.dist-info").mkdir()
    assert installed.changed()
    assert not installed.changed()
    (tmp_path / "numpy-2.4.6.dist-info").rename(tmp_path / "numpy-2.5.0.dist-info")
    for _ in range(2):
        with pytest.raises(
            SandboxError, match=r"numpy-2\.5\.0 is installed now, in the place of numpy-2\.4\.6"
        ):
            installed.changed()
    (tmp_path / "numpy-2.5.0.dist-info").rename(tmp_path / "numpy-2.4.6.dist-info")
    assert installed.changed(), "what was imported meanwhile may have been the other one's"


def test_full_parent_ends_with_the_sandbox():
    async def visit():
        async with Sandbox() as sandbox:
            return await full_parent(sandbox)

    pid = asyncio.run(visit())
    for _ in range(200):
        if state(pid) == "Z":
            break
        time.sleep(0.05)
    assert state(pid) == "Z"


def state(pid):
    """The state of a process, "Z" once it is dead, buried or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
