"""Affine, ReLU and sigmoid: tiny cases by hand, gradients by central differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.gradients import numerical_gradient_array, relative_error
from reference.layers import (
    ACTIVATIONS,
    affine_backward,
    affine_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
)

CLOSE = 1e-7  # central differences in float64, as promised


def test_affine_forward_by_hand():
    x = np.array([[[1.0, 2.0]], [[3.0, 4.0]]])  # two rows of shape (1, 2)
    out, _ = affine_forward(x, np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]), np.array([0.5, 0.0, 10.0]))
    np.testing.assert_array_equal(out, [[1.5, 2, 10], [3.5, 4, 12]])


def test_affine_forward_matches_the_course_fixture():
    # linspace inputs and printed values of the layer tests of CS231n and ECE C147/C247
    x = np.linspace(-0.1, 0.5, num=2 * 4 * 5 * 6).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, num=120 * 3).reshape(120, 3)
    out, _ = affine_forward(x, w, np.linspace(-0.3, 0.1, num=3))
    np.testing.assert_allclose(
        out, [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]], atol=1e-8
    )


@given(
    rows=st.integers(1, 4),
    inner=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    out=st.integers(1, 4),
    seed=st.integers(0, 999),
)
@settings(max_examples=25, deadline=None)
def test_affine_backward_matches_numerical_gradients(rows, inner, out, seed):
    rng = np.random.default_rng(seed)
    x, w, b = (
        rng.standard_normal((rows, *inner)),
        rng.standard_normal((np.prod(inner), out)),
        rng.standard_normal(out),
    )
    dout = rng.standard_normal((rows, out))
    _, cache = affine_forward(x, w, b)
    dx, dw, db = affine_backward(dout, cache)
    assert (dx.shape, dw.shape, db.shape) == (x.shape, w.shape, b.shape)
    np.testing.assert_allclose(
        dx, numerical_gradient_array(lambda v: affine_forward(v, w, b)[0], x, dout), atol=CLOSE
    )
    np.testing.assert_allclose(
        dw, numerical_gradient_array(lambda v: affine_forward(x, v, b)[0], w, dout), atol=CLOSE
    )
    np.testing.assert_allclose(
        db, numerical_gradient_array(lambda v: affine_forward(x, w, v)[0], b, dout), atol=CLOSE
    )


def test_affine_forward_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"affine_forward: w has shape \(3, 2\), expected \(4, 2\)"):
        affine_forward(np.ones((2, 4)), np.ones((3, 2)), np.ones(2))
    with pytest.raises(ValueError, match=r"affine_forward: b has shape \(1,\), expected \(2,\)"):
        affine_forward(np.ones((2, 4)), np.ones((4, 2)), np.ones(1))
    _, cache = affine_forward(np.ones((2, 4)), np.ones((4, 3)), np.ones(3))
    with pytest.raises(ValueError, match=r"affine_backward: dout has shape \(1, 3\), expected \(2, 3\)"):
        affine_backward(np.ones((1, 3)), cache)


def test_relu_by_hand_with_gradient_zero_at_zero():
    out, cache = relu_forward(np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(out, [0, 0, 2])
    np.testing.assert_array_equal(relu_backward(np.array([5.0, 5.0, 5.0]), cache), [0, 0, 5])


def test_relu_forward_matches_the_course_fixture():
    out, _ = relu_forward(np.linspace(-0.5, 0.5, num=12).reshape(3, 4))
    printed = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    np.testing.assert_allclose(out, printed, atol=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_match_numerical_gradients(name):
    forward, backward = ACTIVATIONS[name]
    rng = np.random.default_rng(0)
    x, dout = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    numerical = numerical_gradient_array(lambda v: forward(v)[0], x, dout)
    assert relative_error(backward(dout, forward(x)[1]), numerical) < CLOSE


def test_sigmoid_by_hand_and_at_the_extremes():
    out, _ = sigmoid_forward(np.array([0.0, np.log(3.0), -np.log(3.0), 1000.0, -1000.0]))
    np.testing.assert_allclose(out, [0.5, 0.75, 0.25, 1, 0], rtol=1e-15)
    small, _ = sigmoid_forward(np.array([-700.0]))
    assert small[0] == pytest.approx(np.exp(-700.0), rel=1e-12)  # not rounded away


def test_sigmoid_backward_by_hand():
    _, cache = sigmoid_forward(np.array([0.0]))
    np.testing.assert_array_equal(sigmoid_backward(np.array([2.0]), cache), [0.5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_keep_the_floating_point_width_and_their_inputs(dtype):
    x, w, b = np.full((2, 3), -0.5, dtype), np.ones((3, 2), dtype), np.ones(2, dtype)
    kept = x.copy()
    out, cache = affine_forward(x, w, b)
    results = [out, *affine_backward(out, cache)]
    for forward, backward in ACTIVATIONS.values():
        activated, activation_cache = forward(x)
        results += [activated, backward(x, activation_cache)]
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    np.testing.assert_array_equal(x, kept)
