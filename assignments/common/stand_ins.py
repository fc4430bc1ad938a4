"""Other layers in the place of a network's own: is it right, whatever its layers are? Runs beside student code; NumPy only.

A mistake in a layer shows in every network that is built on it, and what it does there nobody can foresee: it may raise, or give
nothing. On layers that are known to work, which are none of the course's, a right network gives what the reference gives on them.
They show nothing of how the course's layers are written.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from assignments.common.networks import spaces_of

__all__ = ["other_layers"]


def batchnorm_forward(x: Any, gamma: Any, beta: Any, bn_param: Any) -> Any:
    """A wave of each entry; in test mode away from what is kept of the batches, layer by layer."""
    kept = bn_param.get("running_mean", np.zeros(x.shape[1]))
    if bn_param["mode"] == "train":
        bn_param["running_mean"], level = (kept + x[0]) / 2, x
        bn_param.setdefault("running_var", np.ones(x.shape[1]))
    else:
        level = x - kept
    return _wave(level, gamma, beta, 0.0)


def layernorm_forward(x: Any, gamma: Any, beta: Any, ln_param: Any) -> Any:  # noqa: ARG001 - the course's signature
    """Another wave of each entry."""
    return _wave(x, gamma, beta, 1.0)


def _wave(x: Any, gamma: Any, beta: Any, phase: float) -> Any:
    return gamma * np.sin(x + phase) + beta, (x + phase, gamma)


def wave_backward(dout: Any, cache: Any) -> Any:
    """Gradients of either."""
    angle, gamma = cache
    return dout * gamma * np.cos(angle), (dout * np.sin(angle)).sum(axis=0), dout.sum(axis=0)


def dropout_forward(x: Any, dropout_param: Any) -> Any:
    """A wave in training mode, the input itself in test mode."""
    return (np.sin(x), x) if dropout_param["mode"] == "train" else (x, None)


def dropout_backward(dout: Any, cache: Any) -> Any:
    """Its gradient."""
    return dout if cache is None else dout * np.cos(cache)


OTHERS = {
    "batchnorm_forward": batchnorm_forward,
    "batchnorm_backward": wave_backward,
    "batchnorm_backward_alt": wave_backward,
    "layernorm_forward": layernorm_forward,
    "layernorm_backward": wave_backward,
    "dropout_forward": dropout_forward,
    "dropout_backward": dropout_backward,
}


@contextmanager
def other_layers(impl: Any) -> Iterator[None]:
    """Meanwhile, the network of `impl` finds other layers under the names of normalization and dropout."""
    changed = []
    for space in spaces_of(impl.FullyConnectedNet):
        for name, other in OTHERS.items():
            if inspect.isroutine(space.get(name)) or inspect.isfunction(space.get(name)):
                changed.append((space, name, space[name]))
                space[name] = other
    try:
        yield
    finally:
        for space, name, function in changed:
            space[name] = function
