"""The watchdog: what it sums, and that a room that it ends is the student's own doing. Rooms here have no control group."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from grader.assignment import Limits
from grader.model import Ending
from grader.sandbox import cgroups as groups_module
from grader.sandbox import watchdog as watchdog_module
from grader.sandbox.cgroups import Groups
from grader.sandbox.channel import Planned, run_probes
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.watchdog import FORKS, Watchdog, Watched, anonymous_bytes

MIB = 1024 * 1024


def process(proc: Path, pid: int, *, own_kib: int, shared_kib: int = 0) -> None:
    (proc / str(pid)).mkdir(parents=True)
    text = f"Name:\tRssAnon: 9\nVmRSS:\t 999999 kB\nRssAnon:\t{own_kib} kB\nRssFile:\t 7777 kB\n"
    (proc / str(pid) / "status").write_text(f"{text}RssShmem:\t{shared_kib} kB\nVmPTE:\t 4 kB\n")


def looked(proc: Path, *, shared_bytes: int = 0, **limits: int) -> Watchdog:
    watchdog = Watchdog(proc, Watched(**{"memory_bytes": 10 * MIB, "processes": 20, **limits}))
    watchdog.shares(shared_bytes)
    watchdog.look()
    return watchdog


def test_look_sums_what_processes_wrote_and_shared_without_files_and_the_first(tmp_path):
    process(tmp_path / "proc", 1, own_kib=10**6)
    process(tmp_path / "proc", 2, own_kib=1000, shared_kib=500)
    process(tmp_path / "proc", 30, own_kib=2000)
    (tmp_path / "proc" / "meminfo").write_text("")
    (tmp_path / "proc" / "31").mkdir()  # has ended meanwhile
    watchdog = looked(tmp_path / "proc")
    assert (watchdog.peak_bytes, watchdog.over) == ((1004 + 500 + 2004) * 1024, "")


def test_look_takes_off_what_forks_share_but_of_a_few_only(tmp_path):
    for pid in range(2, 2 + FORKS + 3):
        process(tmp_path / "proc", pid, own_kib=1020)
    assert looked(tmp_path / "proc", shared_bytes=MIB).peak_bytes == 3 * MIB


def test_look_says_which_limit_was_passed(tmp_path):
    for pid in range(2, 7):
        process(tmp_path / "proc", pid, own_kib=1020)
    assert looked(tmp_path / "proc", memory_bytes=5 * MIB, processes=5).over == ""
    assert looked(tmp_path / "proc", memory_bytes=5 * MIB - 1).over == "memory"
    assert looked(tmp_path / "proc", processes=4).over == "processes"


def test_room_that_is_gone_is_within_its_limits(tmp_path):
    assert looked(tmp_path / "gone" / "proc").over == ""


def test_watch_ends_the_room_once(tmp_path, monkeypatch):
    process(tmp_path / "proc", 2, own_kib=99999)
    ended = []
    watchdog = Watchdog(tmp_path / "proc", Watched(memory_bytes=MIB, processes=9))
    asyncio.run(watchdog.watch(lambda: ended.append(watchdog.over)))
    assert ended == ["memory"]


def test_files_in_memory_are_counted_however_empty(tmp_path, monkeypatch):
    class Status:
        f_files, f_ffree = 9000, 1000

    class empty:  # noqa: N801
        f_files = f_ffree = 5

    monkeypatch.setattr(watchdog_module.os, "statvfs", lambda path: Status if path.name == "work" else empty)
    assert looked(tmp_path / "proc").peak_bytes == 8000 * 1024


def test_own_memory_is_read():
    assert anonymous_bytes(os.getpid()) > MIB
    assert anonymous_bytes(2**22 + 1) == 0


SOURCE = """
import os, time
import numpy as np

def greedy(x):
    for _ in range(6):
        if os.fork() == 0:
            kept = np.ones(2**25)
            time.sleep(60)
            os._exit(0)
    time.sleep(30)
    return x

def modest(x):
    return np.ones(2**24)[:2]
"""
CHECKS = "from grader.probe import check\n" + "".join(
    f"@check(of='{name}')\ndef {name}(impl, rng):\n    '{name}'\n    return {{'o': impl.{name}(rng.random(2))}}\n"
    for name in ("greedy", "modest")
)


@pytest.fixture(scope="module")
def ungrouped(loop, running, tmp_path_factory):  # running: skips where there is no bubblewrap
    """What a sandbox without control groups says of its limits, and of a room that takes too much."""
    folder = tmp_path_factory.mktemp("ungrouped")
    (folder / "a.py").write_text(SOURCE)

    async def work():
        async with Sandbox() as sandbox:
            limits = Limits(memory_mib=1024)
            spec = RoomSpec(files={"a.py": folder / "a.py"}, limits=limits)
            plan = [Planned(id=name, seed=1, time_s=40) for name in ("greedy", "modest")]
            run = await run_probes(sandbox, spec, {"checks": CHECKS}, ["a.py"], plan)
            return sandbox.limits_held, {one.check: one for one in run.checks}

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder))
        patched.setattr(groups_module, "find_groups", lambda **_: Groups(version=0, parents={}))
        return loop.run_until_complete(work())


@pytest.mark.sandbox
def test_limits_that_the_watchdog_holds_are_told(ungrouped):
    held, _ = ungrouped
    assert (held["memory"], held["processes"]) == ("watchdog", "rlimit")
    assert held["disk"] == "tmpfs"


@pytest.mark.sandbox
def test_room_that_takes_too_much_is_its_member_s_doing(ungrouped):
    _, checks = ungrouped
    assert checks["greedy"].ending is Ending.DIED
    assert "out of memory (the limit is 1024 MiB)" in checks["greedy"].detail
    assert checks["modest"].ending is Ending.ANSWERED, "the next check has a room of its own"
