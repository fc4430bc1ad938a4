"""The notebook's figures, and what its printed objectives say about its network."""

from pathlib import Path

import numpy as np
import pytest

from reference.conventions import tufts as course
from reference.gradients import numerical_gradient


def notebook_bn_param(mode="train", features=1):
    return {
        "mode": mode,
        "eps": 1e-4,
        "momentum": 0.95,
        "running_mean": np.zeros([1, features]),
        "running_var": np.ones([1, features]),
    }


def test_simple_example_gives_the_notebook_figures():
    xtrain, bn_param = np.array([[10], [20], [30]]), notebook_bn_param()
    out = course.batchnorm_forward(xtrain, np.ones([1]), np.zeros([1]), bn_param)
    assert isinstance(out, np.ndarray)  # the output alone
    assert out.mean() == pytest.approx(0, abs=1e-15)
    assert out.std() == pytest.approx(1, abs=1e-5)
    assert bn_param["running_mean"] == pytest.approx(1.0)
    assert bn_param["running_var"] == pytest.approx(4.28333333, abs=1e-8)
    for _ in range(1000):
        course.batchnorm_forward(xtrain, np.ones([1]), np.zeros([1]), bn_param)
    assert bn_param["running_mean"] == pytest.approx(20)
    assert bn_param["running_var"] == pytest.approx(66.66666667, abs=1e-8)
    assert bn_param["running_var"].shape == (1, 1)
    bn_param["mode"] = "test"
    tested = course.batchnorm_forward(np.array([[25]]), np.ones([1]), np.zeros([1]), bn_param)
    assert tested == pytest.approx(0.61237198, abs=5e-9)
    # The notebook's own output, 0.61237244, is what comes without eps: eight decimals tell the two apart.
    assert tested != pytest.approx(0.61237244, abs=5e-9)
    assert pytest.approx(0.61237244, abs=5e-9) == 5 / np.sqrt(200 / 3)


def test_batchnorm_forward_applies_gamma_and_beta_in_both_modes_and_test_mode_keeps_statistics():
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.standard_normal((9, 3)), rng.standard_normal(3), rng.standard_normal(3)
    bn_param = notebook_bn_param(features=3)
    out = course.batchnorm_forward(x, gamma, beta, bn_param)
    np.testing.assert_allclose(out.mean(axis=0), beta, atol=1e-12)
    mean, var = bn_param["running_mean"].copy(), bn_param["running_var"].copy()
    assert mean.shape == var.shape == (1, 3)
    bn_param["mode"] = "test"
    out = course.batchnorm_forward(x, gamma, beta, bn_param)
    np.testing.assert_allclose(out, gamma * (x - mean) / np.sqrt(var + 1e-4) + beta, rtol=1e-12)
    np.testing.assert_array_equal(bn_param["running_mean"], mean)


def test_batchnorm_forward_rejects_another_mode():
    with pytest.raises(ValueError, match='mode is \'eval\', expected "train" or "test"'):
        course.batchnorm_forward(np.ones((2, 1)), np.ones(1), np.zeros(1), notebook_bn_param("eval"))


def problem():
    rng = np.random.default_rng(3)
    y = np.arange(40) % 3
    return 5 + rng.standard_normal((3, 6))[y] + 0.3 * rng.standard_normal((40, 6)), y


@pytest.mark.parametrize("use_bn", [False, True])
def test_one_step_is_gradient_descent_on_the_summed_objective(use_bn):
    x, y = problem()
    np.random.seed(0)
    net = course.FullyConnectedNet(6, [5, 4], 3, weight_scale=0.5, centering_data=True, use_bn=use_bn)
    start = {kind: [array.copy() for array in arrays] for kind, arrays in net.params.items()}

    def objective(kind, i, value):
        """The definition, written out: batch statistics, summed cross-entropy, reg * sum(W * W)."""
        params = {k: list(arrays) for k, arrays in start.items()}
        params[kind][i] = value
        out = (x - x.mean(axis=0))[:8]
        for layer, (w, b) in enumerate(zip(params["W"], params["b"], strict=True)):
            out = out @ w + b
            if layer < 2:
                if use_bn:
                    out = (out - out.mean(axis=0)) / np.sqrt(out.var(axis=0) + 1e-4)
                    out = params["gamma"][layer] * out + params["beta"][layer]
                out = np.maximum(out, 0)
        log_p = out - np.log(np.exp(out).sum(axis=1, keepdims=True))
        return -log_p[range(8), y[:8]].sum() + 0.1 * sum((w**2).sum() for w in params["W"])

    history = net.train(x, y, x, y, learning_rate=1e-3, reg=np.float32(0.1), num_iters=1, batch_size=8)
    assert history["objective_history"][0] == pytest.approx(
        objective("W", 0, start["W"][0]), rel=1e-7
    )  # 0.1 is a float32
    for kind, arrays in start.items():
        for i, array in enumerate(arrays):
            gradient = numerical_gradient(lambda value, k=kind, j=i: objective(k, j, value), array)
            np.testing.assert_allclose(net.params[kind][i], array - 1e-3 * gradient, atol=1e-9)


def test_parameters_start_as_the_course_says():
    np.random.seed(7)
    net = course.FullyConnectedNet(6, [5, 4], 3, use_bn=True)
    np.random.seed(7)
    np.testing.assert_allclose(net.params["W"][0], np.sqrt(2 / 6) * np.random.randn(6, 5))
    np.testing.assert_allclose(
        net.params["W"][1], np.sqrt(2 / 6) * np.random.randn(5, 4)
    )  # the same scale in all layers
    assert {float(b) for bias in net.params["b"] for b in bias} == {0.01}
    assert [gamma.shape for gamma in net.params["gamma"]] == [(5,), (4,)]
    assert net.bn_params[1]["running_var"].shape == (1, 4)
    assert course.FullyConnectedNet(6, [5], 3).params["gamma"] == []


def test_weight_scale_reaches_every_layer():
    np.random.seed(7)
    small = course.FullyConnectedNet(6, [5], 3, weight_scale=1e-4)
    assert max(np.abs(w).max() for w in small.params["W"]) < 1e-3


def test_histories_have_the_documented_lengths():
    x, y = problem()
    np.random.seed(1)
    net = course.FullyConnectedNet(6, [8], 3, centering_data=True, use_bn=True)
    history = net.train(
        x, y, x, y, learning_rate=1e-2, num_iters=60, batch_size=15
    )  # 40 rows: 2 iterations per epoch
    assert {key: len(values) for key, values in history.items()} == {
        "objective_history": 60,
        "train_acc_history": 30,
        "val_acc_history": 30,
    }
    assert history["val_acc_history"][-1] > 0.9
    np.testing.assert_array_equal(net.predict(x[:5]), y[:5])


def test_batches_start_where_the_course_says_and_end_with_the_rows():
    x, y = problem()
    net = course.FullyConnectedNet(6, [8], 3, weight_scale=0.0)  # all classes equally likely: ln 3 a row
    history = net.train(x, y, x, y, learning_rate=0.0, reg=0.0, num_iters=6, batch_size=16)
    # They start at 0, 16, 32, 48 - 40, 24, 40 - 40; the one at 32 has only eight rows left.
    np.testing.assert_allclose(history["objective_history"], np.log(3) * np.array([16, 16, 8, 16, 16, 16]))


def test_learning_rate_decays_after_each_epoch():
    x, y = problem()
    runs = {}
    for decay in (1.0, 0.0):
        np.random.seed(2)
        net = course.FullyConnectedNet(6, [8], 3)
        net.train(x, y, x, y, learning_rate=1e-2, learning_rate_decay=decay, num_iters=4, batch_size=20)
        runs[decay] = net.params["W"][0]
        np.random.seed(2)
        two = course.FullyConnectedNet(6, [8], 3)
        two.train(x, y, x, y, learning_rate=1e-2, num_iters=2, batch_size=20)
    np.testing.assert_array_equal(
        runs[0.0], two.params["W"][0]
    )  # a rate of zero after the first epoch of two steps
    assert not np.array_equal(runs[1.0], runs[0.0])


def test_dropout_acts_in_training_only_and_only_if_asked_for():
    x, y = problem()
    objectives = {}
    for use, keep in ((False, 0.5), (True, 0.5), (True, 1.0)):
        np.random.seed(4)
        net = course.FullyConnectedNet(6, [50], 3, weight_scale=0.5, use_dropout=use)
        objectives[use, keep] = net.train(x, y, x, y, keep_prob=keep, num_iters=1, batch_size=40)[
            "objective_history"
        ][0]
        np.testing.assert_array_equal(net.predict(x), net.predict(x))
    assert objectives[False, 0.5] == objectives[True, 1.0] != objectives[True, 0.5]


def test_verbose_reports_every_hundredth_objective(caplog):
    caplog.set_level("INFO")
    x, y = problem()
    course.FullyConnectedNet(6, [5], 3).train(x, y, x, y, num_iters=101, batch_size=20, verbose=True)
    assert "iteration 0 / 101: objective " in caplog.text
    assert caplog.text.count("iteration ") == 2


def test_published_objectives_come_out_on_the_cifar10_subset(cifar10_folder):
    """The notebook prints 232.34, 58.29 and 5.66 (iterations 0, 100, 200), for other draws and the full set's mean image."""
    if not Path(cifar10_folder).name.startswith("cifar-10"):
        pytest.skip("the figures are of the real images")
    data = course.get_CIFAR10_data(folder=cifar10_folder)
    x, y = data["X_train"][:1000].reshape(1000, -1), data["y_train"][:1000]
    np.random.seed(15009)
    net = course.FullyConnectedNet(3072, [100] * 5, 10, centering_data=True, use_bn=True)
    history = net.train(
        x, y, x[:100], y[:100], learning_rate=5e-4, reg=np.float32(0.01), num_iters=201, batch_size=100
    )
    first, hundredth, last = (history["objective_history"][i] for i in (0, 100, 200))
    assert first == pytest.approx(232.335617, abs=1.5)
    assert hundredth == pytest.approx(58.288155, abs=8)
    assert last == pytest.approx(5.658176, abs=1)
