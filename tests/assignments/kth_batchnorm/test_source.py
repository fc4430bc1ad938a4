"""The provided modules serve, the solution's gradients are right by another method, and notebook and samples hang together."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.authoring.samples import load_verdicts, stale_samples

Source = Callable[[str], ModuleType]
DECIMALS = 6  # to which the report compares


@pytest.mark.parametrize("depth", [2, 3, 9])
@pytest.mark.parametrize("normalized", [False, True])
def test_solution_has_gradients_to_the_reports_six_decimals(
    source: Source, depth: int, normalized: bool
) -> None:
    np.random.seed(depth)
    widths = [6, *([5, 4, 7] * 3)[: depth - 1], 3]
    net = source("bnn").BNN(list(pairwise(widths)), lmda=0.1, batchNorm=normalized)
    X, Y = np.random.randn(6, 8), np.eye(3)[np.random.randint(3, size=8)].T
    for ours, theirs in zip(net.computeGradients(X, Y), net.computeGradientsNum(X, Y), strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_almost_equal(a, b, decimal=DECIMALS)


def test_solution_measures_a_single_layer_by_hand(source: Source) -> None:
    net = source("bnn").BNN([(2, 2)], lmda=0.5, batchNorm=False)
    net.W[0][:], net.b[0][:] = [[1.0, 0.0], [0.0, 2.0]], 0.0
    X, Y = np.array([[0.0, np.log(3)], [0.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    cost, loss = net.computeCost(X, Y)  # probabilities of the right class: 1/2 and 3/4
    assert loss == pytest.approx(-np.log(0.5 * 0.75) / 2)
    assert cost == pytest.approx(loss + 0.5 * 5)
    assert net.computeAccuracy(X, np.array([1, 0])) == 0.5  # a tie goes to the first


def test_solution_trains_along_the_cycle(source: Source) -> None:
    """One linear layer on a zero column: only the biases of the classes move, by the rate times p - y."""
    net = source("bnn").BNN([(1, 2)], batchNorm=False)
    net.b[0][:] = 0.0
    X, Y = (
        np.zeros((1, 2)),
        np.eye(2),
    )  # one column of each class: the mean gradient is zero, and nothing moves
    histories = net.miniBatchGD(X, Y, [2, 0.1, 0.3, 4, 2], X, Y)
    np.testing.assert_array_equal(net.b[0], 0)
    np.testing.assert_allclose(histories[2], [np.log(2)] * 4)
    net.miniBatchGD(X, np.array([[1.0, 1.0], [0.0, 0.0]]), [2, 0.1, 0.3, 1, 2], X, Y)
    np.testing.assert_allclose(net.b[0], [[0.05], [-0.05]])  # 0.1 * (1 - 1/2)


# --- Data -----------------------------------------------------------------------------------------------------------------------


def _write_cifar(folder: Path, rows: int) -> None:
    folder.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        pixels = np.full((rows, 3072), 10 * number, dtype=np.uint8)
        pixels[:, :4] = np.arange(rows)[:, None]
        batch = {"data": pixels, "labels": [number] * rows}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))


@pytest.fixture
def small(source: Source) -> Any:
    return replace(source("dd2424.experiments").SHORT, num_train=30, num_val=10, num_test=4, coarsen=1)


def test_batches_are_columns(source: Source, tmp_path: Path) -> None:
    _write_cifar(tmp_path / "batches", 6)
    X, Y, y = source("dd2424.data").load_batch(tmp_path / "batches" / "data_batch_2")
    assert X.shape == (3072, 6)
    assert X[5, 0] == pytest.approx(10 / 255)
    assert Y.shape == (10, 6)
    assert y.tolist() == [1] * 6
    np.testing.assert_array_equal(Y.argmax(axis=0), y)


def test_rows_are_brought_to_mean_zero_and_deviation_one(
    source: Source, small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_cifar(tmp_path / "cifar-10-batches-py", 8)
    monkeypatch.setenv("GRADECHECK_DATA", str(tmp_path))
    data = source("dd2424.data").load_cifar(small)
    assert [data[f"X_{part}"].shape for part in ("train", "val", "test")] == [
        (3072, 30),
        (3072, 10),
        (3072, 4),
    ]
    np.testing.assert_allclose(data["X_train"].mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(data["X_train"].std(axis=1), 1, rtol=1e-6)
    assert data["y_val"].tolist() == [3] * 2 + [4] * 8  # the last ten of five times eight
    # 30 rows: 8 of each of 0, 10, 20 and 6 of 30; a test pixel of 50 is (50 - mean) / std
    values = np.repeat([0, 10, 20, 30], [8, 8, 8, 6])
    assert data["X_test"][100, 0] == pytest.approx((50 - values.mean()) / values.std(), rel=1e-6)


def test_sizes_are_cut_to_what_the_files_hold(
    source: Source,
    small: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _write_cifar(tmp_path / "cifar-10-batches-py", 4)
    monkeypatch.setenv("GRADECHECK_DATA", str(tmp_path))
    data = source("dd2424.data").load_cifar(small)
    assert "The files hold 20 training images: using 16, and 4 for validation." in capsys.readouterr().out
    assert data["X_train"].shape[1] == 16
    assert data["y_val"].tolist() == [4] * 4


def test_squares_of_pixels_are_averaged(
    source: Source, small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = source("dd2424.data")
    X = np.arange(2 * 3072, dtype=float).reshape(2, 3072).T
    coarse = data._coarse(X, 8)
    assert coarse.shape == (48, 2)
    image = X[:, 1].reshape(3, 32, 32)
    assert coarse[17, 1] == image[1, :8, 8:16].mean()


def test_made_up_data_say_what_they_are_and_can_be_learnt(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = source("dd2424.data").load_cifar(source("dd2424.experiments").SHORT)
    assert "made-up images stand in for it" in capsys.readouterr().out
    means = np.stack([data["X_train"][:, data["y_train"] == k].mean(axis=1) for k in range(10)])
    guesses = ((data["X_val"].T[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean(guesses == data["y_val"]) > 0.5


@pytest.mark.parametrize(("value", "form"), [(None, "Full"), ("", "Full"), ("0", "Full"), ("1", "Short")])
def test_plan_follows_the_environment(
    source: Source, monkeypatch: pytest.MonkeyPatch, value: str | None, form: str
) -> None:
    if value is not None:
        monkeypatch.setenv("GRADECHECK_SHORT", value)
    plan = source("dd2424.experiments").plan()
    assert str(plan).startswith(f"{form} form: up to {plan.num_train} training images")


def test_full_plan_is_that_of_the_report(source: Source) -> None:
    plan = source("dd2424.experiments").FULL
    assert (plan.eta_min, plan.eta_max, plan.alpha, plan.lmda, plan.sig) == (1e-5, 1e-1, 0.8, 0.005, 1e-1)
    assert plan.coarse == 10


def test_a_training_keeps_its_settings_and_histories(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    experiments = source("dd2424.experiments")
    plan = replace(experiments.SHORT, num_train=100, cycles=1)
    data = source("dd2424.data").load_cifar(plan)
    run = experiments.train(source("bnn").BNN, data, 3, plan=plan, he=False, sig=1e-3, lmda=0.01)
    assert run.name == "3 layers, sigma = 0.001, with batch norm"
    assert run.settings["lmda"] == 0.01
    assert run.settings["epochs"] == plan.cycle_epochs
    assert {name: len(values) for name, values in run.history.items()} == dict.fromkeys(
        experiments.HISTORIES, 8
    )
    assert [W.shape[0] for W in run.net.W] == [50, 50, 10]
    assert (
        "3 layers, sigma = 0.001, with batch norm, lambda = 0.01000: test accuracy" in capsys.readouterr().out
    )


# --- Notebook and samples -------------------------------------------------------------------------------------------------------


def _cells(klayer: Any) -> list[dict[str, Any]]:
    notebook = json.loads((klayer.assignment.source / "KLayerNetworks.ipynb").read_text(encoding="utf-8"))
    return list(notebook["cells"])


def test_every_question_has_one_answer_below_its_heading(klayer: Any) -> None:
    cells = _cells(klayer)
    for question in klayer.assignment.spec.questions:
        marked = [
            i
            for i, cell in enumerate(cells)
            if cell["metadata"].get("gradecheck", {}).get("question") == question.id
        ]
        assert len(marked) == 1
        assert question.heading in "".join(cells[marked[0] - 1]["source"])
        assert cells[marked[0]]["metadata"]["gradecheck"]["solution"] is True


def test_notebook_carries_no_outputs(klayer: Any) -> None:
    code = [cell for cell in _cells(klayer) if cell["cell_type"] == "code"]
    assert len(code) > 10
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_notebook_binds_the_names_that_checks_read(klayer: Any) -> None:
    text = "\n".join("".join(cell["source"]) for cell in _cells(klayer) if cell["cell_type"] == "code")
    for name in ("runs", "sigma_runs", "coarse_trials", "fine_trials", "best_lambda", "figures"):
        assert f"\n{name} = " in text, name


def test_samples_are_those_of_the_recipes(klayer: Any) -> None:
    assert stale_samples(klayer.assignment) == ()


def test_verdicts_name_checks_that_exist(klayer: Any) -> None:
    known = {check.id for check in klayer.suite.checks}
    verdicts = load_verdicts(klayer.assignment)
    assert len(verdicts) >= 15
    for verdict in verdicts:
        assert set(verdict.checks) <= known, verdict.sample
