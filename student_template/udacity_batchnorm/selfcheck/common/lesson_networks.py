from __future__ import annotations
import contextlib
import inspect
import sys
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
import numpy as np
from .arrays import kept, row
from .networks import names_of
from .parameters import put
CLASSES = 10
MISSING = object()

class Rows:

    def __init__(self, images: Any, labels: Any) -> None:
        self.images = images
        self.labels = labels
        self.num_examples = len(images)
        self._next = 0

    def next_batch(self, batch_size: int) -> tuple[Any, Any]:
        rows = np.arange(self._next, self._next + batch_size) % len(self.images)
        self._next += batch_size
        return (self.images[rows], self.labels[rows])

def made_up(rng: Any, inputs: int, rows: tuple[int, int, int]) -> Any:
    centres = 1.5 * rng.standard_normal((CLASSES, inputs))
    parts = []
    for count in rows:
        labels = rng.integers(CLASSES, size=count)
        images = centres[labels] + rng.standard_normal((count, inputs)) + 1.0
        parts.append(Rows(images, np.eye(CLASSES)[labels]))
    return SimpleNamespace(train=parts[0], validation=parts[1], test=parts[2])

def starting_weights(rng: Any, sizes: tuple[int, ...]) -> list[Any]:
    return [rng.standard_normal(pair) / np.sqrt(pair[0]) for pair in pairwise(sizes)]

def lesson_network(impl: Any, weights: list[Any], activation: str, *, normalized: bool) -> Any:
    return impl.NeuralNet([array.copy() for array in weights], getattr(impl, activation), normalized)

def fill(net: Any, rng: Any, sizes: tuple[int, ...]) -> Any:
    if not net.params:
        raise NotImplementedError('NeuralNet has no parameters yet')
    names = names_of(net.params)
    population = []
    for layer, nodes in enumerate(sizes[1:], start=1):
        values = {'b': 0.3 * rng.standard_normal(nodes), 'gamma': rng.uniform(0.5, 1.5, nodes), 'beta': 0.3 * rng.standard_normal(nodes)}
        population.append((0.5 * rng.standard_normal(nodes), rng.uniform(0.2, 3.0, nodes)))
        for kind, value in values.items():
            name = names.get(f'{kind}{layer}')
            if name is not None and (not _needless(names, kind, layer)):
                put(lambda: net.params, name, value.reshape(np.shape(net.params[name])), name)
    if len(net.population):
        _put_population(net, [_filled(pair, population) for pair in net.population])
    return net

def _put_population(net: Any, pairs: list[Any]) -> None:
    with contextlib.suppress(AttributeError):
        net.population = pairs
    for i, pair in enumerate(pairs):
        for place, value in enumerate(pair):
            put(lambda i=i: net.population[i], place, np.asarray(value), 'population')

def _filled(pair: Any, population: list[tuple[Any, Any]]) -> Any:
    nodes = np.size(pair[0])
    place = next((i for i, (mean, _) in enumerate(population) if np.size(mean) == nodes), None)
    if place is None:
        return pair
    values = [np.reshape(new, np.shape(old)) for new, old in zip(population.pop(place), pair, strict=True)]
    if isinstance(pair, np.ndarray):
        return np.stack(values)
    return list(values) if isinstance(pair, list) else getattr(pair, '_make', tuple)(values)

def params_of(net: Any, prefix: str='') -> dict[str, Any]:
    names = names_of(net.params)
    return {f'{prefix}{name}': kept(net.params[key]) for name, key in names.items() if not (name.startswith('b') and name[1:].isdigit() and _needless(names, 'b', int(name[1:])))}

def _needless(names: dict[str, str], kind: str, layer: int) -> bool:
    return kind == 'b' and f'gamma{layer}' in names

def population_of(net: Any, prefix: str='') -> dict[str, Any]:
    arrays = {}
    for layer, (mean, variance) in enumerate(net.population, start=1):
        arrays[f'{prefix}mean{layer}'] = kept(row(mean))
        arrays[f'{prefix}variance{layer}'] = kept(row(variance))
    return arrays

def call(function: Any, mnist: Any, *args: Any, **named: Any) -> Any:
    pyplot = sys.modules.get('matplotlib.pyplot')
    if pyplot is None:
        return _with_data(function, mnist, args, named)
    pyplot.switch_backend('agg')
    try:
        return _with_data(function, mnist, args, named)
    finally:
        pyplot.close('all')

def _with_data(function: Any, mnist: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    accepted = inspect.signature(function).parameters
    if 'session' in accepted or 'sess' in accepted:
        args = (None, *args)
    if 'mnist' in accepted:
        named = {**named, 'mnist': mnist}
    space = getattr(function, '__func__', function).__globals__
    before = space.get('mnist', MISSING)
    space['mnist'] = mnist
    try:
        return function(*args, **named)
    finally:
        if before is MISSING:
            del space['mnist']
        else:
            space['mnist'] = before
