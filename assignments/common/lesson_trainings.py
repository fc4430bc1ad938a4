"""The lesson's trained networks: sent by the notebook's process (`packed_nets`), tried outside on the true digits.

As `assignments/common/trained.py`, for networks of the lesson's kind. A validation accuracy that was sampled after the last batch
is the network's own, exactly; so are the guesses for single images. NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assignments.common.arrays import row
from assignments.common.networks import names_of
from assignments.common.trained import LARGEST, alike, networks, packed_arrays

__all__ = [
    "SINGLE",
    "doubt_of_lead",
    "doubt_of_networks",
    "doubt_of_singles",
    "first_digits",
    "guesses",
    "packed_nets",
]

EPSILON = 1e-3  # the lesson's
ACTIVATIONS = ("relu", "sigmoid")
SINGLE = 200  # test images that are predicted one at a time
SAMPLES = {3, 5}  # of the short form's comparisons, where the last one is taken after the last batch

# 72 networks of the short form gave the accuracies that their histories end with but for one of 200 images: rounding to half
# precision may turn a few. Where training went on after the last sample, more.
TURNED = 4
NEAR = 0.1
BURST = 0.3  # most that a network with weights beyond half precision can classify
START = 0.6  # most that a network can classify after its first batch; 0.26 there
LEAST = 0.2  # mean accuracy of the comparisons' networks with batch normalization; 0.33 there, and 0.1 of untrained ones
LEAD = (
    0.1  # mean lead of the networks with batch normalization at the end of the short comparisons; 0.42 there
)


def packed_nets(prefix: str, nets: Sequence[Any]) -> dict[str, Any]:
    """The networks as they were left, as `packed_arrays` says; nothing of one that keeps its arrays otherwise."""
    return packed_arrays(prefix, {number: _arrays(net) for number, net in enumerate(nets)})


def _arrays(net: Any) -> list[tuple[str, int, Any]]:
    try:
        named = []
        for name, key in names_of(net.params).items():
            kind = name.rstrip("0123456789")
            named.append((kind, int(name[len(kind) :]), row(np.asarray(net.params[key], dtype=float))))
        for layer, pair in enumerate(net.population, start=1):
            for kind, value in zip(("mean", "var"), pair):  # noqa: B905 - Python 3.8
                named.append((kind, layer, row(np.asarray(value, dtype=float))))
    except (AttributeError, TypeError, ValueError):
        return []
    return named


def first_digits(reference: Any, folder: Path) -> dict[str, Any]:
    """MNIST as the short form loads it: X_val, X_test (200, 784); y_val, y_test."""
    data = reference.read_data_sets(folder)
    known = {}
    for name, part in (("val", data.validation), ("test", data.test)):
        known[f"X_{name}"] = np.asarray(part.images[:200], dtype=float)
        known[f"y_{name}"] = np.argmax(part.labels[:200], axis=1)
    return known


def guesses(layers: Sequence[Mapping[str, Any]], X: Any, activation: str, *, by_batch: bool) -> Any:
    """The class of each row that a network gives. by_batch: normalize by these rows, not by the population.

    Raises: KeyError, ValueError if arrays are not there or do not fit together.
    """
    out = X
    for number, layer in enumerate(layers, start=1):
        out = out @ layer["W"] + layer.get("b", 0.0)
        if number == len(layers):
            break
        if "gamma" in layer:
            mean, var = (out.mean(axis=0), out.var(axis=0)) if by_batch else (layer["mean"], layer["var"])
            out = layer["gamma"] * (out - mean) / np.sqrt(var + EPSILON) + layer["beta"]
        out = np.maximum(out, 0) if activation == "relu" else 0.5 + 0.5 * np.tanh(out / 2)
    return np.argmax(out, axis=1)


def _accuracies(
    sent: Mapping[int, Sequence[Mapping[str, Any]]],
    names: Sequence[str],
    run: Mapping[str, tuple[Any, Any]],
    known: Mapping[str, Any],
) -> tuple[list[tuple[float, float]], str]:
    """What the networks of comparisons give on the validation images, without and with batch normalization, or why a person looks.

    names: of the comparisons whose networks came; the activation function stands in them. run: the histories of those that count.
    """
    if not known:
        return [], "the images that the notebook was given are not known here"
    found = []
    for name, histories in run.items():
        activation = next(one for one in ACTIVATIONS if one in name.split())
        own = []
        for kind, history in enumerate(histories):
            reached, layers = 0, sent.get(2 * names.index(name) + kind, [])
            for value in _reached(layers, activation, bool(kind), known):
                reached += 1
                if _near(value, history, len(known["y_val"])) or (_burst(layers) and history[-1] <= BURST):
                    own.append(value)
                    break
            if not reached:
                return [], f"{name}: a network was not kept, or could not be read"
            if len(own) <= kind:
                return [], f"{name}: a network does not classify the images as its history says"
            if not history[0] <= START:
                return [], f"{name}: a network knew the digits after one batch"
        found.append((own[0], own[1]))
    for kind in (0, 1):
        weights = [sent[2 * names.index(name) + kind][0]["W"][::8] for name in run]
        if alike([array for array in weights if np.all(np.isfinite(array))]):
            return [], "two trainings left the same network"
    return found, ""


def _reached(
    layers: Sequence[Mapping[str, Any]], activation: str, normalized: bool, known: Mapping[str, Any]
) -> Iterator[float]:
    """Validation accuracies by the ways to normalize that may be the network's own; none if it cannot be read."""
    if not layers or not all("W" in layer for layer in layers) or ("gamma" in layers[0]) != normalized:
        return
    for by_batch in (False, True) if normalized else (False,):
        try:
            with np.errstate(all="ignore"):
                chosen = guesses(layers, known["X_val"], activation, by_batch=by_batch)
        except (KeyError, ValueError):
            continue
        yield float(np.mean(chosen == known["y_val"]))


def _burst(layers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether half precision cannot hold what is left of the network: absurd weights and large rates leave such ones."""
    return not all(np.all(np.abs(array) < LARGEST) for layer in layers for array in layer.values())


def _near(own: float, history: Any, images: int) -> bool:
    if len(history) in SAMPLES:
        return bool(abs(own - history[-1]) * images < TURNED + 0.5)
    return bool(own >= history[-1] - NEAR)


def doubt_of_networks(
    actual: Mapping[str, Any],
    names: Sequence[str],
    run: Mapping[str, tuple[Any, Any]],
    known: Mapping[str, Any],
) -> str:
    """Why a person has to look at comparisons that were run; empty if their networks bear them out."""
    found, why = _accuracies(networks(actual, "net"), names, run, known)
    if not why and not np.mean([own for _, own in found]) >= LEAST:
        return "the networks with batch normalization classify hardly better than untrained ones"
    return why


def doubt_of_lead(
    actual: Mapping[str, Any],
    names: Sequence[str],
    run: Mapping[str, tuple[Any, Any]],
    known: Mapping[str, Any],
) -> str:
    """Why a person has to look at comparisons in which batch normalization is ahead; empty if it is so by their networks, too."""
    found, why = _accuracies(networks(actual, "net"), names, run, known)
    if not why and not np.mean([own - without for without, own in found]) >= LEAD:
        return "the networks with batch normalization do not classify better than those without"
    return why


def doubt_of_singles(actual: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Why a person has to look at predictions of single images; empty if the networks that are said to have made them make them."""
    if not known:
        return "the images that the notebook was given are not known here"
    if not np.array_equal(actual["labels"], known["y_test"][:SINGLE]):
        return "the labels are not those of the test images"  # guesses of any network can be called right
    sent = networks(actual, "net")
    for number, name in enumerate(("by_batch", "by_population")):
        layers = sent.get(number, [])
        if not layers or not all("W" in layer for layer in layers):
            return f"{name}: the network was not kept, or could not be read"
        X, by_batch = known["X_test"], name == "by_batch"
        try:
            with np.errstate(all="ignore"):
                # Whatever a batch of one is, it is normalized to zero: one image stands for all.
                own = guesses(layers, X[:1] if by_batch else X, "relu", by_batch=by_batch)
        except (KeyError, ValueError):
            return f"{name}: the network could not be read"
        if not np.sum(own != actual[name]) <= TURNED:
            return f"{name}: its network does not make these predictions"
    return ""
