"""One mistake each, as students make them: how it is named, and the most that it may cost where others' checks build on it.

What a function's own checks charge stays; later checks keep 0.4 of what they lose. Not known by name, some cost twice as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MISTAKES", "Mistake"]


@dataclass(frozen=True)
class Mistake:
    """edits: of the solution's files, each old text found once; or of cells: (cell, old, new). most: points."""

    named: str
    most: float
    edits: Mapping[str, list[tuple[str, str]]] | list[tuple[str, str, str]]


LAYERS = "cs231n/layers.py"
NETWORK = "cs231n/classifiers/fc_net.py"
LAYERNORM_DX = "return inv_std * (dx_hat - mean_grad - x_hat * mean_slope), dgamma, dbeta"
ALT_DX = "dx = (gamma * inv_std / n) * (n * dout - dbeta - x_hat * dgamma)"
OUT = "        out = gamma * x_hat + beta\n"
RUNNING_MEAN = "running_mean = momentum * running_mean + (1 - momentum) * sample_mean"
RUNNING_VAR = "running_var = momentum * running_var + (1 - momentum) * sample_var"
TEST = "out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta"
PENALTY = 'grads[f"W{layer}"] += self.reg * weights'


def _cs231n(named: str, most: float, *edits: tuple[str, str], path: str = LAYERS) -> Mistake:
    return Mistake(named, most, {path: list(edits)})


_CS231N = [
    _cs231n(
        "layernorm_backward.deviation_squared",
        6.3,
        (LAYERNORM_DX, LAYERNORM_DX.replace("inv_std", "inv_std**2")),
    ),
    _cs231n(
        "layernorm_backward.deviation_missing",
        6.3,
        (LAYERNORM_DX, LAYERNORM_DX.replace("inv_std * ", "")),
    ),
    _cs231n(
        "layernorm_backward.variance_sign", 6.3, (LAYERNORM_DX, LAYERNORM_DX.replace("- x_hat", "+ x_hat"))
    ),
    _cs231n(
        "layernorm_backward.mean_sign",
        6.3,
        (LAYERNORM_DX, LAYERNORM_DX.replace("- mean_grad", "+ mean_grad")),
    ),
    _cs231n("batchnorm_forward.old_averages_normalize", 14, (OUT, f"        {TEST}\n")),
    _cs231n(
        "batchnorm_forward.running_averages_normalize",
        14,
        (OUT, ""),
        (RUNNING_VAR, f"{RUNNING_VAR}\n        {TEST}"),
    ),
    _cs231n(
        "batchnorm_forward.old_averages_normalize_cached",
        25.3,
        (
            "        x_hat = centered * inv_std\n        out",
            "        x_hat = (x - running_mean) / np.sqrt(running_var + eps)\n        out",
        ),
    ),
    _cs231n(
        "batchnorm_forward.mean_momentum_swapped",
        7.9,
        (RUNNING_MEAN, "running_mean = (1 - momentum) * running_mean + momentum * sample_mean"),
    ),
    _cs231n(
        "batchnorm_forward.variance_momentum_swapped",
        7.9,
        (RUNNING_VAR, "running_var = (1 - momentum) * running_var + momentum * sample_var"),
    ),
    _cs231n("batchnorm_inference.batch_mean", 6.9, (TEST, TEST.replace("running_mean", "x.mean(axis=0)"))),
    _cs231n("batchnorm_inference.batch_variance", 6.9, (TEST, TEST.replace("running_var", "x.var(axis=0)"))),
    _cs231n(
        "batchnorm_backward.dgamma_with_gamma",
        10,
        (
            "    dgamma = (dout * x_hat).sum(axis=0)\n    dx_hat = dout * gamma\n    dinv_std",
            "    dx_hat = dout * gamma\n    dgamma = (dx_hat * x_hat).sum(axis=0)\n    dinv_std",
        ),
    ),
    _cs231n("batchnorm_backward_alt.rows_missing", 5.3, (ALT_DX, ALT_DX.replace("(n * dout", "(dout"))),
    _cs231n(
        "batchnorm_backward_alt.variance_averaged_twice",
        4.8,
        (ALT_DX, ALT_DX.replace("dgamma)", "dgamma / n)")),
    ),
    _cs231n(
        "FullyConnectedNet.penalty_on_scale",
        5.3,
        (
            PENALTY,
            f"{PENALTY}\n            if self.normalization and layer < last:\n"
            "                scale = self.params[f'gamma{layer}']\n"
            "                loss += 0.5 * self.reg * np.sum(scale**2)\n"
            "                grads[f'gamma{layer}'] += self.reg * scale",
        ),
        path=NETWORK,
    ),
]

TUFTS = "implementations/layers.py"
TUFTS_OUT = '    return gamma * (x - mean) / np.sqrt(var + bn_param["eps"]) + beta'
TUFTS_STATISTICS = 'mean, var = bn_param["running_mean"], bn_param["running_var"]'
TUFTS_MEAN = 'momentum * bn_param["running_mean"] + (1 - momentum) * mean'
TUFTS_VAR = "np.var(x, axis=0, keepdims=True)"


def _tufts(named: str, most: float, *edits: tuple[str, str]) -> Mistake:
    return Mistake(named, most, {TUFTS: list(edits)})


_TUFTS = [
    _tufts(
        "batchnorm_forward.running_averages_normalize",
        30,
        (TUFTS_OUT, f"    {TUFTS_STATISTICS}\n{TUFTS_OUT}"),
    ),
    _tufts(
        "batchnorm_forward.variance_divided_by_features",
        48.1,
        (TUFTS_VAR, "np.sum((x - mean) ** 2, axis=0, keepdims=True) / x.shape[1]"),
    ),
    _tufts("batchnorm_forward.deviation_as_variance", 48.1, (TUFTS_VAR, "np.std(x, axis=0, keepdims=True)")),
    _tufts(
        "batchnorm_forward.mean_momentum_swapped",
        18.7,
        (TUFTS_MEAN, '(1 - momentum) * bn_param["running_mean"] + momentum * mean'),
    ),
    _tufts(
        "batchnorm_inference.batch_variance",
        17.7,
        (TUFTS_STATISTICS, TUFTS_STATISTICS.replace('bn_param["running_var"]', "x.var(axis=0)")),
    ),
]

VARIANCE = "variance = ((flow - mean) ** 2).mean(axis=1, keepdims=True)"
SOFTMAX = (
    "powers = np.exp(s - s.max(axis=0, keepdims=True))\n    return powers / powers.sum(axis=0, keepdims=True)"
)
BACK = "return g / root - np.sum(g, axis=1, keepdims=True) / (n * root) - d * through_variance / n"
AVERAGES = "mean, variance = self.muMA[i], self.vaMA[i]"
SCORES = "p = softMax(self.W[self.nl] @ flow + self.b[self.nl])"
WEIGHTS = "grads[0][i] = g @ h[i].T / n"
BIASED = "flow = self.W[i] @ flow + self.b[i]"
BIASES = "grads[1][i] = g.mean(axis=1, keepdims=True)"
SCALES = "grads[2][i] = (g * sh[i]).mean(axis=1, keepdims=True)"
RELU = "            flow = relu(flow)\n        h.append"


def _kth(named: str, most: float, *edits: tuple[str, str]) -> Mistake:
    return Mistake(named, most, {"bnn.py": list(edits)})


_KTH = [
    _kth(
        "BNN.scores_normalized",
        9.3,
        (
            SCORES,
            "last = self.W[self.nl] @ flow + self.b[self.nl]\n"
            "        if self.batchNorm and training:\n"
            "            spread = np.sqrt(last.var(axis=1, keepdims=True) + EPS)\n"
            "            last = (last - last.mean(axis=1, keepdims=True)) / spread\n"
            "        p = softMax(last)",
        ),
    ),
    _kth("softMax.sums_of_rows", 19.8, (SOFTMAX, SOFTMAX.replace("sum(axis=0", "sum(axis=1"))),
    _kth("softMax.largest_of_rows", 17.7, (SOFTMAX, SOFTMAX.replace("max(axis=0", "max(axis=1"))),
    _kth(
        "BNN.moving_mean_swapped",
        5,
        (
            "self.alpha * self.muMA[i] + (1 - self.alpha) * mean",
            "(1 - self.alpha) * self.muMA[i] + self.alpha * mean",
        ),
    ),
    _kth(
        "BNN.moving_averages_normalize",
        18.3,
        (
            "                mu.append(mean)\n",
            f"                {AVERAGES}\n                mu.append(mean)\n",
        ),
    ),
    _kth(
        "batchnorm_inference.batch_mean",
        6.3,
        (AVERAGES, AVERAGES.replace("self.muMA[i]", "flow.mean(axis=1, keepdims=True)")),
    ),
    _kth(
        "BNN.relu_missing_when_normalized",
        20.5,
        (RELU, RELU.replace("relu(flow)", "flow if self.batchNorm else relu(flow)")),
    ),
    _kth(
        "BNN.normalized_after_relu",
        27.5,
        (
            "            if self.batchNorm:\n                s.append",
            "            if self.batchNorm:\n                flow = relu(flow)\n                s.append",
        ),
    ),
    _kth(
        "batchnorm_backward_alt.variance_not_averaged",
        6.2,
        (BACK, BACK.replace("_variance / n", "_variance")),
    ),
    _kth("batchnorm_backward_alt.root_power", 6.2, ("/ root**3", "/ root**2")),
    _kth("batchnorm_backward_alt.variance_halved", 6.2, (BACK, BACK.replace("- d *", "- 0.5 * d *"))),
    _kth("batchnorm_backward_alt.variance_doubled", 6.2, (BACK, BACK.replace("- d *", "- 2 * d *"))),
    _kth("BNN.relu_of_scores", 20.5, (SCORES, SCORES.replace("softMax(", "softMax(relu(") + ")")),
    _kth(
        "BNN.mean_of_columns", 17.8, ("flow.mean(axis=1, keepdims=True)", "flow.mean(axis=0, keepdims=True)")
    ),
    _kth("BNN.bias_left_out_when_normalized", 11.2, (BIASED, f"{BIASED} * (0 if self.batchNorm else 1)")),
    _kth("relu_forward.sigmoid", 17, ("np.where(s > 0, s, 0.0)", "1 / (1 + np.exp(-s))")),
    _kth("BNN.gradient_sign", 14, ("g = p - Y", "g = Y - p")),
    _kth("BNN.gradient_of_weights_not_averaged", 5.3, (WEIGHTS, WEIGHTS.replace(" / n", ""))),
    _kth("BNN.gradient_of_biases_not_averaged", 3.4, (BIASES, BIASES.replace("mean", "sum"))),
    _kth("BNN.gradient_of_gamma_not_averaged", 1.9, (SCALES, SCALES.replace("mean", "sum"))),
]

TRAIN, GRADIENTS = "batch-norm-training", "batch-norm-gradients"
D_LINEAR = "d_linear = gamma * inv_std * (d_out"
NORMALIZED = "normalized = (linear_output - batch_mean) / np.sqrt(batch_variance + epsilon)"
_UDACITY = [
    Mistake(
        "batchnorm_forward.old_averages_normalize",
        14,
        [(TRAIN, NORMALIZED, "normalized = (linear_output - pop_mean) / np.sqrt(pop_variance + epsilon)")],
    ),
    Mistake(
        "batchnorm_forward.variance_momentum_swapped",
        10.9,
        [
            (
                TRAIN,
                "pop_variance * decay + batch_variance * (1 - decay)",
                "pop_variance * (1 - decay) + batch_variance * decay",
            )
        ],
    ),
    Mistake(
        "batchnorm_backward.deviation_squared",
        7.9,
        [(GRADIENTS, D_LINEAR, D_LINEAR.replace("inv_std", "inv_std**2"))],
    ),
    Mistake(
        "softmax_cross_entropy.gradient_sign",
        7.1,
        [("cross-entropy", "(np.exp(log_probabilities) - labels)", "(labels - np.exp(log_probabilities))")],
    ),
    Mistake(
        "batchnorm_backward.deviation_missing",
        7.9,
        [(GRADIENTS, D_LINEAR, D_LINEAR.replace("inv_std * ", ""))],
    ),
]

#: By course.
MISTAKES: Mapping[str, list[Mistake]] = {
    "cs231n_batchnorm": _CS231N,
    "tufts_batchnorm": _TUFTS,
    "kth_batchnorm": _KTH,
    "udacity_batchnorm": _UDACITY,
}
