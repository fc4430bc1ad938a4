"""Find the networks that a notebook kept, wherever it keeps them, and take their arrays apart. Runs beside student code.

A network is any object with a dictionary `params`: lists of arrays by kind (`params["W"][0]`) or an array for each name
(`params["W1"]`). It may stand under a name of its own, or in lists, tuples and dictionaries. NumPy and the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from assignments.common.arrays import row
from assignments.common.networks import names_of
from assignments.common.trained import KINDS, packed_arrays

__all__ = ["MOST", "arrays_of", "kept_networks", "packed_kept"]

DEEPEST = 3  # containers in containers that are looked into
VISITED = 20_000  # objects looked at; a notebook of the courses holds some hundred
MOST = 40  # networks that come along: of both kinds at the course's twenty weight scales
INPUTS = (3072, 768, 192, 48)  # of networks that see CIFAR-10, whole or averaged over squares


def packed_kept(prefix: str, impl: Any, layers: int) -> dict[str, Any]:
    """The networks of so many layers that the notebook kept, as `packed_arrays` says; if there are none, those of other depths.

    Networks that do not see CIFAR-10 stay where they are.
    """
    found = [arrays for network in kept_networks(impl) if (arrays := arrays_of(network))]
    found = [arrays for arrays in found if len(_weights(arrays)[0]) in INPUTS]
    alike = [arrays for arrays in found if len(_weights(arrays)) == layers]
    return packed_arrays(prefix, dict(enumerate((alike or found)[:MOST])))


def kept_networks(impl: Any) -> list[Any]:
    """Each network once, in the order of the notebook's names."""
    found: dict[int, Any] = {}
    left = iter(range(VISITED))
    for name in dir(impl):
        if not name.startswith("_"):
            for network in _within(getattr(impl, name, None), DEEPEST, left):
                found[id(network)] = network
    return list(found.values())


def _within(value: Any, depth: int, left: Iterator[int]) -> Iterator[Any]:
    if next(left, None) is None:
        return
    if isinstance(value, (dict, list, tuple)):
        for part in (value.values() if isinstance(value, dict) else value) if depth else ():
            if not isinstance(part, (int, float, str, np.generic)):
                yield from _within(part, depth - 1, left)
    elif not isinstance(value, type) and isinstance(getattr(value, "params", None), dict):
        yield value


def arrays_of(network: Any) -> list[tuple[str, int, Any]]:
    """(kind, layer, array) of parameters and running averages, layers counted from 1; nothing if the weights cannot be read."""
    named: list[tuple[str, int, Any]] = []
    params = network.params
    if isinstance(params.get("W"), (list, tuple)):
        for kind in KINDS[:4]:
            named += [(kind, layer, value) for layer, value in enumerate(params.get(kind, ()), start=1)]
    else:
        for name, key in names_of([key for key in params if isinstance(key, str)]).items():
            kind = name.rstrip("0123456789")
            named.append((kind, int(name[len(kind) :]), params[key]))
    if not any(kind == "W" for kind, _, _ in named):
        return []
    try:
        named = [(kind, layer, np.asarray(value, dtype=float)) for kind, layer, value in named]
    except (TypeError, ValueError):
        return []
    named = [(kind, layer, value if kind == "W" else row(value)) for kind, layer, value in named]
    if any(value.ndim != 2 for value in _weights(named)):
        return []
    return named + _averages(network)


def _weights(named: Sequence[tuple[str, int, Any]]) -> list[Any]:
    return [value for kind, _, value in named if kind == "W"]


def _averages(network: Any) -> list[tuple[str, int, Any]]:
    """Running averages, from whichever attribute holds a dictionary of them for each normalized layer."""
    shown = getattr(network, "bn_params", None)  # a network of layer objects may only show them
    for states in (*(vars(network).values() if hasattr(network, "__dict__") else ()), shown):
        if isinstance(states, (list, tuple)) and states and all(_holds_averages(state) for state in states):
            return [
                (kind, layer, row(np.asarray(state[f"running_{kind}"], dtype=float)))
                for layer, state in enumerate(states, start=1)
                for kind in KINDS[4:]
            ]
    return []


def _holds_averages(state: Any) -> bool:
    return isinstance(state, dict) and all(f"running_{kind}" in state for kind in KINDS[4:])
