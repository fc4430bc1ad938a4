"""Tufts' experiments with batch normalization: histories of `train` and kept networks, packed in the kernel and judged outside.

There is no reference notebook: what is judged is whether the histories can be what `train` returns, and whether the networks that
were kept beside them classify the true images as their histories end. Where only the networks do not, a person looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assignments.common.descents import Claim, Form, doubt, learnt
from assignments.common.experiments import borne_out, scales_problem
from grader.compare import Judgement

__all__ = ["judge_batch_sizes", "judge_deep", "judge_scales", "packed_traces"]

HISTORIES = {"objective": "objective_history", "train_acc": "train_acc_history", "val_acc": "val_acc_history"}

# Sizes that an experiment may have had: the short form's, and the course's own on all images that the short form loads.
DEEP = (Form(rows=500, batch=50, reg=0.01), Form(rows=600, batch=100, reg=0.01))
SCALES = (Form(rows=400, batch=50, reg=1e-5), Form(rows=600, batch=100, reg=1e-5))
SIZED_ROWS = (250, 600)
VALIDATION = 100  # images of the short form
MOST_TRACES = 200  # of one experiment

LEARNT = (
    0.98  # of the objective's start; in the short form 0.92 was the most of 80 trainings that it ended at
)
# Mean advantage in best training accuracy. In the short form 0.13 was the least of 20 runs; between two rows of networks
# that are all alike, as the course printed the experiment, it was 0.064 at most.
MARGIN = 0.09
# Mean accuracy on all training rows that the normalized networks reach by themselves: 0.26 was the least of 5 runs, and
# untrained ones have 0.1 to 0.13.
LEAST_SCALES = 0.18


def packed_traces(prefix: str, traces: Any) -> dict[str, Any]:
    """The histories of several trainings, one after the other, and the lengths of each: (trainings, 3)."""
    rows = [[list(trace[name]) for name in HISTORIES.values()] for trace in traces]
    arrays = {f"{prefix}_lengths": np.array([[len(part) for part in parts] for parts in rows], dtype=float)}
    for number, short in enumerate(HISTORIES):
        arrays[f"{prefix}_{short}"] = np.array([v for parts in rows for v in parts[number]], dtype=float)
    return arrays


def _traces(actual: Mapping[str, Any], prefix: str, *, finite: bool) -> list[tuple[Any, Any, Any]]:
    """The histories of each training: objective, training accuracy, validation accuracy.

    finite: whether no objective may be infinite or NaN (a baseline with huge weights may overflow, and that is the lesson).
    Raises: ValueError, in words for the student, if they cannot be what `train` returns.
    """
    lengths = actual[f"{prefix}_lengths"]
    if lengths.ndim != 2 or not len(lengths) or not np.all(lengths >= 0):
        raise ValueError("there is no trained network")
    if len(lengths) > MOST_TRACES:
        raise ValueError(f"there are {len(lengths)} trainings, expected at most {MOST_TRACES}")
    ends = np.cumsum(lengths, axis=0).astype(int)
    found = []
    for end, counts in zip(ends, lengths.astype(int), strict=True):
        parts = [
            actual[f"{prefix}_{short}"][e - n : e] for short, e, n in zip(HISTORIES, end, counts, strict=True)
        ]
        objective, train, val = parts
        if not len(objective) >= len(train) == len(val) >= 1:
            raise ValueError(
                f"the histories have {len(objective)}, {len(train)} and {len(val)} entries, which `train` cannot return"
            )
        if np.any(objective < 0) or (finite and not np.all(np.isfinite(objective))):
            raise ValueError("the objective became negative, infinite or NaN")
        if not all(np.all((values >= 0) & (values <= 1)) for values in (train, val)):
            raise ValueError("an accuracy is no share of the examples")
        found.append((objective, train, val))
    return found


def _claims(traces: Sequence[Any], forms: Sequence[tuple[Form, ...]], *, normalized: bool) -> list[Claim]:
    return [
        Claim(objective=objective, train=train, val=val, normalized=normalized, forms=form)
        for (objective, train, val), form in zip(traces, forms, strict=True)
    ]


def judge_deep(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """The network with batch normalization learns, and ends with a lower objective than the one without.

    In the course's own notebook the batch-size experiment reuses the baseline's name, so that another training, with another
    batch size, is what is left at the end. Then there is nothing to compare with.
    """
    try:
        with_norm = _traces(actual, "bn", finite=True)
        without = _traces(actual, "baseline", finite=False)
        [(normalized, _, _)], [(baseline, _, _)] = with_norm, without
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    if not learnt(normalized, LEARNT):
        return Judgement(0.0, "the network with batch normalization does not learn")
    reused = bool(actual["reused"])
    if not reused and not _end(normalized) < _end(np.nan_to_num(baseline, nan=np.inf)):
        return Judgement(0.0, "batch normalization does not end with a lower objective than the baseline")
    claims = _claims(with_norm, [DEEP], normalized=True)
    if not reused:
        claims += _claims(without, [DEEP], normalized=False)
    return _judged(actual, claims, known, learning=True)


def _end(objective: Any) -> float:
    return float(np.mean(objective[-max(round(len(objective) / 10), 1) :]))


def judge_scales(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """There is a training of each kind for every scale, and over all scales batch normalization is clearly ahead."""
    try:
        with_norm = _traces(actual, "bn", finite=False)
        without = _traces(actual, "baseline", finite=False)
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    problem = scales_problem(actual["weight_scales"], with_norm, without, MARGIN)
    if problem:
        return Judgement(0.0, problem)
    forms = [SCALES] * len(with_norm)
    claims = [
        *_claims(with_norm, forms, normalized=True),
        *_claims(without, forms, normalized=False),
    ]
    return _judged(actual, claims, known, least=LEAST_SCALES)


def judge_batch_sizes(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """There is a training that learnt for every batch size, with more steps for smaller batches."""
    try:
        normalized = _traces(actual, "bn", finite=True)
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    sizes = actual["batch_sizes"]
    if len(sizes) < 2 or len(normalized) != len(sizes):
        return Judgement(0.0, f"{len(normalized)} networks were trained for {len(sizes)} batch sizes")
    seen = [size * len(objective) for size, (objective, _, _) in zip(sizes, normalized, strict=True)]
    if max(seen) - min(seen) > 2 * max(sizes):
        return Judgement(0.0, "the networks did not see the same number of examples")
    for size, (objective, _, _) in zip(sizes, normalized, strict=True):
        if not learnt(objective, LEARNT):
            return Judgement(0.0, f"the network with batch size {int(size)} did not learn")
    forms = [
        tuple(Form(rows=rows, batch=max(int(size), 1), reg=1e-5) for rows in SIZED_ROWS) for size in sizes
    ]
    return _judged(actual, _claims(normalized, forms, normalized=True), known, learning=True)


def _judged(
    actual: Mapping[str, Any], claims: Sequence[Claim], known: Mapping[str, Any], **terms: Any
) -> Judgement:
    hits = [claim.val * VALIDATION for claim in claims]
    if not all(np.all(np.abs(one - np.round(one)) < 1e-3) for one in hits):
        return borne_out(f"a validation accuracy is no share of {VALIDATION} images")
    return borne_out(doubt(actual, "net", claims, known, **terms))
