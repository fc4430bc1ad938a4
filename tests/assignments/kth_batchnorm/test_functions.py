"""Networks of plain functions: right ones pass what can be asked, wrong ones fail what is wrong, the rest waits for a person."""

from __future__ import annotations

from typing import Any

import pytest

from grader.authoring.samples import make_samples
from grader.intake.cells import code_of

SCRIPT = "plain_functions", "Assignment3/assignment3.py"
NOTEBOOK = "plain_functions_in_a_notebook", "DD2424_Assignment3.ipynb"
PERSON = "person"


@pytest.fixture(scope="module")
def texts(course: Any) -> dict[tuple[str, str], str]:
    samples = make_samples(course("kth_batchnorm").assignment)
    return {
        SCRIPT: samples[SCRIPT[0]][SCRIPT[1]].decode().replace("from tqdm import tqdm", "tqdm = iter"),
        NOTEBOOK: code_of(samples[NOTEBOOK[0]][NOTEBOOK[1]]),
    }


UNASKED = {
    SCRIPT: {"relu_values", "zeros_in_shape", "moving_averages", "moving_averages_alpha"},
    NOTEBOOK: {
        *("zeros_in_shape", "moving_averages", "moving_averages_alpha", "histories"),
        *("numerical_gradients", "numerical_gradients_sides", "numerical_gradients_restore"),
    },
}


@pytest.mark.parametrize("form", [SCRIPT, NOTEBOOK], ids=["script", "notebook"])
def test_right_functions_pass_all_that_can_be_asked(klayer, judged, texts, form):
    outcomes = {check.id: judged(check.id, texts[form])[0] for check in klayer.suite.at("modules")}
    assert {name for name, outcome in outcomes.items() if outcome == PERSON} == UNASKED[form]
    assert {outcome for name, outcome in outcomes.items() if name not in UNASKED[form]} == {"passed"}


# check -> (what is right in the script, a mistake in its place, what the reason must say)
WRONG = {
    "softmax_columns": (
        "np.sum(np.exp(s - np.max(s, axis=0)), axis=0)",
        "np.sum(np.exp(s))",
        "p_3x5 relative error",
    ),
    "initial_spread": (
        "np.sqrt(2 / layers[i-1])",
        "2 / np.sqrt(layers[i-1])",
        "he_400 has standard deviation",
    ),
    "forward_plain": ("h = np.maximum(0, s)", "h = np.abs(s)", "relative error"),
    "forward_batchnorm": ("s = gamma[l] * s + beta[l]", "s = gamma[l] * s", "relative error"),
    "batch_variance": (
        "v = np.var(s, axis=1, keepdims=True)",
        "v = np.var(s, axis=1, keepdims=True, ddof=1)",
        "divided by n - 1",
    ),
    "testing_output": (
        "mu, v = mu_av[l], v_av[l]",
        "mu, v = s.mean(axis=1, keepdims=True), v_av[l]",
        "relative error",
    ),
    "cost_plain": (
        "lam * sum(np.sum(w ** 2) for w in W)",
        "lam / 2 * sum(np.sum(w ** 2) for w in W)",
        "cost_4_layers relative error",
    ),
    "accuracy": ("np.argmax(P, axis=0) == y", "np.argmin(P, axis=0) == y", "relative error"),
    "gradients_penalty": ("+ 2 * lam * W[l]", "+ lam * W[l]", "W_plain_1"),
    "gradients_batchnorm": (
        "np.mean(G * S_hat[l], axis=1",
        "np.mean(G * S[l], axis=1",
        "gamma_2layers_1 relative error",
    ),
    "batchnorm_back_pass": ("- D * c / n", "+ D * c / n", "relative error"),
    "learning_rates": ("if c <= n_s else", "if c <= 2 * n_s else", "rates relative error"),
    "steps_of_all_parameters": ("zip(beta, gbeta)", "zip(beta, gg)", "beta"),
    "histories": ("accs.append(ComputeAccuracy(", "accs.append(0 * ComputeAccuracy(", "accuracy"),
}


@pytest.mark.parametrize("check", WRONG)
def test_wrong_function_fails_its_check_for_the_stated_reason(judged, texts, check):
    old, new, reason = WRONG[check]
    outcome, said = judged(check, texts[SCRIPT], (old, new))
    assert (outcome, reason in said) == ("failed", True), said


# name -> (check, what is right in the script, another form of it, what is said)
UNKNOWN = {
    "nothing-back": ("forward_plain", "return P, H, S, S_hat, mus, vs", "return None", "no probabilities"),
    "parameter": (
        "gradients_plain",
        "S_hat, mus, vs, W, b, lam, gamma=None",
        "S_hat, mus, vs, W, b, lam, magic, gamma=None",
        "takes magic",
    ),
    "no-lambda": (
        "cost_plain",
        "def ComputeCost(X, Y, W, b, lam,",
        "def ComputeCost(X, Y, W, b,",
        "no lambda",
    ),
    "settings": (
        "learning_rates",
        "n_batch, eta_min, eta_max, n_s, n_epochs = GDparams",
        "n_batch, n_s, n_epochs = unpacked(GDparams)",
        "takes GDparams",
    ),
    "raises": ("forward_plain", "k = len(W)\n    H, S", "k = len(W['a'])\n    H, S", "raised TypeError"),
}


@pytest.mark.parametrize("form", UNKNOWN)
def test_what_cannot_be_asked_waits_for_a_person(judged, texts, form):
    check, old, new, reason = UNKNOWN[form]
    outcome, said = judged(check, texts[SCRIPT], (old, new))
    assert (outcome, reason in said) == (PERSON, True), said


def test_hand_in_without_any_network_is_missing_and_waits_for_nobody(judged):
    with pytest.raises(AttributeError, match=r"BNN is not defined in plain_hand_in\.py"):
        judged("forward_plain", "def something_else(x): return x\n")


def test_class_of_another_name_is_found(klayer, judged):
    samples = make_samples(klayer.assignment)
    text = samples["script_of_its_own"]["Assignment3/code/assignment3.py"].decode()
    text = (
        text.replace("BNN", "KLayerNetwork")
        .replace("evaluate_classifier", "forward_pass")
        .replace("np.float", "float")
    )
    for check in ("initial_values", "forward_batchnorm", "gradients_batchnorm", "mini_batches"):
        assert judged(check, text)[0] == "passed"


def test_gradients_that_are_numbered_are_read_by_their_numbers(judged):
    """They are filled in from the last layer to the first, and a dictionary keeps that order."""
    assert judged("gradients_plain", NUMBERED)[0] == "passed"
    assert judged("forward_plain", NUMBERED)[0] == "passed"


NUMBERED = """
import numpy as np


def init_params(sizes, sigma=None):
    params = {}
    for l in range(1, len(sizes)):
        params["W%d" % l] = np.random.randn(sizes[l], sizes[l - 1]) * (np.sqrt(2 / sizes[l - 1]) if sigma is None else sigma)
        params["b%d" % l] = np.zeros((sizes[l], 1))
    return params


def forward(X, params):
    acts = [X]
    k = len(params) // 2
    for l in range(1, k + 1):
        s = params["W%d" % l] @ acts[-1] + params["b%d" % l]
        acts.append(np.maximum(s, 0) if l < k else np.exp(s) / np.exp(s).sum(axis=0))
    P = acts[-1]
    return P, acts


def compute_gradients(X, Y, params, lamda):
    P, acts = forward(X, params)
    grads, G = {}, (P - Y) / X.shape[1]
    for l in range(len(acts) - 1, 0, -1):
        grads["W%d" % l] = G @ acts[l - 1].T + 2 * lamda * params["W%d" % l]
        grads["b%d" % l] = G.sum(axis=1, keepdims=True)
        G = (params["W%d" % l].T @ G) * (acts[l - 1] > 0)
    return grads
"""
