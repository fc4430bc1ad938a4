"""The instrument: every tool grades the same work, costs are counted, figures are worked out by hand. Nothing is timed."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader import grading
from grader.assignment import load_assignment
from grader.grading import open_grading
from grader.state import State

from .document import write_document
from .floor import cells
from .measure import Cost, measured, spread
from .record import Part, load_record, save_record
from .targets import check_cost, fixed_cost, targets
from .tools import compile_all
from .workloads import LIGHT, PROBES, write_assignment, write_nbgrader, write_submissions


def cost(wall_s=1.0, cpu_s=1.0, own_bytes=100_000_000):
    return Cost(
        wall_s=wall_s, cpu_s=cpu_s, memory_bytes=2 * own_bytes, own_bytes=own_bytes, load=0.5, how="test"
    )


def part(name, count, costs, own_s=(), *, inside_s=None, beside_s=None, ceiling=()):
    return Part(
        name=name,
        count=count,
        costs=costs,
        own_s=own_s,
        inside_s=inside_s or {},
        beside_s=beside_s or {},
        ceiling=ceiling,
        when="2026-01-02",
        where="a machine",
        cores=2,
    )


@pytest.fixture
def record():
    """Ten light submissions whose cells take 1 s; two heavy ones whose cells take 19 s."""
    light = {
        "this grader": [cost(2.0, 2.5), cost(3.0, 3.5), cost(1.0, 1.5)],
        "plain scripts": [cost(4.0, 5.0)],
        "nbgrader autograde": [cost(45.0), cost(46.0)],
        "nbgrader generate_feedback, on top": [cost(5.0), cost(4.0)],
        "otter run, 1 at once": [cost(50.0)],
        "otter run, 2 at once": [cost(30.0), cost(36.0)],
    }
    beside = {
        "nbgrader autograde": [2.0, 2.5],
        "otter run, 1 at once": [2.0],
        "otter run, 2 at once": [2.0, 2.0],
    }
    growth = {
        "run 20": [cost(5.0, 6.0)],
        "run 1000": [cost(100.0, 153.0, 150_000_000)],
        "again 20": [cost(1.0)],
        "again 1000": [cost(4.0)],
        "rescore 20": [cost(1.0)],
        "rescore 1000": [cost(11.0)],
        "all checks 20": [cost(5.0, 6.5), cost(5.0, 6.0)],
        "all checks 1000": [cost(100.0, 153.0), cost(100.0, 160.0)],
        "one check 20": [cost(4.0, 5.0), cost(4.0, 5.1)],
        "one check 1000": [cost(90.0, 118.0), cost(90.0, 117.7)],
        "nbgrader autograde": [cost(45.0), cost(35.0)],
        "nbgrader generate_feedback, on top": [cost(5.0), cost(5.0)],
        "otter run, 2 at once": [cost(10.0), cost(20.0)],
    }
    parts = [
        part("light", 10, light, [1.0, 1.2], beside_s=beside),
        part("growth", 10, growth, [1.0, 1.1]),
        part("heavy", 2, {"this grader": [cost(10.0)]}, [18.0]),
        part(
            "efficiency",
            4,
            {"this grader": [cost(20.0), cost(25.0)]},
            [40.0, 44.1],
            inside_s={"this grader": [38.4, 46.0]},
            ceiling=[0.94, 0.96],
        ),
        part("mixed", 32, {"this grader": [cost(60.0, own_bytes=156_000_000)]}),
        part(
            "cluster",
            4,
            {"workers 1": [cost(19.0), cost(21.0)], "workers 2": [cost(9.0), cost(11.0)]},
            inside_s={"workers 1": [17.0, 18.0], "workers 2": [17.5, 18.5]},
        ),
    ]
    return {one.name: one for one in parts}


def test_fixed_cost_is_the_slope_without_the_students_cells(record):
    assert fixed_cost(record["growth"]) == pytest.approx((153.0 - 6.0) / 980 - 1.0 / 10)


def test_a_checks_cost_is_what_seven_more_cost_by_seven(record):
    assert check_cost(record["growth"]) == pytest.approx(((153.0 - 6.0) - (117.7 - 5.0)) / 980 / 7)  # 5 ms
    del record["growth"].costs["one check 20"]
    assert check_cost(record["growth"]) is None


def test_targets_are_met_or_fall_short(record):
    assert [(target.measured, target.met) for target in targets(record)] == [
        ("0.010 s", True),  # fixed cost: 0.05 s, of which eight checks 0.04 s
        ("0.050 s", True),  # and with the checks
        ("1.50", True),  # CPU as a multiple of bare cells
        ("100 to 150 MB", True),
        ("4.0 s", True),  # second run of 1,000
        ("11.0 s", False),  # rescore of 1,000
        ("45.0 times", True),  # nbgrader: (50 + 40) / 2 s for ten, 0.1 s each for 1,000
        ("15.0 times", False),  # otter: (10 + 20) / 2 s
        ("0.50", True),  # CPU as a multiple of plain scripts
        ("22.5 times", True),  # nbgrader: the median of 50 / 2 and 50 / 2.5
        ("16.5 times", False),  # otter two at once: of 30 / 2 and 36 / 2; one at once is slower
        ("0.900", False),  # cells of two heavy ones, bare, where nothing else was counted
        ("0.940", False),  # efficiency of four: the median of 0.96 and 0.92
        ("0.989", True),  # where loops get 0.94 and 0.96
        ("0.934", False),  # and with their cells bare
        ("60.0 s", False),  # the samples
        ("156 MB", True),
        ("2.00 times", True),  # cluster
    ]


def test_targets_tell_of_what_was_measured_only(record):
    assert {target.wanted for target in targets({"cluster": record["cluster"]})} == {"at least 1.8 times"}


def test_write_document_says_what_falls_short_and_why(record, tmp_path):
    path = tmp_path / "performance.md"
    write_document(path, record)
    text = path.read_text()
    assert text.count("**falls short**") == 7
    assert "Measured on 2026-01-02: a machine." in text
    assert "* rescore of 1000: 11.0 s, wanted under 10 s. Every submission's evidence is read" in text
    assert "| this grader | 3 | 2.0 (1.0 to 3.0) | 2.5 (1.5 to 3.5) | 0.20 | 200 | 0.5 |" in text
    assert "| otter run, 2 at once | 16.5 | 15.0 | 18.0 |" in text
    assert "| plain scripts | 2.0 | 1.3 | 4.0 |" in text
    assert "class of 1000, 10 submissions: nbgrader autograde and feedback 50.00 and 40.00 s." in text
    assert "| 2 | 2 | 10.0 (9.0 to 11.0) | 2.00 | 17.50 and 18.50 | 1.0 | 0.5 |" in text
    assert "cells and checks: 38.40 and 46.00 s of CPU, 10.550 s a submission" in text
    assert "in a warm process, 2 at once: 40.00 and 44.10 s of CPU, 10.512 s a submission" in text
    assert "one on each core, got 0.940 and 0.960 of all cores' time" in text
    assert "quick form" not in text


def test_write_document_tells_the_days_apart_on_which_parts_were_measured(record, tmp_path):
    later = replace(record["mixed"], when="2026-03-04", quick=True)
    write_document(tmp_path / "performance.md", {"light": record["light"], "mixed": later})
    text = (tmp_path / "performance.md").read_text()
    assert "light: measured on 2026-01-02: a machine." in text
    assert "mixed: measured on 2026-03-04: a machine." in text
    assert "the quick form" in text
    assert "## Growth" not in text


def test_record_is_read_as_it_was_written(record, tmp_path):
    assert load_record(tmp_path / "measured.json") == {}
    save_record(tmp_path / "measured.json", record)
    again = load_record(tmp_path / "measured.json")
    assert list(again) == list(record)
    assert again["growth"].numbered("run") == {20: cost(5.0, 6.0), 1000: cost(100.0, 153.0, 150_000_000)}
    assert targets(again) == targets(record)


def test_spread_is_median_least_and_most():
    found = spread([cost(3.0), cost(1.0), cost(2.0)], lambda one: one.wall_s)
    assert (found.least, found.median, found.most) == (1.0, 2.0, 3.0)


def test_measured_counts_children_that_nobody_waits_for(tmp_path):
    done = tmp_path / "done"
    burn = f"import time\nwhile time.process_time() < 0.3: pass\nopen({str(done)!r}, 'w').close()"
    script = (
        f"import os, subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {burn!r}])\n"
        f"while not os.path.exists({str(done)!r}): time.sleep(0.01)"
    )
    found = measured([sys.executable, "-c", script], log=tmp_path / "log")
    if found.how != "control group":
        pytest.skip("no control group can be made here; children that nobody waits for are not counted then")
    assert found.cpu_s >= 0.3
    assert found.own_bytes > 1_000_000


def test_measured_refuses_a_command_that_fails(tmp_path):
    with pytest.raises(RuntimeError, match="ended with status 3"):
        measured([sys.executable, "-c", "raise SystemExit(3)"], log=tmp_path / "log")


def test_workload_is_right_by_its_own_reference(tmp_path):
    grading = open_grading(load_assignment(write_assignment(tmp_path, LIGHT)), State(tmp_path / "state"))
    assert len(grading.suite.checks) == len(PROBES) == 8
    assert all(arrays["out"].size for arrays in grading.expected.values())


def test_submissions_all_differ(tmp_path):
    write_submissions(tmp_path, LIGHT, 3)
    assert len({path.read_bytes() for path in tmp_path.glob("*/*.ipynb")}) == 3


def test_nbgraders_cells_are_the_same_cells_with_tests_that_hold(tmp_path):
    write_nbgrader(tmp_path, LIGHT, 1)
    (path,) = (tmp_path / "submitted").glob("*/*/*.ipynb")
    sources = cells(path)
    assert sources[:6] == LIGHT.cells(0)
    graded = [cell for cell in json.loads(path.read_text())["cells"] if "nbgrader" in cell["metadata"]]
    assert len(graded) == 8
    plain = [source for source in sources if "plt" not in source]
    script = "import numpy as np\nrng = np.random.default_rng(0)\n" + "\n".join(plain)
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_every_tool_finds_and_keeps_byte_code(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    compile_all([])
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    assert Path(importlib.util.cache_from_source(grading.__file__)).is_file()
