"""An arena: a tiny assignment in a folder of its own, honest students, and a way to grade them beside attackers, the real way.

Each attack is one small hand-in under `attacks/`, named for what it does. Attacks are graded together with honest students, and
afterwards everything that the class left on the machine is looked at.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import Assignment, load_assignment
from grader.authoring.source import blank_files, solution_files
from grader.model import Result
from grader.pipeline import Settings, Summary, grade
from grader.report.files import page_name
from grader.seed import PUBLIC_SEED, Seed
from grader.state import State
from grader.suite import load_reference, load_suite, run_probe

HERE = Path(__file__).resolve().parent
ATTACKS = HERE / "attacks"
MOUNTED_BESIDE = ("/test_full_disk", "/netns/")  # by tests that run at the same time
EARNS = "test_attack_earns_nothing_and_is_noticed"
GROUPS = ("memory", "pids", "cpuacct", "cpu", "unified", "")

Files = Mapping[str, bytes]
Lay = Callable[[Path], None]


@dataclass(frozen=True, kw_only=True)
class Graded:
    """A class after it was graded. documents: the entries of results.json, without timings. left: what the run left behind."""

    results: Mapping[str, Result]
    documents: Mapping[str, Mapping[str, Any]]
    summary: Summary
    out: Path
    state: State
    left: Mapping[str, Any]

    def points(self, student: str) -> dict[str, Decimal]:
        return {check.id: check.points for check in self.results[student].checks if check.points}

    def page(self, student: str, audience: str) -> str:
        """The HTML of one page."""
        return (self.out / audience / page_name(student)).read_text("utf-8")

    def told(self, student: str) -> str:
        """Everything that the instructor's page says of a student, as text."""
        body = self.page(student, "instructor").partition("<body>")[2]
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


@dataclass
class Arena:
    """The assignment, and what attackers would like to reach."""

    folder: Path
    assignment: Assignment
    token: str
    port: int = 0
    socket: str = ""
    guests: list[bytes] = field(default_factory=list)

    @property
    def host(self) -> list[str]:
        """Paths of this machine that nobody in a room may read or write."""
        house = self.folder / "house"
        known = [
            house,
            house / "centering_reference.py",
            self.assignment.folder,
            self.assignment.folder / "checks.py",
        ]
        known += [
            self.folder / "class",
            self.folder / "class" / "state" / "seed",
            HERE,
            HERE.parents[1] / "assignments",
        ]
        return [str(path) for path in [*known, Path.home() / ".cache" / "gradecheck", self.socket]]

    def honest(self) -> dict[str, Files]:
        right = solution_files(self.assignment)
        wrong = right["centering.py"].replace(b"dout - dout.mean(axis=0)", b"dout")
        return {
            "ada": right,
            "bea": {**right, "centering.py": wrong},
            "cyd": blank_files(self.assignment),
        }

    def attack(self, kind: str, name: str) -> Files:
        """The hand-in of `attacks/<kind>/<name>.py`: the rest of it is the right solution."""
        source = (ATTACKS / kind / f"{name}.py").read_text("utf-8")
        for mark, value in self.known().items():
            source = source.replace(mark, value)
        right = solution_files(self.assignment)
        if kind in ("modules", "tricks"):
            return {**right, "centering.py": source.encode()}
        return {**right, "Centering.ipynb": notebook(*source.split("# %%\n")[1:])}

    def known(self) -> dict[str, str]:
        """What an attacker is granted to know: paths, a port, and every published result."""
        marks = {
            "HOST": self.host,
            "PORT": self.port,
            "SOCKET": self.socket,
            "TABLE": published(self.assignment),
        }
        return {f'"@{mark}@"': repr(value) for mark, value in marks.items()}

    def grade(self, hand_ins: Mapping[str, Files | Lay], *, seed: int = 5, **settings: Any) -> Graded:
        """Grade a class in the usual way, in folders where earlier classes have left nothing."""
        place = self.folder / "class"
        shutil.rmtree(place, ignore_errors=True)
        for student, files in hand_ins.items():
            lay(place / "handed-in" / student, files)
        before = self.surroundings()
        made = Settings(
            out=place / "out", state=State(place / "state"), jobs=2, seed=Seed.of(seed), **settings
        )
        summary = grade(self.assignment, [place / "handed-in"], made)
        after = self.surroundings()
        kept = self.folder / f"graded-{secrets.token_hex(4)}"
        (place / "out").rename(kept)
        shutil.copytree(place / "state", self.folder / f"{kept.name}-state")
        state = State(self.folder / f"{kept.name}-state")
        with state.gradebook() as gradebook:
            results = {result.student: result for result in gradebook.results(self.assignment.name)}
        document = json.loads((kept / "results.json").read_text("utf-8"))
        return Graded(
            results=results,
            documents={one["student"]: without_timings(one) for one in document["submissions"]},
            summary=summary,
            out=kept,
            state=state,
            left={name: after[name] - before[name] for name in after},
        )

    def suspect(self, pid: int) -> str:
        """The command of a process that descends from this one or calls itself by the class's token, else nothing."""
        name, command = read(f"/proc/{pid}/comm"), read(f"/proc/{pid}/cmdline")
        own = (
            ours(pid) and "multiprocessing.resource_tracker" not in command
        )  # of report writing; ends with us
        return f"{pid} {name} {command[:200]}" if own or name == self.token[:15] else ""

    def surroundings(self) -> dict[str, set[str]]:
        """What a run could leave behind or change on this machine."""
        handed_in = self.folder / "class" / "handed-in"
        return {
            "processes": {name for pid in processes() if (name := self.suspect(pid))},
            "mounts": {
                line
                for line in Path("/proc/self/mountinfo").read_text().splitlines()
                if not any(place in line for place in MOUNTED_BESIDE)
            },
            "folders": {
                str(path) for path in Path(tempfile.gettempdir()).glob(f"gradecheck-{os.getpid()}-*")
            },
            "groups": {
                f"{parent}/{folder}"
                for name in GROUPS  # passes over groups of others that go meanwhile, which `rglob` would not
                for parent, folders, _ in os.walk(f"/sys/fs/cgroup/{name}")
                for folder in folders
                if folder.startswith(f"gradecheck-{os.getpid()}-")
            },
            "instructor's files": fingerprints(self.folder / "house"),
            "hand-ins": fingerprints(handed_in),
            "guests": {str(guest) for guest in self.guests},
        }


def without_timings(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in document.items() if key not in ("timings", "arrived")}


def published(assignment: Assignment) -> dict[str, Any]:
    """The right results for the public seed, as any student can work them out."""
    reference = load_reference(assignment)
    checks = load_suite(assignment).checks
    arrays = {check.id: run_probe(check, reference, PUBLIC_SEED) for check in checks}
    return {check: next(iter(values.values())).tolist() for check, values in arrays.items()}


def lay(folder: Path, files: Files | Lay) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    if callable(files):
        files(folder)
        return
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def notebook(*cells: str, metadata: Mapping[str, Any] | None = None, **fields: Any) -> bytes:
    """A notebook of code cells."""
    parts = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": cell,
            **fields,
        }
        for number, cell in enumerate(cells)
    ]
    heading = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Centering"}
    return json.dumps(
        {"cells": [heading, *parts], "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


def fingerprints(folder: Path) -> set[str]:
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
            status = path.stat()  # of holes, only that they are as they were
            data = path.read_bytes() if status.st_size <= 64 << 20 else str(status.st_size).encode()
            found.add(f"{path} {hashlib.sha256(data).hexdigest()} {status.st_mode}")
    return found


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def read(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_text(errors="replace").strip()
    return ""


def ours(pid: int) -> bool:
    """Whether it descends from this process."""
    while pid > 1:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return False
        if pid == os.getpid():
            return True
    return False


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The arena, with a server of this machine that no guest may reach."""
    folder = tmp_path_factory.mktemp("arena")
    shutil.copytree(HERE / "house", folder / "house")
    place = folder / "house" / "assignments" / "centering"
    token = f"gc{secrets.token_hex(6)}"
    spec = place / "assignment.yaml"
    spec.write_text(spec.read_text().replace("not-set", token))
    made = Arena(folder=folder, assignment=load_assignment(place), token=token)
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        made.port = tcp.getsockname()[1]
        short = stack.enter_context(tempfile.TemporaryDirectory(prefix="gc-arena-"))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        made.socket = f"{short}/server"
        unix.bind(made.socket)
        unix.listen()
        yield made
        for server in (tcp, unix):
            server.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                link, _ = server.accept()
                link.close()
                raise AssertionError("a guest reached a server of this machine")


@pytest.fixture(scope="module")
def attacks(request: pytest.FixtureRequest) -> list[str]:
    """The attacks of a file that are to be graded: all of them, unless some were chosen by their tests' names."""
    named = [item for item in request.session.items if item.path == request.path and "[" in item.name]
    chosen = [item.name.partition("[")[2].rstrip("]") for item in named if item.name.startswith(EARNS)]
    return [name for name in request.module.ATTACKS if name in chosen or not chosen]


@pytest.fixture(scope="session")
def alone(arena: Arena) -> Graded:
    """The honest students, graded without any attacker."""
    return arena.grade(arena.honest())
