"""The other forward pass of k-layer networks: what it gives hangs together, and is the same each time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from assignments.common.column_stand_ins import on_another_forward
from assignments.common.columns import start
from reference.conventions import kth

SIZES, COLUMNS = (4, 3, 5, 2), 7


@pytest.fixture
def net() -> Any:
    """A network of three layers."""
    made = kth.BNN(list(pairwise(SIZES)), batchNorm=True)
    return on_another_forward(start(made, np.random.default_rng(1), SIZES, normalized=True), normalized=True)


def test_results_hang_together_as_the_courses_do(net: Any) -> None:
    X = np.random.default_rng(2).standard_normal((SIZES[0], COLUMNS))
    p, h, s, sh, mu, v = net.evaluateClassifier(X)
    assert p.sum(axis=0) == pytest.approx(np.ones(COLUMNS))
    assert h[0] is X
    for i in range(2):
        assert s[i].mean(axis=1, keepdims=True) == pytest.approx(mu[i])
        assert s[i].var(axis=1, keepdims=True) == pytest.approx(v[i])
        assert (s[i] - mu[i]) / np.sqrt(v[i]) == pytest.approx(sh[i])
        assert h[i + 1] == pytest.approx(np.maximum(net.gamma[i] * sh[i] + net.beta[i], 0))


def test_testing_gives_others_and_a_second_call_the_same(net: Any) -> None:
    X = np.zeros((SIZES[0], COLUMNS))
    first, again, testing = (net.evaluateClassifier(X, mode)[0] for mode in (True, True, False))
    assert np.array_equal(first, again)
    assert not np.allclose(first, testing)
    assert net.computeCost(X, np.eye(2)[np.arange(COLUMNS) % 2].T)[1] == pytest.approx(
        -np.mean(np.log(first[np.arange(COLUMNS) % 2, np.arange(COLUMNS)]))
    )
