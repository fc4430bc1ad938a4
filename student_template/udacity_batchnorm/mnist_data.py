"""MNIST from the official files, from a part of them, or made up. What is loaded says what it is.

The files are looked for in the folder that the environment variable GRADECHECK_DATA names (or in `mnist` under it), then in
`MNIST_data` beside this file. How many images there are is taken from the files.
"""

import gzip
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FOLDER = "MNIST_data"
NAMES = {"train": "train", "test": "t10k"}  # part -> how its files begin
VALIDATION = 5000  # of the training images; an eighth of them where there are fewer than 40,000


@dataclass
class DataSet:
    """Images (N, 784), float32 from 0 to 1, and labels (N, 10), one-hot float32."""

    images: np.ndarray
    labels: np.ndarray
    _order: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int), init=False, repr=False)

    def next_batch(self, batch_size):
        """The next images and labels, in a random order that is drawn anew when all rows have been seen."""
        while len(self._order) < batch_size:
            self._order = np.concatenate([self._order, np.random.permutation(len(self.images))])
        rows, self._order = self._order[:batch_size], self._order[batch_size:]
        return self.images[rows], self.labels[rows]


@dataclass(frozen=True)
class DataSets:
    """The three parts, and a line that says where they come from."""

    train: DataSet
    validation: DataSet
    test: DataSet
    source: str


def read_data_sets(folder=None, limit=None):
    """Read MNIST. folder: of the files, else they are looked for. limit: at most so many validation and test images."""
    folder = find_data() if folder is None else Path(folder)
    if folder is None:
        source = "made-up images, because MNIST is not here: accuracies are not those of real digits"
        images, labels = _made_up(5000)
        parts = images[1000:], labels[1000:], images[:1000], labels[:1000]
    else:
        parts = (*_read_part(folder, "train"), *_read_part(folder, "test"))
        source = f"MNIST, {len(parts[1])} training and {len(parts[3])} test images"
    images, labels, test_images, test_labels = parts
    held = min(VALIDATION, len(images) // 8)
    return DataSets(
        train=_data_set(images[held:], labels[held:]),
        validation=_data_set(images[:held][:limit], labels[:held][:limit]),
        test=_data_set(test_images[:limit], test_labels[:limit]),
        source=source,
    )


def find_data():
    """The folder with the MNIST files, or None."""
    places = [Path(__file__).parent / FOLDER]
    named = os.environ.get("GRADECHECK_DATA")
    if named:
        places = [Path(named), Path(named) / "mnist", *places]
    for place in places:
        if all(_file(place, f"{name}-labels-idx1-ubyte") for name in NAMES.values()):
            return place
    return None


def _file(folder, name):
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    return None


def _read_part(folder, part):
    images = _read_idx(folder, f"{NAMES[part]}-images-idx3-ubyte")
    labels = _read_idx(folder, f"{NAMES[part]}-labels-idx1-ubyte")
    if images.ndim != 3 or len(images) != len(labels):
        raise ValueError(
            f"{folder}: {images.shape} images and {labels.shape} labels; expected as many of both"
        )
    return images, labels


def _read_idx(folder, name):
    """An idx file: two zero bytes, the type (8: bytes), the number of axes, their lengths (big-endian), the data."""
    path = _file(folder, name)
    if path is None:
        raise FileNotFoundError(f"{folder}: neither {name}.gz nor {name} there; expected the MNIST files")
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path}: starts with {content[:4].hex(' ')}, expected 00 00 08; download it again")
    axes = content[3]
    shape = np.frombuffer(content, dtype=">u4", count=axes, offset=4).astype(int)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


def _data_set(images, labels):
    flat = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return DataSet(flat, np.eye(10, dtype=np.float32)[labels])


def _made_up(count):
    """Images of ten classes: blocks of light in a pattern per class, dimmed and hidden in noise. Returns: uint8 images; labels."""
    rng = np.random.default_rng(784)
    patterns = np.kron(rng.random((10, 7, 7)) > 0.6, np.ones((4, 4)))
    labels = rng.integers(10, size=count)
    noise = np.kron(rng.standard_normal((count, 7, 7)), np.ones((4, 4)))
    images = 130 * rng.uniform(0.3, 1.0, (count, 1, 1)) * patterns[labels] + 50 * noise
    return np.clip(images, 0, 255).astype(np.uint8), labels
