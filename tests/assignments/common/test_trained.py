"""Networks that were trained bear their histories out; what was made up, copied or not trained is left to a person."""

from __future__ import annotations

import copy
import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.histories import histories, packed
from assignments.common.trained import accuracies, coarser, doubt, networks, scores
from reference.networks import FullyConnectedNet, Running

LEAST = 0.4


def _images() -> dict[str, Any]:
    """Rows of ten classes that overlap: what fits some of them does not fit others."""
    rng = np.random.default_rng(231)
    centres = 3 * rng.standard_normal((10, 12))
    known: dict[str, Any] = {}
    for part, rows in (("train", 100), ("val", 40)):
        known[f"y_{part}"] = rng.integers(10, size=rows)
        known[f"X_{part}"] = centres[known[f"y_{part}"]] + 4 * rng.standard_normal((rows, 12))
    return known


KNOWN = _images()


def _fitted(seed: int, *, normalized: bool = True, on: str = "train") -> SimpleNamespace:
    """A solver whose network was fitted: random features, and a last layer by least squares on the images of one part."""
    rng = np.random.default_rng(seed)
    X, y = KNOWN[f"X_{on}"], KNOWN[f"y_{on}"]
    W1, state = rng.standard_normal((12, 60)), []
    between = X @ W1
    params = {"W1": W1, "b1": np.zeros(60)}
    if normalized:
        params |= {"gamma1": np.ones(60), "beta1": np.zeros(60)}
        state = [{"running_mean": between.mean(axis=0), "running_var": between.var(axis=0)}]
        between = (between - between.mean(axis=0)) / np.sqrt(between.var(axis=0) + 1e-5)
    hidden = np.maximum(between, 0)
    params["W2"] = np.linalg.lstsq(hidden, np.eye(10)[y], rcond=None)[0]
    return _claiming(SimpleNamespace(params=params, bn_params=state), _shares(params, state))


def _shares(params: dict[str, Any], state: list[dict[str, Any]]) -> list[float]:
    shares = []
    for part in ("train", "val"):
        out = KNOWN[f"X_{part}"] @ params["W1"] + params["b1"]
        if state:
            out = (out - state[0]["running_mean"]) / np.sqrt(state[0]["running_var"] + 1e-5)
            out = params["gamma1"] * out + params["beta1"]
        shares.append(np.mean(np.argmax(np.maximum(out, 0) @ params["W2"], axis=1) == KNOWN[f"y_{part}"]))
    return shares


def _claiming(model: SimpleNamespace, shares: list[float]) -> SimpleNamespace:
    return SimpleNamespace(
        model=model,
        last_params=model.params,
        num_epochs=2,
        batch_size=50,
        X_train=KNOWN["X_train"],
        X_val=KNOWN["X_val"],
        num_train_samples=None,
        num_val_samples=None,
        loss_history=[2.3, 2.0, 1.5, 1.0],
        train_acc_history=[0.1, 0.3, shares[0]],
        val_acc_history=[0.1, 0.2, shares[1]],
        best_val_acc=max(0.2, shares[1]),
    )


def _doubt(
    *solvers: SimpleNamespace,
    normalized: bool = True,
    known: Any = KNOWN,
    least: float = LEAST,
    slip_val: float = 1.0,
) -> str:
    sent = {name: np.asarray(value) for name, value in packed("x", list(solvers)).items()}
    found = histories(sent, "x", normalized=normalized, finite=True)
    return doubt(sent, "x", found, known, least=least, slip_val=slip_val)


@pytest.mark.parametrize("normalized", [True, False])
def test_trained_networks_bear_out_their_histories(normalized: bool) -> None:
    assert not _doubt(
        _fitted(1, normalized=normalized), _fitted(2, normalized=normalized), normalized=normalized
    )


def test_a_solver_of_another_make_is_tried_by_the_parameters_of_its_model() -> None:
    solver = _fitted(1)
    del solver.last_params
    assert not _doubt(solver)


def test_a_network_that_normalizes_test_images_by_the_batch_is_read_so() -> None:
    solver = _fitted(1)
    solver.model.bn_params = [{"mode": "test"}]  # a student who keeps no running averages
    assert not _doubt(solver)


def test_full_images_are_averaged_to_what_the_network_takes() -> None:
    solver = _fitted(1)
    squares = {name: array.reshape(-1, 3, 2, 2) for name, array in KNOWN.items() if name.startswith("X")}
    full = {name: np.repeat(np.repeat(array, 16, axis=2), 16, axis=3) for name, array in squares.items()}
    assert "could not be read" in _doubt(
        solver, known=KNOWN | full | coarser(full)
    )  # 12 inputs are no coarse form of 32 x 32 pixels
    eight = {name: np.repeat(np.repeat(array, 2, axis=2), 2, axis=3) for name, array in squares.items()}
    wide = copy.deepcopy(solver)
    rows = np.arange(12).reshape(3, 2, 2)
    chosen = np.repeat(np.repeat(rows, 4, axis=1), 4, axis=2).ravel()  # 8 x 8 pixels that see 4 x 4 fewer
    wide.last_params["W1"] = solver.last_params["W1"][chosen] / 16
    large = {name: np.repeat(np.repeat(array, 8, axis=2), 8, axis=3) for name, array in eight.items()}
    assert not _doubt(wide, known=KNOWN | large | coarser(large))


def _random(solver: SimpleNamespace) -> None:
    rng = np.random.default_rng(5)
    for name, value in solver.last_params.items():
        solver.last_params[name] = rng.standard_normal(value.shape)


def _without_parameters(solver: SimpleNamespace) -> None:
    solver.last_params, solver.model.params = None, {"gamma": 1}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(_random, "as well as its history says", id="random-network"),
        pytest.param(
            lambda solver: [value.fill(0) for value in solver.last_params.values()],
            "as well as its history says",
            id="zeros",
        ),
        pytest.param(_without_parameters, "could not be read", id="no-network"),
        pytest.param(
            lambda solver: solver.last_params.pop("W2"), "as well as its history says", id="layer-missing"
        ),
        pytest.param(
            lambda solver: solver.last_params.update(W2=np.zeros((3, 10))), "could not be read", id="no-fit"
        ),
        pytest.param(
            lambda solver: setattr(
                solver,
                "last_params",
                {name: value for name, value in solver.last_params.items() if "gamma" not in name},
            ),
            "could not be read",
            id="not-normalized",
        ),
        pytest.param(
            lambda solver: setattr(solver, "X_train", np.zeros((500, 12))),
            "could not be read",
            id="more-images-than-there-are",
        ),
    ],
)
def test_what_no_training_leaves_is_doubted(spoil: Any, why: str) -> None:
    solver = _fitted(1)
    spoil(solver)
    if len(solver.X_train) == 500:
        solver.loss_history = [2.0] * 20
    assert why in _doubt(solver)


def test_an_untrained_network_with_a_true_history_is_doubted() -> None:
    solver = _fitted(1)
    _random(solver)
    shares = _shares(solver.last_params, solver.model.bn_params)
    true = _claiming(solver.model, shares)
    true.train_acc_history[:2] = [0.1, 0.1]
    assert "hardly better than untrained" in _doubt(true)


def test_a_network_trained_on_the_validation_images_is_doubted() -> None:
    solver = _fitted(1, on="val")
    solver.train_acc_history[-1] = 1.0
    assert "as well as its history says" in _doubt(solver)


def test_best_accuracies_that_no_network_gave_are_doubted() -> None:
    solver = _claiming(_fitted(1).model, [0.5, 0.1])
    solver.train_acc_history[1] = 1.0
    _dull(solver)
    assert "the best accuracies" in _doubt(solver, least=0.0)


def _dull(solver: SimpleNamespace) -> None:
    """Take so much from the network that the end of its history is all it gives."""
    half = np.random.default_rng(7).standard_normal(solver.last_params["W2"].shape)
    for share in np.linspace(0, 3, 300):
        params = {**solver.last_params, "W2": solver.last_params["W2"] + share * half}
        if _shares(params, solver.model.bn_params)[0] <= 0.55:
            solver.last_params = params
            return
    raise AssertionError("the network stayed too good")


def test_one_network_under_two_names_is_doubted() -> None:
    first = _fitted(1)
    second = copy.deepcopy(first)
    second.last_params["W1"] = second.last_params["W1"] * (1 + 1e-3)
    assert "the same network" in _doubt(first, second)
    assert not _doubt(first, _fitted(2))


def test_of_many_networks_some_come_along_and_all_of_these_are_tried() -> None:
    solvers = [_fitted(seed) for seed in range(20)]
    sent = packed("x", solvers)
    assert len(set(sent["x_layout"][:, 0])) == 8
    assert not _doubt(*solvers)
    _random(solvers[-1])
    assert "as well as its history says" in _doubt(*solvers)


def test_without_the_images_nothing_is_borne_out() -> None:
    assert "not known here" in _doubt(_fitted(1), known={})


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param(np.tile([[0, 0, 0, 0, 0]], (1_000_000, 1)), id="arrays"),
        pytest.param([[number, 0, 0, 1, 1] for number in range(300)], id="networks"),
        pytest.param([[0, 0, 0, 1, 1_000_000]], id="wide"),
        pytest.param([[0, 0, layer, 1, 8_000] for layer in range(13)], id="nodes"),
        pytest.param([[0, 1, layer, 1, 8_000] for layer in range(13)], id="nodes by their biases"),
        pytest.param([[0, 0, 0, 2**62, 0]], id="empty"),
    ],
)
def test_networks_of_more_than_any_experiment_are_not_tried(layout: Any) -> None:
    sent = packed("x", [_fitted(0)])
    assert networks(sent, "x")
    more = {"x_layout": np.array(layout, dtype=np.int64), "x_values": np.zeros(1_000_000, np.float16)}
    assert networks({**sent, **more}, "x") == {}


def test_networks_of_more_values_than_any_experiment_are_not_tried() -> None:
    sent = packed("x", [_fitted(0)])
    assert networks({**sent, "x_values": np.zeros(20_000_000, np.float16)}, "x") == {}


WIDTHS = (12, 7, 9, 10)


def _drawn(seed: int) -> tuple[list[dict[str, Any]], dict[str, Any], tuple[Running, ...]]:
    """A network with random parameters and averages: as a judge reads it, and as the reference takes it."""
    rng = np.random.default_rng(seed)
    layers, params, averages = [], {}, []
    for number, (inputs, outputs) in enumerate(itertools.pairwise(WIDTHS), start=1):
        layer = {"W": rng.standard_normal((inputs, outputs)), "b": rng.standard_normal(outputs)}
        if number < len(WIDTHS) - 1:
            layer |= {"gamma": rng.uniform(0.5, 2, outputs), "beta": rng.standard_normal(outputs)}
            averages.append(Running(rng.standard_normal(outputs), rng.uniform(0.5, 20, outputs)))
            params |= {f"gamma{number}": layer["gamma"], f"beta{number}": layer["beta"]}
        params |= {f"W{number}": layer["W"], f"b{number}": layer["b"]}
        layers.append(layer | {"mean": averages[-1].mean, "var": averages[-1].var})
    return layers, params, tuple(averages)


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_the_reference_in_each_way_to_normalize(seed: int) -> None:
    layers, params, averages = _drawn(seed)
    before = copy.deepcopy((layers, KNOWN["X_train"]))
    X = KNOWN["X_train"]
    by_batch = FullyConnectedNet(layers=3, normalization="batchnorm")
    by_row = FullyConnectedNet(layers=3, normalization="layernorm")
    wanted = {
        "running": by_batch.scores(params, X, averages),
        "batch": by_batch.scores(params, X, averages, batch_statistics=True),
        "row": by_row.scores(params, X),
    }
    for way, true in wanted.items():
        np.testing.assert_allclose(scores(layers, X, len(X), way), true, rtol=1e-11, atol=1e-11)
    np.testing.assert_equal((layers, KNOWN["X_train"]), before)
    settings = [2, 50, 100, 100, 40, 4, 3, 3, 0.3, 1.0]
    shares = [train for train, _ in accuracies(layers, settings, KNOWN)]
    assert shares == [np.mean(true.argmax(axis=1) == KNOWN["y_train"]) for true in wanted.values()]


def test_the_first_rows_are_the_batch_that_others_are_normalized_by() -> None:
    layers, _, _ = _drawn(0)
    X = np.concatenate([KNOWN["X_train"], KNOWN["X_val"] + 7])
    together = scores(layers, X, len(KNOWN["X_train"]), "batch")
    alone = scores(layers, KNOWN["X_train"], len(KNOWN["X_train"]), "batch")
    np.testing.assert_allclose(together[: len(alone)], alone, rtol=1e-12, atol=1e-12)


def _averages_moved(solver: SimpleNamespace, lower: float, upper: float) -> float:
    """Move the running averages until they give so much less on training images than the batch; return the share that they give."""
    settings = [2, 50, 100, 100, 40, 4, 3, 3, 0.3, 1.0]
    mean, state = solver.model.bn_params[0]["running_mean"], solver.model.bn_params[0]
    off = np.random.default_rng(9).standard_normal(mean.shape)
    for share in np.linspace(0, 30, 600):
        state["running_mean"] = mean + share * off
        sent = {name: np.asarray(value) for name, value in packed("x", [solver]).items()}
        (by_averages, _), (by_batch, _), *_ = accuracies(networks(sent, "x")[0], settings, KNOWN)
        if lower <= by_batch - by_averages < upper:
            return by_averages
    raise AssertionError("the averages never were so much worse")


def test_a_network_that_falls_short_by_its_averages_may_not_by_the_batch() -> None:
    solver = _fitted(1)
    share = _averages_moved(solver, 0.02, 0.045)
    assert not _doubt(solver, least=share + 0.015)


def test_validation_images_count_in_the_way_that_is_best_on_training_images() -> None:
    """Where they count: of two ways that fit, the one that is better on training images is taken for the network's own."""
    for seed in range(60):
        solver = _fitted(seed)
        _averages_moved(solver, 0.005, 0.05)
        sent = {name: np.asarray(value) for name, value in packed("x", [solver]).items()}
        settings = [2, 50, 100, 100, 40, 4, 3, 3, 0.3, 1.0]
        (_, first), (_, second), *_ = accuracies(networks(sent, "x")[0], settings, KNOWN)
        if 0.03 <= first - second < 0.1:
            solver.val_acc_history[-1] = solver.best_val_acc = max(first, 0.2)
            assert "the best accuracies" in _doubt(solver, slip_val=0.01)
            assert not _doubt(solver)
            return
    raise AssertionError("no network was better on validation images by its averages")
