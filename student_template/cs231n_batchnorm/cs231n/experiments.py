"""How large the notebook's experiments are. There are two forms, and each says what it is when printed.

The full form is the one to run and to draw conclusions from; it takes a few minutes. The short form runs every cell in a few
seconds, to see whether everything works; it is chosen by setting the environment variable GRADECHECK_SHORT to 1 before Python
starts. It has fewer images, of a coarser resolution, smaller layers, fewer epochs and fewer weight scales.
"""

import os
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Plan:
    """Sizes of the experiments.

    num_train, num_val: images used. coarsen: side of the squares of pixels that become one by averaging; 1 keeps all.
    width: units of each hidden layer in the deep and batch-size experiments; width_ws: the same for the weight scales.
    epochs, epochs_ws, epochs_bsize: passes over the images. num_scales: how many weight scales from 1e-4 to 1.
    lr_bsize: learning rate of the batch-size experiments.
    """

    num_train: int
    num_val: int
    coarsen: int
    width: int
    width_ws: int
    epochs: int
    epochs_ws: int
    epochs_bsize: int
    num_train_ws: int
    num_train_bsize: int
    num_scales: int
    lr_bsize: float

    def __str__(self):
        """One sentence that says how large the experiments are."""
        form = "Full" if self == FULL else "Short"
        size = 32 // self.coarsen
        return (
            f"{form} form: {self.num_train} training images of {size} x {size} pixels for {self.epochs} epochs; "
            f"{self.num_scales} weight scales with {self.num_train_ws} images for {self.epochs_ws} epochs; "
            f"batch sizes with {self.num_train_bsize} images for {self.epochs_bsize} epochs."
        )

    def subset(self, data, num_train=None):
        """The first images of `data`, as the Solver wants them. num_train: how many for training; the plan's if absent."""
        num_train = self.num_train if num_train is None else num_train
        return {
            "X_train": self._coarse(data["X_train"][:num_train]),
            "y_train": data["y_train"][:num_train],
            "X_val": self._coarse(data["X_val"][: self.num_val]),
            "y_val": data["y_val"][: self.num_val],
        }

    def weight_scales(self):
        """The weight scales to try, evenly spaced on a logarithmic axis."""
        return np.logspace(-4, 0, num=self.num_scales)

    def _coarse(self, images):
        step = self.coarsen
        if step == 1:
            return images
        count, channels, height, width = images.shape
        squares = images.reshape(count, channels, height // step, step, width // step, step)
        return squares.mean(axis=(3, 5))


FULL = Plan(
    num_train=1000,
    num_val=1000,
    coarsen=1,
    width=100,
    width_ws=50,
    epochs=10,
    epochs_ws=10,
    epochs_bsize=10,
    num_train_ws=1000,
    num_train_bsize=1000,
    num_scales=20,
    lr_bsize=10**-3.5,
)

SHORT = Plan(
    num_train=600,
    num_val=100,
    coarsen=4,
    width=50,
    width_ws=30,
    epochs=6,
    epochs_ws=4,
    epochs_bsize=3,
    num_train_ws=300,
    num_train_bsize=250,
    num_scales=5,
    lr_bsize=1e-3,
)


def is_short():
    """Whether the short form was asked for."""
    return os.environ.get("GRADECHECK_SHORT", "") not in ("", "0")


def plan():
    """The plan to follow: full, unless the short form was asked for."""
    return SHORT if is_short() else FULL
