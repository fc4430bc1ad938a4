"""The checks of the batch normalization lesson: 90 points; the questions hold 10 more.

Everything is defined in the notebook, so every probe runs in a fork of its kernel. The lesson computes in float32 where it starts
from float32 weights, and an answer may go through float32 on the way: right answers differ by up to 1e-5 of a value of order 1. The
mildest mistakes in sight (the variance divided by N - 1, epsilon forgotten or outside the root, another decay) change numbers by
1e-3 and more, for batches here are small and some nodes hardly vary. TOLERANCE and FLOOR stand between.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from assignments.common.arrays import kept, upstream, vectors
from assignments.common.arrays import number as as_number
from assignments.common.lesson_experiments import (
    DEMOS,
    FEW,
    judge_ahead,
    judge_comparisons,
    judge_singles,
    packed_histories,
)
from assignments.common.lesson_networks import (
    call,
    fill,
    lesson_network,
    made_up,
    normalized_layers,
    params_of,
    population_of,
    starting_weights,
)
from assignments.common.lesson_trainings import SINGLE, first_digits, packed_nets
from assignments.common.normalization import attempted
from grader.compare import Judgement
from grader.probe import check

# Headings of the notebook, where a student reads on.
ACTIVATIONS = "Activation functions"
TRAINING = "Batch normalization: training"
INFERENCE = "Batch normalization: inference"
BACK = "Batch normalization: the way back"
NETWORK = "A network with and without batch normalization"
COMPARISONS = "Comparisons"
SINGLES = "Training is not inference"
CONVOLUTIONS = "Convolutions"

TOLERANCE = 1e-4
FLOOR = (
    0.1  # entries below are differences of larger numbers; what is left of them in float32 counts as absolute
)

SHAPES = ((4, 5), (60, 7), (13, 3))
MAPS = ((3, 4, 5, 2), (2, 6, 3, 7))  # rows, height, width, feature maps: all unequal
SIZES = (6, 8, 5, 7, 10)  # inputs, three hidden layers of unequal width, outputs
ACTIVE = ("relu", "sigmoid")


# --- Activation functions: 7 points ------------------------------------------------------------------------------------------


@check(
    of="relu",
    where="notebook",
    points=1,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=ACTIVATIONS,
    hint="Negative numbers become 0, all others stay.",
)
def relu_values(impl: Any, rng: Any) -> dict[str, Any]:
    """ReLU keeps what is positive and leaves its input as it was."""
    x = 3 * rng.standard_normal((5, 8))
    return {"out": impl.relu(x), "x_after": x, "one_axis": impl.relu(x[0]), "x_given": x.copy()}


@check(
    of="sigmoid",
    where="notebook",
    points=2,
    tolerance=TOLERANCE,
    floor=1e-4,
    exact_dtype=False,
    section=ACTIVATIONS,
    hint="1 / (1 + exp(-x)): mind the sign.",
)
def sigmoid_values(impl: Any, rng: Any) -> dict[str, Any]:
    """Sigmoid is 1 / (1 + exp(-x))."""
    x = 3 * rng.standard_normal((5, 8))
    return {"out": impl.sigmoid(x), "one_axis": impl.sigmoid(x[0])}


@check(
    of="sigmoid",
    where="notebook",
    points=1,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=ACTIVATIONS,
    hint="Which part of the formula overflows for large negative numbers, and which form of it does not?",
)
def sigmoid_extremes(impl: Any, rng: Any) -> dict[str, Any]:
    """Sigmoid is finite for any number."""
    x = np.concatenate([[-1e4, -800.0, 0.0, 800.0, 1e4], 200 * rng.standard_normal(5)])
    return {"out": impl.sigmoid(x)}


@check(
    of="activation_gradient",
    where="notebook",
    points=3,
    credit="each",
    tolerance=TOLERANCE,
    floor=1e-3,
    exact_dtype=False,
    section=ACTIVATIONS,
    hint="It is given the output of the activation function, not its input.",
)
def activation_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Derivatives of ReLU and sigmoid, from their outputs."""
    x = 2 * rng.standard_normal((6, 9))
    arrays = {}
    for name, out in (("relu", np.maximum(x, 0)), ("sigmoid", 1 / (1 + np.exp(-x)))):
        arrays[name] = 1.0 * impl.activation_gradient(out, getattr(impl, name))
    return arrays


# --- Moments: 4 points -------------------------------------------------------------------------------------------------------


@check(
    of="moments",
    where="notebook",
    points=2,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=TRAINING,
    hint="One mean and one variance per node; the variance divides by the number of rows.",
)
def moments_rows(impl: Any, rng: Any) -> dict[str, Any]:
    """Moments over the rows of a batch."""
    arrays = {}
    for rows, nodes in (*SHAPES, (9, 1)):  # one node, too: its axis stays
        x, _ = upstream(rng, rows, nodes)
        mean, variance = impl.moments(x, [0])
        arrays |= {f"mean_{rows}x{nodes}": kept(mean), f"variance_{rows}x{nodes}": kept(variance)}
    return arrays


@check(
    of="moments",
    where="notebook",
    points=2,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=TRAINING,
    hint="Any list of axes may come, and the results have the axes that are left.",
)
def moments_axes(impl: Any, rng: Any) -> dict[str, Any]:
    """Moments over any axes."""
    arrays = {}
    for axes in ([0, 1, 2], [1], [0, 2, 3]):
        mean, variance = impl.moments(2 * rng.standard_normal((3, 2, 4, 5)) + 1, axes)
        name = "".join(str(axis) for axis in axes)
        arrays |= {f"mean_{name}": mean, f"variance_{name}": variance}
    return arrays


# --- batch_norm_training: 14 points ------------------------------------------------------------------------------------------


def _trained(impl: Any, rng: Any, shape: Any, **settings: Any) -> tuple[Any, Any, Any]:
    """Output and new population statistics for made-up data, statistics and settings."""
    nodes = shape[-1]
    x, _ = upstream(rng, int(np.prod(shape[:-1])), nodes)
    gamma, beta = vectors(rng, nodes)
    spread = settings.pop("spread", 1.0)
    out, mean, variance = impl.batch_norm_training(
        (spread * x).reshape(shape),
        gamma,
        beta,
        pop_mean=rng.standard_normal(nodes),
        pop_variance=rng.uniform(0.5, 2.0, nodes),
        **settings,
    )
    return out, kept(mean), kept(variance)


@check(
    of="batch_norm_training",
    where="notebook",
    points=4,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=TRAINING,
    hint="The batch's own mean and variance normalize; gamma and beta come after. The population's are not used here.",
)
def training_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Training normalizes each node by the batch, then scales and shifts."""
    return {f"out_{shape[0]}x{shape[1]}": _trained(impl, rng, shape)[0] for shape in SHAPES}


@check(
    of="batch_norm_training",
    where="notebook",
    points=3,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=TRAINING,
    hint="Epsilon is added to the variance before the root, and is a setting. Try nodes that hardly vary.",
)
def training_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """Training uses the epsilon it is given, under the root."""
    small, _, _ = _trained(impl, rng, (9, 5), spread=0.02)
    large, _, _ = _trained(impl, rng, (6, 4), epsilon=0.3)
    return {"default": small, "given": large}


@check(
    of="batch_norm_training",
    where="notebook",
    points=4,
    tolerance=TOLERANCE,
    floor=1e-2,
    exact_dtype=False,
    section=TRAINING,
    hint="99 hundredths of the old estimate and one hundredth of the batch's value.",
)
def population_average(impl: Any, rng: Any) -> dict[str, Any]:
    """Training moves the population statistics by a moving average."""
    nodes = 6
    gamma, beta = vectors(rng, nodes)
    mean, variance = np.zeros(nodes), np.ones(nodes)
    arrays = {}
    for step in range(1, 5):  # batches whose statistics change, so that the last one alone is not enough
        x = 2 * step * rng.standard_normal((7, nodes)) + 8 * step * rng.standard_normal(nodes)
        _, mean, variance = impl.batch_norm_training(x, gamma, beta, pop_mean=mean, pop_variance=variance)
        mean, variance = kept(mean), kept(variance)
        arrays |= {f"mean_{step}": mean.copy(), f"variance_{step}": variance.copy()}
    return arrays


@check(
    of="batch_norm_training",
    where="notebook",
    points=3,
    visible=False,
    tolerance=TOLERANCE,
    floor=1e-3,
    exact_dtype=False,
    section=TRAINING,
    hint="The decay is a setting; it weighs the old estimate.",
)
def population_decay(impl: Any, rng: Any) -> dict[str, Any]:
    """The moving average uses the decay it is given."""
    arrays = {}
    for decay in (0.7, 0.0):
        _, mean, variance = _trained(impl, rng, (8, 4), decay=decay, epsilon=0.2)
        arrays |= {f"mean_{decay}": mean, f"variance_{decay}": variance}
    return arrays


# --- batch_norm_inference: 5 points ------------------------------------------------------------------------------------------


def _inferred(impl: Any, rng: Any, shape: Any, *, spread: float = 1.0, **settings: Any) -> Any:
    nodes = shape[-1]
    x, _ = upstream(rng, int(np.prod(shape[:-1])), nodes)
    gamma, beta = vectors(rng, nodes)
    return impl.batch_norm_inference(
        x.reshape(shape),
        gamma,
        beta,
        pop_mean=2 * rng.standard_normal(nodes),
        pop_variance=spread * rng.uniform(0.01, 4.0, nodes),
        **settings,
    )


@check(
    of="batch_norm_inference",
    where="notebook",
    points=3,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=INFERENCE,
    hint="The population statistics take the batch's place, also for a single row; gamma and beta still apply.",
)
def inference_output(impl: Any, rng: Any) -> dict[str, Any]:
    """Inference normalizes by the population statistics, then scales and shifts."""
    return {f"out_{shape[0]}x{shape[1]}": _inferred(impl, rng, shape) for shape in ((6, 5), (1, 3), (20, 9))}


@check(
    of="batch_norm_inference",
    where="notebook",
    points=2,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=INFERENCE,
    hint="Where does epsilon come from, and where does it go?",
)
def inference_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """Inference uses the epsilon it is given, under the root."""
    given = _inferred(impl, rng, (8, 4), epsilon=0.4)
    return {"given": given, "default": _inferred(impl, rng, (5, 6), spread=1e-3)}


# --- batch_norm_gradients: 8 points ------------------------------------------------------------------------------------------


def _gradients(impl: Any, rng: Any, shape: Any, *, spread: float = 1.0, **settings: Any) -> dict[str, Any]:
    x, d_out = upstream(rng, int(np.prod(shape[:-1])), shape[-1])
    gamma, _ = vectors(rng, shape[-1])
    d_linear, d_gamma, d_beta = impl.batch_norm_gradients(
        d_out.reshape(shape), spread * x.reshape(shape), gamma, **settings
    )
    name = "x".join(str(length) for length in shape)
    return {
        f"d_linear_{name}": d_linear,
        f"d_gamma_{name}": kept(d_gamma),
        f"d_beta_{name}": kept(d_beta),
    }


@check(
    of="batch_norm_gradients",
    where="notebook",
    points=5,
    credit="each",
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=BACK,
    hint="Mean and variance depend on every row: three paths lead back to linear_output.",
)
def gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Gradients for the inputs, gamma and beta."""
    # Of fewer rows some are so alike that single precision loses its last digits: 1.6e-4 of (4, 5) once in 200 draws.
    return {**_gradients(impl, rng, (8, 5)), **_gradients(impl, rng, (30, 3))}


@check(
    of="batch_norm_gradients",
    where="notebook",
    points=3,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=BACK,
    hint="The same epsilon as on the way forward.",
)
def gradients_epsilon(impl: Any, rng: Any) -> dict[str, Any]:
    """Gradients use the epsilon they are given."""
    default = _gradients(impl, rng, (9, 4), spread=0.05)
    return {**default, **_gradients(impl, rng, (7, 2), epsilon=0.5)}


# --- softmax_cross_entropy: 5 points -----------------------------------------------------------------------------------------


@check(
    of="softmax_cross_entropy",
    where="notebook",
    points=4,
    credit="each",
    tolerance=TOLERANCE,
    floor=1e-3,
    exact_dtype=False,
    section=NETWORK,
    hint="Both loss and gradient are means over the rows.",
)
def cross_entropy(impl: Any, rng: Any) -> dict[str, Any]:
    """Mean cross-entropy and its gradient."""
    logits = 2 * rng.standard_normal((7, 10))
    loss, gradient = impl.softmax_cross_entropy(logits.copy(), np.eye(10)[rng.integers(10, size=7)])
    return {"loss": as_number(loss), "gradient": gradient}


@check(
    of="softmax_cross_entropy",
    where="notebook",
    points=1,
    visible=False,
    tolerance=TOLERANCE,
    floor=1e-3,
    exact_dtype=False,
    section=NETWORK,
    hint="Subtract each row's largest logit first, and take the logarithm of the sum, not of a probability that has become 0.",
)
def cross_entropy_extremes(impl: Any, rng: Any) -> dict[str, Any]:
    """Loss and gradient are finite for large logits and confident mistakes."""
    (loss, gradient), (other, _) = (
        impl.softmax_cross_entropy(3000 * rng.standard_normal((6, 10)), np.eye(10)[rng.integers(10, size=6)])
        for _ in range(2)
    )
    # A sum in the place of a mean cancels here: it is charged in `cross_entropy`.
    return {"loss": as_number(loss) / as_number(other), "gradient": gradient / np.max(np.abs(gradient))}


# --- NeuralNet: 30 points ----------------------------------------------------------------------------------------------------


def judge_parameters(actual: Mapping[str, Any], _expected: Mapping[str, Any]) -> Judgement:
    """As many numbers to train as the lesson's layers have, and each kind starts as it should."""
    hidden = sum(SIZES[1:-1])
    weights = sum(inputs * nodes for inputs, nodes in pairwise(SIZES))
    wanted = {"normalized": weights + 2 * hidden + SIZES[-1], "plain": weights + hidden + SIZES[-1]}
    asked = list(range(1, len(SIZES) - 1))
    layers = [int(layer) for layer in np.ravel(actual["normalized_layers"])[: 2 * len(SIZES)]]
    if layers and layers != asked:
        said = ", ".join(str(layer) for layer in layers)
        return Judgement(
            0.0,
            f"normalized layers: {said}; expected {asked[0]} to {asked[-1]}, which are all hidden ones",
        )
    for name, kind in (("normalized", "with"), ("plain", "without")):
        count = int(actual[f"{name}_numbers"])
        if count != wanted[name]:
            over = f"; {hidden} more would be a bias in each normalized layer" if name == "normalized" else ""
            return Judgement(
                0.0,
                f"the network {kind} batch normalization trains {count} numbers, expected {wanted[name]}{over}",
            )
    for name, (count, value) in {"gamma": (hidden, 1), "beta": (hidden, 0), "b": (SIZES[-1], 0)}.items():
        array = actual[f"normalized_{name}"]
        if array.shape != (count,) or not np.all(array == value):
            return Judgement(
                0.0, f"{name} holds {array.size} numbers, expected {count} that start at {value}"
            )
    for name, value in (("mean", 0), ("variance", 1)):
        if actual[name].shape != (hidden,) or not np.all(actual[name] == value):
            return Judgement(0.0, f"the population's {name}s are not {hidden} numbers that start at {value}")
    return Judgement(1.0)


@check(
    of="NeuralNet",
    where="notebook",
    points=3,
    judge=judge_parameters,
    section=NETWORK,
    hint="A normalized layer has gamma and beta and no bias; the last layer is never normalized and has one.",
)
def network_parameters(impl: Any, rng: Any) -> dict[str, Any]:
    """Normalized layers have gamma and beta instead of a bias, with their starting values."""
    weights = starting_weights(rng, SIZES)
    arrays: dict[str, Any] = {}
    for normalized, name in ((True, "normalized"), (False, "plain")):
        net = lesson_network(impl, weights, "relu", normalized=normalized)
        arrays[f"{name}_numbers"] = sum(np.size(value) for value in net.params.values())
        params = params_of(net)
        if normalized:
            arrays["normalized_layers"] = np.array(normalized_layers(net), dtype=int)
        for kind in ("gamma", "beta", "b") if normalized else ():
            layers = [f"{kind}{layer}" for layer in range(1, len(SIZES))]
            arrays[f"{name}_{kind}"] = np.concatenate(
                [np.zeros(0), *(params[one] for one in layers if one in params)]
            )
        if normalized:
            for kind, statistics in zip(("mean", "variance"), zip(*net.population, strict=True), strict=True):
                arrays[kind] = np.concatenate([kept(one) for one in statistics])
    return arrays


def _layers(impl: Any, rng: Any, *, normalized: bool, is_training: bool) -> dict[str, Any]:
    """Outputs of the hidden layers, with both activation functions. Each counts: which are normalized is charged elsewhere."""
    arrays = {}
    for activation in ACTIVE:
        weights = starting_weights(rng, SIZES)
        net = fill(lesson_network(impl, weights, activation, normalized=normalized), rng, SIZES)
        for layer in range(1, len(SIZES) - 1):
            layer_in, _ = upstream(rng, 11, SIZES[layer - 1])
            arrays[f"{activation}_layer{layer}"] = net.fully_connected(layer_in, layer, is_training)
    return arrays


@check(
    of="NeuralNet.fully_connected",
    where="notebook",
    points=2,
    tolerance=TOLERANCE,
    floor=FLOOR,
    credit="each",
    exact_dtype=False,
    section=NETWORK,
    hint="Weights, then bias, then the activation function.",
)
def layer_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """A hidden layer without batch normalization."""
    return _layers(impl, rng, normalized=False, is_training=False)


@check(
    of="NeuralNet.fully_connected",
    where="notebook",
    points=3,
    tolerance=TOLERANCE,
    floor=FLOOR,
    credit="each",
    exact_dtype=False,
    section=NETWORK,
    hint="Normalize what the weights give, before the activation function.",
)
def layer_training(impl: Any, rng: Any) -> dict[str, Any]:
    """A hidden layer with batch normalization, in training."""
    return _layers(impl, rng, normalized=True, is_training=True)


@check(
    of="NeuralNet.fully_connected",
    where="notebook",
    points=3,
    tolerance=TOLERANCE,
    floor=FLOOR,
    credit="each",
    exact_dtype=False,
    section=NETWORK,
    hint="Does the layer ask is_training? At inference it reads its own pair of `population`.",
)
def layer_inference(impl: Any, rng: Any) -> dict[str, Any]:
    """A hidden layer with batch normalization, at inference."""
    return _layers(impl, rng, normalized=True, is_training=False)


@check(
    of="NeuralNet.fully_connected",
    where="notebook",
    points=2,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=NETWORK,
    hint="The last layer gives logits: weights and bias, nothing after.",
)
def network_last_layer(impl: Any, rng: Any) -> dict[str, Any]:
    """The last layer has neither normalization nor activation function."""
    arrays = {}
    for sizes in ((6, 10), (6, 4, 10)):
        weights = starting_weights(rng, sizes)
        for normalized, name in ((True, "normalized"), (False, "plain")):
            net = fill(lesson_network(impl, weights, "sigmoid", normalized=normalized), rng, sizes)
            layer_in, _ = upstream(rng, 8, sizes[-2])
            for is_training in (True, False):
                logits = net.fully_connected(layer_in.copy(), len(sizes) - 1, is_training)
                arrays[f"{name}_of_{len(sizes) - 1}_layers_{'training' if is_training else 'inference'}"] = (
                    logits
                )
    return arrays


@check(
    of="NeuralNet.build_network",
    where="notebook",
    points=2,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=NETWORK,
    hint="Two networks get the same list. What happens to it when one of them trains?",
)
def network_copies_weights(impl: Any, rng: Any) -> dict[str, Any]:
    """The network copies its starting weights, so that a second one can start alike."""
    weights = starting_weights(rng, SIZES)
    first = impl.NeuralNet(weights, impl.relu, True)
    first.params["W1"] += 1.0  # as an update in place would
    first.params["W4"] *= 2.0
    second = impl.NeuralNet(weights, impl.relu, False)
    return {
        "given_W1": weights[0],
        "given_W4": weights[3],
        "second_W1": second.params["W1"],
        "first_W1": first.params["W1"],
    }


def _stepped(impl: Any, rng: Any, *, normalized: bool, activation: str, steps: int) -> Any:
    """A network after a few steps on batches whose mean and spread change."""
    net = fill(
        lesson_network(impl, starting_weights(rng, SIZES), activation, normalized=normalized), rng, SIZES
    )
    for step in range(1, steps + 1):
        images = step * rng.standard_normal((12, SIZES[0])) + rng.standard_normal(SIZES[0])
        net.train_step(images, np.eye(10)[rng.integers(10, size=12)], 0.2)
    return net


def _asked_for(found: dict[str, Any], net: Any, prefix: str) -> dict[str, Any]:
    """Those parameters that the lesson's network has, None for an absent one: which layers are normalized is judged elsewhere."""
    last = len(SIZES) - 1
    hidden = ("gamma", "beta") if net.use_batch_norm else ("b",)
    names = [f"{kind}{layer}" for layer in range(1, last) for kind in ("W", *hidden)]
    return {prefix + name: found.get(prefix + name) for name in (*names, f"W{last}", f"b{last}")}


@check(
    of="NeuralNet.train_step",
    where="notebook",
    points=3,
    credit="each",
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=NETWORK,
    hint="All gradients belong to the parameters before the step.",
)
def step_plain(impl: Any, rng: Any) -> dict[str, Any]:
    """Steps of gradient descent without batch normalization."""
    arrays = {}
    for activation in ACTIVE:
        net = _stepped(impl, rng, normalized=False, activation=activation, steps=2)
        arrays |= _asked_for(params_of(net, f"{activation}_"), net, f"{activation}_")
    return arrays


@check(
    of="NeuralNet.train_step",
    where="notebook",
    points=4,
    credit="each",
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=NETWORK,
    hint="The way back: activation function, normalization, weights. Gamma and beta are trained as well.",
)
def step_batch_norm(impl: Any, rng: Any) -> dict[str, Any]:
    """Steps of gradient descent with batch normalization."""
    arrays = {}
    for activation in ACTIVE:
        net = _stepped(impl, rng, normalized=True, activation=activation, steps=2)
        arrays |= _asked_for(params_of(net, f"{activation}_"), net, f"{activation}_")
    return arrays


@check(
    of="NeuralNet.train_step",
    where="notebook",
    points=3,
    tolerance=TOLERANCE,
    floor=1e-3,
    exact_dtype=False,
    section=NETWORK,
    hint="Every training step moves the population statistics of every normalized layer, once; inference moves none.",
)
def step_population(impl: Any, rng: Any) -> dict[str, Any]:
    """Training steps move the population statistics, inference does not."""
    net = _stepped(impl, rng, normalized=True, activation="relu", steps=1)
    arrays = population_of(net, "after_a_step_")
    net.output_layer(9 * rng.standard_normal((5, SIZES[0])), False)
    arrays |= population_of(net, "after_inference_")
    names = [
        f"{when}_{kind}{layer}"
        for when in ("after_a_step", "after_inference")
        for layer in range(1, len(SIZES) - 1)
        for kind in ("mean", "variance")
    ]
    return {name: arrays.get(name) for name in names}


@check(
    of="NeuralNet.train",
    where="notebook",
    points=3,
    credit="each",
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=NETWORK,
    hint="Batches of 60; a sample after batch number 0 and after every batches_per_sample more, measured as at inference.",
)
def training_history(impl: Any, rng: Any) -> dict[str, Any]:
    """Training samples the validation accuracy at the right times, as at inference."""
    arrays = {}
    for normalized, name in ((True, "with_batch_norm"), (False, "without_batch_norm")):
        sizes = (20, 16, 12, 10)
        mnist = made_up(rng, sizes[0], (330, 211, 97))
        net = lesson_network(impl, starting_weights(rng, sizes), "relu", normalized=normalized)
        call(net.train, mnist, 0.3, 29, 4)
        arrays[name] = np.array(net.training_accuracies, dtype=float)
    return arrays


@check(
    of="NeuralNet.test",
    where="notebook",
    points=2,
    credit="each",
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=SINGLES,
    hint="test_training_accuracy decides what normalizes, for the whole test set and for single images alike.",
)
def test_report(impl: Any, rng: Any) -> dict[str, Any]:
    """Testing predicts 200 images one at a time, in the mode asked for."""
    mnist = made_up(rng, SIZES[0], (60, 60, 230))
    arrays = {}
    # An untrained network now and then guesses the same for all images, whatever normalizes; three hardly ever do.
    for number in range(1, 4):
        net = fill(lesson_network(impl, starting_weights(rng, SIZES), "relu", normalized=True), rng, SIZES)
        for by_batch, mode in ((True, "by_batch"), (False, "by_population")):
            report = call(
                net.test, mnist, test_training_accuracy=by_batch, include_individual_predictions=True
            )
            name = f"{mode}_{number}"
            arrays[f"{name}_predictions"] = np.array(report.predictions)
            arrays[f"{name}_accuracies"] = np.array([report.accuracy, report.single_accuracy], dtype=float)
    return arrays


# --- train_and_test: 4 points ------------------------------------------------------------------------------------------------

LAYERS = ((784, 100), (100, 100), (100, 100), (100, 10))
SCALES = {"reasonable": 0.05, "bad": 5.0}  # standard deviations
SAMPLE = 2000  # numbers of each weight array that are looked at
SIGMAS = 5.0  # of the sampling error: less than one right answer in a million is off by more
TAIL = (
    0.02,
    0.08,
)  # share of normal numbers beyond two standard deviations, 0.046, with room for 10,000 draws


def _sample(weights: Any) -> Any:
    """The first numbers of an array: enough to tell its distribution, and far fewer to send than all of it."""
    return np.asarray(weights).ravel()[:SAMPLE].copy()


def _distribution_fault(numbers: Any, scale: float) -> str:
    """What is wrong with numbers that should be normally distributed around zero with a standard deviation; empty if nothing."""
    numbers = numbers.astype(float)
    if not abs(numbers.std() / scale - 1) < SIGMAS / np.sqrt(2 * numbers.size):
        return f"have standard deviation {numbers.std():.3g}, expected {scale}"
    if not abs(numbers.mean()) < SIGMAS * scale / np.sqrt(numbers.size):
        return "are not centred on zero"
    if not TAIL[0] < float(np.mean(np.abs(numbers) > 2 * scale)) < TAIL[1]:
        return "are not normally distributed"
    return ""


OTHER_WIDTH = 0.75  # share of the points for weights that are right but for their dtype


def judge_starting_weights(actual: Mapping[str, Any], _expected: Mapping[str, Any]) -> Judgement:
    """Arrays of the lesson's shapes, normally distributed, with the standard deviations asked for."""
    for name, scale in SCALES.items():
        # Whoever sends millions is told of a few.
        some = actual[f"{name}_shapes"][: 2 * len(LAYERS), : 2 * len(LAYERS[0])]
        shapes = [tuple(int(length) for length in shape) for shape in some]
        if shapes != list(LAYERS):
            return Judgement(0.0, f"{name} weights have the shapes {shapes}, expected {list(LAYERS)}")
        for number in range(len(LAYERS)):
            fault = _distribution_fault(actual[f"{name}_{number}"], scale)
            if fault:
                return Judgement(0.0, f"{name} weights {number + 1} {fault}")
    others = {str(actual[f"{name}_{number}"].dtype) for name in SCALES for number in range(len(LAYERS))} - {
        "float32"
    }
    if others:
        return Judgement(OTHER_WIDTH, f"the weights are {' and '.join(sorted(others))}, expected float32")
    return Judgement(1.0)


@check(
    of="initial_weights",
    where="notebook",
    points=2,
    judge=judge_starting_weights,
    section=COMPARISONS,
    hint="Four arrays, from 784 inputs to 10 outputs; the scale of a normal distribution is its standard deviation.",
)
def starting_weights_drawn(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """Starting weights are random, of the right shapes and scale."""
    arrays = {}
    for bad, name in ((False, "reasonable"), (True, "bad")):
        weights = impl.initial_weights(bad)
        arrays[f"{name}_shapes"] = np.array([np.shape(array) for array in weights])
        arrays |= {f"{name}_{number}": _sample(array) for number, array in enumerate(weights)}
    return arrays


MOVED = (
    0.5  # correlation of weights that a training has moved from the same start; of others it is 0, within 0.1
)


def _alike(one: Any, other: Any) -> bool:
    """Whether two samples of random weights have the same scale, within the sampling error."""
    return bool(abs(one.std() - other.std()) <= 2 * SIGMAS / np.sqrt(2 * other.size) * other.std())


def judge_alike(actual: Mapping[str, Any], _expected: Mapping[str, Any]) -> Judgement:
    """Without batch normalization first, then with; equal weights after training at rate 0, of the scale asked for.

    What `initial_weights` and `train` make of what they are asked for is charged where they are judged.
    """
    if not np.array_equal(actual["normalized"], [0, 1]):
        return Judgement(0.0, "expected the network without batch normalization first, then the one with it")
    for name, scale in SCALES.items():
        for number in range(1, len(LAYERS) + 1):
            nn, bn = (actual.get(f"{name}_{kind}_W{number}", np.zeros(0)) for kind in ("nn", "bn"))
            if np.array_equal(nn, bn):
                continue
            # Of rows and columns it would be each row with each: gigabytes, of what is small to send.
            if nn.ndim == 1 and nn.shape == bn.shape and np.corrcoef(nn, bn)[0, 1] >= MOVED:
                return Judgement(
                    0.0, "asked for a learning rate of 0, the networks' weights moved: is the rate passed on?"
                )
            return Judgement(0.0, f"the two networks do not start from the same W{number}")
        got, own = actual[f"{name}_nn_W1"], actual.get(f"{name}_own_W1")
        fault = _distribution_fault(got, scale)
        if fault and not (own is not None and own.size and _alike(got, own)):
            return Judgement(0.0, f"asked for {name} weights, the networks' W1 {fault}")
    if np.any(actual["other_activation"]):
        return Judgement(0.0, "asked for networks of sigmoids, one of them or both have ReLUs")
    names = "sampled", "sampled_by_train"  # two each
    sampled, wanted = (np.ravel(actual[name])[:4].tolist() for name in names)
    if sampled != wanted:
        return Judgement(
            0.0,
            f"3 batches with a sample every 2 gave {sampled} samples, expected {wanted}, as `train` takes them",
        )
    return Judgement(1.0)


@check(
    of="train_and_test",
    where="notebook",
    points=2,
    judge=judge_alike,
    section=COMPARISONS,
    hint="Make the weights once, outside of the networks, and give them to both.",
)
def networks_start_alike(impl: Any, rng: Any) -> dict[str, Any]:
    """Both networks start from the same weights and get the same settings."""
    mnist = made_up(rng, LAYERS[0][0], (130, 20, 20))
    arrays: dict[str, Any] = {}
    for bad, name in ((False, "reasonable"), (True, "bad")):
        pair = call(impl.train_and_test, mnist, bad, 0.0, impl.sigmoid, 3, 2)
        for net, kind in zip(pair, ("nn", "bn"), strict=True):
            params = params_of(net)
            arrays |= {  # how many there are is charged where starting weights are judged
                f"{name}_{kind}_W{number}": _sample(params[f"W{number}"])
                for number in range(1, len(LAYERS) + 1)
                if f"W{number}" in params
            }
        weights = attempted(lambda bad=bad: {"W1": _sample(impl.initial_weights(bad)[0])})
        arrays |= {f"{name}_own_{number}": array for number, array in weights.items()}
        by_train = lesson_network(impl, [np.zeros(pair) for pair in LAYERS], "sigmoid", normalized=False)
        call(by_train.train, mnist, 0.0, 3, 2)
        arrays["sampled_by_train"] = np.array([len(by_train.training_accuracies)] * 2)
        arrays["normalized"] = np.array([int(net.use_batch_norm) for net in pair])
        arrays["sampled"] = np.array([len(net.training_accuracies) for net in pair])
        arrays["other_activation"] = np.array(
            [getattr(net, "activation_fn", None) is impl.relu for net in pair]
        )
    return arrays


# --- Convolutions: 6 points --------------------------------------------------------------------------------------------------


@check(
    of="batch_norm_training",
    where="notebook",
    points=2,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=CONVOLUTIONS,
    hint="Moments run over rows, height and width: one mean and one variance per feature map.",
)
def conv_training(impl: Any, rng: Any) -> dict[str, Any]:
    """Convolutions are normalized per feature map, in training."""
    arrays = {}
    for shape in MAPS:
        out, mean, variance = _trained(impl, rng, shape)
        name = "x".join(str(length) for length in shape)
        arrays |= {f"out_{name}": out, f"mean_{name}": mean, f"variance_{name}": variance}
    return arrays


@check(
    of="batch_norm_inference",
    where="notebook",
    points=1,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=CONVOLUTIONS,
    hint="The population statistics of the feature maps belong to the last axis.",
)
def conv_inference(impl: Any, rng: Any) -> dict[str, Any]:
    """Convolutions are normalized per feature map, at inference."""
    return {"out": _inferred(impl, rng, MAPS[0])}


@check(
    of="batch_norm_gradients",
    where="notebook",
    points=1,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=CONVOLUTIONS,
    hint="How many numbers share one mean here?",
)
def conv_gradients(impl: Any, rng: Any) -> dict[str, Any]:
    """Gradients of a convolution's batch normalization."""
    return _gradients(impl, rng, MAPS[0])


@check(
    of="conv_moments",
    where="notebook",
    points=2,
    visible=False,
    tolerance=TOLERANCE,
    floor=FLOOR,
    exact_dtype=False,
    section=CONVOLUTIONS,
    hint="All axes go but the one that counts the feature maps, wherever that is.",
)
def conv_moments_of_any_axis(impl: Any, rng: Any) -> dict[str, Any]:
    """Moments per feature map, with the maps as the last or the second axis."""
    arrays = {}
    for axis in (-1, 3, 1):
        maps = 2 * rng.standard_normal((3, 4, 5, 6)) + rng.standard_normal((3, 4, 5, 6)).mean(axis=0) * 4
        mean, variance = impl.conv_moments(maps, axis=axis)
        arrays |= {f"mean_{axis}": mean, f"variance_{axis}": variance}
    return arrays


# --- The notebook's experiments: 7 points ------------------------------------------------------------------------------------
#
# What is judged, and why histories alone earn nothing: assignments/common/lesson_experiments.py.


@check(
    of="train_and_test",
    where="notebook",
    points=3,
    judge=judge_comparisons,
    given=first_digits,
    section=COMPARISONS,
    hint="Run the whole notebook from the top. Each comparison is kept in `demos`.",
)
def experiment_comparisons(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """All comparisons were run: activation functions, learning rates, starting weights."""
    return packed_histories(impl, DEMOS)


@check(
    of="train_and_test",
    where="notebook",
    points=1,
    judge=judge_ahead,
    given=first_digits,
    section=COMPARISONS,
    hint="If both networks train but the normalized one falls behind, look at inference and the population statistics.",
)
def experiment_ahead(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """Batch normalization learns faster in the short comparisons."""
    return packed_histories(impl, FEW)


@check(
    of="batch_norm_test",
    where="notebook",
    points=3,
    judge=judge_singles,
    given=first_digits,
    section=SINGLES,
    hint="Does a single image go through training mode when asked to, and through the population statistics otherwise?",
)
def experiment_single_predictions(impl: Any, rng: Any) -> dict[str, Any]:  # noqa: ARG001 - a probe takes both
    """Batch statistics give one guess for every single image, population statistics the right ones."""
    arrays: dict[str, Any] = {"labels": np.argmax(impl.mnist.test.labels[:SINGLE], axis=1)}
    for name in ("by_batch", "by_population"):
        report = getattr(impl, name)
        arrays[name] = np.array(report.predictions, dtype=int)
        arrays[f"{name}_accuracy"] = float(report.single_accuracy)
    nets = [getattr(getattr(impl, name), "network", None) for name in ("by_batch", "by_population")]
    return {**arrays, **packed_nets("net", nets)}
