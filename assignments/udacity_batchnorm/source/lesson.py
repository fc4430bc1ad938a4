"""What the notebook needs besides NumPy: how large its experiments are, what a test reports, and a sign of life while training.

The experiments have two forms, and each says what it is when printed. The full form is the one to draw conclusions from; one
long comparison takes about a minute, all of it together about a quarter of an hour. The short form runs every cell in a few
seconds, to see whether everything works; set the environment variable GRADECHECK_SHORT to 1 before Python starts to choose it.
"""

import os
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Plan:
    """Sizes of the experiments.

    training_batches, batches_per_sample: of the long comparisons; a sample is a measurement of the validation accuracy.
    few: the same two for the short comparisons. test_batches: of training before images are predicted one at a time.
    limit: how many validation and test images are used; None for all.
    """

    training_batches: int
    batches_per_sample: int
    few: tuple
    test_batches: int
    limit: int

    def __str__(self):
        """One sentence that says how large the experiments are."""
        form = "Full" if self == FULL else "Short"
        images = "all" if self.limit is None else f"the first {self.limit}"
        return (
            f"{form} form: {self.training_batches} training batches, {self.few[0]} in the short comparisons and "
            f"{self.test_batches} before single predictions; {images} validation and test images."
        )


FULL = Plan(training_batches=50000, batches_per_sample=500, few=(2000, 50), test_batches=2000, limit=None)
# One batch more than the samples ask for, so that the last sample is of the network that is left.
SHORT = Plan(training_batches=21, batches_per_sample=10, few=(121, 30), test_batches=250, limit=200)


def is_short():
    """Whether the short form was asked for."""
    return os.environ.get("GRADECHECK_SHORT", "") not in ("", "0")


def plan():
    """The plan to follow: full, unless the short form was asked for."""
    return SHORT if is_short() else FULL


@dataclass(frozen=True)
class InferenceReport:
    """What a test found. accuracy: on the whole test set.

    predictions, single_accuracy: the guesses for images that were predicted one at a time and how many were right, if asked for.
    network: what was tested; it is graded beside its predictions.
    """

    accuracy: float
    predictions: tuple = ()
    single_accuracy: float = None
    network: object = field(default=None, repr=False, compare=False)


def progress(count, label, every_s=10.0):
    """Count from 0 to `count` - 1 and print, every now and then, how far that has come."""
    started = said = time.perf_counter()
    for number in range(count):
        now = time.perf_counter()
        if now - said > every_s:
            said = now
            print(f"{label}: {number} / {count} batches, {number / (now - started):.0f} per second")
        yield number
