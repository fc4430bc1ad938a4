"""Trainings by plain gradient descent, as Tufts' `train` reports them: tried outside on the true images. Pure, and outside.

Minibatches go in the order of the rows, and accuracies are taken right after the first step of an epoch. So a network that stopped
there gives the last accuracies of its history exactly, and the objectives of its last epoch nearly, for each was taken before the
network had made that step. A history in between is free. What a network does not bear out is left to a person. NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assignments.common.kept_networks import MOST
from assignments.common.trained import LARGEST, alike, coarser, networks, scores

__all__ = ["Claim", "Form", "doubt", "first_images", "learnt"]

EPS = 1e-4  # the course's

# A network's own last accuracies were its history's, exactly, in 70 trainings of the short form on real and made-up images: one
# example of the minibatch, or two of the validation images, are for rounding to half precision. Where training went on to
# the middle of an epoch they move.
ONE_OFF, TWO_OFF = 1, 2
NEAR, NEAR_VAL = 0.1, 0.15

# Objective of a row that the history has above the network's: at the last step, which lowered it (-0.02 to 0.46 there), and in the
# mean of an epoch (-0.11 to 0.28).
LAST, EPOCH = (-0.15, 0.8), (-0.3, 0.5)
START = (
    2.1  # least objective of a row at the first step: ten classes that cannot be told apart yet have 2.303
)
LOST = 20.0  # objective of a row beyond which a training has burst
BURST = 0.3  # and cannot classify better than this
LEARNT = 2.2  # objective of a row that networks which learnt get below (2.0 there); untrained ones have 2.303 or more
# Numbers that are worked out to find each history's network, some 20 s. Trying each of 40 networks of five layers of 100 nodes for
# each of 40 histories takes half of them.
MOST_TRIED = 4_000_000_000
STEP = 1_000  # what a step through a layer costs besides, in numbers
SLIP = 0.15  # how far best accuracies may stand above the networks' own, in the mean over an experiment (0.08 there)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How large a training may have been: rows of it, rows of a minibatch, and the penalty's factor."""

    rows: int
    batch: int
    reg: float

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        return max(self.rows // self.batch, 1)

    def minibatch(self, step: int) -> slice:
        """The rows of a step, counted from 0."""
        start = (step * self.batch) % self.rows
        return slice(start, min(start + self.batch, self.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A history: objective of each step, accuracies on minibatch and validation images. forms: that it may have had."""

    objective: Any
    train: Any
    val: Any
    normalized: bool
    forms: tuple[Form, ...]


def first_images(reference: Any, folder: Path) -> dict[str, Any]:
    """CIFAR-10 as the short form loads it: X_train (600, 3, 32, 32), X_val (100, ...), y_train, y_val; and coarser forms."""
    data = reference.get_CIFAR10_data(600, 100, 100, folder=folder)
    known = {name: np.asarray(data[name]) for name in ("X_train", "y_train", "X_val", "y_val")}
    return known | coarser(known)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a network gives: its accuracies on the last minibatch and on validation images, on all rows; objective of a row."""

    train: float
    val: float
    whole: float
    objective: float


def doubt(
    actual: Mapping[str, Any],
    prefix: str,
    claims: Sequence[Claim],
    known: Mapping[str, Any],
    *,
    least: float = 0.0,
    learning: bool = False,
) -> str:
    """Why a person has to look at trainings whose histories are in order; empty if kept networks, one for each, bear them out.

    actual: holds networks of `kept_networks.packed_kept`. known: of `first_images`. least: mean accuracy on all training rows that
    normalized networks reach. learning: whether each of these has to have learnt.
    """
    if not known:
        return "the images that the notebook was given are not known here"
    if len(claims) > MOST:
        return f"{len(claims)} trainings are more than are tried"
    sent = list(networks(actual, prefix).values())[:MOST]
    if len(sent) < len(claims):
        return f"{len(sent)} trained networks were kept and could be read, expected {len(claims)}"
    pairs = _paired(claims, sent, _Images(known))
    if len(pairs) < len(claims):
        return "no network that was kept gives what a history ends with"
    found = {number: one for number, (_, one) in pairs.items()}
    ours = [found[number] for number, claim in enumerate(claims) if claim.normalized]
    if learning and any(not one.objective <= LEARNT for one in ours):
        return "a network with batch normalization classifies no better than an untrained one"
    if ours and not np.mean([one.whole for one in ours]) >= least:
        return "the networks with batch normalization classify hardly better than untrained ones"
    return _doubt_together(claims, found, [sent[network][0]["W"] for network, _ in pairs.values()])


def _doubt_together(claims: Sequence[Claim], found: Mapping[int, _Found], weights: Sequence[Any]) -> str:
    """What only all trainings of an experiment show. found: what the network of each claim gives; weights: their first layers'."""
    for normalized in (True, False):
        slips = [max(c.train) - found[n].train for n, c in enumerate(claims) if c.normalized == normalized]
        if slips and not np.mean(slips) <= SLIP + 1 / min(form.batch for form in claims[0].forms):
            return "the best accuracies are not those of the networks"
    if alike([array for array in weights if np.all(np.isfinite(array))]):
        return "two trainings left the same network"
    return ""


def learnt(objective: Any, factor: float) -> bool:
    """Whether the last fifth of an objective lies below its first fifth by this factor."""
    count = max(round(len(objective) / 5), 1)
    return bool(np.mean(objective[-count:]) < factor * np.mean(objective[:count]))


class _Images:
    """The true images as networks see them, and what networks made of them; each worked out once."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self.known = known
        self.y_val = known["y_val"]
        self._rows: dict[tuple[int, int], tuple[Any, Any]] = {}

    def rows(self, inputs: int, count: int) -> tuple[Any, Any]:
        """So many training rows and the validation rows, both without the training rows' mean.

        Raises: KeyError if there are none with so many inputs; ValueError if there are fewer.
        """
        if (inputs, count) not in self._rows:
            found = []
            for name in ("X_train", "X_val"):
                whole = self.known[name].reshape(len(self.known[name]), -1)
                found.append(whole if whole.shape[1] == inputs else self.known[f"{name}_{inputs}"])
            if len(found[0]) < count:
                raise ValueError(f"{len(found[0])} training rows, expected {count}")
            mean = found[0][:count].mean(axis=0)
            self._rows[inputs, count] = (found[0][:count] - mean, found[1] - mean)
        return self._rows[inputs, count]

    def classes(self, count: int) -> Any:
        """Of the first training rows."""
        return self.known["y_train"][:count]


def _borne_out(claim: Claim, layers: Sequence[Mapping[str, Any]], images: _Images) -> _Found | None:
    """What the network gives in a form and a way of test mode in which the history may end so; None if there is none."""
    if not all("W" in layer for layer in layers) or ("gamma" in layers[0]) != claim.normalized:
        return None
    for form in claim.forms:
        fits = len(claim.train) == math.ceil(len(claim.objective) / form.per_epoch)
        if not (fits and claim.objective[0] >= START * form.batch):
            continue
        for way in ("running", "batch") if claim.normalized else ("batch",):
            try:
                with np.errstate(all="ignore"):
                    found = _tried(claim, form, _sharing(layers), images, way)
            except (KeyError, ValueError):  # arrays that are not there, or do not fit together
                continue
            if found is not None:
                return found
    return None


def _sharing(layers: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The layers; where only the first averages have ever moved, they are kept for all, which is charged elsewhere."""
    own = [layer for layer in layers if "mean" in layer and "var" in layer]
    if len(own) < 2 or not all(np.all(layer["mean"] == 0) and np.all(layer["var"] == 1) for layer in own[1:]):
        return layers
    shared = {name: own[0][name] for name in ("mean", "var")}
    return [{**layer, **shared} if "mean" in layer else layer for layer in layers]


def _tried(
    claim: Claim, form: Form, layers: Sequence[Mapping[str, Any]], images: _Images, way: str
) -> _Found | None:
    (X, X_val), y = images.rows(len(layers[0]["W"]), form.rows), images.classes(form.rows)
    own, claimed = _last_epoch(claim, form, layers, X, y)
    measured = (len(claim.train) - 1) * form.per_epoch
    batch = form.minibatch(measured)
    train = _accuracy(layers, X[batch], y[batch], way)
    val = _accuracy(layers, X_val, images.y_val, way)
    if not np.all(
        claimed <= LOST
    ):  # also NaN: it burst, as baselines may, and half precision cannot hold what is left
        burst = not np.all(own <= LOST) or not all(
            np.all(np.abs(array) < LARGEST) for layer in layers for array in layer.values()
        )
        near = burst and max(claim.train[-1], claim.val[-1]) <= BURST
    else:
        above = claimed - own
        near = LAST[0] <= above[-1] <= LAST[1] and EPOCH[0] <= np.mean(above) <= EPOCH[1]
        if measured == len(claim.objective) - 1:
            off = abs(train - claim.train[-1]) * len(y[batch]), abs(val - claim.val[-1]) * len(X_val)
            near = near and off[0] < ONE_OFF + 0.5 and off[1] < TWO_OFF + 0.5
        else:
            near = near and train >= claim.train[-1] - max(NEAR, 1.5 / form.batch)
            near = near and val >= claim.val[-1] - NEAR_VAL
    if not near:
        return None
    whole = max(_accuracy(layers, X, y, each) for each in dict.fromkeys((way, "batch")))
    return _Found(train, val, whole, float(np.mean(own)))


def _last_epoch(
    claim: Claim, form: Form, layers: Sequence[Mapping[str, Any]], X: Any, y: Any
) -> tuple[Any, Any]:
    """Objectives of a row on the last minibatches: the network's in training mode; the history's, without the penalty."""
    penalty = form.reg * sum(float(np.sum(layer["W"] ** 2)) for layer in layers)
    own, claimed = [], []
    for step in range(max(len(claim.objective) - form.per_epoch, 0), len(claim.objective)):
        rows = form.minibatch(step)
        own.append(_cross_entropy(scores(layers, X[rows], len(X[rows]), "batch", eps=EPS), y[rows]))
        claimed.append((claim.objective[step] - penalty) / len(y[rows]))
    return np.array(own), np.array(claimed)


def _accuracy(layers: Sequence[Mapping[str, Any]], X: Any, y: Any, way: str) -> float:
    return float(np.mean(np.argmax(scores(layers, X, len(X), way, eps=EPS), axis=1) == y))


def _cross_entropy(out: Any, y: Any) -> float:
    shifted = out - out.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]))


def _numbers(claim: Claim, layers: Sequence[Mapping[str, Any]]) -> int:
    """About how many numbers have to be worked out to try a network, at most."""
    if ("gamma" in layers[0]) != claim.normalized:
        return 0
    nodes = sum(layer["W"].shape[1] for layer in layers if "W" in layer)
    return sum(2 * form.rows * nodes + form.per_epoch * len(layers) * STEP for form in claim.forms)


def _paired(
    claims: Sequence[Claim], sent: Sequence[Sequence[Mapping[str, Any]]], images: _Images
) -> dict[int, tuple[int, _Found]]:
    """As many claims as can be paired, each with a network of its own that bears it out: claim -> network, what that gives.

    What would take longer than MOST_TRIED allows is not tried.
    """
    tried: dict[tuple[int, int], _Found | None] = {}
    holder: dict[int, int] = {}
    left = MOST_TRIED

    def fit(claim: int, network: int) -> _Found | None:
        nonlocal left
        if (claim, network) not in tried:
            left -= _numbers(claims[claim], sent[network])
            tried[claim, network] = _borne_out(claims[claim], sent[network], images) if left >= 0 else None
        return tried[claim, network]

    def place(claim: int, seen: set[int]) -> bool:
        for network in sorted(range(len(sent)), key=lambda one: one in holder):  # free ones first
            if network not in seen and fit(claim, network) is not None:
                seen.add(network)
                if network not in holder or place(holder[network], seen):
                    holder[network] = claim
                    return True
        return False

    for claim in range(len(claims)):
        place(claim, set())
    return {claim: (network, found) for network, claim in holder.items() if (found := fit(claim, network))}
