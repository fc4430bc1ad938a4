"""Affine, ReLU and sigmoid layers, forward and backward. Pure: inputs stay as they were, nothing is kept between calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from .arrays import Array, expect_shape

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "AffineCache",
    "affine_backward",
    "affine_forward",
    "relu_backward",
    "relu_forward",
    "sigmoid_backward",
    "sigmoid_forward",
]


class AffineCache(NamedTuple):
    """What affine_backward needs: the input as it came, and the weights."""

    x: Array
    w: Array


class Activation(NamedTuple):
    """An elementwise layer: forward(x) -> (out, cache), backward(dout, cache) -> dx."""

    forward: Callable[[Array], tuple[Array, Array]]
    backward: Callable[[Array, Array], Array]


def affine_forward(x: Array, w: Array, b: Array) -> tuple[Array, AffineCache]:
    """Map each row linearly and shift it: `x @ w + b`, with all axes of x behind the first taken as features.

    Args: x: (N, d_1, ..., d_k), D = d_1 * ... * d_k. w: (D, M). b: (M,).
    Returns: out (N, M); cache, to hand to affine_backward unread.
    Raises: ValueError if w is not (D, M) or b is not (M,).
    """
    rows = x.reshape(x.shape[0], -1)
    expect_shape(
        "affine_forward", "w", w, (rows.shape[1], w.shape[-1]), "features of x by features of the output"
    )
    expect_shape("affine_forward", "b", b, w.shape[1:], "one entry per column of w")
    return rows @ w + b, AffineCache(x, w)


def affine_backward(dout: Array, cache: AffineCache) -> tuple[Array, Array, Array]:
    """Gradients of an affine layer.

    Args: dout: (N, M), gradient of the loss for the output. cache: from affine_forward.
    Returns: dx (N, d_1, ..., d_k), in the shape of x; dw (D, M); db (M,).
    Raises: ValueError if dout is not (N, M).
    """
    x, w = cache
    expect_shape("affine_backward", "dout", dout, (x.shape[0], w.shape[1]), "the shape of the layer's output")
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    return dx, dw, dout.sum(axis=0)


def relu_forward(x: Array) -> tuple[Array, Array]:
    """Cut off below zero: max(x, 0). Any shape. Returns: out, in the shape of x; cache."""
    return np.maximum(x, 0), x


def relu_backward(dout: Array, cache: Array) -> Array:
    """Gradient of ReLU, in the shape of x. At x = 0, where there is none, it is taken as 0 (as PyTorch does)."""
    dx: Array = np.where(cache > 0, dout, 0)
    return dx


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """Squash into (0, 1): 1 / (1 + exp(-x)). Any shape. Returns: out, in the shape of x; cache (the output itself).

    Accuracy: neither overflows nor loses digits for large |x|, since only exp(-|x|) is taken.
    """
    small = np.exp(-np.abs(x))
    out: Array = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
    return out, out


def sigmoid_backward(dout: Array, cache: Array) -> Array:
    """Gradient of the sigmoid, in the shape of x: dout * s * (1 - s), where s is the output."""
    dx: Array = dout * cache * (1 - cache)
    return dx


#: Activations by name. A dict that we wrote, so that a name from outside can select nothing else.
ACTIVATIONS: Mapping[str, Activation] = {
    "relu": Activation(relu_forward, relu_backward),
    "sigmoid": Activation(sigmoid_forward, sigmoid_backward),
}
