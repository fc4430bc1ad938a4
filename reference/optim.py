"""First-order update rules for one parameter array. Pure: weights and state come in, new weights and new state go out.

Shapes: w, dw and all state arrays have the same shape, and every result has it, too. The learning rate is in units of w per unit
of dw. State starts at zero (`np.zeros_like(w)`); Adam counts its steps from 0.
"""

from __future__ import annotations

import numpy as np

from .arrays import Array

__all__ = ["adam", "momentum", "nesterov", "rmsprop", "sgd"]


def sgd(w: Array, dw: Array, *, learning_rate: float = 1e-2) -> Array:
    """Step against the gradient. Returns: the new weights."""
    new: Array = w - learning_rate * dw
    return new


def momentum(
    w: Array, dw: Array, velocity: Array, *, learning_rate: float = 1e-2, decay: float = 0.9
) -> tuple[Array, Array]:
    """Step along a decaying sum of past steps.

    The learning rate stands inside the velocity, which thus holds steps. PyTorch's holds gradients: the weights agree as long as
    the learning rate stays the same.

    Returns: the new weights; the new velocity.
    Source: Sutskever et al. 2013, equations 1 and 2.
    """
    velocity = decay * velocity - learning_rate * dw
    return w + velocity, velocity


def nesterov(
    w: Array, dw: Array, velocity: Array, *, learning_rate: float = 1e-2, decay: float = 0.9
) -> tuple[Array, Array]:
    """Momentum whose gradient is taken where the velocity is about to lead.

    w is that look-ahead point throughout, so that dw is simply the gradient at w.

    Returns: the new weights (the next look-ahead point); the new velocity.
    Source: Sutskever et al. 2013, equations 3 and 4, in the substitution of Bengio et al. 2013 (arXiv:1212.0901), equation 7.
    """
    new_velocity = decay * velocity - learning_rate * dw
    return w + new_velocity + decay * (new_velocity - velocity), new_velocity


def rmsprop(
    w: Array,
    dw: Array,
    mean_square: Array,
    *,
    learning_rate: float = 1e-2,
    decay: float = 0.99,
    epsilon: float = 1e-8,
) -> tuple[Array, Array]:
    """Divide each step by a moving root mean square of its gradient. epsilon, in units of dw, stands outside the root.

    Returns: the new weights; the new mean square.
    Source: Tieleman & Hinton 2012, lecture 6.5.
    """
    mean_square = decay * mean_square + (1 - decay) * dw * dw
    return w - learning_rate * dw / (np.sqrt(mean_square) + epsilon), mean_square


def adam(
    w: Array,
    dw: Array,
    first: Array,
    second: Array,
    steps: int,
    *,
    learning_rate: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Array, Array, Array, int]:
    """Momentum over RMSProp, both corrected for having started at zero.

    Args: first, second: moving averages of dw and dw squared. steps: taken so far; 0 at the start.
        epsilon: in units of dw, outside the root of the corrected second moment.
    Returns: the new weights; the new first and second moment; the number of steps with this one.
    Source: Kingma & Ba 2015 (arXiv:1412.6980), Algorithm 1.
    """
    steps += 1
    first = beta1 * first + (1 - beta1) * dw
    second = beta2 * second + (1 - beta2) * dw * dw
    first_corrected = first / (1 - beta1**steps)
    second_corrected = second / (1 - beta2**steps)
    new = w - learning_rate * first_corrected / (np.sqrt(second_corrected) + epsilon)
    return new, first, second, steps
