"""The instrument: every tool grades the same work, costs are counted, figures are worked out by hand. Nothing is timed."""

import json
import subprocess
import sys

import pytest

from grader.assignment import load_assignment
from grader.grading import open_grading
from grader.state import State

from .document import Figures, Tool, fixed_cost, targets, write_document
from .floor import cells
from .measure import Cost, measured, spread
from .workloads import LIGHT, PROBES, write_assignment, write_nbgrader, write_submissions


def cost(wall_s=1.0, cpu_s=1.0, own_bytes=100_000_000):
    return Cost(
        wall_s=wall_s, cpu_s=cpu_s, memory_bytes=2 * own_bytes, own_bytes=own_bytes, load=0.5, how="test"
    )


@pytest.fixture
def figures():
    """Ten light submissions whose cells take 1 s; two heavy ones whose cells take 19 s."""
    return Figures(
        cores=2,
        light=[
            Tool("this grader", [cost(2.0, 2.5), cost(3.0, 3.5), cost(1.0, 1.5)]),
            Tool("nbgrader autograde", [cost(45.0)]),
            Tool("nbgrader generate_feedback, on top", [cost(5.0)]),
            Tool("otter run, 2 at once", [cost(30.0)]),
        ],
        light_count=10,
        light_own_s=[1.0, 1.2],
        heavy=[Tool("this grader", [cost(10.0)])],
        heavy_count=2,
        heavy_own_s=[19.0],
        growth={20: cost(5.0, 6.0), 1000: cost(100.0, 153.0, 150_000_000)},
        again={20: cost(1.0), 1000: cost(4.0)},
        rescored={20: cost(1.0), 1000: cost(11.0)},
        clusters={1: cost(20.0), 2: cost(10.0)},
        mixed=None,
        mixed_count=0,
    )


def test_fixed_cost_is_the_slope_without_the_students_cells(figures):
    assert fixed_cost(figures) == pytest.approx((153.0 - 6.0) / 980 - 1.0 / 10)


def test_targets_are_met_or_fall_short(figures):
    found = {target.name: target for target in targets(figures)}
    told = {name.split(",")[0].split(":")[0]: (one.measured, one.met) for name, one in found.items()}
    assert told == {
        "fixed cost of a light submission": ("0.050 s", True),
        "CPU of a light class": ("2.50", True),
        "throughput of the light class against nbgrader (autograde and feedback)": (
            "25.0 times; 50.0 times at the rate of 1000 submissions",
            True,
        ),
        "throughput of the light class against otter at its best": (
            "15.0 times; 30.0 times at the rate of 1000 submissions",
            False,
        ),
        "peak memory of the driver": ("150 MB", True),
        "second run over an unchanged class of 1000": ("4.0 s", True),
        "rescore of 1000": ("11.0 s", False),
        "efficiency of the heavy class": ("0.95", True),
        "heavy class on a cluster": ("2.00 times", True),
    }


def test_write_document_says_what_falls_short_and_why(figures, tmp_path):
    path = tmp_path / "performance.md"
    write_document(path, figures, {})
    text = path.read_text()
    assert text.count("**falls short**") == 2
    assert "* rescore of 1000: 11.0 s, wanted under 10 s. Every submission is read" in text
    assert "| this grader | 3 | 2.0 (1.0 to 3.0) | 2.5 (1.5 to 3.5) | 0.20 | 200 | 0.5 |" in text
    assert "| otter run, 2 at once | 15.0 | 10.0 | 30.0 |" in text


def test_spread_is_median_least_and_most():
    found = spread([cost(3.0), cost(1.0), cost(2.0)], lambda one: one.wall_s)
    assert (found.least, found.median, found.most) == (1.0, 2.0, 3.0)


def test_measured_counts_children_that_nobody_waits_for(tmp_path):
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    script = f"import os, signal, subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {burn!r}])\ntime.sleep(2)"
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
