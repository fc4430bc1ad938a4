"""Find a data set: the real files where a folder or the environment names them, else the synthetic stand-in, which says so.

The formats are in `reference.cifar10` and `reference.mnist`, the stand-ins in `reference.synthetic`. Downloads nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from . import cifar10, mnist
from .arrays import Array
from .cifar10 import load_cifar10, write_cifar10
from .dataset import DataError, Dataset
from .mnist import load_mnist, write_mnist
from .synthetic import synthetic_cifar10, synthetic_mnist

__all__ = [
    "ENVIRONMENT",
    "DataError",
    "Dataset",
    "find_cifar10",
    "find_mnist",
    "load_cifar10",
    "load_mnist",
    "split_validation",
    "synthetic_cifar10",
    "synthetic_mnist",
    "write_cifar10",
    "write_mnist",
    "write_synthetic",
]

ENVIRONMENT = "GRADECHECK_DATA"  # names the folder that holds cifar-10-batches-py/ and mnist/


def find_cifar10(folder: Path | None = None) -> Dataset:
    """CIFAR-10 from `folder`, else from the folder that GRADECHECK_DATA names, else the synthetic stand-in.

    Args: folder: holds the batch files, or holds their official folder cifar-10-batches-py.
    Raises: DataError if a folder is named but has no readable files: a stand-in must never be a surprise.
    """
    return _find(folder, cifar10.FOLDER, load_cifar10, synthetic_cifar10)


def find_mnist(folder: Path | None = None) -> Dataset:
    """MNIST; arguments and errors as find_cifar10, the official files lying in `folder` or in its folder mnist."""
    return _find(folder, mnist.FOLDER, load_mnist, synthetic_mnist)


def _find(
    folder: Path | None, name: str, load: Callable[[Path], Dataset], stand_in: Callable[[], Dataset]
) -> Dataset:
    named = os.environ.get(ENVIRONMENT)
    if folder is None:
        if not named:
            return stand_in()
        folder = Path(named)
    inner = folder / name
    return load(inner if inner.is_dir() else folder)


def write_synthetic(name: str, folder: Path, *, train: int | None = None, test: int | None = None) -> Dataset:
    """Write a stand-in in the official file formats, so that code which reads the real files reads it unchanged.

    Args: name: "cifar10" or "mnist". folder: gets the files themselves; made if absent. train, test: rows, or the usual number.
    Returns: what was written. Raises: DataError for another name.
    """
    rows = {key: count for key, count in (("train", train), ("test", test)) if count is not None}
    if name == "cifar10":
        dataset = synthetic_cifar10(**rows)
        write_cifar10(dataset, folder)
    elif name == "mnist":
        dataset = synthetic_mnist(**rows)
        write_mnist(dataset, folder)
    else:
        raise DataError(f"write_synthetic: no data set {name!r}, expected cifar10 or mnist")
    return dataset


def split_validation(dataset: Dataset, *, train: int, validation: int, test: int) -> dict[str, Array]:
    """Cut a data set as the courses do: the first training rows to train on, the ones behind them to validate on.

    Args: train, validation, test: at most so many rows. A set that is too small for both gives validation its rows first.
    Returns: X_train, y_train, X_val, y_val, X_test, y_test; X_* are float64 copies in grey levels.
    Raises: DataError if validation would leave nothing to train on.
    """
    rows = len(dataset.y_train)
    train = min(train, rows - validation)
    if train < 1:
        raise DataError(
            f"split_validation: {validation} of {rows} rows for validation leave none to train on"
        )
    parts = {
        "train": (dataset.x_train[:train], dataset.y_train[:train]),
        "val": (dataset.x_train[train : train + validation], dataset.y_train[train : train + validation]),
        "test": (dataset.x_test[:test], dataset.y_test[:test]),
    }
    split: dict[str, Array] = {}
    for part, (x, y) in parts.items():
        split[f"X_{part}"], split[f"y_{part}"] = x.astype(np.float64), y.copy()
    return split
