"""The lesson's experiments: histories and networks of comparisons, packed in the kernel and judged outside.

There is no reference notebook: what is judged is whether the histories can be what `train` keeps and show what the lesson shows,
and whether the networks that were trained classify the true digits as their histories end. Where only the networks do not, a
person looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from assignments.common.experiments import borne_out
from assignments.common.lesson_trainings import (
    SINGLE,
    doubt_of_lead,
    doubt_of_networks,
    doubt_of_singles,
    packed_nets,
)
from grader.compare import Judgement

__all__ = ["DEMOS", "FEW", "judge_ahead", "judge_comparisons", "judge_singles", "packed_histories"]

DEMOS = (
    "relu 0.01",
    "relu 0.01 few",
    "sigmoid 0.01",
    "relu 1",
    "relu 1 again",
    "sigmoid 1",
    "sigmoid 1 few",
    "relu 2",
    "sigmoid 2",
    "sigmoid 2 few",
    "bad relu 0.01",
    "bad sigmoid 0.01",
    "bad relu 1",
    "bad sigmoid 1",
    "bad relu 2",
    "bad sigmoid 2",
    "bad relu 1 again",
    "bad relu 2 again",
)
FEW = ("relu 0.01 few", "sigmoid 1 few", "sigmoid 2 few")


def packed_histories(impl: Any, names: Any) -> dict[str, Any]:
    """Validation accuracies of the comparisons that were run, which of each pair is normalized, and the networks."""
    arrays: dict[str, Any] = {"validation_images": len(impl.mnist.validation.images)}
    nets = []
    for name in names:
        if name not in impl.demos:
            continue
        key = name.replace(" ", "_")
        for net, kind in zip(impl.demos[name], ("without", "with"), strict=True):
            arrays[f"{key}_{kind}"] = np.array(net.training_accuracies, dtype=float)
            arrays[f"{key}_{kind}_normalized"] = int(net.use_batch_norm)
            nets.append(net)
    return {**arrays, **packed_nets("net", nets)}


def _pair(actual: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    """Both histories of a comparison, without and with batch normalization. Raises: ValueError, in words for the student."""
    key = name.replace(" ", "_")
    found = []
    for kind, normalized in (("without", 0), ("with", 1)):
        history = actual.get(f"{key}_{kind}")
        if history is None:
            raise ValueError(f"{name}: was not run")
        if int(actual[f"{key}_{kind}_normalized"]) != normalized:
            raise ValueError(
                f"{name}: the networks are not one without and one with batch normalization, in this order"
            )
        hits = history * float(actual["validation_images"])
        if history.ndim != 1 or len(history) < 2:
            raise ValueError(
                f"{name}: {history.size} accuracies were sampled {kind} batch normalization, expected 2 or more"
            )
        if not (np.all((history >= 0) & (history <= 1)) and np.all(np.abs(hits - np.round(hits)) < 1e-3)):
            raise ValueError(
                f"{name}: an accuracy is no share of {int(actual['validation_images'])} validation images"
            )
        found.append(history)
    if len(found[0]) != len(found[1]):
        raise ValueError(
            f"{name}: {len(found[0])} and {len(found[1])} accuracies were sampled, expected as many of both"
        )
    return found[0], found[1]


def judge_comparisons(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """Every comparison of the lesson was run; each earns its share, if the networks bear it out."""
    problems, run = [], {}
    for name in DEMOS:
        try:
            run[name] = _pair(actual, name)
        except ValueError as exc:
            problems.append(str(exc))
    if not run:
        return Judgement(0.0, f"0 of {len(DEMOS)} comparisons are there; {problems[0]}")
    why = doubt_of_networks(actual, _sent(actual), run, known)
    if why or not problems:
        return borne_out(why)
    return Judgement(
        len(run) / len(DEMOS), f"{len(run)} of {len(DEMOS)} comparisons are there; {problems[0]}"
    )


def _sent(actual: Mapping[str, Any]) -> list[str]:
    """The comparisons whose networks came, in their order."""
    return [name for name in DEMOS if f"{name.replace(' ', '_')}_with" in actual]


AHEAD = 0.04  # mean lead in validation accuracy while training; the least of 40 short runs was 0.12


def judge_ahead(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """Over the short comparisons from reasonable weights, batch normalization is ahead on average over all samples."""
    try:
        run = {name: _pair(actual, name) for name in FEW}
    except ValueError as exc:
        return Judgement(0.0, str(exc))
    if np.mean([with_norm.mean() - without.mean() for without, with_norm in run.values()]) > AHEAD:
        return borne_out(doubt_of_lead(actual, FEW, run, known))
    return Judgement(
        0.0, "over the short comparisons, batch normalization is not ahead of the network without it"
    )


RIGHT = 0.5  # single accuracy by population statistics; the least of 40 short runs was 0.76


def judge_singles(actual: Mapping[str, Any], known: Mapping[str, Any]) -> Judgement:
    """By the batch: one guess for all, right for as many as that digit has; by the population: most are right."""
    if actual["labels"].shape != (SINGLE,):
        return Judgement(0.0, f"there are {actual['labels'].size} labels, expected {SINGLE}")
    for name in ("by_batch", "by_population"):
        if actual[name].shape != (SINGLE,):
            return Judgement(0.0, f"{name} holds {actual[name].size} predictions, expected {SINGLE}")
        right = float(np.mean(actual[name] == actual["labels"]))
        if not abs(right - float(actual[f"{name}_accuracy"])) < 1e-6:
            return Judgement(
                0.0, f"{name}: the accuracy is not that of the predictions on the first {SINGLE} test images"
            )
    why = doubt_of_singles(actual, known)
    if why:
        return borne_out(why)
    if len(set(actual["by_batch"].tolist())) != 1:
        return Judgement(
            0.5, "normalized by batches of one image, the network should make one guess for all 200"
        )
    if not float(actual["by_population_accuracy"]) > RIGHT:
        return Judgement(0.5, "normalized by the population, most of the 200 guesses should be right")
    return Judgement(1.0)
