"""Networks of the CS231n family, whatever the year: how to make one, start it from given parameters and read its gradients.

The constructor changed over the years: `use_batchnorm=True` (2016, 2017) became `normalization="batchnorm"`; no dropout is
`dropout=0`, later `dropout=1`, later `dropout_keep_ratio=1`. Parameters may be counted from 0 or called `bn_gamma1`.
NumPy and the standard library only; runs beside student code.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Set
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from assignments.common.arrays import row
from assignments.common.parameters import put
from grader.probe import NeedsPersonError

__all__ = [
    "ModeKept",
    "absent_biases",
    "gradients_of",
    "make_network",
    "mode_slipped",
    "names_of",
    "own_averages",
    "set_mode",
    "spaces_of",
    "start",
    "without_backward",
]

PARAMETER = re.compile(r"^(?:bn|ln)?_?(W|b|gamma|beta)_?(\d+)$")
NORMALIZATION_BACKWARD = ("batchnorm_backward", "batchnorm_backward_alt", "layernorm_backward")
NO_DROPOUT: tuple[dict[str, Any], ...] = ({}, {"dropout": 1}, {"dropout": 0})


def make_network(
    impl: Any, sizes: Any, normalization: str | None, reg: float, *, weight_scale: float = 5e-2
) -> Any:
    """A network in float64 without dropout. sizes: input, hidden layers, classes.

    Raises: NotImplementedError if the class takes no such normalization.
    """
    network = impl.FullyConnectedNet
    accepted = inspect.signature(network).parameters
    anything = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in accepted.values())
    terms: dict[str, Any] = {
        "input_dim": sizes[0],
        "num_classes": sizes[-1],
        "reg": reg,
        "weight_scale": weight_scale,
        "dtype": np.float64,
    }
    if "normalization" in accepted or anything:
        terms["normalization"] = normalization
    elif "use_batchnorm" in accepted and normalization != "layernorm":
        terms["use_batchnorm"] = normalization is not None
    elif normalization is not None:
        raise NotImplementedError(f"FullyConnectedNet takes no argument that asks for {normalization}")
    # Leaving dropout out means none in every year, but for a version whose default is read the other way round.
    choices = [choice for choice in NO_DROPOUT if all(name in accepted for name in choice)]
    made = [network(list(sizes[1:-1]), **terms, **choices[0])]
    for choice in choices[1:]:
        if not getattr(made[-1], "use_dropout", False):
            break
        made.append(network(list(sizes[1:-1]), **terms, **choice))
    return made[-1]


def names_of(keys: Any) -> dict[str, str]:
    """The course's names W1, b1, gamma1, beta1, W2, ... -> the names under which `keys` hold them."""
    matches = {key: PARAMETER.match(key) for key in keys}
    first = min((int(match[2]) for match in matches.values() if match and match[1] == "W"), default=1)
    return {f"{match[1]}{int(match[2]) - first + 1}": key for key, match in matches.items() if match}


def start(model: Any, rng: Any, sizes: Any, *, normalized: bool) -> Any:
    """Give the network parameters that depend on `rng` and `sizes` alone, however it drew its own; returns the network.

    A bias in front of a normalization may be absent: batch normalization takes it out again.

    Raises: NotImplementedError if it has no parameters yet. KeyError, ValueError if one is absent or of another size.
    """
    layers = len(sizes) - 1
    wanted: dict[str, Any] = {}
    for layer in range(1, layers + 1):
        fan_in, fan_out = sizes[layer - 1], sizes[layer]
        wanted[f"W{layer}"] = rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)
        wanted[f"b{layer}"] = 0.2 * rng.standard_normal(fan_out)
        if normalized and layer < layers:
            wanted[f"gamma{layer}"] = rng.uniform(0.5, 1.5, fan_out)
            wanted[f"beta{layer}"] = 0.3 * rng.standard_normal(fan_out)
    if not model.params:
        raise NotImplementedError("FullyConnectedNet has no parameters yet")
    names = names_of(model.params)
    spared = absent_biases(model.params, sizes) if normalized else frozenset()
    for name, value in wanted.items():
        if name in spared:
            continue
        if name not in names:
            raise KeyError(f"params has no {name}, expected an array of shape {value.shape}")
        given = model.params[names[name]]
        if row(given).shape != value.shape:
            raise ValueError(f"params[{names[name]!r}] has shape {given.shape}, expected {value.shape}")
        put(lambda: model.params, names[name], value.reshape(given.shape), name)
    return model


def absent_biases(params: Any, sizes: Any) -> frozenset[str]:
    """The biases b1, b2, ... of hidden layers that a network with normalization does without. `params`: its parameters."""
    hidden = {f"b{layer}" for layer in range(1, len(sizes) - 1)}
    return frozenset(hidden - names_of(params).keys())


def set_mode(model: Any, mode: str) -> None:
    """Put "train" or "test" into the settings of every batch normalization layer.

    The starter code of some years writes `bn_param[mode] = mode`, which has no effect; students are not charged for that line.
    """
    params = model.bn_params
    for bn_param in params.values() if isinstance(params, dict) else params:
        bn_param["mode"] = mode


def mode_slipped(model: Any) -> bool:
    """Whether that line of the starter code shows: after a call, the word for the mode stands as a setting of its own."""
    params = getattr(model, "bn_params", ())
    settings = params.values() if isinstance(params, dict) else params
    return any(one.get(mode) == mode for one in settings for mode in ("train", "test"))


class ModeKept:
    """A network as it is, but for the mode of one with that line, which is set before each call."""

    def __init__(self, model: Any) -> None:
        self.__dict__["model"] = model

    def __getattr__(self, name: str) -> Any:
        """Whatever else the network has."""
        return getattr(self.model, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Parameters that are put back are the network's."""
        setattr(self.model, name, value)

    def loss(self, X: Any, y: Any = None) -> Any:
        """As the network's own."""
        if mode_slipped(self.model):
            set_mode(self.model, "test" if y is None else "train")
        return self.model.loss(X) if y is None else self.model.loss(X, y)


@contextmanager
def _wrapped(model: Any, names: Any, wrap: Any) -> Iterator[None]:
    """Meanwhile, the network finds `wrap(function)` in the place of its functions of these names."""
    changed = []
    own = model.model if isinstance(model, ModeKept) else model
    for space in spaces_of(type(own)):
        for name in names:
            function = space.get(name)
            if inspect.isfunction(function):
                changed.append((space, name, function))
                space[name] = wrap(function)
    try:
        yield
    finally:
        for space, name, function in changed:
            space[name] = function


def without_backward(model: Any) -> AbstractContextManager[None]:
    """Meanwhile, a normalization's backward pass that raises or returns no gradients gives zeros, wherever the network finds it."""
    return _wrapped(model, NORMALIZATION_BACKWARD, _or_zeros)


def own_averages(model: Any) -> AbstractContextManager[None]:
    """Meanwhile, in training mode batch normalization sees no running averages of a layer of another width.

    A network that gives all layers one dictionary hands them on. That shows in test mode, which has checks of its own; what a
    layer gives in training mode does not depend on them.
    """
    return _wrapped(model, ("batchnorm_forward",), _of_own_width)


def spaces_of(network: Any) -> list[dict[str, Any]]:
    """The global names of the methods of a class, and of the functions among those names."""
    methods = [
        value for base in network.__mro__ for value in vars(base).values() if inspect.isfunction(value)
    ]
    own = {id(method.__globals__): method.__globals__ for method in methods}
    found = dict(own)
    for space in own.values():
        helpers = [value for value in space.values() if inspect.isfunction(value)]
        found.update({id(helper.__globals__): helper.__globals__ for helper in helpers})
    return list(found.values())


def _of_own_width(function: Any) -> Any:
    def forward(x: Any, gamma: Any, beta: Any, bn_param: Any) -> Any:
        if bn_param.get("mode") == "train":
            for name in ("running_mean", "running_var"):
                if np.size(bn_param.get(name, gamma)) != np.size(gamma):
                    del bn_param[name]
        return function(x, gamma, beta, bn_param)

    return forward


def _or_zeros(function: Any) -> Any:
    def backward(dout: Any, cache: Any) -> Any:
        zeros = (np.zeros(dout.shape), np.zeros(dout.shape[1]), np.zeros(dout.shape[1]))
        try:
            returned = function(dout, cache)
        except NeedsPersonError:
            raise
        except Exception:  # noqa: BLE001 - a student's function may raise anything
            return zeros
        whole = isinstance(returned, (tuple, list)) and len(returned) == len(zeros)
        return returned if whole and np.shape(returned[0]) == dout.shape else zeros

    return backward


def gradients_of(
    grads: Any, sizes: Any, *, normalized: bool, prefix: str, absent: Set[str] = frozenset()
) -> dict[str, Any]:
    """The gradients under the course's names; None for an absent one, but zeros, which it is, for a bias of `absent_biases`."""
    names = names_of(grads)
    layers = len(sizes) - 1
    arrays = {}
    for layer in range(1, layers + 1):
        arrays[f"{prefix}W{layer}"] = grads.get(names.get(f"W{layer}"))
        vectors = ["b", "gamma", "beta"] if normalized and layer < layers else ["b"]
        for kind in vectors:
            arrays[f"{prefix}{kind}{layer}"] = row(grads.get(names.get(f"{kind}{layer}")))
        if f"b{layer}" in absent and f"b{layer}" not in names:
            arrays[f"{prefix}b{layer}"] = np.zeros(sizes[layer])
    return arrays
