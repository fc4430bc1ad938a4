"""Tufts, batch normalization notebook (2019): the core under that course's names, signatures and return values.

What is its own: `batchnorm_forward` returns the output alone and keeps running statistics of shape (1, D); the objective is the
cross-entropy summed over the batch plus reg * sum(W * W), without a half; batches are taken in the order of the rows.
Its experiments follow from the printed objectives: see `FullyConnectedNet`. Computes nothing that the core computes.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from .. import gradients, networks, normalization
from ..arrays import Array
from .cs231n import get_CIFAR10_data

__all__ = ["FullyConnectedNet", "batchnorm_backward", "batchnorm_forward", "get_CIFAR10_data", "rel_error"]

_log = logging.getLogger(__name__)

EPS = 1e-4  # the notebook's bn_param, also taken for the network, whose own is not shown
MOMENTUM = 0.95  # the same
BIAS = 0.01  # what biases start from


def rel_error(x: Any, y: Any) -> float:
    """max(|x - y| / max(1e-8, |x| + |y|)), as the notebook defines it."""
    return gradients.relative_error(x, y)


def batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> Array:
    """Batch normalisation of (N, D), of numbers of any kind.

    Args: gamma, beta: (D,). bn_param: mode ("train" or "test"), eps, momentum, running_mean and running_var (1, D); training
        puts new running statistics into it.
    Returns: out (N, D) alone.
    Raises: ValueError for another mode; KeyError without a key.
    """
    mean, var = np.ravel(bn_param["running_mean"]), np.ravel(bn_param["running_var"])
    if bn_param["mode"] == "test":
        return normalization.batchnorm_inference(x, gamma, beta, mean, var, eps=bn_param["eps"])
    if bn_param["mode"] != "train":
        raise ValueError(f'batchnorm_forward: mode is {bn_param["mode"]!r}, expected "train" or "test"')
    momentum = bn_param["momentum"]
    step = normalization.batchnorm_forward(x, gamma, beta, mean, var, eps=bn_param["eps"], momentum=momentum)
    bn_param["running_mean"] = step.running_mean.reshape(1, -1)
    bn_param["running_var"] = step.running_var.reshape(1, -1)
    return step.out


def batchnorm_backward(dout: Array, x: Array, gamma: Array, eps: float) -> tuple[Array, Array, Array]:
    """The way back through training mode, which the course gives: gradients of x (N, D), gamma and beta (D,).

    Args: dout: (N, D), gradient of the output. x, gamma, eps: as in the forward pass.
    """
    nothing = np.zeros_like(gamma)
    step = normalization.batchnorm_forward(x, gamma, nothing, nothing, nothing, eps=eps)
    return normalization.batchnorm_backward(dout, step.cache)


_OWN = batchnorm_forward


def _other(eps: float) -> networks.OtherLayer | None:
    """The layer of this module, if a probe has put another in its place: the network then uses that one."""
    forward, backward = batchnorm_forward, batchnorm_backward
    if forward is _OWN:
        return None

    def with_cache(x: Array, gamma: Array, beta: Array, settings: dict[str, Any]) -> tuple[Array, Any]:
        return forward(x, gamma, beta, settings), (x, gamma)

    def of_cache(dout: Array, cache: Any) -> Any:
        x, gamma = cache
        return backward(dout, x, gamma, eps)

    return networks.OtherLayer(with_cache, of_cache)


class FullyConnectedNet:
    """{affine - [batch norm] - relu - [dropout]} x (L - 1) - affine - softmax, trained by plain gradient descent.

    params: lists "W" (D, M), "b" (M,), and with batch norm "gamma", "beta" (M,) of the hidden layers. bn_params: one dict per
    hidden layer, as batchnorm_forward takes it. Weights are drawn layer by layer from the global generator.
    """

    def __init__(  # noqa: PLR0917 - the course's signature
        self,
        input_size: int,
        hidden_size: list[int],
        output_size: int,
        weight_scale: float | None = None,
        centering_data: bool = False,
        use_dropout: bool = False,
        use_bn: bool = False,
    ) -> None:
        """weight_scale: standard deviation of all weights; None for sqrt(2 / input_size).

        centering_data: subtract the training rows' mean from all input. use_dropout: the share to keep is given to `train`.

        That one scale serves all layers follows from the printed objectives: the first one without batch norm is 232.69 at
        reg = 0.01, that is 100 ln 10 plus 0.01 * sum(W * W) with 2 / 3072 as every weight's variance; He's rule by layer, or a
        half in front of reg, would give 240.5 or 231.4.
        """
        self.options = {"centering_data": centering_data, "use_dropout": use_dropout, "use_bn": use_bn}
        widths = [input_size, *hidden_size, output_size]
        scale = np.sqrt(2 / input_size) if weight_scale is None else weight_scale
        drawn = networks.initial_params(
            widths, lambda fan_in, fan_out: scale * np.random.randn(fan_in, fan_out), normalized=use_bn
        )
        self.params = {
            kind: [drawn[f"{kind}{layer}"] for layer in range(1, len(widths)) if f"{kind}{layer}" in drawn]
            for kind in ("W", "b", "gamma", "beta")
        }
        self.params["b"] = [np.full_like(bias, BIAS) for bias in self.params["b"]]
        self.bn_params: list[dict[str, Any]] = []
        if use_bn:
            self.bn_params = [
                {
                    "mode": "train",
                    "eps": EPS,
                    "momentum": MOMENTUM,
                    "running_mean": mean[None],
                    "running_var": var[None],
                }
                for mean, var in networks.initial_running(widths, var=1.0)
            ]
        self.x_center: Array | float = 0.0

    def train(
        self,
        X: Array,
        y: Array,
        X_val: Array,
        y_val: Array,
        *,
        learning_rate: float = 1e-3,
        learning_rate_decay: float = 1.0,
        keep_prob: float = 1.0,
        reg: float = 5e-6,
        num_iters: int = 100,
        batch_size: int = 200,
        verbose: bool = False,
    ) -> dict[str, list[float]]:
        """Train from the present parameters; batch `it` starts at row (it * batch_size) % N and ends with the rows at the latest.

        Args: X: (N, D). y: (N,), integer classes. learning_rate_decay: factor after each epoch. keep_prob: of dropout, if used.
            verbose: every 100th objective goes to this module's logger.
        Returns: objective_history, one entry a step; train_acc_history (of the current batch) and val_acc_history, one entry
            after the first step of each epoch.
        """
        if self.options["centering_data"]:
            self.x_center = X.mean(axis=0)
        per_epoch = max(len(X) // batch_size, 1)
        history: dict[str, list[float]] = {
            "objective_history": [],
            "train_acc_history": [],
            "val_acc_history": [],
        }
        for it in range(num_iters):
            start = (it * batch_size) % len(X)
            batch = slice(start, start + batch_size)
            objective = self._step(X[batch], y[batch], learning_rate, keep_prob, float(reg))
            history["objective_history"].append(objective)
            if verbose and it % 100 == 0:
                _log.info("iteration %d / %d: objective %f", it, num_iters, objective)
            if it % per_epoch == 0:
                history["train_acc_history"].append(float(np.mean(self.predict(X[batch]) == y[batch])))
                history["val_acc_history"].append(float(np.mean(self.predict(X_val) == y_val)))
            if (it + 1) % per_epoch == 0:
                learning_rate *= learning_rate_decay
        return history

    def predict(self, X: Array) -> Array:
        """Class of each row of X (N, D), in test mode: (N,), integers."""
        for bn_param in self.bn_params:
            bn_param["mode"] = "test"
        scores = self._core().scores(self._flat(), X - self.x_center, self._running())
        classes: Array = np.argmax(scores, axis=1)
        return classes

    def _step(self, X: Array, y: Array, learning_rate: float, keep_prob: float, reg: float) -> float:
        step = self._core(keep_prob, reg).loss(
            self._flat(), X - self.x_center, y, self._running(), rng=np.random
        )
        for kind, arrays in self.params.items():
            for i in range(len(arrays)):
                arrays[i] = arrays[i] - learning_rate * step.gradients[f"{kind}{i + 1}"]
        for bn_param, (mean, var) in zip(self.bn_params, step.running, strict=True):
            bn_param.update(mode="train", running_mean=mean[None], running_var=var[None])
        return step.loss

    def _core(self, keep_prob: float = 1.0, reg: float = 0.0) -> networks.FullyConnectedNet:
        eps = self.bn_params[0]["eps"] if self.bn_params else EPS
        return networks.FullyConnectedNet(
            layers=len(self.params["W"]),
            normalization="batchnorm" if self.options["use_bn"] else None,
            keep=keep_prob if self.options["use_dropout"] else 1.0,
            reg=2 * reg,  # the core halves it
            reduction="sum",
            eps=eps,
            momentum=self.bn_params[0]["momentum"] if self.bn_params else MOMENTUM,
            other_norm=_other(eps),
        )

    def _flat(self) -> dict[str, Array]:
        return {
            f"{kind}{i}": array
            for kind, arrays in self.params.items()
            for i, array in enumerate(arrays, start=1)
        }

    def _running(self) -> tuple[networks.Running, ...]:
        return tuple(
            networks.Running(np.ravel(p["running_mean"]), np.ravel(p["running_var"])) for p in self.bn_params
        )
