"""Where time goes: sums by hand."""

import csv
import json

import pytest

from grader.model import CellEvidence, CheckEvidence, Ending, Evidence, NotebookEvidence
from grader.profile import PHASES, Profile, Spent, evidence_costs


@pytest.fixture
def evidence():
    """A room of 10 s of CPU: 6 s of a kernel, of which 1 s are its checks; 3 s of a module's check."""
    return Evidence(
        key="k",
        submission="",
        suite="",
        seed_id="",
        checks=(
            CheckEvidence(check="in_module", ending=Ending.ANSWERED, wall_s=3.5, cpu_s=3.0),
            CheckEvidence(check="in_notebook", ending=Ending.ANSWERED, wall_s=1.5, cpu_s=1.0),
        ),
        notebooks=(
            NotebookEvidence(
                path="a.ipynb",
                ending=Ending.ANSWERED,
                cells=(
                    CellEvidence(index=1, ending=Ending.ANSWERED, wall_s=4.0),
                    CellEvidence(index=4, ending=Ending.RAISED, wall_s=2.0),
                ),
                cpu_s=6.0,
            ),
        ),
        phases={"room": 0.5, "probes": 4.0, "notebook": 9.0},
        cpu_s=10.0,
        peak_memory_bytes=7,
    )


IN_NOTEBOOKS = frozenset({"in_notebook"})


def test_evidence_costs_are_shared_out(evidence):
    assert evidence_costs(evidence, IN_NOTEBOOKS) == {
        "cells": Spent(wall_s=6.0, cpu_s=5.0),
        "checks": Spent(wall_s=5.5, cpu_s=4.0),
        "start": Spent(wall_s=2.0, cpu_s=1.0),
    }


def test_profile_adds_up_and_names_the_slowest_cells(evidence):
    profile = Profile()
    profile.add_evidence("ada", evidence, IN_NOTEBOOKS, reused=False)
    profile.add_evidence("bob", evidence, IN_NOTEBOOKS, reused=True)
    profile.add("ada", "intake", Spent(wall_s=1.0, cpu_s=0.5))
    profile.add("ada", "intake", Spent(wall_s=1.0, cpu_s=0.25))
    profile.paged("bob", 0.5, 0.25)
    document = profile.document()
    assert document["phases"]["intake"] == {"wall_s": 2.0, "cpu_s": 0.75}
    assert document["phases"]["cells"] == {"wall_s": 6.0, "cpu_s": 5.0}
    ada, bob = document["submissions"]
    assert (ada["reused"], bob["reused"], ada["peak_memory_bytes"]) == (False, True, 7)
    assert set(bob["phases"]) == {"report"}, "what was recalled cost nothing in this run"
    assert [cell["cell"] for cell in document["slowest_cells"]] == [1, 4]
    shown = {phase.phase: (phase.total_s, phase.longest_s) for phase in profile.phases()}
    assert shown["cells"] == (6.0, 6.0)
    assert shown["report: CPU"] == (0.25, 0.25)


def test_profile_timed_counts_this_process(monkeypatch):
    clock = iter([10.0, 12.5])
    cpu = iter([1.0, 1.5])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("time.process_time", lambda: next(cpu))
    profile = Profile()
    with profile.timed("ada", "score"):
        pass
    monkeypatch.undo()
    assert profile.document()["phases"]["score"] == {"wall_s": 2.5, "cpu_s": 0.5}


def test_profile_write_gives_json_and_a_table(evidence, tmp_path):
    profile = Profile()
    profile.add_evidence("=ada", evidence, IN_NOTEBOOKS, reused=False)
    profile.write(tmp_path)
    assert json.loads((tmp_path / "profile.json").read_text()) == profile.document()
    with (tmp_path / "profile.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["student"] == "'=ada", "no spreadsheet takes it for a formula"
    assert (float(row["checks_wall_s"]), float(row["start_cpu_s"])) == (5.5, 1.0)
    assert sum(column.endswith("_wall_s") for column in row) == len(PHASES)


def test_profile_refuses_an_unknown_phase():
    with pytest.raises(KeyError, match="lunch"):
        Profile().add("ada", "lunch", Spent())
