"""The assignment's modules serve students and print the course's figures; PyTorch agrees with the layer."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.authoring.samples import load_verdicts, stale_samples

Source = Callable[[str], ModuleType]


def _bn_param(features: int) -> dict[str, Any]:
    return {
        "mode": "train",
        "eps": 1e-4,
        "momentum": 0.95,
        "running_mean": np.zeros([1, features]),
        "running_var": np.ones([1, features]),
    }


def test_layer_gives_the_documents_figures(source: Source) -> None:
    forward = source("implementations.layers").batchnorm_forward
    rows, bn_param = np.array([[10], [20], [30]]), _bn_param(1)
    out = forward(rows, np.ones([1]), np.zeros([1]), bn_param)
    assert out.std() == pytest.approx(1, abs=1e-6)
    assert bn_param["running_mean"].item() == pytest.approx(1.0)
    assert bn_param["running_var"].item() == pytest.approx(4.28333333, abs=1e-8)
    for _ in range(1000):
        forward(rows, np.ones([1]), np.zeros([1]), bn_param)
    assert bn_param["running_mean"].tolist() == [[pytest.approx(20)]]
    assert bn_param["running_var"].tolist() == [[pytest.approx(66.66666667, abs=1e-8)]]
    bn_param["mode"] = "test"
    tested = forward(np.array([[25]]), np.ones([1]), np.zeros([1]), bn_param)
    assert tested.item() == pytest.approx(0.61237198, abs=5e-9)


def test_layer_refuses_an_unknown_mode(source: Source) -> None:
    forward = source("implementations.layers").batchnorm_forward
    with pytest.raises(ValueError, match=r"'mode'.* is 'eval', expected 'train' or 'test'"):
        forward(np.ones((2, 1)), np.ones(1), np.zeros(1), {**_bn_param(1), "mode": "eval"})


def test_layer_agrees_with_pytorch_on_the_documents_three_batches(source: Source) -> None:
    """The document compares with a framework's layer, in float32, to 1.7e-5; here in float64.

    PyTorch's momentum weighs the new value, and its running variance is the unbiased one: what a batch adds is put right by
    (n - 1) / n. The gradient that students are given is compared, too.
    """
    torch = pytest.importorskip("torch", reason="PyTorch is the extra `oracle`")
    forward = source("implementations.layers").batchnorm_forward
    backward = source("implementations.gradients").batchnorm_backward
    np.random.seed(15009)
    X, W1, W2 = np.random.randn(200, 50), np.random.randn(50, 60), np.random.randn(60, 3)
    a = np.maximum(0, X.dot(W1)).dot(W2)
    gamma, beta = np.random.rand(3) + 1.0, np.random.rand(3)
    bn_param = _bn_param(3)
    mean, var = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    scale, shift = (torch.tensor(v, requires_grad=True) for v in (gamma, beta))
    batches = [a[start : start + 10] for start in (0, 10, 20)]
    for batch in batches:
        theirs, before = torch.tensor(batch, requires_grad=True), var.clone()
        out = torch.nn.functional.batch_norm(
            theirs, mean, var, scale, shift, training=True, momentum=0.05, eps=1e-4
        )
        var = 0.95 * before + (var - 0.95 * before) * 9 / 10
        np.testing.assert_allclose(
            forward(batch, gamma, beta, bn_param), out.detach().numpy(), rtol=1e-10, atol=1e-12
        )
        dout = np.cos(batch)
        wanted = torch.autograd.grad(out, (theirs, scale, shift), torch.tensor(dout))
        for got, want in zip(backward(dout, batch, gamma, 1e-4), wanted, strict=True):
            np.testing.assert_allclose(got, want.numpy(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(bn_param["running_mean"][0], mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(bn_param["running_var"][0], var.numpy(), rtol=1e-12)
    bn_param["mode"] = "test"
    for batch in batches:
        out = torch.nn.functional.batch_norm(
            torch.tensor(batch), mean, var, scale, shift, training=False, eps=1e-4
        )
        np.testing.assert_allclose(forward(batch, gamma, beta, bn_param), out.detach().numpy(), rtol=1e-10)


def test_network_with_dropout_learns_and_predicts_without_it(source: Source) -> None:
    network = source("implementations.fc_net").FullyConnectedNet
    rng = np.random.default_rng(2)
    y = rng.integers(3, size=60)
    X = 3 * rng.standard_normal((3, 6))[y] + rng.standard_normal((60, 6))
    np.random.seed(0)
    model = network(6, [30], 3, centering_data=True, use_dropout=True, use_bn=True)
    history = model.train(X, y, X, y, learning_rate=1e-2, keep_prob=0.7, num_iters=60, batch_size=20)
    assert history["val_acc_history"][-1] > 0.9
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    assert not np.array_equal(*(model.compute_scores(X, "train", 0.7)[0] for _ in range(2)))


def test_network_prints_every_hundredth_objective_and_decays_its_rate(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    network = source("implementations.fc_net").FullyConnectedNet
    X, y = np.eye(4), np.arange(4)
    np.random.seed(0)
    model = network(4, [5], 4)
    history = model.train(
        X, y, X, y, learning_rate=0.1, learning_rate_decay=0.0, num_iters=101, batch_size=4, verbose=True
    )
    assert capsys.readouterr().out.count("iteration ") == 2
    assert len(set(history["objective_history"])) == 2  # a rate of zero after the first epoch


# --- Data and sizes -----------------------------------------------------------------------------------------------------------


def _write_cifar(folder: Path, rows: int) -> None:
    folder.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        pixels = np.full((rows, 3072), number, dtype=np.uint8)
        (folder / name).write_bytes(pickle.dumps({"data": pixels, "labels": [number] * rows}, protocol=2))


def test_data_are_cut_to_what_the_files_hold(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _write_cifar(tmp_path / "cifar-10-batches-py", 20)
    monkeypatch.setenv("GRADECHECK_DATA", str(tmp_path))
    data = source("data_utils").get_CIFAR10_data()
    assert "There are 100 images for training: 20 of them are for validation." in capsys.readouterr().out
    assert data["X_train"].shape == (80, 3, 32, 32)
    assert data["y_val"].tolist() == [4] * 20
    np.testing.assert_allclose(data["X_train"].mean(axis=0), 0, atol=1e-12)
    assert data["X_test"][0, 1, 2, 3] == 5 - 1.5  # minus the mean of 0, 1, 2 and 3


def test_made_up_data_say_what_they_are_and_can_be_learnt(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    data = source("data_utils").get_CIFAR10_data(num_training=300, num_validation=40, num_test=30)
    assert "made-up images stand in for it" in capsys.readouterr().out
    assert [data[name].shape[0] for name in ("X_train", "X_val", "X_test")] == [300, 40, 30]
    flat = data["X_train"].reshape(300, -1)
    means = np.stack([flat[data["y_train"] == label].mean(axis=0) for label in range(10)])
    guesses = ((data["X_val"].reshape(40, 1, -1) - means) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean(guesses == data["y_val"]) > 0.5


def test_short_form_loads_less_and_says_so(
    source: Source, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADECHECK_SHORT", "1")
    data = source("data_utils").get_CIFAR10_data()
    assert "Short form: at most 600 + 100 + 100 images" in capsys.readouterr().out
    assert data["X_val"].shape == (100, 3, 32, 32)


@pytest.mark.parametrize(("value", "short"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_plan_follows_the_environment(
    source: Source, monkeypatch: pytest.MonkeyPatch, value: str | None, short: bool
) -> None:
    if value is not None:
        monkeypatch.setenv("GRADECHECK_SHORT", value)
    plan = source("experiments").plan()
    assert str(plan).startswith(
        "Short form: " if short else "Full form: 1000 training images of 32 x 32 pixels for 800 steps"
    )
    assert plan.weight_scales()[[0, -1]].tolist() == [1e-4, 1.0]


def test_short_plan_averages_squares_of_pixels(source: Source) -> None:
    images = np.arange(2 * 3 * 32 * 32, dtype=float).reshape(2, 3, 32, 32)
    data = {"X_train": images, "y_train": np.arange(2), "X_val": images, "y_val": np.arange(2)}
    X, y, X_val, _ = source("experiments").SHORT.subset(data, 1)
    assert X.shape == (1, 3 * 16 * 16)
    assert (X[0, 0], X[0, -1]) == (images[0, 0, :2, :2].mean(), images[0, 2, 30:, 30:].mean())
    assert (y.tolist(), X_val.shape) == ([0], (2, 768))
    np.testing.assert_array_equal(source("experiments").FULL.subset(data, 2)[0], images.reshape(2, -1))


# --- Notebook and samples -------------------------------------------------------------------------------------------------------


def _cells(batchnorm: Any) -> list[dict[str, Any]]:
    path = batchnorm.assignment.source / "batch_normalization.ipynb"
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def test_every_question_has_one_answer_below_its_heading(batchnorm: Any) -> None:
    cells = _cells(batchnorm)
    for question in batchnorm.assignment.spec.questions:
        marks = [cell["metadata"].get("gradecheck", {}) for cell in cells]
        (at,) = [i for i, mark in enumerate(marks) if mark.get("question") == question.id]
        assert question.heading in "".join(cells[at - 1]["source"])
        assert marks[at]["solution"] is True


def test_notebook_carries_no_outputs_and_says_what_it_corrects(batchnorm: Any) -> None:
    cells = _cells(batchnorm)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 10
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    (scales,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "scales"]
    assert "A correction:" in scales


def test_notebook_binds_the_names_that_checks_read(batchnorm: Any) -> None:
    text = "\n".join("".join(cell["source"]) for cell in _cells(batchnorm) if cell["cell_type"] == "code")
    for name in ("bn_trace", "baseline_trace", "bn_net_ws", "baseline_ws", "weight_scales"):
        assert f"\n{name} = " in text
    assert "\nbn_traces, baseline_trace_bs, batch_sizes = " in text


def test_samples_are_those_of_the_recipes(batchnorm: Any) -> None:
    assert stale_samples(batchnorm.assignment) == ()


def test_verdicts_name_checks_that_exist(batchnorm: Any) -> None:
    known = {check.id for check in batchnorm.suite.checks}
    verdicts = load_verdicts(batchnorm.assignment)
    assert len(verdicts) >= 10
    for verdict in verdicts:
        assert set(verdict.checks) <= known, verdict.sample
