"""Wrong solutions that no catalogue holds: what each must lose, and which known mistakes may be named because they are in it, too.

Edits are of the instructor's solution: files of the modules, or cells of the notebook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["WRONG", "Wrong"]


@dataclass(frozen=True, slots=True)
class Wrong:
    """edits: path -> texts and what stands in their place, or (cell, text, other text). loses: all checks that it fails.

    true: the known mistakes that it may be told to hold, since it does.
    """

    edits: Mapping[str, list[tuple[str, str]]] | list[tuple[str, str, str]]
    loses: str
    true: str = ""


LAYERS, NETWORK = "implementations/layers.py", "implementations/fc_net.py"
OUT = 'gamma * (x - mean) / np.sqrt(var + bn_param["eps"]) + beta'
RUNNING_MEAN = 'momentum * bn_param["running_mean"] + (1 - momentum) * mean'
RUNNING_VAR = 'momentum * bn_param["running_var"] + (1 - momentum) * var'
CALL = "return batchnorm_forward(linear, gamma, beta, self.bn_params[layer])"

_TUFTS = {
    "mean absolute deviation": Wrong(
        {
            LAYERS: [
                ("np.var(x, axis=0, keepdims=True)", "np.mean(np.abs(x - mean), axis=0, keepdims=True) ** 2")
            ]
        },
        "example_train network_gradients network_last_layer network_objective network_options "
        "network_predictions running_momentum running_statistics train_eps train_output "
        "training_batchnorm training_settings",
    ),
    "eps added twice": Wrong(
        {LAYERS: [('np.sqrt(var + bn_param["eps"])', 'np.sqrt(var + 2 * bn_param["eps"])')]},
        "example_test example_train network_gradients network_last_layer "
        "network_objective network_options test_output test_repeatable train_eps train_output "
        "training_batchnorm training_settings",
    ),
    "only the mean overwritten": Wrong(
        {LAYERS: [(RUNNING_MEAN, "mean")]},
        "example_train network_predictions running_momentum running_statistics training_batchnorm",
    ),
    "running statistics normalize in training": Wrong(
        {
            LAYERS: [
                (
                    f"    return {OUT}",
                    f'    mean, var = bn_param["running_mean"], bn_param["running_var"]\n    return {OUT}',
                )
            ]
        },
        "example_train network_gradients network_last_layer network_objective network_options "
        "network_predictions train_eps train_output training_batchnorm training_settings",
        "batchnorm_forward.running_averages_normalize",
    ),
    "gamma scales x alone": Wrong(
        {LAYERS: [(OUT, '(gamma * x - mean) / np.sqrt(var + bn_param["eps"]) + beta')]},
        "network_gradients network_last_layer network_objective network_options "
        "network_predictions test_output test_repeatable train_eps train_output "
        "training_batchnorm training_settings",
    ),
    "statistics rounded": Wrong(
        {LAYERS: [("np.mean(x, axis=0, keepdims=True)", "np.round(np.mean(x, axis=0, keepdims=True), 3)")]},
        "example_train network_gradients network_last_layer network_objective network_options "
        "running_momentum running_statistics train_eps train_output training_batchnorm "
        "training_settings",
    ),
    "x in place": Wrong(
        {
            LAYERS: [
                (
                    f"    return {OUT}",
                    "    x = x if x.dtype.kind == 'f' else x.astype(float)\n    x -= mean\n"
                    f"    return {OUT.replace('x - mean', 'x')}",
                )
            ]
        },
        "inputs_untouched",
    ),
    "mode forgotten": Wrong(
        {LAYERS: [(f"    return {OUT}", f'    bn_param["mode"] = "train"\n    return {OUT}')]},
        "inputs_untouched test_repeatable",
    ),
    "variance of the whole minibatch": Wrong(
        {LAYERS: [("np.var(x, axis=0, keepdims=True)", "np.full((1, x.shape[1]), np.var(x - mean))")]},
        "network_gradients network_last_layer network_objective network_options "
        "network_predictions running_momentum running_statistics train_eps train_output "
        "training_batchnorm training_settings",
        "batchnorm_forward.variance_of_all",
    ),
    "first layer not normalized": Wrong(
        {NETWORK: [(CALL, f"if layer == 0:\n            return linear * gamma + beta\n        {CALL}")]},
        "network_gradients network_last_layer network_objective network_options "
        "network_predictions training_batchnorm training_settings",
    ),
    "network with another eps": Wrong(
        {NETWORK: [("BN_EPS = 1e-4", "BN_EPS = 1e-3")]},
        "network_gradients network_last_layer network_objective network_options "
        "network_predictions training_batchnorm training_settings",
    ),
    "network with another momentum": Wrong(
        {NETWORK: [("BN_MOMENTUM = 0.95", "BN_MOMENTUM = 0.9")]}, "network_predictions training_batchnorm"
    ),
    "way back not written": Wrong(
        {NETWORK: [("        return dlinear\n", "        raise NotImplementedError\n")]},
        "network_gradients training_batchnorm training_settings",
    ),
    "one dictionary for all layers": Wrong(
        {
            NETWORK: [
                (CALL, CALL.replace("[layer])", "[0])")),
                ('self.bn_params[layer]["mode"] = mode', 'self.bn_params[0]["mode"] = mode'),
            ]
        },
        "network_objective network_predictions training_batchnorm",
    ),
    "gamma and beta exchanged on the way back": Wrong(
        {
            NETWORK: [
                (
                    'dlinear, grads["gamma"][layer], grads["beta"][layer] =',
                    'dlinear, grads["beta"][layer], grads["gamma"][layer] =',
                )
            ]
        },
        "network_gradients training_batchnorm training_settings",
        "batchnorm_backward.dgamma_dbeta_swapped",
    ),
    "gradient of what is normalized": Wrong(
        {
            NETWORK: [
                (
                    "batchnorm_backward(dout, linear, gamma, eps)",
                    "batchnorm_backward(dout * gamma, linear, gamma, eps)",
                )
            ]
        },
        "network_gradients training_batchnorm training_settings",
    ),
}

BNN = "bnn.py"
_KTH = {
    "alpha swapped for the variance alone": Wrong(
        {
            BNN: [
                (
                    "self.alpha * self.vaMA[i] + (1 - self.alpha) * variance",
                    "(1 - self.alpha) * self.vaMA[i] + self.alpha * variance",
                )
            ]
        },
        "moving_averages moving_averages_alpha",
        "BNN.moving_variance_swapped",
    ),
    "inputs before the ReLU": Wrong(
        {
            BNN: [
                (
                    "            flow = relu(flow)\n        h.append(flow)\n",
                    "            flow = flow if i == 0 else relu(flow)\n        h.append(flow)\n",
                )
            ]
        },
        "accuracy cost_plain forward_batchnorm forward_plain gradients_batchnorm "
        "gradients_plain gradients_six_decimals moving_averages moving_averages_alpha "
        "numerical_gradients testing_is_steady testing_output",
    ),
    "no bias in the last layer": Wrong(
        {BNN: [("softMax(self.W[self.nl] @ flow + self.b[self.nl])", "softMax(self.W[self.nl] @ flow)")]},
        "accuracy cost_batchnorm cost_plain forward_batchnorm forward_plain "
        "gradients_batchnorm gradients_plain gradients_six_decimals numerical_gradients "
        "testing_is_steady testing_output",
    ),
    "normalized scores after gamma and beta": Wrong(
        {
            BNN: [
                (
                    "flow = self.gamma[i] * sh[i] + self.beta[i]",
                    "flow = sh[i] = self.gamma[i] * sh[i] + self.beta[i]",
                )
            ]
        },
        "constant_unit forward_batchnorm gradients_batchnorm gradients_six_decimals",
    ),
    "mean and variance exchanged": Wrong(
        {BNN: [("return (p, h, s, sh, mu, v)", "return (p, h, s, sh, v, mu)")]},
        "batch_variance gradients_batchnorm gradients_penalty gradients_six_decimals",
    ),
    "penalty on the last layer only": Wrong(
        {BNN: [("penalty = sum(np.sum(W**2) for W in self.W)", "penalty = np.sum(self.W[-1] ** 2)")]},
        "cost_batchnorm cost_plain numerical_gradients",
    ),
    "gradients by the moving averages": Wrong(
        {BNN: [("s[i], mu[i], v[i])", "s[i], self.muMA[i], self.vaMA[i])")]},
        "gradients_batchnorm gradients_six_decimals",
    ),
    "uniform starting weights": Wrong(
        {
            BNN: [
                (
                    "np.random.normal(0, sigma, size=(outputs, inputs))",
                    "np.random.uniform(-sigma, sigma, size=(outputs, inputs))",
                )
            ]
        },
        "initial_spread",
    ),
    "labels not shuffled": Wrong({BNN: [("Y[:, chosen])", "Y[:, start : start + nBatch])")]}, "mini_batches"),
    "last batch left out": Wrong(
        {BNN: [("range(0, N - nBatch + 1, nBatch)", "range(0, N - nBatch, nBatch)")]},
        "mini_batches",
    ),
    "rate by epochs": Wrong(
        {
            BNN: [
                ("                t += 1\n", ""),
                ("            for costs, losses", "            t += 1\n            for costs, losses"),
            ]
        },
        "learning_rates learning_rates_go_on",
    ),
    "training and validation accuracy exchanged": Wrong(
        {BNN: [("return tcl, vcl, tll, vll, tacl, vacl", "return tcl, vcl, tll, vll, vacl, tacl")]},
        "histories",
    ),
    "accuracy in per cent": Wrong(
        {BNN: [("np.mean(p.argmax(axis=0) == y)", "100 * np.mean(p.argmax(axis=0) == y)")]}, "accuracy"
    ),
    "loss over classes": Wrong(
        {BNN: [("-np.mean(np.log(np.sum(Y * p, axis=0)))", "-np.mean(Y * np.log(p))")]},
        "cost_batchnorm cost_plain numerical_gradients",
    ),
    "gradients as flat vectors": Wrong(
        {
            BNN: [
                (
                    "grads[2][i] = (g * sh[i]).mean(axis=1, keepdims=True)",
                    "grads[2][i] = (g * sh[i]).mean(axis=1)",
                )
            ]
        },
        "gradients_batchnorm gradients_penalty gradients_six_decimals",
    ),
}

TRAINING, INFERENCE, BACK, NET = (
    "batch-norm-training",
    "batch-norm-inference",
    "batch-norm-gradients",
    "neural-net",
)
_UDACITY = {
    "moments over the first axis": Wrong(
        [
            (
                "moments",
                "mean = values.mean(axis=tuple(axes), keepdims=True)",
                "axes = list(axes)[:1]\n    mean = values.mean(axis=tuple(axes), keepdims=True)",
            )
        ],
        "conv_gradients conv_moments_of_any_axis conv_training moments_axes",
    ),
    "epsilon of another framework": Wrong(
        [(TRAINING, "epsilon=1e-3", "epsilon=1e-5")],
        "conv_training layer_training step_batch_norm test_report training_epsilon "
        "training_history training_output",
        "batchnorm_forward.eps_hard_coded",
    ),
    "decay for the variance alone": Wrong(
        [(TRAINING, "pop_mean * decay + batch_mean * (1 - decay)", "batch_mean")],
        "conv_training population_average population_decay step_population training_history",
    ),
    "rows in place of rows and positions": Wrong(
        [(BACK, "count = linear_output.size / linear_output.shape[-1]", "count = len(linear_output)")],
        "conv_gradients",
    ),
    "logarithm of probabilities": Wrong(
        [
            (
                "cross-entropy",
                "log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))",
                "log_probabilities = np.log(np.exp(shifted) / np.sum(np.exp(shifted), axis=1, "
                "keepdims=True) + 1e-8)",
            )
        ],
        "cross_entropy_extremes",
    ),
    "weights moved while going back": Wrong(
        [
            (
                NET,
                '            gradients[f"W{layer}"] = layer_in.T @ d_out\n',
                '            self.params[f"W{layer}"] = self.params[f"W{layer}"] - learning_rate * '
                "(layer_in.T @ d_out)\n",
            )
        ],
        "step_batch_norm step_plain training_history",
    ),
    "population moves at inference": Wrong(
        [
            (
                NET,
                "                out = batch_norm_inference(out, gamma, beta, pop_mean=pop_mean, "
                "pop_variance=pop_variance)",
                "                _, *found = batch_norm_training(out, gamma, beta, pop_mean=pop_mean, "
                "pop_variance=pop_variance)\n                self.population[layer - 1] = "
                "tuple(found)\n                out = batch_norm_inference(out, gamma, beta, "
                "pop_mean=pop_mean, pop_variance=pop_variance)",
            )
        ],
        "step_population test_report training_history",
    ),
    "other batch size": Wrong([(NET, "next_batch(60)", "next_batch(64)")], "training_history"),
    "accuracy on the test set": Wrong(
        [
            (
                NET,
                "self.training_accuracies.append(self.accuracy(mnist.validation))",
                "self.training_accuracies.append(self.accuracy(mnist.test))",
            )
        ],
        "training_history",
    ),
    "half of the images alone": Wrong(
        [
            (NET, "mnist.test.images[:200]:", "mnist.test.images[:100]:"),
            (NET, "mnist.test.labels[:200], axis=1)))\n", "mnist.test.labels[:100], axis=1)))\n"),
        ],
        "test_report",
    ),
    "derivative from the sign of the output": Wrong(
        [
            (
                "activation-gradient",
                "(layer_out > 0).astype(layer_out.dtype)",
                "np.where(layer_out > 1, 1.0, 0.0)",
            )
        ],
        "activation_gradients step_batch_norm step_plain training_history",
    ),
    "gradient of the mean forgotten for gamma": Wrong(
        [
            (
                BACK,
                "d_gamma = np.sum(d_out * normalized, axis=axes)",
                "d_gamma = np.sum(d_out * linear_output, axis=axes)",
            )
        ],
        "conv_gradients gradients gradients_epsilon step_batch_norm training_history",
    ),
    "beta before gamma at inference": Wrong(
        [
            (
                INFERENCE,
                "gamma * (linear_output - pop_mean) / np.sqrt(pop_variance + epsilon) + beta",
                "gamma * ((linear_output - pop_mean) / np.sqrt(pop_variance + epsilon) + beta)",
            )
        ],
        "conv_inference inference_epsilon inference_output layer_inference test_report training_history",
        "batchnorm_inference.shift_before_scale",
    ),
}

#: By course and name.
WRONG: Mapping[str, Mapping[str, Wrong]] = {
    "tufts_batchnorm": _TUFTS,
    "kth_batchnorm": _KTH,
    "udacity_batchnorm": _UDACITY,
}
