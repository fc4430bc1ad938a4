"""How large the notebooks' experiments are. There are two forms, and each says what it is when printed.

The full form is the one to run and to draw conclusions from; it takes minutes. The short form runs every cell in about a second
altogether, to see whether everything works; it is chosen by setting the environment variable GRADECHECK_SHORT to 1 before Python
starts. It has fewer images, of a coarser resolution, smaller layers, fewer epochs and fewer weight scales.
"""

import math
import os
from dataclasses import dataclass

import numpy as np

ALL_IMAGES = 49000  # CIFAR-10's training images less 1,000 for validation
TARGET = 0.55  # validation accuracy that earns all points with all images
TARGET_EASIER = 0.50  # the same for the cell "Easier optimization"
PER_DECADE = 0.15  # how much less is expected with a tenth of the images
LEAST = 0.15  # what is expected however few there are; guessing gives 0.10


@dataclass(frozen=True)
class Experiment:
    """One training: images, units of each hidden layer, epochs, size of the minibatches."""

    images: int
    hidden: tuple
    epochs: int
    batch_size: int


@dataclass(frozen=True)
class Plan:
    """Sizes of the experiments.

    coarsen: side of the squares of pixels that become one by averaging; 1 keeps all. validation: images used to measure accuracy.
    optimizers, easier, deep, scales, dropout, best: the experiments of the three notebooks, in their order.
    num_scales: how many weight scales from 1e-4 to 1. check_sizes: input and hidden layers where gradients are checked.
    """

    coarsen: int
    validation: int
    optimizers: Experiment
    easier: Experiment
    deep: Experiment
    scales: Experiment
    dropout: Experiment
    best: Experiment
    num_scales: int
    check_sizes: tuple

    def __str__(self):
        """One sentence that says how large the experiments are."""
        form = "Full" if self == FULL else "Short"
        size = 32 // self.coarsen
        parts = [
            f"{name} {one.images} images for {one.epochs} epochs"
            for name, one in (
                ("optimizers", self.optimizers),
                ("easier optimization", self.easier),
                ("deep network", self.deep),
                (f"{self.num_scales} weight scales", self.scales),
                ("dropout", self.dropout),
                ("best network", self.best),
            )
        ]
        return f"{form} form, images of {size} x {size} pixels: {'; '.join(parts)}."

    def subset(self, data, experiment):
        """The first images of `data`, as the Solver wants them, as many as the experiment uses."""
        return {
            "X_train": self.coarse(data["X_train"][: experiment.images]),
            "y_train": data["y_train"][: experiment.images],
            "X_val": self.coarse(data["X_val"][: self.validation]),
            "y_val": data["y_val"][: self.validation],
        }

    def weight_scales(self):
        """The weight scales to try, evenly spaced on a logarithmic axis."""
        return np.logspace(-4, 0, num=self.num_scales)

    def coarse(self, images):
        """Images (N, C, H, W) with each square of pixels averaged into one."""
        step = self.coarsen
        if step == 1:
            return images
        count, channels, height, width = images.shape
        squares = images.reshape(count, channels, height // step, step, width // step, step)
        return squares.mean(axis=(3, 5))


FULL = Plan(
    coarsen=1,
    validation=1000,
    optimizers=Experiment(4000, (100,) * 5, 5, 100),
    easier=Experiment(ALL_IMAGES, (500,) * 3, 10, 100),
    deep=Experiment(1000, (100,) * 5, 10, 50),
    scales=Experiment(1000, (50,) * 6, 10, 50),
    dropout=Experiment(500, (100,) * 3, 25, 100),
    best=Experiment(ALL_IMAGES, (500,) * 3, 20, 100),
    num_scales=20,
    check_sizes=(15, 20, 30),
)

SHORT = Plan(
    coarsen=4,
    validation=200,
    optimizers=Experiment(500, (40,) * 5, 5, 50),
    easier=Experiment(1000, (60,) * 3, 4, 50),
    deep=Experiment(500, (40,) * 5, 5, 50),
    scales=Experiment(250, (30,) * 6, 5, 50),
    dropout=Experiment(300, (60,) * 3, 20, 50),
    best=Experiment(1000, (100,) * 2, 6, 50),
    num_scales=5,
    check_sizes=(8, 9, 7),
)


def accuracy_target(images, target=TARGET):
    """The validation accuracy that earns all points when training on so many images.

    With a tenth of the images a network of this kind reaches about 0.15 less, so the target falls by as much.
    """
    return max(LEAST, target - PER_DECADE * max(0.0, math.log10(ALL_IMAGES / images)))


def is_short():
    """Whether the short form was asked for."""
    return os.environ.get("GRADECHECK_SHORT", "") not in ("", "0")


def plan():
    """The plan to follow: full, unless the short form was asked for."""
    return SHORT if is_short() else FULL
