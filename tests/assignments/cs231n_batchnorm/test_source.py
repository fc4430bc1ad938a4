"""The provided modules of the assignment serve students of every year, and the solution prints the document's figures."""

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


def _activations(rows: int) -> Any:
    np.random.seed(231)
    X, W1, W2 = np.random.randn(rows, 50), np.random.randn(50, 60), np.random.randn(60, 3)
    return np.maximum(0, X.dot(W1)).dot(W2)


def test_layers_give_the_documents_figures(source: Source) -> None:
    layers = source("layers")
    a = _activations(200)
    np.testing.assert_allclose(a.mean(axis=0), [-2.3814598, -13.18038246, 1.91780462], rtol=1e-8)
    out, _ = layers.batchnorm_forward(a, np.array([1.0, 2, 3]), np.array([11.0, 12, 13]), {"mode": "train"})
    np.testing.assert_allclose(out.mean(axis=0), [11, 12, 13], rtol=1e-12)
    np.testing.assert_allclose(out.std(axis=0), [0.99999999, 1.99999999, 2.99999999], atol=1e-8)
    rows = _activations(4)
    out, _ = layers.layernorm_forward(rows, np.ones(3), np.zeros(3), {})
    np.testing.assert_allclose(out.std(axis=1), [0.99999995, 0.99999999, 1, 0.99999969], atol=1e-8)


@pytest.mark.parametrize(("reg", "loss"), [(0, 2.2611955101340957), (3.14, 6.996533220108303)])
def test_network_starts_with_the_documents_loss(source: Source, reg: float, loss: float) -> None:
    network = source("classifiers.fc_net").FullyConnectedNet
    np.random.seed(231)
    X, y = np.random.randn(2, 15), np.random.randint(10, size=(2,))
    for each in (0, 3.14):  # the document draws both networks from one stream
        model = network(
            [20, 30],
            input_dim=15,
            num_classes=10,
            reg=each,
            weight_scale=5e-2,
            dtype=np.float64,
            normalization="batchnorm",
        )
        if each == reg:
            assert model.loss(X, y)[0] == pytest.approx(loss, rel=1e-12)


def test_network_with_dropout_has_gradients_that_agree_with_numerical_ones(source: Source) -> None:
    network, check = source("classifiers.fc_net").FullyConnectedNet, source("gradient_check")
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((5, 6)), rng.integers(4, size=5)
    for normalization in (None, "batchnorm", "layernorm"):
        model = network(
            [5, 7], 6, 4, 0.6, normalization, reg=0.1, weight_scale=0.3, dtype=np.float64, seed=12
        )
        _, grads = model.loss(X, y)
        for name, value in model.params.items():
            numerical = check.eval_numerical_gradient(
                lambda _, model=model: model.loss(X, y)[0], value, verbose=False
            )
            np.testing.assert_allclose(grads[name], numerical, rtol=1e-5, atol=1e-7, err_msg=name)


def test_network_refuses_an_unknown_normalization(source: Source) -> None:
    with pytest.raises(ValueError, match="normalization is 'batch_norm'"):
        source("classifiers.fc_net").FullyConnectedNet([3], normalization="batch_norm")


def test_first_steps_of_update_rules_are_as_on_paper(source: Source) -> None:
    optim = source("optim")
    w, dw = np.array([1.0, -2.0]), np.array([0.5, -4.0])
    np.testing.assert_allclose(optim.sgd(w, dw, {"learning_rate": 0.1})[0], [0.95, -1.6])
    moved, config = optim.sgd_momentum(w, dw, {"learning_rate": 0.1, "velocity": np.array([1.0, 0.0])})
    np.testing.assert_allclose(moved, [1.85, -1.6])  # 0.9 * 1 - 0.05 = 0.85
    np.testing.assert_allclose(config["velocity"], [0.85, 0.4])
    np.testing.assert_allclose(
        optim.rmsprop(w, dw, {"learning_rate": 0.1})[0], [0.0, -1.0], atol=1e-6
    )  # dw / (0.1 |dw|) = 10
    np.testing.assert_allclose(
        optim.adam(w, dw, {"learning_rate": 0.1})[0], [0.9, -1.9], atol=1e-7
    )  # the first step is lr * sign
    second = optim.adam(w, dw, {"learning_rate": 0.1, "m": np.zeros(2), "v": np.zeros(2), "t": 1})[0]
    np.testing.assert_allclose(
        second,
        [1 - 0.1 * 0.1 / 0.19 / np.sqrt(0.001 / 0.001999), -2 + 0.1 * 0.1 / 0.19 / np.sqrt(0.001 / 0.001999)],
        rtol=1e-6,
    )


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "rmsprop", "adam"])
def test_update_rules_stay_in_single_precision_and_leave_what_they_are_given(
    source: Source, rule: str
) -> None:
    w, dw = np.array([[1.0, -2.0]], dtype=np.float32), np.array([[0.5, -4.0]], dtype=np.float32)
    kept, kept_dw, config = w.copy(), dw.copy(), None
    for _ in range(3):
        moved, config = getattr(source("optim"), rule)(w, dw, config)
        assert moved.dtype == np.float32
        assert all(value.dtype == np.float32 for value in config.values() if isinstance(value, np.ndarray))
        assert np.all(np.sign(w - moved) == np.sign(dw))
        np.testing.assert_array_equal(w, kept)
        np.testing.assert_array_equal(dw, kept_dw)
        w, kept = moved, moved.copy()


class _Line:
    """Scores that are right for every example; loss w**2."""

    def __init__(self) -> None:
        self.params = {"w": np.array([1.0])}

    def loss(self, X: Any, y: Any = None) -> Any:
        if y is None:
            return np.eye(3)[X[:, 0].astype(int)]
        return float(self.params["w"][0] ** 2), {"w": 2 * self.params["w"]}


def _line_data(rows: int) -> dict[str, Any]:
    labels = np.arange(rows) % 3
    return {"X_train": labels[:, None], "y_train": labels, "X_val": labels[:4, None], "y_val": labels[:4]}


def test_solver_keeps_histories_of_the_expected_length(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    solver = source("solver").Solver(
        _Line(),
        _line_data(10),
        num_epochs=3,
        batch_size=4,
        optim_config={"learning_rate": 0.25},
        lr_decay=0.5,
        print_every=2,
    )
    solver.train()
    # two steps an epoch; w shrinks by 1 - 2 lr: 0.5, 0.5, then 0.75, 0.75
    np.testing.assert_allclose(
        solver.loss_history,
        [1, 0.25, 0.0625, 0.0625 * 0.5625, 0.0625 * 0.5625**2, 0.0625 * 0.5625**2 * 0.875**2],
    )
    assert solver.train_acc_history == solver.val_acc_history == [1.0] * 4
    assert solver.best_val_acc == 1.0
    np.testing.assert_allclose(solver.model.params["w"], [0.5])  # the first of equally good ones
    assert "(Epoch 3 / 3) train acc: 1.000000; val_acc: 1.000000" in capsys.readouterr().out


def test_solver_keeps_the_network_at_each_entry_of_the_accuracies(source: Source) -> None:
    model = _Line()
    model.bn_params = [{"mode": "train", "running_mean": np.zeros(2), "running_var": np.ones(2)}]
    made = source("solver").Solver
    solver = made(
        model, _line_data(10), num_epochs=3, batch_size=4, optim_config={"learning_rate": 0.25}, verbose=False
    )
    solver.train()
    assert [entry for entry, _, _ in solver.states] == [0, 1, 2, 3]
    weights = [params["w"].item() for _, params, _ in solver.states]
    np.testing.assert_allclose(weights, [0.5**steps for steps in (1, 2, 4, 6)])
    assert [set(layer) for _, _, averages in solver.states for layer in averages] == [
        {"running_mean", "running_var"}
    ] * 4
    assert made.trained[-1] is solver


def test_solver_trains_on_where_states_do_not_fit(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    made = source("solver").Solver
    monkeypatch.setattr(made, "_left", 4)  # bytes: two numbers
    monkeypatch.setattr(made, "SMALL", 0)
    solver = made(_Line(), _line_data(10), num_epochs=3, batch_size=4, verbose=False)
    solver.train()
    assert (len(solver.states), len(solver.val_acc_history)) == (2, 4)
    assert solver not in made.trained


def test_solver_names_unknown_settings(source: Source) -> None:
    solver = source("solver").Solver
    with pytest.raises(ValueError, match="Solver does not know: epochs, lr"):
        solver(_Line(), _line_data(4), lr=1, epochs=2)
    with pytest.raises(
        ValueError, match=r"update_rule is 'adagrad', but optim\.py has no function of that name"
    ):
        solver(_Line(), _line_data(4), update_rule="adagrad")


def test_solver_keeps_parameters_where_nothing_is_ever_right(source: Source) -> None:
    data = {**_line_data(4), "y_val": np.array([1, 2, 0, 1])}
    solver = source("solver").Solver(_Line(), data, num_epochs=1, batch_size=4, verbose=False)
    solver.train()
    assert solver.best_val_acc == 0
    assert set(solver.model.params) == {"w"}


def test_solver_writes_checkpoints(source: Source, tmp_path: Path) -> None:
    solver = source("solver").Solver(
        _Line(),
        _line_data(4),
        num_epochs=1,
        batch_size=4,
        verbose=False,
        checkpoint_name=str(tmp_path / "kept"),
    )
    solver.train()
    kept = pickle.loads((tmp_path / "kept_epoch_1.pkl").read_bytes())
    assert kept["loss_history"] == [1.0]


def test_numerical_gradients_are_those_of_the_paper(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    check = source("gradient_check")
    x = np.array([[1.0, -2.0], [3.0, 0.5]])
    before = x.copy()
    np.testing.assert_allclose(check.eval_numerical_gradient(lambda v: np.sum(v**3), x), 3 * x**2, rtol=1e-8)
    assert "(1, 0)" in capsys.readouterr().out
    upstream = np.array([[2.0, 1.0], [0.0, -1.0]])
    np.testing.assert_allclose(
        check.eval_numerical_gradient_array(lambda v: v**2, x, upstream), 2 * x * upstream, rtol=1e-8
    )
    np.testing.assert_array_equal(x, before)


def test_absent_convolution_layers_say_so_when_called(source: Source) -> None:
    fast = source("fast_layers")
    with pytest.raises(NotImplementedError, match="max_pool_forward belongs to the convolution part"):
        fast.max_pool_forward_fast(1, 2)


# --- Data -----------------------------------------------------------------------------------------------------------------------


def _write_cifar(folder: Path, rows: int) -> None:
    folder.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        pixels = np.full((rows, 3072), number, dtype=np.uint8)
        pixels[:, 0] = np.arange(rows)
        batch = {"data": pixels, "labels": [number] * rows}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))


def test_data_are_cut_to_what_the_files_hold(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _write_cifar(tmp_path / "cifar-10-batches-py", 20)
    monkeypatch.setenv("GRADECHECK_DATA", str(tmp_path))
    data = source("data_utils").get_CIFAR10_data(subtract_mean=False)
    assert (
        "The files hold 100 training images, not 50000: using 80 + 20 for validation."
        in capsys.readouterr().out
    )
    assert data["X_train"].shape == (80, 3, 32, 32)
    assert data["X_train"].dtype == np.float64
    assert data["y_train"].tolist() == [number for number in range(4) for _ in range(20)]
    assert data["y_val"].tolist() == [4] * 20
    assert data["X_test"][7, 0, 0, 0] == 7
    assert data["X_test"][7, 2, 31, 31] == 5


def test_data_subtract_the_mean_training_image(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_cifar(tmp_path / "cifar-10-batches-py", 10)
    monkeypatch.setenv("GRADECHECK_DATA", str(tmp_path / "cifar-10-batches-py"))
    data = source("data_utils").get_CIFAR10_data(num_training=20, num_validation=10, num_test=5)
    assert data["X_train"].shape[0] == 20
    np.testing.assert_allclose(data["X_train"].mean(axis=0), 0, atol=1e-12)
    assert data["X_val"][0, 1, 1, 1] == 1.5  # 2 minus the mean of 0 and 1


def test_batches_are_read_in_the_courses_layout(source: Source, tmp_path: Path) -> None:
    _write_cifar(tmp_path / "batches", 6)
    utils = source("data_utils")
    images, labels, test_images, test_labels = utils.load_CIFAR10(str(tmp_path / "batches"))
    assert images.shape == (30, 32, 32, 3)
    assert test_images.shape == (6, 32, 32, 3)
    assert labels.tolist()[:7] == [0] * 6 + [1]
    assert test_labels.tolist() == [5] * 6
    with pytest.raises(FileNotFoundError, match="expected the CIFAR-10 files for Python"):
        utils.load_CIFAR10(tmp_path)


def test_made_up_data_say_what_they_are(source: Source, capsys: pytest.CaptureFixture[str]) -> None:
    data = source("data_utils").get_CIFAR10_data(num_training=300, num_validation=40, num_test=30)
    assert "made-up images stand in for it" in capsys.readouterr().out
    assert [data[name].shape[0] for name in ("X_train", "X_val", "X_test")] == [300, 40, 30]
    flat = data["X_train"].reshape(300, -1)
    means = np.stack([flat[data["y_train"] == label].mean(axis=0) for label in range(10)])
    guesses = ((data["X_val"].reshape(40, 1, -1) - means) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean(guesses == data["y_val"]) > 0.5  # there is something to learn


def test_short_form_loads_less_and_says_so(
    source: Source, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADECHECK_SHORT", "1")
    data = source("data_utils").get_CIFAR10_data()
    assert "Short form: at most 1000 + 200 + 200 images" in capsys.readouterr().out
    assert data["X_val"].shape == (200, 3, 32, 32)


@pytest.mark.parametrize(("value", "short"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_plan_follows_the_environment(
    source: Source, monkeypatch: pytest.MonkeyPatch, value: str | None, short: bool
) -> None:
    if value is not None:
        monkeypatch.setenv("GRADECHECK_SHORT", value)
    plan = source("experiments").plan()
    assert str(plan).startswith(
        "Short form: " if short else "Full form: 1000 training images of 32 x 32 pixels for 10 epochs"
    )
    assert plan.weight_scales()[[0, -1]].tolist() == [1e-4, 1.0]


def test_short_plan_averages_squares_of_pixels(source: Source) -> None:
    plan = source("experiments").SHORT
    images = np.arange(2 * 3 * 32 * 32, dtype=float).reshape(2, 3, 32, 32)
    data = {"X_train": images, "y_train": np.arange(2), "X_val": images, "y_val": np.arange(2)}
    small = plan.subset(data, 1)
    assert small["X_train"].shape == (1, 3, 8, 8)
    assert small["X_train"][0, 0, 0, 0] == images[0, 0, :4, :4].mean()
    assert small["X_train"][0, 2, 7, 5] == pytest.approx(images[0, 2, 28:, 20:24].mean())
    assert np.shares_memory(source("experiments").FULL.subset(data)["X_train"], images)


# --- Notebook and samples -------------------------------------------------------------------------------------------------------


def _cells(batchnorm: Any) -> list[dict[str, Any]]:
    notebook = json.loads(
        (batchnorm.assignment.source / "BatchNormalization.ipynb").read_text(encoding="utf-8")
    )
    return list(notebook["cells"])


def test_every_question_has_one_answer_below_its_heading(batchnorm: Any) -> None:
    cells = _cells(batchnorm)
    for question in batchnorm.assignment.spec.questions:
        (at,) = [
            i
            for i, cell in enumerate(cells)
            if cell["metadata"].get("gradecheck", {}).get("question") == question.id
        ]
        assert question.heading in "".join(cells[at - 1]["source"])
        assert cells[at]["metadata"]["gradecheck"]["solution"] is True


def test_notebook_carries_no_outputs(batchnorm: Any) -> None:
    code = [cell for cell in _cells(batchnorm) if cell["cell_type"] == "code"]
    assert len(code) > 10
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_notebook_binds_the_names_that_checks_read(batchnorm: Any) -> None:
    text = "\n".join("".join(cell["source"]) for cell in _cells(batchnorm) if cell["cell_type"] == "code")
    for name in ("bn_solver", "solver", "bn_solvers_ws", "solvers_ws", "weight_scales"):
        assert f"\n{name} = " in text
    for name in ("bn_solvers_bsize", "ln_solvers_bsize"):
        assert f"{name}, solver_bsize, batch_sizes = " in text


def test_samples_are_those_of_the_recipes(batchnorm: Any) -> None:
    assert stale_samples(batchnorm.assignment) == ()


def test_verdicts_name_checks_that_exist(batchnorm: Any) -> None:
    known = {check.id for check in batchnorm.suite.checks}
    verdicts = load_verdicts(batchnorm.assignment)
    assert len(verdicts) >= 18
    for verdict in verdicts:
        assert set(verdict.checks) <= known, verdict.sample
