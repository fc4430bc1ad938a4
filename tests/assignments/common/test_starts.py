"""Starting parameters: whatever is drawn at the asked scale passes, in either shape; each thing that is off is named."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.network_probes import starting_parameters
from assignments.common.starts import judge_start

SCALES = {None: 0.02, "batchnorm": 0.3}
SIZES = (30, 40, 25, 10)


class Network:
    """Draws as it is told, and keeps nothing but its parameters."""

    def __init__(self, hidden_dims: Any, input_dim: int = 1, num_classes: int = 1, **terms: Any) -> None:
        sizes = [input_dim, *hidden_dims, num_classes]
        self.params: dict[str, Any] = {}
        for layer in reversed(range(1, len(sizes))):  # in another order than most
            shape = sizes[layer - 1], sizes[layer]
            self.params[f"W{layer}"] = np.random.normal(0, terms["weight_scale"], shape)
            self.params[f"b{layer}"] = np.zeros((1, shape[1]))
            if terms["normalization"] and layer < len(sizes) - 1:
                self.params[f"gamma{layer}"], self.params[f"beta{layer}"] = (
                    np.ones(shape[1]),
                    np.zeros(shape[1]),
                )


def sent(edit: Any = None, seed: int = 0) -> dict[str, Any]:
    class Edited(Network):
        def __init__(self, *args: Any, normalization: Any, **terms: Any) -> None:
            super().__init__(*args, normalization=normalization, **terms)
            if edit:
                edit(self.params)

    np.random.seed(seed)
    return starting_parameters(SimpleNamespace(FullyConnectedNet=Edited), SCALES, SIZES)


@pytest.mark.parametrize("seed", range(20))
def test_weights_of_the_asked_scale_pass_whatever_is_drawn(seed: int) -> None:
    assert judge_start(sent(seed=seed), sent(seed=99), scales=SCALES).passed


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        pytest.param(
            lambda p: p.update(W2=2 * p["W2"]), r"^W2 has standard deviation 0\.0\d+ where", id="scale"
        ),
        pytest.param(
            lambda p: p.update(W2=abs(p["W2"])), r"^W2 has standard deviation|^W2 has mean", id="positive"
        ),
        pytest.param(lambda p: p.update(W1=p["W1"] + 0.01), r"^W1 has mean 0\.0\d+, expected", id="mean"),
        pytest.param(lambda p: p.update(b3=p["b3"] + 1e-3), "^b3 does not start at 0", id="bias"),
        pytest.param(lambda p: p.pop("b1"), "^params has no b1", id="absent"),
        pytest.param(lambda p: p.update(W1=p["W1"].T), r"^W1 has shape \(40, 30\)", id="transposed"),
        pytest.param(
            lambda p: "gamma1" in p and p.update(gamma1=0 * p["gamma1"]), "^gamma1 does not", id="gamma"
        ),
        pytest.param(lambda p: p.update(W1=np.nan * p["W1"]), "^W1 ", id="nan"),
    ],
)
def test_what_is_off_is_named(edit: Any, reason: str) -> None:
    judged = judge_start(sent(edit), sent(), scales=SCALES)
    assert not judged.passed
    assert re.search(reason, judged.reason), judged.reason


def test_a_network_without_parameters_is_not_there_yet() -> None:
    with pytest.raises(NotImplementedError, match="no parameters yet"):
        sent(lambda params: params.clear())
