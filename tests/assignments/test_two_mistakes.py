"""Two or three mistakes in one hand-in, in functions that build on each other: all are named, none else, each is charged once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.assignments.explaining import certain, told
from tests.assignments.test_right_and_wrong import wrong_code

LAYERS, NETWORK = "cs231n/layers.py", "cs231n/classifiers/fc_net.py"
VARIANCE = (LAYERS, "sample_var = (centered**2).mean(axis=0)", "sample_var = x.var(axis=0, ddof=1)")
LAYER_GAMMA = (LAYERS, "    mean_grad = dx_hat.mean(", "    dx_hat = dout\n    mean_grad = dx_hat.mean(")
NO_HALF = (NETWORK, "loss += 0.5 * self.reg", "loss += self.reg")
ALT_SIGN = (LAYERS, "(n * dout - dbeta - x_hat * dgamma)", "(n * dout - dbeta + x_hat * dgamma)")
NO_PENALTY_GRADIENT = (
    NETWORK,
    'grads[f"W{layer}"] += self.reg * weights',
    'grads[f"W{layer}"] += 0 * weights',
)
OVER_THE_BATCH = (
    LAYERS,
    "    centered = x - x.mean(axis=1, keepdims=True)\n    inv_std = 1 / np.sqrt((centered**2).mean(axis=1, keepdims=True) + eps)",
    "    centered = x - x.mean(axis=0)\n    inv_std = 1 / np.sqrt((centered**2).mean(axis=0) + eps)",
)
PENALTY_ON_ALL = (
    NETWORK,
    'grads[f"W{layer}"] += self.reg * weights\n',
    'grads[f"W{layer}"] += self.reg * weights\n'
    "        for name, value in self.params.items():\n"
    '            if name[0] != "W":\n'
    "                loss += 0.5 * self.reg * np.sum(value * value)\n"
    "                grads[name] += self.reg * value\n",
)

TUFTS = "implementations/layers.py"
OUT = '    return gamma * (x - mean) / np.sqrt(var + bn_param["eps"]) + beta'
OLD_NORMALIZE = (
    TUFTS,
    "        momentum = bn_param",
    '        old = bn_param["running_mean"], bn_param["running_var"]\n        momentum = bn_param',
)
OLD_OUT = (TUFTS, OUT, f'    if bn_param["mode"] == "train":\n        mean, var = old\n{OUT}')
PENALTY_HALVED = (
    "implementations/fc_net.py",
    "hidden.T @ dout + 2 * reg * self.params",
    "hidden.T @ dout + reg * self.params",
)

#: By name: the course, the most that all of it may cost, what is wrong, and what is named for it.
CASES = {
    "three in three places": (
        "cs231n_batchnorm",
        37,
        [VARIANCE, LAYER_GAMMA, NO_HALF],
        {
            "batchnorm_forward.variance_n_minus_1",
            "layernorm_backward.gamma_missing",
            "FullyConnectedNet.penalty_without_half",
        },
    ),
    "a forward pass and the alternative of its backward pass": (
        "cs231n_batchnorm",
        27.5,
        [VARIANCE, ALT_SIGN],
        {"batchnorm_forward.variance_n_minus_1", "batchnorm_backward_alt.sign"},
    ),
    "a layer and the penalty's gradient": (
        "cs231n_batchnorm",
        30.7,
        [VARIANCE, NO_PENALTY_GRADIENT],
        {"batchnorm_forward.variance_n_minus_1", "FullyConnectedNet.penalty_missing_in_gradients"},
    ),
    "what would pass for the network's calling the wrong layer": (
        "cs231n_batchnorm",
        19.9,
        [OVER_THE_BATCH, PENALTY_ON_ALL],
        {"layernorm_forward.over_the_batch", "FullyConnectedNet.penalty_on_everything"},
    ),
    "a layer's statistics and the penalty's gradient": (
        "tufts_batchnorm",
        33.6,
        [OLD_NORMALIZE, OLD_OUT, PENALTY_HALVED],
        {"batchnorm_forward.old_averages_normalize", "FullyConnectedNet.penalty_gradient_halved"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_is_named_and_charged_once(course: Callable[[str], Any], name: str, tmp_path: Path) -> None:
    course_name, most, edits, named = CASES[name]
    by_path: dict[str, list[tuple[str, str]]] = {}
    for path, old, new in edits:
        by_path.setdefault(path, []).append((old, new))
    results = told(course_name, wrong_code(course(course_name), by_path, tmp_path))
    assert certain(results) == named
    assert sum(float(result.max_points - result.points) for result in results.values()) <= most
