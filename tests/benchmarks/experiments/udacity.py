"""The lesson's experiments on MNIST: activations, learning rates, good and bad starting weights, statistics at inference."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.conventions import udacity

from .feature_maps import run_feature_maps
from .record import Lab, percent

__all__ = ["run_udacity"]

COURSE = "Udacity lesson"
BATCHES = 4000  # of the lesson's 50,000
#: The lesson's validation accuracies after 50,000 batches, without and with batch norm; one pair is not in the text.
PRINTED: dict[tuple[bool, str, float], tuple[float, float] | None] = {
    (False, "relu", 0.01): (0.973, 0.983),
    (False, "sigmoid", 0.01): (0.834, 0.976),
    (False, "relu", 1): (0.096, 0.984),
    (False, "sigmoid", 1): None,
    (False, "relu", 2): (0.099, 0.983),
    (False, "sigmoid", 2): (0.980, 0.980),
    (True, "relu", 0.01): (0.096, 0.795),
    (True, "sigmoid", 0.01): (0.220, 0.859),
    (True, "relu", 1): (0.113, 0.924),
    (True, "sigmoid", 1): (0.897, 0.957),
    (True, "relu", 2): (0.096, 0.913),
    (True, "sigmoid", 2): (0.909, 0.961),
}
IDLE = 0.15  # accuracy of ten classes below which nothing was learned


def run_udacity(lab: Lab) -> None:
    """Twelve pairs of networks, and the demonstration of what population statistics are for."""
    mnist = udacity.read_data_sets(lab.data / "mnist" if lab.data else None)
    batches = 60 if lab.quick else BATCHES
    runs: dict[Any, Any] = {}
    for bad, name, rate in PRINTED:
        lab.tell(f"  {name}, learning rate {rate}, {'bad' if bad else 'good'} weights: {batches} batches")
        np.random.seed(231)
        with np.errstate(all="ignore"):  # networks that the lesson shows failing do overflow
            runs[bad, name, rate] = udacity.train_and_test(
                bad, rate, getattr(udacity, name), batches, max(batches // 40, 1), mnist=mnist
            )
    _draw(lab, runs, batches)
    with np.errstate(all="ignore"):
        for key, (plain, normed) in runs.items():
            _judge(lab, key, plain.accuracy(mnist.test), normed.accuracy(mnist.test))
    _statistics(lab, mnist, 200 if lab.quick else 2000)
    run_feature_maps(lab, mnist)


def _draw(lab: Lab, runs: dict[Any, Any], batches: int) -> None:
    def draw(axes: Any) -> None:
        for axis, ((bad, name, rate), nets) in zip(axes, runs.items(), strict=True):
            for net, label in zip(nets, ("without", "with"), strict=True):
                seen = net.training_accuracies
                axis.plot(np.arange(len(seen)) * max(batches // 40, 1), seen, label=label)
            axis.set(title=f"{name}, {rate}, {'bad' if bad else 'good'} weights", ylim=(0, 1))
        axes[0].legend()

    lab.figure("experiment-mnist", draw, panels=(4, 3), size=(11, 11))


def _judge(lab: Lab, key: Any, plain: float, normed: float) -> None:
    """A claim holds if batch norm is not behind, and networks are idle where the lesson's are, and learn where those learn."""
    bad, name, rate = key
    printed = PRINTED[key]
    holds = [normed > plain - 0.01]
    if printed is None:
        claimed = "both achieve high accuracy"
        holds += [plain > 0.9, normed > 0.9]
    else:
        claimed = f"{percent(printed[0])} without batch norm, {percent(printed[1])} with"
        if printed[0] < IDLE:
            holds.append(plain < IDLE)
        holds.append(normed > 0.5)
    lab.claim(
        COURSE,
        f"{name}, learning rate {rate}, {'bad' if bad else 'good'} weights",
        claimed,
        f"{percent(plain)} without, {percent(normed)} with",
        holds,
    )


def _statistics(lab: Lab, mnist: Any, batches: int) -> None:
    found = {}
    for own in (True, False):
        np.random.seed(231)
        found[own] = udacity.batch_norm_test(own, mnist=mnist, training_batches=batches)
    guesses = len(set(found[True].predictions))
    lab.claim(
        COURSE,
        "200 images one at a time, normalised by themselves",
        "the same guess for every image: 5 % right",
        f"{guesses} different guess{'es' if guesses > 1 else ''}, {percent(found[True].single_accuracy or 0)} right",
        [guesses == 1, (found[True].single_accuracy or 0) < IDLE],
    )
    lab.claim(
        COURSE,
        "200 images one at a time, population statistics",
        "97 % right",
        f"{percent(found[False].single_accuracy or 0)} right; {percent(found[False].accuracy)} of the whole test set",
        [(found[False].single_accuracy or 0) > 0.9],
    )
