"""CIFAR-10 as columns, from the official files, from a part of them, or made up. What is loaded says what it is.

The files are looked for in the folder that the environment variable GRADECHECK_DATA names (or in `cifar-10-batches-py` under it),
then in `Datasets/cifar-10-batches-py` beside the notebook. How many images there are is taken from the files.
"""

import os
import pickle
from pathlib import Path

import numpy as np

FOLDER = "cifar-10-batches-py"
BATCHES = [f"data_batch_{number}" for number in range(1, 6)]
CLASSES = 10


def load_batch(filename):
    """Read one batch file. Returns: X (3072, N), from 0 to 1; Y (10, N), one-hot; y (N,), the classes."""
    pixels, y = _read(filename)
    return pixels.T / 255.0, one_hot(y), y


def _read(filename):
    """Pixels as rows of bytes (N, 3072), and classes (N,)."""
    with Path(filename).open("rb") as file:
        batch = pickle.load(file, encoding="latin1")
    return np.asarray(batch["data"], dtype=np.uint8), np.array(batch["labels"])


def one_hot(y):
    """Classes (N,) as columns (10, N) of zeros with a single one."""
    return np.eye(CLASSES)[y].T


def load_cifar(plan):
    """Training, validation and test columns of the plan's sizes, as a dictionary: X, Y, y for each of train, val, test.

    Every row is brought to mean zero and standard deviation one by the training columns' mean and standard deviation. Sizes are
    cut, with a message, to what the files hold; the validation columns are the last of the training files.
    """
    folder = find_data()
    if folder is None:
        print(
            "CIFAR-10 is not here: made-up images stand in for it. Accuracies are not those of photographs."
        )
        pixels, y = _made_up(min(plan.num_train + plan.num_val + plan.num_test, 6000))
        test = min(plan.num_test, len(y) // 5)
        pixels, y, pixels_test, y_test = pixels[test:], y[test:], pixels[:test], y[:test]
    else:
        parts = [_read(folder / name) for name in BATCHES if (folder / name).is_file()]
        pixels, y = (np.concatenate(part) for part in zip(*parts, strict=True))
        pixels_test, y_test = _read(folder / "test_batch")
    num_train, num_val = plan.num_train, plan.num_val
    if len(y) < num_train + num_val:
        num_val = min(num_val, len(y) // 5)
        num_train = len(y) - num_val
        print(f"The files hold {len(y)} training images: using {num_train}, and {num_val} for validation.")
    chosen = {
        "train": (pixels[:num_train], y[:num_train]),
        "val": (pixels[len(y) - num_val :], y[len(y) - num_val :]),
        "test": (pixels_test[: plan.num_test], y_test[: plan.num_test]),
    }
    coarse = {
        name: (_coarse(part.T / 255.0, plan.coarsen), labels) for name, (part, labels) in chosen.items()
    }
    mean = coarse["train"][0].mean(axis=1, keepdims=True)
    std = coarse["train"][0].std(axis=1, keepdims=True) + 1e-9  # a pixel that never varies stays zero
    data = {}
    for name, (part, labels) in coarse.items():
        data[f"X_{name}"], data[f"Y_{name}"], data[f"y_{name}"] = (part - mean) / std, one_hot(labels), labels
    return data


def find_data():
    """The folder with the CIFAR-10 files, or None."""
    places = [Path("Datasets") / FOLDER, Path(__file__).parent.parent / "Datasets" / FOLDER]
    named = os.environ.get("GRADECHECK_DATA")
    if named:
        places = [Path(named), Path(named) / FOLDER, *places]
    for place in places:
        if (place / "data_batch_1").is_file() and (place / "test_batch").is_file():
            return place
    return None


def _coarse(X, step):
    """Squares of step x step pixels as one, by averaging."""
    if step == 1:
        return X
    squares = X.reshape(3, 32 // step, step, 32 // step, step, X.shape[1])
    return squares.mean(axis=(2, 4)).reshape(-1, X.shape[1])


def _made_up(count):
    """Rows of bytes of ten classes: a smooth pattern for each class, dimmed and hidden in noise; and their classes."""
    rng = np.random.default_rng(2424)
    y = rng.integers(CLASSES, size=count)
    patterns = rng.standard_normal((CLASSES, 3, 4, 4))[y] * rng.uniform(0.05, 0.12, (count, 1, 1, 1))
    images = np.repeat(np.repeat(patterns, 2, axis=2), 2, axis=3) + 0.15 * rng.standard_normal(
        (count, 3, 8, 8)
    )
    images = np.repeat(np.repeat(images, 4, axis=2), 4, axis=3)
    return (255 * np.clip(0.5 + images, 0, 1)).astype(np.uint8).reshape(count, -1), y
