"""MNIST in its official idx format, gzipped or not: read and write. Trusts no length that a file states.

Format: big-endian; two zero bytes, a type code (8 for uint8), the number of axes, one 4-byte length per axis, then the data.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from .arrays import Array
from .dataset import DataError, Dataset

__all__ = ["FOLDER", "load_mnist", "read_idx", "write_mnist"]

FOLDER = "mnist"
SHAPE = (28, 28)
UINT8 = 8  # idx type code
LEVEL = 4  # of compression: beyond it noise, of which stand-ins are full, takes thirty times as long and gets 4 % smaller
IMAGES, LABELS = "{}-images-idx3-ubyte", "{}-labels-idx1-ubyte"


def load_mnist(folder: Path) -> Dataset:
    """Read the `train-*` and `t10k-*` pairs of a folder; the files say how many rows there are.

    Raises: DataError if a file is absent, is not idx, or images and labels do not match.
    """
    x_train, y_train = _split(folder, "train")
    x_test, y_test = _split(folder, "t10k")
    return Dataset(
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        classes=tuple("0123456789"),
        source=f"MNIST, {len(y_train)} training and {len(y_test)} test images",
    )


def _split(folder: Path, name: str) -> tuple[Array, Array]:
    images_path, labels_path = (_present(folder, pattern.format(name)) for pattern in (IMAGES, LABELS))
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.shape[1:] != SHAPE or len(images) == 0:
        raise DataError(f"{images_path}: images are {images.shape}, expected (N, 28, 28)")
    if labels.shape != images.shape[:1] or labels.max() > 9:
        raise DataError(
            f"{labels_path}: labels are {labels.shape}, expected {len(images)} numbers from 0 to 9"
        )
    return images, labels.astype(np.int64)


def _present(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(f"{folder}: neither {name}.gz nor {name} there; expected the official MNIST files")


def read_idx(path: Path) -> Array:
    """Read one idx file of uint8. Raises: DataError if it is not one, or is shorter or longer than its header says."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as exc:
        raise DataError(f"{path}: cannot be read ({exc}); download the file again") from exc
    if len(content) < 4 or content[:3] != bytes((0, 0, UINT8)):
        raise DataError(
            f"{path}: starts with {content[:4].hex(' ')}, expected 00 00 08, the start of an idx file of bytes"
        )
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise DataError(f"{path}: ends within its header; download the file again")
    shape = struct.unpack(f">{content[3]}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"{path}: holds {len(content) - header} bytes of data, expected {math.prod(shape)} for {shape}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def write_mnist(dataset: Dataset, folder: Path) -> None:
    """Write a data set as official gzipped idx files, byte for byte the same each time. folder: made if absent.

    Raises: DataError if the images are not uint8 (N, 28, 28).
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, images, labels in (
        ("train", dataset.x_train, dataset.y_train),
        ("t10k", dataset.x_test, dataset.y_test),
    ):
        if images.dtype != np.uint8 or images.shape[1:] != SHAPE:
            raise DataError(
                f"write_mnist: images are {images.dtype} {images.shape}, expected uint8 (N, 28, 28)"
            )
        for pattern, array in ((IMAGES, images), (LABELS, labels.astype(np.uint8))):
            header = bytes((0, 0, UINT8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
            packed = gzip.compress(header + array.tobytes(), LEVEL, mtime=0)
            (folder / f"{pattern.format(name)}.gz").write_bytes(packed)
