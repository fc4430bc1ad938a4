"""Hand-ins that were written later, each for something that it found: points reasoned by hand, as in `recipes.py`."""

from __future__ import annotations

from tests.assignments.hand_ins.recipes import (
    E_LAYERS,
    E_OPTIM,
    KEPT,
    LAYERS,
    NET,
    NO_LAYERNORM,
    HandIn,
)

__all__ = ["CS231N", "ECE247"]

LOG = "np.log(probs[np.arange(N), y])"

CS231N = (
    # Right.
    HandIn(
        name="y2017_guarded_log",
        hand="cs2017",
        edits=((LAYERS, LOG, "np.log(probs[np.arange(N), y] + 1e-8)"),),
        lost=NO_LAYERNORM,
        why="a guard against log(0) that moves the loss by 1e-7 and more where a right class has a small probability",
    ),
    # Wrong in one way.
    HandIn(
        name="wrong_first_batch",
        hand="cs2019",
        edits=(
            (
                LAYERS,
                "        if axis == 0:\n",
                "        if axis == 0 and 'running_mean' not in bn_param:\n"
                "            running_mean, running_var = sample_mean, sample_var\n        elif axis == 0:\n",
            ),
        ),
        lost={
            "batchnorm_running_averages": 1,
            "batchnorm_running_momentum": 1,
            "network_test_scores": KEPT,
            "training_batchnorm": (0, KEPT / 2),
        },
        told=("batchnorm_forward.running_started_by_first_batch",),
        why="running averages start as the first minibatch's; the network's accuracies in training build on them",
    ),
    HandIn(
        name="wrong_mean_of_all",
        hand="cs2022",
        edits=(
            (
                LAYERS,
                "        cache.mu = x.mean(0, keepdims=True)\n",
                "        cache.mu = np.full((1, x.shape[1]), np.mean(x))\n",
            ),
        ),
        lost={
            "batchnorm_train_output": 1,
            "batchnorm_train_eps": 1,
            "batchnorm_running_averages": 1,
            "batchnorm_running_momentum": 1,
            "batchnorm_backward": (0.1, 1),
            "batchnorm_backward_alt": (0.1, 0.4),
            "network_batchnorm_loss": KEPT,
            "network_batchnorm_gradients": (0.1, 1),
            "network_test_scores": KEPT,
            "network_last_layer": KEPT,
            "training_batchnorm": (KEPT, 1),
        },
        told=("batchnorm_forward.mean_of_all",),
        why="an axis forgotten in the mean alone; the step-by-step gradient rests on columns whose sum is zero, which they are not",
    ),
    HandIn(
        name="wrong_single_precision",
        hand="cs2019",
        edits=((NET, "        X = X.astype(self.dtype)\n", "        X = X.astype(np.float32)\n"),),
        lost={
            "network_plain_gradients": (0, 1),
            "network_batchnorm_gradients": (0, 1),
            "network_layernorm_gradients": (0, 1),
            "network_test_scores": (0, 1),
        },
        not_told=("structure.factor", "structure.offset_per_column", "structure.factor_per_column"),
        why="the images in single precision whatever was asked for: digits are lost, and nothing else strikes the eye",
    ),
)

ECE247 = (
    # Right.
    HandIn(
        name="y2021_guarded_log",
        hand="ece2021",
        edits=((E_LAYERS, LOG, "np.log(probs[np.arange(N), y] + 1e-8)"),),
    ),
    # Wrong in one way.
    HandIn(
        name="wrong_one_beta",
        hand="ece2021",
        edits=((E_OPTIM, "config['a'] / (1 - b2 ** t)", "config['a'] / (1 - b1 ** t)"),),
        lost={"adam_update": 0.25, "adam_steps": 1, "adam_epsilon": 1},
        told=("adam.corrected_with_beta1",),
        why="of weights, v, a and t the weights, for three shapes each",
    ),
    HandIn(
        name="wrong_velocity_subtracted",
        hand="ece2021",
        edits=(
            (
                E_OPTIM,
                "    v -= config['learning_rate'] * dw\n    w += v\n",
                "    v += config['learning_rate'] * dw\n    w -= v\n",
            ),
        ),
        lost={"momentum_update": 1, "momentum_steps": 1},
        told=("momentum.velocity_subtracted",),
        why="from rest the weights are right, and training is; the velocity is given and asked for with the other sign",
    ),
)
