"""The value that loaders and stand-ins hand on. Reads and draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

from .arrays import Array

__all__ = ["DataError", "Dataset"]


class DataError(ValueError):
    """A data set's files are absent, damaged or of another format; the message names the file and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Images with labels, as they come from the files.

    x_train, x_test: uint8, (N, 3, 32, 32) for CIFAR-10, (N, 28, 28) for MNIST. y_train, y_test: (N,), int64.
    classes: names by label. source: one line for reports; says so when `synthetic`: drawn here, not real.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    classes: tuple[str, ...]
    source: str
    synthetic: bool = False
