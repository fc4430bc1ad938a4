"""Judge the experiments of DD2424's report. Pure, and outside.

There is no reference notebook: what is judged is whether the histories can be what such a training leaves, whether they show what
they are about, whether the networks classify the images as the histories say, and whether the figures draw them; where only the
networks do not, a person looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from assignments.common.column_doubts import doubt, doubt_search
from assignments.common.column_trainings import HISTORIES, runs_of
from assignments.common.drawings import panels
from assignments.common.experiments import borne_out
from grader.compare import Judgement

__all__ = ["judge_depth", "judge_figures", "judge_search", "judge_sigma"]

LN10 = 2.302585092994046  # the loss of a network that gives all ten classes the same probability
LEAST_GAIN = 0.01  # in training loss; see judge_sigma


def judge_depth(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """Three and nine layers were trained with and without batch normalization, and learnt with it."""
    try:
        runs = runs_of(actual)
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    by_kind = {(run.depth, run.normalized): run.history for run in runs}
    missing = [key for key in ((3, False), (3, True), (9, False), (9, True)) if key not in by_kind]
    if missing:
        depth, normalized = missing[0]
        return Judgement(
            0.0, f"no training of {depth} layers {'with' if normalized else 'without'} batch norm"
        )
    for depth in (3, 9):
        losses = by_kind[depth, True][2]
        if not losses[-1] < min(losses[0], LN10) - LEAST_GAIN:
            return Judgement(
                0.0,
                f"{depth} layers with batch norm did not learn: their training loss ends at {losses[-1]:.3f}",
            )
    return borne_out(doubt(actual, runs, known))


def judge_search(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """The coarse trials span orders of magnitude, the fine ones stay near the best, and the best of all is named.

    Behind each trial is a training that gives its figure.
    """
    coarse, fine = actual["coarse"], actual["fine"]
    for name, trials, least in (("coarse", coarse, 4), ("fine", fine, 2)):
        if trials.ndim != 2 or len(trials) < least or trials.shape[1] != 2 or not np.all(np.isfinite(trials)):
            return Judgement(
                0.0,
                f"{name}_trials holds {len(trials)} pairs, expected {least} or more (lambda, validation accuracy)",
            )
        if np.any(trials[:, 0] <= 0) or np.any(trials[:, 1] < 0) or np.any(trials[:, 1] > 1):
            return Judgement(0.0, f"{name}_trials: lambda is to be above 0, and the accuracy a share")
    low, high = coarse[:, 0].min(), coarse[:, 0].max()
    if low < 10**-4.05 or high > 10**-0.95:
        return Judgement(0.0, f"the coarse lambdas go from {low:.2g} to {high:.2g}, expected 1e-4 to 1e-1")
    if high < 10 * low:
        return Judgement(0.0, "the coarse lambdas do not span an order of magnitude")
    if np.ptp(np.log10(fine[:, 0])) >= np.ptp(np.log10(coarse[:, 0])):
        return Judgement(0.0, "the fine lambdas spread no less than the coarse ones")
    trials = np.concatenate([coarse, fine])
    best = float(actual["best"])
    if not any(abs(best - value) <= 1e-9 * value and share == trials[:, 1].max() for value, share in trials):
        return Judgement(0.0, f"best_lambda is {best:.3g}, which has not the highest validation accuracy")
    try:
        runs = runs_of(actual)
    except ValueError as exc:
        return borne_out(f"of the search's trainings, {exc}")
    return borne_out(doubt_search(actual, trials, runs, known))


SIGMAS = (1e-1, 1e-3, 1e-4)


def judge_sigma(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """All twelve trainings are there, and at small sigma batch normalization learns what the plain network does not.

    Without it, at 1e-3 and 1e-4, the training loss ends near ln 10: in 80 pairs of the short form between 2.296 and 2.298, and
    0.085 or more above that with batch normalization.
    """
    try:
        runs = runs_of(actual)
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    losses = {(run.depth, run.sigma, run.normalized): run.history[2, -1] for run in runs if not run.he}
    for depth in (3, 9):
        for sigma in SIGMAS:
            for normalized in (False, True):
                if (depth, sigma, normalized) not in losses:
                    which = "with" if normalized else "without"
                    return Judgement(
                        0.0, f"no training of {depth} layers with sigma = {sigma:g} {which} batch norm"
                    )
        for sigma in SIGMAS[1:]:
            if not losses[depth, sigma, True] < losses[depth, sigma, False] - LEAST_GAIN:
                return Judgement(
                    0.0,
                    f"{depth} layers with sigma = {sigma:g}: batch norm does not reach a lower training loss",
                )
    return borne_out(doubt(actual, runs, known))


KINDS = {
    "cost": ("cost",),
    "loss": ("loss",),
    "accuracy": ("accur", "acc"),
}  # what a panel's y label or title may say
DRAWN_TOLERANCE = 1e-6


def judge_figures(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """Every history of every training is a labelled curve in a panel of its kind whose axes have names."""
    try:
        runs, drawn = runs_of(actual), panels(actual)
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    if not drawn:
        return Judgement(0.0, "there is no figure")
    unnamed = [panel for panel in drawn if not panel.x_label.strip() or not panel.y_label.strip()]
    kept = [panel for panel in drawn if panel.x_label.strip() and panel.y_label.strip()]
    absent = []
    for run in runs:
        for kind, values in zip(HISTORIES, run.history, strict=True):
            if not _is_drawn(kept, kind.partition("_")[2], values):
                absent.append(f"{kind} of {run.name}")
    share = 1 - len(absent) / (len(runs) * len(HISTORIES))
    if share > 0 and (unsure := doubt(actual, runs, known)):
        return borne_out(unsure)
    reasons = []
    if unnamed:
        reasons.append(f"{len(unnamed)} of {len(drawn)} panels have no name at an axis")
    if absent:
        reasons.append(f"{len(absent)} histories are in no labelled curve, the first is {absent[0]}")
    return Judgement(share if absent or not unnamed else 0.9, "; ".join(reasons))


def _is_drawn(drawn: Any, kind: str, values: Any) -> bool:
    for panel in drawn:
        if not any(word in f"{panel.y_label} {panel.title}".lower() for word in KINDS[kind]):
            continue
        for label, line in panel.lines:
            factors = (1.0, 100.0) if kind == "accuracy" else (1.0,)  # accuracies may be drawn in per cent
            if not label.strip() or line.shape != values.shape:
                continue
            if any(
                np.all(np.abs(line - f * values) <= 1e-8 + DRAWN_TOLERANCE * f * np.abs(values))
                for f in factors
            ):
                return True
    return False
