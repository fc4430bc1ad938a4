"""The lesson's experiments on MNIST: activations, learning rates, good and bad starting weights, statistics at inference."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.conventions import udacity

from .record import Lab, percent

__all__ = ["run_udacity"]

COURSE = "Udacity lesson"
BATCHES = 4000  # of the lesson's 50,000
#: The lesson's test accuracies after 50,000 batches, where it prints them: without and with batch norm.
PRINTED = {
    (False, "relu", 0.01): (0.9748, 0.9803),
    (False, "sigmoid", 0.01): (0.8271, 0.9732),
    (False, "relu", 1): (0.098, 0.9822),
    (False, "sigmoid", 1): (None, None),
    (False, "relu", 2): (0.101, None),
    (False, "sigmoid", 2): (0.9782, 0.9782),
    (True, "relu", 0.01): (0.098, 0.799),
    (True, "sigmoid", 0.01): (0.227, None),
    (True, "relu", 1): (0.1135, 0.9208),
    (True, "sigmoid", 1): (0.8957, None),
    (True, "relu", 2): (0.098, None),
    (True, "sigmoid", 2): (0.9066, 0.9583),
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
    bad, name, rate = key
    shown = [f"{100 * value:.1f} %" if value is not None else "not legible" for value in PRINTED[key]]
    expects_idle = PRINTED[key][0] is not None and PRINTED[key][0] < IDLE
    holds = [normed > plain - 0.01]
    if expects_idle:
        holds.append(plain < IDLE)
    if PRINTED[key][1] is not None:
        holds.append(normed > 0.5)
    lab.claim(
        COURSE,
        f"{name}, learning rate {rate}, {'bad' if bad else 'good'} weights",
        f"{shown[0]} without batch norm, {shown[1]} with",
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
