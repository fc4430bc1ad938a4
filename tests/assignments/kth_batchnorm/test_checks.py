"""Every check passes what is right, however written, and fails a named mistake for the stated reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.authoring.samples import make_samples
from grader.model import Outcome
from grader.seed import Seed
from grader.suite import run_probe

VARIANCE = "variance = ((flow - mean) ** 2).mean(axis=1, keepdims=True)"
VARIANCE_MOVES = "self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * variance"
SCALED = "flow = self.gamma[i] * sh[i] + self.beta[i]"
TESTING = "mean, variance = self.muMA[i], self.vaMA[i]"
TESTING_EPSILON = "sh.append((flow - mean) / np.sqrt(variance + (EPS if training else 1e-5)))"
OLD = "                    values[place] = old\n                    result[place]"
KEPT = "        self.muMA, self.vaMA = kept\n"
STEP = "kind[i] = kind[i] - eta * grad[i]"
BATCH = "chosen = order[start : start + nBatch]"
COST = "costs.append(cost)"
RATE = "from_peak = abs(t % (2 * nS) - nS) / nS"
MASK = "g = (self.W[i].T @ g) * (h[i] > 0)"

# check -> (edits of the solution, what the reason must say). Mistakes of the kind that the check is there for.
WRONG: dict[str, list[tuple[list[tuple[str, str]], str]]] = {
    "relu_values": [
        ([("np.where(s > 0, s, 0.0)", "np.abs(s)")], "out_3x5 relative error 1"),
        ([("np.where(s > 0, s, 0.0)", "(s > 0) * 1.0")], "out_3x5 relative error"),
    ],
    "softmax_columns": [
        ([("powers.sum(axis=0, keepdims=True)", "powers.sum()")], "p_3x5 relative error"),
        (
            [("powers.sum(axis=0, keepdims=True)", "powers.sum(axis=1, keepdims=True)")],
            "p_3x5 relative error",
        ),
    ],
    "softmax_large_scores": [
        ([("np.exp(s - s.max(axis=0, keepdims=True))", "np.exp(s)")], "p .*numbers are NaN"),
        (
            [("s.max(axis=0, keepdims=True)", "s.max()")],
            "p .*numbers are NaN",
        ),  # columns differ by more than exp can bear
    ],
    "initial_values": [
        (
            [
                (
                    "np.ones_like(b), np.zeros_like(b), np.zeros_like(b)",
                    "np.zeros_like(b), np.ones_like(b), np.zeros_like(b)",
                )
            ],
            "gamma1 relative error",
        ),
        (
            [("b = np.zeros((outputs, 1))", "b = np.random.normal(0, sigma, (outputs, 1))")],
            "bn_b1 relative error",
        ),
        (
            [("np.zeros_like(b), np.ones_like(b)\n", "np.ones_like(b), np.ones_like(b)\n")],
            "muMA1 relative error",
        ),
    ],
    "zeros_in_shape": [
        ([("np.zeros_like(value)", "value")], "W_True_1 relative error"),
        (
            [("self._lists()[:4] if self.batchNorm else self._lists()[:2]", "self._lists()[:2]")],
            "answered with",
        ),
    ],
    "initial_spread": [
        (
            [("np.sqrt(2 / inputs)", "2 / np.sqrt(inputs)")],
            r"he_400 has standard deviation 0\.\d+, expected 0\.0707 around 0",
        ),
        ([("np.sqrt(2 / inputs)", "np.sqrt(2 / outputs)")], "he_400 has standard deviation"),
        (
            [("np.sqrt(2 / inputs) if he else sig", "np.sqrt(2 / inputs)")],
            r"sigma_0\.1 has standard deviation",
        ),
        ([("np.random.normal(0, sigma", "np.random.normal(sigma, sigma")], "around 0"),
    ],
    "forward_plain": [
        ([("flow = relu(flow)", "flow = flow")], "p2_layers relative error"),
        (
            [
                (
                    "p = softMax(self.W[self.nl] @ flow + self.b[self.nl])",
                    "p = softMax(self.W[self.nl] @ flow)",
                )
            ],
            "p2_layers relative error",
        ),
    ],
    "forward_batchnorm": [
        ([(SCALED, "flow = sh[i] + self.beta[i]")], "p2_layers relative error"),
        (
            [("mean = flow.mean(axis=1, keepdims=True)", "mean = flow.mean(axis=0, keepdims=True)")],
            "relative error",
        ),
        ([("np.sqrt(variance + EPS)", "(variance + EPS)")], "p2_layers relative error"),
    ],
    "batch_variance": [
        (
            [(VARIANCE, "variance = np.var(flow, axis=1, keepdims=True) * (X.shape[1] - 1) / X.shape[1]")],
            "np.var divides by n already",
        ),
        (
            [(VARIANCE, "variance = np.var(flow, axis=1, keepdims=True, ddof=1)")],
            "it is divided by n - 1, expected n",
        ),
        ([(VARIANCE, "variance = np.std(flow, axis=1, keepdims=True)")], "variance relative error"),
        (
            [(VARIANCE_MOVES, f"{VARIANCE_MOVES} * flow.shape[1] / (flow.shape[1] - 1)")],
            "the moving variance takes",
        ),
    ],
    "moving_averages": [
        ([(VARIANCE_MOVES, "self.vaMA[i] = variance")], "vaMA1_1 relative error"),
        ([(VARIANCE_MOVES, "pass")], "vaMA1_1 relative error"),
    ],
    "moving_averages_alpha": [
        ([("(1 - self.alpha) * variance", "0.2 * variance")], "vaMA1_1 relative error"),
        ([("self.alpha = alpha", "self.alpha = 0.8")], "muMA1_1 relative error"),
        (
            [(VARIANCE_MOVES, "self.vaMA[i] = (1 - self.alpha) * self.vaMA[i] + self.alpha * variance")],
            "vaMA1_1 relative error",
        ),
    ],
    "testing_output": [
        (
            [(TESTING, "mean, variance = flow.mean(axis=1, keepdims=True), flow.var(axis=1, keepdims=True)")],
            "p_2_layers relative error",
        ),
        (
            [(SCALED, "flow = self.gamma[i] * sh[i] + self.beta[i] if training else sh[i]")],
            "p_2_layers relative error",
        ),
    ],
    "testing_is_steady": [
        (
            [
                (
                    TESTING,
                    TESTING
                    + "\n                    self.muMA[i] = 0.9 * mean + 0.1 * flow.mean(axis=1, keepdims=True)",
                )
            ],
            "muMA_1 relative error",
        ),
    ],
    "constant_unit": [
        (
            [("EPS = np.finfo(float).eps", "EPS = 0.0")],
            "normalized_unit 16 of 16 numbers are NaN",
        ),
        (
            [("sh.append((flow - mean) / np.sqrt(variance + EPS))", TESTING_EPSILON)],
            "testing_little_to_much",
        ),
    ],
    "cost_plain": [
        (
            [("return loss + self.lmda * penalty, loss", "return loss + 0.5 * self.lmda * penalty, loss")],
            "3 of 4 results are right; cost_4_layers",
        ),
        ([("loss = -np.mean(", "loss = -np.sum(")], "loss_2_layers relative error"),
        (
            [("penalty = sum(np.sum(W**2) for W in self.W)", "penalty = np.sum(self.W[0] ** 2)")],
            "cost_4_layers relative error",
        ),
    ],
    "cost_batchnorm": [
        (
            [("p = self.evaluateClassifier(X)[0]\n", "p = self.evaluateClassifier(X, training=False)[0]\n")],
            "loss relative error",
        ),
    ],
    "cost_leaves_averages": [([(KEPT, "")], "muMA_1 relative error")],
    "accuracy": [
        (
            [("p = self.evaluateClassifier(X, training=False)[0]", "p = self.evaluateClassifier(X)[0]")],
            "with_batchnorm relative error",
        ),
        ([("np.mean(p.argmax(axis=0) == y)", "np.sum(p.argmax(axis=0) == y)")], "plain relative error"),
    ],
    "gradients_plain": [
        ([(MASK, "g = self.W[i].T @ g")], r"results are right; W_2layers_1 relative error"),
        (
            [("grads[1][i] = g.mean(axis=1, keepdims=True)", "grads[1][i] = g.sum(axis=1, keepdims=True)")],
            "b_2layers_1 relative error",
        ),
    ],
    "gradients_penalty": [
        ([("2 * self.lmda * self.W[i]", "self.lmda * self.W[i]")], "W_plain_1 relative error"),
        (
            [("2 * self.lmda * self.W[i]", "2 * self.lmda * self.W[i] * (i < self.nl)")],
            "W_plain_4 relative error",
        ),
    ],
    "gradients_batchnorm": [
        (
            [("self.batchNormBackPass(self.gamma[i] * g,", "self.batchNormBackPass(g,")],
            "results are right; W_2layers_1",
        ),
        ([("grads[2][i] = (g * sh[i])", "grads[2][i] = (g * s[i])")], "gamma_2layers_1 relative error"),
        (
            [("grads[3][i] = g.mean(axis=1, keepdims=True)", "grads[3][i] = g.sum(axis=1, keepdims=True)")],
            "beta_2layers_1 relative error",
        ),
    ],
    "gradients_six_decimals": [
        (
            [(VARIANCE, "variance = np.var(flow, axis=1, keepdims=True) * (X.shape[1] - 1) / X.shape[1]")],
            "W_1 relative error",
        ),
        ([(" - d * through_variance / n", "")], "W_1 relative error"),
    ],
    "batchnorm_back_pass": [
        ([("root**3", "root")], "gradient_4x6 relative error"),
        (
            [("g / root - np.sum(g, axis=1, keepdims=True) / (n * root) - d", "g / root - d")],
            "gradient_4x6 relative error",
        ),
        ([("n = g.shape[1]\n        root", "n = g.shape[0]\n        root")], "gradient_4x6 relative error"),
    ],
    "numerical_gradients": [
        ([("/ (2 * h)", "/ h")], r"W_plain_1 relative error 0\.33"),
        ([("values[place] = old - h", "values[place] = old")], r"W_plain_1 relative error 0\.33"),
    ],
    "back_pass_epsilon": [
        ([("mu, v, eps=EPS)", "mu, v, eps=1e-6)")], "scores that vary little have a gradient that is off by"),
        ([("root = np.sqrt(v + eps)", "root = v + eps")], "what is added to the variance"),
    ],
    "numerical_gradients_sides": [
        (
            [("values[place] = old - h", "values[place] = old"), ("(2 * h)", "h")],
            "these seem to be differences to one side",
        ),
        (
            [
                (
                    "grads = self.zeros()\n        for kind, results",
                    "return self.computeGradients(X, Y)\n        for kind, results",
                )
            ],
            "these are the gradients of computeGradients",
        ),
    ],
    "numerical_gradients_restore": [([(OLD, "                    result[place]")], "W1 relative error")],
    "learning_rates": [
        ([(RATE, "from_peak = 1 - (t % nS) / nS")], "rates relative error"),
        ([(RATE, "from_peak = 0")], "rates relative error"),
        ([(RATE, "from_peak = abs((t + 1) % (2 * nS) - nS) / nS")], "rates relative error"),
    ],
    "learning_rates_go_on": [
        (
            [
                (
                    "            order = np.random.permutation(N)\n",
                    "            order = np.random.permutation(N)\n            t = 0\n",
                )
            ],
            "rates relative error",
        ),
    ],
    "mini_batches": [
        (
            [(BATCH, "chosen = order[start + 1 : start + nBatch]")],
            "15 batches, one of them of 7 columns, expected 15 of 8",
        ),
        (
            [("range(0, N - nBatch + 1, nBatch)", "range(0, N - nBatch, nBatch)")],
            "12 batches, expected 15 of 8",
        ),
        (
            [("order = np.random.permutation(N)", "order = np.random.randint(N, size=N)")],
            "epoch 1 does not take every column once",
        ),
        ([("order = np.random.permutation(N)", "order = np.arange(N)")], "same order in every epoch"),
        (
            [("X[:, chosen], Y[:, chosen]", "X[:, chosen], Y[:, start : start + nBatch]")],
            "columns came with another column's label",
        ),
        (
            [("grads = self.computeGradients(X[:, chosen], Y[:, chosen])", "grads = self.zeros()")],
            "computeGradients was never called",
        ),
    ],
    "histories": [
        ([(COST, "costs.append(loss)")], r"train_cost ends with 0\.\d+, but the trained network has"),
        (
            [
                (
                    "(vcl, vll, vacl, xVal, yVal)",
                    "(vcl, vll, vacl, X, Y)",
                )
            ],
            "val_cost ends with",
        ),
        (
            [("return tcl, vcl, tll", "return tcl[1:], vcl, tll")],
            r"train_cost has shape \(3,\), expected \(4,\)",
        ),
    ],
    "steps_of_all_parameters": [
        (
            [(STEP, "kind[i] = kind[i] - eta * grad[i] * (kind is not self.beta)")],
            "results are right; beta1 relative error",
        ),
        (
            [(STEP, "kind[i] = kind[i] - eta * grad[i] * (i < self.nl)")],
            "12 of 14 results are right; W4 relative error",
        ),
        (  # the penalty is in the gradients already
            [(STEP, "kind[i] = kind[i] - eta * (grad[i] + 2 * self.lmda * kind[i] * (kind is self.W))")],
            "10 of 14 results are right; W1 relative error",
        ),
    ],
}
VARIANTS = [
    pytest.param(check, edits, reason, id=f"{check}-{number}")
    for check, pairs in WRONG.items()
    for number, (edits, reason) in enumerate(pairs)
]


@pytest.mark.parametrize(("check", "edits", "reason"), VARIANTS)
def test_check_fails_mistake_with_reason(
    klayer: Any, tmp_path: Path, check: str, edits: list[tuple[str, str]], reason: str
) -> None:
    implementation = klayer.edited(tmp_path, {"bnn.py": edits})
    if not klayer.suite.check(check).visible:  # a hidden check names what is wrong, and no number
        reason = re.sub("relative error.*", "is not what is expected", reason)
    for seed in (0, 1):
        result = klayer.judge(check, implementation, seed)
        assert result.outcome is Outcome.FAILED
        assert re.search(reason, result.reason), result.reason
        assert result.points < result.max_points


def test_every_module_check_has_a_mistake(klayer: Any) -> None:
    assert set(WRONG) == {check.id for check in klayer.suite.at("modules")}


def _failed(klayer: Any, implementation: Any, seed: int) -> list[Any]:
    results = (klayer.judge(check.id, implementation, seed) for check in klayer.suite.at("modules"))
    return [result for result in results if result.outcome is not Outcome.PASSED]


@pytest.mark.parametrize("seed", range(3))
def test_solution_passes_every_module_check(klayer: Any, tmp_path: Path, seed: int) -> None:
    assert _failed(klayer, klayer.edited(tmp_path, {}), seed) == []


@pytest.fixture(scope="module")
def samples(course: Any) -> Any:
    return make_samples(course("kth_batchnorm").assignment)


@pytest.mark.parametrize("seed", range(2))
def test_right_answers_written_otherwise_pass_every_module_check(
    klayer: Any, tmp_path: Path, samples: Any, seed: int
) -> None:
    assert _failed(klayer, klayer.implementation(tmp_path, samples["right_different"]), seed) == []


@pytest.mark.parametrize("epsilon", ["1e-15", "1e-10", "1e-8"])
def test_another_epsilon_is_no_mistake(klayer: Any, tmp_path: Path, epsilon: str) -> None:
    edits = [("EPS = np.finfo(float).eps", f"EPS = {epsilon}")]
    assert _failed(klayer, klayer.edited(tmp_path, {"bnn.py": edits}), 0) == []


@pytest.mark.parametrize("epsilon", ["1e-6", "1e-5", "1e-3"])
def test_a_large_epsilon_is_charged_once(klayer: Any, tmp_path: Path, epsilon: str) -> None:
    implementation = klayer.edited(tmp_path, {"bnn.py": [("EPS = np.finfo(float).eps", f"EPS = {epsilon}")]})
    for seed in range(3):
        (failed,) = _failed(klayer, implementation, seed)
        assert (failed.id, failed.points) == ("constant_unit", 0)


def test_corrected_variance_is_charged_twice_and_no_more(klayer: Any, tmp_path: Path) -> None:
    edits = [(VARIANCE, "variance = np.var(flow, axis=1, keepdims=True) * (X.shape[1] - 1) / X.shape[1]")]
    implementation = klayer.edited(tmp_path, {"bnn.py": edits})
    for seed in (0, 9, 17, 28, 42):  # of the last four, an entry of a gradient is nearly zero
        names = [result.id for result in _failed(klayer, implementation, seed)]
        assert names == ["batch_variance", "gradients_six_decimals"]


def test_probes_leave_the_inputs_of_in_place_code_alone(klayer: Any, tmp_path: Path) -> None:
    """Real code cuts scores in place; a probe that hands out its only copy would judge the damage."""
    edits = [("    return np.where(s > 0, s, 0.0)", "    s[s < 0] = 0\n    return s")]
    assert _failed(klayer, klayer.edited(tmp_path, {"bnn.py": edits}), 0) == []


def _answers(klayer: Any, check: str, seed: int = 0) -> dict[str, Any]:
    return run_probe(klayer.suite.check(check), klayer.reference, Seed.of(seed))


def test_histories_that_are_right_at_their_end_alone_fail_or_wait(klayer: Any) -> None:
    judge, good = klayer.suite.check("histories").judge, _answers(klayer, "histories")
    assert judge(good, good).passed
    flat = judge({**good, "val_loss": np.full(4, good["now"][3])}, good)
    assert flat.reason == "val_loss never changes"
    both = {name: np.full(4, good["now"][n]) for n, name in ((4, "train_accuracy"), (5, "val_accuracy"))}
    assert judge({**good, "val_accuracy": both["val_accuracy"]}, good).passed, (
        "few columns may be guessed alike all the time"
    )
    flat = judge({**good, **both}, good)
    assert flat.reason == "train_accuracy never changes; val_accuracy never changes"
    nan = judge({**good, "train_loss": np.full(4, np.nan)}, good)
    assert nan.reason == "train_loss is not finite; do the steps go down the gradient?"


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda good, _: {"measured": np.zeros((6, 0))}, id="nothing"),
        pytest.param(lambda good, _: {"measured": np.zeros((6, 4))}, id="zeros"),
        pytest.param(lambda good, _: {"measured": good["measured"][:, ::-1]}, id="in-another-order"),
        pytest.param(lambda good, _: {"measured": good["measured"][:, [0, 0, 0, 3]]}, id="middle"),
        pytest.param(
            lambda good, _: {"measured": good["measured"][[1, 0, 3, 2, 5, 4]]}, id="validation-for-training"
        ),
        pytest.param(lambda good, _: {"biases": good["biases"][:1]}, id="no-steps"),
        pytest.param(lambda good, _: {"biases": np.full(17, good["biases"][0])}, id="steps-of-zero"),
        pytest.param(lambda good, _: {"biases": good["biases"] + 1}, id="another-start"),
        pytest.param(lambda _, other: other, id="of-another-seed"),
    ],
)
def test_histories_of_a_forger_wait_for_a_person(klayer: Any, forge: Any) -> None:
    judge, good, other = (
        klayer.suite.check("histories").judge,
        _answers(klayer, "histories"),
        _answers(klayer, "histories", 1),
    )
    found = judge({**good, **forge(good, other)}, good)
    assert (found.fraction, found.person) == (0, True)
    assert "could not be followed through a training whose steps are known" in found.reason


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        pytest.param(
            lambda good: {"batches": good["batches"][:, :8]}, "no columns of the training set", id="few"
        ),
        pytest.param(
            lambda good: {"batches": good["batches"] * 1.001}, "not in the training set", id="others"
        ),
        pytest.param(
            lambda good: {"batches": np.concatenate([good["batches"][:1], 0 * good["batches"][1:]])},
            "not in the training set",
            id="numbers-alone",
        ),
        pytest.param(
            lambda good: {"labels": np.ones_like(good["labels"])}, "another column's label", id="labels"
        ),
    ],
)
def test_batches_of_a_forger_fail(klayer: Any, forge: Any, reason: str) -> None:
    judge, good = klayer.suite.check("mini_batches").judge, _answers(klayer, "mini_batches")
    assert judge(good, good).passed
    assert reason in judge({**good, **forge(good)}, good).reason


INLINE = [
    (
        "cost, loss = self.computeCost(columns, labels)",
        "p = self.evaluateClassifier(columns)[0]\n"
        "                loss = -np.mean(np.log(np.sum(labels * p, axis=0)))\n"
        "                cost = loss + FACTOR * self.lmda * sum(np.sum(W**2) for W in self.W)",
    ),
    (
        "accuracies.append(self.computeAccuracy(columns, labels.argmax(axis=0)))",
        "accuracies.append(np.mean(p.argmax(axis=0) == labels.argmax(axis=0)))",
    ),
]


def test_costs_that_are_measured_without_their_function_keep_their_points(
    klayer: Any, tmp_path: Path
) -> None:
    edits = [(old, new.replace("FACTOR", "1")) for old, new in INLINE]
    result = klayer.judge("histories", klayer.edited(tmp_path, {"bnn.py": edits}))
    assert result.outcome is Outcome.PASSED, result.reason


def test_a_cost_that_is_wrong_by_itself_costs_no_history(klayer: Any, tmp_path: Path) -> None:
    """Half of the penalty is charged where the cost is judged; measured without the function for it, a person looks."""
    penalty = ("return loss + self.lmda * penalty, loss", "return loss + self.lmda / 2 * penalty, loss")
    named = klayer.judge("histories", klayer.edited(tmp_path / "named", {"bnn.py": [penalty]}))
    assert named.outcome is Outcome.PASSED, named.reason
    edits = [penalty, *((old, new.replace("FACTOR", "0.5")) for old, new in INLINE)]
    inline = klayer.judge("histories", klayer.edited(tmp_path / "inline", {"bnn.py": edits}))
    assert (inline.outcome, inline.points) == (Outcome.NOT_GRADED, 0)
    assert "train_cost, val_cost could not be followed" in inline.reason
