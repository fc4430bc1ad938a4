"""What a room keeps in and keeps out, tried from inside by code that a student could hand in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.errors import SandboxError
from grader.model import Ending
from grader.sandbox.channel import Planned, run_probes
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

#: Every trick answers with 1.0 where it was refused, or a number that the test names.
TRY = """
import ctypes, os, socket, sys
import numpy as np

def refused(trick, *errors):
    try:
        trick()
    except errors or (OSError,):
        return 1.0
    return 0.0

def status(name):
    return [line.split()[1:] for line in open("/proc/self/status") if line.startswith(name + ":")][0]
"""


def trick(bench: Any, body: str, **settings: Any) -> float:
    source = TRY + "def f(x):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    evidence = bench.one(source, **settings)
    assert evidence.ending is Ending.ANSWERED, evidence
    return float(evidence.values[0].array)


def test_member_has_no_capability(bench):
    names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    assert trick(bench, f"return float(sum(int(status(name)[0], 16) for name in {names}))") == 0


def test_member_cannot_gain_privileges(bench):
    assert trick(bench, 'return float(status("NoNewPrivs")[0])') == 1


def test_member_has_a_system_call_filter(bench):
    assert trick(bench, 'return float(status("Seccomp")[0])') == 2


def test_member_is_an_ordinary_user_inside(bench):
    assert trick(bench, "return float(os.getuid())") == 1000
    assert trick(bench, "return float(len(os.getgroups()))") <= 1


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user can map no user but their own")
def test_member_is_nobody_outside_when_root_grades(bench):
    async def owner() -> int:
        async with bench.sandbox.room(RoomSpec()) as room:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                member = await room.fork("runner", {"evidence_bytes": 1, "alone": True}, [theirs.fileno()])
                status = Path(f"/proc/{member.pid}/status").read_text()
                return int(status.partition("Uid:")[2].split()[0])

    assert bench.run(owner()) >= 1_900_000_000


@pytest.mark.parametrize(
    "call",
    [
        pytest.param("os.setuid(0)", id="become-root"),
        pytest.param("open('/etc/passwd', 'w')", id="write-etc"),
        pytest.param("open('/evil', 'w')", id="write-root"),
        pytest.param("open('/usr/bin/evil', 'w')", id="write-system"),
        pytest.param("open('/dev/evil', 'w')", id="write-dev"),
        pytest.param("open('/dev/mem', 'rb')", id="read-memory-of-the-machine"),
        pytest.param("open('/proc/1/environ', 'rb').read()", id="read-environment-of-the-first-process"),
        pytest.param("open('/proc/1/mem', 'rb')", id="read-memory-of-the-first-process"),
        pytest.param("os.listdir('/proc/1/fd')", id="list-descriptors-of-the-first-process"),
        pytest.param("open('/proc/sys/kernel/core_pattern', 'w')", id="write-core-pattern"),
        pytest.param("open('/proc/sysrq-trigger', 'w')", id="write-sysrq"),
        pytest.param("open('/proc/self/oom_score_adj', 'w').write('-1000')", id="escape-the-oom-killer"),
        pytest.param("os.mknod('/work/disk', 0o60600, os.makedev(8, 0))", id="make-a-device"),
        pytest.param("os.chroot('/work')", id="chroot"),
        pytest.param("os.nice(-5)", id="raise-priority"),
        pytest.param("__import__('resource').setrlimit(7, (10**6, 10**6))", id="raise-a-limit"),
    ],
)  # fmt: skip
def test_room_refuses(bench, call):
    assert trick(bench, f"return refused(lambda: {call}, OSError, ValueError)") == 1


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        pytest.param(101, "0, 0, 0, 0", id="ptrace"),
        pytest.param(165, "b'none', b'/work', b'tmpfs', 0, None", id="mount"),
        pytest.param(272, "0x10000000", id="unshare-user"),
        pytest.param(272, "0x00020000", id="unshare-mounts"),
        pytest.param(308, "0, 0", id="setns"),
        pytest.param(310, "1, None, 0, None, 0, 0", id="process_vm_readv"),
        pytest.param(250, "0, 0, 0", id="keyctl"),
        pytest.param(321, "0, None, 0", id="bpf"),
        pytest.param(425, "1, None", id="io_uring_setup"),
        pytest.param(298, "None, 0, 0, 0, 0", id="perf_event_open"),
        pytest.param(304, "0, None, 0", id="open_by_handle_at"),
        pytest.param(56, "0x10000011, None, None, None, None", id="clone-into-a-user-namespace"),
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
def test_system_call_is_refused(bench, number, arguments):
    body = f"""
        libc = ctypes.CDLL(None, use_errno=True)
        result = libc.syscall({number}, {arguments})
        return float(ctypes.get_errno()) if result == -1 else 0.0
    """
    assert trick(bench, body) == 1  # EPERM


@pytest.mark.parametrize(
    "call",
    [
        pytest.param("socket.create_connection(('192.0.2.1', 80), 1)", id="tcp"),
        pytest.param("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))", id="udp"),
        pytest.param("socket.getaddrinfo('example.org', 80)", id="names"),
        pytest.param("socket.create_connection(('127.0.0.1', 22), 1)", id="host-loopback"),
        pytest.param("socket.socket(40, socket.SOCK_STREAM)", id="vsock"),
        pytest.param("socket.socket(17, socket.SOCK_RAW)", id="packets"),
        pytest.param("socket.socket(38, socket.SOCK_SEQPACKET)", id="kernel-crypto"),
        pytest.param("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", id="ping"),
    ],
)  # fmt: skip
def test_network_is_unreachable(bench, call):
    assert trick(bench, f"return refused(lambda: {call})") == 1


def test_abstract_sockets_of_the_host_are_out_of_reach(bench):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0gradecheck-test")
        listener.listen()
        assert (
            trick(
                bench, "return refused(lambda: socket.socket(socket.AF_UNIX).connect('\\0gradecheck-test'))"
            )
            == 1
        )
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0gradecheck-test")  # the instrument: from here it is in reach


def test_nothing_of_the_host_is_writable(bench):
    body = """
        import stat
        found = []
        for place in ("/usr", "/lib", "/bin", "/etc", "/opt", "/home", "/root", "/var", "/run", "/srv", "/mnt", *sys.path):
            for folder, folders, files in os.walk(place):
                if os.access(folder, os.W_OK) and not folder.startswith(("/work", "/tmp/.")):
                    found.append(folder)
                del folders[40:]
                if len(found) > 3:
                    break
        return float(len(found))
    """
    assert trick(bench, body, time_s=20) == 0


def test_checkout_is_invisible(bench):
    checkout = Path(__file__).resolve().parents[3]
    body = f"""
        seen = [os.path.exists(os.path.join({str(checkout)!r}, name)) for name in ("grader", "reference", "assignments", ".git")]
        for entry in sys.path:
            for name in ("grader/cli.py", "grader/compare.py", "reference/__init__.py", "assignments", "gradecheck.pth"):
                seen.append(os.path.exists(os.path.join(entry, name)))
        for entry in sys.path:
            if os.path.isdir(entry):
                seen += [name.endswith(".pth") and os.path.getsize(os.path.join(entry, name)) > 0 for name in os.listdir(entry)]
        return float(sum(seen))
    """
    assert (checkout / "grader").is_dir()
    assert trick(bench, body) == 0


@pytest.mark.parametrize(
    "module", ["grader.compare", "grader.sandbox.room", "reference", "assignments", "grader.suite"]
)
def test_module_of_the_harness_cannot_be_imported(bench, module):
    assert trick(bench, f"return refused(lambda: __import__({module!r}), ImportError)") == 1


def test_memory_of_the_fork_holds_no_path_of_the_checkout(bench):
    checkout = str(Path(__file__).resolve().parents[3])
    body = f"""
        import gc
        needle = {checkout[:5]!r} + {checkout[5:]!r}
        hits = [module for module in list(sys.modules.values()) if needle in str(getattr(module, "__file__", ""))]
        hits += [entry for entry in sys.path if needle in entry]
        hits += [code for code in gc.get_objects() if hasattr(code, "__code__") and needle in code.__code__.co_filename]
        return float(len(hits))
    """
    assert trick(bench, body) == 0


def test_environment_is_the_room_s_own(bench, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "1")
    body = """
        try:
            first = open("/proc/self/environ").read()
        except OSError:
            first = ""
        told = "".join(f"{name}={value}\\n" for name, value in os.environ.items()) + first
        return float("SECRET" in told) + float("gradecheck" in told) + 10 * float(os.environ["HOME"] == "/tmp")
    """
    assert trick(bench, body) == 10


def test_descriptors_of_a_check_are_its_pipe_and_nothing(bench):
    body = """
        found = []
        for number in range(3, 4096):
            try:
                found.append(os.fstat(number).st_mode)
            except OSError:
                pass
        import stat
        return float(len(found) * 10 + sum(stat.S_ISFIFO(mode) for mode in found))
    """
    assert trick(bench, body) == 11


def test_other_processes_are_invisible(bench):
    # the room's first process, the runner and this fork
    assert trick(bench, "return float(sum(name.isdigit() for name in os.listdir('/proc')))") == 3


def test_work_folder_is_bounded(bench):
    body = """
        written = 0
        try:
            for number in range(64):
                with open(f"/work/{number}", "wb") as file:
                    written += file.write(bytes(1 << 20))
        except OSError:
            pass
        return float(written)
    """
    assert 0 < trick(bench, body, disk_mib=8) <= 8 * 2**20


def test_file_size_is_bounded(bench):
    assert (
        trick(bench, "return refused(lambda: open('/work/big', 'wb').write(bytes(3 << 20)))", file_mib=2) == 1
    )


def test_open_files_are_bounded(bench):
    body = """
        kept = []
        try:
            while len(kept) < 5000:
                kept.append(os.open("/dev/null", 0))
        except OSError:
            pass
        return float(len(kept))
    """
    assert trick(bench, body, open_files=64) <= 64


def test_number_of_processes_is_bounded(bench):
    body = """
        import time
        children = 0
        try:
            while children < 400:
                if os.fork() == 0:
                    time.sleep(30)
                    os._exit(0)
                children += 1
        except OSError:
            pass
        return float(children)
    """
    assert 0 < trick(bench, body, processes=32) <= 40


def test_files_are_staged_and_links_made(bench, tmp_path):
    (tmp_path / "a").write_text("content")

    async def look() -> tuple[str, str, str]:
        spec = RoomSpec(files={"cs 231/deep/a.txt": tmp_path / "a"}, links=(("cs682", "cs 231"),))
        async with bench.sandbox.room(spec) as room:
            place = room.path("/work/cs 231/deep/a.txt")
            return place.read_text(), str(room.path("/work/cs682").readlink()), room.work

    assert bench.run(look()) == ("content", "cs 231", "/work")
    assert (tmp_path / "a").read_text() == "content"


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", ""])
def test_file_outside_of_the_submission_is_refused(bench, tmp_path, path):
    (tmp_path / "a").write_text("content")

    async def look() -> None:
        async with bench.sandbox.room(RoomSpec(files={path: tmp_path / "a"})):
            raise AssertionError("the room was made")

    with pytest.raises(SandboxError, match="stays inside the submission"):
        bench.run(look())


def test_mounted_data_is_readable_and_not_writable(bench, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    (data / "batch_1").write_text("rows")
    (tmp_path / "m.py").write_text(
        TRY + "def f(x):\n    here = open('/work/cs231n/datasets/cifar/batch_1').read() == 'rows'\n"
        "    kept = refused(lambda: open('/work/cs231n/datasets/cifar/batch_1', 'w'))\n"
        "    open('/work/cs231n/datasets/mine', 'w').close()\n    return float(here) + kept\n"
    )  # fmt: skip
    checks = {
        "checks": "from grader.probe import check\n@check(of='f')\ndef f(impl, rng):\n    'f'\n    return {'o': impl.f(1)}\n"
    }
    spec = RoomSpec(files={"cs231n/m.py": tmp_path / "m.py"}, mounts={"/work/cs231n/datasets/cifar": data})
    run = bench.run(
        run_probes(bench.sandbox, spec, checks, ["cs231n/m.py"], [Planned(id="f", seed=1, time_s=2)])
    )
    assert run.checks[0].ending is Ending.ANSWERED, run.checks[0]
    assert float(run.checks[0].values[0].array) == 2


def processes_with(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in path.read_text():
                found.append(int(path.parent.name))
    return found


DAEMON = """
import os, signal, subprocess, sys, time

def f(x):
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/usr/bin/sleep", ["sleep", "{mark}"])
        os._exit(0)
    stopped = subprocess.Popen(["/usr/bin/sleep", "{mark}"])
    stopped.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    return 1.0
"""


def test_daemons_and_stopped_processes_die_with_the_check(bench):
    mark = "98765.4321"
    evidence = bench.probe(
        DAEMON.format(mark=mark) + "\ndef g(x):\n    return float(sum(n.isdigit() for n in os.listdir('/proc')))\n",
        {"checks": "from grader.probe import check\n" + "".join(
            f"@check(of='{n}')\ndef {n}(impl, rng):\n    '{n}'\n    return {{'o': impl.{n}(1)}}\n" for n in "fg")},
        ["f", "g"],
    ).checks  # fmt: skip
    assert [one.ending for one in evidence] == [Ending.ANSWERED, Ending.ANSWERED]
    assert float(evidence[1].values[0].array) == 3  # the next check sees nothing of them
    assert processes_with(mark) == []


def test_room_leaves_no_process_group_or_mount_behind(bench):
    async def visit() -> tuple[int, list[Path]]:
        async with bench.sandbox.room(RoomSpec()) as room:
            return room.pid, list(room._group.folders.values()) if room._group else []

    pid, folders = bench.run(visit())
    assert not Path(f"/proc/{pid}").exists()
    assert [folder for folder in folders if folder.exists()] == []


def test_rooms_stand_side_by_side(bench):
    async def visit() -> set[int]:
        async def one() -> int:
            async with bench.sandbox.room(RoomSpec()) as room:
                await asyncio.sleep(0.05)
                return room.pid

        return set(await asyncio.gather(*(one() for _ in range(6))))

    assert len(bench.run(visit())) == 6


def test_warm_parent_is_replaced_after_it_was_killed(bench):
    os.kill(bench.sandbox._parent.pid, signal.SIGKILL)
    assert bench.one("def f(x): return x").ending is Ending.ANSWERED


def test_nothing_is_left_after_the_driver_was_killed(tmp_path):
    script = tmp_path / "driver.py"
    script.write_text(
        textwrap.dedent("""
        import asyncio, os, socket, sys
        from grader.sandbox.room import RoomSpec
        from grader.sandbox.sandbox import Sandbox

        async def main():
            async with Sandbox() as sandbox, sandbox.room(RoomSpec()) as room:
                ours, theirs = socket.socketpair()
                member = await room.fork("runner", {"evidence_bytes": 1, "alone": True}, [theirs.fileno()])
                print(room.pid, member.pid, sandbox._parent.pid, flush=True)
                await asyncio.sleep(60)

        asyncio.run(main())
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as driver:
        pids = [int(word) for word in driver.stdout.readline().split()]
        assert len(pids) == 3
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        driver.kill()
    for _ in range(200):
        left = [pid for pid in pids if Path(f"/proc/{pid}").exists() and "Z" not in state(pid)]
        if not left:
            break
        time.sleep(0.05)
    assert left == []


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_sandbox_without_bubblewrap_says_what_to_install(monkeypatch, loop):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        loop.run_until_complete(Sandbox().__aenter__())


def test_unsafe_sandbox_runs_without_a_room_and_says_so(loop, tmp_path):
    (tmp_path / "m.py").write_text("def f(x): return x + 1\n")
    checks = {
        "checks": "from grader.probe import check\n@check(of='f')\ndef f(impl, rng):\n    'f'\n    return {'o': impl.f(1)}\n"
    }

    async def go() -> tuple[bool, Any]:
        async with Sandbox(unsafe=True) as sandbox:
            spec = RoomSpec(files={"m.py": tmp_path / "m.py"})
            run = await run_probes(sandbox, spec, checks, ["m.py"], [Planned(id="f", seed=1, time_s=2)])
            return sandbox.sandboxed, run.checks[0]

    sandboxed, evidence = loop.run_until_complete(go())
    assert not sandboxed
    assert evidence.ending is Ending.ANSWERED
    assert np.array_equal(evidence.values[0].array, 2)


def test_arrays_of_some_megabytes_are_taken_from_memory_that_is_there(bench):
    """Else each of them costs a page fault for every 4 KiB: 100,000 here."""
    body = """
        import resource
        import numpy as np
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(20):
            together = [np.ones((400, 1000)) for _ in range(8)]
            del together
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    """
    assert 0 < trick(bench, body, time_s=20) < 10_000
