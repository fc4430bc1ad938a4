"""Stanford CS231n, assignment 2: the core under that course's names, signatures and return values.

What the course does and the core does not: `bn_param` and optimiser `config` dicts are updated in place, dropout and mini-batches
draw from NumPy's global generator, and the numerical gradients perturb their argument in place. Computes nothing of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from .. import convolution, data, dropout, gradients, layers, losses, networks, normalization, optim, solver
from ..arrays import Array

__all__ = [
    "FullyConnectedNet",
    "Solver",
    "adam",
    "affine_backward",
    "affine_forward",
    "affine_relu_backward",
    "affine_relu_forward",
    "batchnorm_backward",
    "batchnorm_backward_alt",
    "batchnorm_forward",
    "complete",
    "conv_backward_naive",
    "conv_forward_naive",
    "dropout_backward",
    "dropout_forward",
    "eval_numerical_gradient",
    "eval_numerical_gradient_array",
    "get_CIFAR10_data",
    "layernorm_backward",
    "layernorm_forward",
    "max_pool_backward_naive",
    "max_pool_forward_naive",
    "rel_error",
    "relu_backward",
    "relu_forward",
    "rmsprop",
    "sgd",
    "sgd_momentum",
    "softmax_loss",
    "spatial_batchnorm_backward",
    "spatial_batchnorm_forward",
    "spatial_groupnorm_backward",
    "spatial_groupnorm_forward",
    "svm_loss",
]

_log = logging.getLogger(__name__)

affine_forward = layers.affine_forward
affine_backward = layers.affine_backward
relu_forward = layers.relu_forward
relu_backward = layers.relu_backward
softmax_loss = losses.softmax_loss
layernorm_backward = normalization.layernorm_backward
conv_backward_naive = convolution.conv2d_backward
max_pool_backward_naive = convolution.max_pool_backward


def svm_loss(x: Array, y: Array) -> tuple[float, Array]:
    """Mean multiclass hinge loss with margin 1. Returns: loss; dx (N, C)."""
    return losses.svm_loss(x, y)


def affine_relu_forward(x: Array, w: Array, b: Array) -> tuple[Array, Any]:
    """An affine layer and a ReLU. Returns: out (N, M); cache."""
    between, affine_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(between)
    return out, (affine_cache, relu_cache)


def affine_relu_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients of affine_relu_forward: dx, dw, db."""
    affine_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), affine_cache)


# --- Normalisation, dropout, convolution --------------------------------------------------------------------------------------


def batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]) -> tuple[Array, Any]:
    """Batch normalisation of (N, D).

    Args: bn_param: mode ("train" or "test"), and optionally eps (1e-5), momentum (0.9), running_mean, running_var (zeros);
        the last two are set in place.
    Returns: out (N, D); cache for the backward passes, None in test mode.
    Raises: ValueError for another mode; KeyError without one.
    """
    running = _running(bn_param, x.shape[1], x.dtype)
    bn_param["running_mean"], bn_param["running_var"] = running
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    if _training("batchnorm_forward", bn_param["mode"]):
        step = normalization.batchnorm_forward(x, gamma, beta, *running, eps=eps, momentum=momentum)
        bn_param["running_mean"], bn_param["running_var"] = step.running_mean, step.running_var
        return step.out, step.cache
    return normalization.batchnorm_inference(x, gamma, beta, *running, eps=eps), None


def batchnorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients through the computation graph: dx (N, D), dgamma (D,), dbeta (D,). Raises: ValueError for a test-mode cache."""
    return normalization.batchnorm_backward(dout, _cached("batchnorm_backward", cache))


def batchnorm_backward_alt(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients by the simplified formula; otherwise as batchnorm_backward."""
    return normalization.batchnorm_backward_alt(dout, _cached("batchnorm_backward_alt", cache))


def layernorm_forward(x: Array, gamma: Array, beta: Array, ln_param: Mapping[str, Any]) -> tuple[Array, Any]:
    """Layer normalisation of (N, D). ln_param: optionally eps (1e-5). Returns: out (N, D); cache."""
    return normalization.layernorm_forward(x, gamma, beta, eps=ln_param.get("eps", 1e-5))


def spatial_batchnorm_forward(
    x: Array, gamma: Array, beta: Array, bn_param: dict[str, Any]
) -> tuple[Array, Any]:
    """Batch normalisation of (N, C, H, W) by channel; gamma, beta and running averages (C,); otherwise as batchnorm_forward."""
    running = _running(bn_param, x.shape[1], x.dtype)
    bn_param["running_mean"], bn_param["running_var"] = running
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    if _training("spatial_batchnorm_forward", bn_param["mode"]):
        out, cache, mean, var = normalization.spatial_batchnorm_forward(
            x, gamma, beta, *running, eps=eps, momentum=momentum
        )
        bn_param["running_mean"], bn_param["running_var"] = mean, var
        return out, cache
    return normalization.spatial_batchnorm_inference(x, gamma, beta, *running, eps=eps), None


def spatial_batchnorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients: dx (N, C, H, W), dgamma (C,), dbeta (C,). Raises: ValueError for a test-mode cache."""
    return normalization.spatial_batchnorm_backward(dout, _cached("spatial_batchnorm_backward", cache))


def spatial_groupnorm_forward(
    x: Array, gamma: Array, beta: Array, G: int, gn_param: Mapping[str, Any]
) -> tuple[Array, Any]:
    """Group normalisation of (N, C, H, W). gamma, beta: (1, C, 1, 1). G: groups. gn_param: optionally eps (1e-5)."""
    eps = gn_param.get("eps", 1e-5)
    return normalization.groupnorm_forward(x, gamma.reshape(-1), beta.reshape(-1), groups=G, eps=eps)


def spatial_groupnorm_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients: dx (N, C, H, W); dgamma, dbeta (1, C, 1, 1)."""
    dx, dgamma, dbeta = normalization.groupnorm_backward(dout, cache)
    return dx, dgamma.reshape(1, -1, 1, 1), dbeta.reshape(1, -1, 1, 1)


def dropout_forward(x: Array, dropout_param: Mapping[str, Any]) -> tuple[Array, Any]:
    """Inverted dropout.

    Args: dropout_param: mode ("train" or "test"); p, the probability to keep (since 2018; before, to drop); optionally seed,
        with which the global generator is seeded first.
    Returns: out, in the shape of x; cache.
    Raises: ValueError for another mode or a p outside (0, 1].
    """
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if not _training("dropout_forward", dropout_param["mode"]):
        return x, (dropout_param, None)
    out, mask = dropout.dropout_forward(x, keep=dropout_param["p"], rng=np.random)
    return out, (dropout_param, mask)


def dropout_backward(dout: Array, cache: Any) -> Array:
    """Gradient for x: through the mask in training mode, dout itself in test mode."""
    _, mask = cache
    return dout if mask is None else dropout.dropout_backward(dout, mask)


def conv_forward_naive(x: Array, w: Array, b: Array, conv_param: Mapping[str, int]) -> tuple[Array, Any]:
    """Convolution of (N, C, H, W) with (F, C, HH, WW). conv_param: stride, pad. (The name is the course's: no loops here.)"""
    return convolution.conv2d_forward(x, w, b, stride=conv_param["stride"], pad=conv_param["pad"])


def max_pool_forward_naive(x: Array, pool_param: Mapping[str, int]) -> tuple[Array, Any]:
    """Max pooling of (N, C, H, W). pool_param: pool_height, pool_width, stride."""
    height, width, stride = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    return convolution.max_pool_forward(x, height=height, width=width, stride=stride)


def _training(where: str, mode: str) -> bool:
    if mode not in ("train", "test"):
        raise ValueError(f'{where}: mode is {mode!r}, expected "train" or "test"')
    return mode == "train"


def _cached(where: str, cache: Any) -> Any:
    if cache is None:
        raise ValueError(
            f"{where}: the cache is of a test-mode forward pass; run the forward pass in training mode"
        )
    return cache


def _running(bn_param: Mapping[str, Any], features: int, dtype: Any) -> networks.Running:
    mean = bn_param.get("running_mean", np.zeros(features, dtype))
    return networks.Running(mean, bn_param.get("running_var", np.zeros(features, dtype)))


# --- Optimisers: config is completed and updated in place, and returned -------------------------------------------------------


def sgd(w: Array, dw: Array, config: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
    """Gradient descent. config: learning_rate (1e-2). Returns: next_w; config."""
    config = complete(config, learning_rate=1e-2)
    return optim.sgd(w, dw, learning_rate=config["learning_rate"]), config


def sgd_momentum(w: Array, dw: Array, config: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
    """Momentum. config: learning_rate (1e-2), momentum (0.9), velocity (zeros). Returns: next_w; config."""
    config = complete(config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
    next_w, config["velocity"] = optim.momentum(
        w, dw, config["velocity"], learning_rate=config["learning_rate"], decay=config["momentum"]
    )
    return next_w, config


def rmsprop(w: Array, dw: Array, config: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
    """RMSProp. config: learning_rate (1e-2), decay_rate (0.99), epsilon (1e-8), cache (zeros). Returns: next_w; config."""
    config = complete(config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8, cache=np.zeros_like(w))
    next_w, config["cache"] = optim.rmsprop(
        w,
        dw,
        config["cache"],
        learning_rate=config["learning_rate"],
        decay=config["decay_rate"],
        epsilon=config["epsilon"],
    )
    return next_w, config


def adam(w: Array, dw: Array, config: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
    """Adam. config: learning_rate (1e-3), beta1 (0.9), beta2 (0.999), epsilon (1e-8), m, v (zeros), t (0). Returns: next_w; config.

    t counts finished steps: it is raised before it is used.
    """
    config = complete(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
    config = complete(config, m=np.zeros_like(w), v=np.zeros_like(w))
    settings = {key: config[key] for key in ("learning_rate", "beta1", "beta2", "epsilon")}
    next_w, config["m"], config["v"], config["t"] = optim.adam(
        w, dw, config["m"], config["v"], config["t"], **settings
    )
    return next_w, config


def complete(config: dict[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """The config itself, or a new one, with what it lacks put in from the defaults."""
    config = {} if config is None else config
    for key, value in defaults.items():
        config.setdefault(key, value)
    return config


#: What Solver's update_rule may name; a dict that we wrote, where the course takes any name in its module.
UPDATE_RULES: Mapping[str, solver.UpdateRule] = {
    "sgd": sgd,
    "sgd_momentum": sgd_momentum,
    "rmsprop": rmsprop,
    "adam": adam,
}


# --- Network and solver -------------------------------------------------------------------------------------------------------


class FullyConnectedNet:
    """{affine - [batch or layer norm] - relu - [dropout]} x (L - 1) - affine - softmax.

    params: W1, b1, gamma1, beta1, ... in `dtype`; weights are drawn layer by layer from the global generator, times weight_scale.
    bn_params: one dict per hidden layer, updated in place by `loss` ({} each for layer norm, none without normalisation).
    """

    def __init__(  # noqa: PLR0917 - the course's signature
        self,
        hidden_dims: list[int],
        input_dim: int = 3 * 32 * 32,
        num_classes: int = 10,
        dropout_keep_ratio: float = 1,
        normalization: Literal["batchnorm", "layernorm"] | None = None,
        reg: float = 0.0,
        weight_scale: float = 1e-2,
        dtype: Any = np.float32,
        seed: int | None = None,
    ) -> None:
        """dropout_keep_ratio: 1 for no dropout. seed: of every dropout mask, to make them repeat; None to let them vary."""
        self.normalization = normalization
        self.use_dropout = dropout_keep_ratio != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self._widths = [input_dim, *hidden_dims, num_classes]
        self.params = networks.initial_params(
            self._widths,
            lambda fan_in, fan_out: weight_scale * np.random.randn(fan_in, fan_out),
            normalized=normalization is not None,
            dtype=dtype,
        )
        self.dropout_param: dict[str, Any] = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout_keep_ratio}
            if seed is not None:
                self.dropout_param["seed"] = seed
        per_layer: dict[str, Any] = {"mode": "train"} if normalization == "batchnorm" else {}
        self.bn_params = [dict(per_layer) for _ in hidden_dims] if normalization else []

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Scores (N, C) in test mode without y; with y, loss and gradients by parameter name, in training mode.

        X: (N, ...), cast to the network's dtype. L2 is 0.5 * reg * sum(W * W).
        """
        mode = "test" if y is None else "train"
        for settings in [self.dropout_param] * self.use_dropout + self.bn_params * (
            self.normalization == "batchnorm"
        ):
            settings["mode"] = mode
        core, running = self._core(), self._running()
        if y is None:
            return core.scores(self.params, X.astype(self.dtype), running)
        source = _DropoutSource(self.dropout_param) if core.other_dropout is None else None
        step = core.loss(self.params, X.astype(self.dtype), y, running, rng=source)
        for bn_param, (mean, var) in zip(self.bn_params, step.running, strict=False):  # layer norm keeps none
            bn_param["running_mean"], bn_param["running_var"] = mean, var
        return step.loss, step.gradients

    def _core(self) -> networks.FullyConnectedNet:
        first = self.bn_params[0] if self.bn_params else {}
        return networks.FullyConnectedNet(
            layers=self.num_layers,
            normalization=self.normalization,
            keep=self.dropout_param.get("p", 1),
            reg=self.reg,
            eps=first.get("eps", 1e-5),
            momentum=first.get("momentum", 0.9),
            other_norm=_other(f"{self.normalization}_forward", f"{self.normalization}_backward"),
            other_dropout=_other("dropout_forward", "dropout_backward"),
            other_affine=_other("affine_forward", "affine_backward"),
            other_activation=_other("relu_forward", "relu_backward"),
        )

    def _running(self) -> tuple[networks.Running, ...]:
        if self.normalization != "batchnorm":
            return ()
        widths = self._widths[1:-1]
        return tuple(
            _running(param, width, self.dtype) for param, width in zip(self.bn_params, widths, strict=True)
        )


def _other(forward: str, backward: str) -> networks.OtherLayer | None:
    """The functions of these names, if a probe has put others in the place of the module's own: the network then uses these."""
    names = globals()
    if forward not in names or names[forward] is _OWN[forward]:
        return None
    return networks.OtherLayer(names[forward], names[backward])


_OWN = {
    function.__name__: function
    for function in (batchnorm_forward, layernorm_forward, dropout_forward, affine_forward, relu_forward)
}


class _DropoutSource:
    """The global generator, seeded again before each mask where the course's dropout_param asks for it."""

    def __init__(self, dropout_param: Mapping[str, Any]) -> None:
        self._seed = dropout_param.get("seed")

    def random(self, size: Any, /) -> Any:
        if self._seed is not None:
            np.random.seed(self._seed)
        return np.random.random(size)


class Solver(solver.Solver):
    """The course's Solver(model, data, **kwargs): batches and accuracy samples are drawn from the global generator."""

    update_rules: ClassVar[Mapping[str, solver.UpdateRule]] = UPDATE_RULES

    def __init__(
        self,
        model: Any,
        data: Mapping[str, Array],
        *,
        update_rule: str | solver.UpdateRule = "sgd",
        optim_config: Mapping[str, Any] | None = None,
        lr_decay: float = 1.0,
        batch_size: int = 100,
        num_epochs: int = 10,
        num_train_samples: int | None = 1000,
        num_val_samples: int | None = None,
        checkpoint_name: str | None = None,
        print_every: int = 10,
        verbose: bool = True,
    ) -> None:
        """update_rule: a name in `update_rules`, or a rule. checkpoint_name: start of the name of one .npz a measured epoch.

        verbose: progress goes to this module's logger. Raises: ValueError for an unknown update_rule.
        """
        super().__init__(
            model=model,
            data=data,
            update=self._rule(update_rule),
            optim_config=optim_config or {},
            lr_decay=lr_decay,
            batch_size=batch_size,
            num_epochs=num_epochs,
            num_train_samples=num_train_samples,
            num_val_samples=num_val_samples,
            rng=np.random,
            report=_log.info if verbose else None,
            print_every=print_every,
            after_epoch=_checkpoint if checkpoint_name else None,
        )
        self.checkpoint_name = checkpoint_name

    _step = solver.Solver.step  # the course's name for it

    @classmethod
    def _rule(cls, update_rule: str | solver.UpdateRule) -> solver.UpdateRule:
        if callable(update_rule):
            return update_rule
        if update_rule not in cls.update_rules:
            raise ValueError(
                f"Solver: update_rule is {update_rule!r}, expected one of {', '.join(cls.update_rules)}"
            )
        return cls.update_rules[update_rule]


def _checkpoint(done: Solver) -> None:
    """Write parameters and histories as arrays (the course pickles the whole model, which only trusted files may be)."""
    names = ("loss_history", "train_acc_history", "val_acc_history")
    arrays = {name: np.asarray(getattr(done, name)) for name in names} | done.model.params
    np.savez(Path(f"{done.checkpoint_name}_epoch_{done.epoch}.npz"), allow_pickle=False, **arrays)


# --- Gradient checks and data -------------------------------------------------------------------------------------------------


def eval_numerical_gradient(
    f: Callable[[Array], float], x: Array, verbose: bool = True, h: float = 1e-5
) -> Array:
    """Central differences of a scalar function; x is perturbed in place and restored, for f may read it as model.params[...]."""
    gradient = gradients.numerical_gradient(f, x, h=h, in_place=True)
    if verbose:
        for index in np.ndindex(x.shape):
            _log.info("%s %s", index, gradient[index])
    return gradient


def eval_numerical_gradient_array(f: Callable[[Array], Array], x: Array, df: Array, h: float = 1e-5) -> Array:
    """Central differences of sum(f(x) * df); x is perturbed in place and restored."""
    return gradients.numerical_gradient_array(f, x, df, h=h, in_place=True)


def rel_error(x: Any, y: Any) -> float:
    """max(|x - y| / max(1e-8, |x| + |y|)), as the notebooks define it."""
    return gradients.relative_error(x, y)


def get_CIFAR10_data(  # noqa: N802 - the course's name
    num_training: int = 49000,
    num_validation: int = 1000,
    num_test: int = 1000,
    subtract_mean: bool = True,
    *,
    folder: Path | None = None,
) -> dict[str, Array]:
    """CIFAR-10, or its stand-in where there is none (the log says which): X_train, y_train, X_val, y_val, X_test, y_test.

    Args: num_*: at most so many rows; with smaller files, validation gets its rows first and training what is left.
        subtract_mean: take the training images' mean image off all sets. folder: of the official files; else see data.find_cifar10.
    Returns: X_*: (N, 3, 32, 32), float64, in grey levels 0 to 255 before centring; y_*: (N,), int64.
    Raises: data.DataError if the files are there but cannot be read.
    """
    full = data.find_cifar10(folder)
    _log.info("CIFAR-10: %s", full.source)
    split = data.split_validation(full, train=num_training, validation=num_validation, test=num_test)
    if subtract_mean:
        mean = split["X_train"].mean(axis=0)
        split = {name: array - mean if name.startswith("X") else array for name, array in split.items()}
    return split
