"""More that lies in what is handed in: odd files of a folder, archives that lie in other ways, notebooks that are almost JSON.

And what goes on around a run: files that change while they are read, clocks that jump, folders in each other, a sweep beside it.
"""

import contextlib
import io
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
from decimal import Decimal

import pytest

from grader.authoring.source import solution_files
from grader.errors import UsageError
from grader.gc import sweep
from grader.model import Status
from grader.pipeline import Settings, grade
from grader.seed import Seed
from grader.state import State

pytestmark = pytest.mark.sandbox

FULL = {
    "columns_are_centered": Decimal(4),
    "gradient_is_centered": Decimal(3),
    "notebook_knows_the_spread": Decimal(2),
}
SPREAD = {"notebook_knows_the_spread": Decimal(2)}
MODULES = {name: points for name, points in FULL.items() if name not in SPREAD}
LAZY = b"def center_forward(x):\n    return x\n\n\ncenter_backward = center_forward\n"


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return stream.getvalue()


def with_name(files, plain, name):
    """An archive in which one member's name is replaced by bytes of the same length, in both places."""
    assert len(plain) == len(name)
    return zipped(files).replace(plain, name)


def encrypted(files):
    """Every member says that it is encrypted."""
    data = bytearray(zipped(files))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(magic)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(magic, at + 1)
    return bytes(data)


def of_64_bits(files):
    """The directory says, in 64 bits, that a member has an exabyte and lies beyond the end."""
    data = zipped(files)
    at = data.index(b"PK\x01\x02")
    head = bytearray(data[at : at + 46])
    name = data[at + 46 : at + 46 + struct.unpack_from("<H", head, 28)[0]]
    rest = data[at + 46 + len(name) :]
    extra = struct.pack("<HHQQQ", 1, 24, 1 << 60, 1 << 60, 1 << 62)
    struct.pack_into("<LL", head, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", head, 30, len(extra))
    struct.pack_into("<L", head, 42, 0xFFFFFFFF)
    made = bytearray(data[:at] + bytes(head) + name + extra + rest)
    end = made.rindex(b"PK\x05\x06")
    (size,) = struct.unpack_from("<L", made, end + 12)
    struct.pack_into("<L", made, end + 12, size + len(extra))
    return bytes(made)


def almost(right, old, new):
    """The notebook's text with something put in place that JSON does not have, or has once."""
    assert old in right
    return right.replace(old, new, 1)


def odd_files(right):
    """The work, among things of a disk that are no files, or hardly: none of them may be waited for, read on, or followed."""

    def lay(folder):
        folder.mkdir(parents=True)
        for name, data in right.items():
            (folder / name).write_bytes(data)
        os.mkfifo(folder / "optim.py")
        os.mkfifo(folder / "pipe.ipynb")
        with socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.bind(os.path.relpath(folder / "socket.py"))
        for name, target in (
            ("loop", "."),
            ("self", "self"),
            ("mem.py", "/proc/self/mem"),
            ("zero.py", "/dev/zero"),
        ):
            (folder / name).symlink_to(target)
        with (folder / "sparse.bin").open("wb") as file:
            file.truncate(1 << 40)
        if os.geteuid() == 0:
            with contextlib.suppress(OSError):  # where devices may be made
                os.mknod(folder / "disk.py", 0o060666, os.makedev(7, 0))
        (folder / "closed.py").write_bytes(LAZY)
        (folder / "closed.py").chmod(0)
        (folder / "closed").mkdir(mode=0)

    return lay


def hole(right):
    """The module is a file of a terabyte, all of it a hole."""

    def lay(folder):
        folder.mkdir(parents=True)
        (folder / "Centering.ipynb").write_bytes(right["Centering.ipynb"])
        with (folder / "centering.py").open("wb") as file:
            file.truncate(1 << 40)

    return lay


def pipes(right):
    """The files that are asked for are pipes, which nobody ever writes into."""

    def lay(folder):
        folder.mkdir(parents=True)
        for name in right:
            os.mkfifo(folder / name)

    return lay


def of_other_times(right):
    """Files from before 1970 and after every calendar."""

    def lay(folder):
        folder.mkdir(parents=True)
        for (name, data), when in zip(right.items(), (-(10**9), 2**33), strict=False):
            (folder / name).write_bytes(data)
            with contextlib.suppress(OSError, OverflowError):
                os.utime(folder / name, (when, when))

    return lay


def hand_ins(arena):
    right = solution_files(arena.assignment)
    module, notebook = right["centering.py"], right["Centering.ipynb"]
    both = [("centering.py", module), ("Centering.ipynb", notebook)]
    archives = {
        "zip_encrypted": encrypted(both),
        "zip_of_64_bits": of_64_bits(both),
        "zip_null_name": with_name([*both, ("other.py0.txt", LAZY)], b"other.py0.txt", b"other.py\0.txt"),
        "zip_reserved_names": zipped(
            [*both, *((name, LAZY) for name in ("CON.py", "nul", "aux.ipynb", "a.py.", "b.py "))]
        ),
        "zip_wide_names": zipped([("\uff43entering.py", LAZY), *both, ("cente\u0280ing.py", LAZY)]),
        "zip_two_cases": zipped([("CENTERING.PY", LAZY), *both]),
        "zip_long_names": zipped([*both, ("x" * 60_000 + ".py", LAZY), ("d/" * 30_000 + "x.py", LAZY)]),
        "zip_slashes": zipped(
            [*both, ("a//b.py", LAZY), ("./c.py", LAZY), ("a/./d.py", LAZY), ("e/../f.py", LAZY)]
        ),
        "zip_is_a_tar": b"\0" * 257 + b"ustar" + bytes(5000),
        "zip_is_a_page": b"<html><script>alert(1)</script>" + zipped(both),
    }
    notebooks = {
        "json_twice": almost(notebook, b'"cells"', b'"cells": [], "nbformat": 3, "cells"'),
        "json_not_a_number": almost(
            notebook,
            b'"metadata": {}',
            b'"metadata": {"a": NaN, "b": -Infinity, "c": 1e999, "d": 1E-999, "e": -0}',
        ),
        "json_in_16_bits": notebook.decode().encode("utf-16"),
        "json_with_a_mark": b"\xef\xbb\xbf" + notebook,
        "json_and_more": notebook + b"\n{}",
        "json_wrong_kinds": json.dumps(
            {
                "cells": [
                    [],
                    1,
                    None,
                    {"cell_type": 5, "source": {"a": 1}},
                    {"cell_type": "code", "source": [1]},
                ],
                "metadata": [],
                "nbformat": "4",
                "nbformat_minor": None,
            }
        ).encode(),
        "json_of_other_formats": json.dumps(
            {"worksheets": [{"cells": []}], "nbformat": 99, "nbformat_minor": -1, "metadata": None}
        ).encode(),
    }
    return {
        **{name: {"handin.zip": data} for name, data in archives.items()},
        **{name: {**right, "Centering.ipynb": data} for name, data in notebooks.items()},
        "odd_files": odd_files(right),
        "hole": hole(right),
        "pipes": pipes(right),
        "of_other_times": of_other_times(right),
        "\x1b[31mred\x1b[0m": right,
        "line\nbreak": right,
        "\u202eesrever": right,
        "caf\u00e9": right,
        "cafe\u0301": {**right, "centering.py": LAZY},
        "STRASSE": right,
        "stra\u00dfe": {**right, "centering.py": LAZY},
    }


#: What each hand-in earns (None: it is refused as a whole, and a person looks), and what the instructor's page says of it.
ATTACKS = {
    "zip_encrypted": (None, r"is encrypted"),
    "zip_of_64_bits": (SPREAD, r"the limit is|damaged"),
    "zip_null_name": (FULL, r"control characters"),
    "zip_reserved_names": (FULL, r"2 / 2"),
    "zip_wide_names": (FULL, r"2 / 2"),
    "zip_two_cases": (FULL, r"2 / 2"),
    "zip_long_names": (FULL, r"2 / 2"),
    "zip_slashes": (None, r"leads out of its folder"),
    "zip_is_a_tar": (None, r"a tar archive"),
    "zip_is_a_page": (FULL, r"2 / 2"),
    "json_twice": (FULL, r"2 / 2"),
    "json_not_a_number": (FULL, r"2 / 2"),
    "json_in_16_bits": (MODULES, r"is not UTF-8"),
    "json_with_a_mark": (FULL, r"2 / 2"),
    "json_and_more": (MODULES, r"not JSON|no notebook"),
    "json_wrong_kinds": (MODULES, r"notebook"),
    "json_of_other_formats": (MODULES, r"notebook"),
    "odd_files": (FULL, r"is a link"),
    "hole": (SPREAD, r"1024\.0 GiB, the limit is"),
    "pipes": (None, r"is a pipe, socket or device"),
    "of_other_times": (FULL, r"2 / 2"),
}


@pytest.fixture(scope="module")
def graded(arena):
    return arena.grade({**arena.honest(), **hand_ins(arena)})


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_earns_what_it_answers_and_is_noticed(graded, name):
    earned, noticed = ATTACKS[name]
    told = graded.told(name)
    assert re.search(noticed, told), told
    assert graded.points(name) == (earned or {})
    if earned:
        assert graded.results[name].status is not Status.NOT_GRADED


def test_honest_students_results_are_what_they_are_without_attackers(graded, alone):
    assert {name: graded.documents[name] for name in alone.documents} == dict(alone.documents)


def test_nothing_is_left_behind(graded):
    assert {name: found for name, found in graded.left.items() if found} == {}


def test_students_whose_names_are_nearly_one_are_two(graded):
    assert len(graded.results) == 3 + len(ATTACKS) + 7
    cafes = sorted(str(one.score) for name, one in graded.results.items() if name.startswith("caf"))
    streets = sorted(
        str(one.score) for name, one in graded.results.items() if name.casefold().startswith("strasse")
    )
    assert (cafes, streets) == (["2", "9"], ["2", "9"])


def test_names_are_one_line_without_codes(graded):
    for path in graded.out.rglob("*"):
        assert re.fullmatch(r"[\w.@+=~-]+", path.name), path
    table = (graded.out / "grades.csv").read_text("utf-8-sig")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", table.replace("\r\n", "\n"))
    assert len(table.splitlines()) == len(graded.results) + 1


# --- Around a run -----------------------------------------------------------------------------------------------------------


def settings(folder, out=None):
    return Settings(out=out or folder / "out", state=State(folder / "state"), jobs=2, seed=Seed.of(5))


def laid(folder, files):
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_file_that_is_exchanged_while_it_is_read_is_one_of_the_two_or_refused(arena, tmp_path):
    right = solution_files(arena.assignment)
    secret = tmp_path / "secret.py"
    secret.write_bytes(b"SECRET = 'canary-of-the-host'\n" + LAZY)
    laid(tmp_path / "in" / "ada", right)
    folder = laid(tmp_path / "in" / "mallory", right)
    stop = threading.Event()

    def exchange():
        place, other = folder / "centering.py", folder / ".other"
        while not stop.is_set():
            for make in (
                lambda: other.symlink_to(secret),
                lambda: os.mkfifo(other),
                lambda: other.write_bytes(right["centering.py"]),
                lambda: other.write_bytes(b"x" * 100_000),
            ):
                with contextlib.suppress(OSError):
                    make()
                    other.replace(place)

    changer = threading.Thread(target=exchange)
    changer.start()
    try:
        for turn in range(3):
            made = settings(tmp_path / str(turn))
            summary = grade(arena.assignment, [tmp_path / "in"], made)
            assert {line.student: line.score for line in summary.lines}["ada"] == "9"
            for digest in made.state.blobs:
                assert b"canary-of-the-host" not in made.state.blobs.get(digest)
    finally:
        stop.set()
        changer.join()


def test_output_inside_of_what_was_handed_in_is_nobody_s_work(arena, tmp_path):
    right = solution_files(arena.assignment)
    place = tmp_path / "in"
    for name in ("ada", "bea"):
        laid(place / name, right)
    first = grade(arena.assignment, [place], settings(tmp_path, out=place / "graded"))
    again = grade(arena.assignment, [place], settings(tmp_path, out=place / "graded"))
    for summary in (first, again):
        assert {line.student: line.score for line in summary.lines if line.student in ("ada", "bea")} == {
            "ada": "9",
            "bea": "9",
        }
    assert [line.student for line in again.lines] == [line.student for line in first.lines]


def test_output_in_the_place_of_what_was_handed_in_is_refused(arena, tmp_path):
    laid(tmp_path / "in" / "ada", solution_files(arena.assignment))
    with pytest.raises(UsageError, match="is the folder for what the grader writes"):
        grade(arena.assignment, [tmp_path / "in"], settings(tmp_path, out=tmp_path / "in"))


def test_sweep_beside_a_run_takes_nothing_from_it(arena, tmp_path):
    right = solution_files(arena.assignment)
    for number in range(6):
        laid(
            tmp_path / "in" / f"student{number}",
            {**right, "centering.py": right["centering.py"] + b"# %d\n" % number},
        )
    made = settings(tmp_path)
    stop = threading.Event()

    def sweeping():
        while not stop.is_set():
            sweep(made.state, days=0.001, now=time.time())

    sweeper = threading.Thread(target=sweeping)
    sweeper.start()
    try:
        summaries = [grade(arena.assignment, [tmp_path / "in"], made) for _ in range(2)]
    finally:
        stop.set()
        sweeper.join()
    assert [[line.score for line in summary.lines] for summary in summaries] == [["9"] * 6] * 2
    assert summaries[1].reused == 6


@pytest.mark.parametrize("when", [0, 2**33], ids=["1970", "2242"])
def test_clock_that_jumps_costs_nobody_anything(arena, tmp_path, when):
    """Everything that was kept is of another time: too old, or not there yet."""
    laid(tmp_path / "in" / "ada", solution_files(arena.assignment))
    made = settings(tmp_path)
    grade(arena.assignment, [tmp_path / "in"], made)
    for path in tmp_path.rglob("*"):
        os.utime(path, (when, when))
    swept = sweep(made.state, days=1, now=time.time())
    assert (swept.evidence, swept.blobs) == (0, 0), "what the roster names is kept"
    summary = grade(arena.assignment, [tmp_path / "in"], made)
    assert [(line.student, line.score) for line in summary.lines] == [("ada", "9")]
    assert summary.reused == 1


def test_state_that_cannot_be_written_is_told_in_one_line(arena, tmp_path):
    laid(tmp_path / "in" / "ada", solution_files(arena.assignment))
    state = tmp_path / "state"
    state.mkdir()
    line = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(state), str(state)]  # for root as well
    line += [
        sys.executable,
        "-c",
        "from grader.cli import main; main()",
        "run",
        str(arena.assignment.folder),
        str(tmp_path / "in"),
    ]
    line += ["--out", str(tmp_path / "out"), "--state", str(tmp_path / "state")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "state") in done.stderr.replace("\n", "")
