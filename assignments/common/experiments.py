"""Judge the experiments that CS231n's notebook and its relatives make with batch normalization. Pure, and outside.

There is no reference notebook: what is judged is whether the histories can be what the Solver keeps, and whether the networks
classify the images as their histories say. Where only the networks do not, a person looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from assignments.common.histories import histories
from assignments.common.trained import doubt
from grader.compare import Judgement

__all__ = ["borne_out", "judge_batch_sizes", "judge_deep", "judge_scales"]

TIE = 0.02  # training accuracy that the reused pair of networks may differ by
MARGIN = 0.02  # mean advantage in best training accuracy; in CS231n's short form 0.058 was the least of 24 runs, in ECE's 0.1

# Mean training accuracies that networks have to reach by themselves. In 400 draws untrained ones gave 0.155 at most, and 0.123 over
# five scales; of right ones, in 30 runs of two courses' short forms, the least were 0.386 and, over the weight scales, 0.175.
LEAST_DEEP, LEAST_SCALES = 0.3, 0.15


def borne_out(*doubts: str) -> Judgement:
    """All points, or, at the first doubt, a person's look."""
    for text in doubts:
        if text:
            return Judgement(0.0, text, person=True)
    return Judgement(1.0)


def judge_deep(
    actual: Mapping[str, Any], known: Mapping[str, Any], *, doubt: Callable[..., str] = doubt
) -> Judgement:
    """The network with batch normalization ends with a higher training accuracy than the one without.

    In the course's own notebook the weight-scale experiment reuses both names, so that its last pair (weight scale 1) is what is
    left at the end. There, the best accuracy on the way is compared, and a tie is no fault.
    doubt: why a person has to look at trainings, as `trained.doubt`.
    """
    try:
        normalized = histories(actual, "bn", normalized=True, finite=True)
        baseline = histories(actual, "baseline", normalized=False, finite=False)
        [(_, with_norm, _)], [(_, without, _)] = normalized, baseline
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    reused = bool(actual["reused"])
    if max(with_norm) >= max(without) - TIE if reused else with_norm[-1] > without[-1]:
        return borne_out(
            doubt(actual, "bn", normalized, known, least=LEAST_DEEP * (not reused)),
            doubt(actual, "baseline", baseline, known),
        )
    return Judgement(
        0.0, "batch normalization does not end with a higher training accuracy than the baseline"
    )


def judge_scales(
    actual: Mapping[str, Any],
    known: Mapping[str, Any],
    *,
    finite: bool,
    doubt: Callable[..., str] = doubt,
) -> Judgement:
    """There is a network of each kind for every scale, and over all scales batch normalization is ahead.

    finite: whether the losses with batch normalization have to be. doubt: as of `judge_deep`.
    """
    try:
        with_norm = histories(actual, "bn", normalized=True, finite=finite)
        without = histories(actual, "baseline", normalized=False, finite=False)
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    problem = scales_problem(actual["weight_scales"], with_norm, without, MARGIN)
    if problem:
        return Judgement(0.0, problem)
    return borne_out(
        doubt(actual, "bn", with_norm, known, least=LEAST_SCALES),
        doubt(actual, "baseline", without, known),
    )


def scales_problem(scales: Any, with_norm: Sequence[Any], without: Sequence[Any], margin: float) -> str:
    """What is wrong with histories over several weight scales, in words for the student; empty if nothing is.

    with_norm, without: (losses, training accuracies, validation accuracies) of each training. margin: how far batch normalization
    has to be ahead in best training accuracy, in the mean.
    """
    if scales.ndim != 1 or len(scales) < 3 or not max(scales) >= 100 * min(scales) > 0:
        return "the weight scales do not span two orders of magnitude"
    if not len(with_norm) == len(without) == len(scales):
        return f"{len(with_norm)} and {len(without)} networks were trained for {len(scales)} weight scales"
    best = [np.mean([max(train) for _, train, _ in found]) for found in (with_norm, without)]
    if not best[0] > best[1] + margin:
        return "over all weight scales, batch normalization is not ahead of the baseline"
    return ""


LEARNT = 0.02  # how much training accuracy has to rise; in the short form 0.056 was the least of 144 runs


LEAST_SIZES = (
    0.2  # mean training accuracy of the networks themselves; in the short form 0.26 was the least of 48 runs
)


def judge_batch_sizes(
    actual: Mapping[str, Any], known: Mapping[str, Any], *, kind: str, doubt: Callable[..., str] = doubt
) -> Judgement:
    """There is a network that learnt for every batch size, and a baseline.

    kind: of the normalization, as of `histories`. doubt: as of `judge_deep`.
    """
    try:
        normalized = histories(actual, "norm", normalized=True, finite=True, kind=kind)
        baseline = histories(actual, "baseline", normalized=False, finite=True)
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    sizes = actual["batch_sizes"]
    if len(normalized) != len(sizes) or not np.array_equal(actual["norm_settings"][:, 1], sizes):
        return Judgement(0.0, f"{len(normalized)} networks were trained for {len(sizes)} batch sizes")
    for size, (_, train, _) in zip(sizes, normalized, strict=True):
        if not max(train) > train[0] + LEARNT:
            return Judgement(0.0, f"the network with batch size {int(size)} did not learn")
    return borne_out(
        doubt(actual, "norm", normalized, known, least=LEAST_SIZES),
        doubt(actual, "baseline", baseline, known),
    )
