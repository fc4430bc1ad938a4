"""Classes that are a student's own in names and form are asked for what they can be asked for; the rest waits for a person."""
# The hand-in is written as students write.

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

OWN_CLASS = (Path(__file__).parent / "hand_ins" / "own_class.txt").read_text("utf-8")
LAYERS = """
import numpy as np


class Layer:
    def __init__(self, inputs, outputs):
        self.W = np.random.randn(outputs, inputs)

    def forward(self, X):
        return self.W @ X

    def backward(self, G):
        return self.W.T @ G


class Network:
    def __init__(self, sizes, lam=0.0, batch_norm=True):
        self.layers = [Layer(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, X):
        return self.layers[0].forward(X)

    def backward(self, X, Y):
        return self.layers[0].backward(Y)

    def compute_cost(self, X, Y):
        return 0.0
"""
UNASKED = {
    "relu_values",
    "zeros_in_shape",
    "numerical_gradients",
    "numerical_gradients_sides",
    "numerical_gradients_restore",
}


def test_right_class_of_its_own_passes_all_that_can_be_asked(klayer: Any, judged: Any) -> None:
    for check in klayer.suite.at("modules"):
        expected = "person" if check.id in UNASKED else "passed"
        assert judged(check.id, OWN_CLASS)[0] == expected, check.id


WRONG = {
    "moving_averages": ("(1 - self.alpha) * mu", "self.alpha * mu"),
    "testing_output": ("mu, var = self.mu_avg[i], self.var_avg[i]", "mu, var = s.mean(1, keepdims=True), s.var(1, keepdims=True)"),
    "cost_plain": ("self.lmbda * np.sum([", "0.5 * self.lmbda * np.sum(["),
    "cost_leaves_averages": ("def compute_cost(self, X, Y, training=False)", "def compute_cost(self, X, Y, training=True)"),
    "gradients_batchnorm": ("G = G * self.gamma[i]", "pass"),
    "learning_rates": ("(t - 2 * l * n_s) / n_s", "(t + 1 - 2 * l * n_s) / n_s"),
    "mini_batches": ("random.shuffle(idx)", "pass"),
    "steps_of_all_parameters": ("self.beta[i] -= eta * grads[3][i]", "pass"),
    "initial_spread": ("np.sqrt(2 / n_in) if sigma is None", "np.sqrt(1 / n_in) if sigma is None"),
}  # fmt: skip


@pytest.mark.parametrize("check", WRONG)
def test_wrong_class_of_its_own_fails(judged: Any, check: str) -> None:
    assert judged(check, OWN_CLASS, WRONG[check])[0] == "failed"


@pytest.mark.parametrize(
    ("edit", "check", "reason"),
    [
        pytest.param(
            ("self.mu_avg", "self.kept_means"), "testing_output", "keeps mu in a form", id="averages"
        ),
        pytest.param(("lmbda=0, ", "penalty=0, "), "cost_plain", "does not take lambda", id="lambda"),
        pytest.param(
            (", sigma=None", ", sigma=0.01"), "initial_spread", "asked for He's", id="starting-weights"
        ),
    ],
)
def test_class_that_cannot_be_asked_waits(
    judged: Any, edit: tuple[str, str], check: str, reason: str
) -> None:
    assert edit[0] in OWN_CLASS
    found = judged(check, OWN_CLASS.replace(*edit))  # in all places
    assert found[0] == "person"
    assert reason in found[1]


def test_averages_that_start_with_the_first_batch_can_be_given(judged: Any) -> None:
    edits = [
        (f"self.{name}.append(np.zeros((n_out, 1)))", f"self.{name}.append(None)")
        for name in ("mu_avg", "var_avg")
    ]
    assert judged("testing_output", OWN_CLASS, *edits)[0] == "passed"
    assert judged("initial_values", OWN_CLASS, *edits) == (
        "person",
        "the moving averages start with the first batch",
    )


def test_network_of_layers_waits_and_is_not_taken_for_a_layer(judged: Any) -> None:
    assert judged("forward_plain", LAYERS) == (
        "person",
        "Network keeps its weights in a form that the check does not know",
    )
    assert judged("relu_values", LAYERS)[0] == "person"
