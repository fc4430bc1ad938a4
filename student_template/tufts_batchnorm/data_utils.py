"""CIFAR-10 for the notebook, from the official files for Python or made up. What is loaded says what it is.

The files are looked for in the folder that the environment variable GRADECHECK_DATA names (or in `cifar-10-batches-py` under it),
then in `datasets/cifar-10-batches-py` beside this file. How many images there are is taken from the files.
"""

import os
import pickle
from pathlib import Path

import numpy as np
from experiments import is_short

FOLDER = "cifar-10-batches-py"
SHORT_TRAINING, SHORT_VALIDATION = 600, 100


def get_CIFAR10_data(num_training=49000, num_validation=1000, num_test=1000):
    """Load images and split them; the mean training image is subtracted from all.

    num_training, num_validation, num_test: how many to use; cut, with a message, to what there is.
    Returns: dictionary with X_train, X_val, X_test (N, 3, 32, 32), floats, and y_train, y_val, y_test (N,).
    """
    if is_short():
        num_training, num_validation = (
            min(num_training, SHORT_TRAINING),
            min(num_validation, SHORT_VALIDATION),
        )
        num_test = min(num_test, SHORT_VALIDATION)
        print(f"Short form: at most {num_training} + {num_validation} + {num_test} images are loaded.")
    folder = find_data()
    wanted = num_training + num_validation
    if folder is None:
        print(
            "CIFAR-10 is not here: made-up images stand in for it. Accuracies are not those of photographs."
        )
        images, labels = _made_up(min(wanted, 12000) + num_test)
        test_images, test_labels = images[-num_test:], labels[-num_test:]
        images, labels = images[:-num_test], labels[:-num_test]
    else:
        images, labels = _read([folder / f"data_batch_{number}" for number in range(1, 6)], wanted)
        test_images, test_labels = _read([folder / "test_batch"], num_test)
    if len(images) < wanted:
        num_validation = min(num_validation, len(images) // 5)
        num_training = len(images) - num_validation
        print(f"There are {len(images)} images for training: {num_validation} of them are for validation.")
    mean_image = images[:num_training].mean(axis=0)
    return {
        "X_train": images[:num_training] - mean_image,
        "y_train": labels[:num_training],
        "X_val": images[num_training:] - mean_image,
        "y_val": labels[num_training:],
        "X_test": test_images - mean_image,
        "y_test": test_labels,
    }


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
        if count < wanted and path.is_file():
            with path.open("rb") as file:
                batch = pickle.load(file, encoding="latin1")
            images.append(np.asarray(batch["data"]).reshape(-1, 3, 32, 32))
            labels.append(np.array(batch["labels"]))
            count += len(labels[-1])
    return np.concatenate(images)[:wanted], np.concatenate(labels)[:wanted]


def _made_up(count):
    """Images of ten classes: each has a coarse pattern of its own, of varying strength, under coarse noise."""
    rng = np.random.default_rng(15009)
    patterns = rng.standard_normal((10, 3, 8, 8))
    labels = rng.integers(10, size=count)
    strength = rng.uniform(10, 30, (count, 1, 1, 1))
    coarse = 120 + strength * patterns[labels] + 40 * rng.standard_normal((count, 3, 8, 8))
    pixels = np.clip(coarse, 0, 255).astype(np.uint8)
    return pixels.repeat(4, axis=2).repeat(4, axis=3), labels
