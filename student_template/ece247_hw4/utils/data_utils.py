"""CIFAR-10, from the official files, from a part of them, or made up. What is loaded says what it is.

The files are looked for in the folder that the environment variable GRADECHECK_DATA names (or in `cifar-10-batches-py` under it),
then in `utils/datasets/cifar-10-batches-py`. How many images there are is taken from the files.
"""

import os
import pickle
from pathlib import Path

import numpy as np

from .experiments import is_short

FOLDER = "cifar-10-batches-py"
BATCHES = [f"data_batch_{number}" for number in range(1, 6)]
SHORT_ROWS = {"training": 1000, "validation": 200, "test": 200}


def load_CIFAR_batch(filename):
    """Read one batch file. Returns: images (N, 32, 32, 3), floats from 0 to 255; labels (N,)."""
    with Path(filename).open("rb") as file:
        batch = pickle.load(file, encoding="latin1")
    pixels = np.asarray(batch["data"]).reshape(-1, 3, 32, 32)
    return pixels.transpose(0, 2, 3, 1).astype("float"), np.array(batch["labels"])


def load_CIFAR10(root):
    """Read all batch files of a folder. Returns: training images and labels, test images and labels."""
    root = Path(root)
    parts = [load_CIFAR_batch(root / name) for name in BATCHES if (root / name).is_file()]
    if not parts:
        raise FileNotFoundError(
            f"{root}: no data_batch_1 to data_batch_5 there; expected the CIFAR-10 files for Python"
        )
    images, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    return images, labels, *load_CIFAR_batch(root / "test_batch")


def get_CIFAR10_data(num_training=49000, num_validation=1000, num_test=1000, subtract_mean=True):
    """Load CIFAR-10 for training: split, centred, channels first.

    num_training, num_validation, num_test: how many images to use; cut, with a message, to what the files hold.
    subtract_mean: subtract the mean training image from all.
    Returns: dictionary with X_train, X_val, X_test (N, 3, 32, 32) and y_train, y_val, y_test (N,).
    """
    if is_short():
        num_training = min(num_training, SHORT_ROWS["training"])
        num_validation = min(num_validation, SHORT_ROWS["validation"])
        num_test = min(num_test, SHORT_ROWS["test"])
        print(f"Short form: at most {num_training} + {num_validation} + {num_test} images are loaded.")
    folder = find_data()
    if folder is None:
        print(
            "CIFAR-10 is not here: made-up images stand in for it. Accuracies are not those of real photographs."
        )
        images, labels = _made_up(min(num_training + num_validation, 5000) + min(num_test, 1000))
        test = min(num_test, 1000)
        data = _split(
            images[test:], labels[test:], images[:test], labels[:test], num_training, num_validation
        )
    else:
        images, labels = _read([folder / name for name in BATCHES], num_training + num_validation)
        test_images, test_labels = _read([folder / "test_batch"], num_test)
        data = _split(images, labels, test_images, test_labels, num_training, num_validation)
    if subtract_mean:
        mean_image = data["X_train"].mean(axis=0)
        for name in ("X_train", "X_val", "X_test"):
            data[name] -= mean_image
    return data


def find_data():
    """The folder with the CIFAR-10 files, or None."""
    places = [Path(__file__).parent / "datasets" / FOLDER]
    named = os.environ.get("GRADECHECK_DATA")
    if named:
        places = [Path(named), Path(named) / FOLDER, *places]
    for place in places:
        if (place / "data_batch_1").is_file() and (place / "test_batch").is_file():
            return place
    return None


def _read(paths, wanted):
    """The first `wanted` rows of several batch files, as uint8 (N, 3, 32, 32), with labels."""
    images, labels, count = [], [], 0
    for path in paths:
        if count >= wanted:
            break
        if path.is_file():
            with path.open("rb") as file:
                batch = pickle.load(file, encoding="latin1")
            images.append(np.asarray(batch["data"]).reshape(-1, 3, 32, 32))
            labels.append(np.array(batch["labels"]))
            count += len(labels[-1])
    return np.concatenate(images)[:wanted], np.concatenate(labels)[:wanted]


def _split(images, labels, test_images, test_labels, num_training, num_validation):
    """Training images first, validation images after them; a fifth for validation where there are too few for both."""
    rows = len(images)
    if rows < num_training + num_validation:
        asked = num_training + num_validation
        num_validation = min(num_validation, rows // 5)
        num_training = rows - num_validation
        print(
            f"The files hold {rows} training images, not {asked}: using {num_training} + {num_validation} for validation."
        )
    after = num_training + num_validation
    return {
        "X_train": images[:num_training].astype("float"),
        "y_train": labels[:num_training],
        "X_val": images[num_training:after].astype("float"),
        "y_val": labels[num_training:after],
        "X_test": test_images.astype("float"),
        "y_test": test_labels,
    }


def _made_up(count):
    """Images of ten classes: a smooth pattern per class, shifted, dimmed and hidden in noise. Returns: uint8 images; labels."""
    rng = np.random.default_rng(231)
    coarse = rng.standard_normal((10, 3, 4, 4))
    patterns = np.repeat(np.repeat(coarse, 8, axis=2), 8, axis=3)
    labels = rng.integers(10, size=count)
    strength = rng.uniform(10, 30, (count, 1, 1, 1))
    noise = rng.standard_normal((count, 3, 8, 8)) * 40
    noise = np.repeat(np.repeat(noise, 4, axis=2), 4, axis=3)
    images = 120 + strength * patterns[labels] + noise
    return np.clip(images, 0, 255).astype(np.uint8), labels
