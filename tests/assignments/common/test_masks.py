"""Dropout is judged by its masks: any right draw passes under either reading of p, and no wrong one does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.common.dropout import dropout_gradients, dropout_network, dropout_outputs
from assignments.common.masks import (
    READINGS,
    judge_backward,
    judge_masks,
    judge_network,
    judge_twins,
    reading_of,
)

KEEP, DROP = READINGS


def dropout(keep_of: Any, draw: Any = np.random.rand) -> Any:
    """Right dropout that keeps the share keep_of(p)."""

    def forward(x: Any, param: Any) -> Any:
        mask = (draw(*x.shape) < keep_of(param["p"])) / keep_of(param["p"])
        return x * mask, mask

    return SimpleNamespace(dropout_forward=forward, dropout_backward=lambda dout, mask: dout * mask)


RIGHT = {KEEP: dropout(lambda p: p), DROP: dropout(lambda p: 1 - p)}


@pytest.mark.parametrize("reading", READINGS)
@given(seed=st.integers(0, 2**32 - 1), p=st.sampled_from([0.2, 0.3, 0.75, 0.9]))
@settings(max_examples=25, deadline=None)
def test_right_draws_pass_whatever_the_chance_and_show_their_reading(
    reading: str, seed: int, p: float
) -> None:
    np.random.seed(seed)
    made = dropout_outputs(RIGHT[reading], np.random.default_rng(seed), (p,), (30, 20))
    assert judge_masks(made, made).passed
    assert reading_of(made, made) == (reading, "")
    made = dropout_gradients(RIGHT[reading], np.random.default_rng(seed), (p,), (9, 8))
    assert judge_backward(made, made).passed


def _outputs(**changed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    np.random.seed(1)
    made = dropout_outputs(RIGHT[KEEP], np.random.default_rng(1), (0.3,), (30, 20))
    return {**made, **changed}, made


X = _outputs()[1]["x_0.3_1"]


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        pytest.param(X[:5], r"has shape \(5, 20\), expected \(30, 20\)", id="shape"),
        pytest.param(X * np.nan, "600 of 600 numbers are NaN", id="nan"),
        pytest.param(X, "drops nothing", id="nothing"),
        pytest.param(0 * X, "drops everything", id="everything"),
        pytest.param(X * (np.arange(20) < 6) / 0.3, "whole rows or columns are kept alike", id="columns"),
        pytest.param(X * (np.arange(30) < 9)[:, None] / 0.3, "whole rows or columns", id="rows"),
        pytest.param(
            X * (np.random.default_rng(0).random(X.shape) < 0.3),
            "what is kept is not the input divided",
            id="scale",
        ),
        pytest.param(
            X * (np.random.default_rng(0).random(X.shape) < 0.5) / 0.3,
            "keeps [45].% of the entries, but divides by 0.3",
            id="share",
        ),
    ],
)
def test_wrong_outputs_fail_with_reason(out: Any, reason: str) -> None:
    actual, expected = _outputs(**{"out_0.3_1": out})
    judged = judge_masks(actual, expected)
    assert not judged.passed
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(judged.reason)


def test_results_that_follow_both_readings_fail() -> None:
    np.random.seed(2)
    keep, drop = (
        dropout_outputs(RIGHT[reading], np.random.default_rng(2), (0.3, 0.8), (30, 20))
        for reading in READINGS
    )
    mixed = {name: drop[name] if "0.8" in name else keep[name] for name in keep}
    assert reading_of(mixed, mixed)[0] == ""
    assert "with p = 0.8" in judge_masks(mixed, mixed).reason


def test_network_of_two_units_is_judged_by_hand() -> None:
    """One input 1, weights 1 and 2 to two hidden units, of which the second is dropped; p = 0.5, so the first counts twice.

    Scores: 2 * 1 * (1, -1) = (2, -2). Softmax of the right class 0: 1 / (1 + e^-4); slope (-q, q) with q = 1 / (1 + e^4).
    """
    q = 1 / (1 + np.exp(4))
    expected = {
        "param_W1": np.array([[1.0, 2.0]]),
        "param_b1": np.zeros(2),
        "param_W2": np.array([[1.0, -1.0], [3.0, 5.0]]),
        "param_b2": np.zeros(2),
        "X_1": np.array([[1.0]]),
        "y_1": np.array([0]),
    }
    actual = {
        "loss_1": np.array(np.log1p(np.exp(-4))),
        "grad_1_W2": np.array([[-2 * q, 2 * q], [0, 0]]),
        "grad_1_b2": np.array([-q, q]),
        # slope times W2 for the first unit: -q * 1 + q * (-1) = -2 q, doubled by the factor; nothing for the second
        "grad_1_W1": np.array([[-4 * q, 0]]),
        "grad_1_b1": np.array([-4 * q, 0]),
    }
    assert judge_network(actual, expected, p=0.5).passed
    for name, value in actual.items():
        spoilt = judge_network({**actual, name: value * 1.01}, expected, p=0.5)
        assert not spoilt.passed
        assert "relative error" in spoilt.reason


@pytest.mark.parametrize("swapped", [False, True])
def test_twins_are_judged_by_a_mask_each(swapped: bool) -> None:
    """Kept by both, by one, by the other, by neither, and cut off by the ReLU; labels, slopes and sums by hand.

    Doubled where kept: [2, 4, 0, 0, 0] and [2, 0, 6, 0, 0]. The scores are [4, 0] less [0, 4] and so on: 6 and 14 apart.
    """
    beta, W2 = (
        np.array([1.0, 2.0, 3.0, 4.0, -1.0]),
        np.array([[1.0, 0], [1.0, 0], [0, -2.0], [5.0, 5.0], [7.0, 7.0]]),
    )
    expected = {"param_beta1": beta, "param_W2": W2, "param_b2": np.zeros(2), "y_1": np.array([0])}
    q, r = 1 / (1 + np.exp(6)), 1 / (1 + np.exp(14))
    hidden = np.array([[2.0, 4, 0, 0, 0], [2.0, 0, 6, 0, 0]])
    slope = np.array([[-q, q], [-r, r]]) / 2
    if swapped:
        hidden, slope = hidden[::-1], slope[::-1]
    actual = {
        "loss_1": np.array((np.log1p(np.exp(-6)) + np.log1p(np.exp(-14))) / 2),
        "grad_1_W2": hidden.T @ slope,
        "grad_1_b2": slope.sum(axis=0),
        # slope times W2, doubled where kept: (-q - r) for the first unit, -q for the second, -2 r for the third
        "grad_1_beta1": np.array([-q - r, -q, -2 * r, 0, 0]),
    }
    assert judge_twins(actual, expected, p=0.5).passed
    for name, value in actual.items():
        spoilt = judge_twins({**actual, name: value * 1.01}, expected, p=0.5)
        assert "relative error" in spoilt.reason
    spoilt = judge_twins({**actual, "grad_1_beta1": np.array([1.0, 0, 0, 0, 0])}, expected, p=0.5)
    assert spoilt.reason.startswith("beta1 relative error")


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param({"grad_1_b2": (10**9, 1, 1)}, id="biases"),
        pytest.param({"grad_1_W2": (5, 10**9)}, id="weights"),
        pytest.param({"grad_1_W2": (5, 1, 10**9), "grad_1_b2": (10**9, 1)}, id="each-with-each"),
    ],
)
def test_gradients_of_other_shapes_are_not_combined_each_with_each(shapes: dict[str, Any]) -> None:
    """Views of one number: to work anything out with them would take gigabytes."""
    given = {
        "param_beta1": np.ones(5),
        "param_W2": np.ones((5, 2)),
        "param_b2": np.zeros(2),
        "y_1": np.array([0]),
    }
    right = {"loss_1": np.array(1.0), "grad_1_W2": np.ones((5, 2)), "grad_1_b2": np.ones(2)}
    sent = {name: np.broadcast_to(np.float64(1), shape) for name, shape in shapes.items()}
    with pytest.raises(ValueError, match="cannot reshape"):
        judge_twins({**right, "grad_1_beta1": np.ones(5), **sent}, given, p=0.5)


def test_network_that_keeps_every_unit_fails_by_its_share() -> None:
    """Scaled as if 60 % were kept, but none ever dropped: each number fits its mask, the masks do not fit chance."""
    rng = np.random.default_rng(3)
    layers = 60
    expected = {
        "param_W1": np.abs(rng.standard_normal((1, layers))),
        "param_b1": np.ones(layers),
        "param_W2": rng.standard_normal((layers, 2)),
        "param_b2": np.zeros(2),
        "X_1": np.array([[1.0]]),
        "y_1": np.array([1]),
    }
    hidden = (expected["param_W1"] + 1) / 0.6
    scores = (hidden @ expected["param_W2"])[0]
    chances = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    slope = chances - [0, 1]
    back = expected["param_W2"] @ slope / 0.6
    actual = {
        "loss_1": np.array(-np.log(chances[1])),
        "grad_1_W2": np.outer(hidden, slope),
        "grad_1_b2": slope,
        "grad_1_W1": back[None],
        "grad_1_b1": back,
    }
    assert judge_network(actual, expected, p=0.6).reason == "keeps 100% of the entries, but divides by 0.6"


def test_network_without_dropout_says_so() -> None:
    def network(hidden_dims: Any, input_dim: int, num_classes: int, weight_scale: float, dtype: Any) -> None:
        raise AssertionError("not to be made")

    with pytest.raises(NotImplementedError, match="takes no argument that asks for dropout"):
        dropout_network(SimpleNamespace(FullyConnectedNet=network), (3, 4, 2), 0.5)
