"""Networks of the lesson's kind, `NeuralNet(initial_weights, activation_fn, use_batch_norm)`: make, fill, feed and read one.

A method that trains or tests takes its data as `mnist=`, or reads a global of that name, as in the lesson's own notebook: the
probe's data take the place of both for the call. A leading `session`, which ported code may have kept, gets None.
NumPy and the standard library only; runs beside student code.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from assignments.common.arrays import kept, row
from assignments.common.networks import names_of
from assignments.common.parameters import put

__all__ = [
    "Rows",
    "call",
    "fill",
    "lesson_network",
    "made_up",
    "normalized_layers",
    "params_of",
    "population_of",
    "starting_weights",
]

CLASSES = 10  # the lesson's last layer always has ten nodes
MISSING = object()


class Rows:
    """A data set that hands out its rows in order, again from the start when it is through."""

    def __init__(self, images: Any, labels: Any) -> None:
        """Take images (N, inputs) and one-hot labels (N, 10)."""
        self.images = images
        self.labels = labels
        self.num_examples = len(images)
        self._next = 0

    def next_batch(self, batch_size: int) -> tuple[Any, Any]:
        """The next images and labels."""
        rows = np.arange(self._next, self._next + batch_size) % len(self.images)
        self._next += batch_size
        return self.images[rows], self.labels[rows]


def made_up(rng: Any, inputs: int, rows: tuple[int, int, int]) -> Any:
    """Data sets in which classes differ. rows: for training, validation and test. Returns: what the lesson calls mnist."""
    centres = 1.5 * rng.standard_normal((CLASSES, inputs))
    parts = []
    for count in rows:
        labels = rng.integers(CLASSES, size=count)
        images = centres[labels] + rng.standard_normal((count, inputs)) + 1.0
        parts.append(Rows(images, np.eye(CLASSES)[labels]))
    return SimpleNamespace(train=parts[0], validation=parts[1], test=parts[2])


def starting_weights(rng: Any, sizes: tuple[int, ...]) -> list[Any]:
    """One float64 array (inputs, nodes) for each layer. sizes: inputs, hidden layers, outputs."""
    return [rng.standard_normal(pair) / np.sqrt(pair[0]) for pair in pairwise(sizes)]


def lesson_network(impl: Any, weights: list[Any], activation: str, *, normalized: bool) -> Any:
    """A network whose starting weights are copies. activation: "relu" or "sigmoid", a function of `impl`."""
    return impl.NeuralNet([array.copy() for array in weights], getattr(impl, activation), normalized)


def fill(net: Any, rng: Any, sizes: tuple[int, ...]) -> Any:
    """Give biases, gammas, betas and population statistics values that depend on `rng` and `sizes` alone; returns the network.

    Pairs of population statistics keep their form, and each gets the values of the layer that has as many nodes: a network may
    normalize other layers than it should. One without statistics keeps having none; a bias in front of a normalization, which
    should not be there, stays as it is. Raises: NotImplementedError if the network has no parameters yet.
    """
    if not net.params:
        raise NotImplementedError("NeuralNet has no parameters yet")
    names = names_of(net.params)
    population = []
    for layer, nodes in enumerate(sizes[1:], start=1):
        values = {
            "b": 0.3 * rng.standard_normal(nodes),
            "gamma": rng.uniform(0.5, 1.5, nodes),
            "beta": 0.3 * rng.standard_normal(nodes),
        }
        population.append((0.5 * rng.standard_normal(nodes), rng.uniform(0.2, 3.0, nodes)))
        for kind, value in values.items():
            name = names.get(f"{kind}{layer}")
            if name is not None and not _needless(names, kind, layer):
                put(lambda: net.params, name, value.reshape(np.shape(net.params[name])), name)
    if len(net.population):
        _put_population(net, [_filled(pair, population) for pair in net.population])
    return net


def _put_population(net: Any, pairs: list[Any]) -> None:
    """Give the network its pairs of statistics: as a new list, or into the arrays that it shows where it takes none."""
    with contextlib.suppress(AttributeError):  # what layers hold may be shown by a property
        net.population = pairs
    for i, pair in enumerate(pairs):
        for place, value in enumerate(pair):
            put(lambda i=i: net.population[i], place, np.asarray(value), "population")


def _filled(pair: Any, population: list[tuple[Any, Any]]) -> Any:
    """A pair of mean and variance in its own form, with the values of the next layer of its width, which are taken out."""
    nodes = np.size(pair[0])
    place = next((i for i, (mean, _) in enumerate(population) if np.size(mean) == nodes), None)
    if place is None:  # of no layer that there is: charged where a network's parameters are
        return pair
    values = [np.reshape(new, np.shape(old)) for new, old in zip(population.pop(place), pair, strict=True)]
    if isinstance(pair, np.ndarray):
        return np.stack(values)
    return list(values) if isinstance(pair, list) else getattr(pair, "_make", tuple)(values)


def params_of(net: Any, prefix: str = "") -> dict[str, Any]:
    """The parameters as they are now, by the lesson's names, but for biases in front of a normalization."""
    names = names_of(net.params)
    return {
        f"{prefix}{name}": kept(net.params[key])
        for name, key in names.items()
        if not (name.startswith("b") and name[1:].isdigit() and _needless(names, "b", int(name[1:])))
    }


def normalized_layers(net: Any) -> list[int]:
    """Numbers of the layers that have a scale, from 1, in order."""
    return sorted(int(name[5:]) for name in names_of(net.params) if name.startswith("gamma"))


def _needless(names: dict[str, str], kind: str, layer: int) -> bool:
    """Whether it is a bias in front of a normalization. It has no effect, and a check of its own says so."""
    return kind == "b" and f"gamma{layer}" in names


def population_of(net: Any, prefix: str = "") -> dict[str, Any]:
    """Population mean and variance of each normalized layer as they are now."""
    arrays = {}
    for layer, (mean, variance) in enumerate(net.population, start=1):
        arrays[f"{prefix}mean{layer}"] = kept(row(mean))
        arrays[f"{prefix}variance{layer}"] = kept(row(variance))
    return arrays


def call(function: Any, mnist: Any, *args: Any, **named: Any) -> Any:
    """Call a function or method that needs the data, whichever way it takes them. Nothing is shown of what it draws."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return _with_data(function, mnist, args, named)
    pyplot.switch_backend("agg")  # the kernel's own would send figures to a notebook that is over
    try:
        return _with_data(function, mnist, args, named)
    finally:
        pyplot.close("all")


def _with_data(function: Any, mnist: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    accepted = inspect.signature(function).parameters
    if "session" in accepted or "sess" in accepted:
        args = (None, *args)
    if "mnist" in accepted:
        named = {**named, "mnist": mnist}
    space = getattr(function, "__func__", function).__globals__
    before = space.get("mnist", MISSING)
    space["mnist"] = mnist  # also where it is passed: what the function calls may read the global
    try:
        return function(*args, **named)
    finally:
        if before is MISSING:
            del space["mnist"]
        else:
            space["mnist"] = before
