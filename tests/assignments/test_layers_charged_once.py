"""A layer's mistake that nobody knows, or that raises, is charged with the layer; the network on top keeps the share of its points.

A network's own mistake stays its own, whatever is wrong beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.assignments.explaining import told

CS231N, NETWORK, ECE = "cs231n/layers.py", "cs231n/classifiers/fc_net.py", "nndl/layers.py"
KEPT = 0.4  # of what a check lost to another function's mistake
OUT = "        out = gamma * x_hat + beta\n"
Edits = dict[str, list[tuple[str, str]]]

BETA_SUBTRACTED: Edits = {CS231N: [(OUT, OUT.replace("+ beta", "- beta"))]}
MISSPELT: Edits = {CS231N: [("mean_grad = dx_hat.mean", "mean_grad = dxhat.mean")]}
NO_SCALE: Edits = {ECE: [("(np.random.rand(*x.shape) < p) / p", "np.random.rand(*x.shape) > p")]}
TUFTS, TUFTS_NETWORK = "implementations/layers.py", "implementations/fc_net.py"
OVER_FEATURES: Edits = {
    TUFTS: [
        ("np.mean(x, axis=0, keepdims=True)", "np.mean(x, axis=1, keepdims=True)"),
        ("np.var(x, axis=0, keepdims=True)", "np.var(x, axis=1, keepdims=True)"),
    ]
}
NOT_RESTED: Edits = {
    TUFTS_NETWORK: [('self.bn_params[layer]["mode"] = mode', 'self.bn_params[layer]["mode"] = "train"')]
}
ONE_SETTING: Edits = {NETWORK: [("self.bn_params[layer - 1])", "self.bn_params[0])")]}
OWN_EPS: Edits = {
    NETWORK: [("self.bn_params[layer - 1])", "self.bn_params[layer - 1] | {'eps': 1e-3})")],
}
BIAS_TWICE: Edits = {ECE: [("-1) @ w + b", "-1) @ w + 2 * b")]}
GATE: Edits = {ECE: [("return dout * (cache > 0)", "return dout * (cache > 0.1)")]}
BATCHNORM = "network_batchnorm_loss network_batchnorm_gradients network_last_layer network_test_scores training_batchnorm"


def lost(course: Callable[[str], Any], name: str, edits: Edits, folder: Path) -> dict[str, float]:
    """The share of its points that each check of the network lost; the checks that lost none are left out."""
    results = told(name, course(name).edited(folder, edits)).values()
    return {
        one.id: round(float((one.max_points - one.points) / one.max_points), 3)
        for one in results
        if one.function == "FullyConnectedNet" and one.points < one.max_points
    }


@pytest.mark.parametrize(
    ("name", "edits", "checks"),
    [
        pytest.param(
            "cs231n_batchnorm",
            MISSPELT,
            "network_layernorm_gradients training_layernorm",
            id="a-backward-pass-that-raises",
        ),
        pytest.param(
            "ece247_hw4",
            NO_SCALE,
            "network_dropout network_dropout_normalized",
            id="dropout-by-the-other-reading-and-not-scaled",
        ),
        pytest.param(
            "cs231n_batchnorm", BETA_SUBTRACTED, BATCHNORM, id="a-layer-that-nothing-known-explains"
        ),
        pytest.param(
            "ece247_hw4",
            BIAS_TWICE,
            "network_loss network_gradients network_scores network_batchnorm_loss network_batchnorm_gradients"
            " network_test_scores training_plain training_batchnorm network_dropout network_dropout_normalized"
            " network_dropout_scores",
            id="an-affine-layer",
        ),
        pytest.param(
            "tufts_batchnorm",
            OVER_FEATURES,
            "network_objective network_options network_gradients network_last_layer network_predictions "
            "training_batchnorm training_settings",
            id="statistics-over-features-whose-averages-have-a-row-for-each-example",
        ),
    ],
)
def test_the_network_keeps_its_share(
    course: Callable[[str], Any], name: str, edits: Edits, checks: str, tmp_path: Path
) -> None:
    found = lost(course, name, edits, tmp_path)
    assert set(found) == set(checks.split())
    assert max(found.values()) == KEPT


def test_of_several_results_those_that_are_wrong_keep_their_share(
    course: Callable[[str], Any], tmp_path: Path
) -> None:
    found = lost(course, "ece247_hw4", GATE, tmp_path)
    assert found["network_gradients"] == pytest.approx(KEPT * 12 / 16, abs=1e-3)
    assert max(found.values()) == KEPT


def test_a_network_that_is_never_in_test_mode_pays_for_that_alone(
    course: Callable[[str], Any], tmp_path: Path
) -> None:
    found = lost(course, "tufts_batchnorm", {**OVER_FEATURES, **NOT_RESTED}, tmp_path)
    assert {check for check, share in found.items() if share > KEPT} == {
        "network_predictions",
        "training_batchnorm",
    }


def test_a_networks_own_mistake_stays_its_own(course: Callable[[str], Any], tmp_path: Path) -> None:
    """A network that hands on another eps than its layers' own, beside a layer with a mistake."""
    results = told("cs231n_batchnorm", course("cs231n_batchnorm").edited(tmp_path, {**MISSPELT, **OWN_EPS}))
    assert results["network_layernorm_gradients"].points == 0
    assert not any("other layers" in one.reason for one in results.values())


def test_one_dictionary_for_all_layers_is_charged_where_it_is_used(
    course: Callable[[str], Any], tmp_path: Path
) -> None:
    """What a layer gives in training mode does not depend on its running averages."""
    found = lost(course, "cs231n_batchnorm", ONE_SETTING, tmp_path)
    assert found == {"network_test_scores": 1.0, "training_batchnorm": 1.0}
