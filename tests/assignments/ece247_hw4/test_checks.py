"""Every check passes what is right, however written, and fails a named mistake for the stated reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.authoring.samples import make_samples
from grader.model import Outcome

LAYERS = "nndl/layers.py"
HELPERS = "nndl/layer_utils.py"
NETWORK = "nndl/fc_net.py"
OPTIM = "nndl/optim.py"
Edits = Mapping[str, list[tuple[str, str]]]

MASK = "mask = (np.random.rand(*x.shape) < p) / p"
MEAN_UPDATE = "momentum * running_mean + (1 - momentum) * batch_mean"
TEST_OUT = "out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta"
BN_DX = "dx = inv_std * (dx_hat - through_mean - through_var)"
MODE = 'bn_param["mode"] = mode'
LAST_SCORES = (
    'scores, last_cache = affine_forward(hidden, self.params[f"W{last}"], self.params[f"b{last}"])\n'
)
PENALTY = "loss += 0.5 * self.reg * np.sum(weights * weights)"
PENALTY_GRADIENT = '            grads[f"W{layer}"] += self.reg * weights\n'
DROPOUT = "            out, dropout_cache = dropout_forward(out, self.dropout_param)\n"
MOMENTUM_W, NESTEROV_W = "next_w = w + v\n", 'next_w = w + v + config["momentum"] * (v - before)'
RMSPROP_A = 'a = config["decay_rate"] * config["a"] + (1 - config["decay_rate"]) * dw**2'
RMSPROP_ROOT = '(np.sqrt(a) + config["epsilon"])'
ADAM_ROOT = 'np.sqrt(a / (1 - config["beta2"] ** t)) + config["epsilon"]'
MOMENTUM_V = '    v = config["momentum"] * v - config["learning_rate"] * dw\n'
NESTEROV_V = 'v = config["momentum"] * before - config["learning_rate"] * dw'

# check -> (edits of the solution, what the reason must say). A mistake for each check, of the kind that the check is there for.
WRONG: dict[str, list[tuple[Edits, str]]] = {
    "affine_output": [
        (
            {LAYERS: [("x.reshape(x.shape[0], -1) @ w + b", "x.reshape(x.shape[0], -1) @ w")]},
            "relative error",
        ),
    ],
    "affine_gradient": [
        (
            {LAYERS: [("(dout @ w.T).reshape(x.shape)", "dout @ w.T")]},
            r"7 of 9 results are right; dx_2x4x5x6_to_3 has shape \(2, 120\)",
        ),
        (
            {LAYERS: [("return dx, dw, dout.sum(axis=0)", "return dx, dw, dout.mean(axis=0)")]},
            "6 of 9 .* db_4x5_to_3 relative error",
        ),
    ],
    "relu_both_ways": [
        (
            {LAYERS: [("dout * (cache > 0)", "dout * (dout > 0)")]},
            "2 of 4 results are right; dx_6x4 relative error 1",
        ),
        (
            {LAYERS: [("np.maximum(x, 0), x", "np.abs(x), x")]},
            "2 of 4 results are right; out_6x4 relative error",
        ),
    ],
    "affine_relu_both_ways": [
        (
            {
                HELPERS: [
                    (
                        "affine_backward(relu_backward(dout, relu_cache), affine_cache)",
                        "affine_backward(dout, affine_cache)",
                    )
                ]
            },
            "3 of 12 results are right; dx_4x5_to_3 relative error",
        ),
    ],
    "inputs_untouched": [
        (
            {LAYERS: [("    return dout * (cache > 0)\n", "    dout[cache <= 0] = 0\n    return dout\n")]},
            "relu_dout is not what is expected",
        ),
        (
            {
                LAYERS: [
                    (
                        "    out = x.reshape(x.shape[0], -1) @ w + b\n",
                        "    out = x.reshape(x.shape[0], -1) @ w + b\n    x += 0.1\n",
                    )
                ]
            },
            "affine_x is not what is expected",
        ),
        (
            {
                LAYERS: [
                    (
                        "        centered = x - batch_mean\n",
                        "        x -= batch_mean\n        centered = x\n",
                    )
                ]
            },
            "^batchnorm_x is not what is expected$",
        ),
        (
            {
                LAYERS: [
                    (
                        '    elif mode == "test":\n        # Normalize',
                        '    elif mode == "test":\n        x -= running_mean\n        # Normalize',
                    )
                ]
            },
            "^batchnorm_in_test_mode_x is not what is expected$",
        ),
        (
            {LAYERS: [("    dx_hat = dout * gamma\n", "    dout *= gamma\n    dx_hat = dout\n")]},
            "^batchnorm_dout is not what is expected$",
        ),
        (
            {LAYERS: [("        out = x * mask\n", "        x *= mask\n        out = x\n")]},
            "^dropout_x is not what is expected$",
        ),
        (
            {LAYERS: [("        dx = dout * mask\n", "        dout *= mask\n        dx = dout\n")]},
            "^dropout_dout is not what is expected$",
        ),
    ],
    "momentum_update": [
        ({OPTIM: [(MOMENTUM_W, "next_w = w - v\n")]}, "3 of 6 results are right; next_w_4x5 relative error"),
        ({OPTIM: [(MOMENTUM_V, MOMENTUM_V.replace(" - ", " + "))]}, "^next_w_4x5 relative error"),
    ],
    "momentum_steps": [
        (
            {OPTIM: [(MOMENTUM_V, MOMENTUM_V.replace('config["momentum"]', "0.9"))]},
            "next_w_4x5_step_2 is not what is expected",
        ),
    ],
    "nesterov_update": [
        ({OPTIM: [(NESTEROV_W, "next_w = w + v")]}, "3 of 6 results are right; next_w_4x5 relative error"),
        (
            {OPTIM: [(NESTEROV_W, NESTEROV_W.replace("before", "2 * before"))]},
            "3 of 6 results are right; next_w_4x5",
        ),
    ],
    "nesterov_steps": [
        (
            {OPTIM: [(NESTEROV_V, NESTEROV_V.replace('config["momentum"]', "0.9"))]},
            "next_w_4x5_step_2 is not what is expected",
        ),
    ],
    "rmsprop_update": [
        ({OPTIM: [(RMSPROP_A, RMSPROP_A.replace("dw**2", "dw"))]}, "^next_w_4x5"),
        (
            {OPTIM: [('    config["a"] = a\n    return', "    return")]},
            "3 of 6 results are right; a_4x5 relative error",
        ),
        (
            {OPTIM: [(RMSPROP_ROOT, RMSPROP_ROOT.replace("(a)", '(config["a"])'))]},
            "3 of 6 results are right; next_w_4x5 relative error",
        ),
    ],
    "rmsprop_steps": [
        (
            {OPTIM: [(RMSPROP_A, RMSPROP_A.replace('config["decay_rate"]', "0.99"))]},
            "next_w_4x5_step_1 is not what is expected",
        ),
    ],
    "rmsprop_epsilon": [
        (
            {OPTIM: [(RMSPROP_ROOT, 'np.sqrt(a + config["epsilon"])')]},
            "^next_w_4x5 relative error .*; next_w_3x6 relative error",
        ),
        ({OPTIM: [(RMSPROP_ROOT, "(np.sqrt(a) + 1e-8)")]}, "^next_w_4x5 relative error [^;]*$"),
    ],
    "adam_update": [
        (
            {OPTIM: [(ADAM_ROOT, ADAM_ROOT.replace("a / (1", "a * (1"))]},
            "9 of 12 results are right; next_w_4x5 relative error",
        ),
        ({OPTIM: [('t = config["t"] + 1', 't = config["t"]')]}, "6 of 12 results are right; next_w_4x5"),
        (
            {
                OPTIM: [
                    (
                        'config["t"], config["v"], config["a"] = t, v, a',
                        'config["t"], config["v"], config["a"] = t, a, v',
                    )
                ]
            },
            "6 of 12 results are right; v_4x5 relative error",
        ),
    ],
    "adam_steps": [
        (
            {OPTIM: [('v = config["beta1"] * config["v"]', 'v = 0.9 * config["v"]')]},
            "next_w_4x5_step_2 is not what is expected",
        ),
        (
            {OPTIM: [('"learning_rate"] / (1 - config["beta1"] ** t) * v', '"learning_rate"] * v')]},
            "next_w_4x5_step_1 is not",
        ),
    ],
    "adam_epsilon": [
        (
            {OPTIM: [(ADAM_ROOT, 'np.sqrt(a / (1 - config["beta2"] ** t) + config["epsilon"])')]},
            "^next_w_4x5 relative error .*; next_w_3x6 relative error",
        ),
        (
            {OPTIM: [(ADAM_ROOT, '(np.sqrt(a) + config["epsilon"]) / np.sqrt(1 - config["beta2"] ** t)')]},
            "^next_w_4x5 relative error",
        ),
    ],
    "network_loss": [
        (
            {NETWORK: [(PENALTY, PENALTY.replace("0.5 * ", ""))]},
            "1 of 2 results are right; loss_reg_3.14 relative error",
        ),
        (
            {NETWORK: [(PENALTY, "if layer < last:\n                " + PENALTY)]},
            "1 of 2 results are right; loss_reg_3.14",
        ),
    ],
    "network_gradients": [
        (
            {NETWORK: [(PENALTY_GRADIENT, "            if layer < last:\n    " + PENALTY_GRADIENT)]},
            "15 of 16 results are right; reg_3.14_W4 relative error 1,",
        ),
        (
            {
                NETWORK: [
                    ("        return loss, grads\n", '        grads.pop("b2")\n        return loss, grads\n')
                ]
            },
            "14 of 16 .*; reg_0_b2 is None",
        ),
    ],
    "network_scores": [
        (
            {NETWORK: [(LAST_SCORES, LAST_SCORES + "        scores = relu_forward(scores)[0]\n")]},
            "scores_2_layers is not what is expected",
        ),
    ],
    "network_batchnorm_loss": [
        (
            {
                NETWORK: [
                    (
                        "        if self.use_batchnorm:\n            gamma, beta",
                        "        if False:\n            gamma, beta",
                    )
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
            "1 of 2 results are right; loss_reg_3.14 relative error",
        ),
    ],
    "network_batchnorm_gradients": [
        (
            {
                NETWORK: [
                    (
                        'dout, grads[f"gamma{layer}"], grads[f"beta{layer}"] = batch',
                        'dout, grads[f"beta{layer}"], grads[f"gamma{layer}"] = batch',
                    )
                ]
            },
            "16 of 28 results are right; reg_0_gamma1 relative error",
        ),
        (
            {NETWORK: [(PENALTY_GRADIENT, "            if layer < last:\n    " + PENALTY_GRADIENT)]},
            "27 of 28 results are right; reg_3.14_W4 relative error 1,",
        ),
    ],
    "network_test_scores": [
        ({LAYERS: [(MEAN_UPDATE, "running_mean")]}, "scores is not what is expected"),
        ({NETWORK: [("self.bn_params[layer - 1]", "self.bn_params[0]")]}, "raised ValueError"),
    ],
    "network_enters_test_mode": [
        ({NETWORK: [(MODE, "bn_param[mode] = mode")]}, "stays in training mode; no points are lost for this"),
    ],
    "network_start": [
        (
            {NETWORK: [("weight_scale * np.random.randn(", "np.random.randn(")]},
            r"W1 has standard deviation (1|0\.9\d) where weight_scale is 0\.02",
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
        ({OPTIM: [(NESTEROV_W, "next_w = w + v")]}, "loss_history is not what is expected")
    ],
    "batchnorm_train_output": [
        (
            {LAYERS: [("batch_var = (centered**2).mean(axis=0)", "batch_var = x.var(axis=0, ddof=1)")]},
            "out_4x5 relative error",
        ),
    ],
    "batchnorm_train_eps": [
        ({LAYERS: [('bn_param.get("eps", 1e-5)', "1e-5")]}, "out_6x4 is not what is expected"),
        (
            {LAYERS: [("1 / np.sqrt(batch_var + eps)", "1 / (np.sqrt(batch_var) + eps)")]},
            "out_9x5 is not what is expected",
        ),
    ],
    "batchnorm_running_averages": [
        ({LAYERS: [(MEAN_UPDATE, "batch_mean")]}, "running_mean_1 relative error 0.82"),
    ],
    "batchnorm_running_momentum": [
        ({LAYERS: [('bn_param.get("momentum", 0.9)', "0.9")]}, "running_mean_1 is not what is expected"),
    ],
    "batchnorm_test_output": [
        (
            {LAYERS: [(TEST_OUT, "out = (x - running_mean) / np.sqrt(running_var + eps)")]},
            "out_6x5_1 relative error",
        ),
        ({LAYERS: [("np.sqrt(running_var + eps)", "np.sqrt(running_var)")]}, "out_6x5_1 relative error"),
    ],
    "batchnorm_test_repeatable": [
        (
            {LAYERS: [("np.sqrt(running_var + eps)", "np.sqrt(running_var + 1e-5)")]},
            "is not what is expected",
        ),
        (
            {
                LAYERS: [
                    (
                        TEST_OUT,
                        TEST_OUT + "\n        running_mean = 0.9 * running_mean + 0.1 * x.mean(axis=0)",
                    )
                ]
            },
            "is not what is expected",
        ),
    ],
    "batchnorm_backward_gradients": [
        (
            {LAYERS: [(BN_DX, BN_DX.replace(" - through_var", ""))]},
            "2 of 3 results are right; dx relative error",
        ),
    ],
    "batchnorm_backward_shapes": [
        (
            {
                LAYERS: [
                    ("(dx_hat * x_hat).sum(axis=0) / n)", "(dx_hat * x_hat).sum(axis=0) / dout.shape[1])")
                ]
            },
            "dx_3x8 is not what is expected",
        ),
    ],
    "dropout_train_output": [
        (
            {LAYERS: [(MASK, "mask = np.random.rand(*x.shape) < p")]},
            "with p = 0.3: what is kept is not the input divided by the share kept",
        ),
        (
            {LAYERS: [(MASK, "mask = (np.random.rand(*x.shape) < 0.5) / p")]},
            "with p = 0.3: keeps .* of the entries, but divides by 0.3",
        ),
        (
            {LAYERS: [(MASK, "mask = (np.random.rand(x.shape[1]) < p) / p")]},
            "whole rows or columns are kept alike",
        ),
        ({LAYERS: [(MASK, "np.random.seed(0)\n        " + MASK)]}, "two calls keep the same entries"),
        ({LAYERS: [(MASK, "mask = np.ones(x.shape)")]}, "with p = 0.3: drops nothing"),
    ],
    "dropout_keeps_with_p": [
        (
            {LAYERS: [(MASK, "mask = (np.random.rand(*x.shape) >= p) / (1 - p)")]},
            "^p is taken as the probability to drop; in this assignment it is the probability to keep$",
        ),
    ],
    "dropout_test_output": [
        (
            {
                LAYERS: [
                    ("        out = x\n", "        out = x * (np.random.rand(*x.shape) >= p) / (1 - p)\n")
                ]
            },
            "out_0.3 relative error 1",
        ),
        ({LAYERS: [("        out = x\n", "        out = x * p\n")]}, "out_0.3 relative error"),
    ],
    "dropout_gradient": [
        (
            {
                LAYERS: [
                    (
                        "dx = dout * mask",
                        "dx = dout * (np.random.rand(*dout.shape) < dropout_param['p']) / dropout_param['p']",
                    )
                ]
            },
            "dx with p = 0.25 relative error 1",
        ),
        ({LAYERS: [("dx = dout * mask", "dx = dout * (mask > 0)")]}, "dx with p = 0.25 relative error 0.6"),
        (
            {LAYERS: [(MASK, "mask = np.ones(x.shape) / p")]},
            "the forward pass is not right yet: drops nothing",
        ),
    ],
    "dropout_test_gradient": [
        (
            {LAYERS: [("        dx = dout\n", "        dx = dout * dropout_param['p']\n")]},
            "dx is not what is expected",
        ),
    ],
    "network_dropout": [
        (
            {NETWORK: [("            dout = dropout_backward(dout, dropout_cache)\n", "            pass\n")]},
            "relative error",
        ),
        (
            {
                NETWORK: [
                    (
                        LAST_SCORES,
                        LAST_SCORES
                        + "        if self.use_dropout and y is not None:\n"
                        + "            scores = dropout_forward(scores, self.dropout_param)[0]\n",
                    )
                ]
            },
            "loss relative error",
        ),
        (
            {
                NETWORK: [
                    (DROPOUT, DROPOUT + "            out = dropout_forward(out, self.dropout_param)[0]\n")
                ]
            },
            "relative error",
        ),
    ],
    "network_dropout_normalized": [
        (
            {
                NETWORK: [
                    (
                        "        if self.use_dropout:\n            out",
                        "        if self.use_dropout and not norm_cache:\n            out",
                    ),
                    (
                        "        if self.use_dropout:\n            dout",
                        "        if dropout_cache:\n            dout",
                    ),
                ]
            },
            "relative error",
        ),
        (
            {
                NETWORK: [
                    (
                        "        if self.use_dropout:\n            out",
                        "        if self.use_dropout and not norm_cache:\n            out",
                    ),
                    (
                        "        if self.use_dropout:\n            dout",
                        "        if dropout_cache and not norm_cache:\n            dout",
                    ),
                    (
                        "            gamma, beta = self",
                        "            if self.use_dropout:\n"
                        "                out, dropout_cache = dropout_forward(out, self.dropout_param)\n"
                        "            gamma, beta = self",
                    ),
                    (
                        '        dx, grads[f"W{layer}"], grads',
                        "        if norm_cache and dropout_cache:\n            dout = dropout_backward(dout, dropout_cache)\n"
                        '        dx, grads[f"W{layer}"], grads',
                    ),
                ]
            },
            "relative error",
        ),
    ],
    "network_dropout_scores": [
        (
            {NETWORK: [('self.dropout_param["mode"] = mode', "self.dropout_param[mode] = mode")]},
            "scores_0.3 is not what is expected",
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
    homework: Any, tmp_path: Path, check: str, edits: Edits, reason: str
) -> None:
    implementation = homework.edited(tmp_path, edits)
    for seed in (0, 1):
        result = homework.judge(check, implementation, seed)
        assert result.outcome is Outcome.FAILED
        assert re.search(reason, result.reason), result.reason
        assert result.points < result.max_points or result.max_points == 0


def _module_checks(homework: Any) -> list[Any]:
    """The checks of the modules, without the companions that are worth nothing."""
    return [check for check in homework.suite.checks if check.where == "modules"]


def test_every_module_check_has_a_mistake(homework: Any) -> None:
    assert set(WRONG) == {check.id for check in _module_checks(homework)}


def _failed(homework: Any, implementation: Any, seed: int) -> dict[str, str]:
    results = (homework.judge(check.id, implementation, seed) for check in _module_checks(homework))
    return {result.id: result.reason for result in results if result.outcome is not Outcome.PASSED}


@pytest.mark.parametrize("seed", range(3))
def test_solution_passes_every_module_check(homework: Any, tmp_path: Path, seed: int) -> None:
    assert _failed(homework, homework.edited(tmp_path, {}), seed) == {}


@pytest.fixture(scope="module")
def samples(course: Any) -> Any:
    return make_samples(course("ece247_hw4").assignment)


@pytest.mark.parametrize("seed", range(2))
def test_right_answers_written_otherwise_pass_every_module_check(
    homework: Any, tmp_path: Path, samples: Any, seed: int
) -> None:
    assert _failed(homework, homework.implementation(tmp_path, samples["right_otherwise"]), seed) == {}


# What is not a student's fault, or a matter of taste, costs the points of one check at most.
LENIENT: dict[str, tuple[Edits, set[str]]] = {
    "starter-never-enters-test-mode": (
        {NETWORK: [(MODE, "bn_param[mode] = mode")]},
        {"network_enters_test_mode"},
    ),
    "epsilon-under-the-root": (
        {OPTIM: [(RMSPROP_ROOT, 'np.sqrt(a + config["epsilon"])')]},
        {"rmsprop_epsilon"},
    ),
    "epsilon-under-adams-root": (
        {OPTIM: [(ADAM_ROOT, 'np.sqrt(a / (1 - config["beta2"] ** t) + config["epsilon"])')]},
        {"adam_epsilon"},
    ),
    "p-is-the-probability-to-drop": (
        {LAYERS: [(MASK, "mask = (np.random.rand(*x.shape) > p) / (1 - p)")]},
        {"dropout_keeps_with_p"},
    ),
    "default-count-of-adam": ({OPTIM: [('config.setdefault("t", 0)', 'config.setdefault("t", 1)')]}, set()),
    "dropout-before-relu": (
        {
            NETWORK: [
                ("        out, relu_cache = relu_forward(out)\n", ""),
                (DROPOUT, DROPOUT + "        out, relu_cache = relu_forward(out)\n"),
                ("        dout = relu_backward(dout, relu_cache)\n", ""),
                (
                    "        if self.use_dropout:\n            dout",
                    "        dout = relu_backward(dout, relu_cache)\n        if self.use_dropout:\n            dout",
                ),
            ]
        },
        set(),
    ),
}


@pytest.mark.parametrize(("edits", "failing"), LENIENT.values(), ids=LENIENT)
def test_what_is_charged_once_or_not_at_all(
    homework: Any, tmp_path: Path, edits: Edits, failing: set[str]
) -> None:
    failed = _failed(homework, homework.edited(tmp_path, edits), 0)
    assert set(failed) == failing
    assert sum(homework.suite.check(check).points for check in failing) <= 1


def test_sandbox_copy_leaves_masks_out(homework: Any) -> None:
    assert not any("masks" in name for name in homework.suite.modules)
