"""Shared probes of k-layer networks: hands that spell and order differently are understood."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.columns import (
    averages,
    column,
    cost_and_loss,
    forward,
    gradients,
    make_net,
    method,
    named,
    problem,
    start,
)
from reference.conventions import kth

SIZES = (4, 3, 5, 2)


class _Other:
    """Sizes as (units, inputs), settings and methods under other names, no gamma for the last layer."""

    def __init__(self, layers: Any, lamda: float = 0, batch_norm: bool = True, sigma: float = 0.5) -> None:
        self.W = [np.zeros(layer) for layer in layers]
        self.b = [np.zeros((layer[0], 1)) for layer in layers]
        self.batchNorm, self.lamda, self.sigma = batch_norm, lamda, sigma
        self.gamma, self.beta, self.muMA, self.vaMA = ([None] * (len(layers) - 1) for _ in range(4))

    def compute_cost(self, X: Any, Y: Any) -> float:
        X += 1  # careless with what it is given
        return 3.0

    def ComputeGradsNum(self) -> str:  # noqa: N802 - as a student spells it
        return "numerical"


def test_networks_of_both_orders_have_the_same_sizes() -> None:
    ours = make_net(kth, SIZES, batchNorm=False)
    theirs = make_net(SimpleNamespace(BNN=_Other), SIZES, batchNorm=False, lmda=0.25, sig=2.0)
    assert [W.shape for W in ours.W] == [W.shape for W in theirs.W] == [(3, 4), (5, 3), (2, 5)]
    assert (theirs.batchNorm, theirs.lamda, theirs.sigma) == (False, 0.25, 2.0)


def test_a_network_without_weights_is_not_implemented() -> None:
    with pytest.raises(NotImplementedError, match="BNN has no weights yet"):
        make_net(SimpleNamespace(BNN=lambda layers: SimpleNamespace(W=[])), SIZES)


def test_a_network_of_other_sizes_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"W\[0\] of a network with 4 inputs has shape \(7, 7\), expected \(3, 4\)"
    ):
        make_net(SimpleNamespace(BNN=lambda layers: SimpleNamespace(W=[np.zeros((7, 7))])), SIZES)


def test_methods_are_found_in_any_spelling() -> None:
    net = _Other([(2, 3)])
    assert method(net, "computeCost") == net.compute_cost
    assert method(net, "computeGradientsNum")() == "numerical"
    with pytest.raises(AttributeError, match="BNN has no method miniBatchGD"):
        method(net, "miniBatchGD")


def test_starts_depend_on_the_generator_alone() -> None:
    nets = [make_net(kth, SIZES), make_net(SimpleNamespace(BNN=_Other), SIZES)]
    for net in nets:
        start(net, np.random.default_rng(5), SIZES, normalized=True)
    for one, other in zip(nets[0].W + nets[0].vaMA[:2], nets[1].W + nets[1].vaMA, strict=True):
        np.testing.assert_array_equal(one, other)
    assert averages(nets[0]).keys() == {"muMA_1", "muMA_2", "vaMA_1", "vaMA_2"}
    with pytest.raises(ValueError, match="the network has 3 layers, expected 2"):
        start(nets[0], np.random.default_rng(5), SIZES[:-1], normalized=True)


def test_vectors_count_as_columns_and_copies_do_not_change() -> None:
    vector = np.arange(3.0)
    kept = named("b", [vector], 2)
    vector[:] = 9
    np.testing.assert_array_equal(kept["b1"], [[0], [1], [2]])
    assert kept["b2"] is None
    assert column([1.0]) == [1.0]


def test_one_number_is_the_cost_and_inputs_survive() -> None:
    X = np.zeros((3, 2))
    assert cost_and_loss(_Other([(2, 3)]), X, np.eye(2)) == {"cost": 3.0, "loss": None}
    assert not X.any()


def test_forward_and_gradients_name_what_hidden_layers_have() -> None:
    rng = np.random.default_rng(0)
    net = start(make_net(kth, SIZES), rng, SIZES, normalized=True)
    X, Y, y = problem(rng, 4, 2, 6)
    np.testing.assert_array_equal(Y.argmax(axis=0), y)
    assert len(forward(net, X)) == 6
    found = gradients(net, X, Y, normalized=True)
    assert list(found) == [
        f"{kind}_{i}" for kind, n in (("W", 3), ("b", 3), ("gamma", 2), ("beta", 2)) for i in range(1, n + 1)
    ]
    assert found["gamma_2"].shape == (5, 1)


def test_spread_shows_in_the_scores_alone() -> None:
    results, spreads = [], []
    for spread in (1.0, 1000.0):
        rng = np.random.default_rng(3)
        net = start(make_net(kth, SIZES), rng, SIZES, normalized=True, spread=spread)
        X, Y, _ = problem(rng, 4, 2, 6)
        spreads.append(net.evaluateClassifier(X)[2][0].std())
        tested = {"tested": forward(net, X, training=False)[0]}
        found = gradients(net, X, Y, normalized=True, spread=spread)
        results.append({**tested, **found, **averages(net, spread=spread)})
    for name, value in results[0].items():
        np.testing.assert_allclose(results[1][name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    assert spreads[1] == pytest.approx(1000 * spreads[0])
