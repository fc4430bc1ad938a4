"""What is sent around a point: the same outputs that the function gives there, and nothing of what it was asked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assignments.common.carried import around, network_around


def test_around_differences_give_the_slope_along_each_direction() -> None:
    """For f(x, w) = sum(x**2) + 3 sum(w) the slope along d is 2 x . d, or 3 sum(d)."""
    rng = np.random.default_rng(0)
    inputs = {"x": rng.standard_normal((4, 3)), "w": rng.standard_normal(5)}
    kept = {name: array.copy() for name, array in inputs.items()}

    def value(x: Any, w: Any) -> float:
        total = float(np.sum(x**2) + 3 * np.sum(w))
        x[...], w[...] = 0, 0  # a function that writes into its inputs spoils nothing
        return total

    sent = around(value, inputs, {"dx": "x", "dw": "w"}, rng)
    slopes = {
        name: (sent[f"{name}|plus"] - sent[f"{name}|minus"]) / (2 * sent["step"]) for name in ("dx", "dw")
    }
    assert slopes["dx"] == pytest.approx(float(np.sum(2 * kept["x"] * sent["dx|along"])), rel=1e-8)
    assert slopes["dw"] == pytest.approx(float(3 * np.sum(sent["dw|along"])), rel=1e-8)
    assert sent["base"] == pytest.approx(float(np.sum(kept["x"] ** 2) + 3 * np.sum(kept["w"])))
    for name, array in kept.items():
        np.testing.assert_array_equal(inputs[name], array)


class Line:
    """A network of one layer whose bias has shape (1, D), and whose loss is X . W + b summed."""

    def __init__(self) -> None:
        self.params = {"W0": np.array([[2.0], [3.0]]), "b0": np.array([[5.0]])}

    def loss(self, X: Any, y: Any) -> Any:
        assert self.params["b0"].shape == (1, 1)
        return float(np.sum(X @ self.params["W0"] + self.params["b0"])), {}


def test_network_around_moves_the_parameters_in_the_shape_and_under_the_names_that_the_student_chose() -> (
    None
):
    X = np.array([[1.0, 10.0], [0.0, 1.0]])
    sent = network_around(Line(), X, np.zeros(2), np.random.default_rng(1), prefix="reg_0_")
    slope = (sent["reg_0_W1|plus"] - sent["reg_0_W1|minus"]) / (2 * sent["step"])
    assert slope == pytest.approx(float(np.sum(X @ sent["reg_0_W1|along"])), rel=1e-8)
    slope = (sent["reg_0_b1|plus"] - sent["reg_0_b1|minus"]) / (2 * sent["step"])
    assert slope == pytest.approx(2 * float(sent["reg_0_b1|along"].sum()), rel=1e-8)  # two rows
    assert sent["base"] == 2 + 30 + 5 + 3 + 5


class OneUnitOff(Line):
    """The same, but for the first row of W0, behind which the unit is off for every example."""

    def loss(self, X: Any, y: Any) -> Any:
        return float(np.sum(X[:, 1:] @ self.params["W0"][1:] + self.params["b0"])), {}


def test_network_around_moves_a_parameter_as_a_whole_for_one_unit_may_be_off() -> None:
    X = np.array([[1.0, 10.0], [0.0, 1.0]])
    sent = network_around(OneUnitOff(), X, np.zeros(2), np.random.default_rng(1), prefix="")
    assert sent["far_W1_up"] != sent["base"]
    assert sent["far_W1_down"] != sent["base"]


def test_around_moves_one_row_alone_where_rows_are_told_apart() -> None:
    x = np.arange(6.0).reshape(3, 2)
    sent = around(lambda x: 2 * x, {"x": x}, {}, np.random.default_rng(1))
    moved = sent["far_x_up"] != sent["base"]
    assert moved[0].all()
    assert not moved[1:].any()
