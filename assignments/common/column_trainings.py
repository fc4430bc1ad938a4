"""The trainings of DD2424's report: what the notebook's process sends of them, and how it is taken apart outside (`runs_of`).

Histories are sent whole, with the network that each training left, and the network as it was after a few epochs, which are drawn
when the notebook has ended. Whether networks bear histories out, `assignments/common/column_doubts.py` says. NumPy only.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assignments.common.trained import packed_arrays

__all__ = ["HISTORIES", "TRIED", "RunRead", "packed_runs", "packed_search", "runs_of", "standard_columns"]

HISTORIES = ("train_cost", "val_cost", "train_loss", "val_loss", "train_accuracy", "val_accuracy")
MOST_RUNS = 100  # each is tried, and looked for in every figure
LISTS = {"W": "W", "b": "b", "gamma": "gamma", "beta": "beta", "muMA": "mean", "vaMA": "var"}
STATES = 3  # epochs of a training whose networks come along, of those before the last
TRIED = 12  # networks of a search that come along
EXPERIMENTS = "dd2424.experiments"  # the module that comes with the assignment and does the trainings


def packed_runs(runs: Sequence[Any], rng: Any) -> dict[str, Any]:
    """Settings and histories of trainings, a row for each; their networks, at the end and at epochs that `rng` draws."""
    rows, values, networks, states = [], [], {}, {}
    for number, run in enumerate(runs):
        settings = run.settings
        rows.append(
            [
                settings["depth"],
                settings["epochs"],
                settings["lmda"],
                bool(settings["batchNorm"]),
                bool(settings["he"]),
                settings["sig"],
                run.test_accuracy,
                len(run.net.W),
            ]
        )
        values.append([np.asarray(run.history[name], dtype=float) for name in HISTORIES])
        networks[number] = _named_arrays({name: getattr(run.net, name, ()) for name in LISTS})
        for epoch in _drawn(getattr(run, "states", {}), int(settings["epochs"]), rng):
            states[len(states)] = (number, epoch, _named_arrays(run.states[epoch]))
    epochs = max((len(history) for each in values for history in each), default=0)
    table = np.full((len(rows), len(HISTORIES), epochs), np.nan)
    for number, each in enumerate(values):
        for kind, history in enumerate(each):
            table[number, kind, : len(history)] = history
    return {
        "settings": np.array(rows, dtype=float).reshape(len(rows), 8),
        "histories": table,
        **packed_arrays("net", networks),
        **packed_arrays("state", {number: arrays for number, (_, _, arrays) in states.items()}),
        "state_of": np.array([place[:2] for place in states.values()], dtype=float).reshape(len(states), 2),
    }


def _drawn(states: Any, epochs: int, rng: Any) -> list[int]:
    kept = sorted(epoch for epoch in states if isinstance(epoch, int) and 0 < epoch < epochs)
    return sorted(rng.choice(kept, min(STATES, len(kept)), replace=False).tolist())


def _named_arrays(lists: Mapping[str, Any]) -> list[tuple[str, int, Any]]:
    """A network's arrays in the form that `trained` knows: weights turned, and no normalization in the last layer."""
    layers = len(lists["W"])
    return [
        (kind, layer, np.asarray(value).T)
        for name, kind in LISTS.items()
        for layer, value in enumerate(lists.get(name, ()))
        if kind in "Wb" or layer < layers - 1
    ]


def packed_search(impl: Any, rng: Any) -> dict[str, Any]:
    """The trainings behind the pairs (lambda, validation accuracy) of a search, those of the best first, as `packed_runs` says.

    They are found among those that the assignment's own code has kept. `run_of`: for each trial, coarse ones first, the number of
    its training; those of the search that do not come along, or were not kept, have -1.
    """
    trials = [*impl.coarse_trials, *impl.fine_trials]
    module = getattr(impl, "experiments", None) or sys.modules.get(EXPERIMENTS)
    left = [run for run in getattr(module, "trained", ()) if _searches(run)]
    found: dict[int, Any] = {}
    for place in sorted(range(len(trials)), key=lambda place: -float(trials[place][1])):
        run = next((run for run in left if _is_trial(run, trials[place])), None)
        if run is not None and len(found) < TRIED:
            found[place] = run
            left = [other for other in left if other is not run]
    numbers = {place: number for number, place in enumerate(found)}
    return {
        "run_of": np.array([numbers.get(place, -1) for place in range(len(trials))], dtype=float),
        **packed_runs(list(found.values()), rng),
    }


def _searches(run: Any) -> bool:
    return bool(run.settings["depth"] == 3 and run.settings["batchNorm"])


def _is_trial(run: Any, trial: Any) -> bool:
    """Whether a training had that lambda and, at its end or its best, that validation accuracy, as a share or in per cent."""
    shares = np.asarray(run.history["val_accuracy"], dtype=float)
    reached = [
        share for share in (shares[-1], shares.max()) if np.isclose(share, trial[1], rtol=0, atol=1e-9)
    ]
    return bool(reached) and bool(np.isclose(run.settings["lmda"], trial[0], rtol=1e-9, atol=0))


def standard_columns(reference: Any, folder: Path) -> dict[str, Any]:
    """CIFAR-10 as the short form loads it, as rows: X_train (500, 48), X_val (100, 48), standardized; y_train, y_val."""
    found = reference.load_cifar(folder, train=500, validation=100, coarsen=8)
    return {name: np.asarray(array).T for name, array in found.items()}


@dataclass(frozen=True)
class RunRead:
    """A training as it is judged. history: (6, epochs), in the order of HISTORIES."""

    depth: int
    lmda: float
    normalized: bool
    he: bool
    sigma: float
    history: Any

    @property
    def name(self) -> str:
        """What the student is told it is."""
        return f"{self.depth} layers {'with' if self.normalized else 'without'} batch norm"


def runs_of(actual: Mapping[str, Any]) -> list[RunRead]:
    """The trainings that `packed_runs` sent.

    Raises: ValueError, in words for the student, if they cannot be what a training leaves.
    """
    settings, table = actual["settings"], actual["histories"]
    if settings.ndim != 2 or len(settings) == 0 or table.shape[:2] != (len(settings), len(HISTORIES)):
        raise ValueError("there is no trained network")
    if len(settings) > MOST_RUNS:
        raise ValueError(f"there are {len(settings)} trainings, expected at most {MOST_RUNS}")
    found = []
    for row, padded in zip(settings, table, strict=True):
        epochs = int(row[1])
        history = padded[:, :epochs]
        run = RunRead(int(row[0]), float(row[2]), bool(row[3]), bool(row[4]), float(row[5]), history)
        if row[0] != row[7]:
            raise ValueError(f"{run.name}: the network has {row[7]:g} layers")
        if history.shape[1] == 0 or not np.all(np.isfinite(history)) or np.isfinite(padded[:, epochs:]).any():
            raise ValueError(f"{run.name}: expected {row[1]:g} finite entries in each history")
        costs, losses, shares = history[:2], history[2:4], history[4:]
        if np.any(losses <= 0) or np.any(costs < losses) or np.any(shares < 0) or np.any(shares > 1):
            raise ValueError(
                f"{run.name}: a loss is not above zero, a cost below its loss, or an accuracy no share"
            )
        found.append(run)
    return found
