"""How large the notebook's experiments are, and one training with all that a report needs to know about it.

The full form is the one to write the report from. A training takes about 5 seconds of one core for 4,000 images and a minute for
45,000, and the notebook holds 32 of them: with all five files of 10,000 images, half an hour and 3 GB of memory. The short form
runs every cell in a few seconds, to see whether everything works; it is chosen by setting the environment variable GRADECHECK_SHORT
to 1 before Python starts. It has few images of a coarse resolution, few epochs and few trials.
"""

import contextlib
import copy
import itertools
import os
import time
from dataclasses import dataclass, field

import numpy as np

trained = []  # all runs since Python started, in the order in which they ended; those of a search as well

HIDDEN = {3: (50, 50), 9: (50, 30, 20, 20, 10, 10, 10, 10)}  # units of the hidden layers, by number of layers
HISTORIES = ("train_cost", "val_cost", "train_loss", "val_loss", "train_accuracy", "val_accuracy")
LISTS = ("W", "b", "gamma", "beta", "muMA", "vaMA")  # what a network consists of


@dataclass(frozen=True)
class Plan:
    """Sizes of the experiments.

    num_train, num_val, num_test: images used. coarsen: side of the squares of pixels that become one by averaging; 1 keeps all.
    batch: columns of a mini-batch. cycles, cycles_search, cycles_sigma: cycles of the learning rate, of cycle_epochs epochs each.
    coarse, fine: values of lambda tried. states_every: epochs from one kept state of a network to the next.
    eta_min, eta_max, alpha, lmda, sig: as of the network and its training.
    """

    num_train: int
    num_val: int
    num_test: int
    coarsen: int
    batch: int
    cycle_epochs: int
    cycles: int
    cycles_search: int
    cycles_sigma: int
    coarse: int
    fine: int
    states_every: int
    eta_min: float = 1e-5
    eta_max: float = 1e-1
    alpha: float = 0.8
    lmda: float = 0.005
    sig: float = 1e-1

    def __str__(self):
        """One sentence that says how large the experiments are."""
        form = "Full" if self == FULL else "Short"
        size = 32 // self.coarsen
        return (
            f"{form} form: up to {self.num_train} training images of {size} x {size} pixels, mini-batches of {self.batch}, "
            f"{self.cycles} cycles of {self.cycle_epochs} epochs; {self.coarse} + {self.fine} values of lambda."
        )


FULL = Plan(
    num_train=45000,
    num_val=5000,
    num_test=10000,
    coarsen=1,
    batch=100,
    cycle_epochs=10,
    cycles=2,
    cycles_search=2,
    cycles_sigma=2,
    coarse=10,
    fine=4,
    states_every=10,
)

SHORT = Plan(
    num_train=500,
    num_val=100,
    num_test=200,
    coarsen=8,
    batch=50,
    cycle_epochs=8,
    cycles=2,
    cycles_search=1,
    cycles_sigma=1,
    coarse=4,
    fine=2,
    states_every=1,
)


@dataclass
class Run:
    """One training. settings: what it was made with. history: name (see HISTORIES) -> one number for each epoch.

    states: number of epochs (see Plan.states_every) -> the network's lists (see LISTS) as they were after so many.
    """

    name: str
    settings: dict
    history: dict
    test_accuracy: float
    net: object = field(repr=False, default=None)
    states: dict = field(repr=False, default_factory=dict)


def plan():
    """The plan to follow: full, unless the short form was asked for."""
    return SHORT if os.environ.get("GRADECHECK_SHORT", "") not in ("", "0") else FULL


@contextlib.contextmanager
def _states(net, steps, epochs, every):
    """Watch a training, and keep the network's lists between epochs, where the first gradients of the next one are asked for.

    Yields: a dictionary, as `Run.states`, which is empty in the end if there were not `steps` gradients in each epoch.
    """
    states, calls = {}, itertools.count()
    own = getattr(net, "computeGradients", None)

    def watched(*args, **settings):
        epoch, step = divmod(next(calls), steps)
        if step == 0 and epoch > 0 and epoch % every == 0:
            states[epoch] = {name: copy.deepcopy(getattr(net, name, [])) for name in LISTS}
        return own(*args, **settings)

    if own is not None:
        net.computeGradients = watched
    try:
        yield states
    finally:
        vars(net).pop("computeGradients", None)
    if next(calls) != steps * epochs:
        states.clear()


def train(network, data, depth, *, plan, cycles=None, verbose=True, **settings):
    """Train a new network with `depth` layers. network: the class. settings: of its constructor (lmda, batchNorm, he, sig, ...).

    Returns: a Run.
    """
    cycles = plan.cycles if cycles is None else cycles
    widths = [data["X_train"].shape[0], *HIDDEN[depth], data["Y_train"].shape[0]]
    settings = {
        "alpha": plan.alpha,
        "lmda": plan.lmda,
        "batchNorm": True,
        "he": True,
        "sig": plan.sig,
        **settings,
    }
    net = network(list(itertools.pairwise(widths)), **settings)
    steps = data["X_train"].shape[1] // plan.batch
    epochs = cycles * plan.cycle_epochs
    n_s = plan.cycle_epochs * steps // 2
    start = time.perf_counter()
    with _states(net, steps, epochs, plan.states_every) as states:
        found = net.miniBatchGD(
            data["X_train"],
            data["Y_train"],
            [plan.batch, plan.eta_min, plan.eta_max, epochs, n_s],
            data["X_val"],
            data["Y_val"],
        )
    history = {name: np.array(values, dtype=float) for name, values in zip(HISTORIES, found, strict=True)}
    start_of = "He" if settings["he"] else f"sigma = {settings['sig']:g}"
    name = f"{depth} layers, {start_of}, {'with' if settings['batchNorm'] else 'without'} batch norm"
    accuracy = float(net.computeAccuracy(data["X_test"], data["y_test"]))
    if verbose:
        seconds = time.perf_counter() - start
        print(f"{name}, lambda = {settings['lmda']:.5f}: test accuracy {accuracy:.1%}, {seconds:.1f} s")
    trained.append(Run(name, {"depth": depth, "epochs": epochs, **settings}, history, accuracy, net, states))
    return trained[-1]
