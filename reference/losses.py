"""Softmax cross-entropy and multiclass hinge loss with their gradients. Pure."""

from __future__ import annotations

import numpy as np

from .arrays import Array, expect_labels, expect_rank

__all__ = ["softmax", "softmax_loss", "svm_loss"]


def softmax(scores: Array) -> Array:
    """Probabilities of classes, by rows.

    Args: scores: (N, C). Returns: (N, C), rows add up to 1.
    Accuracy: the row's maximum is taken off first, so that exp never overflows.
    """
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def softmax_loss(scores: Array, y: Array) -> tuple[float, Array]:
    """Mean cross-entropy of softmax probabilities.

    Args: scores: (N, C). y: (N,), integer classes in range(C).
    Returns: loss, in nats per row; its gradient for the scores (N, C).
    Raises: ValueError if the shapes do not fit or a label is out of range.
    Accuracy: the logarithm is taken of the sum, never of a probability, so that a confident mistake is finite.
    """
    _expect("softmax_loss", scores, y)
    rows = np.arange(scores.shape[0])
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_probabilities = shifted - log_sum
    gradient: Array = np.exp(log_probabilities)
    gradient[rows, y] -= 1
    return -float(np.mean(log_probabilities[rows, y])), gradient / scores.shape[0]


def svm_loss(scores: Array, y: Array, *, margin: float = 1.0) -> tuple[float, Array]:
    """Mean multiclass hinge loss (Weston and Watkins): every wrong class should score a margin below the right one.

    Args: scores: (N, C). y: (N,), integer classes in range(C). margin: in units of the scores.
    Returns: loss per row; its gradient for the scores (N, C). At a margin met exactly, where there is none, it is taken as 0.
    Raises: ValueError if the shapes do not fit or a label is out of range.
    """
    _expect("svm_loss", scores, y)
    count = scores.shape[0]
    rows = np.arange(count)
    excess = np.maximum(0, scores - scores[rows, y][:, None] + margin)
    excess[rows, y] = 0
    gradient: Array = (excess > 0).astype(scores.dtype)
    gradient[rows, y] = -gradient.sum(axis=1)
    return float(excess.sum() / count), gradient / count


def _expect(where: str, scores: Array, y: Array) -> None:
    expect_rank(where, "scores", scores, 2, "(N, C)")
    expect_labels(where, y, *scores.shape)
