"""Other layers in a network's place: they have the gradients they say, and a network is put back as it was."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from assignments.common.network_probes import gradients_at, losses_at
from assignments.common.stand_ins import LONE, OTHERS, on_others, other_layers
from grader.probe import check
from reference.conventions import cs231n, ece247

STEP = 1e-6
VECTOR = (3,)
PARAMS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {  # shapes of what comes behind x, and settings
    "batchnorm": ((VECTOR, VECTOR), ({"mode": "train"},)),
    "layernorm": ((VECTOR, VECTOR), ({},)),
    "dropout": ((), ({"mode": "train", "p": 0.3},)),
    "affine": (((3, 5), (5,)), ()),
    "relu": ((), ()),
    "affine_relu": (((3, 5), (5,)), ()),
}
NORMALIZATION = [name for name in OTHERS if "norm" in name]


@pytest.mark.parametrize("kind", PARAMS)
def test_gradients_are_those_of_the_forward_pass(kind: str) -> None:
    rng = np.random.default_rng(3)
    shapes, settings = PARAMS[kind]
    given = [rng.standard_normal(shape) for shape in ((4, 3), *shapes)]
    forward = OTHERS[f"{kind}_forward"]
    out, cache = forward(*given, *deepcopy(settings))
    dout = rng.standard_normal(out.shape)
    gradients = OTHERS[f"{kind}_backward"](dout, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for place, gradient in enumerate(gradients):
        along = rng.standard_normal(given[place].shape)
        ends = []
        for sign in (1, -1):
            moved = [*given[:place], given[place] + sign * STEP * along, *given[place + 1 :]]
            ends.append(np.sum(dout * forward(*moved, *deepcopy(settings))[0]))
        assert (ends[0] - ends[1]) / (2 * STEP) == pytest.approx(np.sum(gradient * along), rel=1e-6)


def test_a_lone_layer_gives_the_same_without_a_cache() -> None:
    rng = np.random.default_rng(4)
    x, dout = rng.standard_normal((2, 4, 3))
    gamma, beta = rng.standard_normal((2, 3))
    terms = {"mode": "train", "eps": 1e-4, "momentum": 0.5}
    settings = {**terms, "running_mean": np.ones((1, 3)), "running_var": np.ones((1, 3))}
    out, cache = OTHERS["batchnorm_forward"](x, gamma, beta, dict(terms))
    assert LONE["batchnorm_forward"](x, gamma, beta, settings) == pytest.approx(2 * out)
    assert settings["running_mean"] == pytest.approx(0.25 + 0.75 * x[:1])
    settings["mode"] = "test"
    resting = LONE["batchnorm_forward"](x, gamma, beta, settings)
    assert resting == pytest.approx(2 * (gamma * np.sin(x - 0.25 - 0.75 * x[0] + 1) + beta))
    for one, other in zip(
        LONE["batchnorm_backward"](dout, x, gamma, 1e-4),
        OTHERS["batchnorm_backward"](2 * dout, cache),
        strict=True,
    ):
        assert one == pytest.approx(other)


@pytest.mark.parametrize("impl", [cs231n, ece247])
def test_the_network_uses_them_meanwhile_and_its_own_afterwards(impl: Any) -> None:
    def losses() -> list[float]:
        return [float(loss) for loss in losses_at(impl, np.random.default_rng(5), "batchnorm").values()]

    before = losses()
    own = cs231n.batchnorm_forward
    with other_layers(impl, NORMALIZATION):
        assert cs231n.batchnorm_forward is OTHERS["batchnorm_forward"]
        meanwhile = losses()
    assert cs231n.batchnorm_forward is own
    assert losses() == before
    assert all(abs(one - other) > 1e-3 for one, other in zip(before, meanwhile, strict=True))


def test_all_that_a_network_hands_on_shows_in_them() -> None:
    x, vectors = np.random.default_rng(2).standard_normal((4, 3)), (np.ones(3), np.zeros(3))

    def after(settings: dict[str, Any]) -> Any:
        OTHERS["batchnorm_forward"](x, *vectors, settings)
        return settings["running_mean"]

    for forward in ("batchnorm_forward", "layernorm_forward"):
        plain, large = (
            OTHERS[forward](x, *vectors, {"mode": "train", **more})[0] for more in ({}, {"eps": 1e-3})
        )
        assert np.abs(plain - large).max() > 0.1
    start = {"mode": "train", "running_mean": np.ones(3)}
    assert np.abs(after(dict(start)) - after({**start, "momentum": 0.5})).max() > 0.1
    one, other = (OTHERS["dropout_forward"](x, {"mode": "train", "p": p})[0] for p in (0.4, 0.6))
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("parts", [NORMALIZATION, list(OTHERS)])
@pytest.mark.parametrize("normalization", ["batchnorm", "layernorm"])
def test_the_gradients_on_them_are_those_of_the_loss(normalization: str, parts: list[str]) -> None:
    with other_layers(cs231n, parts):
        model = cs231n.FullyConnectedNet([5, 4], 6, 3, normalization=normalization, dtype=np.float64)
        rng = np.random.default_rng(1)
        model.params = {name: rng.standard_normal(array.shape) for name, array in model.params.items()}
        X, y = rng.standard_normal((7, 6)), rng.integers(3, size=7)
        _, gradients = model.loss(X, y)
        for name in ("W1", "gamma1", "beta2", "b3"):
            along = rng.standard_normal(model.params[name].shape)
            ends = []
            for sign in (1, -1):
                model.params[name] = model.params[name] + sign * STEP * along
                ends.append(model.loss(X, y)[0])
                model.params[name] = model.params[name] - sign * STEP * along
            slope = (ends[0] - ends[1]) / (2 * STEP)
            assert slope == pytest.approx(np.sum(gradients[name] * along), rel=1e-5, abs=1e-8)


def test_they_are_put_back_where_the_network_raises() -> None:
    own = cs231n.layernorm_backward
    with pytest.raises(ZeroDivisionError), other_layers(cs231n, OTHERS):
        1 / 0  # noqa: B018 - whatever a student's network raises
    assert cs231n.layernorm_backward is own
    assert gradients_at(cs231n, np.random.default_rng(2), "layernorm")


def test_a_companion_asks_for_the_same_on_them() -> None:
    network = check(of="FullyConnectedNet", points=3, tolerance=1e-3, visible=False)(_losses)
    made = on_others(network, ("relu_forward", "relu_backward"), called="on_waves")
    assert (made.id, made.carries, made.of, made.tolerance) == (
        "_losses_on_waves",
        "_losses",
        "FullyConnectedNet",
        1e-3,
    )
    assert made.parts == ("relu_forward", "relu_backward")
    own, other = (one.probe(cs231n, np.random.default_rng(5)) for one in (network, made))
    assert own.keys() == other.keys()
    assert all(abs(own[name] - other[name]) > 1e-3 for name in own)


def _losses(impl: Any, rng: Any) -> dict[str, Any]:
    """Losses."""
    return losses_at(impl, rng, None)
