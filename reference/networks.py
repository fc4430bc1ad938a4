"""Fully connected networks: affine - [normalisation] - activation - [dropout], repeated, then affine and softmax loss.

A network is its settings alone. Parameters and running averages come in and go out of every call, so that the same parameters
give the same numbers. Keeps away from training (`reference.solver`) and from any course's way of storing parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from . import normalization as norms
from .arrays import Array, UniformSource
from .dropout import dropout_backward, dropout_forward
from .layers import ACTIVATIONS, affine_backward, affine_forward
from .losses import softmax_loss

__all__ = [
    "FullyConnectedNet",
    "LossStep",
    "Normalization",
    "OtherLayer",
    "Running",
    "initial_params",
    "initial_running",
]

Normalization = Literal["batchnorm", "layernorm"] | None


class Running(NamedTuple):
    """Running averages of one batch-normalised layer: mean and variance, each (D,)."""

    mean: Array
    var: Array


class OtherLayer(NamedTuple):
    """A layer to stand in the place of one of ours, to try a network on other layers than those that it is made for.

    forward: (x, *parameters) -> out, cache; in normalisation and dropout with a dictionary of settings behind them, which it may
    write into. backward: (dout, cache) -> the gradient of x, or a tuple of it and those of the parameters.
    """

    forward: Callable[..., tuple[Array, Any]]
    backward: Callable[..., Any]


AFFINE = OtherLayer(affine_forward, affine_backward)


class LossStep(NamedTuple):
    """What one training pass gives: the loss with regularization, gradients by parameter name, the new running averages."""

    loss: float
    gradients: dict[str, Array]
    running: tuple[Running, ...]


class _Forward(NamedTuple):
    scores: Array
    caches: list[dict[str, Any]]
    running: tuple[Running, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedNet:
    """A fully connected network's settings.

    layers: affine layers, with the last one; >= 1. normalization: before each activation; never after the last layer.
    activation: "relu" or "sigmoid". keep: probability with which dropout keeps an activation; 1 for no dropout.
    reg: strength of L2; 0.5 * reg * sum(W * W) is added for every W. reduction: data loss as "mean" or "sum" over the rows.
    eps: in the normalisation, in units of its input squared. momentum: of batch norm's running averages.
    other_norm, other_dropout, other_affine, other_activation: layers in the place of ours, or None.

    Parameters are a mapping: W1 (D, M), b1 (M,), gamma1, beta1 (M,), W2, ... A layer whose b is absent has no bias.
    """

    layers: int
    normalization: Normalization = None
    activation: str = "relu"
    keep: float = 1.0
    reg: float = 0.0
    reduction: Literal["mean", "sum"] = "mean"
    eps: float = 1e-5
    momentum: float = 0.9
    other_norm: OtherLayer | None = None
    other_dropout: OtherLayer | None = None
    other_affine: OtherLayer | None = None
    other_activation: OtherLayer | None = None

    def __post_init__(self) -> None:
        """Raises: ValueError for a setting that no network can have."""
        if self.layers < 1:
            raise ValueError(
                f"FullyConnectedNet: layers is {self.layers}, expected at least the output layer"
            )
        if self.normalization is not None and self.normalization not in get_args(get_args(Normalization)[0]):
            raise ValueError(
                f"FullyConnectedNet: normalization is {self.normalization!r}, expected batchnorm, layernorm or None"
            )
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"FullyConnectedNet: activation is {self.activation!r}, expected one of {', '.join(ACTIVATIONS)}"
            )
        if not 0 < self.keep <= 1:
            raise ValueError(
                f"FullyConnectedNet: keep is {self.keep}, expected a probability above 0 and at most 1"
            )
        if self.reduction not in ("mean", "sum"):
            raise ValueError(f"FullyConnectedNet: reduction is {self.reduction!r}, expected mean or sum")

    def scores(
        self,
        params: Mapping[str, Array],
        x: Array,
        running: Sequence[Running] = (),
        *,
        batch_statistics: bool = False,
    ) -> Array:
        """Class scores in test mode: no dropout, batch norm by its running averages.

        Args: x: (N, ...). running: one entry per hidden layer, for batch norm only.
            batch_statistics: normalise by the batch itself, as no one should, to show what happens then.
        Returns: (N, classes).
        Raises: ValueError if shapes do not fit or running averages are missing.
        """
        return self._forward(params, x, running, training=batch_statistics, rng=None).scores

    def loss(
        self,
        params: Mapping[str, Array],
        x: Array,
        y: Array,
        running: Sequence[Running] = (),
        *,
        rng: UniformSource | None = None,
    ) -> LossStep:
        """One training pass: loss, all gradients, and the running averages after this batch.

        Args: x: (N, ...). y: (N,), integer classes. running: as in scores. rng: for dropout; needed only if keep < 1.
        Raises: ValueError if shapes do not fit, running averages are missing, or dropout has no generator.
        """
        if self.keep < 1 and rng is None and self.other_dropout is None:
            raise ValueError(
                f"FullyConnectedNet.loss: keep is {self.keep}, so pass rng=, a source of random numbers"
            )
        forward = self._forward(params, x, running, training=True, rng=rng)
        loss, dout = softmax_loss(forward.scores, y)
        if self.reduction == "sum":
            loss, dout = loss * len(y), dout * len(y)
        gradients: dict[str, Array] = {}
        for layer in range(self.layers, 0, -1):
            dout = self._layer_backward(layer, dout, forward.caches[layer - 1], gradients)
            weights = params[f"W{layer}"]
            loss += 0.5 * self.reg * float(np.sum(weights * weights))
            gradients[f"W{layer}"] = gradients[f"W{layer}"] + self.reg * weights
        kept = {name: gradient for name, gradient in gradients.items() if name in params}
        return LossStep(loss, kept, forward.running)

    def _forward(
        self,
        params: Mapping[str, Array],
        x: Array,
        running: Sequence[Running],
        *,
        training: bool,
        rng: UniformSource | None,
    ) -> _Forward:
        if self.normalization == "batchnorm" and len(running) != self.layers - 1:
            raise ValueError(
                f"FullyConnectedNet: {len(running)} running averages for {self.layers - 1} normalised layers; "
                "start from initial_running"
            )
        affine = self.other_affine or AFFINE
        activation = self.other_activation or ACTIVATIONS[self.activation]
        caches: list[dict[str, Any]] = []
        averages: list[Running] = []
        out = x
        for layer in range(1, self.layers + 1):
            cache: dict[str, Any] = {}
            w = params[f"W{layer}"]
            bias = params.get(f"b{layer}")
            out, cache["affine"] = affine.forward(
                out, w, np.zeros(w.shape[1], w.dtype) if bias is None else bias
            )
            if layer < self.layers:
                old = running[layer - 1] if self.normalization == "batchnorm" else None
                out, new = self._normalise(layer, params, out, cache, old, training=training)
                averages += [new] if new else []
                out, cache["activation"] = activation.forward(out)
                if self.keep < 1 and self.other_dropout is not None:
                    out, cache["other"] = self.other_dropout.forward(
                        out, {**_mode(training=training), "p": self.keep}
                    )
                if self.keep < 1 and rng is not None:
                    out, cache["dropout"] = dropout_forward(out, keep=self.keep, rng=rng)
            caches.append(cache)
        return _Forward(out, caches, tuple(averages))

    def _normalise(
        self,
        layer: int,
        params: Mapping[str, Array],
        x: Array,
        cache: dict[str, Any],
        running: Running | None,
        *,
        training: bool,
    ) -> tuple[Array, Running | None]:
        if self.normalization is None:
            return x, None
        gamma, beta = params[f"gamma{layer}"], params[f"beta{layer}"]
        if self.other_norm is not None:
            settings = {**_mode(training=training), "eps": self.eps, "momentum": self.momentum}
            if running is not None:
                settings |= {"running_mean": running.mean, "running_var": running.var}
            out, cache["norm"] = self.other_norm.forward(x, gamma, beta, settings)
            new = None if running is None else Running(settings["running_mean"], settings["running_var"])
            return out, new
        if running is None:
            out, cache["norm"] = norms.layernorm_forward(x, gamma, beta, eps=self.eps)
            return out, None
        if not training:
            return norms.batchnorm_inference(x, gamma, beta, *running, eps=self.eps), running
        step = norms.batchnorm_forward(x, gamma, beta, *running, eps=self.eps, momentum=self.momentum)
        cache["norm"] = step.cache
        return step.out, Running(step.running_mean, step.running_var)

    def _layer_backward(
        self, layer: int, dout: Array, cache: dict[str, Any], gradients: dict[str, Array]
    ) -> Array:
        affine = self.other_affine or AFFINE
        activation = self.other_activation or ACTIVATIONS[self.activation]
        if "other" in cache and self.other_dropout is not None:
            dout = self.other_dropout.backward(dout, cache["other"])
        if "dropout" in cache:
            dout = dropout_backward(dout, cache["dropout"])
        if "activation" in cache:
            dout = activation.backward(dout, cache["activation"])
        if "norm" in cache:
            backward: Callable[..., tuple[Array, Array, Array]] = (
                norms.layernorm_backward if self.normalization == "layernorm" else norms.batchnorm_backward
            )
            backward = backward if self.other_norm is None else self.other_norm.backward
            dout, gradients[f"gamma{layer}"], gradients[f"beta{layer}"] = backward(dout, cache["norm"])
        dout, gradients[f"W{layer}"], gradients[f"b{layer}"] = affine.backward(dout, cache["affine"])
        return dout


def _mode(*, training: bool) -> dict[str, Any]:
    return {"mode": "train" if training else "test"}


def initial_params(
    widths: Sequence[int],
    weights: Callable[[int, int], Array],
    *,
    normalized: bool = False,
    bias_before_norm: bool = True,
    dtype: Any = np.float64,
) -> dict[str, Array]:
    """Parameters to start from: drawn weights, zero biases and shifts, unit scales.

    Args: widths: input, hidden layers, output. weights: (fan_in, fan_out) -> that layer's W; called in the layers' order.
        normalized: with gamma and beta for hidden layers. bias_before_norm: a bias there, too, though the mean takes it off.
    Returns: by name: W1, b1, gamma1, beta1, W2, ...
    Raises: ValueError if there are fewer than two widths.
    """
    if len(widths) < 2:
        raise ValueError(f"initial_params: widths are {list(widths)}, expected at least input and output")
    params: dict[str, Array] = {}
    last = len(widths) - 1
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths), start=1):
        params[f"W{layer}"] = weights(fan_in, fan_out).astype(dtype)
        if layer == last or bias_before_norm or not normalized:
            params[f"b{layer}"] = np.zeros(fan_out, dtype)
        if normalized and layer < last:
            params[f"gamma{layer}"] = np.ones(fan_out, dtype)
            params[f"beta{layer}"] = np.zeros(fan_out, dtype)
    return params


def initial_running(widths: Sequence[int], *, var: float, dtype: Any = np.float64) -> tuple[Running, ...]:
    """Running averages to start from, for the hidden layers of `widths`: mean 0 and variance `var` (the courses differ: 0 or 1)."""
    return tuple(Running(np.zeros(width, dtype), np.full(width, var, dtype)) for width in widths[1:-1])
