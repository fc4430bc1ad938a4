"""Wrong variants by hand: two numbers, 1 and 3, whose mean is 2 and whose variance is 1."""

import numpy as np
import pytest

from reference import dropout, losses, networks, normalization, optim, schedules
from reference.conventions import cs231n, kth, tufts, udacity
from reference.misconceptions import CATALOGUE, applied

BY_ID = {entry.id: entry for entry in CATALOGUE}
X = np.array([[1.0], [3.0]])
GAMMA, BETA = np.array([2.0]), np.array([10.0])
MEAN, VAR = np.array([4.0]), np.array([9.0])


def train(**terms):
    return normalization.batchnorm_forward(
        X, GAMMA, BETA, MEAN, VAR, **{"eps": 0.0, "momentum": 0.75, **terms}
    )


@pytest.mark.parametrize(
    ("name", "terms", "out", "mean", "var"),
    [
        pytest.param(None, {}, [8, 12], 3.5, 7, id="right"),
        ("variance_corrected_twice", {}, [10 - 8**0.5, 10 + 8**0.5], 3.5, 6.875),
        ("variance_about_zero", {}, [10 - 2 / 5**0.5, 10 + 2 / 5**0.5], 3.5, 8),
        ("eps_missing", {"eps": 3.0}, [8, 12], 3.5, 7),
        ("eps_outside_root", {"eps": 3.0}, [9.5, 10.5], 3.5, 7),
        ("momentum_swapped", {}, [8, 12], 2.5, 3),
        ("running_is_last_batch", {}, [8, 12], 2, 1),
        ("running_never_stored", {}, [8, 12], 4, 9),
        ("running_sum", {}, [8, 12], 5, 7.75),
        ("running_variance_unbiased", {}, [8, 12], 3.5, 7.25),
        ("running_standard_deviation", {}, [8, 12], 3.5, 7),
        ("gamma_ignored", {}, [9, 11], 3.5, 7),
        ("beta_ignored", {}, [-2, 2], 3.5, 7),
        ("gamma_and_beta_swapped", {}, [-8, 12], 3.5, 7),
        ("shift_before_scale", {}, [18, 22], 3.5, 7),
        ("not_centred", {}, [12, 16], 3.5, 7),
    ],
)
def test_training_mode(name, terms, out, mean, var):
    with applied([BY_ID[f"batchnorm_forward.{name}"]] if name else []):
        step = train(**terms)
    np.testing.assert_allclose(step.out.ravel(), out)
    np.testing.assert_allclose([step.running_mean[0], step.running_var[0]], [mean, var])


@pytest.mark.parametrize(
    ("name", "out"),
    [
        pytest.param(None, [10 - 6 / 5, 10 - 2 / 5], id="right"),
        ("eps_missing", [8, 10 - 2 / 3]),
        ("eps_outside_root", [10 - 6 / 19, 10 - 2 / 19]),
        ("gamma_and_beta_ignored", [-0.6, -0.2]),
        ("divides_by_variance", [10 - 6 / 25, 10 - 2 / 25]),
        ("not_centred", [10.4, 11.2]),
        ("batch_statistics", [10 - 2 / 17**0.5, 10 + 2 / 17**0.5]),
    ],
)
def test_test_mode(name, out):
    with applied([BY_ID[f"batchnorm_inference.{name}"]] if name else []):
        got = normalization.batchnorm_inference(X, GAMMA, BETA, MEAN, VAR, eps=16.0)
    np.testing.assert_allclose(got.ravel(), out)


def test_test_mode_that_moves_the_running_averages():
    bn_param = {"mode": "test", "running_mean": MEAN, "running_var": VAR, "momentum": 0.75}
    with applied([BY_ID["batchnorm_inference.updates_running"]]):
        cs231n.batchnorm_forward(X, GAMMA, BETA, bn_param)
    np.testing.assert_allclose([bn_param["running_mean"][0], bn_param["running_var"][0]], [3.5, 7])


def test_running_averages_that_start_as_the_first_batch():
    zero = np.zeros(1)
    with applied([BY_ID["batchnorm_forward.running_started_by_first_batch"]]):
        step = normalization.batchnorm_forward(X, GAMMA, BETA, zero, zero, momentum=0.75)
        assert (step.running_mean[0], step.running_var[0]) == (2, 1)
        assert train().running_mean[0] == 3.5


def test_momentum_whose_velocity_is_subtracted():
    zero, one, two = np.zeros(1), np.ones(1), np.full(1, 2.0)
    assert optim.momentum(zero, one, two, learning_rate=0.5, decay=0.5) == (0.5, 0.5)
    with applied([BY_ID["momentum.velocity_subtracted"]]):
        assert optim.momentum(zero, one, two, learning_rate=0.5, decay=0.5) == (-1.5, 1.5)


def test_test_mode_that_moves_the_running_averages_and_uses_them():
    bn_param = {"mode": "test", "running_mean": MEAN, "running_var": VAR, "momentum": 0.75, "eps": 0.0}
    with applied([BY_ID["batchnorm_inference.updates_running_first"]]):
        out, _ = cs231n.batchnorm_forward(X, GAMMA, BETA, bn_param)
    np.testing.assert_allclose([bn_param["running_mean"][0], bn_param["running_var"][0]], [3.5, 7])
    np.testing.assert_allclose(out.ravel(), [10 - 5 / 7**0.5, 10 - 1 / 7**0.5])


@pytest.mark.parametrize(
    ("name", "mean", "var"),
    [("mean_of_all", [4, 4], [5, 8]), ("variance_of_all", [2, 6], [2.5, 2.5])],
)
def test_one_statistic_for_all_features(name, mean, var):
    x, zeros, ones = np.array([[1.0, 4.0], [3.0, 8.0]]), np.zeros(2), np.ones(2)
    with applied([BY_ID[f"batchnorm_forward.{name}"]]):
        cache = normalization.batchnorm_forward(x, ones, zeros, zeros, ones).cache
    np.testing.assert_allclose([cache.mean, cache.var], [mean, var])


def test_rmsprop_with_epsilon_inside_the_root():
    with applied([BY_ID["rmsprop.eps_inside_root"]]):
        new, _ = optim.rmsprop(
            np.zeros(1), np.full(1, 2.0), np.zeros(1), learning_rate=1, decay=0, epsilon=5.0
        )
    np.testing.assert_allclose(new, -2 / 3)  # the root of 4 + 5


@pytest.mark.parametrize(
    ("name", "step"),
    [
        (None, 1),
        ("no_bias_correction", 2.5),
        ("only_first_corrected", 5),
        ("only_second_corrected", 0.5),
        ("corrected_with_beta1", 1 / 0.08**0.5),
        ("corrected_with_beta2", 12.5),
    ],
)
def test_adam_with_parts_of_its_bias_correction(name, step):
    zero = np.zeros(1)
    terms = {"learning_rate": 1, "beta1": 0.5, "beta2": 0.96, "epsilon": 0}
    with applied([BY_ID[f"adam.{name}"]] if name else []):
        new, *_ = optim.adam(zero, np.ones(1), zero, zero, 0, **terms)
    np.testing.assert_allclose(new, -step)  # moments 0.5 and 0.04; corrected, 1 and 1


def test_softmax_loss_that_is_a_sum():
    scores, y = np.zeros((3, 4)), np.zeros(3, dtype=int)
    with applied([BY_ID["softmax_loss.summed"]]):
        loss, gradient = losses.softmax_loss(scores, y)
    np.testing.assert_allclose(loss, 3 * np.log(4))
    np.testing.assert_allclose(gradient[0], [-0.25, 1 / 12, 1 / 12, 1 / 12])


@pytest.mark.parametrize("name", [None, "sums_of_columns", "over_columns"])
def test_softmax_loss_over_the_other_axis(name):
    scores, y = np.log([[1.0, 1.0], [1.0, 3.0]]), np.array([0, 1])
    with applied([BY_ID[f"softmax_loss.{name}"]] if name else []):
        loss, gradient = losses.softmax_loss(scores, y)
    # Each row's largest taken off first: 1, 1 and 1/3, 1, whose columns add up to 4/3 and 2.
    probabilities = {
        None: [[1 / 2, 1 / 2], [1 / 4, 3 / 4]],
        "sums_of_columns": [[3 / 4, 1 / 2], [1 / 4, 1 / 2]],
        "over_columns": [[1 / 2, 1 / 4], [1 / 2, 3 / 4]],
    }[name]
    np.testing.assert_allclose(2 * gradient + np.eye(2), probabilities)
    np.testing.assert_allclose(loss, -np.mean(np.log(np.diag(probabilities))))


def test_dropout_in_test_mode():
    np.random.seed(0)
    with applied([BY_ID["dropout_forward.masked_in_test_mode"]]):
        out, _ = cs231n.dropout_forward(np.ones((40, 40)), {"mode": "test", "p": 0.75})
    assert set(np.unique(out)) == {0.0, 4.0}


def test_dropout_with_the_other_convention():
    with applied([BY_ID["dropout_forward.p_read_as_drop"]]):
        out, _ = dropout.dropout_forward(np.ones((100, 100)), keep=0.75, rng=np.random.default_rng(0))
    assert abs(np.mean(out == 4) - 0.25) < 0.03


def test_a_penalty_that_skips_the_last_layer():
    net = networks.FullyConnectedNet(layers=2, reg=2.0)
    params = {"W1": np.zeros((1, 1)), "b1": np.zeros(1), "W2": np.full((1, 2), 3.0), "b2": np.zeros(2)}
    x, y = np.ones((1, 1)), np.zeros(1, dtype=int)
    right = net.loss(params, x, y).loss
    with applied([BY_ID["FullyConnectedNet.penalty_skips_last_layer"]]):
        step = net.loss(params, x, y)
    np.testing.assert_allclose(right - step.loss, 18)  # 0.5 * 2 * (9 + 9)
    np.testing.assert_allclose(step.gradients["W2"], 0)


def test_a_schedule_one_step_ahead():
    terms = {"eta_min": 1.0, "eta_max": 3.0, "n_s": 2}
    with applied([BY_ID["cyclical_learning_rate.one_step_ahead"]]):
        rates = [schedules.cyclical_learning_rate(step, **terms) for step in range(4)]
    np.testing.assert_allclose(rates, [2, 3, 2, 1])


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        pytest.param(None, 1, id="right"),
        ("variance_n_minus_1", 2),
        ("variance_about_zero", 5),
        ("variance_not_averaged", 2),
        ("standard_deviation", 1),
    ],
)
def test_moments_of_the_lesson_and_what_is_normalized_with_them(name, variance):
    with applied([BY_ID[f"moments.{name}"]] if name else []):
        _, found = udacity.moments(X, [0])
        out = udacity.batch_norm_training(X, GAMMA, BETA, pop_mean=MEAN, pop_variance=VAR, epsilon=0.0)[0]
    np.testing.assert_allclose(found, [variance])
    np.testing.assert_allclose(out.ravel(), 10 + 2 * np.array([-1, 1]) / variance**0.5)


def test_moments_with_n_minus_1_count_all_rows_and_positions():
    maps = np.arange(8.0).reshape(2, 2, 2, 1)
    with applied([BY_ID["moments.variance_n_minus_1"]]):
        _, found = udacity.moments(maps, [0, 1, 2])
    np.testing.assert_allclose(found, [6.0])  # 42 / 7


def kth_network(**settings):
    """One unit with score x, two classes; moving mean 4, moving variance 9."""
    net = kth.BNN([(1, 1), (1, 2)], alpha=0.75, **settings)
    net.W, net.b = [np.ones((1, 1)), np.array([[1.0], [0.0]])], [np.zeros((1, 1)), np.zeros((2, 1))]
    for kind, value in ((net.gamma, 2.0), (net.beta, 10.0), (net.muMA, 4.0), (net.vaMA, 9.0)):
        kind[0] = np.full((1, 1), value)
    return net


@pytest.mark.parametrize(
    ("name", "mean", "variance"),
    [
        pytest.param(None, 3.5, 7, id="right"),
        ("moving_averages_summed", 5, 7.75),
        ("moving_averages_swapped", 2.5, 3),
        ("moving_averages_overwritten", 2, 1),
        ("moving_variance_never_moved", 3.5, 9),
        ("moving_variance_of_deviations", 3.5, 7),
        ("alpha_hard_coded", 3.8, 8.2),
    ],
)
def test_moving_averages_of_columns(name, mean, variance):
    net = kth_network()
    with applied([BY_ID[f"BNN.{name}"]] if name else []):
        net.evaluateClassifier(X.T)
    np.testing.assert_allclose([net.muMA[0].item(), net.vaMA[0].item()], [mean, variance])


@pytest.mark.parametrize(
    ("name", "logit"),
    [
        pytest.param(None, 8.0, id="right"),
        ("testing_without_scale", 9.0),
        ("testing_without_shift", 0.0),
        ("testing_without_scale_and_shift", 0.0),
    ],
)
def test_testing_by_moving_averages(name, logit):
    with applied([BY_ID[f"BNN.{name}"]] if name else []):
        p = kth_network().evaluateClassifier(np.array([[1.0]]), training=False)[0]
    np.testing.assert_allclose(
        np.log(p[0, 0] / p[1, 0]), logit, atol=1e-9
    )  # 10 - 2 * (4 - 1) / 3, cut at zero


def test_softmax_over_rows():
    with applied([BY_ID["softMax.over_rows"]]):
        np.testing.assert_allclose(kth.softMax(np.zeros((3, 2))), 1 / 2)


def test_softmax_over_all_entries():
    scores = np.log([[1.0, 2.0], [3.0, 2.0]])
    with applied([BY_ID["softMax.over_all"]]):
        np.testing.assert_allclose(kth.softMax(scores), np.exp(scores) / 8)
    with applied([BY_ID["softMax.summed_over_all"]]):  # each column's largest is taken off: 1/3, 1 and 1, 1
        np.testing.assert_allclose(kth.softMax(scores), np.array([[1 / 3, 1], [1, 1]]) / (10 / 3))


@pytest.mark.parametrize(
    ("name", "objective"),
    [
        pytest.param(None, 2 * np.log(2) + 6.0, id="right"),
        ("penalty_with_half", 2 * np.log(2) + 3.0),
        ("objective_averaged", np.log(2) + 6.0),
    ],
)
def test_objective_of_the_tufts_network(name, objective):
    model = tufts.FullyConnectedNet(1, [1], 2)
    model.params["W"] = [
        np.array([[3.0]]),
        np.array([[-1.0, -1.0]]) * 3**0.5 / 2**0.5,
    ]  # squares add up to 12
    model.params["b"] = [np.array([-100.0]), np.zeros(2)]  # the unit is dead, so that classes are alike
    terms = {"learning_rate": 0.0, "reg": 0.5, "num_iters": 1, "batch_size": 2}
    with applied([BY_ID[f"FullyConnectedNet.{name}"]] if name else []):
        history = model.train(X, np.array([0, 1]), X, np.array([0, 1]), **terms)
    np.testing.assert_allclose(history["objective_history"], [objective])
