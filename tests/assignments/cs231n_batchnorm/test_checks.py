"""Every check passes what is right, however written, and fails a named mistake for the stated reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.authoring.samples import make_samples
from grader.authoring.source import solution_files
from grader.model import Outcome
from grader.probe import NeedsPersonError

LAYERS = "cs231n/layers.py"
NETWORK = "cs231n/classifiers/fc_net.py"
Edits = Mapping[str, list[tuple[str, str]]]

MEAN_UPDATE = "momentum * running_mean + (1 - momentum) * sample_mean"
TEST_OUT = "out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta"
ALT_DX = "(n * dout - dbeta - x_hat * dgamma)"
LN_OUT = "return gamma * x_hat + beta, (inv_std, x_hat, gamma)"
LN_DX = "return inv_std * (dx_hat - mean_grad - x_hat * mean_slope), dgamma, dbeta"
SCORES = 'hidden, self.params[f"W{self.num_layers}"], self.params[f"b{self.num_layers}"]\n        )\n'
IGNORED = '        if self.normalization == "layernorm":\n'  # the option is accepted and has no effect
ONLY_BATCH = IGNORED.replace("layernorm", "batchnorm")
PENALTY = "loss += 0.5 * self.reg * np.sum(weights * weights)"

# check -> (edits of the solution, what the reason must say). One mistake for each check, of the kind that the check is there for.
WRONG: dict[str, list[tuple[Edits, str]]] = {
    "batchnorm_train_output": [
        (
            {LAYERS: [("sample_var = (centered**2).mean(axis=0)", "sample_var = x.var(axis=0, ddof=1)")]},
            "out_4x5 relative error",
        ),
        ({LAYERS: [("out = gamma * x_hat + beta", "out = x_hat + beta")]}, "out_4x5 relative error"),
        (
            {LAYERS: [("out = gamma * x_hat + beta", "out = (gamma * x_hat + beta).T")]},
            r"has shape \(5, 4\), expected \(4, 5\)",
        ),
    ],
    "batchnorm_train_eps": [
        ({LAYERS: [('bn_param.get("eps", 1e-5)', "1e-5")]}, "out_6x4 relative error"),
        (
            {LAYERS: [("1 / np.sqrt(sample_var + eps)", "1 / (np.sqrt(sample_var) + eps)")]},
            "out_9x5 relative error",
        ),
    ],
    "batchnorm_running_averages": [
        ({LAYERS: [(MEAN_UPDATE, "sample_mean")]}, "running_mean_1 relative error 0.82"),
        ({LAYERS: [('    bn_param["running_mean"] = running_mean\n', "")]}, "running_mean_1 is None"),
        (
            {
                LAYERS: [
                    ("(1 - momentum) * sample_var", "(1 - momentum) * sample_var * len(x) / (len(x) - 1)")
                ]
            },
            "running_var_1 relative error 0.043",
        ),
    ],
    "batchnorm_running_momentum": [
        ({LAYERS: [('bn_param.get("momentum", 0.9)', "0.9")]}, "running_mean_1 relative error 0.6"),
    ],
    "batchnorm_test_output": [
        (
            {LAYERS: [(TEST_OUT, "out = (x - running_mean) / np.sqrt(running_var + eps)")]},
            "out_6x5_1 relative error",
        ),
        (
            {
                LAYERS: [
                    (TEST_OUT, "out = gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta")
                ]
            },
            "out_6x5_1 relative error",
        ),
        ({LAYERS: [("np.sqrt(running_var + eps)", "np.sqrt(running_var)")]}, "out_6x5_1 relative error"),
    ],
    "batchnorm_test_repeatable": [
        (
            {
                LAYERS: [
                    (
                        TEST_OUT,
                        TEST_OUT + "\n        running_mean = 0.9 * running_mean + 0.1 * x.mean(axis=0)",
                    )
                ]
            },
            "running_mean_8x4 relative error",
        ),
        (
            {LAYERS: [("np.sqrt(running_var + eps)", "np.sqrt(running_var + 1e-5)")]},
            "out_8x4_1 relative error",
        ),
    ],
    "batchnorm_backward_gradients": [
        (
            {LAYERS: [("    dcentered = dcentered + 2 * centered * dsquare\n", "")]},
            "2 of 3 results are right; dx relative error",
        ),
        (
            {
                LAYERS: [
                    ("    dx = dcentered + np.broadcast_to(dmean / n, dout.shape)\n", "    dx = dcentered\n")
                ]
            },
            "2 of 3 results are right; dx",
        ),
        (
            {
                LAYERS: [
                    (
                        "    return dx, dgamma, dbeta\n\n\ndef batchnorm_backward_alt",
                        "    return dx, dgamma, dbeta[:, None]\n\n\ndef batchnorm_backward_alt",
                    )
                ]
            },
            r"dbeta has shape \(5, 1\), expected \(5,\)",
        ),
        (
            {
                LAYERS: [
                    (
                        "    return dx, dgamma, dbeta\n\n\ndef batchnorm_backward_alt",
                        "    return dx, list(dgamma), dbeta\n\n\ndef batchnorm_backward_alt",
                    )
                ]
            },
            "dgamma is a list",
        ),
        (
            {
                LAYERS: [
                    (
                        "    return dx, dgamma, dbeta\n\n\ndef batchnorm_backward_alt",
                        "    return dx * np.nan, dgamma, dbeta\n\n\ndef batchnorm_backward_alt",
                    )
                ]
            },
            "dx 30 of 30 numbers are NaN",
        ),
    ],
    "batchnorm_backward_shapes": [
        (
            {
                LAYERS: [
                    (
                        "    n = dout.shape[0]\n    dbeta = dout.sum(axis=0)\n    dgamma = (dout * x_hat).sum(axis=0)\n    dx_hat",
                        "    n = dout.shape[1]\n    dbeta = dout.sum(axis=0)\n    dgamma = (dout * x_hat).sum(axis=0)\n    dx_hat",
                    )
                ]
            },
            "dx_3x8 relative error",
        ),
    ],
    "batchnorm_backward_eps": [
        (
            {
                LAYERS: [
                    (
                        "    dvar = -0.5 * inv_std**3 * dinv_std\n",
                        "    dvar = -0.5 * (centered**2).mean(axis=0) ** -1.5 * dinv_std\n",
                    )
                ]
            },
            "dx_5x4 relative error",
        ),
    ],
    "batchnorm_alt_gradients": [
        (
            {LAYERS: [(ALT_DX, "(n * dout - dbeta + x_hat * dgamma)")]},
            "2 of 3 results are right; dx relative error",
        ),
        (
            {
                LAYERS: [
                    (
                        "    dx = (gamma * inv_std / n) * (n",
                        "    return None, dgamma, dbeta\n    dx = (gamma * inv_std / n) * (n",
                    )
                ]
            },
            "2 of 3 results are right; dx is None",
        ),
        (
            {
                LAYERS: [
                    (
                        "    dx = (gamma * inv_std / n) * (n",
                        "    dgamma = np.sum(dgamma)\n    dx = (gamma * inv_std / n) * (n",
                    )
                ]
            },
            r"dgamma has shape \(\), expected",
        ),
    ],
    "batchnorm_alt_speed": [
        (
            {LAYERS: [(ALT_DX, ALT_DX + "\n    for _ in range(400):\n        dx = dx + 0 * x_hat")]},
            r"takes .* s, batchnorm_backward .* s",
        ),
        ({LAYERS: [(ALT_DX, "dout")]}, "dx relative error"),
    ],
    "layernorm_output": [
        (
            {LAYERS: [("x - x.mean(axis=1, keepdims=True)", "x - x.mean(axis=0, keepdims=True)")]},
            "out_4x5 relative error",
        ),
        ({LAYERS: [(LN_OUT, LN_OUT.replace("x_hat + beta", "x_hat"))]}, "out_4x5 relative error"),
        (
            {
                LAYERS: [
                    (
                        LN_OUT,
                        LN_OUT.replace("gamma * x_hat + beta", "(gamma * x_hat + beta).astype(np.float32)"),
                    )
                ]
            },
            "has dtype float32, expected float64",
        ),
    ],
    "layernorm_eps": [
        ({LAYERS: [('ln_param.get("eps", 1e-5)', "1e-5")]}, "out_6x4 relative error"),
        (
            {
                LAYERS: [
                    (
                        "np.sqrt((centered**2).mean(axis=1, keepdims=True) + eps)",
                        "(np.sqrt((centered**2).mean(axis=1, keepdims=True)) + eps)",
                    )
                ]
            },
            "out_5x9 relative error",
        ),
    ],
    "layernorm_backward_gradients": [
        (
            {LAYERS: [(LN_DX, LN_DX.replace(" - mean_grad", ""))]},
            "2 of 3 results are right; dx relative error",
        ),
        (
            {LAYERS: [(LN_DX, LN_DX.replace("dgamma, dbeta", "dgamma, dbeta.mean()"))]},
            "dbeta has shape .*; it would only fit by broadcasting",
        ),
    ],
    "layernorm_backward_shapes": [
        (
            {
                LAYERS: [
                    (
                        "mean_slope = (dx_hat * x_hat).mean(axis=1, keepdims=True)",
                        "mean_slope = (dx_hat * x_hat).sum(axis=1, keepdims=True) / 5",
                    )
                ]
            },
            "dx_1x6 relative error",
        ),
        ({LAYERS: [('ln_param.get("eps", 1e-5)', "1e-5")]}, "dx_5x7 relative error"),
    ],
    "network_plain_loss": [
        (
            {NETWORK: [(PENALTY, PENALTY.replace("0.5 * ", ""))]},
            "^1 of 2 results are right; loss_reg_3.14 relative error",
        ),
    ],
    "network_plain_gradients": [
        (
            {
                NETWORK: [
                    (
                        '            grads[f"W{layer}"] += self.reg * weights\n',
                        '            grads[f"W{layer}"] += 0.5 * self.reg * weights\n',
                    )
                ]
            },
            "12 of 16 results are right; reg_3.14_W1",
        ),
        (
            {
                NETWORK: [
                    ("        return loss, grads\n", '        grads.pop("b2")\n        return loss, grads\n')
                ]
            },
            "14 of 16 results are right; reg_0_b2 is None",
        ),
    ],
    "network_batchnorm_loss": [
        (
            {
                NETWORK: [
                    (
                        "        if self.normalization:\n            normalize",
                        IGNORED + "            normalize",
                    ),
                    ("        if self.normalization:\n            back", IGNORED + "            back"),
                ]
            },
            "loss_reg_0 relative error",
        ),
        (
            {
                NETWORK: [
                    (
                        PENALTY,
                        PENALTY
                        + '\n            loss += 0.5 * self.reg * np.sum(self.params.get(f"gamma{layer}", np.zeros(1)) ** 2)',
                    )
                ]
            },
            "^1 of 2 results are right; loss_reg_3.14 relative error",
        ),
    ],
    "network_batchnorm_gradients": [
        (
            {
                NETWORK: [
                    (
                        '            grads[f"W{layer}"] += self.reg * weights\n',
                        '            if layer < last:\n                grads[f"W{layer}"] += self.reg * weights\n',
                    )
                ]
            },
            "27 of 28 results are right; reg_3.14_W4 relative error 1",
        ),
        (
            {
                NETWORK: [
                    (
                        'dout, grads[f"gamma{layer}"], grads[f"beta{layer}"] = back',
                        'dout, grads[f"beta{layer}"], grads[f"gamma{layer}"] = back',
                    )
                ]
            },
            "16 of 28 results are right; reg_0_gamma1 relative error",
        ),
    ],
    "network_layernorm_loss": [
        (
            {
                NETWORK: [
                    (
                        "        if self.normalization:\n            normalize",
                        ONLY_BATCH + "            normalize",
                    ),
                    ("        if self.normalization:\n            back", ONLY_BATCH + "            back"),
                ]
            },
            "loss_reg_0 relative error",
        ),
    ],
    "network_layernorm_gradients": [
        (
            {
                NETWORK: [
                    (
                        'back = batchnorm_backward_alt if self.normalization == "batchnorm" else layernorm_backward',
                        "back = lambda dout, cache: (dout, *layernorm_backward(dout, cache)[1:])",
                    )
                ]
            },
            "of 28 results are right; reg_0_W1 relative error",
        ),
    ],
    "network_test_scores": [
        ({NETWORK: [('bn_param["mode"] = mode', 'bn_param["mode"] = "train"')]}, "scores relative error"),
        ({LAYERS: [(MEAN_UPDATE, "running_mean")]}, "scores relative error"),
    ],
    "network_mode_line": [
        ({NETWORK: [('bn_param["mode"] = mode', "bn_param[mode] = mode")]}, "no points are lost for this"),
    ],
    "network_last_layer": [
        (
            {NETWORK: [(SCORES, SCORES + "        scores = np.maximum(scores, 0)\n")]},
            "scores_2_layers relative error 1",
        ),
        (
            {
                NETWORK: [
                    (
                        SCORES,
                        SCORES
                        + '        if self.normalization == "batchnorm":\n            scores = scores - scores.mean(axis=0)\n',
                    )
                ]
            },
            "^loss_batchnorm_2_layers relative error",
        ),
    ],
    "network_start": [
        (
            {NETWORK: [("weight_scale * np.random.randn(", "np.random.randn(")]},
            r"W1 has standard deviation (1|0\.9\d) where weight_scale is 0\.02",
        ),
        (
            {NETWORK: [("np.random.randn(fan_in, fan_out)", "np.random.rand(fan_in, fan_out)")]},
            "W1 has standard deviation",
        ),
        (
            {NETWORK: [("np.zeros(fan_out)\n            if", "np.ones(fan_out)\n            if")]},
            "b1 does not start at 0",
        ),
        ({NETWORK: [("np.ones(fan_out)", "np.zeros(fan_out)")]}, "gamma1 does not start at 1"),
    ],
    "training_plain": [
        (
            {
                NETWORK: [
                    (
                        "loss, dscores = softmax_loss(scores, y)",
                        "loss, dscores = softmax_loss(scores, y)\n        dscores = dscores * (1 + 1e-4)",
                    )
                ]
            },
            "loss_history relative error",
        ),
    ],
    "training_batchnorm": [
        (
            {NETWORK: [('bn_param["mode"] = mode', 'bn_param["mode"] = "train"')]},
            "1 of 2 results are right; train_acc_history relative error",
        ),
    ],
    "training_layernorm": [
        ({LAYERS: [(LN_DX, LN_DX.replace(" - mean_grad", ""))]}, "loss_history relative error"),
    ],
    "inputs_untouched": [
        (
            {
                LAYERS: [
                    (
                        "        centered = x - sample_mean\n",
                        "        x -= sample_mean\n        centered = x\n",
                    )
                ]
            },
            "batchnorm's x is not what it was",
        ),
        (
            {
                LAYERS: [
                    (
                        "    dx_hat = dout * gamma\n    mean_grad",
                        "    dout *= gamma\n    dx_hat = dout\n    mean_grad",
                    )
                ]
            },
            "layernorm's dout is not what it was",
        ),
        (
            {
                LAYERS: [
                    ('    elif mode == "test":\n', '    elif mode == "test":\n        x -= running_mean\n')
                ]
            },
            "batchnorm in test mode's x is not what it was",
        ),
        (
            {
                LAYERS: [
                    ("        out = gamma * x_hat + beta\n", "        out = 2 * (gamma * x_hat + beta)\n"),
                    ("    dx = dcentered + ", "    dx = 2 * dcentered + "),
                    (ALT_DX, "2 * " + ALT_DX),
                    (LN_OUT, LN_OUT.replace("gamma * x_hat", "2 * gamma * x_hat")),
                    (LN_DX, LN_DX.replace("inv_std * ", "2 * inv_std * ")),
                ]
            },
            "no result is near what it should be yet",
        ),
    ],
    "results_repeat": [
        (
            {
                LAYERS: [
                    (
                        "        out = gamma * x_hat + beta\n",
                        "        out = gamma * x_hat + beta + 1e-12 * np.random.rand()\n",
                    )
                ]
            },
            "batchnorm_out differs between two calls",
        ),
        (
            {
                LAYERS: [
                    (
                        '    eps = ln_param.get("eps", 1e-5)\n',
                        "    layernorm_forward.calls = getattr(layernorm_forward, 'calls', 0) + 1\n"
                        "    eps = 1e-5 * layernorm_forward.calls\n",
                    )
                ]
            },
            "layernorm_out differs between two calls",
        ),
        (
            {
                LAYERS: [
                    (
                        "    dcentered = dcentered + 2 * centered * dsquare\n",
                        "    centered *= 2 * dsquare\n    dcentered = dcentered + centered\n",
                    )
                ]
            },
            "batchnorm_dx from one cache differs between two calls",
        ),
        (
            {
                LAYERS: [
                    ("+ beta, (inv_std, x_hat, gamma)\n", "+ beta, [inv_std, x_hat, gamma]\n"),
                    (
                        "    inv_std, x_hat, gamma = cache\n    dbeta",
                        "    gamma, x_hat, inv_std = (cache.pop() for _ in range(3))\n    dbeta",
                    ),
                ]
            },
            "layernorm_dx from one cache differs between two calls",
        ),
    ],
    "double_precision": [
        (
            {
                LAYERS: [
                    (
                        "        out = gamma * x_hat + beta\n",
                        "        out = (gamma * x_hat + beta).astype(np.float32)\n",
                    )
                ]
            },
            "has dtype float32, expected float64",
        ),
        (
            {
                LAYERS: [
                    (
                        "        out = gamma * x_hat + beta\n",
                        "        out = (gamma * x_hat + beta).astype(np.float32).astype(float)\n",
                    )
                ]
            },
            "out_20x3 is float64, but right to the digits of float32 only",
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
    if not batchnorm.suite.check(check).visible:  # a hidden check names what is wrong, and no number
        reason = re.sub("relative error.*", "is not what is expected", reason)
    for seed in (0, 1):
        result = batchnorm.judge(check, implementation, seed)
        assert result.outcome is Outcome.FAILED
        assert re.search(reason, result.reason), result.reason
        assert result.points < result.max_points or not result.max_points


def module_checks(course):
    """What is graded of the modules; companions are worth nothing by themselves."""
    return [check for check in course.suite.checks if check.where == "modules"]


def test_every_module_check_has_a_mistake(batchnorm: Any) -> None:
    assert set(WRONG) == {check.id for check in module_checks(batchnorm)}


@pytest.mark.parametrize("seed", range(3))
def test_solution_passes_every_module_check(batchnorm: Any, tmp_path: Path, seed: int) -> None:
    solution = batchnorm.edited(tmp_path, {})
    failed = [
        result
        for check in module_checks(batchnorm)
        if (result := batchnorm.judge(check.id, solution, seed)).outcome is not Outcome.PASSED
    ]
    assert failed == []


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("sample", ["right_loops", "right_one_graph", "right_float32"])
def test_right_answers_written_otherwise_pass_every_module_check(
    batchnorm: Any, tmp_path: Path, samples: Any, sample: str, seed: int
) -> None:
    implementation = batchnorm.implementation(tmp_path, samples[sample])
    failed = [
        result
        for check in module_checks(batchnorm)
        if (result := batchnorm.judge(check.id, implementation, seed)).outcome is not Outcome.PASSED
    ]
    assert failed == []


@pytest.fixture(scope="module")
def samples(course: Any) -> Any:
    return make_samples(course("cs231n_batchnorm").assignment)


FORWARD_WITHOUT_EPS = ("1 / np.sqrt(sample_var + eps)", "1 / np.sqrt(sample_var + 0.1)")


def test_speed_is_not_charged_for_a_wrong_forward_pass(batchnorm: Any, tmp_path: Path) -> None:
    wrong = batchnorm.edited(tmp_path, {LAYERS: [FORWARD_WITHOUT_EPS]})
    assert batchnorm.judge("batchnorm_train_output", wrong).outcome is Outcome.FAILED
    assert batchnorm.judge("batchnorm_alt_speed", wrong).outcome is Outcome.PASSED


@pytest.mark.parametrize("dx", ["np.zeros_like(dout)", "dout.copy()", "np.ones_like(dout)"])
def test_speed_is_not_earned_by_two_versions_that_agree_on_nothing(
    batchnorm: Any, tmp_path: Path, dx: str
) -> None:
    nothing = f"    return {dx}, np.zeros(dout.shape[1]), np.zeros(dout.shape[1])\n"
    wrong = batchnorm.implementation(tmp_path, solution_files(batchnorm.assignment))
    space: dict[str, Any] = {"np": np}
    exec("def backward(dout, cache):\n" + nothing, space)
    wrong.batchnorm_backward = wrong.batchnorm_backward_alt = space["backward"]
    assert re.search("relative error", batchnorm.judge("batchnorm_alt_speed", wrong).reason)


def test_precision_is_not_charged_for_a_misplaced_eps(batchnorm: Any, tmp_path: Path) -> None:
    outside = ("1 / np.sqrt(sample_var + eps)", "1 / (np.sqrt(sample_var) + eps)")
    wrong = batchnorm.edited(tmp_path, {LAYERS: [outside]})
    assert batchnorm.judge("batchnorm_train_eps", wrong).outcome is Outcome.FAILED
    for seed in range(40):  # of a near-zero entry, eps may be no more visible than of others
        assert batchnorm.judge("double_precision", wrong, seed).outcome is Outcome.PASSED


def test_times_that_are_no_times_fail(batchnorm: Any) -> None:
    judge = batchnorm.suite.check("batchnorm_alt_speed").judge
    good = {
        "dx": np.ones((2, 2)),
        "dgamma": np.ones(2),
        "dbeta": np.ones(2),
        "seconds_backward": np.full(15, 2e-3),
        "seconds_alt": np.full(15, 1e-3),
    }
    assert judge(good, good).passed
    for bad in (np.full(15, np.nan), np.full(14, 1e-3), np.full(15, -1.0), np.zeros(15, dtype=int)):
        assert judge({**good, "seconds_alt": bad}, good).reason == "the times that came back are not times"
    slow = judge({**good, "seconds_alt": np.full(15, 1e-2)}, good)
    assert slow.reason == "takes 0.01 s, batchnorm_backward 0.002 s"


def test_the_slip_in_the_starter_code_costs_nothing(batchnorm: Any, tmp_path: Path) -> None:
    slipped = {NETWORK: [('bn_param["mode"] = mode', "bn_param[mode] = mode")]}
    implementation = batchnorm.edited(tmp_path, slipped)
    for check in batchnorm.suite.checks:
        if check.of == "FullyConnectedNet" and check.points:
            assert batchnorm.judge(check.id, implementation).outcome is Outcome.PASSED, check.id


def without_biases(network: type[Any]) -> type[Any]:
    """The network without the biases in front of its normalizations, as many write it."""

    class Unbiased(network):
        def __init__(self, hidden_dims: Any, **terms: Any) -> None:
            super().__init__(hidden_dims, **terms)
            for layer, size in enumerate(hidden_dims, start=1):
                if self.normalization is not None:
                    del self.params[f"b{layer}"]
                    self.zeros = {**getattr(self, "zeros", {}), f"b{layer}": np.zeros(size)}

        def loss(self, X: Any, y: Any = None) -> Any:
            own, zeros = self.params, getattr(self, "zeros", {})
            self.params = {**own, **zeros}
            try:
                found = super().loss(X, y)
            finally:
                self.params = own
            if y is None:
                return found
            return found[0], {name: value for name, value in found[1].items() if name not in zeros}

    return Unbiased


@pytest.mark.parametrize(
    "check",
    [
        "network_batchnorm_loss",
        "network_batchnorm_gradients",
        "network_last_layer",
        "network_start",
    ],
)
def test_biases_in_front_of_batch_normalization_may_be_absent(course: Any, check: str) -> None:
    found = course("cs231n_batchnorm")
    names = {name: getattr(found.reference, name) for name in dir(found.reference) if name[0] != "_"}
    network = without_biases(found.reference.FullyConnectedNet)
    result = found.judge(check, SimpleNamespace(**{**names, "FullyConnectedNet": network}))
    assert (result.outcome, result.reason) == (Outcome.PASSED, "")


def test_numbers_that_absent_biases_change_wait_for_a_person(course: Any) -> None:
    found = course("cs231n_batchnorm")
    impl = SimpleNamespace(FullyConnectedNet=without_biases(found.reference.FullyConnectedNet))
    for check in (
        "network_layernorm_loss",
        "network_layernorm_gradients",
        "network_test_scores",
        "training_batchnorm",
    ):
        with pytest.raises(NeedsPersonError, match=r"no biases in front of (layer|batch)norm"):
            found.suite.check(check).probe(impl, np.random.default_rng(0))
