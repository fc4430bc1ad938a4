"""The KTH report's experiments: gradients, three and nine layers, search for lambda, sensitivity to the starting sigma."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from reference import data, search
from reference.conventions import kth

from .record import Lab, percent

__all__ = ["run_kth"]

COURSE = "KTH DD2424"
HIDDEN = {3: (50, 50), 9: (50, 30, 20, 20, 10, 10, 10, 10)}
BATCH, CYCLE_EPOCHS = 100, 10
ETA_MIN, ETA_MAX, LAMBDA = 1e-5, 1e-1, 0.005
CHANCE = 0.15
LEAD = 0.03  # of test accuracy; two standard errors of a share of 1,000 images
#: Accuracies that the report gives, by number of layers and whether with batch norm.
CURVES = {(3, False): 0.48, (3, True): 0.52, (9, False): 0.486, (9, True): 0.536}
SIGMAS = {
    (3, False): (0.53, 0.10, 0.10),
    (3, True): (0.538, 0.536, 0.538),
    (9, False): (0.10, 0.10, 0.10),
    (9, True): (0.53, 0.51, 0.505),
}


def run_kth(lab: Lab) -> None:
    """Everything that the report shows, with two cycles of ten epochs, one in the search."""
    images = _columns(lab.data, 300 if lab.quick else 4000)
    _gradients(lab)
    _curves(lab, images)
    _lambdas(lab, images)
    _sigmas(lab, images)


def _columns(folder: Path | None, train: int) -> dict[str, Any]:
    """Columns (3072, N) of mean 0 and standard deviation 1 by the training set's figures, and one-hot labels."""
    split = data.split_validation(data.find_cifar10(folder), train=train, validation=1000, test=1000)
    flat = {
        name: split[f"X_{name}"].reshape(len(split[f"X_{name}"]), -1).T / 255
        for name in ("train", "val", "test")
    }
    mean, std = flat["train"].mean(axis=1, keepdims=True), flat["train"].std(axis=1, keepdims=True)
    made = {f"X_{name}": (part - mean) / std for name, part in flat.items()}
    for name in flat:
        made[f"y_{name}"] = split[f"y_{name}"]
        made[f"Y_{name}"] = np.eye(10)[split[f"y_{name}"]].T
    return made


def _train(lab: Lab, images: dict[str, Any], depth: int, *, cycles: int = 2, **settings: Any) -> Any:
    """The network, its histories and its accuracy on the test images."""
    np.random.seed(400)
    net = kth.BNN(list(pairwise([3072, *HIDDEN[depth], 10])), **{"lmda": LAMBDA, **settings})
    steps = images["X_train"].shape[1] // BATCH
    epochs = 2 if lab.quick else cycles * CYCLE_EPOCHS
    with np.errstate(all="ignore"):
        histories = net.miniBatchGD(
            images["X_train"],
            images["Y_train"],
            [BATCH, ETA_MIN, ETA_MAX, epochs, max(CYCLE_EPOCHS * steps // 2, 1)],
            images["X_val"],
            images["Y_val"],
        )
    return net, histories, float(net.computeAccuracy(images["X_test"], images["y_test"]))


def _gradients(lab: Lab) -> None:
    np.random.seed(400)
    worst = 0.0
    for depth in (3, 9):
        for bn in (False, True):
            net = kth.BNN(list(pairwise([12, *HIDDEN[depth], 10])), lmda=LAMBDA, batchNorm=bn)
            X, Y = np.random.standard_normal((12, 20)), np.eye(10)[np.arange(20) % 10].T
            for ours, numerical in zip(
                net.computeGradients(X, Y), net.computeGradientsNum(X, Y), strict=True
            ):
                worst = max(
                    worst, *(float(np.abs(a - b).max()) for a, b in zip(ours, numerical, strict=True))
                )
    lab.claim(
        COURSE,
        "gradients of 3 and 9 layers against numerical ones",
        "equal to 6 decimals",
        f"largest difference {worst:.1e}, with and without batch norm (12 inputs, 20 columns)",
        [worst < 1.5e-6],
    )


def _curves(lab: Lab, images: dict[str, Any]) -> None:
    found = {}
    for depth, bn in CURVES:
        lab.tell(f"  {depth} layers, batch norm {bn}")
        found[depth, bn] = _train(lab, images, depth, batchNorm=bn)

    def draw(axes: Any) -> None:
        for (depth, bn), (_, histories, _) in found.items():
            label = f"{'with' if bn else 'without'} batch norm"
            row = axes[:3] if depth == 3 else axes[3:]
            for axis, number, title in zip(row, (0, 2, 4), ("cost", "loss", "accuracy"), strict=True):
                (line,) = axis.plot(histories[number], label=f"{label}, training")
                axis.plot(histories[number + 1], "--", color=line.get_color(), label="validation")
                axis.set(title=f"{depth} layers: {title}", xlabel="epoch")
        axes[0].legend(fontsize=7)

    lab.figure("experiment-kth-curves", draw, panels=(2, 3), size=(11, 6.4))
    for depth in (3, 9):
        plain, normed = found[depth, False][2], found[depth, True][2]
        shown = [percent(CURVES[depth, bn]) for bn in (False, True)]
        lab.claim(
            COURSE,
            f"{depth} layers, He's starting weights, lambda 0.005",
            f"{shown[0]} without batch norm, {shown[1]} with (45,000 images)",
            f"{percent(plain)} without, {percent(normed)} with (4,000 images)",
            [normed > plain, normed > plain + LEAD],
            f"judged by who is ahead, and whether by more than {percent(LEAD)}: the accuracies of ten times as many images are out "
            "of reach",
        )


def _lambdas(lab: Lab, images: dict[str, Any]) -> None:
    def score(lmda: float) -> float:
        lab.tell(f"  lambda {lmda:.5f}")
        _, histories, _ = _train(lab, images, 3, cycles=1, lmda=lmda)
        return float(max(histories[5]))

    trials = search.coarse_to_fine(
        score,
        low=-4,
        high=-1,
        coarse=2 if lab.quick else 6,
        fine=1 if lab.quick else 3,
        rng=np.random.default_rng(400),
    )

    def draw(axes: Any) -> None:
        axes[0].semilogx(*zip(*trials, strict=True), "-o", ms=3)
        axes[0].set(title="3 layers with batch norm", xlabel="lambda", ylabel="best validation accuracy")

    lab.figure("experiment-kth-lambda", draw, panels=(1, 1), size=(5, 3.4))
    best = max(trials, key=lambda trial: trial[1])
    edges = (trials[0], trials[-1])
    lab.claim(
        COURSE,
        f"search for lambda, coarse to fine, {len(trials)} values from 1e-4 to 1e-1",
        "best between 0.002 and 0.007 (55.5 %); 51.8 % at 0.00013 and 49.4 % at 0.085",
        f"best {best[0]:.5f} with {percent(best[1])}; "
        + " and ".join(f"{percent(accuracy)} at {lmda:.5f}" for lmda, accuracy in edges),
        [0.002 <= best[0] <= 0.0085, all(best[1] > accuracy for _, accuracy in edges)],
        "with fewer images more regularization is to be expected",
    )


def _sigmas(lab: Lab, images: dict[str, Any]) -> None:
    sigmas = (1e-1, 1e-3, 1e-4)
    found: dict[Any, list[float]] = {}
    for depth, bn in SIGMAS:
        for sigma in sigmas:
            lab.tell(f"  {depth} layers, sigma {sigma:g}, batch norm {bn}")
            accuracy = _train(lab, images, depth, batchNorm=bn, he=False, sig=sigma)[2]
            found.setdefault((depth, bn), []).append(accuracy)

    def draw(axes: Any) -> None:
        for axis, depth in zip(axes, (3, 9), strict=True):
            for shift, bn in ((-0.2, False), (0.2, True)):
                places = np.arange(len(sigmas)) + shift
                axis.bar(places, found[depth, bn], 0.4, label=f"{'with' if bn else 'without'} batch norm")
            axis.axhline(0.1, color="grey", lw=0.8)
            axis.set(title=f"{depth} layers: test accuracy", xlabel="sigma")
            axis.set_xticks(range(len(sigmas)), [f"{sigma:g}" for sigma in sigmas])
        axes[0].legend()

    lab.figure("experiment-kth-sigma", draw, panels=(1, 2), size=(9, 3.4))
    for (depth, bn), accuracies in found.items():
        shown = SIGMAS[depth, bn]
        lab.claim(
            COURSE,
            f"{depth} layers {'with' if bn else 'without'} batch norm, sigma 1e-1, 1e-3 and 1e-4",
            ", ".join(percent(value) for value in shown),
            ", ".join(percent(value) for value in accuracies),
            [(got < CHANCE) == (claimed <= 0.1) for got, claimed in zip(accuracies, shown, strict=True)],
            "judged by whether each is at chance",
        )
