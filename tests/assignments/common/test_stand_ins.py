"""Other layers in a network's place: they have the gradients they say, and a network is put back as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assignments.common.network_probes import gradients_at, losses_at
from assignments.common.stand_ins import OTHERS, other_layers
from reference.conventions import cs231n, ece247

STEP = 1e-6
PARAMS = {"batchnorm": {"mode": "train"}, "layernorm": {}, "dropout": {"mode": "train", "p": 0.5}}


@pytest.mark.parametrize("kind", PARAMS)
def test_gradients_are_those_of_the_forward_pass(kind: str) -> None:
    rng = np.random.default_rng(3)
    given = [rng.standard_normal((4, 3))]
    given += [] if kind == "dropout" else [rng.standard_normal(3), rng.standard_normal(3)]
    dout = rng.standard_normal((4, 3))
    forward = OTHERS[f"{kind}_forward"]
    gradients = OTHERS[f"{kind}_backward"](dout, forward(*given, dict(PARAMS[kind]))[1])
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for place, gradient in enumerate(gradients):
        along = rng.standard_normal(given[place].shape)
        ends = []
        for sign in (1, -1):
            moved = [array + sign * STEP * along * (number == place) for number, array in enumerate(given)]
            ends.append(np.sum(dout * forward(*moved, dict(PARAMS[kind]))[0]))
        assert (ends[0] - ends[1]) / (2 * STEP) == pytest.approx(np.sum(gradient * along), rel=1e-6)


@pytest.mark.parametrize("impl", [cs231n, ece247])
def test_the_network_uses_them_meanwhile_and_its_own_afterwards(impl: Any) -> None:
    def losses() -> list[float]:
        return [float(loss) for loss in losses_at(impl, np.random.default_rng(5), "batchnorm").values()]

    before = losses()
    own = cs231n.batchnorm_forward
    with other_layers(impl):
        assert cs231n.batchnorm_forward is OTHERS["batchnorm_forward"]
        meanwhile = losses()
    assert cs231n.batchnorm_forward is own
    assert losses() == before
    assert all(abs(one - other) > 1e-3 for one, other in zip(before, meanwhile, strict=True))


@pytest.mark.parametrize("normalization", ["batchnorm", "layernorm"])
def test_the_gradients_on_them_are_those_of_the_loss(normalization: str) -> None:
    with other_layers(cs231n):
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
    with pytest.raises(ZeroDivisionError), other_layers(cs231n):
        1 / 0  # noqa: B018 - whatever a student's network raises
    assert cs231n.layernorm_backward is own
    assert gradients_at(cs231n, np.random.default_rng(2), "layernorm")
