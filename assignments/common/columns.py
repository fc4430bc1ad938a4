"""k-layer networks on columns: how to make one, start it from given parameters, and call it.

Students of this course write the whole class, and the spelling of methods and settings differs from year to year and hand to hand
(`ComputeGradients`, `compute_gradients`; `lmda`, `lamda`), as does the order of a layer's two sizes. NumPy and the standard
library only; runs beside student code.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from assignments.common.arrays import number
from assignments.common.column_forms import RowsError, plain_function
from assignments.common.column_functions import FunctionNet
from assignments.common.column_names import FUNCTIONS
from assignments.common.column_objects import ObjectNet
from assignments.common.parameters import put
from grader.probe import NeedsPersonError

__all__ = [
    "averages",
    "column",
    "cost_and_loss",
    "drawn",
    "forward",
    "gradients",
    "helper",
    "make_net",
    "method",
    "named",
    "problem",
    "put_in",
    "spelling",
    "start",
    "times",
]

COURSE_CLASS = "BNN"
SETTINGS = {
    "lmda": ("lmda", "lmbda", "lamda", "lambda_", "lam", "lamb"),
    "alpha": ("alpha",),
    "batchNorm": ("batchNorm", "batch_norm", "batchnorm", "batch_normalization", "bn"),
    "he": ("he", "He", "he_init"),
    "sig": ("sig", "sigma"),
}
METHODS = {name.lower(): spellings for name, spellings in FUNCTIONS.items()}


def make_net(impl: Any, sizes: Any, **settings: Any) -> Any:
    """A network. sizes: input, hidden layers, classes, all different so that a transposed weight shows. settings: see SETTINGS.

    Raises: NotImplementedError if it has no weights yet. ValueError if they have no such sizes in either order.
    """
    network = _network(impl)
    if network is None:
        return FunctionNet(impl, sizes, **settings)
    accepted = inspect.signature(network).parameters
    terms = {}
    for name, value in settings.items():
        known = [alias for alias in SETTINGS[name] if alias in accepted]
        terms[known[0] if known else name] = value
    pairs = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
    orders = [pairs, [(outputs, inputs) for inputs, outputs in pairs]]
    shape = (sizes[1], sizes[0])
    if network is not getattr(impl, COURSE_CLASS, None):
        net = _of_another_class(network, [*orders, list(sizes)], shape, terms)
        return ObjectNet(network, sizes, **settings) if net is None else net
    for order in orders:  # (inputs, outputs) as in the course's text, or (outputs, inputs), which some chose
        net = network(order, **terms)
        if len(net.W) == 0:
            raise NotImplementedError("BNN has no weights yet")
        if np.shape(net.W[0]) == shape:
            return net
    raise ValueError(
        f"W[0] of a network with {sizes[0]} inputs has shape {np.shape(net.W[0])}, expected {shape}"
    )


def _network(impl: Any) -> Any:
    """The class of networks: BNN, or another that has the two methods which no network does without; None where functions make one.

    Raises: AttributeError if there is neither.
    """
    if hasattr(impl, COURSE_CLASS):
        return impl.BNN
    classes = [value for value in (getattr(impl, name) for name in dir(impl)) if isinstance(value, type)]
    networks = [
        one for one in classes if _spelled(one, "evaluateClassifier") and _spelled(one, "computeGradients")
    ]
    if networks:  # a layer has the two methods as well, and a network more
        return max(networks, key=lambda one: sum(bool(_spelled(one, each)) for each in METHODS))
    for name in ("evaluateClassifier", "computeGradients"):
        try:
            plain_function(impl, name)
        except NeedsPersonError:
            continue
        return None
    return impl.BNN  # says where it was looked for


def _of_another_class(network: Any, orders: Any, shape: Any, terms: Any) -> Any:
    """A network of a class that is the course's but for its name; None if it is another."""
    for order in orders:
        try:
            net = network(order, **terms)
        except Exception:  # noqa: BLE001, S112  # the student's constructor meets sizes in another form than its own
            continue
        if isinstance(getattr(net, "W", None), list) and net.W and np.shape(net.W[0]) == shape:
            return net if hasattr(net, "muMA") else None
    return None


def drawn(net: Any) -> Any:
    """The network, whose starting values are the student's own. Raises: NeedsPersonError if they could not be asked for."""
    if isinstance(net, FunctionNet) and net.undrawn:
        raise NeedsPersonError(net.undrawn)
    return net


def helper(impl: Any, name: str) -> Any:
    """A small function of the course, `relu` or `softMax`; work without the class BNN may spell it otherwise, or do without."""
    if name == "softMax":
        _ask_for_columns(impl)
    network = None if hasattr(impl, name) else _network(impl)
    if hasattr(impl, name) or network is getattr(impl, COURSE_CLASS, ...):
        return getattr(impl, name)
    own = _spelled(network, name) if network else ""
    if own and isinstance(inspect.getattr_static(network, own), staticmethod):
        return getattr(network, own)
    return plain_function(impl, name)


def _ask_for_columns(impl: Any) -> None:
    """Raises: RowsError if a network that is no `BNN` takes images as rows, and so do the small functions beside it."""
    if hasattr(impl, COURSE_CLASS):
        return
    try:
        make_net(impl, (6, 5, 3), batchNorm=False)
    except RowsError:
        raise
    except Exception:  # noqa: BLE001  # no network, or none that can be made: charged where networks are judged
        return


def method(net: Any, name: str) -> Any:
    """The network's method of that name, in whatever case and with or without underscores.

    Raises: AttributeError if there is none.
    """
    return getattr(net, spelling(net, name))


def spelling(net: Any, name: str) -> str:
    """The name under which the network has that method. Raises: AttributeError if it has none."""
    found = _spelled(net, name)
    if not found:
        raise AttributeError(f"BNN has no method {name}")
    return found


def _spelled(net: Any, name: str) -> str:
    wanted = _plain(name)
    for spelling in (wanted, *METHODS.get(wanted, ())):
        for known in [name, *dir(net)]:
            if _plain(known) == spelling and callable(getattr(net, known, None)):
                return known
    return ""


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def start(net: Any, rng: Any, sizes: Any, *, normalized: bool, spread: float = 1.0) -> Any:
    """Give the network parameters and moving averages that depend on `rng` and `sizes` alone; returns the network.

    Vectors keep the form that the network has them in, (m, 1) or (m,).
    spread: with `normalized`, how many times as large the scores of hidden layers are. Normalization takes it out again, but for
        what is added to the variance: that counts for nothing where scores are large, and for much where they are small.

    Raises: ValueError if the network has another number of layers.
    """
    layers = len(sizes) - 1
    if len(net.W) != layers:
        raise ValueError(f"the network has {len(net.W)} layers, expected {layers}")
    for i in range(layers):
        fan_in, units = sizes[i], sizes[i + 1]
        values = {"W": 1.4 * rng.standard_normal((units, fan_in)) / np.sqrt(fan_in)}
        values["b"] = 0.3 * rng.standard_normal((units, 1))
        if normalized and i < layers - 1:
            values["gamma"] = rng.uniform(0.5, 1.5, (units, 1)) * rng.choice([-1.0, 1.0], (units, 1))
            values["beta"] = 0.3 * rng.standard_normal((units, 1))
            values["muMA"] = spread * 0.5 * rng.standard_normal((units, 1))
            values["vaMA"] = spread**2 * rng.uniform(0.5, 3.0, (units, 1))
            values["W"], values["b"] = spread * values["W"], spread * values["b"]
        for kind, value in values.items():
            put_in(net, kind, i, value if kind == "W" else _as(getattr(net, kind)[i], value))
    return net


def put_in(net: Any, kind: str, i: int, value: Any) -> None:
    """Give a network an array of layer i (negative counts from the last), wherever it keeps it; kind: "W", "b", "gamma", ..."""
    put(lambda: getattr(net, kind), i, value, kind)


def _as(given: Any, value: Any) -> Any:
    """A column (m, 1) as (m,) if that is what the network has."""
    return value.ravel() if np.shape(given) == (len(value),) else value


def problem(rng: Any, rows: int, classes: int, columns: int) -> tuple[Any, Any, Any]:
    """Columns whose rows differ in mean and spread, with labels that depend on them: X (rows, columns), one-hot Y, y."""
    y = rng.integers(classes, size=columns)
    centres = rng.standard_normal((rows, classes))
    X = centres[:, y] + rng.uniform(0.8, 2.0, (rows, 1)) * rng.standard_normal((rows, columns))
    return X + rng.standard_normal((rows, 1)), np.eye(classes)[y].T, y


def column(value: Any) -> Any:
    """A copy of an array, with (m,) as (m, 1); anything else as it is. Later steps may write into the original."""
    if type(value) is not np.ndarray:
        return value
    return value.reshape(-1, 1).copy() if value.ndim == 1 else value.copy()


def named(prefix: str, values: Any, count: int) -> dict[str, Any]:
    """The first `count` arrays of a list, as prefix1, prefix2, ...; None for an absent one."""
    return {f"{prefix}{i + 1}": column(values[i]) if i < len(values) else None for i in range(count)}


def averages(net: Any, suffix: str = "", *, spread: float = 1.0) -> dict[str, Any]:
    """The moving averages of the hidden layers, by name; as they would be without the spread that the network was started with."""
    if isinstance(net, FunctionNet) and net.unmoved:
        raise NeedsPersonError("the moving averages move where it trains, and not in its forward pass")
    hidden = len(net.W) - 1
    means, variances = named(f"muMA{suffix}_", net.muMA, hidden), named(f"vaMA{suffix}_", net.vaMA, hidden)
    return {
        **{name: times(1 / spread, value) for name, value in means.items()},
        **{name: times(1 / spread**2, value) for name, value in variances.items()},
    }


def times(factor: float, value: Any) -> Any:
    """An array times a factor; anything else as it is."""
    return factor * value if type(value) is np.ndarray and value.dtype.kind in "fiu" else value


def forward(net: Any, X: Any, *, training: bool = True) -> Any:
    """What the forward pass returns, as a tuple; a bare array of probabilities counts as a tuple of one."""
    returned = method(net, "evaluateClassifier")(X.copy(), training)
    return returned if isinstance(returned, (tuple, list)) else (returned,)


def cost_and_loss(net: Any, X: Any, Y: Any) -> dict[str, Any]:
    """The cost and the loss, numbers or arrays of one; where the method returns one thing, that is the cost, and the loss None."""
    returned = method(net, "computeCost")(X.copy(), Y.copy())
    pair = returned if isinstance(returned, (tuple, list)) else (returned, None)
    named = zip(("cost", "loss"), pair)  # noqa: B905 - Python 3.8
    return {name: None if value is None else float(number(value)) for name, value in named}


def gradients(
    net: Any,
    X: Any,
    Y: Any,
    *,
    normalized: bool,
    name: str = "computeGradients",
    suffix: str = "",
    spread: float = 1.0,
) -> dict[str, Any]:
    """The gradients by name: W1, b1, ..., and with `normalized` gamma1, beta1, ... of the hidden layers.

    Those of W and b are as they would be without the spread that the network was started with.
    A gradient (m,) of a parameter (m, 1) stays as it is, and is wrong: a step along it would turn the vector into a matrix.
    """
    layers = len(net.W)
    returned = method(net, name)(X.copy(), Y.copy())
    kinds = (("W", layers), ("b", layers), ("gamma", layers - 1), ("beta", layers - 1))
    arrays: dict[str, Any] = {}
    for (kind, count), values in zip(kinds if normalized else kinds[:2], returned):  # noqa: B905 - Python 3.8
        found = named(f"{kind}{suffix}_", values, count)
        for i, key in enumerate(found):
            flat = found[key] is not None and np.ndim(values[i]) == 1
            found[key] = values[i].copy() if flat and np.ndim(getattr(net, kind)[i]) == 2 else found[key]
            if kind in ("W", "b") and i < layers - 1:
                found[key] = times(spread, found[key])
        arrays.update(found)
    return arrays
