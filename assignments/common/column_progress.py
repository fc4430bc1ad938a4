"""Judge what a k-layer network's training did with the steps that were watched. Pure, and outside.

The order of the columns is the student's draw, so nothing is compared with the reference's run. What came is held against the
inputs, which are drawn from the seed: batches have to be made of the true columns, and histories have to be those of the networks
that the steps lead to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from assignments.common.column_steps import MARKS, marks
from assignments.common.column_trainings import HISTORIES
from assignments.common.trained import scores
from grader.compare import Judgement

__all__ = ["judge_batches", "judge_histories"]

NEAR = 1e-5  # relative, and absolute below one: figures of a history against those of its network
SAME = 1e-6  # a column's entries, which may have been through single precision


def judge_batches(actual: Mapping[str, Any], expected: Mapping[str, Any], *, epochs: int) -> Judgement:
    """Every epoch takes every column once, in full batches, in an order of its own, with its own label."""
    sizes, batches, labels = actual["sizes"], actual["batches"], actual["labels"]
    if len(sizes) == 0:
        return Judgement(0.0, "computeGradients was never called while training")
    wanted, X, Y = expected["sizes"], expected["given"], expected["given_labels"]
    if sizes.shape != wanted.shape or not np.array_equal(sizes, wanted):
        odd = next((size for size in sizes if size != wanted[0]), None)
        came = f"{len(sizes)} batches" + (f", one of them of {odd:g} columns" if odd is not None else "")
        return Judgement(0.0, f"{came}, expected {len(wanted)} of {wanted[0]:g}")
    total = int(sizes.sum())
    if (
        batches.shape != (len(X), total)
        or labels.shape != (len(Y), total)
        or not np.all(np.isfinite(batches))
    ):
        return Judgement(0.0, "the batches are no columns of the training set")
    columns = np.clip(np.round(batches[0]), 0, X.shape[1] - 1).astype(int)
    if not np.allclose(batches, X[:, columns], rtol=SAME, atol=SAME):
        return Judgement(0.0, "the batches hold columns that are not in the training set")
    mismatches = int(np.sum(np.any(labels != Y[:, columns], axis=0)))
    if mismatches:
        return Judgement(0.0, f"{mismatches} columns came with another column's label")
    by_epoch = columns.reshape(epochs, -1)
    for number, epoch in enumerate(by_epoch, start=1):
        if not np.array_equal(np.sort(epoch), np.arange(epoch.size)):
            return Judgement(0.0, f"epoch {number} does not take every column once")
    if any(np.array_equal(by_epoch[0], epoch) for epoch in (np.arange(by_epoch.shape[1]), *by_epoch[1:])):
        return Judgement(0.0, "the columns come in the same order in every epoch")
    return Judgement(1.0)


def judge_histories(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> Judgement:
    """Six histories with one entry an epoch, which are those of the network after each epoch.

    In a training with the student's own gradients they have to end with what the network then has, if that is finite: steps that
    go the wrong way are charged where they are judged. Where the gradients are ours, each entry is known. What is right at its
    end and could not be followed waits for a person: a cost that is wrong by itself may be measured without the function for it.
    """
    now = actual["now"]
    wrong, unsure = [], []
    for number, name in enumerate(HISTORIES):
        got = actual[name]
        if got.shape != expected[name].shape:
            wrong.append(f"{name} has shape {got.shape}, expected {expected[name].shape}")
        elif np.isfinite(now[number]) and not np.isfinite(got[-1]):
            wrong.append(f"{name} is not finite; do the steps go down the gradient?")
        elif np.isfinite(now[number]) and not abs(got[-1] - now[number]) <= NEAR * max(1.0, abs(now[number])):
            wrong.append(f"{name} ends with {got[-1]:.4g}, but the trained network has {now[number]:.4g}")
        elif _still(actual, name) and not _still(expected, name):
            wrong.append(f"{name} never changes")
        elif not _followed(actual, expected, number):
            unsure.append(name)
    if unsure:
        text = f"{', '.join(unsure)} could not be followed through a training whose steps are known"
        return Judgement(0.0, "; ".join([text, *wrong]), person=True)
    return Judgement(1 - len(wrong) / len(HISTORIES), "; ".join(wrong[:3]))


def _still(found: Mapping[str, Any], name: str) -> bool:
    """Whether a history never changes; of accuracies, whether neither does: one of few columns may stay where it is by chance."""
    names = [name] if "accuracy" not in name else [one for one in HISTORIES if "accuracy" in one]
    return all(bool(np.all(found[one] == found[one][0])) for one in names)


def _followed(actual: Mapping[str, Any], expected: Mapping[str, Any], number: int) -> bool:
    """Whether a history of the watched training is that of the networks which its steps lead to, in marks or in true figures."""
    path, start, epochs = actual["biases"], np.ravel(expected["start_b2"])[0], len(expected["train_cost"])
    steps = path.size - 1
    if path.ndim != 1 or steps < epochs or steps % epochs or not abs(path[0] - start) <= NEAR:
        return False
    ends = path[steps // epochs :: steps // epochs]
    if np.any(np.diff([start, *ends]) == 0) or actual["measured"].shape != (len(HISTORIES), epochs):
        return False
    part = "train" if number % 2 == 0 else "val"
    X, y = expected[f"{part}_X"], expected[f"{part}_y"]
    wanted = np.array(
        [
            [marks(X, bias)[MARKS[number]], _figures(expected, X, y, bias - start)[MARKS[number]]]
            for bias in ends
        ]
    ).T
    return any(np.allclose(actual["measured"][number], one, rtol=NEAR, atol=NEAR) for one in wanted)


def _figures(given: Mapping[str, Any], X: Any, y: Any, moved: float) -> tuple[float, float, float]:
    """Cost, loss and accuracy on columns X (d, N) of the network that was given, after its last biases have moved so far."""
    weights, biases = ([given[f"start_{kind}{layer}"] for layer in (1, 2)] for kind in "Wb")
    layers = [{"W": W.T, "b": np.ravel(b)} for W, b in zip(weights, biases, strict=True)]
    layers[-1]["b"] = layers[-1]["b"] + moved
    found = scores(layers, X.T, X.shape[1], "batch")
    shifted = found - found.max(axis=1, keepdims=True)
    loss = float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]))
    penalty = float(given["lmda"]) * float(sum(np.sum(W**2) for W in weights))
    return loss + penalty, loss, float(np.mean(found.argmax(axis=1) == y))
