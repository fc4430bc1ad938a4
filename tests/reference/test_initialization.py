"""Starting weights: their spread, their source."""

import numpy as np
import pytest

from reference.initialization import fixed_normal, he_normal


def test_fixed_normal_has_the_stated_spread():
    weights = fixed_normal(np.random.default_rng(0), (400, 500), sigma=0.05)
    assert weights.shape == (400, 500)
    assert weights.std() == pytest.approx(0.05, rel=0.01)
    assert weights.mean() == pytest.approx(0, abs=5e-4)


def test_he_normal_keeps_the_second_moment_through_relu_layers():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((500, 300))
    for _ in range(10):
        x = np.maximum(0, x @ he_normal(rng, (300, 300), fan_in=300))
    assert 0.5 < np.mean(x**2) < 2  # a factor of 2 wrong per layer would give 2 ** 10


def test_the_global_generator_serves_as_source():
    np.random.seed(5)
    weights = he_normal(np.random, (2, 3), fan_in=2)
    np.random.seed(5)
    np.testing.assert_array_equal(weights, np.random.randn(2, 3))


def test_he_normal_rejects_no_inputs():
    with pytest.raises(ValueError, match="fan_in is 0"):
        he_normal(np.random.default_rng(0), (0, 3), fan_in=0)
