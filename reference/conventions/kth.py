"""KTH DD2424, assignment 3: the core under the names, signatures and column layout of that course's k-layer network.

Columns are samples: X (d, N), one-hot Y (K, N), scores and probabilities (K, N), biases, gamma, beta and means (m, 1). The cost is
the mean cross-entropy plus lambda * sum(W * W), so that gradients hold 2 * lambda * W. Batches and weights come from NumPy's
global generator. Where the course's printed listing is at odds with itself, the docstring says what holds here.
"""
# ruff: noqa: N802, N815 - the names are the course's

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import data, gradients, initialization, layers, losses, normalization, schedules
from ..arrays import Array, expect_shape

__all__ = ["BNN", "initializeParam", "load_cifar", "relu", "softMax"]

EPS = float(np.finfo(float).eps)  # the course's epsilon: machine precision


def relu(s: Array) -> Array:
    """max(s, 0), any shape."""
    return layers.relu_forward(s)[0]


def softMax(s: Array) -> Array:
    """Probabilities by columns: (K, N) to (K, N)."""
    return losses.softmax(s.T).T


def initializeParam(layer: tuple[int, int], he: bool, batchNorm: bool, sig: float) -> tuple[Array, ...]:
    """Starting values of one layer.

    Args: layer: (inputs, outputs). he: variance 2 / inputs, else standard deviation sig.
    Returns: W (outputs, inputs), b zeros (outputs, 1); with batchNorm also gamma ones, beta zeros, and moving averages: mean
        zeros, variance ones, all (outputs, 1).
    """
    inputs, outputs = layer
    if he:
        weights = initialization.he_normal(np.random, (outputs, inputs), fan_in=inputs)
    else:
        weights = initialization.fixed_normal(np.random, (outputs, inputs), sigma=sig)
    zeros, ones = np.zeros((outputs, 1)), np.ones((outputs, 1))
    if batchNorm:
        return weights, zeros, ones, zeros.copy(), zeros.copy(), ones.copy()
    return weights, zeros


class BNN:
    """A k-layer network with ReLU and softmax, with or without batch normalisation before each ReLU.

    W, b: one array a layer. With batchNorm: gamma, beta, muMA, vaMA: one a layer, the last layer's unused (their gradients are
    zero). nl: number of hidden layers, which is the index of the last layer.
    """

    def __init__(  # noqa: PLR0917 - the course's signature
        self,
        layers: Sequence[tuple[int, int]],
        lmda: float = 0,
        alpha: float = 0.8,
        batchNorm: bool = True,
        he: bool = True,
        sig: float = 1e-1,
    ) -> None:
        """layers: (inputs, outputs) of each. lmda: of L2. alpha: the old moving average's share in the new one. sig: without he."""
        self.layers = list(layers)
        self.nl = len(self.layers) - 1
        self.lmda, self.alpha, self.batchNorm, self.he, self.sig = lmda, alpha, batchNorm, he, sig
        drawn = [initializeParam(layer, he, batchNorm, sig) for layer in self.layers]
        names = ("W", "b", "gamma", "beta", "muMA", "vaMA") if batchNorm else ("W", "b")
        for name, arrays in zip(names, zip(*drawn, strict=True), strict=True):
            setattr(self, name, list(arrays))

    W: list[Array]
    b: list[Array]
    gamma: list[Array]
    beta: list[Array]
    muMA: list[Array]
    vaMA: list[Array]

    def zeros(self) -> tuple[list[Array], ...]:
        """Zeros in the shapes of the gradients: W, b, and with batchNorm gamma, beta."""
        kinds = [self.W, self.b, self.gamma, self.beta] if self.batchNorm else [self.W, self.b]
        return tuple([np.zeros_like(array) for array in kind] for kind in kinds)

    def evaluateClassifier(self, X: Array, training: bool = True) -> tuple[Any, ...]:
        """Forward pass of X (d, N).

        Returns: probabilities p (K, N) and the inputs of each layer; with batchNorm also, for each hidden layer, scores before
            and after normalisation, means and variances (empty lists unless training).
        Training normalises by the batch (variance divided by N: np.var needs no correction) and moves muMA and vaMA.
        """
        if not self.batchNorm:
            return self._forward(X, training)[:2]
        result = self._forward(X, training)
        if training:
            _, _, _, _, means, variances = result
            for i, (mean, variance) in enumerate(zip(means, variances, strict=True)):
                self.muMA[i] = self.alpha * self.muMA[i] + (1 - self.alpha) * mean
                self.vaMA[i] = self.alpha * self.vaMA[i] + (1 - self.alpha) * variance
        return result

    def _forward(self, X: Array, training: bool) -> tuple[Any, ...]:
        inputs: list[Array] = []
        scores: list[Array] = []
        normalised: list[Array] = []
        means: list[Array] = []
        variances: list[Array] = []
        out = X
        for i in range(self.nl + 1):
            inputs.append(out)
            out = layers.affine_forward(out.T, self.W[i].T, self.b[i].ravel())[0].T
            if i == self.nl:
                break
            if self.batchNorm:
                scores.append(out)
                out, xhat, mean, variance = self._normalise(i, out, training)
                normalised.append(xhat)
                if training:
                    means.append(mean)
                    variances.append(variance)
            out = relu(out)
        return softMax(out), inputs, scores, normalised, means, variances

    def _normalise(self, i: int, s: Array, training: bool) -> tuple[Array, Array, Array, Array]:
        """Scaled and shifted scores, normalised scores (both (m, N)), and the mean and variance (m, 1) that were used."""
        gamma, beta, mean, var = (kind[i].ravel() for kind in (self.gamma, self.beta, self.muMA, self.vaMA))
        if training:
            step = normalization.batchnorm_forward(s.T, gamma, beta, mean, var, eps=EPS, momentum=self.alpha)
            return step.out.T, step.cache.xhat.T, step.cache.mean[:, None], step.cache.var[:, None]
        xhat = normalization.batchnorm_inference(
            s.T, np.ones_like(gamma), np.zeros_like(beta), mean, var, eps=EPS
        ).T
        return self.gamma[i] * xhat + self.beta[i], xhat, mean[:, None], var[:, None]

    def batchNormBackPass(self, g: Array, s: Array, mu: Array, v: Array, eps: float = EPS) -> Array:
        """Gradient through the normalisation alone, for scores s (m, N) with their batch's mu, v (m, 1). Returns: (m, N).

        Raises: ValueError if mu or v is not (m, 1): broadcast, they would make (N, N) of many columns.
        """
        for name, value in (("mu", mu), ("v", v)):
            expect_shape("batchNormBackPass", name, value, (s.shape[0], 1), "one entry per row of s")
        centred, inv_std = (s - mu).T, 1 / np.sqrt(v + eps).ravel()
        ones = np.ones_like(inv_std)
        cache = normalization.BatchnormCache(centred * inv_std, centred, inv_std, ones, mu.ravel(), v.ravel())
        return normalization.batchnorm_backward_alt(g.T, cache)[0].T

    def computeGradients(self, X: Array, Y: Array) -> tuple[list[Array], ...]:
        """Gradients of the cost on a batch: gradW, gradB, and with batchNorm gradG, gradBeta, in the shapes of the parameters.

        Args: X: (d, N). Y: (K, N), one-hot. Moves the moving averages, as every training-mode forward pass does.
        """
        grads = self.zeros()
        result = self.evaluateClassifier(X, training=True)
        inputs = result[1]
        g = (result[0] - Y) / X.shape[1]
        for i in range(self.nl, -1, -1):
            if i < self.nl:
                g = g * (inputs[i + 1] > 0)
                if self.batchNorm:
                    _, _, scores, normalised, means, variances = result
                    grads[2][i] = np.sum(g * normalised[i], axis=1, keepdims=True)
                    grads[3][i] = g.sum(axis=1, keepdims=True)
                    g = self.batchNormBackPass(g * self.gamma[i], scores[i], means[i], variances[i])
            grads[0][i] = g @ inputs[i].T + 2 * self.lmda * self.W[i]
            grads[1][i] = g.sum(axis=1, keepdims=True)
            g = self.W[i].T @ g
        return grads

    def computeCost(self, X: Array, Y: Array) -> tuple[float, float]:
        """Cost and loss: mean cross-entropy with and without lmda * sum(W * W), by the batch's own statistics.

        Args: X: (d, N). Y: (K, N), one-hot. Leaves the moving averages alone (in the listing, looking at the cost moves them).
        """
        scores = self._log_probabilities(X)
        loss = -float(np.sum(Y * scores)) / X.shape[1]
        return loss + self.lmda * sum(float(np.sum(W * W)) for W in self.W), loss

    def _log_probabilities(self, X: Array) -> Array:
        another = vars(self).get("evaluateClassifier")  # if a probe has put one in its place
        probabilities: Array = (self._forward(X, True) if another is None else another(X, True))[0]
        # A probability that rounds to zero would make the cost infinite; the smallest number keeps it large and finite.
        logs: Array = np.log(np.maximum(probabilities, np.finfo(float).tiny))
        return logs

    def computeAccuracy(self, X: Array, y: Array) -> float:
        """Share of columns of X (d, N) whose class is y (N,), by the moving averages."""
        return float(np.mean(np.argmax(self.evaluateClassifier(X, False)[0], axis=0) == y))

    def computeGradientsNum(self, X: Array, Y: Array, h: float = 1e-6) -> tuple[list[Array], ...]:
        """The gradients of computeGradients by central differences of the cost; slow."""

        def cost(_: Array) -> float:
            return self.computeCost(X, Y)[0]

        kinds = [self.W, self.b, self.gamma, self.beta] if self.batchNorm else [self.W, self.b]

        def numerical(parameter: Array) -> Array:
            return gradients.numerical_gradient(cost, parameter, h=h, in_place=True)

        return tuple([numerical(array) for array in kind] for kind in kinds)

    def miniBatchGD(
        self, X: Array, Y: Array, GDParams: Sequence[float], xVal: Array, yVal: Array
    ) -> tuple[list[float], ...]:
        """Train in place by mini-batches with the cyclical learning rate.

        Args: X: (d, N). Y: (K, N), one-hot. GDParams: batch size, eta_min, eta_max, epochs, n_s. xVal, yVal: as X, Y.
        Each epoch takes the columns in a new random order and drops what is left after the last full batch.
        Returns: after each epoch: costs (training, validation), losses (the same), accuracies (the same).
        """
        size, eta_min, eta_max, epochs, n_s = GDParams
        size = int(size)
        histories: tuple[list[float], ...] = ([], [], [], [], [], [])
        step = 0
        for _ in range(int(epochs)):
            order = np.random.permutation(X.shape[1])
            for start in range(0, X.shape[1] - size + 1, size):
                batch = order[start : start + size]
                eta = schedules.cyclical_learning_rate(step, eta_min=eta_min, eta_max=eta_max, n_s=int(n_s))
                self._descend(X[:, batch], Y[:, batch], eta)
                step += 1
            measured = self._measure(X, Y, xVal, yVal)
            for history, value in zip(histories, measured, strict=True):
                history.append(value)
        return histories

    def _descend(self, X: Array, Y: Array, eta: float) -> None:
        kinds = [self.W, self.b, self.gamma, self.beta] if self.batchNorm else [self.W, self.b]
        for kind, grads in zip(kinds, self.computeGradients(X, Y), strict=True):
            for i, grad in enumerate(grads):
                kind[i] = kind[i] - eta * grad

    def _measure(self, X: Array, Y: Array, xVal: Array, yVal: Array) -> tuple[float, ...]:
        train_cost, train_loss = self.computeCost(X, Y)
        val_cost, val_loss = self.computeCost(xVal, yVal)
        train_accuracy = self.computeAccuracy(X, np.argmax(Y, axis=0))
        val_accuracy = self.computeAccuracy(xVal, np.argmax(yVal, axis=0))
        return train_cost, val_cost, train_loss, val_loss, train_accuracy, val_accuracy


def load_cifar(folder: Path, *, train: int, validation: int, coarsen: int) -> dict[str, Array]:
    """CIFAR-10 as columns: the first `train` and the last `validation` training images.

    Args: folder: of the official files. coarsen: side of the squares of pixels that become one by averaging.
    Returns: X_train, X_val (3 * (32 / coarsen)**2, N), every row with mean 0 and standard deviation 1 over the training columns;
        y_train, y_val (N,).
    Raises: data.DataError if the files cannot be read, or hold fewer rows.
    """
    full = data.find_cifar10(folder)
    if len(full.y_train) < train + validation:
        raise data.DataError(
            f"{folder}: {len(full.y_train)} training images; expected {train + validation} or more"
        )
    side = 32 // coarsen
    columns = {}
    for name, images in (("train", full.x_train[:train]), ("val", full.x_train[-validation:])):
        squares = images.reshape(len(images), 3, side, coarsen, side, coarsen) / 255.0
        columns[name] = squares.mean(axis=(3, 5)).reshape(len(images), -1).T
    mean = columns["train"].mean(axis=1, keepdims=True)
    std = columns["train"].std(axis=1, keepdims=True) + 1e-9
    found = {f"X_{name}": (part - mean) / std for name, part in columns.items()}
    return {**found, "y_train": full.y_train[:train], "y_val": full.y_train[-validation:]}
