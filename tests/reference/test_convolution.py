"""Convolution and pooling: tiny cases by hand, a slow loop as the other method, gradients by central differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.convolution import conv2d_backward, conv2d_forward, max_pool_backward, max_pool_forward
from reference.gradients import numerical_gradient_array

CLOSE = 1e-7

sizes = st.integers(1, 3)


def slow_convolution(x, w, b, stride, pad):
    """One window at a time, as the definition says."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    height = 1 + (x.shape[2] - w.shape[2]) // stride
    width = 1 + (x.shape[3] - w.shape[3]) // stride
    out = np.empty((len(x), len(w), height, width))
    for n, f, i, j in np.ndindex(out.shape):
        window = x[n, :, i * stride : i * stride + w.shape[2], j * stride : j * stride + w.shape[3]]
        out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out


def test_conv2d_forward_by_hand():
    x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    w = np.array(
        [[[[0.0, 1.0], [10.0, 100.0]]]]
    )  # not flipped: the field's convolution is a cross-correlation
    out, _ = conv2d_forward(x, w, np.array([0.5]))
    np.testing.assert_array_equal(out, [[[[432.5]]]])
    padded, _ = conv2d_forward(x, w, np.array([0.0]), stride=2, pad=1)
    np.testing.assert_array_equal(padded, [[[[100, 20], [3, 0]]]])


def test_conv2d_forward_matches_the_course_fixture():
    # linspace inputs and printed values of CS231n's convolution cell
    x = np.linspace(-0.1, 0.5, num=2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    w = np.linspace(-0.2, 0.3, num=3 * 3 * 4 * 4).reshape(3, 3, 4, 4)
    out, _ = conv2d_forward(x, w, np.linspace(-0.1, 0.2, num=3), stride=2, pad=1)
    printed = [
        [
            [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
            [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
            [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
        ],
        [
            [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
            [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
            [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
        ],
    ]
    np.testing.assert_allclose(out, printed, atol=1e-8)


@given(
    n=sizes,
    c=sizes,
    f=sizes,
    size=st.integers(3, 6),
    kernel=st.tuples(sizes, sizes),
    stride=sizes,
    pad=st.integers(0, 2),
)
@settings(max_examples=40, deadline=None)
def test_conv2d_agrees_with_the_definition_both_ways(n, c, f, size, kernel, stride, pad):  # noqa: PLR0917 - one per strategy
    rng = np.random.default_rng(size)
    x, w, b = (
        rng.standard_normal((n, c, size, size + 1)),
        rng.standard_normal((f, c, *kernel)),
        rng.standard_normal(f),
    )
    out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
    np.testing.assert_allclose(out, slow_convolution(x, w, b, stride, pad), atol=1e-12)
    dout = rng.standard_normal(out.shape)
    dx, dw, db = conv2d_backward(dout, cache)
    # The output is linear in each argument, so a gradient must give the change along any direction exactly.
    along = [rng.standard_normal(array.shape) for array in (x, w, b)]
    changes = [
        slow_convolution(along[0], w, 0 * b, stride, pad),
        slow_convolution(x, along[1], 0 * b, stride, pad),
        slow_convolution(0 * x, w, along[2], stride, pad),
    ]
    for gradient, direction, change in zip((dx, dw, db), along, changes, strict=True):
        np.testing.assert_allclose(np.sum(gradient * direction), np.sum(change * dout), rtol=1e-9, atol=1e-9)


def test_conv2d_backward_matches_numerical_gradients():
    rng = np.random.default_rng(1)
    x, w, b = rng.standard_normal((2, 2, 4, 5)), rng.standard_normal((3, 2, 3, 2)), rng.standard_normal(3)
    out, cache = conv2d_forward(x, w, b, stride=2, pad=1)
    dout = rng.standard_normal(out.shape)
    dx, dw, db = conv2d_backward(dout, cache)
    forward = lambda *a: conv2d_forward(*a, stride=2, pad=1)[0]  # noqa: E731
    np.testing.assert_allclose(dx, numerical_gradient_array(lambda v: forward(v, w, b), x, dout), atol=CLOSE)
    np.testing.assert_allclose(dw, numerical_gradient_array(lambda v: forward(x, v, b), w, dout), atol=CLOSE)
    np.testing.assert_allclose(db, numerical_gradient_array(lambda v: forward(x, w, v), b, dout), atol=CLOSE)


def test_conv2d_says_what_does_not_fit():
    x = np.ones((1, 2, 3, 3))
    with pytest.raises(
        ValueError, match=r"w has shape \(1, 1, 2, 2\), expected \(1, 2, 2, 2\), with as many channels"
    ):
        conv2d_forward(x, np.ones((1, 1, 2, 2)), np.ones(1))
    with pytest.raises(ValueError, match=r"a window of \(4, 4\) does not fit into \(3, 3\)"):
        conv2d_forward(x, np.ones((1, 2, 4, 4)), np.ones(1))
    with pytest.raises(ValueError, match="stride is 0, expected 1 or more"):
        conv2d_forward(x, np.ones((1, 2, 2, 2)), np.ones(1), stride=0)
    with pytest.raises(ValueError, match=r"dout has shape \(1, 1, 1, 1\), expected \(1, 1, 2, 2\)"):
        conv2d_backward(np.ones((1, 1, 1, 1)), conv2d_forward(x, np.ones((1, 2, 2, 2)), np.ones(1))[1])


def test_max_pool_by_hand_drops_the_rest_at_the_edge():
    x = np.array([[[[1.0, 5.0, 9.0], [3.0, 2.0, 9.0]]]])
    out, cache = max_pool_forward(x, height=2, width=2, stride=2)
    np.testing.assert_array_equal(out, [[[[5]]]])
    np.testing.assert_array_equal(max_pool_backward(np.array([[[[7.0]]]]), cache), [[[[0, 7, 0], [0, 0, 0]]]])


def test_max_pool_backward_adds_up_where_windows_overlap_and_gives_ties_to_the_first():
    x = np.array([[[[1.0, 4.0, 4.0]]]])
    out, cache = max_pool_forward(x, height=1, width=2, stride=1)
    np.testing.assert_array_equal(out, [[[[4, 4]]]])
    np.testing.assert_array_equal(max_pool_backward(np.array([[[[1.0, 10.0]]]]), cache), [[[[0, 11, 0]]]])


def test_max_pool_lets_nan_and_minus_infinity_through():
    x = np.array([[[[np.nan, 1.0, -np.inf, -np.inf]]]])
    out, _ = max_pool_forward(x, height=1, width=2, stride=2)
    np.testing.assert_array_equal(out, [[[[np.nan, -np.inf]]]])


@pytest.mark.parametrize(("height", "width", "stride"), [(2, 2, 2), (3, 2, 1), (1, 3, 2)])
def test_max_pool_backward_matches_numerical_gradients(height, width, stride):
    rng = np.random.default_rng(2)
    x = rng.permutation(2 * 2 * 5 * 6).reshape(2, 2, 5, 6) / 10  # no ties
    out, cache = max_pool_forward(x, height=height, width=width, stride=stride)
    dout = rng.standard_normal(out.shape)
    numerical = numerical_gradient_array(
        lambda v: max_pool_forward(v, height=height, width=width, stride=stride)[0], x, dout
    )
    np.testing.assert_allclose(max_pool_backward(dout, cache), numerical, atol=CLOSE)


def test_max_pool_says_what_does_not_fit():
    with pytest.raises(
        ValueError, match=r"max_pool_forward: a window of \(2, 4\) does not fit into \(3, 3\)"
    ):
        max_pool_forward(np.ones((1, 1, 3, 3)), height=2, width=4, stride=1)
    _, cache = max_pool_forward(np.ones((1, 1, 4, 4)), height=2, width=2, stride=2)
    with pytest.raises(
        ValueError, match=r"max_pool_backward: dout has shape \(1, 1, 1, 1\), expected \(1, 1, 2, 2\)"
    ):
        max_pool_backward(np.ones((1, 1, 1, 1)), cache)


def test_convolution_and_pooling_keep_float32_and_their_inputs():
    x, w, b = np.ones((1, 1, 4, 4), np.float32), np.ones((1, 1, 2, 2), np.float32), np.zeros(1, np.float32)
    out, cache = conv2d_forward(x, w, b, pad=1)
    pooled, pool_cache = max_pool_forward(x, height=2, width=2, stride=2)
    results = [out, *conv2d_backward(out, cache), pooled, max_pool_backward(pooled, pool_cache)]
    assert {array.dtype for array in results} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(x, 1)
