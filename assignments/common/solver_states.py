"""Networks as they were during a training: kept by the Solver, sent by the notebook's process, tried outside on the true images.

A network at its end says nothing of a history's other entries. So the Solver that comes with the assignment keeps its network at
each entry. Some of them come along, drawn when the notebook has ended, so that nobody knows before which entries have to be true.
NumPy only.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import chain
from types import SimpleNamespace
from typing import Any

import numpy as np

from assignments.common.histories import packed
from assignments.common.trained import (
    WAYS,
    accuracies,
    doubt,
    named_arrays,
    networks,
    packed_arrays,
    pictures,
    sampled,
    scores,
)

__all__ = ["doubt_with_states", "noted_solvers", "packed_with_states", "pair_trained"]

SOLVERS = ("utils.solver", "cs231n.solver")  # the module that comes with the assignment, by course
SAME = 1e-9  # accuracies that differ by less are one
DRAWN = 2  # entries of a training whose networks come along, beside the best one and the last

# How far a network may be from its entry, to either side. Accuracies of right ones differ by one example in 250 (0.004) at most;
# those of layers whose test mode is wrong by more, for their batches are not known here.
NEAR, NEAR_VAL = 0.08, 0.12
# A loss is of one minibatch, and those before and after an entry are averaged: in their mean they were off by 0.144 at most (of the
# loss, where that is above one), in 40 trainings of the short form and more.
NEAR_LOSS = 0.35


def packed_with_states(prefix: str, solvers: Sequence[Any], rng: Any) -> dict[str, Any]:
    """What `histories.packed` sends, and the networks at some entries of the accuracies: the best on validation images, drawn ones.

    state_of: for each network, the solver's number and the entry.
    """
    states: dict[int, Any] = {}
    places = []
    for number in sampled(len(solvers)):
        kept = {
            entry: (params, averages) for entry, params, averages in getattr(solvers[number], "states", ())
        }
        history = solvers[number].val_acc_history
        last = len(history) - 1
        drawn = [int(entry) for entry in rng.permutation(sorted(set(kept) - {last}))[:DRAWN]]
        best = [int(np.argmax(history))] if last >= 0 else []
        for entry in sorted({*drawn, *best} & set(kept)):
            params, averages = kept[entry]
            network = SimpleNamespace(model=SimpleNamespace(params=params, bn_params=averages))
            states[len(places)] = named_arrays(network)
            places.append((number, entry))
    return {
        **packed(prefix, solvers),
        **packed_arrays(f"{prefix}_state", states),
        f"{prefix}_state_of": np.array(places, dtype=float).reshape(len(places), 2),
    }


def _kept_solvers(impl: Any) -> list[Any]:
    """The solvers that the Solver has kept, in the order in which they were trained."""
    modules = [sys.modules.get(name) for name in SOLVERS]
    found = [getattr(place, "Solver", None) for place in (impl, *modules)]
    return list(getattr(next((one for one in found if one is not None), None), "trained", ()))


def noted_solvers(impl: Any, accuracies: Sequence[float]) -> list[Any]:
    """The solvers whose training accuracies end with these, of those that the Solver has kept; fewer if there are none."""
    kept = _kept_solvers(impl)
    found: list[Any] = []
    for accuracy in accuracies:
        alike = [one for one in kept if abs(one.train_acc_history[-1] - accuracy) < SAME]
        alike = [one for one in alike if not any(one is other for other in found)]
        found += alike[-1:]
    return found


def pair_trained(impl: Any, normalized: Any, baseline: Any) -> tuple[Any, Any]:
    """The solvers of a comparison, with a normalization and without: these, or what stood under their names before.

    A later cell may train another network under the name of one of them. Where the two are no pair, as their normalizations or what
    they were trained with show, and the Solver has kept one that makes a pair with the other, it takes the place; the last one, if
    there are several.
    """
    if _has_norm(normalized) and not _has_norm(baseline) and _plan(normalized) == _plan(baseline):
        return normalized, baseline
    kept = _kept_solvers(impl)[::-1]
    if _has_norm(normalized):
        partners = [one for one in kept if not _has_norm(one) and _plan(one) == _plan(normalized)]
        if partners:
            return normalized, partners[0]
    if not _has_norm(baseline):
        partners = [one for one in kept if _has_norm(one) and _plan(one) == _plan(baseline)]
        if partners:
            return partners[0], baseline
    return normalized, baseline


def _has_norm(solver: Any) -> bool:
    return any("gamma" in str(name) for name in solver.model.params)


def _plan(solver: Any) -> tuple[Any, ...]:
    """What both solvers of a comparison share: sizes of the network, images, and how it was trained."""
    weights = sorted((str(name), np.shape(W)) for name, W in solver.model.params.items() if np.ndim(W) == 2)
    rate = getattr(solver, "optim_config", {}).get("learning_rate")
    return weights, len(solver.X_train), solver.num_epochs, solver.batch_size, rate


def doubt_with_states(
    actual: Mapping[str, Any],
    prefix: str,
    found: Sequence[tuple[Any, Any, Any]],
    known: Mapping[str, Any],
    *,
    losses: bool = False,
    **terms: Any,
) -> str:
    """As `trained.doubt`, and asks that the networks which came along give the accuracies of their entries.

    losses: whether they have to give the losses as well, which they do where there is no penalty and no dropout; points rest on
    losses in comparisons of update rules alone.
    """
    unsure = doubt(actual, prefix, found, known, **terms)
    if unsure:
        return unsure
    places, states = actual[f"{prefix}_state_of"], networks(actual, f"{prefix}_state")
    if places.ndim != 2 or places.shape[1:] != (2,) or len(places) != len(states):
        return "the networks that were kept during a training could not be read"
    ends = networks(actual, prefix) if losses else {}
    for number in sampled(len(found)):
        _, train, val = found[number]
        entries = {int(entry): states[n] for n, (of, entry) in enumerate(places) if of == number}
        if int(np.argmax(val)) not in entries or len(entries) < min(DRAWN, len(val) - 1):
            return "networks of a training were not kept"
        settings = actual[f"{prefix}_settings"][number]
        for entry, layers in entries.items():
            reached = accuracies(layers, settings, known) if 0 <= entry < len(val) else iter(())
            first = next(reached, None)
            if first is None:
                return "a network that was kept during a training could not be read"
            if not any(
                abs(one - train[entry]) <= NEAR + _of_sample(settings) and abs(other - val[entry]) <= NEAR_VAL
                for one, other in chain([first], reached)
            ):
                return "a network that was kept during a training does not classify the images as its history says"
        if losses and not _losses_fit(
            found[number], {**entries, len(val) - 1: ends[number]}, settings, known
        ):
            return "losses are not those of the networks that were kept"
    return ""


def _of_sample(settings: Any) -> float:
    """What a training accuracy may be off by chance, where it was taken of some images only."""
    rows, count = settings[2], settings[3]
    return 0.0 if count >= rows else 1.5 / np.sqrt(count)


def _losses_fit(
    history: tuple[Any, Any, Any], entries: Mapping[int, Any], settings: Any, known: Mapping[str, Any]
) -> bool:
    """Whether the mean loss of the steps around each entry is, nearly, that of its network on all training images."""
    losses, _, val = history
    rows = int(settings[2])
    per_epoch = max(len(losses) // max(int(settings[0]), 1), 1)
    for entry, layers in entries.items():
        step = 1 if entry == 0 and len(val) > settings[0] else (entry + (len(val) == settings[0])) * per_epoch
        around = losses[max(step - per_epoch // 2, 0) : step + max(per_epoch // 2, 1)]
        if not np.all(np.isfinite(around)):
            continue  # it burst, and claims nothing
        X = pictures(known, "X_train", len(layers[0]["W"]))[:rows]
        wanted = []
        for way in WAYS if "gamma" in layers[0] else WAYS[:1]:
            try:
                wanted.append(_loss(scores(layers, X, rows, way), known["y_train"][:rows]))
            except (KeyError, ValueError):  # averages that are not there, or do not fit
                continue
        if not any(abs(float(np.mean(around)) - loss) <= NEAR_LOSS * max(1.0, loss) for loss in wanted):
            return False
    return True


def _loss(found: Any, y: Any) -> float:
    shifted = found - found.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]))
