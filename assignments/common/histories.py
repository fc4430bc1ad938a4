"""Training histories of a Solver: read them in the notebook's process (`packed`), take them apart outside (`histories`).

What comes back was written by student code, so `histories` takes nothing for granted but the arrays' names. NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from assignments.common.trained import packed_networks

__all__ = ["histories", "packed"]

COLUMNS = 10  # of settings
KINDS = {
    "batchnorm": "batch normalization",
    "layernorm": "layer normalization",
}  # as networks say it themselves, and in words
MOST_SOLVERS = 200  # of one experiment; the courses' largest has twenty


def packed(prefix: str, solvers: Any) -> dict[str, Any]:
    """Settings and histories of several solvers, one after the other, and the networks that they left.

    settings: one row for each, as `histories` reads it. kinds: which of `KINDS` each network says that it has, counted from 1; 0
    where it says nothing, as in the years before there was a choice.
    """
    rows, losses, train, val, kinds = [], [], [], [], []
    for solver in solvers:
        rows.append(
            [
                solver.num_epochs,
                solver.batch_size,
                len(solver.X_train),
                min(len(solver.X_train), solver.num_train_samples or len(solver.X_train)),
                min(len(solver.X_val), solver.num_val_samples or len(solver.X_val)),
                len(solver.loss_history),
                len(solver.train_acc_history),
                len(solver.val_acc_history),
                solver.best_val_acc,
                any("gamma" in str(name) for name in solver.model.params),
            ]
        )
        said = str(getattr(solver.model, "normalization", ""))
        kinds.append(1 + [*KINDS].index(said) if said in KINDS else 0)
        losses += solver.loss_history
        train += solver.train_acc_history
        val += solver.val_acc_history
    return {
        f"{prefix}_settings": np.array(rows, dtype=float).reshape(len(rows), COLUMNS),
        f"{prefix}_kinds": np.array(kinds, dtype=float),
        f"{prefix}_loss": np.array(losses, dtype=float),
        f"{prefix}_train_acc": np.array(train, dtype=float),
        f"{prefix}_val_acc": np.array(val, dtype=float),
        **packed_networks(prefix, solvers),
    }


def histories(
    actual: Mapping[str, Any], prefix: str, *, normalized: bool, finite: bool, kind: str = ""
) -> list[tuple[Any, Any, Any]]:
    """The histories of each solver: loss, training accuracy, validation accuracy.

    normalized: whether the networks have a normalization. finite: whether no loss may be infinite or NaN (a baseline with huge
    starting weights may overflow, and that is the lesson). kind: which of `KINDS` it has to be, where the networks say one.
    Raises: ValueError, in words for the student, if they cannot be what the Solver keeps.
    """
    settings = actual[f"{prefix}_settings"]
    if settings.ndim != 2 or settings.shape[0] == 0 or not np.all(np.isfinite(settings)):
        raise ValueError("there is no trained network")
    if len(settings) > MOST_SOLVERS:
        raise ValueError(f"there are {len(settings)} trained networks, expected at most {MOST_SOLVERS}")
    lengths_of = settings[:, 5:8]
    sent = [actual[f"{prefix}_{name}"].size for name in ("loss", "train_acc", "val_acc")]
    if np.any(lengths_of < 0) or np.any(
        lengths_of.sum(axis=0) > sent
    ):  # or one entry could stand in all of them
        raise ValueError("the histories are shorter than they say")
    for said in actual[f"{prefix}_kinds"] if kind else ():
        if said not in {0, 1 + [*KINDS].index(kind)}:
            other = next(words for name, words in KINDS.items() if name != kind)
            raise ValueError(f"a network was trained with {other} where {KINDS[kind]} is asked for")
    found = []
    starts = np.zeros(3, dtype=int)
    for epochs, batch, rows, train_count, val_count, *lengths, best, has_norm in settings:
        if bool(has_norm) != normalized:
            have = "has a normalization" if has_norm else "has no normalization"
            raise ValueError(f"a network of the {'normalized ones' if normalized else 'baseline'} {have}")
        parts = []
        for name, begin, length in zip(("loss", "train_acc", "val_acc"), starts, lengths, strict=True):
            parts.append(actual[f"{prefix}_{name}"][int(begin) : int(begin + length)])
        starts += np.array(lengths, dtype=int)
        per_epoch = max(int(rows // batch), 1)
        _consistent(
            parts, int(epochs), per_epoch, (int(train_count), int(val_count)), best=best, finite=finite
        )
        found.append((parts[0], parts[1], parts[2]))
    return found


def _consistent(
    parts: list[Any], epochs: int, per_epoch: int, counts: tuple[int, int], *, best: float, finite: bool
) -> None:
    losses, train, val = parts
    if epochs < 1 or len(losses) != epochs * per_epoch:
        raise ValueError(
            f"the loss history has {len(losses)} entries, expected {epochs * per_epoch} ({epochs} epochs of {per_epoch} steps)"
        )
    measured = epochs + (per_epoch > 1)  # once after the first step, and after every epoch
    if finite and not np.all(np.isfinite(losses)):
        raise ValueError("the loss became infinite or NaN")
    if np.any(losses < 0):
        raise ValueError("the loss is negative, which a softmax loss never is")
    for name, values, count in (("training", train, counts[0]), ("validation", val, counts[1])):
        if len(values) != measured:
            raise ValueError(
                f"the {name} accuracy has {len(values)} entries, expected {measured} for {epochs} epochs"
            )
        hits = values * count
        if not np.all((values >= 0) & (values <= 1)) or not np.all(np.abs(hits - np.round(hits)) < 1e-6):
            raise ValueError(f"the {name} accuracy is no share of {count} examples")
    if not abs(max(val) - best) < 1e-9:
        raise ValueError("the best validation accuracy is not the highest of its history")
