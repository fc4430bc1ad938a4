"""Udacity, "Batch Normalization - Lesson": the lesson's networks and experiments on MNIST, in NumPy instead of a framework.

The names, settings and defaults are the lesson's; sessions and placeholders are gone: what was `session` is not passed, and what
was `is_training` is an argument. Population statistics move by 0.99, epsilon is 1e-3, batches have 60 rows. Layers with batch
normalisation have no bias. Draws nothing on a screen: the accuracies to plot are in `training_accuracies`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from .. import data, layers, losses, networks, normalization
from ..arrays import Array

__all__ = [
    "DataSet",
    "DataSets",
    "InferenceReport",
    "NeuralNet",
    "activation_gradient",
    "batch_norm_gradients",
    "batch_norm_inference",
    "batch_norm_test",
    "batch_norm_training",
    "conv_moments",
    "initial_weights",
    "moments",
    "read_data_sets",
    "relu",
    "sigmoid",
    "softmax_cross_entropy",
    "train_and_test",
]

_log = logging.getLogger(__name__)

DECAY = 0.99  # the old population statistics' share in the new ones
EPSILON = 1e-3  # added to variances
BATCH = 60  # rows of a training batch, as in the paper
SINGLES = 200  # test images that are predicted one at a time
SHAPE = (784, 100, 100, 100, 10)
GOOD_SCALE, BAD_SCALE = 0.05, 5.0  # standard deviations of reasonable and of unreasonable starting weights


def relu(x: Array) -> Array:
    """max(x, 0), any shape."""
    return layers.relu_forward(x)[0]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), any shape."""
    return layers.sigmoid_forward(x)[0]


Activation = Callable[[Array], Array]
_NAMES: dict[Activation, str] = {relu: "relu", sigmoid: "sigmoid"}


def activation_gradient(layer_out: Array, activation_fn: Activation) -> Array:
    """Derivative of `relu` or `sigmoid`, any shape, written in terms of what the activation gave: 0 for a ReLU that gave 0.

    Raises: ValueError for another activation function.
    """
    if activation_fn not in _NAMES:
        raise ValueError(
            f"activation_gradient: activation_fn is {activation_fn!r}, expected relu or sigmoid of {__name__}"
        )
    ones = np.ones_like(layer_out)
    if activation_fn is relu:
        return layers.relu_backward(ones, layer_out)
    return layers.sigmoid_backward(ones, layer_out)


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """Mean cross-entropy of the softmax of logits (N, C) and one-hot labels (N, C), in nats; its gradient for the logits (N, C)."""
    return losses.softmax_loss(logits, np.argmax(labels, axis=1))


# --- Batch normalisation, written out -----------------------------------------------------------------------------------------


def batch_norm_training(
    linear_output: Array,
    gamma: Array,
    beta: Array,
    *,
    pop_mean: Array,
    pop_variance: Array,
    decay: float = DECAY,
    epsilon: float = EPSILON,
) -> tuple[Array, Array, Array]:
    """Normalise by the batch, per node of a dense layer or per feature map of a convolution.

    Args: linear_output: (N, D), or (N, H, W, D) with the feature maps last: then moments run over all rows and positions.
        gamma, beta, pop_mean, pop_variance: (D,).
    Returns: the normalised output, in the shape that came; the new population mean and variance (D,).
    """
    rows = linear_output.reshape(-1, linear_output.shape[-1])
    step = normalization.batchnorm_forward(
        rows, gamma, beta, pop_mean, pop_variance, eps=epsilon, momentum=decay
    )
    return step.out.reshape(linear_output.shape), step.running_mean, step.running_var


def batch_norm_inference(
    linear_output: Array,
    gamma: Array,
    beta: Array,
    *,
    pop_mean: Array,
    pop_variance: Array,
    epsilon: float = EPSILON,
) -> Array:
    """Normalise by the population statistics; shapes as in batch_norm_training."""
    rows = linear_output.reshape(-1, linear_output.shape[-1])
    out = normalization.batchnorm_inference(rows, gamma, beta, pop_mean, pop_variance, eps=epsilon)
    return out.reshape(linear_output.shape)


def batch_norm_gradients(
    d_out: Array, linear_output: Array, gamma: Array, *, epsilon: float = EPSILON
) -> tuple[Array, Array, Array]:
    """The way back through `batch_norm_training`: gradients for linear_output (its shape), gamma and beta (D,).

    Args: d_out: gradient of the normalised output, in its shape; others as there.
    """
    rows = linear_output.reshape(-1, linear_output.shape[-1])
    nothing = np.zeros_like(gamma)
    step = normalization.batchnorm_forward(rows, gamma, nothing, nothing, nothing, eps=epsilon)
    d_linear, d_gamma, d_beta = normalization.batchnorm_backward(d_out.reshape(rows.shape), step.cache)
    return d_linear.reshape(linear_output.shape), d_gamma, d_beta


def moments(values: Array, axes: Sequence[int]) -> tuple[Array, Array]:
    """Mean and (biased) variance over several axes, which are gone from the results."""
    return np.mean(values, axis=tuple(axes)), np.var(values, axis=tuple(axes))


def conv_moments(conv_layer: Array, axis: int = -1) -> tuple[Array, Array]:
    """Mean and variance of each feature map (D,), over rows and positions. axis: which one of four counts the feature maps."""
    others = [number for number in range(conv_layer.ndim) if number != axis % conv_layer.ndim]
    return moments(conv_layer, others)


# --- Data ---------------------------------------------------------------------------------------------------------------------


@dataclass
class DataSet:
    """Images (N, 784), float32 from 0 to 1, and labels (N, 10), one-hot float32. Hands out batches, which is its state."""

    images: Array
    labels: Array
    _order: Array = field(default_factory=lambda: np.zeros(0, dtype=int), init=False, repr=False)

    def next_batch(self, batch_size: int) -> tuple[Array, Array]:
        """The next rows in a random order that is drawn anew from the global generator each time all rows have been seen."""
        while len(self._order) < batch_size:
            self._order = np.concatenate([self._order, np.random.permutation(len(self.images))])
        rows, self._order = self._order[:batch_size], self._order[batch_size:]
        return self.images[rows], self.labels[rows]


@dataclass(frozen=True)
class DataSets:
    """MNIST as the lesson has it. source: where it comes from, in a line; says so when it is a stand-in."""

    train: DataSet
    validation: DataSet
    test: DataSet
    source: str = ""


def read_data_sets(folder: Path | None = None) -> DataSets:
    """MNIST in three parts. Validation takes the first 5000 training rows, or an eighth if there are fewer than 40,000.

    Args: folder: of the official files; else see data.find_mnist. Raises: data.DataError if they cannot be read.
    """
    full = data.find_mnist(folder)
    rows = len(full.y_train)
    held = min(5000, rows // 8)
    return DataSets(
        train=_data_set(full.x_train[held:], full.y_train[held:]),
        validation=_data_set(full.x_train[:held], full.y_train[:held]),
        test=_data_set(full.x_test, full.y_test),
        source=full.source,
    )


def _data_set(images: Array, labels: Array) -> DataSet:
    flat = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return DataSet(flat, np.eye(10, dtype=np.float32)[labels])


# --- Network ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class InferenceReport:
    """What NeuralNet.test finds. accuracy: on the whole test set.

    predictions, single_accuracy: on images that are predicted one at a time, if asked for.
    """

    accuracy: float
    predictions: tuple[int, ...] = ()
    single_accuracy: float | None = None


class NeuralNet:
    """A fully connected network for MNIST, with or without batch normalisation before the activation of its hidden layers.

    params: W1, ..., and b1, ... where there is no batch normalisation, else gamma1, beta1, ...; population: mean and variance of
    each hidden layer. training_accuracies: validation accuracy, sampled while training.
    """

    def __init__(self, initial_weights: list[Array], activation_fn: Activation, use_batch_norm: bool) -> None:
        """initial_weights: one (inputs, outputs) array a layer, copied. activation_fn: `relu` or `sigmoid` of this module.

        Raises: ValueError for another activation function: the backward pass has to know it.
        """
        if activation_fn not in _NAMES:
            raise ValueError(
                f"NeuralNet: activation_fn is {activation_fn!r}, expected relu or sigmoid of {__name__}"
            )
        self.use_batch_norm = use_batch_norm
        self.name = "With Batch Norm" if use_batch_norm else "Without Batch Norm"
        self.training_accuracies: list[float] = []
        self.activation_fn = activation_fn
        widths = [initial_weights[0].shape[0], *(weights.shape[1] for weights in initial_weights)]
        dtype = initial_weights[0].dtype
        given = iter(initial_weights)
        self.params = networks.initial_params(
            widths, lambda *_: next(given), normalized=use_batch_norm, bias_before_norm=False, dtype=dtype
        )
        self.population = networks.initial_running(widths, var=1.0, dtype=dtype) if use_batch_norm else ()
        self._core = networks.FullyConnectedNet(
            layers=len(initial_weights),
            normalization="batchnorm" if use_batch_norm else None,
            activation=_NAMES[activation_fn],
            eps=EPSILON,
            momentum=DECAY,
        )

    def fully_connected(self, layer_in: Array, layer: int, is_training: bool = False) -> Array:
        """Output of one layer.

        Args: layer_in: (N, inputs). layer: from 1; the last one has no activation and no normalisation.
            is_training: normalise by the batch; the population statistics stay as they are.
        Returns: (N, outputs).
        """
        weights = self.params[f"W{layer}"]
        bias = self.params.get(f"b{layer}", np.zeros(weights.shape[1], weights.dtype))
        linear_output, _ = layers.affine_forward(layer_in, weights, bias)
        if layer == self._core.layers:
            return linear_output
        if self.use_batch_norm:
            gamma, beta = self.params[f"gamma{layer}"], self.params[f"beta{layer}"]
            mean, variance = self.population[layer - 1]
            if is_training:
                linear_output, _, _ = batch_norm_training(
                    linear_output, gamma, beta, pop_mean=mean, pop_variance=variance
                )
            else:
                linear_output = batch_norm_inference(
                    linear_output, gamma, beta, pop_mean=mean, pop_variance=variance
                )
        return self.activation_fn(linear_output)

    def output_layer(self, images: Array, is_training: bool = False) -> Array:
        """Logits (N, 10) of images (N, 784)."""
        layer_in = images
        for layer in range(1, self._core.layers + 1):
            layer_in = self.fully_connected(layer_in, layer, is_training)
        return layer_in

    def accuracy(self, dataset: DataSet, is_training: bool = False) -> float:
        """Share of images whose highest logit is the label's."""
        guesses = np.argmax(self.output_layer(dataset.images, is_training), axis=1)
        return float(np.mean(guesses == np.argmax(dataset.labels, axis=1)))

    def train(
        self,
        learning_rate: float,
        training_batches: int,
        batches_per_sample: int,
        save_model_as: Path | None = None,
        *,
        mnist: DataSets,
    ) -> None:
        """Gradient descent on the mean cross-entropy of batches of 60, with the validation accuracy sampled on the way.

        Args: batches_per_sample: batches between samples, of which the first comes after the first batch.
            save_model_as: a file (.npz) for the trained parameters and population statistics.
        """
        for i in range(training_batches):
            images, labels = mnist.train.next_batch(BATCH)
            self.train_step(images, labels, learning_rate)
            if i % batches_per_sample == 0:
                self.training_accuracies.append(self.accuracy(mnist.validation))
        final = self.accuracy(mnist.validation)
        _log.info("%s: After training, final accuracy on validation set = %s", self.name, final)
        if save_model_as:
            self._save(save_model_as)

    def test(
        self,
        test_training_accuracy: bool = False,
        include_individual_predictions: bool = False,
        restore_from: Path | None = None,
        *,
        mnist: DataSets,
    ) -> InferenceReport:
        """Accuracy on the test set.

        Args: test_training_accuracy: normalise by the batch at inference, as no one should, to show what happens then.
            include_individual_predictions: predict the first 200 images one at a time, too.
            restore_from: a file that `train` saved.
        Raises: ValueError if the file holds another network's parameters.
        """
        if restore_from:
            self._restore(restore_from)
        accuracy = self.accuracy(mnist.test, test_training_accuracy)
        _log.info("%s: Accuracy on full test set = %s", self.name, accuracy)
        if not include_individual_predictions:
            return InferenceReport(accuracy=accuracy)
        images, labels = mnist.test.images[:SINGLES], np.argmax(mnist.test.labels[:SINGLES], axis=1)
        guesses = [int(np.argmax(self.output_layer(image[None], test_training_accuracy))) for image in images]
        single = float(np.mean(np.array(guesses) == labels))
        _log.info("%s: Accuracy on %d samples = %s", self.name, len(guesses), single)
        return InferenceReport(accuracy=accuracy, predictions=tuple(guesses), single_accuracy=single)

    def train_step(self, images: Array, labels: Array, learning_rate: float) -> None:
        """One step of gradient descent on a batch: images (N, inputs), labels (N, 10) one-hot. Population statistics move, too."""
        self._descend(images, np.argmax(labels, axis=1), learning_rate)

    def _descend(self, images: Array, y: Array, learning_rate: float) -> None:
        step = self._core.loss(self.params, images, y, self.population)
        self.population = step.running
        self.params = {name: w - learning_rate * step.gradients[name] for name, w in self.params.items()}

    def _save(self, path: Path) -> None:
        arrays = dict(self.params)
        for layer, (mean, variance) in enumerate(self.population, start=1):
            arrays |= {f"pop_mean{layer}": mean, f"pop_variance{layer}": variance}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def _restore(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as saved:
            arrays = dict(saved)
        count = len(self.population)
        population = tuple(
            networks.Running(arrays.pop(f"pop_mean{layer}", None), arrays.pop(f"pop_variance{layer}", None))
            for layer in range(1, count + 1)
        )
        if {name: w.shape for name, w in arrays.items()} != {
            name: w.shape for name, w in self.params.items()
        }:
            raise ValueError(
                f"{path}: holds {', '.join(arrays)}; expected the parameters of a network like this one"
            )
        self.params, self.population = arrays, population


# --- Experiments --------------------------------------------------------------------------------------------------------------


def initial_weights(use_bad_weights: bool) -> list[Array]:
    """Weights of the lesson's network, float32, from the global generator: standard deviation 5 if bad, else 0.05."""
    scale = BAD_SCALE if use_bad_weights else GOOD_SCALE
    return [np.random.normal(size=pair, scale=scale).astype(np.float32) for pair in pairwise(SHAPE)]


def train_and_test(
    use_bad_weights: bool,
    learning_rate: float,
    activation_fn: Activation,
    training_batches: int = 50000,
    batches_per_sample: int = 500,
    *,
    mnist: DataSets | None = None,
) -> tuple[NeuralNet, NeuralNet]:
    """Train two networks from the same starting weights, without and with batch normalisation, and test both.

    Args: mnist: the data, or None to find it. Returns: the two networks, in that order.
    """
    mnist = mnist or read_data_sets()
    weights = initial_weights(use_bad_weights)
    nn, bn = (NeuralNet(weights, activation_fn, use) for use in (False, True))
    for net in (nn, bn):
        net.train(learning_rate, training_batches, batches_per_sample, mnist=mnist)
    for net in (nn, bn):
        net.test(mnist=mnist)
    return nn, bn


def batch_norm_test(
    test_training_accuracy: bool, *, mnist: DataSets | None = None, training_batches: int = 2000
) -> InferenceReport:
    """Train a network with batch normalisation (ReLU, rate 0.01), and predict 200 images one at a time.

    With test_training_accuracy each image is normalised by itself, which leaves nothing of it: one guess for all of them.
    """
    mnist = mnist or read_data_sets()
    bn = NeuralNet(initial_weights(False), relu, True)
    bn.train(0.01, training_batches, training_batches, mnist=mnist)
    return bn.test(
        test_training_accuracy=test_training_accuracy, include_individual_predictions=True, mnist=mnist
    )
