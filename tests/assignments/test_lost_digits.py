"""One array in single precision is one mistake: it costs one check, wherever it shows. Eps in a wrong place is not taken for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.assignments.explaining import told

CS231N, ECE, TUFTS = "cs231n/layers.py", "nndl/layers.py", "implementations/layers.py"
MEAN = "        sample_mean = x.mean(axis=0)\n"
RUNNING = '    bn_param["running_mean"] = running_mean\n'
LONE = '    return gamma * (x - mean) / np.sqrt(var + bn_param["eps"]) + beta'
AVERAGED = "        batch_mean = x.mean(axis=0)\n"

Edits = dict[str, list[tuple[str, str]]]
CASES: list[tuple[str, Edits, str, float]] = [
    # (course, edits, the check that charges, the most that is lost)
    (
        "cs231n_batchnorm",
        {CS231N: [(MEAN, f"        x = x.astype(np.float32)\n{MEAN}")]},
        "double_precision",
        1,
    ),
    (
        "cs231n_batchnorm",
        {CS231N: [("centered = x - x.mean(axis=1", "x = np.float32(x)\n    centered = x - x.mean(axis=1")]},
        "double_precision",
        1,
    ),
    (
        "cs231n_batchnorm",
        {CS231N: [(RUNNING, RUNNING.replace("= running_mean", "= np.float32(running_mean)"))]},
        "batchnorm_running_averages",
        4,
    ),
    (
        "ece247_hw4",
        {ECE: [(AVERAGED, f"        x = x.astype(np.float32)\n{AVERAGED}")]},
        "batchnorm_train_output",
        3,
    ),
    (
        "tufts_batchnorm",
        {TUFTS: [(LONE, LONE.replace("gamma", "np.float32(gamma", 1) + ")")]},
        "train_output",
        6,
    ),
]


@pytest.mark.parametrize("case", CASES)
def test_lost_digits_are_charged_once(
    course: Callable[[str], Any], case: tuple[str, Edits, str, float], tmp_path: Path
) -> None:
    name, edits, charged, most = case
    results = told(name, course(name).edited(tmp_path, edits)).values()
    lost = {one.id: float(one.max_points - one.points) for one in results if one.points < one.max_points}
    assert set(lost) == {charged}
    assert lost[charged] <= most


def test_eps_beside_the_root_is_no_lost_digit(course: Callable[[str], Any], tmp_path: Path) -> None:
    root = "        inv_std = 1 / np.sqrt(sample_var + eps)\n"
    wrong = root.replace(
        "np.sqrt(sample_var + eps)", "(np.sqrt(sample_var) + 2 * eps)"
    )  # nobody's known mistake
    results = told("cs231n_batchnorm", course("cs231n_batchnorm").edited(tmp_path, {CS231N: [(root, wrong)]}))
    assert results["batchnorm_train_output"].points == 0
    told_of = {finding.id for one in results.values() for finding in one.findings}
    assert "structure.single_precision" not in told_of


def test_no_hint_at_the_computation_leads_away_from_the_digits(
    course: Callable[[str], Any], tmp_path: Path
) -> None:
    name, edits, *_ = CASES[0]
    result = told(name, course(name).edited(tmp_path, edits))["batchnorm_train_output"]
    assert result.hint == ""
    assert [finding.id for finding in result.findings] == ["structure.single_precision"]
