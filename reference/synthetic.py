"""Stand-ins of the shapes of CIFAR-10 and MNIST, drawn from a seed, for where the real files are not. They say what they are.

Each class has a smooth pattern of its own; an image is its class's pattern, moved by a few pixels, under a smooth disturbance and
pixel noise. So networks can learn it, deeper ones better, and none at once.
"""

from __future__ import annotations

import numpy as np

from .arrays import Array
from .cifar10 import CLASSES
from .dataset import Dataset

__all__ = ["synthetic_cifar10", "synthetic_mnist"]

SEED = 231
BLOCK = 4  # pixels; divides 28 and 32
CHUNK = 500  # images drawn at once: a whole set as floating-point numbers would take hundreds of MB
KINDS = 3  # patterns in each class
#: Strength of the pattern against a disturbance of 1, set so that the sets are about as hard as the real ones.
SIGNAL = {"CIFAR-10": 0.35, "MNIST": 1.3}


def synthetic_cifar10(*, train: int = 5000, test: int = 1000, seed: int = SEED) -> Dataset:
    """Images uint8 (N, 3, 32, 32) of ten classes. train, test: rows. Equal arguments give equal data."""
    return _draw((3, 32, 32), CLASSES, "CIFAR-10", rows=(train, test), seed=seed)


def synthetic_mnist(*, train: int = 8000, test: int = 2000, seed: int = SEED) -> Dataset:
    """Images uint8 (N, 28, 28) of ten classes, dark around light strokes. train, test: rows. Equal arguments give equal data."""
    return _draw((28, 28), tuple("0123456789"), "MNIST", rows=(train, test), seed=seed)


def _draw(
    shape: tuple[int, ...], classes: tuple[str, ...], like: str, *, rows: tuple[int, int], seed: int
) -> Dataset:
    train, test = rows
    rng = np.random.default_rng(seed)
    patterns = _enlarged(_coarse(rng, len(classes) * KINDS, shape))
    y = rng.integers(len(classes), size=train + test)
    kind = rng.integers(KINDS, size=train + test)
    disturbance = _coarse(rng, train + test, shape)
    moves = rng.integers(-1, 2, size=(train + test, 2))
    images = np.empty((train + test, *shape), dtype=np.uint8)
    for start in range(0, train + test, CHUNK):
        rows_here = slice(start, start + CHUNK)
        x = SIGNAL[like] * _moved(patterns[y[rows_here] * KINDS + kind[rows_here]], moves[rows_here])
        x += _enlarged(disturbance[rows_here])
        x += 0.5 * rng.standard_normal(x.shape, dtype=np.float32)
        # MNIST is mostly black: there, only what stands out of the pattern is drawn.
        grey = 150 * (x - 0.5) if len(shape) == 2 else 128 + 50 * x
        images[rows_here] = np.clip(grey, 0, 255).astype(np.uint8)
    return Dataset(
        x_train=images[:train],
        y_train=y[:train],
        x_test=images[train:],
        y_test=y[train:],
        classes=classes,
        source=f"synthetic stand-in for {like} (not the real images), {train} training and {test} test images",
        synthetic=True,
    )


def _coarse(rng: np.random.Generator, count: int, shape: tuple[int, ...]) -> Array:
    """Random fields of variance 1, one number for each block of pixels."""
    return rng.standard_normal((count, *shape[:-2], shape[-2] // BLOCK, shape[-1] // BLOCK), dtype=np.float32)


def _enlarged(coarse: Array) -> Array:
    """Every number as a block of pixels."""
    return coarse.repeat(BLOCK, axis=-2).repeat(BLOCK, axis=-1)


def _moved(images: Array, moves: Array) -> Array:
    """Each image moved by its move, up to one pixel in both directions, around the edge."""
    out = np.empty_like(images)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            rows = (moves == (down, right)).all(axis=1)
            out[rows] = np.roll(images[rows], (down, right), axis=(-2, -1))
    return out
