"""CIFAR-10 in its official "python version": read and write batch files. Unpickles nothing but arrays, numbers, lists and bytes.

Format: each file is a pickle (protocol 2, from Python 2) of a dict with the keys batch_label, labels (list of N integers),
data (uint8, (N, 3072), rows in the order channel, height, width) and filenames. Source: cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import pickle  # read through an Unpickler that knows three names, all of them defined here
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .arrays import Array
from .dataset import DataError, Dataset

__all__ = ["CLASSES", "FOLDER", "load_cifar10", "read_batch", "write_cifar10"]

FOLDER = "cifar-10-batches-py"  # the official archive's folder
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SHAPE = (3, 32, 32)  # channels, height, width
PIXELS = 3 * 32 * 32
TRAIN_BATCHES = 5


def load_cifar10(folder: Path) -> Dataset:
    """Read all of `data_batch_*` and `test_batch` in a folder; the files say how many rows there are.

    Raises: DataError if a file is absent, is not such a batch, or holds anything but arrays, numbers, lists and bytes.
    """
    batches = sorted(folder.glob("data_batch_*"), key=lambda path: (len(path.name), path.name))
    if not batches:
        raise DataError(f"{folder}: no data_batch_* there; expected the unpacked CIFAR-10 python version")
    parts = [read_batch(path) for path in batches]
    x_test, y_test = read_batch(folder / "test_batch")
    return Dataset(
        x_train=np.concatenate([x for x, _ in parts]),
        y_train=np.concatenate([y for _, y in parts]),
        x_test=x_test,
        y_test=y_test,
        classes=CLASSES,
        source=f"CIFAR-10, {sum(len(y) for _, y in parts)} training and {len(y_test)} test images",
    )


def read_batch(path: Path) -> tuple[Array, Array]:
    """Read one batch file. Returns: images (N, 3, 32, 32), uint8; labels (N,), int64. Raises: DataError, as load_cifar10."""
    try:
        with path.open("rb") as file:
            batch = _BatchUnpickler(file).load()
        data, labels = batch[b"data"], np.asarray(batch[b"labels"])
    except FileNotFoundError as exc:
        raise DataError(f"{path}: not there; expected a CIFAR-10 batch file") from exc
    except Exception as exc:  # a damaged pickle raises nearly anything; all of it means the same
        raise DataError(
            f"{path}: not a CIFAR-10 batch ({type(exc).__name__}: {exc}); download the file again"
        ) from exc
    if (
        not isinstance(data, np.ndarray)
        or data.dtype != np.uint8
        or data.ndim != 2
        or data.shape[1] != PIXELS
    ):
        raise DataError(f"{path}: data is {_describe(data)}, expected uint8 (N, {PIXELS})")
    whole = labels.shape == data.shape[:1] and np.issubdtype(labels.dtype, np.integer) and len(labels) > 0
    if not whole or labels.min() < 0 or labels.max() >= len(CLASSES):
        raise DataError(
            f"{path}: labels are {_describe(labels)}, expected {len(data)} integers from 0 to {len(CLASSES) - 1}"
        )
    return data.reshape(-1, *SHAPE), labels.astype(np.int64)


def _describe(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


class _BatchUnpickler(pickle.Unpickler):
    """Finds three names, and gives for them functions that build numeric arrays and nothing else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, encoding="bytes")

    def find_class(self, module: str, name: str) -> Any:
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _empty_array
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return _uint8
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no CIFAR-10 batch needs")


def _empty_array(_kind: Any, _shape: Any, _code: Any) -> Array:
    """An empty array for the pickle's state to fill. The shape asked for is not allocated: the state brings its own, with bytes."""
    return np.empty(0, np.uint8)


def _uint8(code: bytes | str, *_: Any) -> np.dtype[Any]:
    if code not in (b"u1", "u1"):
        raise pickle.UnpicklingError(f"it holds an array of {code!r}, expected u1")
    return np.dtype(np.uint8)


def write_cifar10(dataset: Dataset, folder: Path) -> None:
    """Write a data set as official batch files, byte for byte the same each time: data_batch_1 to _5, test_batch, batches.meta.

    Args: dataset: images uint8 (N, 3, 32, 32), with at least five training images. folder: made if absent.
    Raises: DataError if the images have another shape or dtype.
    """
    for images in (dataset.x_train, dataset.x_test):
        if images.dtype != np.uint8 or images.shape[1:] != SHAPE or len(images) == 0:
            raise DataError(f"write_cifar10: images are {_describe(images)}, expected uint8 (N, 3, 32, 32)")
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.array_split(np.arange(len(dataset.y_train)), TRAIN_BATCHES)
    for number, batch in enumerate(rows, start=1):
        label = f"training batch {number} of {TRAIN_BATCHES}"
        encoded = _encode_batch(label, dataset.x_train[batch], dataset.y_train[batch])
        (folder / f"data_batch_{number}").write_bytes(encoded)
    (folder / "test_batch").write_bytes(_encode_batch("testing batch 1 of 1", dataset.x_test, dataset.y_test))
    names = _list([_bytes(name.encode()) for name in dataset.classes])
    meta = {"num_cases_per_batch": _int(len(rows[0])), "label_names": names, "num_vis": _int(PIXELS)}
    (folder / "batches.meta").write_bytes(_pickle(meta))


# Python 3 cannot write the byte strings of Python 2 (opcodes SHORT_BINSTRING and BINSTRING), on which both ways of reading
# the official files depend: encoding="bytes" gives keys like b"data", encoding="latin1" gives "data". So the opcodes stand here.


def _encode_batch(label: str, images: Array, labels: Array) -> bytes:
    names = [_bytes(f"synthetic_{number:05d}.png".encode()) for number in range(len(labels))]
    return _pickle(
        {
            "batch_label": _bytes(label.encode()),
            "labels": _list([_int(int(label)) for label in labels]),
            "data": _array(images.reshape(len(images), -1)),
            "filenames": _list(names),
        }
    )


def _pickle(items: dict[str, bytes]) -> bytes:
    pairs = b"".join(_bytes(key.encode()) + value for key, value in items.items())
    return b"\x80\x02}(" + pairs + b"u."


def _bytes(text: bytes) -> bytes:
    return (
        b"U" + struct.pack("<B", len(text)) + text
        if len(text) < 256
        else b"T" + struct.pack("<i", len(text)) + text
    )


def _int(number: int) -> bytes:
    return b"J" + struct.pack("<i", number)


def _list(items: Sequence[bytes]) -> bytes:
    return b"](" + b"".join(items) + b"e"


def _array(rows: Array) -> bytes:
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state = (
        b"(K\x01"
        + _int(rows.shape[0])
        + _int(rows.shape[1])
        + b"\x86"
        + dtype
        + b"\x89"
        + _bytes(rows.tobytes())
        + b"tb"
    )
    return empty + state
