"""What probes do with arrays before handing them over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignments.common.arrays import kept, number, row, upstream, vectors


@given(st.integers(1, 6))
def test_row_takes_one_row_as_a_vector(features: int) -> None:
    vector = np.arange(features)
    np.testing.assert_array_equal(row(vector[np.newaxis, :]), vector)
    assert row(vector) is vector


@pytest.mark.parametrize(
    "value",
    [np.ones((4, 1)), np.ones((2, 4)), np.array(3.0), np.ones((1, 1, 4)), [1.0], None, 2.0],
    ids=["column", "matrix", "number", "3-d", "list", "None", "float"],
)
def test_row_leaves_everything_else_wrong(value: Any) -> None:
    assert row(value) is value


def test_kept_is_not_written_into_later() -> None:
    running = np.zeros((1, 3))
    seen = kept(running)
    running += 1
    np.testing.assert_array_equal(seen, np.zeros(3))
    assert kept(None) is None


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_row_of_a_matrix_is_a_vector() -> None:
    summed = np.matrix(np.ones((3, 2))).sum(axis=0)
    np.testing.assert_array_equal(row(summed), [3.0, 3.0])
    assert kept(summed).ndim == 1


@pytest.mark.parametrize("value", [np.array([2.5]), np.array([[2.5]]), np.array(2.5)])
def test_number_takes_one_entry_as_a_number(value: Any) -> None:
    assert number(value).shape == ()
    assert number(value) == 2.5


@pytest.mark.parametrize("value", [2.5, np.ones(2), [2.5], None])
def test_number_leaves_everything_else_as_it_is(value: Any) -> None:
    assert number(value) is value


def test_vectors_are_far_from_one_and_zero() -> None:
    gamma, beta = vectors(np.random.default_rng(0), 200)
    assert gamma.shape == beta.shape == (200,)
    assert (np.abs(gamma) >= 0.5).all()
    assert (gamma < 0).any()
    assert np.abs(beta).max() > 1


def test_upstream_features_differ_in_mean_and_spread() -> None:
    x, dout = upstream(np.random.default_rng(0), 500, 6)
    assert x.shape == dout.shape == (500, 6)
    assert x.dtype == dout.dtype == np.float64
    assert np.ptp(x.mean(axis=0)) > 2
    assert np.ptp(x.std(axis=0)) > 0.5
