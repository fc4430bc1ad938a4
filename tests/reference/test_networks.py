"""Fully connected networks: composition by hand, gradients by central differences for every combination of settings."""

import itertools

import numpy as np
import pytest

from reference.gradients import numerical_gradient
from reference.losses import softmax_loss
from reference.networks import FullyConnectedNet, Running, initial_params, initial_running

WIDTHS = [5, 7, 4, 3]  # unequal, so that no transposed size passes


def problem(normalized, seed=0, **settings):
    rng = np.random.default_rng(seed)
    params = initial_params(
        WIDTHS, lambda i, o: 0.5 * rng.standard_normal((i, o)), normalized=normalized, **settings
    )
    params = {name: array + 0.1 * rng.standard_normal(array.shape) for name, array in params.items()}
    return params, rng.standard_normal((6, 5)), rng.integers(3, size=6)


@pytest.mark.parametrize(
    ("normalization", "activation", "keep", "reduction", "bias"),
    list(
        itertools.product(
            [None, "batchnorm", "layernorm"], ["relu", "sigmoid"], [1.0, 0.6], ["mean", "sum"], [True, False]
        )
    ),
)
def test_gradients_match_numerical_ones(normalization, activation, keep, reduction, bias):
    params, x, y = problem(normalization is not None, bias_before_norm=bias)
    net = FullyConnectedNet(
        layers=3, normalization=normalization, activation=activation, keep=keep, reg=0.7, reduction=reduction
    )
    running = initial_running(WIDTHS, var=1.0) if normalization == "batchnorm" else ()
    step = net.loss(params, x, y, running, rng=np.random.default_rng(1))
    assert step.gradients.keys() == params.keys()

    def loss_with(name, value):
        return net.loss(params | {name: value}, x, y, running, rng=np.random.default_rng(1)).loss

    for name, gradient in step.gradients.items():
        numerical = numerical_gradient(lambda value, name=name: loss_with(name, value), params[name])
        np.testing.assert_allclose(gradient, numerical, rtol=1e-5, atol=1e-7, err_msg=name)


def test_plain_network_by_hand():
    params = {
        "W1": np.array([[1.0, -1.0]]),
        "b1": np.array([0.0, 1.0]),
        "W2": np.array([[1.0, 0.0], [0.0, 2.0]]),
        "b2": np.array([0.5, 0.0]),
    }
    net = FullyConnectedNet(layers=2, reg=0.5)
    x = np.array([[2.0], [-1.0]])
    # hidden: (2, -1) -> (2, 0); (-1, 2) -> (0, 2)
    np.testing.assert_array_equal(net.scores(params, x), [[2.5, 0], [0.5, 4]])
    data_loss, _ = softmax_loss(np.array([[2.5, 0], [0.5, 4]]), np.array([0, 1]))
    step = net.loss(params, x, np.array([0, 1]))
    assert step.loss == pytest.approx(data_loss + 0.25 * (1 + 1 + 1 + 4), rel=1e-15)
    summed = FullyConnectedNet(layers=2, reg=0.5, reduction="sum").loss(params, x, np.array([0, 1]))
    assert summed.loss == pytest.approx(2 * data_loss + 0.25 * 7, rel=1e-15)


def test_normalization_comes_before_the_activation_and_never_last():
    x = np.array([[1.0], [3.0]])  # mean 2, variance 1
    params = {
        "W1": np.ones((1, 1)),
        "gamma1": np.array([2.0]),
        "beta1": np.array([1.0]),
        "W2": np.array([[10.0]]),
        "b2": np.array([0.5]),
    }
    net = FullyConnectedNet(layers=2, normalization="batchnorm", eps=0.0, momentum=0.5)
    running = (Running(np.array([1.0]), np.array([4.0])),)
    step = net.loss(params, x, np.array([0, 0]), running)
    np.testing.assert_array_equal(step.running[0].mean, [1.5])
    np.testing.assert_array_equal(step.running[0].var, [2.5])
    # by running averages: 2 * (x - 1) / 2 + 1 = 1, 3; by the batch: 2 * (-1, 1) + 1 = -1, 3, cut to 0, 3
    np.testing.assert_array_equal(net.scores(params, x, running), [[10.5], [30.5]])
    np.testing.assert_array_equal(net.scores(params, x, running, batch_statistics=True), [[0.5], [30.5]])


def test_batch_statistics_of_single_rows_give_one_guess_for_every_input():
    params, x, _ = problem(True)
    net = FullyConnectedNet(layers=3, normalization="batchnorm")
    running = initial_running(WIDTHS, var=1.0)
    alone = [net.scores(params, row[None], running, batch_statistics=True) for row in x]
    assert all(np.array_equal(scores, alone[0]) for scores in alone)
    proper = [net.scores(params, row[None], running) for row in x]
    assert not any(np.allclose(scores, proper[0]) for scores in proper[1:])


def test_loss_is_deterministic_and_leaves_its_inputs():
    params, x, y = problem(True)
    net = FullyConnectedNet(layers=3, normalization="batchnorm", keep=0.5)
    running = initial_running(WIDTHS, var=0.0)
    before = {name: array.copy() for name, array in params.items()}
    first = net.loss(params, x, y, running, rng=np.random.default_rng(2))
    second = net.loss(params, x, y, running, rng=np.random.default_rng(2))
    assert first.loss == second.loss
    assert all(np.array_equal(params[name], before[name]) for name in params)
    assert all(not average.any() for layer in running for average in layer)


def test_scores_have_no_dropout():
    params, x, _ = problem(False)
    kept, dropped = FullyConnectedNet(layers=3), FullyConnectedNet(layers=3, keep=0.1)
    np.testing.assert_array_equal(kept.scores(params, x), dropped.scores(params, x))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": 0}, "layers is 0"),
        (
            {"layers": 2, "normalization": "groupnorm"},
            "normalization is 'groupnorm', expected batchnorm, layernorm or None",
        ),
        ({"layers": 2, "activation": "tanh"}, "activation is 'tanh', expected one of relu, sigmoid"),
        ({"layers": 2, "keep": 0.0}, "keep is 0.0"),
        ({"layers": 2, "reduction": "max"}, "reduction is 'max'"),
    ],
)
def test_settings_that_no_network_has_are_rejected(settings, message):
    with pytest.raises(ValueError, match=message):
        FullyConnectedNet(**settings)


def test_missing_running_averages_and_generator_are_named():
    params, x, y = problem(True)
    with pytest.raises(
        ValueError, match="0 running averages for 2 normalised layers; start from initial_running"
    ):
        FullyConnectedNet(layers=3, normalization="batchnorm").scores(params, x)
    with pytest.raises(ValueError, match=r"keep is 0\.5, so pass rng="):
        FullyConnectedNet(layers=3, keep=0.5).loss(params, x, y)


def test_initial_params_have_the_stated_names_shapes_and_values():
    drawn = []

    def weights(fan_in, fan_out):
        drawn.append((fan_in, fan_out))
        return np.full((fan_in, fan_out), 0.5)

    params = initial_params([4, 3, 2], weights, normalized=True, bias_before_norm=False, dtype=np.float32)
    assert drawn == [(4, 3), (3, 2)]
    assert {name: array.shape for name, array in params.items()} == {
        "W1": (4, 3),
        "gamma1": (3,),
        "beta1": (3,),
        "W2": (3, 2),
        "b2": (2,),
    }
    assert params["gamma1"].all()
    assert not params["beta1"].any()
    assert {array.dtype for array in params.values()} == {np.dtype(np.float32)}
    assert "b1" in initial_params([4, 3, 2], weights)
    with pytest.raises(ValueError, match=r"widths are \[4\]"):
        initial_params([4], weights)


def test_initial_running_starts_where_the_course_says():
    first, second = initial_running([4, 3, 2, 5], var=1.0)
    np.testing.assert_array_equal(first.mean, [0, 0, 0])
    np.testing.assert_array_equal(second.var, [1, 1])


def test_every_layer_is_regularized_in_loss_and_gradient_alike():
    params, x, y = problem(False)
    plain, strong = (FullyConnectedNet(layers=3, reg=reg).loss(params, x, y) for reg in (0.0, 2.0))
    weights = [array for name, array in params.items() if name.startswith("W")]
    assert strong.loss - plain.loss == pytest.approx(sum(np.sum(w**2) for w in weights), rel=1e-12)
    for name, array in params.items():
        added = 2 * array if name.startswith("W") else 0 * array
        np.testing.assert_allclose(strong.gradients[name] - plain.gradients[name], added, atol=1e-12)
