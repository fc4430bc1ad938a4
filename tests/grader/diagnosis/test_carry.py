"""Gradients that agree with the student's own forward pass; forward passes made up to earn that earn nothing."""

import numpy as np
import pytest

from assignments.common.carried import around
from grader.diagnosis.carry import agreeing

N, D = 6, 4
RNG = np.random.default_rng(3)
X, GAMMA, BETA = 2 * RNG.standard_normal((N, D)) + 1, RNG.uniform(0.5, 2, D), RNG.standard_normal(D)
DOUT = RNG.standard_normal((N, D))
NAMES = {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}
ALL = frozenset(NAMES)


def normalized(x, gamma, beta, *, ddof=0, eps=1e-5):
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=ddof) + eps) + beta


def gradient(x, gamma, *, ddof=0, eps=1e-5, dout=DOUT):
    inv = 1 / np.sqrt(x.var(axis=0, ddof=ddof) + eps)
    xhat, d = (x - x.mean(axis=0)) * inv, dout * gamma
    dx = inv * (d - d.mean(axis=0) - xhat * (d * xhat).sum(axis=0) / (len(x) - ddof))
    return {"dx": dx, "dgamma": (dout * xhat).sum(axis=0), "dbeta": dout.sum(axis=0)}


def sent(forward, seed=0):
    inputs = {"x": X, "gamma": GAMMA, "beta": BETA}
    return around(forward, inputs, NAMES, np.random.default_rng(seed), weight=DOUT)


RIGHT = sent(normalized)


def found(forward, gradients):
    return agreeing(gradients, sent(forward), RIGHT, right=gradient(X, GAMMA))


@pytest.mark.parametrize("terms", [{"ddof": 1}, {"eps": 0.5}], ids=["sample-variance", "large-eps"])
def test_a_right_gradient_of_a_wrong_forward_agrees(terms):
    assert found(lambda **i: normalized(**i, **terms), gradient(X, GAMMA, **terms)) == ALL


def test_a_wrong_gradient_of_a_wrong_forward_does_not():
    wrong = gradient(X, GAMMA, ddof=1) | {"dx": gradient(X, GAMMA)["dx"]}
    assert found(lambda **i: normalized(**i, ddof=1), wrong) == {"dgamma", "dbeta"}


def test_a_right_forward_excuses_nothing():
    assert found(normalized, gradient(X, GAMMA)) == frozenset()


# Forward passes that are easily differentiated, each with its own exact gradient.
TRIVIAL = {
    "constant": (
        lambda x, gamma, beta: np.zeros_like(x),
        {"dx": 0 * X, "dgamma": 0 * GAMMA, "dbeta": 0 * BETA},
    ),
    "identity": (
        lambda x, gamma, beta: x.copy(),
        {"dx": DOUT, "dgamma": 0 * GAMMA, "dbeta": 0 * BETA},
    ),
    "scale-and-shift": (
        lambda x, gamma, beta: gamma * x + beta,
        {"dx": GAMMA * DOUT, "dgamma": (DOUT * X).sum(axis=0), "dbeta": DOUT.sum(axis=0)},
    ),
    "centred-only": (
        lambda x, gamma, beta: gamma * (x - x.mean(axis=0)) + beta,
        {
            "dx": GAMMA * DOUT - (GAMMA * DOUT).mean(axis=0),
            "dgamma": (DOUT * (X - X.mean(axis=0))).sum(axis=0),
            "dbeta": DOUT.sum(axis=0),
        },
    ),
    "squares": (
        lambda x, gamma, beta: gamma * x**2 + beta,
        {"dx": 2 * GAMMA * X * DOUT, "dgamma": (DOUT * X**2).sum(axis=0), "dbeta": DOUT.sum(axis=0)},
    ),
    "square-of-the-sum": (
        lambda x, gamma, beta: np.full((N, D), (x.sum() + gamma.sum() + beta.sum()) ** 2),
        {
            "dx": np.full((N, D), 2 * (X.sum() + GAMMA.sum() + BETA.sum()) * DOUT.sum()),
            "dgamma": np.full(D, 2 * (X.sum() + GAMMA.sum() + BETA.sum()) * DOUT.sum()),
            "dbeta": np.full(D, 2 * (X.sum() + GAMMA.sum() + BETA.sum()) * DOUT.sum()),
        },
    ),
}


@pytest.mark.parametrize("name", TRIVIAL)
def test_a_trivial_forward_earns_nothing(name):
    forward, gradients = TRIVIAL[name]
    assert found(forward, gradients) == frozenset()


@pytest.mark.parametrize("name", TRIVIAL)
def test_the_trivial_gradients_are_exact_so_that_only_honesty_refuses_them(name):
    forward, gradients = TRIVIAL[name]
    moved = sent(forward)
    for gradient_name in NAMES:
        along = moved[f"{gradient_name}|along"]
        slope = np.sum((moved[f"{gradient_name}|plus"] - moved[f"{gradient_name}|minus"]) * DOUT) / 2e-5
        np.testing.assert_allclose(np.sum(gradients[gradient_name] * along), slope, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda moved: {**moved, "base": None}, id="no-array"),
        pytest.param(lambda moved: {**moved, "base": moved["base"][:, :1]}, id="shape"),
        pytest.param(lambda moved: {**moved, "far_x_up": np.full((N, D), np.nan)}, id="nan"),
        pytest.param(lambda moved: {**moved, "base": moved["base"].astype(int)}, id="integers"),
        pytest.param(
            lambda moved: {key: value for key, value in moved.items() if key != "dx|plus"}, id="absent"
        ),
    ],
)
def test_what_cannot_be_read_excuses_nothing(spoil):
    moved = sent(lambda **i: normalized(**i, ddof=1))
    assert agreeing(gradient(X, GAMMA, ddof=1), spoil(moved), RIGHT, right=gradient(X, GAMMA)) == frozenset()


@pytest.mark.parametrize("wrong", [None, np.zeros((1, N, D)), np.full((N, D), np.nan), np.zeros((N, D), int)])
def test_a_gradient_that_cannot_be_read_agrees_with_nothing(wrong):
    gradients = gradient(X, GAMMA, ddof=1) | {"dx": wrong}
    assert "dx" not in found(lambda **i: normalized(**i, ddof=1), gradients)


def test_steps_and_directions_are_not_taken_from_the_answer():
    gradients = gradient(X, GAMMA, ddof=1) | {"dx": np.zeros((N, D))}
    moved = sent(lambda **i: normalized(**i, ddof=1))
    moved["dx|along"], moved["weight"], moved["step"] = np.zeros((N, D)), np.zeros((N, D)), np.array(1e9)
    assert agreeing(gradients, moved, RIGHT, right=gradient(X, GAMMA)) == {"dgamma", "dbeta"}
