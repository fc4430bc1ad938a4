"""The lesson's remark on convolutions, tried: a network whose layers have one mean and one variance for each feature map."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.conventions import udacity
from reference.convolution import conv2d_backward, conv2d_forward

from .record import Lab, percent

__all__ = ["run_feature_maps"]

COURSE = "Udacity lesson"
MAPS = (1, 8, 16)  # channels of the image, of the first and of the second convolution
WINDOW, STRIDE, PAD = 3, 2, 1  # 28 x 28 -> 14 x 14 -> 7 x 7
SIDE = 7
RATE = 0.1
BATCHES = 600


class _Network:
    """Two convolutions with ReLU, then one dense layer. normalized: batch norm per feature map before each ReLU."""

    def __init__(self, *, normalized: bool, scale: float) -> None:
        self.normalized = normalized
        self.filters = [
            scale * np.random.standard_normal((MAPS[i + 1], MAPS[i], WINDOW, WINDOW)) for i in (0, 1)
        ]
        self.shifts = [np.zeros(maps) for maps in MAPS[1:]]  # beta, or the bias
        self.gammas = [np.ones(maps) for maps in MAPS[1:]]
        self.population = [(np.zeros(maps), np.ones(maps)) for maps in MAPS[1:]]
        self.dense = scale * np.random.standard_normal((SIDE * SIDE * MAPS[-1], 10))
        self.bias = np.zeros(10)

    def logits(self, images: Any, *, training: bool = False) -> tuple[Any, list[Any]]:
        """Scores of images (N, 784), and what the way back needs."""
        out, kept = images.reshape(-1, 28, 28, 1), []
        for layer in (0, 1):
            zeros = np.zeros(MAPS[layer + 1])
            maps, cache = conv2d_forward(
                out.transpose(0, 3, 1, 2), self.filters[layer], zeros, stride=STRIDE, pad=PAD
            )
            linear = maps.transpose(0, 2, 3, 1)
            out = np.maximum(self._ready(linear, layer, training=training), 0)
            kept.append((cache, linear, out))
        flat = out.reshape(len(images), -1)
        return flat @ self.dense + self.bias, kept

    def _ready(self, linear: Any, layer: int, *, training: bool) -> Any:
        if not self.normalized:
            return linear + self.shifts[layer]
        mean, variance = self.population[layer]
        terms = {"pop_mean": mean, "pop_variance": variance}
        if not training:
            return udacity.batch_norm_inference(linear, self.gammas[layer], self.shifts[layer], **terms)
        out, *moved = udacity.batch_norm_training(linear, self.gammas[layer], self.shifts[layer], **terms)
        self.population[layer] = (moved[0], moved[1])
        return out

    def step(self, images: Any, labels: Any) -> None:
        """One step of gradient descent."""
        scores, kept = self.logits(images, training=True)
        _, d_scores = udacity.softmax_cross_entropy(scores, labels)
        flat = kept[-1][2].reshape(len(images), -1)
        d_out = (d_scores @ self.dense.T).reshape(kept[-1][2].shape)
        self.dense = self.dense - RATE * flat.T @ d_scores
        self.bias = self.bias - RATE * d_scores.sum(axis=0)
        for layer in (1, 0):
            cache, linear, out = kept[layer]
            d_out = d_out * (out > 0)
            if self.normalized:
                d_out, d_gamma, d_shift = udacity.batch_norm_gradients(d_out, linear, self.gammas[layer])
                self.gammas[layer] = self.gammas[layer] - RATE * d_gamma
            else:
                d_shift = d_out.sum(axis=(0, 1, 2))
            self.shifts[layer] = self.shifts[layer] - RATE * d_shift
            d_in, d_filter, _ = conv2d_backward(np.ascontiguousarray(d_out.transpose(0, 3, 1, 2)), cache)
            self.filters[layer] = self.filters[layer] - RATE * d_filter
            d_out = d_in.transpose(0, 2, 3, 1)

    def accuracy(self, part: Any) -> float:
        """The share of images that are recognised, by the population statistics."""
        guesses = np.concatenate(
            [self.logits(part.images[i : i + 500])[0].argmax(axis=1) for i in range(0, len(part.images), 500)]
        )
        return float(np.mean(guesses == part.labels.argmax(axis=1)))


def run_feature_maps(lab: Lab, mnist: Any) -> None:
    """Train it with and without batch norm, from good and from small starting weights."""
    batches = 5 if lab.quick else BATCHES
    for scale, name in ((0.1, "starting weights of 0.1"), (0.01, "starting weights of 0.01")):
        lab.tell(f"  convolutions, {name}: {batches} batches")
        found = []
        for normalized in (False, True):
            np.random.seed(231)
            network = _Network(normalized=normalized, scale=scale)
            for _ in range(batches):
                network.step(*mnist.train.next_batch(60))
            found.append(network.accuracy(mnist.test))
        pairs = [len(mean) for mean, _ in network.population]
        lab.claim(
            COURSE,
            f"two convolutions, {name}, {batches} batches",
            "batch norm works in convolutional layers, with a mean and a variance per feature map, not per node",
            f"{pairs[0]} and {pairs[1]} means for 1568 and 784 nodes; {percent(found[0])} without, {percent(found[1])} with",
            [pairs == list(MAPS[1:]), found[1] > 0.9, found[1] > found[0] - 0.01],
        )
