"""Networks of the lesson's kind: made-up data, filling, reading, and calls that take their data one way or another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.lesson_networks import (
    Rows,
    call,
    fill,
    lesson_network,
    made_up,
    normalized_layers,
    params_of,
    population_of,
    starting_weights,
)
from reference.conventions import udacity

SIZES = (4, 3, 5, 10)

mnist: Any = "the notebook's own"


def _net(*, normalized: bool) -> Any:
    weights = starting_weights(np.random.default_rng(0), SIZES)
    return lesson_network(udacity, weights, "relu", normalized=normalized)


def test_rows_come_in_order_and_start_again() -> None:
    rows = Rows(np.arange(5.0)[:, None], np.eye(5))
    assert [rows.next_batch(3)[0].ravel().tolist() for _ in range(3)] == [[0, 1, 2], [3, 4, 0], [1, 2, 3]]
    assert rows.next_batch(2)[1].argmax(axis=1).tolist() == [4, 0]


def test_made_up_data_are_one_hot_and_equal_for_equal_generators() -> None:
    one, other = (made_up(np.random.default_rng(3), 6, (20, 7, 5)) for _ in range(2))
    for part, count in (("train", 20), ("validation", 7), ("test", 5)):
        assert getattr(one, part).images.shape == (count, 6)
        assert getattr(one, part).labels.sum(axis=1).tolist() == [1.0] * count
        np.testing.assert_array_equal(getattr(one, part).images, getattr(other, part).images)


@pytest.mark.parametrize("normalized", [True, False])
def test_fill_depends_on_the_generator_alone(normalized: bool) -> None:
    nets = [fill(_net(normalized=normalized), np.random.default_rng(5), SIZES) for _ in range(2)]
    nets[1].params = dict(reversed(nets[1].params.items()))
    fill(nets[1], np.random.default_rng(5), SIZES)
    for read in (params_of, population_of):
        first, second = read(nets[0]), read(nets[1])
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first)
    assert len(population_of(nets[0])) == (4 if normalized else 0)
    assert np.all(params_of(nets[0])["b3"] != 0)


def test_fill_keeps_the_shape_in_which_a_network_has_its_vectors() -> None:
    net = _net(normalized=True)
    net.params["gamma1"] = net.params["gamma1"][None, :]
    fill(net, np.random.default_rng(5), SIZES)
    assert net.params["gamma1"].shape == (1, 3)
    assert params_of(net)["gamma1"].shape == (3,)


def test_a_bias_in_front_of_a_normalization_is_left_alone_and_out() -> None:
    net = _net(normalized=True)
    net.params["b1"] = np.zeros(3)
    fill(net, np.random.default_rng(5), SIZES)
    assert not net.params["b1"].any()
    assert "b1" not in params_of(net)
    assert "b3" in params_of(net)


def test_a_network_without_parameters_is_not_written_yet() -> None:
    with pytest.raises(NotImplementedError, match="NeuralNet has no parameters yet"):
        fill(SimpleNamespace(params={}, population=[]), np.random.default_rng(0), SIZES)


def test_what_was_read_is_a_copy() -> None:
    net = _net(normalized=True)
    before = params_of(net)["W1"]
    net.params["W1"] += 1
    assert not np.array_equal(before, net.params["W1"])


def _takes_them(rate: float, *, mnist: Any) -> Any:
    return rate, mnist


def _reads_the_global(session: Any, rate: float) -> Any:
    return session, rate, mnist


def _breaks() -> None:
    raise ZeroDivisionError(mnist)


def test_data_reach_a_function_either_way() -> None:
    assert call(_takes_them, "made up", 0.5) == (0.5, "made up")
    assert call(_reads_the_global, "made up", 0.5) == (None, 0.5, "made up")
    assert mnist == "the notebook's own"


def test_the_global_is_put_back_when_a_function_raises() -> None:
    with pytest.raises(ZeroDivisionError, match="made up"):
        call(_breaks, "made up")
    assert mnist == "the notebook's own"


def test_a_global_that_was_not_there_is_gone_again() -> None:
    space: dict[str, Any] = {}
    exec("def train(rate):\n    return rate, mnist\n", space)
    assert call(space["train"], "made up", 1) == (1, "made up")
    assert "mnist" not in space


@pytest.mark.parametrize("form", [list, tuple, np.stack])
def test_fill_keeps_the_form_of_population_statistics(form: Any) -> None:
    """Students write into a list or a row of an array, and a tuple would not have it."""
    net = _net(normalized=True)
    net.population = [form([mean, variance]) for mean, variance in net.population]
    fill(net, np.random.default_rng(5), SIZES)
    assert {type(pair) for pair in net.population} == {type(form([np.zeros(1), np.zeros(1)]))}
    plain = fill(_net(normalized=True), np.random.default_rng(5), SIZES)
    for pair, known in zip(net.population, plain.population, strict=True):
        np.testing.assert_array_equal(pair, known)


def test_fill_gives_a_layer_its_own_statistics_where_others_are_not_normalized() -> None:
    net = _net(normalized=True)
    del net.params["gamma1"], net.params["beta1"]
    net.population = [net.population[1], (np.zeros(10), np.ones(10)), (np.zeros(77), np.ones(77))]
    fill(net, np.random.default_rng(5), SIZES)
    plain = fill(_net(normalized=True), np.random.default_rng(5), SIZES)
    np.testing.assert_array_equal(net.population[0], plain.population[1])
    assert np.any(net.population[1][0] != 0)  # of the last layer, which should not be normalized
    assert not np.any(net.population[2][0])  # of no layer
    assert normalized_layers(net) == [2]
    assert normalized_layers(plain) == [1, 2]
