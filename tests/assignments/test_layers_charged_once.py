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
ONE_SETTING: Edits = {NETWORK: [("self.bn_params[layer - 1])", "self.bn_params[0])")]}


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
    ],
)
def test_the_network_keeps_its_share(
    course: Callable[[str], Any], name: str, edits: Edits, checks: str, tmp_path: Path
) -> None:
    assert lost(course, name, edits, tmp_path) == dict.fromkeys(checks.split(), KEPT)


def test_no_more_comes_back_than_the_layer_lost(course: Callable[[str], Any], tmp_path: Path) -> None:
    found = lost(course, "cs231n_batchnorm", BETA_SUBTRACTED, tmp_path)
    assert set(found) == {
        "network_batchnorm_loss",
        "network_batchnorm_gradients",
        "network_last_layer",
        "network_test_scores",
        "training_batchnorm",
    }
    assert sum(found.values()) < 4


def test_a_networks_own_mistake_stays_its_own(course: Callable[[str], Any], tmp_path: Path) -> None:
    edits = {**MISSPELT, **ONE_SETTING}
    found = lost(course, "cs231n_batchnorm", edits, tmp_path)
    assert {share for check, share in found.items() if "batchnorm" in check} == {1.0}
    assert {share for check, share in found.items() if "layernorm" in check} == {KEPT}
