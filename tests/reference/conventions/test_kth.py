"""The k-layer network on columns: gradients to the report's six decimals, definitions by hand, and its training loop."""

from itertools import pairwise

import numpy as np
import pytest

from reference.conventions import kth as course
from reference.schedules import cyclical_learning_rate

DECIMALS = 6  # what the report holds its gradients to


def problem(columns=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((5, columns)), np.eye(3)[rng.integers(3, size=columns)].T


def network(depth, batch_norm, **settings):
    widths = [5, *range(8, 8 - (depth - 1), -1), 3]  # unequal, so that no transposed size passes
    return course.BNN(list(pairwise(widths)), batchNorm=batch_norm, **settings)


@pytest.mark.parametrize("depth", [2, 3, 6])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_gradients_agree_with_numerical_ones_to_six_decimals(depth, batch_norm):
    np.random.seed(1)
    net = network(depth, batch_norm, lmda=0.1)
    X, Y = problem()
    analytic = net.computeGradients(X, Y)
    numerical = net.computeGradientsNum(X, Y)
    assert len(analytic) == len(numerical) == (4 if batch_norm else 2)
    for ours, theirs in zip(analytic, numerical, strict=True):
        for a, n in zip(ours, theirs, strict=True):
            np.testing.assert_almost_equal(a, n, decimal=DECIMALS)
            assert a.shape == n.shape


def test_gradients_of_scale_and_shift_of_the_last_layer_are_zero_and_of_the_others_not():
    np.random.seed(2)
    net = network(3, True)
    _, _, grad_gamma, grad_beta = net.computeGradients(*problem())
    assert not grad_gamma[-1].any()
    assert not grad_beta[-1].any()
    assert all(grad.any() for grad in (*grad_gamma[:-1], *grad_beta[:-1]))


def test_evaluate_classifier_by_hand():
    net = course.BNN([(1, 1), (1, 2)], alpha=0.75)
    net.W, net.b = [np.array([[2.0]]), np.array([[1.0], [0.0]])], [np.array([[5.0]]), np.zeros((2, 1))]
    net.gamma[0][:], net.beta[0][:] = 3.0, 1.0
    X = np.array([[1.0, 3.0]])  # scores 7 and 11: mean 9, variance 4, not corrected by (n - 1) / n
    p, inputs, scores, normalised, means, variances = net.evaluateClassifier(X)
    np.testing.assert_array_equal(scores[0], [[7, 11]])
    np.testing.assert_array_equal(means[0], [[9]])
    np.testing.assert_array_equal(variances[0], [[4]])
    np.testing.assert_allclose(normalised[0], [[-1, 1]], rtol=1e-15)
    np.testing.assert_allclose(inputs[1], [[0, 4]], rtol=1e-15)  # relu of 3 * (-1) + 1 and 3 + 1
    np.testing.assert_allclose(p[0], 1 / (1 + np.exp([-0.0, -4.0])), rtol=1e-14)
    np.testing.assert_allclose(net.muMA[0], [[0.25 * 9]])
    np.testing.assert_allclose(net.vaMA[0], [[0.75 + 0.25 * 4]])
    p, _, _, normalised, means, variances = net.evaluateClassifier(X, training=False)
    np.testing.assert_allclose(normalised[0], (np.array([[7, 11]]) - 2.25) / np.sqrt(1.75), rtol=1e-14)
    assert means == variances == []
    np.testing.assert_allclose(net.muMA[0], [[0.25 * 9]])  # looking does not move them


def test_evaluate_classifier_without_batch_norm_returns_two_values():
    np.random.seed(3)
    net = network(2, False)
    X, _ = problem()
    p, inputs = net.evaluateClassifier(X)
    np.testing.assert_allclose(p.sum(axis=0), 1)
    np.testing.assert_allclose(inputs[1], np.maximum(0, net.W[0] @ X + net.b[0]), rtol=1e-13)


def test_cost_by_hand_holds_lambda_without_a_half():
    net = course.BNN([(2, 2)], lmda=0.5, batchNorm=False)
    net.W, net.b = [np.array([[1.0, 0.0], [0.0, 2.0]])], [np.zeros((2, 1))]
    cost, loss = net.computeCost(np.zeros((2, 4)), np.eye(2)[[0, 1, 0, 1]].T)
    assert loss == pytest.approx(np.log(2))
    assert cost == pytest.approx(np.log(2) + 0.5 * 5)
    grad_w, _ = net.computeGradients(np.zeros((2, 4)), np.eye(2)[[0, 1, 0, 1]].T)
    np.testing.assert_allclose(grad_w[0], 2 * 0.5 * net.W[0])


def test_cost_stays_finite_for_a_confident_mistake_and_moves_no_average():
    net = course.BNN([(1, 1), (1, 2)])
    net.W[1] = np.array([[1e6], [-1e6]])
    before = net.muMA[0].copy()
    _, loss = net.computeCost(np.array([[-1.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert np.isfinite(loss)
    assert loss > 100
    np.testing.assert_array_equal(net.muMA[0], before)


def test_accuracy_uses_the_moving_averages():
    np.random.seed(4)
    net = network(3, True)
    X, Y = problem(50)
    for _ in range(60):
        net.evaluateClassifier(X)
    together = net.computeAccuracy(X, Y.argmax(axis=0))
    alone = np.mean([net.computeAccuracy(X[:, [i]], Y[:, [i]].argmax(axis=0)) for i in range(50)])
    assert together == pytest.approx(alone)  # batch statistics of one column would give one guess for all


def test_batch_norm_back_pass_is_the_gradient_of_the_normalisation():
    rng = np.random.default_rng(5)
    s, g = 3 * rng.standard_normal((4, 6)) + 1, rng.standard_normal((4, 6))
    mean, var = s.mean(axis=1, keepdims=True), s.var(axis=1, keepdims=True)
    numerical = np.zeros_like(s)
    for index in np.ndindex(s.shape):
        sums = []
        for h in (1e-5, -1e-5):
            moved = s.copy()
            moved[index] += h
            sums.append(
                np.sum(g * (moved - moved.mean(axis=1, keepdims=True)) / moved.std(axis=1, keepdims=True))
            )
        numerical[index] = (sums[0] - sums[1]) / 2e-5
    np.testing.assert_allclose(course.BNN([(1, 1)]).batchNormBackPass(g, s, mean, var), numerical, atol=1e-8)


def test_initialize_param_shapes_and_spread():
    np.random.seed(6)
    W, b, gamma, beta, mean, variance = course.initializeParam((300, 200), True, True, 1e-1)
    assert W.shape == (200, 300)
    assert W.std() == pytest.approx(np.sqrt(2 / 300), rel=0.02)
    assert all(array.shape == (200, 1) for array in (b, gamma, beta, mean, variance))
    assert gamma.all()
    assert variance.all()
    assert not np.any([b, beta, mean])
    W, b = course.initializeParam((300, 200), False, False, 1e-3)
    assert W.std() == pytest.approx(1e-3, rel=0.02)


def test_mini_batch_descent_follows_the_schedule_and_reports_after_each_epoch():
    X, Y = problem(20, seed=7)
    parameters = [4, 1e-3, 1e-1, 2, 3]  # batch size, eta_min, eta_max, epochs, n_s: 10 steps of 4 columns
    np.random.seed(8)
    net = network(3, True, lmda=0.01)
    histories = net.miniBatchGD(X, Y, parameters, X[:, :5], Y[:, :5])
    assert [len(history) for history in histories] == [2] * 6

    np.random.seed(8)
    by_hand = network(3, True, lmda=0.01)
    for epoch in range(2):
        order = np.random.permutation(20)
        for j in range(5):
            rate = cyclical_learning_rate(5 * epoch + j, eta_min=1e-3, eta_max=1e-1, n_s=3)
            batch = order[4 * j : 4 * j + 4]
            gradients = by_hand.computeGradients(X[:, batch], Y[:, batch])
            for kind, grads in zip(
                (by_hand.W, by_hand.b, by_hand.gamma, by_hand.beta), gradients, strict=True
            ):
                kind[:] = [array - rate * grad for array, grad in zip(kind, grads, strict=True)]
    np.testing.assert_allclose(net.W[0], by_hand.W[0], rtol=1e-12)
    np.testing.assert_allclose(net.gamma[1], by_hand.gamma[1], rtol=1e-12)
    cost, loss = by_hand.computeCost(X, Y)
    accuracy = by_hand.computeAccuracy(X[:, :5], Y[:, :5].argmax(axis=0))
    assert (histories[0][-1], histories[2][-1], histories[5][-1]) == pytest.approx((cost, loss, accuracy))


@pytest.mark.parametrize("sigma", [1e-1, 1e-3, 1e-4])
def test_batch_norm_takes_the_sting_out_of_small_starting_weights(sigma):
    """The report's last experiment in small: at 1e-3 and 1e-4 three layers learn nothing without batch norm."""
    rng = np.random.default_rng(9)
    y = np.arange(300) % 3
    X = (2 * rng.standard_normal((3, 20))[y] + rng.standard_normal((300, 20))).T
    Y = np.eye(3)[y].T
    accuracies = {}
    for batch_norm in (True, False):
        np.random.seed(10)
        net = course.BNN([(20, 15), (15, 10), (10, 3)], batchNorm=batch_norm, he=False, sig=sigma)
        accuracies[batch_norm] = net.miniBatchGD(X, Y, [30, 1e-5, 1e-1, 4, 20], X, Y)[4][-1]
    assert accuracies[True] > 0.9
    assert accuracies[False] > 0.9 if sigma == 1e-1 else accuracies[False] < 0.5


def test_soft_max_and_relu_work_on_columns():
    np.testing.assert_allclose(
        course.softMax(np.array([[0.0, 1000.0], [np.log(3), 1000.0]])), [[0.25, 0.5], [0.75, 0.5]]
    )
    np.testing.assert_array_equal(course.relu(np.array([[-1.0, 2.0]])), [[0, 2]])
