"""UCLA ECE C147/C247, homework 4: the core under that course's names, signatures and return values.

The course builds on CS231n's framework. Its own are: Nesterov momentum; RMSProp's average is called `a`, Adam's `v` and `a`;
`use_batchnorm` and `dropout` in the network. `p` of dropout is the probability to keep, `dropout=0` means none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .. import optim, solver
from ..arrays import Array
from . import cs231n
from .cs231n import (
    affine_backward,
    affine_forward,
    affine_relu_backward,
    affine_relu_forward,
    batchnorm_backward,
    batchnorm_forward,
    complete,
    dropout_backward,
    dropout_forward,
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    get_CIFAR10_data,
    rel_error,
    relu_backward,
    relu_forward,
    sgd,
    sgd_momentum,
    softmax_loss,
    svm_loss,
)

__all__ = [
    "FullyConnectedNet",
    "Solver",
    "adam",
    "affine_backward",
    "affine_batchnorm_relu_backward",
    "affine_batchnorm_relu_forward",
    "affine_forward",
    "affine_relu_backward",
    "affine_relu_forward",
    "batchnorm_backward",
    "batchnorm_forward",
    "dropout_backward",
    "dropout_forward",
    "eval_numerical_gradient",
    "eval_numerical_gradient_array",
    "get_CIFAR10_data",
    "rel_error",
    "relu_backward",
    "relu_forward",
    "rmsprop",
    "sgd",
    "sgd_momentum",
    "sgd_nesterov_momentum",
    "softmax_loss",
    "svm_loss",
]


def affine_batchnorm_relu_forward(  # noqa: PLR0917 - the layers' own arguments, in their order
    x: Array,
    w: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    bn_param: dict[str, Any],
) -> tuple[Array, Any]:
    """An affine layer, batch normalisation and a ReLU (a helper that the course suggests). Returns: out (N, M); cache."""
    between, affine_cache = affine_forward(x, w, b)
    normalised, norm_cache = batchnorm_forward(between, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normalised)
    return out, (affine_cache, norm_cache, relu_cache)


def affine_batchnorm_relu_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Gradients of affine_batchnorm_relu_forward: dx, dw, db, dgamma, dbeta."""
    affine_cache, norm_cache, relu_cache = cache
    dnormalised, dgamma, dbeta = batchnorm_backward(relu_backward(dout, relu_cache), norm_cache)
    return *affine_backward(dnormalised, affine_cache), dgamma, dbeta


def sgd_nesterov_momentum(
    w: Array, dw: Array, config: dict[str, Any] | None = None
) -> tuple[Array, dict[str, Any]]:
    """Nesterov momentum. config: learning_rate (1e-2), momentum (0.9), velocity (zeros). Returns: next_w; config."""
    config = complete(config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
    next_w, config["velocity"] = optim.nesterov(
        w, dw, config["velocity"], learning_rate=config["learning_rate"], decay=config["momentum"]
    )
    return next_w, config


def rmsprop(w: Array, dw: Array, config: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
    """RMSProp. config: learning_rate (1e-2), decay_rate (0.99), epsilon (1e-8), a (zeros). Returns: next_w; config."""
    config = complete(config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8, a=np.zeros_like(w))
    next_w, config["a"] = optim.rmsprop(
        w,
        dw,
        config["a"],
        learning_rate=config["learning_rate"],
        decay=config["decay_rate"],
        epsilon=config["epsilon"],
    )
    return next_w, config


def adam(w: Array, dw: Array, config: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
    """Adam. config: learning_rate (1e-3), beta1 (0.9), beta2 (0.999), epsilon (1e-8), v, a (zeros), t (0).

    v averages the gradient, a its square; t counts finished steps: it is raised before it is used. Returns: next_w; config.
    """
    config = complete(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
    config = complete(config, v=np.zeros_like(w), a=np.zeros_like(w))
    settings = {key: config[key] for key in ("learning_rate", "beta1", "beta2", "epsilon")}
    next_w, config["v"], config["a"], config["t"] = optim.adam(
        w, dw, config["v"], config["a"], config["t"], **settings
    )
    return next_w, config


#: What Solver's update_rule may name.
UPDATE_RULES: Mapping[str, solver.UpdateRule] = {
    "sgd": sgd,
    "sgd_momentum": sgd_momentum,
    "sgd_nesterov_momentum": sgd_nesterov_momentum,
    "rmsprop": rmsprop,
    "adam": adam,
}


class FullyConnectedNet(cs231n.FullyConnectedNet):
    """{affine - [batch norm] - relu - [dropout]} x (L - 1) - affine - softmax; params, bn_params and loss as in CS231n."""

    def __init__(  # noqa: PLR0917 - the course's signature
        self,
        hidden_dims: list[int],
        input_dim: int = 3 * 32 * 32,
        num_classes: int = 10,
        dropout: float = 0,
        use_batchnorm: bool = False,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        dtype: Any = np.float32,
        seed: int | None = None,
    ) -> None:
        """dropout: p of every dropout layer, the probability to keep; 0 for no dropout. seed: of every mask, to repeat them."""
        super().__init__(
            hidden_dims,
            input_dim=input_dim,
            num_classes=num_classes,
            dropout_keep_ratio=dropout or 1,
            normalization="batchnorm" if use_batchnorm else None,
            reg=reg,
            weight_scale=weight_scale,
            dtype=dtype,
            seed=seed,
        )
        self.use_batchnorm = use_batchnorm


class Solver(cs231n.Solver):
    """CS231n's Solver with this course's update rules."""

    update_rules: ClassVar[Mapping[str, solver.UpdateRule]] = UPDATE_RULES
