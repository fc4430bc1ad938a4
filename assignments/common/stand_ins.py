"""Other layers in the place of a network's own: is it right, whatever its layers are? Runs beside student code; NumPy only.

A mistake in a layer shows in every network that is built on it, and what it does there nobody can foresee: it may raise, or give
nothing. On layers that are known to work, which are none of the course's, a right network gives what the reference gives on them.
They show nothing of how the course's layers are written, and answer to all that a network hands on: a network that gives the right
numbers on them is right.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from assignments.common.networks import spaces_of
from grader.probe import Check

__all__ = ["LONE", "on_others", "other_layers"]


def batchnorm_forward(x: Any, gamma: Any, beta: Any, bn_param: Any) -> Any:
    """A wave of each entry; in test mode away from what is kept of the batches, layer by layer. All settings show in it."""
    kept = bn_param.get("running_mean", np.zeros(x.shape[1]))
    if bn_param["mode"] == "train":
        share = bn_param.get("momentum", 0.9) / 2
        bn_param["running_mean"], level = share * kept + (1 - share) * x[0], x
        bn_param.setdefault("running_var", np.ones(x.shape[1]))
    else:
        level = x - kept
    return _wave(level, gamma, beta, _phase(bn_param))


def layernorm_forward(x: Any, gamma: Any, beta: Any, ln_param: Any) -> Any:
    """Another wave of each entry."""
    return _wave(x, gamma, beta, 1.0 + _phase(ln_param))


def _phase(settings: Any) -> Any:
    return 1e4 * settings.get("eps", 1e-5)


def _wave(x: Any, gamma: Any, beta: Any, phase: float) -> Any:
    return gamma * np.sin(x + phase) + beta, (x + phase, gamma)


def wave_backward(dout: Any, cache: Any) -> Any:
    """Gradients of either."""
    angle, gamma = cache
    return dout * gamma * np.cos(angle), (dout * np.sin(angle)).sum(axis=0), dout.sum(axis=0)


def dropout_forward(x: Any, dropout_param: Any) -> Any:
    """A wave in training mode, as fast as p says; the input itself in test mode."""
    pace = dropout_param["p"]
    return (np.sin(pace * x), (pace, x)) if dropout_param["mode"] == "train" else (x, None)


def dropout_backward(dout: Any, cache: Any) -> Any:
    """Its gradient."""
    return dout if cache is None else dout * cache[0] * np.cos(cache[0] * cache[1])


def affine_forward(x: Any, w: Any, b: Any) -> Any:
    """Waves of all three, joined."""
    angle = x.reshape(x.shape[0], -1)
    return np.sin(angle) @ np.sin(w) + np.sin(b), (x.shape, angle, w, b)


def affine_backward(dout: Any, cache: Any) -> Any:
    """Its gradients."""
    shape, angle, w, b = cache
    dx = (dout @ np.sin(w).T * np.cos(angle)).reshape(shape)
    return dx, np.sin(angle).T @ dout * np.cos(w), dout.sum(axis=0) * np.cos(b)


def relu_forward(x: Any) -> Any:
    """A wave of each entry."""
    return np.sin(x + 2.0), x + 2.0


def relu_backward(dout: Any, cache: Any) -> Any:
    """Its gradient."""
    return dout * np.cos(cache)


def affine_relu_forward(x: Any, w: Any, b: Any) -> Any:
    """One of these after the other."""
    between, affine = affine_forward(x, w, b)
    out, relu = relu_forward(between)
    return out, (affine, relu)


def affine_relu_backward(dout: Any, cache: Any) -> Any:
    """Its gradients."""
    return affine_backward(relu_backward(dout, cache[1]), cache[0])


OTHERS = {
    "batchnorm_forward": batchnorm_forward,
    "batchnorm_backward": wave_backward,
    "batchnorm_backward_alt": wave_backward,
    "layernorm_forward": layernorm_forward,
    "layernorm_backward": wave_backward,
    "dropout_forward": dropout_forward,
    "dropout_backward": dropout_backward,
    "affine_forward": affine_forward,
    "affine_backward": affine_backward,
    "relu_forward": relu_forward,
    "relu_backward": relu_backward,
    "affine_relu_forward": affine_relu_forward,
    "affine_relu_backward": affine_relu_backward,
}


HEIGHT = 2.0  # of the lone layer's waves: lower ones leave a network one class for nearly every example, higher ones only noise


def lone_forward(x: Any, gamma: Any, beta: Any, bn_param: Any) -> Any:
    """`batchnorm_forward`, higher, where a layer returns its output alone; statistics keep the form in which they came."""
    settings = {**bn_param, "running_mean": np.ravel(bn_param["running_mean"])}
    out, _ = batchnorm_forward(x, np.ravel(gamma), np.ravel(beta), settings)
    bn_param["running_mean"] = settings["running_mean"].reshape(np.shape(bn_param["running_mean"]))
    return HEIGHT * out


def lone_backward(dout: Any, x: Any, gamma: Any, eps: Any) -> Any:
    """Its gradients, as these courses ask for them: no cache, but what was passed in."""
    return wave_backward(HEIGHT * dout, (x + _phase({"eps": eps}), np.ravel(gamma)))


#: Of courses whose layer returns its output alone.
LONE = {"batchnorm_forward": lone_forward, "batchnorm_backward": lone_backward}


@contextmanager
def other_layers(impl: Any, parts: Sequence[str], others: Mapping[str, Any] = OTHERS) -> Iterator[None]:
    """Meanwhile, the network of `impl` finds those of `others` under these names of functions."""
    changed = []
    for space in spaces_of(impl.FullyConnectedNet):
        for name in parts:
            if inspect.isroutine(space.get(name)) or inspect.isfunction(space.get(name)):
                changed.append((space, name, space[name]))
                space[name] = others[name]
    try:
        yield
    finally:
        for space, name, function in changed:
            space[name] = function


def on_others(
    check: Check, parts: tuple[str, ...], others: Mapping[str, Any] = OTHERS, *, called: str = "on_others"
) -> Check:
    """The companion of a network's check that asks for the same with those of `others` in the place of `parts`.

    called: what its id has behind the check's. In `checks.py` it has to stand under that id.
    """

    def probe(impl: Any, rng: Any) -> Any:
        with other_layers(impl, parts, others):
            return check.probe(impl, rng)

    made = {"id": f"{check.id}_{called}", "title": "The same with other layers.", "carries": check.id}
    return replace(check, probe=probe, parts=parts, **made)
