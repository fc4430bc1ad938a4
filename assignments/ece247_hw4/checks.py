"""The checks of ECE C147/C247's homework 4: 94 points; the questions hold 6 more.

Tolerances: right answers written in any way (loops, einsum, other summation order) differ from the reference by rounding, at most
1e-9 relative here; the mildest mistakes in sight change numbers by 1e-6 to 1. The default, 1e-7, stands between; where another is
needed, the reason stands beside it.

What is charged and what is not:

* `p` of dropout is the probability to keep, as the course's notebook prints it (p = 0.3 zeroes 70 %). Docstrings of some years
  say the opposite, and students follow either. Masks, gradients and networks pass under either reading; one point asks for the
  course's.
* epsilon belongs beside the root in RMSProp and Adam. Under the root it gives the same numbers as long as gradients are not small
  (the notebook's own cell cannot tell: 9.50e-8 against 9.52e-8), so the update's points are earned either way; one point each asks
  for the place, with a large epsilon and with tiny gradients, where steps differ by a factor.
* `bn_param[mode] = mode`, a slip in the starter code of some years, keeps the network out of test mode. It is no student's fault:
  test mode is set from here, accuracies measured through it are not compared, and a check without points says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from assignments.common.arrays import kept, number, upstream, vectors
from assignments.common.carried import layer_around
from assignments.common.dropout import (
    dropout_gradients,
    dropout_outputs,
    masked_beside_normalization,
    masked_network,
    unmasked,
)
from assignments.common.experiments import judge_deep, judge_scales
from assignments.common.layers import affine_gradients, affine_outputs, layers_inputs_after
from assignments.common.masks import (
    READINGS,
    judge_backward,
    judge_masks,
    judge_network,
    judge_twins,
    keeps_with_p,
    reading_of,
)
from assignments.common.network_probes import (
    REGS,
    SIZES,
    examples,
    gradients_at,
    loss_around,
    loss_of,
    losses_at,
    started,
    starting_parameters,
)
from assignments.common.networks import set_mode
from assignments.common.normalization import gradients, inference_outputs, outputs, running_averages, spared
from assignments.common.rule_experiments import (
    judge_adaptive,
    judge_best,
    judge_easier,
    judge_momentum,
    judge_regularizer,
)
from assignments.common.solver_states import (
    doubt_with_states,
    noted_solvers,
    packed_with_states,
    pair_trained,
)
from assignments.common.stand_ins import on_others, other_layers
from assignments.common.starts import judge_start
from assignments.common.trained import images
from assignments.common.updates import updates
from grader.compare import Judgement
from grader.probe import check

OPTIMIZATION, BATCHNORM_NOTEBOOK, DROPOUT_NOTEBOOK = (
    "Optimization.ipynb",
    "Batch-Normalization.ipynb",
    "Dropout.ipynb",
)

# Headings of the notebooks, where a student reads on.
COPIED = "Test all functions you copy and pasted"
MOMENTUM = "SGD + momentum"
NESTEROV = "SGD + Nesterov momentum"
COMPARE = "Evaluating SGD, SGD+Momentum, and SGD+NesterovMomentum"
RMSPROP = "RMSProp"
ADAM = "Adaptive moments"
COMPARE_ALL = "Comparing SGD, SGD+NesterovMomentum, RMSProp, and Adam"
EASIER = "Easier optimization"
FORWARD = "Batchnorm forward pass"
BACKWARD = "Batchnorm backward pass"
BN_NETWORK = "Implement a fully connected neural network with batchnorm layers"
DEEP = "Training a deep fully connected network with batch normalization"
SCALES = "Batchnorm and initialization"
DROPOUT_FORWARD = "Dropout forward pass"
DROPOUT_BACKWARD = "Dropout backward pass"
DROPOUT_NETWORK = "Implement a fully connected neural network with dropout layers"
REGULARIZER = "Dropout as a regularizer"
FINAL = "Final part of the assignment"

TRAIN = {"mode": "train"}
AFFINE = ("affine_forward", "affine_backward")
AFFINE_RELU = ("affine_relu_forward", "affine_relu_backward")
BATCHNORM = ("batchnorm_forward", "batchnorm_backward")
INPUTS = (((4, 5), 3), ((2, 4, 5, 6), 3), ((7, 2, 3), 8))

# A gradient entry of a network can be a small difference of large terms, and the bias in front of a normalization has a true
# gradient of zero, where right answers show rounding of up to 1e-15. Below 1e-6 errors therefore count as absolute:
# 1e-6 * 1e-7 = 1e-13. Entries of wrong answers are off by 1e-5 and more.
NETWORK_FLOOR = 1e-6

# Many add 1e-8 or so to the probabilities before they take their logarithm, against log(0). That is no mistake, and the homework
# does not ask for the loss: it moves losses by 1e-8 / p of the right classes, 1.5e-6 of a loss in the worst of 200 seeds.
# The mildest mistakes in losses are of 2e-4.
GUARDED = 5e-6


# --- Layers from the homework before: 9 points ------------------------------------------------------------------------------


@check(
    of="affine_forward",
    points=2,
    section=COPIED,
    hint="Flatten each example first; the weights are (D, M), and the bias is added to every row.",
)
def affine_output(impl: Any, rng: Any) -> dict[str, Any]:
    """The affine layer's output, for inputs of any shape."""
    return affine_outputs(impl, rng, "affine_forward", INPUTS)


@check(
    of="affine_backward",
    points=3,
    credit="each",
    section=COPIED,
    hint="dx has the shape of x, not of the flattened x; db sums over the examples.",
)
def affine_gradient(impl: Any, rng: Any) -> dict[str, Any]:
    """The affine layer's gradients, for inputs of any shape."""
    return affine_gradients(impl, rng, AFFINE, INPUTS)


@check(
    of="relu_backward",
    points=2,
    credit="each",
    section=COPIED,
    hint="The gradient passes where the input, not the gradient, was positive.",
)
def relu_both_ways(impl: Any, rng: Any) -> dict[str, Any]:
    """The ReLU's output and gradient."""
    arrays = {}
    for shape in ((6, 4), (3, 2, 5)):
        x, dout = rng.standard_normal(shape), rng.standard_normal(shape)
        label = "x".join(map(str, shape))
        out, cache = impl.relu_forward(x.copy())
        arrays[f"out_{label}"] = kept(out)
        arrays[f"dx_{label}"] = impl.relu_backward(dout, cache)
    return arrays


@check(
    of="affine_relu_backward",
    points=1,
    credit="each",
    section=COPIED,
    hint="Backwards the ReLU comes first; each function gets the cache that its own forward pass left.",
)
def affine_relu_both_ways(impl: Any, rng: Any) -> dict[str, Any]:
    """The affine layer with ReLU: output and gradients."""
    forward = affine_outputs(impl, rng, "affine_relu_forward", INPUTS)
    return {**forward, **affine_gradients(impl, rng, AFFINE_RELU, INPUTS)}


@check(
    of="relu_backward",
    points=1,
    visible=False,
    tolerance=0.0,
    section=COPIED,
    hint="An operation such as `dout[x < 0] = 0` writes into the caller's array.",
)
def inputs_untouched(impl: Any, rng: Any) -> dict[str, Any]:
    """The layers leave x, w, b and dout as they are, and so do batch normalization and dropout."""
    arrays = layers_inputs_after(impl, rng)
    gamma, beta = vectors(rng, 4)
    averages = {"running_mean": rng.standard_normal(4), "running_var": rng.uniform(0.5, 2.0, 4)}
    passes: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
        "batchnorm": ("batchnorm", (gamma, beta), TRAIN),
        "batchnorm_in_test_mode": ("batchnorm", (gamma, beta), {"mode": "test", **averages}),
        "dropout": ("dropout", (), {"mode": "train", "p": 0.6}),
        "dropout_in_test_mode": ("dropout", (), {"mode": "test", "p": 0.6}),
    }
    for label, (name, vectors_given, param) in passes.items():
        x, dout = upstream(rng, 6, 4)
        backward = f"{name}_backward" if param["mode"] == "train" else ""
        spared(_there_and_back, impl, f"{name}_forward", backward, (x, *vectors_given, dict(param)), dout)
        arrays.update({f"{label}_x": kept(x), f"{label}_dout": kept(dout)})
    return {**arrays, "batchnorm_gamma": kept(gamma), "batchnorm_beta": kept(beta)}


def _there_and_back(impl: Any, forward: str, backward: str, given: Any, dout: Any) -> dict[str, Any]:
    """Call a layer for what it does to its inputs. What it returns, and whether it is written at all, is judged elsewhere."""
    _, cache = getattr(impl, forward)(*given)
    if backward:
        getattr(impl, backward)(dout, cache)
    return {}


# --- Update rules: 21 points ------------------------------------------------------------------------------------------------

SHAPES = ((4, 5), (7,), (2, 3, 4))
VELOCITY = {"velocity": (-0.5, 0.9)}
FRESH = {"velocity": None}
# Squared gradients are between 0.04 and 2.3 here, so that epsilon at its default of 1e-8, wherever it stands, changes a step by
# less than 1e-6 of itself: these checks judge the rule, `*_epsilon` the place of epsilon.
ANY_EPSILON = 1e-6
UNIT = 1.0  # weights are of order 1; of one near zero, which is a difference, no more can be asked than an absolute error


@check(
    of="sgd_momentum",
    points=3,
    credit="each",
    section=MOMENTUM,
    hint="The learning rate is inside the velocity; the weights move by the new velocity.",
)
def momentum_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of momentum: weights and velocity."""
    return updates(impl, rng, "sgd_momentum", {"learning_rate": 1e-2}, VELOCITY, shapes=SHAPES)


@check(
    of="sgd_momentum",
    points=1,
    visible=False,
    section=MOMENTUM,
    hint="momentum is a setting, and the velocity of one step is where the next one starts.",
)
def momentum_steps(impl: Any, rng: Any) -> dict[str, Any]:
    """Three steps of momentum from rest, with another momentum and learning rate."""
    return updates(impl, rng, "sgd_momentum", {"learning_rate": 0.3, "momentum": 0.5}, FRESH, steps=3)


@check(
    of="sgd_nesterov_momentum",
    points=3,
    credit="each",
    section=NESTEROV,
    hint="Beside the new velocity, momentum times the change of the velocity goes into the step.",
)
def nesterov_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of Nesterov momentum: weights and velocity."""
    return updates(impl, rng, "sgd_nesterov_momentum", {"learning_rate": 1e-2}, VELOCITY, shapes=SHAPES)


@check(
    of="sgd_nesterov_momentum",
    points=1,
    visible=False,
    section=NESTEROV,
    hint="momentum is a setting, and the velocity of one step is where the next one starts.",
)
def nesterov_steps(impl: Any, rng: Any) -> dict[str, Any]:
    """Three steps of Nesterov momentum from rest, with another momentum and learning rate."""
    settings = {"learning_rate": 0.3, "momentum": 0.5}
    return updates(impl, rng, "sgd_nesterov_momentum", settings, FRESH, steps=3)


@check(
    of="rmsprop",
    points=4,
    credit="each",
    tolerance=ANY_EPSILON,
    floor=UNIT,
    section=RMSPROP,
    hint="First the average of squared gradients, then the step with the new average.",
)
def rmsprop_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of RMSProp: weights and average of squared gradients."""
    return updates(impl, rng, "rmsprop", {"learning_rate": 1e-2}, {"a": (0.3, 2.0)}, shapes=SHAPES)


@check(
    of="rmsprop",
    points=1,
    visible=False,
    tolerance=ANY_EPSILON,
    floor=UNIT,
    section=RMSPROP,
    hint="decay_rate is a setting, and the average of one step is where the next one starts.",
)
def rmsprop_steps(impl: Any, rng: Any) -> dict[str, Any]:
    """Three steps of RMSProp from rest, with another decay rate."""
    settings = {"learning_rate": 0.1, "decay_rate": 0.7}
    return updates(impl, rng, "rmsprop", settings, {"a": None}, steps=3)


@check(
    of="rmsprop",
    points=1,
    section=RMSPROP,
    hint="epsilon is a setting; where does the formula add it? Think of gradients as small as epsilon.",
)
def rmsprop_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """RMSProp adds the epsilon that it is given to the root."""
    large = updates(impl, rng, "rmsprop", {"learning_rate": 1e-2, "epsilon": 0.3}, {"a": (0.3, 2.0)})
    tiny = updates(impl, rng, "rmsprop", {"learning_rate": 1e-2}, {"a": None}, shapes=((3, 6),), scale=1e-6)
    return _weights({**large, **tiny})


def _weights(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The weights alone: what is wrong with the state, which no epsilon changes, is charged by the other checks."""
    return {name: array for name, array in arrays.items() if name.startswith("next_w")}


@check(
    of="adam",
    points=4,
    credit="each",
    tolerance=ANY_EPSILON,
    floor=UNIT,
    section=ADAM,
    hint="Raise t first; both averages are corrected for their start at zero, and stored without the correction.",
)
def adam_update(impl: Any, rng: Any) -> dict[str, Any]:
    """One step of Adam: weights, both averages and the count."""
    states = {"v": (-0.5, 0.9), "a": (0.3, 2.0)}
    return updates(impl, rng, "adam", {"learning_rate": 1e-2, "t": 5}, states, shapes=SHAPES)


@check(
    of="adam",
    points=2,
    visible=False,
    tolerance=ANY_EPSILON,
    floor=UNIT,
    section=ADAM,
    hint="beta1 and beta2 are settings; the correction matters most in the first steps.",
)
def adam_steps(impl: Any, rng: Any) -> dict[str, Any]:
    """Three steps of Adam from rest, with other decay rates."""
    settings = {"learning_rate": 0.1, "beta1": 0.65, "beta2": 0.8, "t": 0}
    return updates(impl, rng, "adam", settings, {"v": None, "a": None}, steps=3)


@check(
    of="adam",
    points=1,
    section=ADAM,
    hint="epsilon is a setting; where does the formula add it, and to the root of which average?",
)
def adam_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """Adam adds the epsilon that it is given to the root."""
    states = {"v": (-0.5, 0.9), "a": (0.3, 2.0)}
    large = updates(impl, rng, "adam", {"learning_rate": 1e-2, "epsilon": 0.3, "t": 3}, states)
    tiny = {"learning_rate": 1e-2, "t": 0}
    small = updates(impl, rng, "adam", tiny, {"v": None, "a": None}, shapes=((3, 6),), scale=1e-6)
    return _weights({**large, **small})


# --- FullyConnectedNet without and with batch normalization: 16 points ------------------------------------------------------


@check(
    of="FullyConnectedNet",
    points=3,
    credit="each",
    tolerance=GUARDED,
    section=COPIED,
    hint="The penalty is half of reg times the sum of squares of every weight matrix, the last one too, and of nothing else.",
)
def network_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """The network's loss is right with and without regularization."""
    return losses_at(impl, rng, None)


@check(
    of="FullyConnectedNet",
    points=3,
    credit="each",
    floor=NETWORK_FLOOR,
    section=COPIED,
    hint="Every parameter needs its gradient; every weight matrix has the penalty's as well, the last one too.",
)
def network_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """All of the network's gradients are right."""
    return gradients_at(impl, rng, None)


@check(of="FullyConnectedNet", carries="network_gradients", charged="network_loss")
def network_around_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, without regularization."""
    return loss_around(impl, rng, None, REGS[0])


@check(of="FullyConnectedNet", carries="network_gradients", charged="network_loss")
def network_around_penalized(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, with regularization."""
    return loss_around(impl, rng, None, REGS[1])


@check(
    of="FullyConnectedNet",
    points=1,
    visible=False,
    section=COPIED,
    hint="The last affine layer's output is the scores, as it is: negative ones stay.",
)
def network_scores(impl: Any, rng: Any) -> dict[str, Any]:
    """Without y the network returns its scores, whatever the depth, and no ReLU follows the last layer."""
    arrays = {}
    for sizes in ((12, 6, 3), (12, 4, 8, 5, 6, 3)):
        model = started(impl, rng, None, 0.0, sizes)
        X, _ = examples(rng, 7)
        arrays[f"scores_{len(sizes) - 1}_layers"] = model.loss(X)
    return arrays


STARTING_SCALES = {None: 0.02, "batchnorm": 0.3}
STARTING_SIZES = (30, 40, 25, 10)  # enough weights in each layer for their spread to show


@check(
    of="FullyConnectedNet",
    points=1,
    judge=partial(judge_start, scales=STARTING_SCALES),
    section=BN_NETWORK,
    hint="Weights are normal with standard deviation weight_scale; where do biases, gamma and beta start?",
)
def network_start(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """The network starts from random weights of the scale it is given, biases and shifts of zero and scales of one."""
    return starting_parameters(impl, STARTING_SCALES, STARTING_SIZES)


@check(
    of="FullyConnectedNet",
    points=2,
    credit="each",
    tolerance=GUARDED,
    section=BN_NETWORK,
    hint="Order: affine, normalization, ReLU; nothing but affine in the last layer; gamma and beta carry no penalty.",
)
def network_batchnorm_loss(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, the loss is right with and without regularization."""
    return losses_at(impl, rng, "batchnorm")


@check(
    of="FullyConnectedNet",
    points=4,
    credit="each",
    floor=NETWORK_FLOOR,
    section=BN_NETWORK,
    hint="Go through the layers in the opposite order, each with the cache that its forward pass left.",
)
def network_batchnorm_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """With batch normalization, all gradients are right."""
    return gradients_at(impl, rng, "batchnorm")


@check(of="FullyConnectedNet", carries="network_batchnorm_gradients", charged="network_batchnorm_loss")
def network_batchnorm_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, without regularization."""
    return loss_around(impl, rng, "batchnorm", REGS[0])


@check(of="FullyConnectedNet", carries="network_batchnorm_gradients", charged="network_batchnorm_loss")
def network_batchnorm_around_penalized(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's loss around the point whose gradients are judged, with regularization."""
    return loss_around(impl, rng, "batchnorm", REGS[1])


@check(
    of="FullyConnectedNet",
    points=2,
    visible=False,
    section=BN_NETWORK,
    hint="Every normalization layer has running averages of its own, in its own bn_params entry.",
)
def network_test_scores(impl: Any, rng: Any) -> dict[str, Any]:
    """In test mode the scores come from the running averages of each layer."""
    model = started(impl, rng, "batchnorm", 0.0, by_averages=True)
    for step in range(1, 5):
        X, y = examples(rng, 8)
        loss_of(model, step * X, y)
    set_mode(model, "test")
    X, _ = examples(rng, 6)
    return {"scores": kept(model.loss(X.copy())), "scores_one": model.loss(X[:1].copy())}


def judge_mode(actual: Mapping[str, Any], _expected: Mapping[str, Any]) -> Judgement:
    """Every normalization layer is in test mode after a call without y."""
    if actual["modes"].size and np.all(actual["modes"] == 1.0):
        return Judgement(1.0)
    return Judgement(
        0.0,
        "without y, batch normalization stays in training mode; no points are lost for this: in some years the starter code says "
        'bn_param[mode] = mode where bn_param["mode"] = mode is meant',
    )


@check(
    of="FullyConnectedNet",
    points=0,
    judge=judge_mode,
    section=BN_NETWORK,
    hint="Look at the lines at the top of `loss` that set the mode.",
)
def network_enters_test_mode(impl: Any, rng: Any) -> dict[str, Any]:
    """The network puts its normalization layers into test mode (no points: the lines came with the starter code)."""
    model = started(impl, rng, "batchnorm", 0.0)
    X, y = examples(rng, 8)
    model.loss(X.copy(), y)
    model.loss(X)
    return {"modes": np.array([float(bn_param.get("mode") == "test") for bn_param in model.bn_params])}


# --- Training: 2 points -----------------------------------------------------------------------------------------------------

# Rounding grows over 20 steps, in the worst of 200 runs to 1e-10; a mistake of 1e-6 in one step shows as more than that.
TRAINING_TOLERANCE = 1e-6


def _training(impl: Any, rng: Any, normalization: str | None, update_rule: str) -> Any:
    """The Solver after 20 steps from given parameters, on minibatches drawn in its own way."""
    model = started(impl, rng, normalization, 0.01)
    X, y = examples(rng, 60)
    data = {"X_train": X[:40], "y_train": y[:40], "X_val": X[40:], "y_val": y[40:]}
    np.random.seed(
        int(rng.integers(2**31))
    )  # the constructor may have drawn from the generator that picks the minibatches
    solver = impl.Solver(
        model,
        data,
        update_rule=update_rule,
        optim_config={"learning_rate": 0.01},
        batch_size=10,
        num_epochs=5,
        verbose=False,
    )
    solver.train()
    return solver


@check(
    of="FullyConnectedNet",
    points=1,
    credit="each",
    tolerance=TRAINING_TOLERANCE,
    section=COMPARE,
    hint="Losses that part from the first step on point at the forward pass, from the second on at gradient or update rule.",
)
def training_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """20 steps of training with momentum give the expected losses and accuracies."""
    solver = _training(impl, rng, None, "sgd_momentum")
    return {
        "loss_history": np.array([float(number(loss)) for loss in solver.loss_history]),
        "train_acc_history": np.array([float(accuracy) for accuracy in solver.train_acc_history]),
    }


@check(
    of="FullyConnectedNet",
    points=1,
    visible=False,
    tolerance=GUARDED,
    section=DEEP,
    hint="Losses that part from the first step on point at the forward pass, from the second on at gradient or update rule.",
)
def training_batchnorm(impl: Any, rng: Any) -> dict[str, Any]:
    """20 steps of training with batch normalization and Nesterov momentum give the expected losses."""
    solver = _training(impl, rng, "batchnorm", "sgd_nesterov_momentum")
    return {"loss_history": np.array([float(number(loss)) for loss in solver.loss_history])}


# --- Batch normalization: 18 points -----------------------------------------------------------------------------------------


@check(
    of="batchnorm_forward",
    points=3,
    section=FORWARD,
    hint="Statistics are taken over axis 0, one mean and one variance per feature; the variance is divided by N.",
)
def batchnorm_train_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode normalizes each feature over the minibatch, then scales and shifts."""
    return outputs(impl, rng, "batchnorm_forward", ((4, 5), (64, 7), (30, 12)), TRAIN)


@check(
    of="batchnorm_forward",
    points=1,
    visible=False,
    section=FORWARD,
    hint="Where does eps come from, and where does it go? Try a large one, and features that hardly vary.",
)
def batchnorm_train_eps(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode uses the eps it is given."""
    large = outputs(impl, rng, "batchnorm_forward", ((6, 4),), {**TRAIN, "eps": 0.3})
    small = outputs(impl, rng, "batchnorm_forward", ((9, 5),), TRAIN, spread=1e-3)
    return {**large, **small}


@check(
    of="batchnorm_forward",
    points=3,
    section=FORWARD,
    hint="Each call moves the averages a little: momentum times the old value plus the rest times the minibatch's.",
)
def batchnorm_running_averages(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode keeps running averages of mean and variance."""
    return running_averages(impl, rng, 4, {})


@check(
    of="batchnorm_forward",
    points=1,
    visible=False,
    section=FORWARD,
    hint="The momentum is a setting in bn_param; it weighs the old average.",
)
def batchnorm_running_momentum(impl: Any, rng: Any) -> dict[str, Any]:
    """Running averages use the momentum they are given."""
    return running_averages(impl, rng, 3, {"momentum": 0.6, "eps": 0.05})


@check(
    of="batchnorm_forward",
    points=2,
    section=FORWARD,
    hint="In test mode the running averages take the minibatch's place, and gamma and beta still apply.",
)
def batchnorm_test_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode normalizes with the running averages, then scales and shifts."""
    return inference_outputs(impl, rng, ((6, 5), (1, 3)), {})


@check(
    of="batchnorm_forward",
    points=1,
    visible=False,
    section=FORWARD,
    hint="Test mode reads the running averages and eps; it changes nothing.",
)
def batchnorm_test_repeatable(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode leaves the running averages as they are and uses the eps it is given."""
    return inference_outputs(impl, rng, ((8, 4),), {"eps": 0.2, "momentum": 0.5}, calls=2)


@check(
    of="batchnorm_backward",
    points=5,
    credit="each",
    section=BACKWARD,
    hint="x reaches the output by three ways: directly, through the mean, and through the variance.",
)
def batchnorm_backward_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass gives the gradients of x, gamma and beta."""
    return gradients(impl, rng, BATCHNORM, ((6, 5),), TRAIN)


@check(of="batchnorm_backward", carries="batchnorm_backward_gradients", charged="batchnorm_train_output")
def batchnorm_forward_around(impl: Any, rng: Any) -> dict[str, Any]:
    """The student's forward pass around the point whose gradients are judged."""
    return layer_around(impl, rng, BATCHNORM[0], (6, 5), TRAIN)


@check(
    of="batchnorm_backward",
    points=2,
    visible=False,
    section=BACKWARD,
    hint="Count rows and columns apart, and use the same eps as the forward pass.",
)
def batchnorm_backward_shapes(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass is right for batches of any shape and for any eps."""
    plain = gradients(impl, rng, BATCHNORM, ((3, 8), (50, 2), (17, 1)), TRAIN)
    return {**plain, **gradients(impl, rng, BATCHNORM, ((5, 4), (9, 6)), {**TRAIN, "eps": 0.4})}


# --- Dropout: 16 points -----------------------------------------------------------------------------------------------------

PROBABILITIES = (0.3, 0.75)  # not 0.5, where keeping and dropping are the same
MASK_SHAPE = (60, 50)


@check(
    of="dropout_forward",
    points=4,
    judge=judge_masks,
    section=DROPOUT_FORWARD,
    hint="Every entry is kept or dropped by a draw of its own, and what is kept is divided by the share that is kept.",
)
def dropout_train_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training mode drops entries by chance and scales up what it keeps."""
    return dropout_outputs(impl, rng, PROBABILITIES, MASK_SHAPE)


def judge_reading(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """p is the probability to keep, whatever else is wrong with the masks, which `dropout_train_output` charges."""
    reading, wrong = reading_of(actual, expected)
    if reading == READINGS[0] or (not reading and keeps_with_p(actual, expected)):
        return Judgement(1.0)
    return Judgement(0.0, wrong or f"p is taken as {reading}; in this assignment it is {READINGS[0]}")


@check(
    of="dropout_forward",
    points=1,
    judge=judge_reading,
    section=DROPOUT_FORWARD,
    hint="With p = 0.3 the notebook expects 70 % zeros.",
)
def dropout_keeps_with_p(impl: Any, rng: Any) -> dict[str, Any]:
    """In training mode p is the probability to keep an entry."""
    return dropout_outputs(impl, rng, PROBABILITIES, MASK_SHAPE)


@check(
    of="dropout_forward",
    points=2,
    section=DROPOUT_FORWARD,
    hint="At test time nothing is dropped and nothing is scaled: inverted dropout did that in training.",
)
def dropout_test_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Test mode returns its input."""
    arrays = {}
    for p, shape in ((0.3, (20, 30)), (0.75, (4, 3, 5)), (0.5, (7, 1))):
        param = {"mode": "test", "p": p}
        arrays[f"out_{p:g}"] = impl.dropout_forward(rng.standard_normal(shape), param)[0]
    return arrays


@check(
    of="dropout_backward",
    points=3,
    judge=judge_backward,
    section=DROPOUT_BACKWARD,
    hint="The gradient passes where the forward pass kept, with the same factor: both are in the mask.",
)
def dropout_gradient(impl: Any, rng: Any) -> dict[str, Any]:
    """The backward pass uses the mask of the forward pass."""
    return dropout_gradients(impl, rng, (0.25, 0.6, 0.8), (12, 10))


@check(
    of="dropout_backward",
    points=1,
    visible=False,
    section=DROPOUT_BACKWARD,
    hint="What was not dropped has nothing to mask.",
)
def dropout_test_gradient(impl: Any, rng: Any) -> dict[str, Any]:
    """In test mode the gradient passes as it is."""
    x, dout = rng.standard_normal((2, 8, 6))
    _, cache = impl.dropout_forward(x, {"mode": "test", "p": 0.4})
    return {"dx": impl.dropout_backward(dout, cache)}


DROPPED_SIZES = (12, 40, 30, 20, 4)
DROPPED_SIZES_NORMALIZED = (12, 60, 4)
DROPPED_P = 0.6


@check(
    of="FullyConnectedNet",
    points=3,
    judge=partial(judge_network, p=DROPPED_P),
    section=DROPOUT_NETWORK,
    hint="Dropout follows every ReLU and nothing else; backwards each layer uses the mask that its own forward pass drew.",
)
def network_dropout(impl: Any, rng: Any) -> dict[str, Any]:
    """With dropout, loss and gradients are those of the network with the dropped units gone."""
    arrays = masked_network(impl, rng, DROPPED_SIZES, DROPPED_P, calls=6)
    # what the layer alone makes of that p: network and layer have to mean the same by it
    return {**arrays, **spared(dropout_outputs, impl, rng, (DROPPED_P,), (30, 20))}


@check(
    of="FullyConnectedNet",
    points=1,
    judge=partial(judge_twins, p=DROPPED_P),
    section=DROPOUT_NETWORK,
    hint="Both may be asked for at once: affine, batch normalization, ReLU, dropout, in this order.",
)
def network_dropout_normalized(impl: Any, rng: Any) -> dict[str, Any]:
    """With dropout and batch normalization together, dropout still follows every ReLU."""
    return masked_beside_normalization(impl, rng, DROPPED_SIZES_NORMALIZED, DROPPED_P, calls=8)


@check(
    of="FullyConnectedNet",
    points=1,
    visible=False,
    section=DROPOUT_NETWORK,
    hint="Is the mode of dropout_param what it should be without y?",
)
def network_dropout_scores(impl: Any, rng: Any) -> dict[str, Any]:
    """In test mode the network drops nothing."""
    return unmasked(impl, rng, SIZES, (0.3, 0.8))


# --- The network on other layers: what a mistake in a layer costs again -----------------------------------------------------------

OF_DROPOUT = ("dropout_forward", "dropout_backward")
OF_HOMEWORK_3 = (*AFFINE, "relu_forward", "relu_backward", *AFFINE_RELU)
ALL_LAYERS = (*OF_HOMEWORK_3, *BATCHNORM, *OF_DROPOUT)

network_loss_on_others = on_others(network_loss, OF_HOMEWORK_3)
network_gradients_on_others = on_others(network_gradients, OF_HOMEWORK_3)
network_scores_on_others = on_others(network_scores, OF_HOMEWORK_3)
training_plain_on_others = on_others(training_plain, OF_HOMEWORK_3)
network_batchnorm_loss_on_others = on_others(network_batchnorm_loss, BATCHNORM)
network_batchnorm_gradients_on_others = on_others(network_batchnorm_gradients, BATCHNORM)
network_test_scores_on_others = on_others(network_test_scores, BATCHNORM)
training_batchnorm_on_others = on_others(training_batchnorm, BATCHNORM)
network_dropout_scores_on_others = on_others(network_dropout_scores, OF_DROPOUT)

# once more with all layers exchanged: not all networks call the affine layer and ReLU by their names, so these are no substitute
network_batchnorm_loss_on_all_others = on_others(network_batchnorm_loss, ALL_LAYERS, called="on_all_others")
network_batchnorm_gradients_on_all_others = on_others(
    network_batchnorm_gradients, ALL_LAYERS, called="on_all_others"
)
network_test_scores_on_all_others = on_others(network_test_scores, ALL_LAYERS, called="on_all_others")
training_batchnorm_on_all_others = on_others(training_batchnorm, ALL_LAYERS, called="on_all_others")
network_dropout_scores_on_all_others = on_others(network_dropout_scores, ALL_LAYERS, called="on_all_others")


# Where a judge decides, its arrays have no tolerance of their own.
@check(
    of="FullyConnectedNet",
    carries="network_dropout",
    parts=OF_DROPOUT,
    tolerance=GUARDED,
    floor=NETWORK_FLOOR,
)
def network_dropout_on_others(impl: Any, rng: Any) -> dict[str, Any]:
    """Losses and gradients with another layer in the place of dropout."""
    with other_layers(impl, OF_DROPOUT):
        return masked_network(impl, rng, DROPPED_SIZES, DROPPED_P, calls=6)


@check(
    of="FullyConnectedNet",
    carries="network_dropout",
    parts=ALL_LAYERS,
    tolerance=GUARDED,
    floor=NETWORK_FLOOR,
)
def network_dropout_on_all_others(impl: Any, rng: Any) -> dict[str, Any]:
    """Losses and gradients with all layers exchanged."""
    with other_layers(impl, ALL_LAYERS):
        return masked_network(impl, rng, DROPPED_SIZES, DROPPED_P, calls=6)


@check(
    of="FullyConnectedNet",
    carries="network_dropout_normalized",
    parts=(*BATCHNORM, *OF_DROPOUT),
    tolerance=GUARDED,
    floor=NETWORK_FLOOR,
)
def network_dropout_normalized_on_others(impl: Any, rng: Any) -> dict[str, Any]:
    """Losses and gradients with other layers in the place of both."""
    with other_layers(impl, (*BATCHNORM, *OF_DROPOUT)):
        return masked_beside_normalization(impl, rng, DROPPED_SIZES_NORMALIZED, DROPPED_P, calls=8)


@check(
    of="FullyConnectedNet",
    carries="network_dropout_normalized",
    parts=ALL_LAYERS,
    tolerance=GUARDED,
    floor=NETWORK_FLOOR,
)
def network_dropout_normalized_on_all_others(impl: Any, rng: Any) -> dict[str, Any]:
    """Losses and gradients with all layers exchanged."""
    with other_layers(impl, ALL_LAYERS):
        return masked_beside_normalization(impl, rng, DROPPED_SIZES_NORMALIZED, DROPPED_P, calls=8)


# --- The notebooks' experiments: 12 points ----------------------------------------------------------------------------------
#
# There is no reference notebook: what is judged is whether the histories can be what the Solver keeps, and whether the networks
# classify the images as the histories say; where only the networks do not, a person looks. The functions, which carry the points,
# are judged by the checks above.


@check(
    of="solvers",
    where="notebook",
    notebook=OPTIMIZATION,
    points=2,
    judge=judge_momentum,
    given=images,
    section=COMPARE,
    hint="Run the whole notebook from the top.",
)
def experiment_momentum(impl: Any, rng: Any) -> dict[str, Any]:
    """The six-layer network was trained by gradient descent and both kinds of momentum, which are ahead."""
    solvers = impl.solvers
    return {
        **packed_with_states("sgd", [solvers["sgd"]], rng),
        **packed_with_states("momentum", [solvers["sgd_momentum"]], rng),
        **packed_with_states("nesterov", [solvers["sgd_nesterov_momentum"]], rng),
    }


@check(
    of="solvers",
    where="notebook",
    notebook=OPTIMIZATION,
    points=2,
    judge=judge_adaptive,
    given=images,
    section=COMPARE_ALL,
    hint="Run the whole notebook from the top.",
)
def experiment_adaptive(impl: Any, rng: Any) -> dict[str, Any]:
    """The six-layer network was trained with RMSProp and Adam."""
    solvers = impl.solvers
    return {
        **packed_with_states("momentum", [solvers["sgd_momentum"]], rng),
        **packed_with_states("adam", [solvers["adam"]], rng),
        **packed_with_states("rmsprop", [solvers["rmsprop"]], rng),
    }


@check(
    of="solver",
    where="notebook",
    notebook=OPTIMIZATION,
    points=1,
    judge=judge_easier,
    given=images,
    section=EASIER,
    hint="It needs batch normalization: finish the second notebook and run this one again.",
)
def experiment_easier(impl: Any, rng: Any) -> dict[str, Any]:
    """The larger network with Adam and batch normalization reaches its accuracy."""
    return packed_with_states("best", [impl.solver], rng)


@check(
    of="bn_solver",
    where="notebook",
    notebook=BATCHNORM_NOTEBOOK,
    points=1,
    judge=partial(judge_deep, doubt=doubt_with_states),
    given=images,
    section=DEEP,
    hint="Run the whole notebook from the top. If training runs but batch normalization falls behind, look at test mode.",
)
def experiment_deep(impl: Any, rng: Any) -> dict[str, Any]:
    """The deep network trains faster with batch normalization."""
    solver, baseline = pair_trained(impl, impl.bn_solver, impl.solver)
    scales = list(impl.bn_solvers.values()) if hasattr(impl, "bn_solvers") else []
    reused = any(solver is other for other in scales)
    return {
        **packed_with_states("bn", [solver], rng),
        **packed_with_states("baseline", [baseline], rng),
        "reused": np.array(reused),
    }


@check(
    of="bn_solvers",
    where="notebook",
    notebook=BATCHNORM_NOTEBOOK,
    points=1,
    judge=partial(judge_scales, finite=False, doubt=doubt_with_states),
    given=images,
    section=SCALES,
    hint="Both networks are needed for every weight scale, and only one of them has batch normalization.",
)
def experiment_weight_scales(impl: Any, rng: Any) -> dict[str, Any]:
    """The weight-scale experiment was run for all scales and shows batch normalization ahead."""
    scales = np.array(impl.weight_scales, dtype=float)
    with_norm, without = impl.bn_solvers, impl.solvers
    return {
        **packed_with_states("bn", [with_norm[scale] for scale in scales if scale in with_norm], rng),
        **packed_with_states("baseline", [without[scale] for scale in scales if scale in without], rng),
        "weight_scales": scales,
    }


@check(
    of="solvers",
    where="notebook",
    notebook=DROPOUT_NOTEBOOK,
    points=1,
    judge=judge_regularizer,
    given=images,
    section=REGULARIZER,
    hint="Run the whole notebook from the top.",
)
def experiment_dropout(impl: Any, rng: Any) -> dict[str, Any]:
    """A network was trained with and without dropout, and dropout holds it back from fitting its training images."""
    solvers = impl.solvers
    chosen = [solvers.get(choice) for choice in impl.dropout_choices] if isinstance(solvers, dict) else []
    if len(chosen) != 2 or None in chosen:
        chosen = noted_solvers(impl, impl.train_accs)
    if len(chosen) == 2:
        return {
            **packed_with_states("plain", chosen[:1], rng),
            **packed_with_states("dropped", chosen[1:], rng),
        }
    return {"noted": np.array(impl.train_accs, dtype=float)}


NAMES = ("final_solver", "best_solver", "solver")  # under which the last part's solver is found


@check(
    of="final_solver",
    where="notebook",
    notebook=DROPOUT_NOTEBOOK,
    points=4,
    judge=judge_best,
    given=images,
    section=FINAL,
    hint="Batch normalization, Adam, a learning rate that decays, and a little dropout go far; the last cell prints the target.",
)
def experiment_accuracy(impl: Any, rng: Any) -> dict[str, Any]:
    """The best network's validation accuracy, against what its number of training images allows."""
    earlier = getattr(impl, "solvers", {})
    earlier = list(earlier.values()) if isinstance(earlier, dict) else []
    found = [getattr(impl, name, None) for name in NAMES]
    own = [
        one for one in found if hasattr(one, "val_acc_history") and not any(one is other for other in earlier)
    ]
    return packed_with_states("best", sorted(own, key=lambda one: -max(one.val_acc_history))[:1], rng)
