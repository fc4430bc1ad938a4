"""The same rooms for an ordinary user: a script of its own process, as `nobody` where root runs the tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grader

pytestmark = pytest.mark.sandbox

NOBODY = 65534
CHECKOUT = Path(grader.__file__).resolve().parent.parent

SCRIPT = """
import asyncio, json, os, sys
from pathlib import Path
from grader.assignment import Limits
from grader.sandbox.room import RoomSpec
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.channel import Planned, run_probes

SOURCE = '''
import os, socket
import numpy as np

def refused(trick):
    try:
        trick()
    except (OSError, ValueError):
        return 1.0
    return 0.0

def status(name):
    return [line.split()[1] for line in open("/proc/self/status") if line.startswith(name + ":")][0]

def capabilities(x):
    return float(sum(int(status(name), 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")))

def network(x):
    return refused(lambda: socket.create_connection(("192.0.2.1", 80), 1))

def root(x):
    return refused(lambda: open("/evil", "w")) + refused(lambda: open("/dev/evil", "w")) + refused(lambda: open("/usr/evil", "w"))

def namespaces(x):
    import ctypes
    return float(ctypes.CDLL(None).unshare(0x10000000))

def first(x):
    # It is of the same user here, to whom its files in /proc would belong.
    hidden = os.listdir("/proc/1") == []
    written = refused(lambda: open("/proc/1/oom_score_adj", "w")) + refused(lambda: open("/proc/1/mem", "r+b"))
    os.kill(1, 9)
    return float(hidden) + written

def bomb(x):
    children = 0
    try:
        while children < 500:
            if os.fork() == 0:
                import time
                time.sleep(9)
                os._exit(0)
            children += 1
    except OSError:
        pass
    return float(children)

def memory(x):
    return np.ones(2**28)

def together(x):
    # Each within its own limit, together far beyond the room's.
    import time
    for _ in range(6):
        if os.fork() == 0:
            kept = np.ones(2**25)
            time.sleep(60)
            os._exit(0)
    time.sleep(30)
    return x

def hides(x):
    import ctypes
    libc = ctypes.CDLL(None)
    return float(libc.memfd_create(b"kept", 0) + libc.shmget(0, 4096, 0o1600))

def dies(x):
    os._exit(0)

def everything(x):
    os.kill(-1, 9)

def good(x):
    return x
'''

NAMES = ["capabilities", "network", "root", "namespaces", "first", "bomb", "memory", "together", "hides", "dies"]
NAMES += ["everything", "good"]
CHECKS = "from grader.probe import check\\n" + "".join(
    f"@check(of='{n}')\\ndef {n}(impl, rng):\\n    '{n}'\\n    return {{'o': impl.{n}(rng.standard_normal(2))}}\\n" for n in NAMES
)

async def main():
    folder = Path(sys.argv[1])
    (folder / "a.py").write_text(SOURCE)
    async with Sandbox() as sandbox:
        limits = Limits(processes=32, memory_mib=1024)
        spec = RoomSpec(files={"a.py": folder / "a.py"}, limits=limits)
        plan = [Planned(id=name, seed=1, time_s=40 if name == "together" else 5) for name in NAMES]
        run = await run_probes(sandbox, spec, {"checks": CHECKS}, ["a.py"], plan)
        held = dict(sandbox.limits_held)
        async with sandbox.room(spec) as room:
            lines = dict(line.split(":", 1) for line in open(f"/proc/{room.pid}/status"))
            first = {name: int(lines[name], 16) for name in ("CapPrm", "CapBnd", "Seccomp", "NoNewPrivs")}
            first["environ"] = open(f"/proc/{room.pid}/environ").read()[:-1]
    told = {
        one.check: [one.ending.value, one.error.kind if one.error else one.values[0].array.tolist() if one.values else one.detail]
        for one in run.checks
    }
    print(json.dumps({"told": told, "held": held, "first": first, "uid": os.geteuid()}))

asyncio.run(main())
"""


def readable_python() -> str:
    """An interpreter of this version that an ordinary user can run."""
    for candidate in (
        Path(sys.base_prefix) / "bin" / "python3",
        Path("/usr/bin") / f"python3.{sys.version_info.minor}",
    ):
        parents = [candidate.resolve(), *candidate.resolve().parents]
        if candidate.exists() and all(path.stat().st_mode & 0o005 for path in parents):
            return str(candidate)
    pytest.skip("no interpreter of this version can be read by an ordinary user")


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if shutil.which("bwrap") is None or shutil.which("setpriv") is None:
        pytest.skip("bubblewrap or setpriv is not installed")
    folder = tmp_path_factory.mktemp("unprivileged")
    place = Path("/tmp") / f"gradecheck-test-{os.getpid()}"  # pytest's own folders are closed to others
    place.mkdir()
    try:
        place.chmod(0o755)
        (place / "script.py").write_text(SCRIPT)
        home = place / "home"
        home.mkdir()
        command = [readable_python(), str(place / "script.py"), str(home)]
        if os.geteuid() == 0:
            os.chown(home, NOBODY, NOBODY)
            command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", *command]
        sites = str(Path(np.__file__).parents[1])
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "PYTHONPATH": f"{sites}:{CHECKOUT}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            command, env=environment, cwd=home, capture_output=True, text=True, timeout=120, check=False
        )
    finally:
        shutil.rmtree(place)
    assert folder.is_dir()
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        pytest.param("capabilities", lambda told: told == ["answered", 0.0], id="no-capability"),
        pytest.param("network", lambda told: told == ["answered", 1.0], id="no-network"),
        pytest.param("root", lambda told: told == ["answered", 3.0], id="nothing-writable"),
        pytest.param("namespaces", lambda told: told == ["answered", -1.0], id="no-namespace"),
        pytest.param("first", lambda told: told == ["answered", 3.0], id="first-process-is-out-of-reach"),
        pytest.param("bomb", lambda told: told[0] == "answered" and 0 < told[1] < 40, id="processes-bounded"),
        pytest.param(
            "memory", lambda told: told == ["raised", "MemoryError"], id="memory-of-a-process-bounded"
        ),
        pytest.param(
            "together",
            lambda told: told[0] == "died" and "out of memory (the limit is 1024 MiB)" in told[1],
            id="memory-of-all-processes-bounded",
        ),
        pytest.param("hides", lambda told: told == ["answered", -2.0], id="no-memory-without-a-process"),
        pytest.param("dies", lambda told: told[0] == "died", id="death-is-its-own"),
        pytest.param("everything", lambda told: told[0] == "died", id="kill-everything"),
        pytest.param("good", lambda told: told[0] == "answered", id="goes-on-after-all-that"),
    ],
)
def test_room_of_an_ordinary_user(answer: dict[str, Any], check: str, holds: Callable[[Any], bool]) -> None:
    assert answer["uid"] != 0 or os.geteuid() == 0
    assert holds(answer["told"][check]), answer["told"][check]


def test_first_process_is_as_bare_and_bound_as_the_student_s(answer):
    bound = {"CapPrm": 0, "CapBnd": 0, "Seccomp": 2, "NoNewPrivs": 1}
    assert {name: answer["first"][name] for name in bound} == bound
    assert answer["first"]["environ"] in ("", "PWD=/")


def test_limits_that_hold_are_told_honestly(answer: dict[str, Any]) -> None:
    assert answer["held"]["user"] == "the grader's own"
    assert answer["held"]["user namespaces"] == "forbidden"
    assert answer["held"]["processes"] == "rlimit"
    assert answer["held"]["memory"] == "watchdog"
