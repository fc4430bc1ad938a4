"""Losses: values by hand, gradients by central differences, and no overflow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.gradients import numerical_gradient
from reference.losses import softmax, softmax_loss, svm_loss


def test_softmax_loss_by_hand():
    # probabilities 1/4 and 3/4
    loss, gradient = softmax_loss(np.array([[0.0, np.log(3.0)]]), np.array([0]))
    assert loss == pytest.approx(np.log(4), rel=1e-15)
    np.testing.assert_allclose(gradient, [[-0.75, 0.75]], rtol=1e-15)


def test_softmax_loss_of_a_confident_mistake_is_finite():
    loss, gradient = softmax_loss(np.array([[1000.0, 0.0]]), np.array([1]))
    assert loss == 1000
    np.testing.assert_array_equal(gradient, [[1, -1]])


def test_softmax_by_hand():
    np.testing.assert_allclose(
        softmax(np.array([[1000.0, 1000.0 + np.log(3.0)]])), [[0.25, 0.75]], rtol=1e-12
    )


def test_svm_loss_by_hand():
    # margins max(0, 3 - 1 + 1) = 3 and max(0, 0.5 - 1 + 1) = 0.5; second row: all margins met exactly, so no gradient
    loss, gradient = svm_loss(np.array([[1.0, 3.0, 0.5], [2.0, 1.0, 1.0]]), np.array([0, 0]))
    assert loss == 1.75
    np.testing.assert_array_equal(gradient, [[-1.0, 0.5, 0.5], [0, 0, 0]])


def test_svm_loss_margin_is_in_units_of_the_scores():
    assert svm_loss(np.array([[0.0, 0.0]]), np.array([0]), margin=2.5)[0] == 2.5


@pytest.mark.parametrize("loss", [softmax_loss, svm_loss])
@given(rows=st.integers(1, 5), classes=st.integers(2, 5), seed=st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_gradients_match_numerical_ones_and_leave_the_scores(loss, rows, classes, seed):
    rng = np.random.default_rng(seed)
    scores, y = rng.standard_normal((rows, classes)), rng.integers(classes, size=rows)
    before = scores.copy()
    _, gradient = loss(scores, y)
    np.testing.assert_allclose(gradient, numerical_gradient(lambda s: loss(s, y)[0], scores), atol=1e-7)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("loss", [softmax_loss, svm_loss])
def test_losses_keep_float32_in_the_gradient_and_reject_bad_labels(loss):
    assert loss(np.ones((2, 3), np.float32), np.array([0, 1]))[1].dtype == np.float32
    with pytest.raises(ValueError, match="labels run from 0 to 3, expected 0 to 2"):
        loss(np.ones((2, 3)), np.array([0, 3]))
    with pytest.raises(ValueError, match=r"scores has shape \(3,\), expected \(N, C\)"):
        loss(np.ones(3), np.array([0]))
