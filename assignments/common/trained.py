"""The networks that trainings left: sent by the notebook's process (`packed_networks`), tried outside on the true images (`doubt`).

A history alone can be made up. A network that classifies as well as a history says it did at its end cannot be had without training
one. So the parameters come along, and a judge lets them classify the images that the driver gave to the room. What a judge cannot
confirm waits for a person: an honest network may keep its parameters elsewhere, or have seen other images. NumPy only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "LARGEST",
    "accuracies",
    "alike",
    "coarser",
    "doubt",
    "images",
    "named_arrays",
    "networks",
    "packed_arrays",
    "packed_networks",
    "pictures",
    "sampled",
    "scores",
]

KINDS = ("W", "b", "gamma", "beta", "mean", "var")
RUNNING = KINDS.index(
    "mean"
)  # from here on, single precision: variances of unnormalized layers leave half precision's range
NAMED = re.compile(r"(W|b|gamma|beta)(\d{1,2})")  # the names that the courses give to a network's parameters
LARGEST = 60_000.0  # half precision ends at 65504; a weight beyond it is of a network that burst
SAMPLED = 8  # networks of one experiment that come along; of more, so many at even distances
# What is tried outside, for all networks of an experiment together: some seconds, whoever made the arrays.
MOST_NETWORKS, MOST_ARRAYS, WIDEST, MOST_VALUES = 200, 10_000, 8_192, 16_000_000
MOST_NODES = 100_000  # of all layers: each gives a number for every image, however few weights lead to it
EPS = 1e-5  # of the courses' normalizations
WAYS = ("running", "batch", "row")  # what a normalization may take its mean and variance from in test mode

# Right networks, read with their own running averages, give what their histories end with, but for one example in 250 (0.004),
# over 24 runs of CS231n's short form with real and made-up images. Layers that are slightly wrong, as the samples', stood up to
# 0.013 below on training images and 0.03 on validation images. How much worse a network may be than its history's end, on either:
NEAR, NEAR_VAL = 0.05, 0.1
SLIP = 0.1  # how far the best entries may stand above the ends, in the mean over an experiment's networks; 0.048 was the most
APART = (
    0.1  # least distance of two first layers' weights, in their size; two trainings stood 0.99 apart and more
)


def packed_networks(prefix: str, solvers: Sequence[Any]) -> dict[str, Any]:
    """The networks of some of the solvers as they were after the last step, with batch normalization's running averages.

    As `packed_arrays`, which says how.
    """
    return packed_arrays(prefix, {number: named_arrays(solvers[number]) for number in sampled(len(solvers))})


def packed_arrays(prefix: str, named: Mapping[int, Sequence[tuple[str, int, Any]]]) -> dict[str, Any]:
    """Parameters and running averages of numbered networks, each as (kind, layer, array).

    layout: rows (network, kind, layer, rows, columns). values, statistics: parameters and averages, one after the other.
    """
    layout: list[list[int]] = []
    values: tuple[list[Any], list[Any]] = ([np.zeros(0, np.float16)], [np.zeros(0, np.float32)])
    for number, arrays in named.items():
        for kind, layer, value in arrays:
            array = np.asarray(value)
            if array.ndim not in (1, 2) or array.dtype.kind not in "fiu":
                continue
            code = KINDS.index(kind)
            layout.append([number, code, layer, *(1, *array.shape)[-2:]])
            if code < RUNNING:
                values[0].append(np.clip(array, -LARGEST, LARGEST).astype(np.float16).ravel())
            else:
                values[1].append(array.astype(np.float32).ravel())
    return {
        f"{prefix}_layout": np.array(layout, dtype=np.int64).reshape(len(layout), 5),
        f"{prefix}_values": np.concatenate(values[0]),
        f"{prefix}_statistics": np.concatenate(values[1]),
    }


def named_arrays(solver: Any) -> list[tuple[str, int, Any]]:
    """(kind, layer, array) of a network's parameters and running averages; nothing of one that keeps them otherwise."""
    model = getattr(solver, "model", None)
    params = getattr(solver, "last_params", None) or getattr(model, "params", None)
    named: list[tuple[str, int, Any]] = []
    if isinstance(params, dict):
        for name, value in params.items():
            found = NAMED.fullmatch(str(name))
            if found:
                named.append((found[1], int(found[2]), value))
    kept = getattr(model, "bn_params", None)
    for layer, state in enumerate(kept if isinstance(kept, list) else (), start=1):
        if isinstance(state, dict):
            named += [
                (kind, layer, state[f"running_{kind}"])
                for kind in KINDS[RUNNING:]
                if f"running_{kind}" in state
            ]
    return named


def sampled(count: int) -> list[int]:
    """Which of so many networks come along."""
    if count <= SAMPLED:
        return list(range(count))
    return [round(number * (count - 1) / (SAMPLED - 1)) for number in range(SAMPLED)]


def images(reference: Any, folder: Path) -> dict[str, Any]:
    """CIFAR-10 as the short form loads it: X_train (1000, 3, 32, 32), X_val (200, ...), without the mean image; y_train, y_val.

    X_train_192 (1000, 192) and so on are the same images averaged over squares, by the inputs of a network that sees them so.
    """
    data = reference.get_CIFAR10_data(1000, 200, 200, folder=folder)
    known = {name: np.asarray(data[name]) for name in ("X_train", "y_train", "X_val", "y_val")}
    return known | coarser(known)


def coarser(known: Mapping[str, Any]) -> dict[str, Any]:
    """The coarse forms of the images X_train and X_val, each (N, 3, 32, 32)."""
    found = {}
    for name in ("X_train", "X_val"):
        for step in (2, 4, 8):
            side = 32 // step
            squares = known[name].reshape(-1, 3, side, step, side, step).mean(axis=(3, 5))
            found[f"{name}_{3 * side * side}"] = squares.reshape(len(squares), -1)
    return found


def doubt(
    actual: Mapping[str, Any],
    prefix: str,
    found: Sequence[tuple[Any, Any, Any]],
    known: Mapping[str, Any],
    *,
    least: float = 0.0,
    slip_val: float = 1.0,
) -> str:
    """Why a person has to look at trainings whose histories are in order; empty if their networks bear them out.

    found: of `histories`. known: of `images`. least: the mean training accuracy that the networks have to reach by themselves:
    above what networks give that were not trained, for a history of such a network may be true. slip_val: how far the best entries
    on validation images may stand above the ends; only where they count.
    """
    if not known:
        return "the images that the notebook was given are not known here"
    sent = networks(actual, prefix)
    tried, best = [], []  # pairs: on training, on validation images
    for number in sampled(len(found)):
        _, train, val = found[number]
        reached = accuracies(sent.get(number, []), actual[f"{prefix}_settings"][number], known)
        first = next(reached, None)
        if first is None:
            return "a network's parameters, or the images that it saw, could not be read"
        ends = train[-1] - NEAR, val[-1] - NEAR_VAL
        near = (pair for pair in chain([first], reached) if pair[0] >= ends[0] and pair[1] >= ends[1])
        tried.append((next(near, None), near))
        if tried[-1][0] is None:
            return "a network does not classify the images as well as its history says"
        best.append((max(train), max(val)))
    slips = SLIP, slip_val
    why = _short_of([first for first, _ in tried], best, least, slips)
    # The first way to normalize that fits is mostly the network's own. Another one may be better on training images, and has to be
    # looked for where that decides, or where validation images count as well, on which it may be worse.
    if why or slip_val < 1:
        why = _short_of([max([first, *others]) for first, others in tried], best, least, slips)
    if why:
        return why
    if alike([layers[0]["W"] for layers in sent.values()]):
        return "two trainings left the same network"
    return ""


def _short_of(
    measured: Sequence[Any], best: Sequence[tuple[Any, Any]], least: float, slips: tuple[float, float]
) -> str:
    """Why the accuracies of an experiment's networks fall short of its histories' best ones or of `least`; empty if they do not."""
    mean = np.mean(measured, axis=0)
    if np.any(np.mean(best, axis=0) > mean + np.array(slips)):
        return "the best accuracies are not those of the networks"
    if mean[0] < least:
        return "the networks classify hardly better than untrained ones"
    return ""


def networks(actual: Mapping[str, Any], prefix: str) -> dict[int, list[dict[str, Any]]]:
    """Solver's number -> its layers from the images to the scores, each with its arrays by kind, (rows, columns).

    Nothing where what came is not what `packed_arrays` sends.
    """
    layout = actual[f"{prefix}_layout"]
    if layout.dtype.kind != "i" or layout.ndim != 2 or layout.shape[1:] != (5,) or np.any(layout < 0):
        return {}
    if (
        len(layout) > MOST_ARRAYS
        or len(np.unique(layout[:, 0])) > MOST_NETWORKS
        or np.any(layout[:, 3:] > WIDEST)
    ):
        return {}
    sources = (actual[f"{prefix}_values"], actual[f"{prefix}_statistics"])
    if max(source.size for source in sources) > MOST_VALUES:
        return {}
    ends = [0, 0]
    found: dict[int, dict[int, dict[str, Any]]] = {}
    for number, code, layer, rows, columns in layout.tolist():
        which = int(code >= RUNNING)
        start, ends[which] = ends[which], ends[which] + rows * columns
        if code >= len(KINDS) or ends[which] > sources[which].size:
            return {}
        part = sources[which][start : ends[which]].astype(np.float64).reshape(rows, columns)
        found.setdefault(number, {}).setdefault(layer, {})[KINDS[code]] = part
    if sum(_nodes(arrays) for layers in found.values() for arrays in layers.values()) > MOST_NODES:
        return {}
    return {number: [layers[key] for key in sorted(layers)] for number, layers in found.items()}


def _nodes(arrays: Mapping[str, Any]) -> int:
    """Of a layer; a bias may be wider than its weights."""
    return max(array.shape[1] for array in arrays.values())


def accuracies(
    layers: Sequence[Mapping[str, Any]], settings: Any, known: Mapping[str, Any]
) -> Iterator[tuple[float, float]]:
    """A network's accuracies on training and validation images, one pair for each way to normalize that may be its own.

    In test mode it may normalize by running averages, by the batch or by the row: by mistake, or because it is layer normalization.
    Nothing if it cannot be read. A way is tried when its pair is asked for.
    """
    rows, count = int(settings[2]), int(settings[4])
    if not layers or not all("W" in layer for layer in layers) or ("gamma" in layers[0]) != bool(settings[9]):
        return
    X = [
        pictures(known, name, len(layers[0]["W"]))[:end]
        for name, end in (("X_train", rows), ("X_val", count))
    ]
    if len(X[0]) < rows or len(X[1]) < count:
        return
    try:
        first = np.concatenate([affine(part, layers[0]) for part in X])  # which the ways have in common
    except ValueError:
        return
    for way in WAYS if "gamma" in layers[0] else WAYS[:1]:  # without a normalization they are all the same
        try:
            chosen = np.argmax(scores_after(layers, first, rows, way), axis=1)
        except (KeyError, ValueError):  # parameters or averages that are not there, or do not fit together
            continue
        right = chosen[:rows] == known["y_train"][:rows], chosen[rows:] == known["y_val"][:count]
        yield float(right[0].mean()), float(right[1].mean())


def pictures(known: Mapping[str, Any], name: str, inputs: int) -> Any:
    """Images as a network with so many inputs sees them, (N, inputs): whole or coarser; no rows if it sees others."""
    whole = known[name].reshape(len(known[name]), -1)
    return whole if whole.shape[1] == inputs else known.get(f"{name}_{inputs}", whole[:0])


def scores(layers: Sequence[Mapping[str, Any]], X: Any, rows: int, way: str, *, eps: float = EPS) -> Any:
    """Scores (N, classes) of affine layers with ReLU between them, and normalization where there is any.

    X: (N, inputs), of which the first `rows` make a batch. way: "running" averages normalize, the "batch" or the "row".
    """
    return scores_after(layers, affine(X, layers[0]), rows, way, eps=eps) if layers else X


def affine(X: Any, layer: Mapping[str, Any]) -> Any:
    """X (N, inputs) times the layer's weights, plus its bias if it has one: (N, outputs), a new array."""
    out = X @ layer["W"]
    out += layer.get("b", 0.0)
    return out


def scores_after(
    layers: Sequence[Mapping[str, Any]], first: Any, rows: int, way: str, *, eps: float = EPS
) -> Any:
    """As `scores`, of what the first affine layer gave, which stays as it is."""
    out = first
    for layer, following in pairwise(layers):
        between = _normalized(layer, out, rows, way, eps) if "gamma" in layer else out
        out = affine(np.maximum(between, 0, out=None if between is first else between), following)
    return out


def _normalized(layer: Mapping[str, Any], out: Any, rows: int, way: str, eps: float) -> Any:
    """A new array: written in place from the first step on, for it is these passes over memory that take long."""
    if way == "running":
        between = out - layer["mean"]
        between *= layer["gamma"] / np.sqrt(layer["var"] + eps)
    elif way == "batch":
        between = out - out[:rows].mean(axis=0)
        between *= layer["gamma"] / np.sqrt(np.square(between[:rows]).mean(axis=0) + eps)
    else:
        between = out - out.mean(axis=1, keepdims=True)
        between *= 1 / np.sqrt(np.square(between).mean(axis=1, keepdims=True) + eps)
        between *= layer["gamma"]
    between += layer["beta"]
    return between


def alike(weights: Sequence[Any]) -> bool:
    """Whether two of the networks are one, give or take a little."""
    return any(
        one.shape == other.shape
        and not np.linalg.norm(one - other) >= APART * max(np.linalg.norm(one), np.linalg.norm(other))
        for one, other in combinations(weights, 2)
    )
