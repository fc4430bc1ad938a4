"""Normalisation: tiny cases by hand, defining properties over many shapes, gradients by central differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import normalization as norm
from reference.gradients import numerical_gradient_array

CLOSE = 1e-7  # central differences in float64, as promised


def sample(seed, shape, features):
    rng = np.random.default_rng(seed)
    return (
        3 * rng.standard_normal(shape) + 2,
        rng.standard_normal(features),
        rng.standard_normal(features),
        rng.standard_normal(shape),
    )


def batch(x, gamma, beta, **settings):
    return norm.batchnorm_forward(x, gamma, beta, np.zeros(x.shape[1]), np.ones(x.shape[1]), **settings)


def check_gradients(forward, gradients, inputs, dout):
    """forward(*inputs) -> out with inputs x, gamma, beta; gradients: dx, dgamma, dbeta."""
    x, gamma, beta = inputs
    numerical = (
        numerical_gradient_array(lambda v: forward(v, gamma, beta), x, dout),
        numerical_gradient_array(lambda v: forward(x, v, beta), gamma, dout),
        numerical_gradient_array(lambda v: forward(x, gamma, v), beta, dout),
    )
    for expected, actual in zip(numerical, gradients, strict=True):
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=CLOSE)


def test_batchnorm_forward_by_hand():
    # mean 20, variance 200 / 3; running averages with weight 0.05 from 0 and 1
    step = norm.batchnorm_forward(
        np.array([[10.0], [20.0], [30.0]]),
        np.array([2.0]),
        np.array([1.0]),
        np.zeros(1),
        np.ones(1),
        eps=1e-4,
        momentum=0.95,
    )
    edge = 2 * 10 / np.sqrt(200 / 3 + 1e-4)
    np.testing.assert_allclose(step.out, [[1 - edge], [1], [1 + edge]], rtol=1e-14)
    np.testing.assert_allclose(step.running_mean, [1.0], rtol=1e-14)
    np.testing.assert_allclose(step.running_var, [0.95 + 200 / 60], rtol=1e-14)


def test_batchnorm_of_a_single_row_gives_beta_whatever_the_row():
    np.testing.assert_array_equal(
        batch(np.array([[7.0, -3.0]]), np.ones(2), np.array([4.0, 5.0])).out, [[4, 5]]
    )


@given(
    rows=st.integers(2, 9),
    features=st.integers(1, 6),
    seed=st.integers(0, 999),
    eps=st.sampled_from([1e-8, 1e-5, 1e-1]),
)
@settings(max_examples=40, deadline=None)
def test_batchnorm_output_has_mean_beta_and_the_std_that_eps_leaves(rows, features, seed, eps):
    x, gamma, beta, _ = sample(seed, (rows, features), features)
    out = batch(x, gamma, beta, eps=eps).out
    variance = np.var(x, axis=0)
    np.testing.assert_allclose(out.mean(axis=0), beta, atol=1e-10)
    np.testing.assert_allclose(out.var(axis=0), gamma**2 * variance / (variance + eps), rtol=1e-9, atol=1e-12)


@given(
    rows=st.integers(2, 6),
    features=st.integers(1, 5),
    seed=st.integers(0, 999),
    eps=st.sampled_from([1e-5, 1e-1]),
)
@settings(max_examples=30, deadline=None)
def test_both_batchnorm_backwards_match_numerical_gradients(rows, features, seed, eps):
    x, gamma, beta, dout = sample(seed, (rows, features), features)
    x = (
        x + 10 * np.arange(rows)[:, None]
    )  # columns of nearly equal entries would make differences of h = 1e-5 coarse
    cache = batch(x, gamma, beta, eps=eps).cache
    for backward in (norm.batchnorm_backward, norm.batchnorm_backward_alt):
        check_gradients(lambda *a: batch(*a, eps=eps).out, backward(dout, cache), (x, gamma, beta), dout)


def test_batchnorm_inference_by_hand_and_row_by_row():
    x = np.array([[25.0], [5.0]])
    out = norm.batchnorm_inference(
        x, np.array([3.0]), np.array([1.0]), np.array([20.0]), np.array([24.0]), eps=1.0
    )
    np.testing.assert_array_equal(out, [[4.0], [-8.0]])  # 3 * (25 - 20) / 5 + 1
    alone = norm.batchnorm_inference(
        x[:1], np.array([3.0]), np.array([1.0]), np.array([20.0]), np.array([24.0]), eps=1.0
    )
    np.testing.assert_array_equal(alone, out[:1])


def test_running_averages_converge_to_a_changing_stream_with_the_stated_weight():
    mean, var = np.zeros(1), np.zeros(1)
    for value in (1.0, 2.0, 3.0):
        batch_of = np.array([[value - 1], [value + 1]])  # mean `value`, variance 1
        step = norm.batchnorm_forward(batch_of, np.ones(1), np.zeros(1), mean, var, momentum=0.5)
        mean, var = step.running_mean, step.running_var
    np.testing.assert_allclose(mean, [1 / 8 + 2 / 4 + 3 / 2])
    np.testing.assert_allclose(var, [1 - 1 / 8])


def test_layernorm_by_hand():
    out, _ = norm.layernorm_forward(
        np.array([[1.0, 3.0]]), np.array([2.0, 4.0]), np.array([0.0, 1.0]), eps=0.0
    )
    np.testing.assert_array_equal(out, [[-2.0, 5.0]])


@given(rows=st.integers(1, 5), features=st.integers(2, 6), seed=st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_layernorm_normalises_rows_and_matches_numerical_gradients(rows, features, seed):
    x, gamma, beta, dout = sample(seed, (rows, features), features)
    x = x + 10 * np.arange(features)
    out, _ = norm.layernorm_forward(x, np.ones(features), np.zeros(features))
    np.testing.assert_allclose(out.mean(axis=1), 0, atol=1e-12)
    variance = x.var(axis=1)  # two numbers of a row can lie near each other: then eps counts
    np.testing.assert_allclose(out.std(axis=1), np.sqrt(variance / (variance + 1e-5)), rtol=1e-9)
    _, cache = norm.layernorm_forward(x, gamma, beta)
    check_gradients(
        lambda *a: norm.layernorm_forward(*a)[0], norm.layernorm_backward(dout, cache), (x, gamma, beta), dout
    )


def test_layernorm_is_batchnorm_of_the_transpose():
    x, _, _, _ = sample(4, (4, 6), 6)
    out, _ = norm.layernorm_forward(x, np.ones(6), np.zeros(6))
    np.testing.assert_allclose(out, batch(x.T, np.ones(4), np.zeros(4)).out.T, rtol=1e-13)


def test_spatial_batchnorm_normalises_channels_and_matches_numerical_gradients():
    x, gamma, beta, dout = sample(5, (2, 3, 4, 2), 3)
    zeros, ones = np.zeros(3), np.ones(3)
    out, cache, mean, var = norm.spatial_batchnorm_forward(x, ones, zeros, zeros, zeros, momentum=0.0)
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), 1, atol=1e-4)
    np.testing.assert_allclose(mean, x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(var, x.var(axis=(0, 2, 3)))
    np.testing.assert_allclose(
        norm.spatial_batchnorm_inference(x, ones, zeros, mean, var), out, rtol=1e-9, atol=1e-12
    )
    _, cache, _, _ = norm.spatial_batchnorm_forward(x, gamma, beta, zeros, zeros)
    check_gradients(
        lambda *a: norm.spatial_batchnorm_forward(*a, zeros, zeros)[0],
        norm.spatial_batchnorm_backward(dout, cache),
        (x, gamma, beta),
        dout,
    )


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groupnorm_normalises_groups_and_matches_numerical_gradients(groups):
    x, gamma, beta, dout = sample(6, (2, 4, 3, 2), 4)
    out, _ = norm.groupnorm_forward(x, np.ones(4), np.zeros(4), groups=groups)
    grouped = out.reshape(2, groups, -1)
    np.testing.assert_allclose(grouped.mean(axis=2), 0, atol=1e-12)
    np.testing.assert_allclose(grouped.std(axis=2), 1, atol=1e-4)
    _, cache = norm.groupnorm_forward(x, gamma, beta, groups=groups)
    check_gradients(
        lambda *a: norm.groupnorm_forward(*a, groups=groups)[0],
        norm.groupnorm_backward(dout, cache),
        (x, gamma, beta),
        dout,
    )


def test_normalisation_says_what_does_not_fit():
    ones, zeros, x = np.ones(3), np.zeros(3), np.ones((4, 3))
    with pytest.raises(ValueError, match=r"batchnorm_forward: gamma has shape \(2,\), expected \(3,\)"):
        norm.batchnorm_forward(x, np.ones(2), zeros, zeros, ones)
    with pytest.raises(
        ValueError, match=r"batchnorm_inference: running_var has shape \(1, 3\), expected \(3,\)"
    ):
        norm.batchnorm_inference(x, ones, zeros, zeros, np.ones((1, 3)))
    with pytest.raises(ValueError, match=r"layernorm_forward: x has shape \(4,\), expected \(N, D\)"):
        norm.layernorm_forward(np.ones(4), ones, zeros)
    with pytest.raises(
        ValueError, match=r"groupnorm_forward: 2 groups of 3 channels; expected a divisor of 3"
    ):
        norm.groupnorm_forward(np.ones((1, 3, 2, 2)), ones, zeros, groups=2)
    with pytest.raises(
        ValueError, match=r"spatial_batchnorm_forward: x has shape \(4, 3\), expected \(N, C, H, W\)"
    ):
        norm.spatial_batchnorm_forward(x, ones, zeros, zeros, ones)
    for backward in (norm.batchnorm_backward, norm.batchnorm_backward_alt):
        with pytest.raises(ValueError, match=r"dout has shape \(3,\), expected \(4, 3\)"):
            backward(ones, batch(x, ones, zeros).cache)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalisation_keeps_the_floating_point_width_and_its_inputs(dtype):
    rng = np.random.default_rng(0)
    rows, images = rng.standard_normal((4, 2)).astype(dtype), rng.standard_normal((2, 2, 3, 3)).astype(dtype)
    gamma, beta = np.ones(2, dtype), np.zeros(2, dtype)
    before = rows.copy(), images.copy()
    step = norm.batchnorm_forward(rows, gamma, beta, beta, gamma)
    spatial = norm.spatial_batchnorm_forward(images, gamma, beta, beta, gamma)
    layer, layer_cache = norm.layernorm_forward(rows, gamma, beta)
    group, group_cache = norm.groupnorm_forward(images, gamma, beta, groups=2)
    results = [
        step.out,
        step.running_mean,
        step.running_var,
        *norm.batchnorm_backward(rows, step.cache),
        *norm.batchnorm_backward_alt(rows, step.cache),
        norm.batchnorm_inference(rows, gamma, beta, beta, gamma),
        spatial[0],
        *norm.spatial_batchnorm_backward(images, spatial[1]),
        layer,
        *norm.layernorm_backward(rows, layer_cache),
        group,
        *norm.groupnorm_backward(images, group_cache),
    ]
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    np.testing.assert_array_equal(rows, before[0])
    np.testing.assert_array_equal(images, before[1])
    np.testing.assert_array_equal(beta, 0)  # the running mean that came in is not the one that went out
