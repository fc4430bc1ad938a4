"""Trainings of k-layer networks that are watched: what is written down is what happened."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from assignments.common.column_steps import MARKS, entries, marks, measured, watched
from assignments.common.columns import make_net, problem, start
from grader.probe import NeedsPersonError
from reference.conventions import kth

SIZES = (4, 3, 5, 2)


def test_watched_sees_rates_and_columns() -> None:
    rng = np.random.default_rng(0)
    net = start(make_net(kth, SIZES), rng, SIZES, normalized=True)
    seen = watched(net, np.zeros((4, 7)), [3, 0.1, 0.5, 2, 2])
    np.testing.assert_allclose(seen["rates"], [0.1, 0.3, 0.5, 0.3])
    np.testing.assert_array_equal(seen["sizes"], [3, 3, 3, 3])
    columns = seen["batches"][0].astype(int)
    assert len(set(columns[:6])) == 6  # without one of the seven, which fills no batch
    np.testing.assert_array_equal(seen["batches"], seen["given"][:, columns])
    np.testing.assert_array_equal(seen["labels"], seen["given_labels"][:, columns])


def test_watched_gives_the_slopes_it_is_told() -> None:
    rng = np.random.default_rng(0)
    net = start(make_net(kth, SIZES), rng, SIZES, normalized=True)
    before, unused = [gamma.copy() for gamma in net.gamma], net.W[0].copy()
    slopes = [
        [np.zeros_like(W) for W in net.W],
        [np.zeros_like(b) for b in net.b],
        [np.ones((3, 1)), np.ones((5, 1))],
        [],
    ]
    watched(net, np.zeros((4, 2)), [2, 0.1, 0.5, 3, 2], slopes)
    np.testing.assert_allclose(net.gamma[1], before[1] - 0.9)  # 0.1 + 0.3 + 0.5
    np.testing.assert_array_equal(net.gamma[2], before[2])
    np.testing.assert_array_equal(net.W[0], unused)


def _measured(network: type) -> tuple[dict[str, np.ndarray], tuple[np.ndarray, np.ndarray], list[float]]:
    rng = np.random.default_rng(1)
    net = start(network(list(itertools.pairwise(SIZES)), batchNorm=False), rng, SIZES, normalized=False)
    X, Y, _ = problem(rng, 4, 2, 9)
    found = measured(net, X[:, :6], Y[:, :6], [3, 0.1, 0.5, 2, 2], (X[:, 6:], Y[:, 6:]))
    return found, (X[:, :6], X[:, 6:]), found["biases"][2::2].tolist()


def test_measured_lets_the_networks_own_functions_give_marks() -> None:
    found, sets, ends = _measured(kth.BNN)
    np.testing.assert_allclose(np.diff(found["biases"]), [-0.1, -0.3, -0.5, -0.3])
    for number, kind in enumerate(MARKS):
        wanted = [marks(sets[number % 2], bias)[kind] for bias in ends]
        np.testing.assert_allclose(found["measured"][number], wanted)


def test_measured_gives_marks_in_the_form_of_the_networks_own_cost() -> None:
    class OneNumber(kth.BNN):  # type: ignore[misc]
        def computeCost(self, X, Y):  # noqa: N802
            return super().computeCost(X, Y)[0]

        def miniBatchGD(self, X, Y, GDParams, xVal, yVal):  # noqa: N802
            self.computeGradients(X, Y)
            return ([self.computeCost(X=X, Y=Y)],) * 6

    found, (columns, _), _ = _measured(OneNumber)
    assert found["measured"][0] == marks(columns, found["biases"][0])[0]


def test_a_training_without_histories_waits_for_a_person() -> None:
    class Silent(kth.BNN):  # type: ignore[misc]
        def miniBatchGD(self, *_given):  # noqa: N802
            return None

    with pytest.raises(NeedsPersonError, match="returns no six histories"):
        _measured(Silent)


class _Named(kth.BNN):
    """Parameters under names of its own, and handed over by them."""

    def computeGradients(self, Xbatch, Ybatch):  # type: ignore[override]  # noqa: N802
        return super().computeGradients(Xbatch, Ybatch)

    def _descend(self, X, Y, eta):
        for kind, grads in zip(
            [self.W, self.b, self.gamma, self.beta], self.computeGradients(Ybatch=Y, Xbatch=X), strict=True
        ):
            for i, grad in enumerate(grads):
                kind[i] = kind[i] - eta * grad


class _LastStays(kth.BNN):
    def _descend(self, X, Y, eta):
        last = self.b[-1]
        super()._descend(X, Y, eta)
        self.b[-1] = last


class _Elsewhere(kth.BNN):
    def _descend(self, X, Y, eta):
        self.b[0] = self.b[0] - eta * kth.BNN.computeGradients(self, X, Y)[1][0] - eta


def _watched(network: type) -> dict[str, np.ndarray]:
    net = network(list(itertools.pairwise(SIZES)))
    start(net, np.random.default_rng(0), SIZES, normalized=True)
    return watched(net, np.zeros((4, 6)), [3, 0.1, 0.5, 2, 2])


@pytest.mark.parametrize("network", [_Named, _LastStays])
def test_watched_sees_rates_however_it_is_called_and_whichever_layer_stays(network: type) -> None:
    seen = _watched(network)
    np.testing.assert_allclose(seen["rates"], [0.1, 0.3, 0.5, 0.3])
    np.testing.assert_array_equal(seen["labels"].shape, (2, 12))


def test_training_that_does_not_ask_for_its_gradients_waits_for_a_person() -> None:
    with pytest.raises(NeedsPersonError, match="from elsewhere than computeGradients"):
        _watched(_Elsewhere)


def test_entries_may_be_arrays_of_one_number() -> None:
    np.testing.assert_array_equal(entries([1.0, np.array([[2.0]]), np.float32(3)]), [1, 2, 3])
