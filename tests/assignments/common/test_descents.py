"""A training by gradient descent is borne out by the network that it left; the assignments' own tests spoil both in every way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assignments.common import descents
from assignments.common.descents import Claim, Form, doubt
from assignments.common.trained import packed_arrays

FORM = Form(rows=40, batch=10, reg=0.0)


def _trained() -> tuple[dict[str, Any], Claim, dict[str, Any]]:
    """A linear network after two epochs of descent: what came of it, what is claimed of it, and the images."""
    rng = np.random.default_rng(441)
    centres, y = 2 * rng.standard_normal((10, 48)), rng.integers(10, size=60)
    X = centres[y] + rng.standard_normal((60, 48))
    known = {"X_train": X[:40], "y_train": y[:40], "X_val": X[40:], "y_val": y[40:]}
    mean, W = X[:40].mean(axis=0), 1e-3 * rng.standard_normal((48, 10))
    objective, train, val = [], [], []
    for step in range(5):
        rows = FORM.minibatch(step)
        scores = (X[rows] - mean) @ W
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        objective.append(-np.log(shares[np.arange(10), y[rows]]).sum())
        W = W - 0.01 * (X[rows] - mean).T @ (shares - np.eye(10)[y[rows]]) / 10
        if step % FORM.per_epoch == 0:
            train.append(np.mean(np.argmax((X[rows] - mean) @ W, axis=1) == y[rows]))
            val.append(np.mean(np.argmax((X[40:] - mean) @ W, axis=1) == y[40:]))
    claim = Claim(
        objective=np.array(objective),
        train=np.array(train),
        val=np.array(val),
        normalized=False,
        forms=(FORM,),
    )
    return packed_arrays("net", {0: [("W", 1, W), ("b", 1, np.zeros(10))]}), claim, known


def test_a_history_is_borne_out_by_its_network_as_long_as_it_may_be_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    actual, claim, known = _trained()
    assert doubt(actual, "net", [claim], known) == ""
    monkeypatch.setattr(descents, "MOST_TRIED", 0)
    assert doubt(actual, "net", [claim], known) == "no network that was kept gives what a history ends with"


def test_of_networks_that_are_too_large_none_is_tried() -> None:
    actual, claim, known = _trained()
    huge = [(kind, n, np.zeros(shape)) for n in range(1, 13) for kind, shape in (("W", (1, 8192)),)]
    sent = packed_arrays("net", {0: huge})
    assert "0 trained networks" not in doubt(actual, "net", [claim], known)
    assert doubt(sent, "net", [claim] * 2, known).startswith(("0 trained networks", "1 trained"))
    more = packed_arrays("net", {0: [*huge, ("W", 13, np.zeros((1, 8192)))]})
    assert doubt(more, "net", [claim], known).startswith("0 trained networks were kept")
