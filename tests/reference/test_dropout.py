"""Inverted dropout: scale, share kept, gradient, and where its randomness comes from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.dropout import dropout_backward, dropout_forward


class Fixed:
    """A source whose uniform numbers are known."""

    def __init__(self, numbers):
        self.numbers = np.array(numbers)

    def random(self, size, /):
        return self.numbers.reshape(size)


def test_dropout_by_hand():
    out, mask = dropout_forward(np.array([1.0, 2.0, 3.0]), keep=0.5, rng=Fixed([0.49, 0.5, 0.1]))
    np.testing.assert_array_equal(out, [2, 0, 6])
    np.testing.assert_array_equal(dropout_backward(np.array([10.0, 10.0, 10.0]), mask), [20, 0, 20])


@given(keep=st.floats(0.2, 1.0))
def test_dropout_keeps_the_expected_output(keep):
    out, _ = dropout_forward(np.ones((100, 100)), keep=keep, rng=np.random.default_rng(3))
    assert out.mean() == pytest.approx(1, abs=0.1)  # five standard deviations at keep = 0.2
    assert np.mean(out > 0) == pytest.approx(keep, abs=0.03)


def test_dropout_keeping_all_is_the_identity():
    x = np.arange(6.0)
    np.testing.assert_array_equal(dropout_forward(x, keep=1.0, rng=np.random.default_rng(0))[0], x)


def test_dropout_draws_from_the_given_source_only():
    x = np.ones(50)
    np.random.seed(4)
    state = np.random.get_state()[1].copy()
    first, _ = dropout_forward(x, keep=0.5, rng=np.random.default_rng(8))
    second, _ = dropout_forward(x, keep=0.5, rng=np.random.default_rng(8))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.1, float("nan")])
def test_dropout_rejects_what_is_no_probability_to_keep(keep):
    with pytest.raises(ValueError, match=r"keep is .*, expected a probability above 0 and at most 1"):
        dropout_forward(np.ones(2), keep=keep, rng=np.random.default_rng(0))


def test_dropout_backward_rejects_another_shape():
    with pytest.raises(ValueError, match=r"dropout_backward: dout has shape \(1, 2\), expected \(2,\)"):
        dropout_backward(np.ones((1, 2)), np.ones(2))


def test_dropout_keeps_float32():
    out, mask = dropout_forward(np.ones(4, np.float32), keep=0.5, rng=np.random.default_rng(0))
    assert out.dtype == mask.dtype == np.float32
