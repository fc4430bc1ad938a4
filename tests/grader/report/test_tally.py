from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import CheckResult, Finding, Outcome, Result, Status
from grader.report.tally import class_statistics, quartiles
from grader.report.values import ClassRow, SlowCell, class_row

Rows = Callable[..., ClassRow]


@pytest.fixture
def row(make_result: Callable[..., Result]) -> Rows:
    def make(score: str = "1", most: str = "1", student: str = "s", **terms: Any) -> ClassRow:
        return class_row(make_result(student, score=Decimal(score), max_score=Decimal(most), **terms))

    return make


def test_bins_are_tenths_and_full_marks_stand_alone(row: Rows) -> None:
    scores = ["0", "0.99", "1", "8.99", "9", "9.999", "10"]
    bins = class_statistics(row(score, "10") for score in scores).bins
    assert bins == (2, 1, 0, 0, 0, 0, 0, 0, 1, 2, 1)


def test_what_could_not_be_graded_is_in_no_mean(row: Rows) -> None:
    statistics = class_statistics(
        [
            row("1", "2"),
            row("2", "2", status=Status.PENDING, pending=3),
            row("0", "2", status=Status.NOT_GRADED),
        ]
    )
    assert (statistics.complete, statistics.pending, statistics.not_graded) == (1, 1, 1)
    assert (statistics.mean, statistics.marks_to_give) == (0.75, 3)


def test_pass_rates_count_only_what_was_graded(make_check: Callable[..., CheckResult], row: Rows) -> None:
    def of(outcome: Outcome, points: str) -> ClassRow:
        return row(checks=(make_check("a", outcome, points, 2),))

    rows = [of(Outcome.PASSED, "2"), of(Outcome.FAILED, "1"), of(Outcome.NOT_GRADED, "0")]
    (rate,) = class_statistics(rows).checks
    assert (rate.passed, rate.failed, rate.not_graded, rate.mean_share) == (1, 1, 1, 0.75)


def test_findings_are_ranked_by_students(make_check: Callable[..., CheckResult], row: Rows) -> None:
    def holding(*ids: str) -> ClassRow:
        findings = tuple(Finding(id=i, student=i, certain=i != "rare") for i in ids)
        return row(checks=(make_check("a", Outcome.FAILED, 0, findings=findings),))

    statistics = class_statistics(
        [holding("b"), holding("a", "b"), holding("rare"), holding("a")] + [holding("a")] * 30
    )
    assert [(f.id, f.students, f.certain) for f in statistics.findings] == [
        ("a", 32, 32),
        ("b", 2, 2),
        ("rare", 1, 0),
    ]
    assert len(statistics.findings[0].lines) == 25


def test_slowest_cells_of_the_class_with_ties(row: Rows) -> None:
    def slow(student: str, seconds: float) -> ClassRow:
        cell = SlowCell(student=student, notebook="n", index=0, wall_s=seconds)
        return replace(row(), slow_cells=(cell, cell))

    statistics = class_statistics([slow("a", 1.0), slow("b", 3.0), *[slow("c", 2.0)] * 4])
    assert [cell.student for cell in statistics.slow_cells] == ["b"] * 2 + ["c"] * 8


def test_phases_add_up(row: Rows) -> None:
    (phase,) = class_statistics([row(timings={"cells": 1.5}), row(timings={"cells": 4.0})]).phases
    assert (phase.total_s, phase.longest_s) == (5.5, 4.0)


def test_an_empty_class_has_no_mean() -> None:
    statistics = class_statistics([])
    assert (statistics.students, statistics.mean, statistics.quartiles) == (0, None, None)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_quartiles_agree_with_numpy(values: list[float]) -> None:
    assert quartiles(values) == pytest.approx(tuple(np.quantile(values, [0.25, 0.5, 0.75])), abs=1e-12)
