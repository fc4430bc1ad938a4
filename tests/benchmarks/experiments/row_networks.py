"""Fully connected networks on rows, as CS231n and ECE C147/C247 train them: depth, scale, batch size, optimizers, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.conventions import cs231n, ece247

from .record import Lab, percent

__all__ = ["run_cs231n", "run_ece247"]

CS, ECE = "CS231n", "ECE C147/C247"
BASELINE, BATCH, LAYER = "baseline", "batch norm", "layer norm"
KINDS = {BASELINE: None, BATCH: "batchnorm", LAYER: "layernorm"}
CHANCE = 0.15  # validation accuracy of ten classes below which nothing was learned that matters


def _solver(model: Any, data: Any, course: Any = cs231n, **settings: Any) -> Any:
    done = course.Solver(model, data, verbose=False, **settings)
    done.train()
    return done


def _subset(data: dict[str, Any], count: int, lab: Lab) -> dict[str, Any]:
    count = min(count, 200) if lab.quick else count
    held = 100 if lab.quick else 1000
    return {
        "X_train": data["X_train"][:count],
        "y_train": data["y_train"][:count],
        "X_val": data["X_val"][:held],
        "y_val": data["y_val"][:held],
    }


def _smooth(losses: list[float], width: int = 20) -> Any:
    width = min(width, len(losses))
    return np.convolve(losses, np.ones(width) / width, mode="valid")


def run_cs231n(lab: Lab) -> None:
    """Six layers with and without batch norm, weight scales, batch sizes, layer norm: 1,000 images, as the notebook."""
    data = cs231n.get_CIFAR10_data(folder=lab.data)
    small = _subset(data, 1000, lab)
    _deep(lab, small)
    _scales(lab, small)
    _batch_sizes(lab, small)


def _deep(lab: Lab, data: dict[str, Any]) -> None:
    np.random.seed(231)
    done = {}
    for kind in (BATCH, BASELINE):
        model = cs231n.FullyConnectedNet([100] * 5, weight_scale=2e-2, normalization=KINDS[kind])
        done[kind] = _solver(
            model,
            data,
            num_epochs=10,
            batch_size=50,
            update_rule="adam",
            optim_config={"learning_rate": 1e-3},
        )
    bn, base = done[BATCH], done[BASELINE]

    def draw(axes: Any) -> None:
        for kind, one in done.items():
            axes[0].plot(_smooth(one.loss_history), label=kind)
            axes[1].plot(one.train_acc_history, "-o", ms=3, label=kind)
            axes[2].plot(one.val_acc_history, "-o", ms=3, label=kind)
        titles = ("training loss (mean of 20 steps)", "training accuracy", "validation accuracy")
        for axis, title in zip(axes, titles, strict=True):
            axis.set(title=title, xlabel="step" if "loss" in title else "epoch")
            axis.legend()

    lab.figure("experiment-deep", draw, panels=(1, 3), size=(12, 3.4))
    lab.claim(
        CS,
        "six layers, 1,000 images",
        "with batch norm the network converges faster",
        f"training accuracy after 3 epochs {percent(bn.train_acc_history[3])} against {percent(base.train_acc_history[3])}, "
        f"at the end {percent(bn.train_acc_history[-1])} against {percent(base.train_acc_history[-1])}; best validation "
        f"{percent(bn.best_val_acc)} against {percent(base.best_val_acc)}",
        [
            bn.train_acc_history[3] > base.train_acc_history[3],
            bn.train_acc_history[-1] > base.train_acc_history[-1],
        ],
    )


def _scales(lab: Lab, data: dict[str, Any]) -> None:
    scales = np.logspace(-4, 0, num=3 if lab.quick else 20)
    found: dict[str, list[Any]] = {BASELINE: [], BATCH: []}
    np.random.seed(231)
    for number, scale in enumerate(scales, start=1):
        lab.tell(f"  weight scale {number} of {len(scales)}")
        for kind, runs in found.items():
            model = cs231n.FullyConnectedNet([50] * 7, weight_scale=scale, normalization=KINDS[kind])
            with np.errstate(
                all="ignore"
            ):  # the largest scales overflow without normalisation: that is the point
                runs.append(
                    _solver(
                        model,
                        data,
                        num_epochs=2 if lab.quick else 10,
                        batch_size=50,
                        update_rule="adam",
                        optim_config={"learning_rate": 1e-3},
                    )
                )
    best = {kind: np.array([max(run.val_acc_history) for run in runs]) for kind, runs in found.items()}
    train = {kind: np.array([max(run.train_acc_history) for run in runs]) for kind, runs in found.items()}

    def draw(axes: Any) -> None:
        for kind, runs in found.items():
            axes[0].semilogx(scales, best[kind], "-o", ms=3, label=kind)
            axes[1].semilogx(scales, train[kind], "-o", ms=3, label=kind)
            axes[2].loglog(scales, [np.mean(run.loss_history[-100:]) for run in runs], "-o", ms=3, label=kind)
        titles = ("best validation accuracy", "best training accuracy", "final training loss")
        for axis, title in zip(axes, titles, strict=True):
            axis.set(title=title, xlabel="weight scale")
            axis.legend()

    lab.figure("experiment-scales", draw, panels=(1, 3), size=(12, 3.4))
    idle = {kind: int((best[kind] < CHANCE).sum()) for kind in best}
    lab.claim(
        CS,
        f"eight layers, {len(scales)} weight scales from 1e-4 to 1",
        "without batch norm only a narrow range of scales trains; with it the scale matters much less",
        f"best validation accuracy below {percent(CHANCE)} at {idle[BASELINE]} scales without batch norm, at {idle[BATCH]} "
        f"with it; range {percent(best[BASELINE].min())} to {percent(best[BASELINE].max())} without, "
        f"{percent(best[BATCH].min())} to {percent(best[BATCH].max())} with; lead of batch norm at the best scale of each "
        f"{percent(best[BATCH].max() - best[BASELINE].max())}",
        [
            idle[BASELINE] > len(scales) // 4,
            idle[BATCH] < idle[BASELINE] / 2,
            np.ptp(best[BATCH]) < np.ptp(best[BASELINE]),
        ],
    )


def _batch_sizes(lab: Lab, data: dict[str, Any]) -> None:
    runs = {kind: _by_batch_size(lab, data, kind) for kind in (BATCH, LAYER)}
    last = {kind: [run.train_acc_history[-1] for run in found.values()] for kind, found in runs.items()}
    told = {
        kind: "; ".join(
            f"{name}: {percent(run.train_acc_history[-1])}, {percent(run.best_val_acc)}"
            for name, run in found.items()
        )
        for kind, found in runs.items()
    }
    plain, *ours = last[BATCH]
    lab.claim(
        CS,
        "batch sizes 5, 10 and 50, batch norm",
        "with small batches batch norm reaches a lower training accuracy; larger batches do better",
        f"training accuracy at the end, best validation accuracy: {told[BATCH]}",
        [ours[0] < ours[1] < ours[2], ours[0] < plain],
    )
    lab.claim(
        CS,
        "batch sizes 5, 10 and 50, layer norm",
        "layer norm is less dependent on the batch size than batch norm",
        f"training accuracy at the end, best validation accuracy: {told[LAYER]}",
        [np.ptp(last[LAYER][1:]) < np.ptp(ours), last[LAYER][1] > plain],
        "rows of a batch do not meet in layer norm; what is left is that a small batch's gradient is noisier",
    )


def _by_batch_size(lab: Lab, data: dict[str, Any], kind: str) -> dict[str, Any]:
    """The baseline at batch size 5, and the normalised network at 5, 10 and 50, with a figure of them."""
    np.random.seed(231)
    runs = {}
    for name, normalization, size in [
        (f"{BASELINE}, 5", None, 5),
        *((f"{kind}, {size}", KINDS[kind], size) for size in (5, 10, 50)),
    ]:
        lab.tell(f"  batch size {name}")
        model = cs231n.FullyConnectedNet([100] * 5, weight_scale=2e-2, normalization=normalization)
        runs[name] = _solver(
            model,
            data,
            num_epochs=2 if lab.quick else 10,
            batch_size=size,
            update_rule="adam",
            optim_config={"learning_rate": 10**-3.5},
        )

    def draw(axes: Any) -> None:
        for name, run in runs.items():
            axes[0].plot(run.train_acc_history, "-o", ms=3, label=name)
            axes[1].plot(run.val_acc_history, "-o", ms=3, label=name)
        for axis, title in zip(axes, ("training accuracy", "validation accuracy"), strict=True):
            axis.set(title=title, xlabel="epoch")
            axis.legend()

    lab.figure(f"experiment-batch-sizes-{kind.partition(' ')[0]}", draw, panels=(1, 2), size=(9, 3.4))
    return runs


def run_ece247(lab: Lab) -> None:
    """Optimizers on 4,000 images, the easier optimization, dropout, and the network that is to reach 55 %."""
    data = cs231n.get_CIFAR10_data(num_training=4000, folder=lab.data)
    _optimizers(lab, _subset(data, 4000, lab))
    _dropout(lab, _subset(data, 500, lab))
    _best(lab, _subset(data, 4000, lab))


def _optimizers(lab: Lab, data: dict[str, Any]) -> None:
    rates = {
        "sgd": 1e-2,
        "sgd_momentum": 1e-2,
        "sgd_nesterov_momentum": 1e-2,
        "rmsprop": 2e-4,
        "adam": 1e-3,
    }
    runs = {}
    for rule, rate in rates.items():
        lab.tell(f"  optimizer {rule}")
        np.random.seed(231)
        model = ece247.FullyConnectedNet([100] * 5, weight_scale=5e-2)
        runs[rule] = _solver(
            model,
            data,
            ece247,
            num_epochs=2 if lab.quick else 5,
            batch_size=100,
            update_rule=rule,
            optim_config={"learning_rate": rate},
        )

    def draw(axes: Any) -> None:
        for rule, run in runs.items():
            axes[0].plot(_smooth(run.loss_history), label=rule)
            axes[1].plot(run.val_acc_history, "-o", ms=3, label=rule)
        axes[0].set(title="training loss (mean of 20 steps)", xlabel="step")
        axes[1].set(title="validation accuracy", xlabel="epoch")
        for axis in axes:
            axis.legend()

    lab.figure("experiment-optimizers", draw, panels=(1, 2), size=(9, 3.4))
    loss = {rule: float(np.mean(run.loss_history[-20:])) for rule, run in runs.items()}
    train = {rule: run.train_acc_history[-1] for rule, run in runs.items()}
    told = "; ".join(f"{rule}: {loss[rule]:.3f}, {percent(train[rule])}" for rule in runs)
    lab.claim(
        ECE,
        "six layers, 4,000 images, SGD, momentum and Nesterov",
        "momentum reaches a better loss than SGD, Nesterov a slightly better loss and training accuracy than momentum",
        f"mean loss of the last 20 steps, training accuracy: {told}",
        [
            loss["sgd_momentum"] < loss["sgd"],
            loss["sgd_nesterov_momentum"] < loss["sgd_momentum"],
            train["sgd_nesterov_momentum"] >= train["sgd_momentum"],
        ],
    )
    lab.claim(
        ECE,
        "the same, RMSProp and Adam",
        "adaptive rules train faster than SGD and momentum",
        told,
        [loss["rmsprop"] < loss["sgd"], loss["adam"] < loss["sgd"], loss["adam"] < loss["sgd_momentum"]],
        "RMSProp at 2e-4, Adam at 1e-3",
    )


def _dropout(lab: Lab, data: dict[str, Any]) -> None:
    runs = {}
    for keep in (0, 0.6):
        np.random.seed(231)
        model = ece247.FullyConnectedNet([100] * 3, dropout=keep)
        runs["p = 0.6" if keep else "none"] = _solver(
            model,
            data,
            ece247,
            num_epochs=2 if lab.quick else 25,
            batch_size=100,
            update_rule="adam",
            optim_config={"learning_rate": 5e-4},
        )
    gap = {name: run.train_acc_history[-1] - run.val_acc_history[-1] for name, run in runs.items()}
    told = "; ".join(
        f"{name}: {percent(run.train_acc_history[-1])} training, {percent(run.val_acc_history[-1])} validation"
        for name, run in runs.items()
    )
    lab.claim(
        ECE,
        "dropout, 500 images, 25 epochs",
        "dropout is a regularizer: the gap between training and validation accuracy gets smaller",
        told,
        [gap["p = 0.6"] < gap["none"]],
    )


def _best(lab: Lab, data: dict[str, Any]) -> None:
    np.random.seed(231)
    model = ece247.FullyConnectedNet([300, 300, 300], weight_scale=2e-2, dropout=0.75, use_batchnorm=True)
    run = _solver(
        model,
        data,
        ece247,
        num_epochs=1 if lab.quick else 12,
        batch_size=100,
        lr_decay=0.9,
        update_rule="adam",
        optim_config={"learning_rate": 1e-3},
    )
    lab.claim(
        ECE,
        "batch norm and dropout, the network that is to reach 55 %",
        "validation accuracy above 55 % (58.4 % shown, with 49,000 images)",
        f"{percent(run.best_val_acc)} with {len(data['y_train'])} images",
        [run.best_val_acc >= 0.55],
        "the subset has a twelfth of the images; the assignment's target is scaled to the data used for that reason",
    )
