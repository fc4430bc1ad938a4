"""Networks of every year are made, started from given parameters and read in the same way."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.networks import absent_biases, gradients_of, make_network, names_of, start

SIZES = (4, 3, 2)


class _Network:
    """Keeps what its constructor was given; parameters named as by `first` and `gamma`."""

    first, gamma = 1, "gamma"

    def _fill(self, hidden_dims: Any, input_dim: int, num_classes: int, normalized: bool) -> None:
        sizes = [input_dim, *hidden_dims, num_classes]
        self.params: dict[str, Any] = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            number = layer + self.first
            self.params[f"W{number}"] = np.zeros((fan_in, fan_out))
            self.params[f"b{number}"] = np.zeros(fan_out)
            if normalized and layer < len(sizes) - 2:
                self.params[f"{self.gamma}{number}"] = np.zeros((1, fan_out))
                self.params[f"{self.gamma.replace('gamma', 'beta')}{number}"] = np.zeros(fan_out)


class Net2016(_Network):
    """`use_batchnorm`, and `dropout` is the probability of dropping."""

    def __init__(  # noqa: PLR0917 - the course's own signature
        self,
        hidden_dims: Any,
        input_dim: int = 9,
        num_classes: int = 9,
        dropout: float = 0,
        use_batchnorm: bool = False,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        dtype: Any = np.float32,
        seed: Any = None,
    ) -> None:
        self.use_dropout, self.reg, self.dtype, self.norm = dropout > 0, reg, dtype, use_batchnorm
        self._fill(hidden_dims, input_dim, num_classes, use_batchnorm)


class Net2018(_Network):
    """`normalization`, and `dropout` is the probability of keeping."""

    default = 1.0

    def __init__(  # noqa: PLR0917 - the course's own signature
        self,
        hidden_dims: Any,
        input_dim: int = 9,
        num_classes: int = 9,
        dropout: float | None = None,
        normalization: Any = None,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        dtype: Any = np.float32,
        seed: Any = None,
    ) -> None:
        dropout = self.default if dropout is None else dropout
        self.use_dropout, self.reg, self.dtype, self.norm = dropout != 1, reg, dtype, normalization
        self._fill(hidden_dims, input_dim, num_classes, normalization is not None)


class NetMixed(Net2018):
    """A checkout whose default of 0 is read as the probability of keeping."""

    default = 0.0


class NetToday(_Network):
    """`dropout_keep_ratio`, and parameters counted from 0 under other names."""

    first, gamma = 0, "bn_gamma"

    def __init__(
        self,
        hidden_dims: Any,
        input_dim: int = 9,
        num_classes: int = 9,
        dropout_keep_ratio: float = 1,
        normalization: Any = None,
        **rest: Any,
    ) -> None:
        self.use_dropout, self.norm, self.reg, self.dtype = (
            dropout_keep_ratio != 1,
            normalization,
            rest["reg"],
            rest["dtype"],
        )
        self._fill(hidden_dims, input_dim, num_classes, normalization is not None)


YEARS = [Net2016, Net2018, NetMixed, NetToday]


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("normalization", [None, "batchnorm"])
def test_network_of_every_year_is_made_without_dropout(year: Any, normalization: str | None) -> None:
    model = make_network(SimpleNamespace(FullyConnectedNet=year), SIZES, normalization, 3.14)
    assert not model.use_dropout
    assert bool(model.norm) == (normalization is not None)
    assert (model.reg, model.dtype) == (3.14, np.float64)


def test_network_without_layer_normalization_says_so() -> None:
    with pytest.raises(NotImplementedError, match="takes no argument that asks for layernorm"):
        make_network(SimpleNamespace(FullyConnectedNet=Net2016), SIZES, "layernorm", 0.0)
    assert (
        make_network(SimpleNamespace(FullyConnectedNet=NetToday), SIZES, "layernorm", 0.0).norm == "layernorm"
    )


@pytest.mark.parametrize("year", YEARS)
def test_start_gives_every_year_the_same_numbers(year: Any) -> None:
    model = make_network(SimpleNamespace(FullyConnectedNet=year), SIZES, "batchnorm", 0.0)
    start(model, np.random.default_rng(7), SIZES, normalized=True)
    other = make_network(SimpleNamespace(FullyConnectedNet=Net2018), SIZES, "batchnorm", 0.0)
    start(other, np.random.default_rng(7), SIZES, normalized=True)
    grads = gradients_of(model.params, SIZES, normalized=True, prefix="p_")
    for name, value in gradients_of(other.params, SIZES, normalized=True, prefix="p_").items():
        np.testing.assert_array_equal(grads[name], value)
    assert set(grads) == {"p_W1", "p_b1", "p_gamma1", "p_beta1", "p_W2", "p_b2"}


def test_start_keeps_the_shape_that_the_student_chose() -> None:
    model = start(
        Net2018([3], 4, 2, normalization="batchnorm"), np.random.default_rng(7), SIZES, normalized=True
    )
    assert model.params["gamma1"].shape == (1, 3)


def test_start_without_parameters_is_not_implemented() -> None:
    with pytest.raises(NotImplementedError, match="has no parameters yet"):
        start(SimpleNamespace(params={}), np.random.default_rng(0), SIZES, normalized=False)


def test_start_names_the_absent_parameter() -> None:
    model = Net2018([3], 4, 2, normalization="batchnorm")
    del model.params["beta1"]
    with pytest.raises(KeyError, match=r"params has no beta1, expected an array of shape \(3,\)"):
        start(model, np.random.default_rng(0), SIZES, normalized=True)


def test_start_spares_a_bias_that_batch_normalization_takes_out_again() -> None:
    model = Net2018([3], 4, 2, normalization="batchnorm")
    del model.params["b1"]
    start(model, np.random.default_rng(0), SIZES, normalized=True)
    assert absent_biases(model.params, SIZES) == {"b1"}
    grads = {name: value for name, value in model.params.items() if name != "b2"}
    given = gradients_of(grads, SIZES, normalized=True, prefix="", absent=absent_biases(model.params, SIZES))
    np.testing.assert_array_equal(given["b1"], np.zeros(3))
    assert given["b2"] is None, "a bias that is there has a gradient"
    plain = Net2018([3], 4, 2)
    del plain.params["b1"]
    with pytest.raises(KeyError, match="params has no b1"):
        start(plain, np.random.default_rng(0), SIZES, normalized=False)


def test_start_names_the_parameter_of_another_size() -> None:
    model = Net2018([5], 4, 2)
    with pytest.raises(ValueError, match=r"params\['W1'\] has shape \(4, 5\), expected \(4, 3\)"):
        start(model, np.random.default_rng(0), SIZES, normalized=False)


def test_names_of_leaves_out_what_is_no_parameter() -> None:
    assert names_of(["W1", "b1", "ln_gamma1", "best", "W", "loss3"]) == {
        "W1": "W1",
        "b1": "b1",
        "gamma1": "ln_gamma1",
    }


def test_gradients_of_gives_none_for_an_absent_gradient() -> None:
    grads = gradients_of({"W1": np.ones((4, 3))}, SIZES, normalized=False, prefix="")
    assert grads["W2"] is None
    assert grads["b1"] is None
