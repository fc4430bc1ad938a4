"""Update rules: single steps by hand, and what each is equal to."""

import numpy as np
import pytest

from reference import optim

W, DW = np.array([1.0, -2.0]), np.array([0.5, 4.0])


def test_sgd_by_hand():
    np.testing.assert_allclose(optim.sgd(W, DW, learning_rate=0.1), [0.95, -2.4], rtol=1e-15)


def test_momentum_by_hand():
    w, velocity = optim.momentum(W, DW, np.array([1.0, 0.0]), learning_rate=0.1, decay=0.5)
    np.testing.assert_allclose(velocity, [0.45, -0.4], rtol=1e-15)
    np.testing.assert_allclose(w, [1.45, -2.4], rtol=1e-15)


def test_nesterov_by_hand():
    w, velocity = optim.nesterov(W, DW, np.array([1.0, 0.0]), learning_rate=0.1, decay=0.5)
    np.testing.assert_allclose(velocity, [0.45, -0.4], rtol=1e-15)
    # w + v' + 0.5 (v' - v)
    np.testing.assert_allclose(w, [1 + 0.45 - 0.275, -2 - 0.4 - 0.2], rtol=1e-15)


def test_nesterov_follows_the_look_ahead_form_of_its_source():
    """Sutskever's own form keeps theta and takes the gradient at theta + mu v: the same path, seen from the look-ahead point."""
    gradient = lambda w: np.array([3.0, 0.5]) * w  # noqa: E731
    rate, mu = 0.05, 0.9
    theta, v = np.array([1.0, -2.0]), np.zeros(2)
    w, velocity = theta.copy(), np.zeros(2)
    for _ in range(20):
        w, velocity = optim.nesterov(w, gradient(w), velocity, learning_rate=rate, decay=mu)
        v = mu * v - rate * gradient(theta + mu * v)
        theta = theta + v
        np.testing.assert_allclose(w, theta + mu * v, rtol=1e-12)


def test_momentum_without_decay_is_sgd():
    for rule in (optim.momentum, optim.nesterov):
        w, _ = rule(W, DW, np.array([7.0, 7.0]), learning_rate=0.1, decay=0.0)
        np.testing.assert_allclose(w, optim.sgd(W, DW, learning_rate=0.1), rtol=1e-15)


def test_rmsprop_by_hand_with_epsilon_outside_the_root():
    w, mean_square = optim.rmsprop(W, DW, np.array([0.0, 1.0]), learning_rate=0.1, decay=0.75, epsilon=1.0)
    np.testing.assert_allclose(mean_square, [0.0625, 4.75], rtol=1e-15)
    np.testing.assert_allclose(w, [1 - 0.05 / 1.25, -2 - 0.4 / (np.sqrt(4.75) + 1)], rtol=1e-15)


def test_adam_by_hand():
    w, first, second, steps = optim.adam(
        W, DW, np.zeros(2), np.zeros(2), 0, learning_rate=0.1, beta1=0.5, beta2=0.75, epsilon=1.0
    )
    np.testing.assert_allclose(first, [0.25, 2.0], rtol=1e-15)
    np.testing.assert_allclose(second, [0.0625, 4.0], rtol=1e-15)
    assert steps == 1
    # corrected: first / 0.5 = dw, sqrt(second / 0.25) = |dw|
    np.testing.assert_allclose(w, [1 - 0.1 * 0.5 / 1.5, -2 - 0.1 * 4 / 5], rtol=1e-15)


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (optim.sgd, ()),
        (optim.momentum, (np.ones(2),)),
        (optim.nesterov, (np.ones(2),)),
        (optim.rmsprop, (np.ones(2),)),
        (optim.adam, (np.ones(2), np.ones(2), 3)),
    ],
)
def test_rules_leave_what_they_are_given(rule, state):
    w, dw = W.copy(), DW.copy()
    rule(w, dw, *state)
    np.testing.assert_array_equal(w, W)
    np.testing.assert_array_equal(dw, DW)
    assert all(np.array_equal(part, np.ones(2)) for part in state if isinstance(part, np.ndarray))


@pytest.mark.parametrize("rule", [optim.momentum, optim.nesterov, optim.rmsprop])
def test_rules_keep_float32(rule):
    w, dw, state = W.astype(np.float32), DW.astype(np.float32), np.zeros(2, np.float32)
    assert [array.dtype for array in rule(w, dw, state)] == [np.float32, np.float32]
    assert optim.sgd(w, dw).dtype == np.float32
    assert [array.dtype for array in optim.adam(w, dw, state, state, 0)[:3]] == [np.float32] * 3
