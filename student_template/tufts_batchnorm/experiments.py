"""How large the notebook's experiments are. There are two forms, and each says what it is when printed.

The full form has the course's own sizes; it takes about ten minutes, most of them for the weight scales. The short form runs every
cell in seconds, to see whether everything works; it is chosen by setting the environment variable GRADECHECK_SHORT to 1 before
Python starts. It has fewer images, of a coarser resolution, smaller layers, fewer steps and fewer weight scales.
"""

import os
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Plan:
    """Sizes of the experiments: six layers (deep), eight layers over weight scales (ws), six layers over batch sizes (bs).

    coarsen: side of the squares of pixels that become one by averaging; 1 keeps all. num_val: validation images.
    num_train, width, num_iters, learning_rate of each experiment; epochs_bs instead of steps, which depend on the batch size.
    batch_size: of the first two experiments. num_scales: how many weight scales from 1e-4 to 1.
    """

    coarsen: int
    num_val: int
    batch_size: int
    num_train: int
    width: int
    num_iters: int
    learning_rate: float
    num_train_ws: int
    width_ws: int
    num_iters_ws: int
    learning_rate_ws: float
    num_scales: int
    num_train_bs: int
    width_bs: int
    epochs_bs: int
    learning_rate_bs: float

    def __str__(self):
        """One sentence that says how large the experiments are."""
        form = "Full" if self == FULL else "Short"
        size = 32 // self.coarsen
        return (
            f"{form} form: {self.num_train} training images of {size} x {size} pixels for {self.num_iters} steps; "
            f"{self.num_scales} weight scales with {self.num_train_ws} images for {self.num_iters_ws} steps; "
            f"batch sizes with {self.num_train_bs} images for {self.epochs_bs} epochs."
        )

    def subset(self, data, num_train):
        """The first images as rows: X_train, y_train, X_val, y_val."""
        train, val = self._rows(data["X_train"][:num_train]), self._rows(data["X_val"][: self.num_val])
        return train, data["y_train"][:num_train], val, data["y_val"][: self.num_val]

    def weight_scales(self):
        """The weight scales to try, evenly spaced on a logarithmic axis."""
        return np.logspace(-4, 0, num=self.num_scales)

    def _rows(self, images):
        step = self.coarsen
        count, channels, height, width = images.shape
        squares = images.reshape(count, channels, height // step, step, width // step, step)
        return squares.mean(axis=(3, 5)).reshape(count, -1)


FULL = Plan(
    coarsen=1,
    num_val=1000,
    batch_size=100,
    num_train=1000,
    width=100,
    num_iters=800,
    learning_rate=5e-4,
    num_train_ws=10000,
    width_ws=50,
    num_iters_ws=1000,
    learning_rate_ws=1e-3,
    num_scales=20,
    num_train_bs=1000,
    width_bs=50,
    epochs_bs=10,
    learning_rate_bs=1e-3,
)

SHORT = Plan(
    coarsen=2,
    num_val=100,
    batch_size=50,
    num_train=500,
    width=40,
    num_iters=151,
    learning_rate=1e-3,
    num_train_ws=400,
    width_ws=30,
    num_iters_ws=57,
    learning_rate_ws=1e-2,
    num_scales=5,
    num_train_bs=250,
    width_bs=30,
    epochs_bs=6,
    learning_rate_bs=1e-3,
)


def is_short():
    """Whether the short form was asked for."""
    return os.environ.get("GRADECHECK_SHORT", "") not in ("", "0")


def plan():
    """The plan to follow: full, unless the short form was asked for."""
    return SHORT if is_short() else FULL
