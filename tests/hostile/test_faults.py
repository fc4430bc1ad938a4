"""Faults that nobody wished for: parts killed at any moment, a full disk, a locked gradebook, two graders at once.

Afterwards the same command, run again, gives what an undisturbed run gives: nothing lost, nothing doubled, nobody charged.
"""

import json
import os
import random
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.authoring.source import solution_files
from grader.errors import GradebookError, GraderError, SandboxError
from grader.execute import LocalExecutor
from grader.model import Status
from grader.notebooks.run import SERVE
from grader.pipeline import Settings, grade
from grader.records import sqlite
from grader.sandbox.kernel import Kernel, Line
from grader.sandbox.room import Room
from grader.sandbox.sandbox import Sandbox
from grader.seed import Seed
from grader.state import State

pytestmark = pytest.mark.sandbox

STUDENTS = 4
HANGS_S = 600  # a grader that takes so long hangs, however busy the machine
SLOW = b"import time\n\ntime.sleep(0.2)\n"


@pytest.fixture(scope="module")
def arena(arena, tmp_path_factory):
    """The arena with limits that honest work never comes near, however busy the machine: nobody attacks here."""
    house = tmp_path_factory.mktemp("patient") / "house"
    shutil.copytree(arena.folder / "house", house)
    place = house / "assignments" / "centering"
    spec = place / "assignment.yaml"
    text, changed = re.subn(r"(cell|notebook|import|check)_s: \d+", r"\1_s: 300", spec.read_text())
    assert changed == 4
    spec.write_text(text)
    return replace(arena, folder=house.parent, assignment=load_assignment(place))


@pytest.fixture(scope="module")
def handed_in(arena, tmp_path_factory):
    """Some who are right, each in his own words, so that nothing is recalled from another."""
    place = tmp_path_factory.mktemp("handed-in")
    right = solution_files(arena.assignment)
    for number in range(STUDENTS):
        folder = place / f"student{number}"
        folder.mkdir(parents=True)
        for path, data in right.items():
            (folder / path).write_bytes(data)
        module = folder / "centering.py"
        module.write_bytes(SLOW + module.read_bytes() + b"# %d\n" % number)
    return place


def settings(folder, **terms):
    return Settings(out=folder / "out", state=State(folder / "state"), jobs=2, seed=Seed.of(5), **terms)


def outcome(out):
    """What is in results.json, without times."""
    document = json.loads((out / "results.json").read_text("utf-8"))
    for one in document["submissions"]:
        one.pop("timings")
    return document


def command(arena, handed_in, folder, *more):
    places = ["--out", str(folder / "out"), "--state", str(folder / "state"), "--seed", "5", "--jobs", "2"]
    # Ctrl-C is heard wherever the tests were started, and a line is written once it can be interrupted.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from grader.cli import main; print(flush=True); main()"
    return [sys.executable, "-c", code, "run", str(arena.assignment.folder), str(handed_in), *places, *more]


def run(line, **terms):
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=HANGS_S, **terms)


@pytest.fixture(scope="module")
def undisturbed(arena, handed_in, tmp_path_factory):
    place = tmp_path_factory.mktemp("undisturbed")
    grade(arena.assignment, [handed_in], settings(place))
    return outcome(place / "out")


def rows(state):
    with sqlite3.connect(state / "gradebook.sqlite") as database:
        found = database.execute("SELECT student, fingerprint FROM gradebook_results").fetchall()
    database.close()
    return found


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda kind: kind.name)
def test_grader_killed_at_random_moments_goes_on_where_it_stopped(
    arena, handed_in, undisturbed, tmp_path, kind
):
    chance = random.Random(int(kind))
    place = tmp_path / "killed"
    for _ in range(3):
        line = command(arena, handed_in, place)
        running = subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        running.stdout.readline()
        time.sleep(chance.uniform(0.0, 3.0))
        running.send_signal(kind)
        _, said = running.communicate(timeout=HANGS_S)
        assert b"Traceback" not in said
    done = run(command(arena, handed_in, place))
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert outcome(place / "out") == undisturbed
    found = rows(place / "state")
    assert len(found) == len(set(found)) == STUDENTS, "each result is in the gradebook once"


@pytest.mark.parametrize("victim", ["kernel", "runner", "warm parent", "room"])
def test_part_killed_from_outside_costs_nobody_a_point(  # noqa: PLR0917  # fixtures
    arena, handed_in, undisturbed, tmp_path, monkeypatch, victim
):
    """One part is killed once, as soon as it is there; what was under way is run again."""
    entered, killed = Room.fork, []

    async def fork(self, entry, *args, **terms):
        member = await entered(self, entry, *args, **terms)
        if not killed and entry == ("kernel" if victim == "kernel" else "runner"):
            killed.append(victim)
            pids = {"warm parent": self._parent.pid, "room": self.pid}
            os.kill(pids.get(victim, member.pid), signal.SIGKILL)
        return member

    monkeypatch.setattr(Room, "fork", fork)
    summary = grade(arena.assignment, [handed_in], settings(tmp_path / "hit"))
    assert killed
    assert summary.count(Status.NOT_GRADED) == 0
    assert outcome(tmp_path / "hit" / "out") == undisturbed


def by_line(monkeypatch):
    """The kernels that are made from here on, by their lines."""
    made, kernels = Kernel.__init__, {}

    def init(self, **parts):
        made(self, **parts)
        kernels[self.line] = self

    monkeypatch.setattr(Kernel, "__init__", init)
    return kernels


@pytest.mark.parametrize("victim", ["warm parent", "room", "kernel"])
def test_sandbox_lost_under_a_running_notebook_costs_nobody_a_point(  # noqa: PLR0917  # fixtures
    arena, handed_in, undisturbed, tmp_path, monkeypatch, victim
):
    heard, killed, kernels = Line.receive, [], by_line(monkeypatch)

    async def receive(self):
        if not killed:
            killed.append(victim)
            kernel = kernels[self]
            pids = {
                "warm parent": kernel.room._parent.pid,
                "room": kernel.room.pid,
                "kernel": kernel.member.pid,
            }
            os.kill(pids[victim], signal.SIGKILL)
        return await heard(self)

    monkeypatch.setattr(Line, "receive", receive)
    summary = grade(arena.assignment, [handed_in], settings(tmp_path / "hit"))
    assert killed
    assert summary.count(Status.NOT_GRADED) == 0
    assert outcome(tmp_path / "hit" / "out") == undisturbed


@pytest.mark.parametrize("victim", ["warm parent", "room"])
@pytest.mark.parametrize("before", ["second cell", "checks"])
def test_sandbox_lost_between_two_requests_costs_nobody_a_point(  # noqa: PLR0917  # fixtures
    arena, handed_in, undisturbed, tmp_path, monkeypatch, victim, before
):
    """The kernel is gone before it is asked for the next thing, and nobody has heard of it yet."""
    asked, killed, kernels = Line.execute, [], by_line(monkeypatch)

    async def execute(self, code, **terms):
        kernel, requests = kernels[self], vars(self).setdefault("requests", [])
        requests.append(code)
        if not killed and (code == SERVE if before == "checks" else len(requests) == 2):
            killed.append(victim)
            os.kill(kernel.room._parent.pid if victim == "warm parent" else kernel.room.pid, signal.SIGKILL)
            select.select(
                [kernel.member._handle], [], [], HANGS_S
            )  # it is gone, and the loop had no time to learn of it
        return await asked(self, code, **terms)

    monkeypatch.setattr(Line, "execute", execute)
    summary = grade(arena.assignment, [handed_in], settings(tmp_path / "hit"))
    assert killed
    assert summary.count(Status.NOT_GRADED) == 0
    assert outcome(tmp_path / "hit" / "out") == undisturbed


@pytest.mark.parametrize("entry", ["kernel", "runner"])
def test_machine_without_memory_is_no_student_s_fault(arena, handed_in, tmp_path, monkeypatch, entry):
    """Killed again and again, and the kernel says that it was for the machine's memory: nobody's zero."""
    entered = Room.fork

    async def fork(self, what, *args, **terms):
        member = await entered(self, what, *args, **terms)
        if what == entry:
            os.kill(member.pid, signal.SIGKILL)
        return member

    with monkeypatch.context() as patched:
        patched.setattr(Room, "fork", fork)
        patched.setattr(Room, "machine_kills", lambda self: 1)
        summary = grade(arena.assignment, [handed_in], settings(tmp_path / "full"))
    assert summary.count(Status.NOT_GRADED) == STUDENTS
    summary = grade(arena.assignment, [handed_in], settings(tmp_path / "full"))
    assert (summary.executed, summary.count(Status.NOT_GRADED)) == (STUDENTS, 0)


def test_failure_of_our_own_is_no_zero_and_is_tried_again(
    arena, handed_in, undisturbed, tmp_path, monkeypatch
):
    def broken(self, spec):
        raise SandboxError("no room today")

    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "room", broken)
        summary = grade(arena.assignment, [handed_in], settings(tmp_path / "again"))
        assert summary.count(Status.NOT_GRADED) == STUDENTS
        first = outcome(tmp_path / "again" / "out")["submissions"][0]
        assert {check["outcome"] for check in first["checks"]} == {"not_graded"}
        assert [note["text"] for note in first["notes"]] == ["no room today"]
    summary = grade(arena.assignment, [handed_in], settings(tmp_path / "again"))
    assert (summary.executed, summary.count(Status.NOT_GRADED)) == (STUDENTS, 0)
    assert outcome(tmp_path / "again" / "out") == undisturbed


def test_fault_of_the_grader_concerns_one_submission(arena, handed_in, tmp_path, monkeypatch):
    made = LocalExecutor.execute

    async def execute(self, plan, submission, key):
        if submission.student == "student3":
            raise ZeroDivisionError("a mistake of ours")
        return await made(self, plan, submission, key)

    monkeypatch.setattr(LocalExecutor, "execute", execute)
    summary = grade(arena.assignment, [handed_in], settings(tmp_path / "fault"))
    stuck = [line for line in summary.lines if line.status is Status.NOT_GRADED]
    assert [(line.student, line.score) for line in stuck] == [("student3", "0")]
    assert "a fault of the grader (ZeroDivisionError in test_faults.py" in stuck[0].noticed


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 600 KiB; only root can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", place], check=False).returncode
    ):
        pytest.skip("a small disk can be mounted by root alone")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("full", ["state", "out"])
@pytest.mark.parametrize("left_kib", [0, 200])
def test_full_disk_is_told_and_costs_nothing(  # noqa: PLR0917  # fixtures
    arena, handed_in, undisturbed, tmp_path, small_disk, full, left_kib
):
    """At whatever point the disk is full: one message, and once there is space the run goes on."""
    place = tmp_path / "full"
    place.mkdir()
    (small_disk / full).mkdir()
    (place / full).symlink_to(small_disk / full)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes((600 - left_kib - 16) * 1024))
    done = run(command(arena, handed_in, place))
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or "space" in done.stderr or "full" in done.stderr, done.stderr
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    done = run(command(arena, handed_in, place))
    assert done.returncode == 0, done.stderr
    assert outcome(place / "out") == undisturbed


def test_locked_gradebook_is_waited_for_and_then_told(arena, handed_in, tmp_path, monkeypatch):
    place = tmp_path / "locked"
    with settings(place).state.gradebook():
        pass
    other = sqlite3.connect(place / "state" / "gradebook.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite, "BUSY_S", 0.2)
    with pytest.raises(GradebookError, match="locked"):
        grade(arena.assignment, [handed_in], settings(place))
    other.execute("ROLLBACK")
    other.close()
    summary = grade(arena.assignment, [handed_in], settings(place))
    assert summary.count(Status.NOT_GRADED) == 0
    assert len(rows(place / "state")) == STUDENTS


def test_two_graders_at_once_agree(arena, handed_in, undisturbed, tmp_path):
    place = tmp_path / "two"
    both = [
        subprocess.Popen(command(arena, handed_in, place), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for one in both:
        _, said = one.communicate(timeout=HANGS_S)
        assert one.returncode == 0, said
    assert outcome(place / "out") == undisturbed
    found = rows(place / "state")
    assert {student for student, _ in found} == {f"student{number}" for number in range(STUDENTS)}


def test_damaged_evidence_is_made_anew(arena, handed_in, undisturbed, tmp_path):
    place = tmp_path / "damaged"
    grade(arena.assignment, [handed_in], settings(place))
    kept = sorted(path for path in (place / "state" / "evidence").rglob("*") if path.is_file())
    kept[0].write_bytes(kept[0].read_bytes()[:-20])
    kept[1].write_bytes(b"")
    flipped = bytearray(kept[2].read_bytes())
    flipped[len(flipped) // 2] ^= 1
    kept[2].write_bytes(flipped)
    summary = grade(arena.assignment, [handed_in], settings(place))
    assert (summary.executed, summary.reused) == (3, STUDENTS - 3)
    assert outcome(place / "out") == undisturbed


def test_seed_is_for_its_owner_alone_and_on_no_page(arena, handed_in, tmp_path):
    place = tmp_path / "secret"
    made = Settings(out=place / "out", state=State(place / "state"), jobs=2)
    grade(arena.assignment, [handed_in], made)
    secret = (place / "state" / "seed").read_text().strip()
    assert (place / "state" / "seed").stat().st_mode & 0o777 == 0o600
    assert (place / "state").stat().st_mode & 0o077 == 0
    for path in [*place.joinpath("out").rglob("*"), *place.joinpath("state", "evidence").rglob("*")]:
        if path.is_file():
            data = path.read_bytes()
            assert secret.encode() not in data
            assert bytes.fromhex(secret) not in data


def test_students_pages_tell_nothing_of_each_other(arena, handed_in, tmp_path):
    place = tmp_path / "private"
    grade(arena.assignment, [handed_in], settings(place))
    for page in (place / "out" / "students").glob("*.html"):
        text = page.read_text("utf-8")
        others = [f"student{number}" for number in range(STUDENTS) if f"student{number}" != page.stem]
        assert not [other for other in others if other in text]
        assert not [
            path for path in (tmp_path, arena.folder, Path.home(), Path(sys.prefix)) if str(path) in text
        ]


def test_state_folder_that_cannot_be_written_is_told(arena, handed_in, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    made = Settings(out=tmp_path / "out", state=State(tmp_path / "file" / "state"))
    with pytest.raises(GraderError, match="cannot be made"):
        grade(arena.assignment, [handed_in], made)
