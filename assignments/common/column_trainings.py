"""The networks of DD2424's report: sent by the notebook's process (`packed_columns`), tried outside on the true columns (`doubt`).

As `assignments/common/trained.py`, for networks on columns that keep lists of arrays. Loss and accuracy at the end of a history are
those of the network that the training left, by the batch's own statistics and by the moving averages. NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assignments.common.trained import alike, networks, packed_arrays, scores

__all__ = ["doubt", "packed_columns", "standard_columns"]

LISTS = {"W": "W", "b": "b", "gamma": "gamma", "beta": "beta", "muMA": "mean", "vaMA": "var"}
EPS = float(np.finfo(float).eps)  # the course's

# How much worse than the end of its history a network may be: in loss, in accuracy on training and on validation columns. Right
# ones give the loss to 0.0001 and the accuracies but for one column of 500, in 64 trainings of the short form.
NEAR_LOSS, NEAR, NEAR_VAL = 0.05, 0.05, 0.1
LEARNT = 2.28  # training loss that batch norm gets below; 2.171 was the most of 32, and untrained networks have 2.303 or more


def packed_columns(runs: Sequence[Any]) -> dict[str, Any]:
    """The networks of runs, each in the form that `trained` knows: weights turned, and no normalization in the last layer."""
    named = {}
    for number, run in enumerate(runs):
        named[number] = [
            (kind, layer, np.asarray(value).T)
            for attribute, kind in LISTS.items()
            for layer, value in enumerate(getattr(run.net, attribute, ()))
            if kind in "Wb" or layer < len(run.net.W) - 1
        ]
    return packed_arrays("net", named)


def standard_columns(reference: Any, folder: Path) -> dict[str, Any]:
    """CIFAR-10 as the short form loads it, as rows: X_train (500, 48), X_val (100, 48), standardized; y_train, y_val."""
    found = reference.load_cifar(folder, train=500, validation=100, coarsen=8)
    return {name: np.asarray(array).T for name, array in found.items()}


def doubt(actual: Mapping[str, Any], runs: Sequence[tuple[Any, Any]], known: Mapping[str, Any]) -> str:
    """Why a person has to look at trainings whose histories are in order; empty if their networks bear them out.

    runs: settings and histories (6, epochs) of each. known: of `standard_columns`.
    """
    if not known:
        return "the images that the notebook was given are not known here"
    sent = networks(actual, "net")
    kinds: dict[tuple[int, bool], list[Any]] = {}
    for number, (row, history) in enumerate(runs):
        layers, normalized = sent.get(number, []), bool(row[3])
        ends = [found for way in ("batch", "running") if (found := _ends(layers, known, way)) is not None]
        if not ends or ("gamma" in layers[0]) != normalized:
            return "a network's parameters, or the images that it saw, could not be read"
        loss = min(found[0] for found in ends)
        near = any(
            on_train >= history[4, -1] - NEAR and on_val >= history[5, -1] - NEAR_VAL
            for _, on_train, on_val in ends
        )
        if not (near and loss <= history[2, -1] + NEAR_LOSS):
            return "a network does not classify the images as well as its history says"
        if normalized and not loss <= LEARNT:
            return "a network with batch norm classifies no better than an untrained one"
        kinds.setdefault((len(layers), normalized), []).append(layers[0]["W"])
    if any(alike(weights) for weights in kinds.values()):
        return "two trainings left the same network"
    return ""


def _ends(layers: Sequence[Mapping[str, Any]], known: Mapping[str, Any], way: str) -> Any:
    """Training loss, training accuracy and validation accuracy of a network; None if they cannot be had."""
    if not layers or not all("W" in layer for layer in layers):
        return None
    rows = len(known["X_train"])
    try:
        found = scores(layers, np.concatenate([known["X_train"], known["X_val"]]), rows, way, eps=EPS)
    except (KeyError, ValueError):  # parameters or averages that are not there, or do not fit together
        return None
    right = found.argmax(axis=1) == np.concatenate([known["y_train"], known["y_val"]])
    shifted = found[:rows] - found[:rows].max(axis=1, keepdims=True)
    chosen = shifted[np.arange(rows), known["y_train"]]
    loss = float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - chosen))
    return loss, float(right[:rows].mean()), float(right[rows:].mean())
