"""Whether the networks of DD2424's report bear its histories out: they are tried on the true columns (`doubt`). Pure, and outside.

A network that classifies as a history says it did cannot be had without training one. So each history is held against the network
that its training left, and against the network as it was after a few epochs that were drawn when the notebook had ended. What
cannot be confirmed waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assignments.common.column_trainings import TRIED, RunRead
from assignments.common.trained import alike, networks, scores

__all__ = ["doubt", "doubt_search"]

EPS = float(np.finfo(float).eps)  # the course's

# How far a network may be from its history: in loss (of itself, where it is above one), in accuracy on training and on validation
# columns. Right ones give the losses to 0.0001 and the accuracies but for one column of 500, in 64 trainings of the short form.
NEAR_LOSS, NEAR, NEAR_VAL = 0.05, 0.05, 0.1
LEARNT = 2.28  # training loss that batch norm gets below; 2.171 was the most of 32, and untrained networks have 2.303 or more
WHOLE = 1e-6  # how far a share of n columns, times n, may be from a whole number
# Cost less loss is lambda times the sum of squared weights; who takes half of it, or of one layer, takes it each time.
FACTOR = 2.0


@dataclass(frozen=True)
class Measured:
    """What a network gives on the true columns: losses and accuracies, of training and validation; sum of squared weights."""

    losses: tuple[float, float]
    shares: tuple[float, float]
    squares: float


def doubt(actual: Mapping[str, Any], runs: Sequence[RunRead], known: Mapping[str, Any]) -> str:
    """Why a person has to look at trainings whose histories are in order; empty if their networks bear them out.

    runs: of `runs_of`. known: of `standard_columns`.
    """
    unsure = _stray(actual, runs, known)
    if unsure:
        return unsure
    kinds: dict[tuple[int, bool], list[Any]] = {}
    sent = networks(actual, "net")
    for number, run in enumerate(runs):
        layers = sent[number]
        if run.normalized and not min(found.losses[0] for found in _measured(layers, known)) <= LEARNT:
            return "a network with batch norm classifies no better than an untrained one"
        kinds.setdefault((run.depth, run.normalized), []).append(layers[0]["W"])
    if any(alike(weights) for weights in kinds.values()):
        return "two trainings left the same network"
    return ""


def doubt_search(
    actual: Mapping[str, Any], trials: Any, runs: Sequence[RunRead], known: Mapping[str, Any]
) -> str:
    """Why a person has to look at a search whose figures are in order. trials: (n, 2), lambda and validation accuracy.

    Networks may be nearly alike, where one start was used for each lambda; not the same.
    """
    places = actual["run_of"]
    if places.shape != (len(trials),) or np.any(np.sort(places)[-len(runs) :] != np.arange(len(runs))):
        return "trials and networks of the search do not belong together"
    if np.sum(places < 0) > max(0, len(trials) - TRIED):
        return "networks of the search were not kept by the assignment's own code"
    for place, (lmda, share) in zip(places.astype(int), trials, strict=True):
        if place < 0:
            continue
        run = runs[place]
        ends = (run.history[5, -1], run.history[5].max())
        if not abs(run.lmda - lmda) <= 1e-9 * lmda or not min(abs(end - share) for end in ends) <= 1e-9:
            return "a trial of the search is not what its training gives"
    unsure = _stray(actual, runs, known)
    if unsure:
        return unsure
    sent = networks(actual, "net")
    weights = [layers[0]["W"] for layers in sent.values()]
    if any(np.array_equal(one, other) for n, one in enumerate(weights) for other in weights[:n]):
        return "two trials left the same network"
    if not min(found.losses[0] for found in _measured(sent[0], known)) <= LEARNT:
        return "the best network of the search classifies no better than an untrained one"
    return ""


def _stray(actual: Mapping[str, Any], runs: Sequence[RunRead], known: Mapping[str, Any]) -> str:
    """Which history is not borne out by its networks, in words."""
    if not known:
        return "the images that the notebook was given are not known here"
    sent, states = networks(actual, "net"), networks(actual, "state")
    epochs = _epochs_of(actual, runs, states)
    penalties = []
    for number, run in enumerate(runs):
        if not _whole(run.history[4:], known):
            return "an accuracy is no share of the columns that the notebook was given"
        if run.history.shape[1] > 1 and not epochs.get(number):
            return "no network was kept between a training's epochs"
        places = [(run.history.shape[1], sent.get(number, [])), *epochs.get(number, ())]
        for epoch, layers in places:
            found = _measured(layers, known)
            if not found or ("gamma" in layers[0]) != run.normalized or len(layers) != run.depth:
                return "a network's parameters, or the images that it saw, could not be read"
            entry = run.history[:, epoch - 1]
            if not any(_near(one, entry) for one in found):
                ends = epoch == run.history.shape[1]
                return (
                    f"a network does not classify the images as {'well as ' if ends else ''}its history says"
                )
            if run.lmda > 0:
                penalties.append((entry[0] - entry[2]) / (run.lmda * found[0].squares))
    if penalties and not max(penalties) <= FACTOR * min(penalties):
        return "costs and losses differ by what is no penalty on the networks' weights"
    return ""


def _epochs_of(
    actual: Mapping[str, Any], runs: Sequence[RunRead], states: Mapping[int, Any]
) -> dict[int, list[Any]]:
    """Number of a training -> pairs of epoch and network; nothing where what came is not what `packed_runs` sends."""
    places = actual["state_of"]
    if places.shape != (len(states), 2) or not np.all(np.isfinite(places)):
        return {}
    found: dict[int, list[Any]] = {}
    for number, (run, epoch) in enumerate(places.astype(int).tolist()):
        if not 0 <= run < len(runs) or not 1 <= epoch < runs[run].history.shape[1] or number not in states:
            return {}
        found.setdefault(run, []).append((epoch, states[number]))
    return found


def _whole(shares: Any, known: Mapping[str, Any]) -> bool:
    hits = shares * np.array([[len(known["X_train"])], [len(known["X_val"])]])
    return bool(np.all(np.abs(hits - np.round(hits)) <= WHOLE))


def _near(found: Measured, entry: Any) -> bool:
    """Whether a network gives, within what right ones differ by, the losses and accuracies of an entry (6,) of the histories."""
    off = np.abs(np.array(found.losses) - entry[2:4]) / np.maximum(1, entry[2:4])
    shares = np.abs(np.array(found.shares) - entry[4:])
    return bool(np.all(off <= NEAR_LOSS) and shares[0] <= NEAR and shares[1] <= NEAR_VAL)


def _measured(layers: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> list[Measured]:
    """What a network gives, once for each pair of ways to normalize for loss and accuracy; nothing if it cannot be read.

    Losses are those of training, by the columns' own statistics, and accuracies those by the moving averages; by mistake it may be
    the other way round.
    """
    if not layers or not all("W" in layer for layer in layers):
        return []
    by_way = {}
    for way in ("batch", "running") if "gamma" in layers[0] else ("batch",):
        try:
            by_way[way] = [
                _on(layers, known[f"X_{part}"], known[f"y_{part}"], way) for part in ("train", "val")
            ]
        except (KeyError, ValueError):  # parameters or averages that are not there, or do not fit together
            continue
    squares = float(sum(np.sum(layer["W"] ** 2) for layer in layers))
    return [
        Measured((one[0][0], one[1][0]), (other[0][1], other[1][1]), squares)
        for one in by_way.values()
        for other in by_way.values()
    ]


def _on(layers: Sequence[Mapping[str, Any]], X: Any, y: Any, way: str) -> tuple[float, float]:
    """Loss and accuracy."""
    found = scores(layers, X, len(X), way, eps=EPS)
    shifted = found - found.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y])
    return float(loss), float(np.mean(found.argmax(axis=1) == y))
