"""Histories go out packed and come back whole; the assignments' own tests spoil them in every way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assignments.common.histories import histories, packed


def _solver(epochs: int, batch: int, *, gamma: bool = True, train_samples: Any = 1000) -> SimpleNamespace:
    steps = max(12 // batch, 1)
    measured = epochs + (steps > 1)
    return SimpleNamespace(
        num_epochs=epochs,
        batch_size=batch,
        X_train=np.zeros((12, 2)),
        X_val=np.zeros((4, 2)),
        num_train_samples=train_samples,
        num_val_samples=None,
        loss_history=[2.0] * (epochs * steps),
        train_acc_history=[0.25] * measured,
        val_acc_history=[0.5] * measured,
        best_val_acc=0.5,
        model=SimpleNamespace(params={"gamma1" if gamma else "W1": 0}),
    )


def test_histories_of_several_solvers_come_back_apart() -> None:
    sent = packed("bn", [_solver(2, 4), _solver(3, 20), _solver(1, 6, train_samples=4)])
    found = histories(sent, "bn", normalized=True, finite=True)
    assert [tuple(len(part) for part in parts) for parts in found] == [(6, 3, 3), (3, 3, 3), (2, 2, 2)]


def test_no_solver_is_no_trained_network() -> None:
    with pytest.raises(ValueError, match="there is no trained network"):
        histories(packed("bn", []), "bn", normalized=True, finite=True)


def test_negative_loss_is_refused() -> None:
    solver = _solver(2, 4)
    solver.loss_history[0] = -1.0
    with pytest.raises(ValueError, match="the loss is negative"):
        histories(packed("bn", [solver]), "bn", normalized=True, finite=False)


def test_normalization_where_none_belongs_is_refused() -> None:
    sent = packed("base", [_solver(1, 4, gamma=False), _solver(1, 4)])
    with pytest.raises(ValueError, match="a network of the baseline has a normalization"):
        histories(sent, "base", normalized=False, finite=True)


def test_solvers_without_number_are_refused_before_they_are_looked_at() -> None:
    sent = packed("bn", [_solver(2, 4)])
    rows = np.repeat(sent["bn_settings"], 500_000, axis=0)
    with pytest.raises(ValueError, match="500000 trained networks, expected at most 200"):
        histories({**sent, "bn_settings": rows}, "bn", normalized=True, finite=True)


@pytest.mark.parametrize("length", [-3, 7], ids=["goes back", "beyond the end"])
def test_histories_that_share_entries_are_refused(length: int) -> None:
    sent = packed("bn", [_solver(2, 4), _solver(2, 4), _solver(2, 4)])
    sent["bn_settings"][1, 6] = length
    with pytest.raises(ValueError, match="shorter than they say"):
        histories(sent, "bn", normalized=True, finite=True)
