"""Right implementations of Udacity's lesson, its functions and network written in many ways: none of them may lose a point.

Each variant takes one way for each part. The library's own, from which the expected numbers come, are not used.
"""
# ruff: noqa: PLR0917 - parts are told apart by their place

import math
from types import SimpleNamespace

import numpy as np

__all__ = ["RIGHT"]

LAYERS = [(784, 100), (100, 100), (100, 100), (100, 10)]


# --- Activation functions ----------------------------------------------------------------------------------------------------


def relu_maximum(x):
    return np.maximum(0, x)


def relu_mask(x):
    return np.where(x > 0, x, 0)


def relu_product(x):
    return x * (x > 0)


def sigmoid_by_sign(x):
    out = np.empty(np.shape(x))
    up = np.asarray(x) >= 0
    out[up] = 1 / (1 + np.exp(-x[up]))
    down = np.exp(x[~up])
    out[~up] = down / (1 + down)
    return out


def sigmoid_by_tanh(x):
    return 0.5 + 0.5 * np.tanh(x / 2)


def sigmoid_clipped(x):
    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))


def gradient_by_name(out, activation_fn):
    return {"relu": lambda: 1.0 * (out > 0), "sigmoid": lambda: out - out * out}[activation_fn.kind]()


def gradient_by_result(out, activation_fn):
    is_sigmoid = bool(activation_fn(np.zeros(1))[0])
    return out * (1 - out) if is_sigmoid else np.sign(out)


# --- Moments, for any axes ---------------------------------------------------------------------------------------------------


def by_numpy(values, axes):
    return np.mean(values, axis=tuple(axes)), np.var(values, axis=tuple(axes))


def axis_by_axis(values, axes):
    mean = values
    for axis in sorted(axes, reverse=True):
        mean = mean.sum(axis=axis) / values.shape[axis]
    centred = values - np.expand_dims(mean, tuple(axes))
    squares = centred * centred
    for axis in sorted(axes, reverse=True):
        squares = squares.mean(axis=axis)
    return mean, squares


def by_moved_axes(values, axes):
    count = len(list(axes))
    rest = [length for axis, length in enumerate(values.shape) if axis not in axes]
    rows = np.moveaxis(values, list(axes), list(range(count))).reshape(-1, *rest)
    mean = np.einsum("n...->...", rows) / len(rows)
    return mean, np.einsum("n...,n...->...", rows - mean, rows - mean) / len(rows)


def in_float32(values, axes):
    values = np.asarray(values, dtype=np.float32)
    return values.mean(axis=tuple(axes)), values.std(axis=tuple(axes)) ** 2


# --- Gradients of rows (N, D), given what was normalized and its moments -----------------------------------------------------


def by_graph(d, x, mean, variance, gamma, epsilon):
    n, std = len(x), np.sqrt(variance + epsilon)
    hat_slope = d * gamma
    d_variance = -0.5 * np.sum(hat_slope * (x - mean), axis=0) / std**3
    d_mean = -np.sum(hat_slope, axis=0) / std
    return hat_slope / std + 2 * d_variance * (x - mean) / n + d_mean / n


def simplified(d, x, mean, variance, gamma, epsilon):
    hat = (x - mean) / np.sqrt(variance + epsilon)
    return gamma / np.sqrt(variance + epsilon) * (d - d.mean(0) - hat * (d * hat).mean(0))


def by_jacobian(d, x, mean, variance, gamma, epsilon):
    n, columns = len(x), []
    for j in range(x.shape[1]):
        inv = 1 / math.sqrt(variance[j] + epsilon)
        hat = (x[:, j] - mean[j]) * inv
        columns.append((np.eye(n) - 1 / n - np.outer(hat, hat) / n) @ d[:, j] * inv * gamma[j])
    return np.stack(columns, axis=1)


# --- Cross-entropy of logits and one-hot labels ------------------------------------------------------------------------------


def by_logarithms(logits, labels):
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(labels * logs).sum(axis=1).mean(), (np.exp(logs) - labels) / labels.shape[0]


def by_index(logits, labels):
    rows, right = np.arange(len(labels)), labels.argmax(axis=1)
    top = logits.max(axis=1)
    sums = np.exp(logits - top[:, None]).sum(axis=1)
    shares = np.exp(logits - top[:, None]) / sums[:, None]
    slope = shares.copy()
    slope[rows, right] -= 1
    return float(np.mean(np.log(sums) + top - logits[rows, right])), slope / len(rows)


def by_rows(logits, labels):
    losses, slopes = [], []
    for scores, label in zip(logits, labels, strict=True):
        total = np.logaddexp.reduce(scores)
        losses.append(total - scores @ label)
        slopes.append(np.exp(scores - total) - label)
    return np.mean(losses), np.array(slopes) / len(slopes)


# --- Everything that the notebook defines ------------------------------------------------------------------------------------


class InferenceReport:
    def __init__(self, accuracy, predictions=(), single_accuracy=None):
        self.accuracy, self.predictions, self.single_accuracy = accuracy, predictions, single_accuracy


def notebook(relu, sigmoid, slope_of, moments, way_back, cross_entropy, *, wide, in_place, pairs):
    """The names of the notebook. wide: vectors are (1, D) in the network. in_place: parameters are written into. pairs: tuples."""

    def activation(function, kind):
        def call(x):
            return function(x)

        call.kind = kind
        return call

    rectified, logistic = activation(relu, "relu"), activation(sigmoid, "sigmoid")

    def batch_norm_training(linear_output, gamma, beta, *, pop_mean, pop_variance, decay=0.99, epsilon=1e-3):
        mean, variance = moments(linear_output, list(range(linear_output.ndim - 1)))
        out = np.multiply(linear_output - mean, gamma / np.sqrt(variance + epsilon)) + beta
        return (
            out,
            pop_mean - (1 - decay) * (pop_mean - mean),
            decay * pop_variance + (1 - decay) * variance,
        )

    def batch_norm_inference(linear_output, gamma, beta, *, pop_mean, pop_variance, epsilon=1e-3):
        scale = gamma * (pop_variance + epsilon) ** -0.5
        return linear_output * scale + (beta - pop_mean * scale)

    def batch_norm_gradients(d_out, linear_output, gamma, *, epsilon=1e-3):
        nodes = linear_output.shape[-1]
        d, x = d_out.reshape(-1, nodes), linear_output.reshape(-1, nodes)
        mean, variance = moments(x, [0])
        found = way_back(d, x, mean, variance, np.reshape(gamma, -1), epsilon)
        hat = (x - mean) / np.sqrt(variance + epsilon)
        return found.reshape(linear_output.shape), np.einsum("nd,nd->d", d, hat), np.ones(len(d)) @ d

    class NeuralNet:
        def __init__(self, initial_weights, activation_fn, use_batch_norm):
            self.use_batch_norm, self.activation_fn = use_batch_norm, activation_fn
            self.name = "With Batch Norm" if use_batch_norm else "Without Batch Norm"
            self.training_accuracies, self.params, self.population = [], {}, []
            self.depth = len(initial_weights)
            for number, weights in enumerate(initial_weights, 1):
                shape = (1, weights.shape[1]) if wide else weights.shape[1]
                self.params[f"W{number}"] = np.array(weights)
                if not use_batch_norm or number == self.depth:
                    self.params[f"b{number}"] = np.zeros(shape)
                else:
                    self.params[f"gamma{number}"] = np.ones(shape)
                    self.params[f"beta{number}"] = np.zeros(shape)
                    start = [np.zeros(shape), np.ones(shape)]
                    self.population.append(tuple(start) if pairs else start)

        def layer(self, layer_in, number, is_training):
            linear = layer_in @ self.params[f"W{number}"]
            if number == self.depth:
                return linear + self.params[f"b{number}"], linear, None
            if not self.use_batch_norm:
                return self.activation_fn(linear + self.params[f"b{number}"]), linear, None
            gamma, beta = self.params[f"gamma{number}"], self.params[f"beta{number}"]
            mean, variance = self.population[number - 1]
            given = {"pop_mean": mean, "pop_variance": variance}
            if is_training:
                out, *moved = batch_norm_training(linear, gamma, beta, **given)
                return self.activation_fn(out), linear, moved
            return self.activation_fn(batch_norm_inference(linear, gamma, beta, **given)), linear, None

        def fully_connected(self, layer_in, layer, is_training=False):
            return self.layer(layer_in, layer, is_training)[0]

        def output_layer(self, images, is_training=False):
            for number in range(1, self.depth + 1):
                images = self.fully_connected(images, number, is_training)
            return images

        def train_step(self, images, labels, learning_rate):
            tape, out = [], images
            for number in range(1, self.depth + 1):
                layer_in = out
                out, linear, moved = self.layer(layer_in, number, True)
                tape.append((layer_in, linear, moved, out))
            d = cross_entropy(out, labels)[1]
            slopes = {}
            for number in reversed(range(1, self.depth + 1)):
                layer_in, linear, moved, out = tape[number - 1]
                if number < self.depth:
                    d = d * slope_of(out, self.activation_fn)
                if moved:
                    self.population[number - 1] = tuple(moved) if pairs else moved
                    d, slopes[f"gamma{number}"], slopes[f"beta{number}"] = batch_norm_gradients(
                        d, linear, self.params[f"gamma{number}"]
                    )
                else:
                    slopes[f"b{number}"] = np.sum(d, axis=0)
                slopes[f"W{number}"] = np.einsum("ni,nj->ij", layer_in, d)
                d = d @ self.params[f"W{number}"].T
            for name, slope in slopes.items():
                step = learning_rate * np.reshape(slope, self.params[name].shape)
                if in_place:
                    self.params[name] -= step.astype(self.params[name].dtype)
                else:
                    self.params[name] = self.params[name] - step

        def accuracy(self, dataset, is_training=False):
            logits = self.output_layer(dataset.images, is_training)
            return np.count_nonzero(logits.argmax(1) == dataset.labels.argmax(1)) / len(logits)

        def train(
            self, learning_rate, training_batches, batches_per_sample, save_model_as=None, *, mnist=None
        ):
            next_sample = 0
            for number in range(training_batches):
                images, labels = mnist.train.next_batch(60)
                self.train_step(images, labels, learning_rate)
                if number == next_sample:
                    self.training_accuracies += [self.accuracy(mnist.validation)]
                    next_sample += batches_per_sample

        def test(
            self,
            test_training_accuracy=False,
            include_individual_predictions=False,
            restore_from=None,
            *,
            mnist=None,
        ):
            whole = self.accuracy(mnist.test, test_training_accuracy)
            if not include_individual_predictions:
                return InferenceReport(whole)
            right, predictions = 0, []
            for number in range(200):
                one = self.output_layer(mnist.test.images[number : number + 1], test_training_accuracy)
                predictions.append(int(one.argmax()))
                right += predictions[-1] == mnist.test.labels[number].argmax()
            return InferenceReport(whole, predictions, right / 200)

    def initial_weights(use_bad_weights):
        scale = 5 if use_bad_weights else 0.05
        return [(scale * np.random.standard_normal(shape)).astype("float32") for shape in LAYERS]

    def train_and_test(
        use_bad_weights,
        learning_rate,
        activation_fn,
        training_batches=50,
        batches_per_sample=10,
        *,
        mnist=None,
    ):
        weights, made = initial_weights(use_bad_weights), []
        for use_batch_norm in (False, True):
            made.append(NeuralNet(weights, activation_fn, use_batch_norm))
            made[-1].train(learning_rate, training_batches, batches_per_sample, mnist=mnist)
            made[-1].test(mnist=mnist)
        return made[0], made[1]

    def conv_moments(conv_layer, axis=-1):
        return moments(np.moveaxis(conv_layer, axis, -1), [0, 1, 2])

    return SimpleNamespace(
        relu=rectified,
        sigmoid=logistic,
        activation_gradient=slope_of,
        moments=moments,
        batch_norm_training=batch_norm_training,
        batch_norm_inference=batch_norm_inference,
        batch_norm_gradients=batch_norm_gradients,
        softmax_cross_entropy=cross_entropy,
        NeuralNet=NeuralNet,
        initial_weights=initial_weights,
        train_and_test=train_and_test,
        conv_moments=conv_moments,
    )


PARTS = (
    (relu_maximum, relu_mask, relu_product),
    (sigmoid_by_sign, sigmoid_by_tanh, sigmoid_clipped),
    (gradient_by_name, gradient_by_result),
    (by_numpy, axis_by_axis, by_moved_axes, in_float32),
    (by_graph, simplified, by_jacobian),
    (by_logarithms, by_index, by_rows),
)
COUNT = 14


def implementation(number):
    """Parts taken in turn, so that neighbours share few of them."""
    parts = [ways[(number + number // 3 * shift) % len(ways)] for shift, ways in enumerate(PARTS)]
    return notebook(*parts, wide=number % 4 == 1, in_place=number % 2 == 1, pairs=number % 3 != 0)


#: By number.
RIGHT = {f"way-{number:02}": implementation(number) for number in range(COUNT)}
