"""Every check passes what is right, however written, and fails a named mistake for the stated reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.authoring.samples import make_samples
from grader.diagnosis.carry import agreeing
from grader.model import Outcome
from grader.probe import NeedsPersonError
from grader.probe.seeding import seeded
from grader.seed import Seed
from grader.suite import run_probe

LAYERS = "implementations/layers.py"
NETWORK = "implementations/fc_net.py"
Edits = Mapping[str, list[tuple[str, str]]]

OUT = 'gamma * (x - mean) / np.sqrt(var + bn_param["eps"]) + beta'
MEAN = 'momentum * bn_param["running_mean"] + (1 - momentum) * mean'
VAR = 'momentum * bn_param["running_var"] + (1 - momentum) * var'
TEST = '        mean, var = bn_param["running_mean"], bn_param["running_var"]\n'
SCORES = 'hidden @ self.params["W"][last] + self.params["b"][last]'
NORMALIZED = 'self._normalize(linear, layer, mode) if self.options["use_bn"] else linear'
BACK = "batchnorm_backward(dout, linear, gamma, eps)"


def _test_mode(line: str) -> Edits:
    return {LAYERS: [(TEST, f"{TEST}        {line}\n")]}


# check -> (edits of the solution, what the reason must say). Mistakes of the kind that the check is there for.
WRONG: dict[str, list[tuple[Edits, str]]] = {
    "example_train": [
        ({LAYERS: [(MEAN, "mean")]}, "running_mean_once relative error 0.9"),
        ({LAYERS: [(VAR, VAR + " * len(x) / (len(x) - 1)")]}, "running_var_once relative error 0.16"),
        (
            {LAYERS: [(VAR, VAR.replace("* var", '* (var + bn_param["eps"])'))]},
            "running_var_once relative error 5",
        ),
        ({LAYERS: [(OUT, OUT + ", None")]}, r"out is a tuple, expected an array of shape \(3, 1\)"),
        (
            {LAYERS: [("    if bn_param", "    bn_param = dict(bn_param)\n    if bn_param")]},
            "running_mean_once",
        ),
        ({LAYERS: [(OUT, f"({OUT}).astype(x.dtype)")]}, "out has dtype int64 .*, expected float64"),
        (
            {
                LAYERS: [
                    ("np.mean(x, axis=0, keepdims=True)", "np.mean(x, axis=0, keepdims=True).astype(x.dtype)")
                ]
            },
            "out_of_another relative error",
        ),
    ],
    "example_test": [
        (_test_mode("return gamma * (x - mean) / np.sqrt(var) + beta"), "out relative error 3.7e-07"),
        (
            _test_mode("return gamma * (x - mean) / (np.sqrt(var) + bn_param['eps']) + beta"),
            "out relative error 5.7e-06",
        ),
    ],
    "train_output": [
        (
            {LAYERS: [("np.var(x, axis=0, keepdims=True)", "np.var(x, axis=0, keepdims=True, ddof=1)")]},
            "out_4x5",
        ),
        ({LAYERS: [(OUT, OUT.replace("gamma * ", ""))]}, "out_4x5 relative error"),
        ({LAYERS: [(OUT, OUT.replace(" + beta", ""))]}, "out_4x5 relative error"),
        ({LAYERS: [("np.mean(x, axis=0, keepdims=True)", "np.mean(x, axis=1, keepdims=True)")]}, "out_4x5"),
        ({LAYERS: [(OUT, f"({OUT}).T")]}, r"out_4x5 has shape \(5, 4\), expected \(4, 5\)"),
    ],
    "train_eps": [
        ({LAYERS: [('bn_param["eps"]', "1e-4")]}, "out_6x4"),
        ({LAYERS: [('np.sqrt(var + bn_param["eps"])', '(np.sqrt(var) + bn_param["eps"])')]}, "out_6x4"),
    ],
    "running_statistics": [
        ({LAYERS: [(MEAN, "mean")]}, "running_mean_1 relative error 0.9"),
        ({LAYERS: [(MEAN, MEAN.replace("* mean", "* mean.mean()"))]}, "running_mean_1 relative error"),
        (
            {LAYERS: [(f'bn_param["running_var"] = {VAR}', f"running_var = {VAR}")]},
            "running_var_1 relative error",
        ),
    ],
    "running_momentum": [
        ({LAYERS: [('bn_param["momentum"]', "0.95")]}, "running_mean_1"),
        ({LAYERS: [(VAR, VAR.replace("* var", '* (var + bn_param["eps"])'))]}, "running_var_1"),
    ],
    "test_output": [
        (_test_mode("return (x - mean) / np.sqrt(var + bn_param['eps'])"), "out_6x5_1 relative error"),
        (_test_mode("mean, var = np.mean(x, axis=0), np.var(x, axis=0)"), "out_6x5_1 relative error"),
        (_test_mode("return gamma * (x - mean) / np.sqrt(var) + beta"), "out_6x5_1 relative error"),
    ],
    "test_repeatable": [
        (_test_mode("bn_param['running_mean'] = 0.9 * mean + 0.1 * np.mean(x, axis=0)"), "running_mean_8x4"),
        (_test_mode("return gamma * (x - mean) / np.sqrt(var + 1e-4) + beta"), "out_8x4_1"),
    ],
    "inputs_untouched": [
        (
            {
                LAYERS: [
                    (f"    return {OUT}", "    x -= mean\n" + f"    return {OUT}".replace("(x - mean)", "x"))
                ]
            },
            "x in train mode is not what it was",
        ),
        (
            _test_mode("gamma *= 1.0\n        bn_param['eps'] += 0.1"),
            "bn_param in test mode is not",
        ),
        ({LAYERS: [(OUT, f"2 * ({OUT})")]}, "no result is near what it should be yet"),
    ],
    "network_parameters": [
        (
            {
                NETWORK: [
                    ("for width in hidden_size:", "for width in [*hidden_size, len(self.params['b'][-1])]:")
                ]
            },
            "layers",
        ),
        (
            {NETWORK: [("append(np.ones(width))", "append(np.full(width, 0.01))")]},
            "gamma_0 relative error 0.98",
        ),
    ],
    "network_objective": [
        ({NETWORK: [("-log_probs[rows, y].sum()", "-log_probs[rows, y].mean()")]}, "reg_0 relative error"),
        ({NETWORK: [("+ reg * penalty", "+ 0.5 * reg * penalty")]}, "^reg_0.5 relative error"),
        ({NETWORK: [(NORMALIZED, "linear")]}, "reg_0 relative error"),
        ({NETWORK: [("self.bn_params[layer])", "self.bn_params[0])")]}, "raised ValueError"),
    ],
    "network_options": [
        ({NETWORK: [(NORMALIZED, "linear")]}, "^use_bn_True_centering_False relative error"),
        (
            {NETWORK: [('if self.options["centering_data"]:', "if False:")]},
            "^use_bn_False_centering_True relative error",
        ),
        (
            {
                NETWORK: [
                    (
                        "scores, caches = self.compute",
                        "self.x_center = 0.0\n            scores, caches = self.compute",
                    )
                ]
            },
            "^use_bn_False_centering_True relative error",
        ),
    ],
    "network_gradients": [
        (
            {NETWORK: [(BACK, "(dout * gamma, *" + BACK + "[1:])")]},
            "of 14 results are right; W1 relative error",
        ),
        ({NETWORK: [("+ 2 * reg *", "+ reg *")]}, "10 of 14 results are right; W1 relative error"),
        (
            {
                NETWORK: [
                    (
                        'dlinear, grads["gamma"][layer], grads["beta"][layer]',
                        'dlinear, grads["beta"][layer], grads["gamma"][layer]',
                    )
                ]
            },
            "8 of 14 results are right; gamma1",
        ),
        (
            {
                NETWORK: [
                    (
                        "            for kind, arrays in grads.items():\n",
                        "            for kind, arrays in list(grads.items())[:2]:\n",
                    )
                ]
            },
            "8 of 14 results are right; gamma1 relative error 1",
        ),
    ],
    "network_last_layer": [
        ({NETWORK: [(SCORES, f"np.maximum({SCORES}, 0)")]}, "objective_2_layers"),
        (
            {
                NETWORK: [
                    (
                        f"return {SCORES}",
                        f"scores = {SCORES}\n        scores = scores - scores.mean(axis=0)\n        return scores",
                    )
                ]
            },
            "objective_2_layers",
        ),
    ],
    "network_predictions": [
        ({NETWORK: [('["mode"] = mode', '["mode"] = "train"')]}, "alone"),
        ({LAYERS: [(MEAN, "mean"), (VAR, "var")]}, "together"),
    ],
    "training_batchnorm": [
        ({NETWORK: [('["mode"] = mode', '["mode"] = "train"')]}, "of 3 results are right; train_acc_history"),
        ({NETWORK: [(BACK, "(dout * gamma, *" + BACK + "[1:])")]}, "objective_history relative error"),
    ],
    "training_settings": [
        ({NETWORK: [('if self.options["use_dropout"] and mode', "if mode")]}, "objective_history"),
        (
            {
                NETWORK: [
                    (
                        "X[start : start + batch_size], y[start : start + batch_size]",
                        "X[start % 16 :][:batch_size], y[start % 16 :][:batch_size]",
                    )
                ]
            },
            "objective_history",
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
    batchnorm: Any, tmp_path: Path, check: str, edits: Edits, reason: str
) -> None:
    implementation = batchnorm.edited(tmp_path, edits)
    for seed in (0, 1):
        result = batchnorm.judge(check, implementation, seed)
        assert result.outcome is Outcome.FAILED
        assert re.search(reason, result.reason), result.reason
        assert result.points < result.max_points


@pytest.mark.parametrize("root", ["(np.sqrt(var) + bn_param['eps'])", "np.sqrt(var + 2 * bn_param['eps'])"])
def test_small_mistake_in_values_is_not_charged_among_the_manners(
    batchnorm: Any, tmp_path: Path, root: str
) -> None:
    implementation = batchnorm.edited(tmp_path, {LAYERS: [('np.sqrt(var + bn_param["eps"])', root)]})
    assert batchnorm.judge("train_output", implementation).outcome is Outcome.FAILED
    assert batchnorm.judge("inputs_untouched", implementation).outcome is Outcome.PASSED


@pytest.mark.parametrize("told", ['"best_val_acc": 0.5', '"time": "12 s"', '"lr_history": [None]'])
def test_network_may_tell_more_of_its_training(batchnorm: Any, tmp_path: Path, told: str) -> None:
    edits = {NETWORK: [("        return history", f"        return {{**history, {told}}}")]}
    implementation = batchnorm.edited(tmp_path, edits)
    for check in ("network_objective", "network_gradients", "network_predictions", "training_batchnorm"):
        assert batchnorm.judge(check, implementation).outcome is Outcome.PASSED


def _judged(batchnorm: Any) -> list[Any]:
    return [check for check in batchnorm.suite.at("modules") if not check.carries]


def test_every_module_check_has_a_mistake(batchnorm: Any) -> None:
    assert set(WRONG) == {check.id for check in _judged(batchnorm)}


PENALTY = [("+ reg * penalty", "+ 0.5 * reg * penalty"), ("+ 2 * reg *", "+ reg *")]


@pytest.mark.parametrize(
    ("edits", "carried"),
    [
        pytest.param(PENALTY, {"W1", "W2", "W3", "W4"}, id="objective-and-gradient-agree"),
        pytest.param(PENALTY[1:], set(), id="gradient-alone-is-wrong"),
    ],
)
def test_wrong_gradients_carry_where_they_are_those_of_the_students_objective(
    batchnorm: Any, tmp_path: Path, edits: list[tuple[str, str]], carried: set[str]
) -> None:
    own, seed = batchnorm.edited(tmp_path, {NETWORK: edits}), Seed.of(0)
    (around,) = [
        one for one in batchnorm.suite.companions if one.carries == "network_gradients" and not one.parts
    ]
    judged = batchnorm.suite.check("network_gradients")
    gradients, right = (run_probe(judged, one, seed) for one in (own, batchnorm.reference))
    moved, around_right = (run_probe(around, one, seed) for one in (own, batchnorm.reference))
    found = agreeing(gradients, moved, around_right, right=right)
    assert {name for name in found if name.startswith("W")} == carried


@pytest.fixture(scope="module")
def samples(course: Callable[[str], Any]) -> Any:
    return make_samples(course("tufts_batchnorm").assignment)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sample", ["right", "right_in_place", "right_own_network"])
def test_right_answers_however_written_pass_every_module_check(
    batchnorm: Any, tmp_path: Path, samples: Any, sample: str, seed: int
) -> None:
    files = {path: data for path, data in samples[sample].items() if path.endswith(".py")}
    implementation = batchnorm.implementation(tmp_path, files)
    for check in _judged(batchnorm):
        result = batchnorm.judge(check.id, implementation, seed)
        assert result.outcome is Outcome.PASSED, f"{check.id}: {result.reason}"


OWN_PARAMETERS = """
import numpy as np


class FullyConnectedNet:
    def __init__(self, input_size, hidden_size, output_size, **options):
        sizes = [input_size, *hidden_size, output_size]
        self.params = {f"W{i}": np.zeros(pair) for i, pair in enumerate(zip(sizes, sizes[1:]), 1)}
"""


def test_a_network_of_the_students_own_waits_for_a_person(batchnorm: Any) -> None:
    """The functions are graded all the same; how the network keeps its parameters is what it chose."""
    space: dict[str, Any] = {}
    exec(OWN_PARAMETERS, space)
    for check in batchnorm.suite.at("modules"):
        if check.of.startswith("FullyConnectedNet"):
            with pytest.raises(NeedsPersonError, match="not the one that was given"):
                check.probe(SimpleNamespace(**space), seeded(Seed.of(0).for_check(check.draws_as)))
