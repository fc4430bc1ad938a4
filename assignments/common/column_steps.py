"""k-layer networks on columns that train under our eyes: which columns each step is given, how far it goes, what is measured.

What a training leaves depends on the order of its columns, which is the student's to draw. So the gradients are ours here, and the
steps along them are written down: outside, `assignments/common/column_progress.py` judges what the student's code made of them.
NumPy and the standard library only; runs beside student code.
"""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import numpy as np

from assignments.common.arrays import number
from assignments.common.column_functions import FunctionNet
from assignments.common.columns import method, spelling
from grader.probe import NeedsPersonError

__all__ = ["entries", "marks", "measured", "train", "watched"]

TRAIN_TAKES_VALIDATION = 5  # X, Y, GDParams, xVal, yVal


def train(net: Any, X: Any, Y: Any, terms: Any, val: Any) -> Any:
    """Call miniBatchGD. terms: nBatch, etaMin, etaMax, nEpochs, nS. val: columns and labels, for those versions that take them."""
    descend = method(net, "miniBatchGD")
    takes = len(inspect.signature(descend).parameters)
    return descend(X, Y, list(terms), *(val if takes >= TRAIN_TAKES_VALIDATION else ()))


def watched(net: Any, X: Any, terms: Any, slopes: Any = None) -> dict[str, Any]:
    """Train with a gradient of our own, one for all biases and a weight, zero elsewhere, and write down every step.

    The step's rate is then what the biases lose, those of the layer that loses the most: a layer that stays behind is charged where
    steps of all parameters are judged. The first row of the columns is made to count them.
    slopes: another gradient, as lists for W, b and, for hidden layers, gamma, beta; it takes the place of the ones and zeros.
    Returns: rates (steps,); sizes (steps,), columns in each batch; batches (rows, total) and labels (classes, total), what the
        steps were given, side by side; given, given_labels, what they were taken from.
    Raises: NeedsPersonError if the network has moved along gradients that are not those of its `computeGradients`.
    """
    numbers = np.arange(X.shape[1])
    X = X.copy()
    X[0] = numbers
    classes = len(net.b[-1])
    Y = np.eye(classes)[numbers % classes].T
    places, batches, labels = [], [np.zeros((len(X), 0))], [np.zeros((classes, 0))]

    own = method(net, "computeGradients")
    before = [np.array(value) for value in (*net.W, *net.b)]

    def gradient(*args: Any, **named: Any) -> Any:
        columns, theirs = list(inspect.signature(own).bind(*args, **named).arguments.values())[:2]
        places.append(_places(net))
        batches.append(np.array(columns, dtype=float))
        labels.append(np.array(theirs, dtype=float))
        return _along(net, slopes)

    setattr(net, spelling(net, "computeGradients"), gradient)
    if not isinstance(net, FunctionNet):
        for name, nothing in (("computeCost", (0.0, 0.0)), ("computeAccuracy", 0.0)):
            with contextlib.suppress(AttributeError):  # some measure by other means
                setattr(net, spelling(net, name), _or_nothing(method(net, name), nothing))
    train(net, X.copy(), Y.copy(), terms, (X[:, :2], Y[:, :2]))
    if not places and not all(np.array_equal(*pair) for pair in zip(before, (*net.W, *net.b))):  # noqa: B905 - Python 3.8
        raise NeedsPersonError("the training takes its gradients from elsewhere than computeGradients")
    path = np.array([*places, _places(net)])
    ways = np.abs(path[0] - path).sum(axis=0)
    # Where no bias moves, which is charged where steps of all parameters are judged, a weight tells the rate.
    farthest = int(np.argmax(ways[1:])) + 1 if np.any(ways[1:] > 0) else 0
    return {
        "rates": path[:-1, farthest] - path[1:, farthest],
        "sizes": np.array([batch.shape[1] for batch in batches[1:]], dtype=float),
        "batches": np.concatenate(batches, axis=1),
        "labels": np.concatenate(labels, axis=1),
        "given": X,
        "given_labels": Y,
    }


def _or_nothing(own: Any, nothing: Any) -> Any:
    """A method that gives `nothing` where it would raise: what is measured after an epoch is judged elsewhere."""

    def measuring(*args: Any, **named: Any) -> Any:
        try:
            return own(*args, **named)
        except NeedsPersonError:
            raise
        except Exception:  # noqa: BLE001 - a student's method may raise anything
            return nothing

    return measuring


def _bias(net: Any) -> float:
    return float(np.ravel(net.b[-1])[0])


def _places(net: Any) -> list[float]:
    """A weight of the last layer; then the first bias of each layer, from the last one to the first."""
    return [float(np.ravel(net.W[-1])[0]), *(float(np.ravel(b)[0]) for b in reversed(net.b))]


def _along(net: Any, slopes: Any = None, *, last_alone: bool = False) -> Any:
    """A gradient in the shapes of the network's parameters: `slopes`, or ones for all biases, or the last ones, else zero.

    Beside all biases it has a one for the last layer's first weight.
    """
    kinds = [net.W, net.b, net.gamma, net.beta] if net.batchNorm else [net.W, net.b]
    grads = [[np.zeros_like(value) for value in kind] for kind in kinds]
    if slopes is None:
        first = len(grads[1]) - 1 if last_alone else 0
        grads[1][first:] = [b + 1.0 for b in grads[1][first:]]
        if not last_alone:
            grads[0][-1].flat[0] = 1.0
    for grad, given in zip(grads, slopes or ()):  # noqa: B905 - Python 3.8
        grad[: len(given)] = [slope.copy() for slope in given]
    return tuple(grads)


def measured(net: Any, X: Any, Y: Any, terms: Any, val: Any) -> dict[str, Any]:
    """Train with a gradient of ones for the last layer's biases; cost and accuracy give `marks` in the place of their figures.

    Marks tell columns and last biases apart, whatever the student takes a cost to be. Where he measures by other means, the
    figures are true ones, of a network whose last biases are known.
    Returns: biases (steps + 1,), the first of the last layer's, before each step and after the last; histories (6, epochs).
    Raises: NeedsPersonError if there are no six histories.
    """
    biases: list[float] = []

    def gradient(*_args: Any, **_more: Any) -> Any:
        biases.append(_bias(net))
        return _along(net, last_alone=True)

    setattr(net, spelling(net, "computeGradients"), gradient)
    if not isinstance(net, FunctionNet):
        for name in ("computeCost", "computeAccuracy"):
            setattr(net, spelling(net, name), _marking(net, method(net, name), name))
    found = train(net, X, Y, terms, val)
    if not isinstance(found, (tuple, list, np.ndarray)) or len(found) != len(MARKS):
        raise NeedsPersonError("a training whose steps are watched returns no six histories")
    lengths = [len(history) for history in found]
    table = np.full((len(MARKS), max(lengths)), np.nan)
    for row, history in zip(table, found):  # noqa: B905 - Python 3.8
        row[: len(history)] = entries(history)
    return {"biases": np.array([*biases, _bias(net)]), "measured": table}


def entries(history: Any) -> Any:
    """A history as an array (epochs,) of numbers; an entry may be an array of one number."""
    return np.array([number(entry) for entry in history], dtype=float)


MARKS = (0, 0, 1, 1, 2, 2)  # cost, loss and accuracy, each on training and on validation columns


def marks(X: Any, bias: float) -> tuple[float, float, float]:
    """What stands for cost, loss and accuracy of a network on some columns, in any order."""
    loss = 1 + float(np.mean(np.abs(X))) * bias**2
    return loss + 0.25, loss, 1 / (1 + loss)


def _marking(net: Any, own: Any, name: str) -> Any:
    """The method as it is called in the place of `own`: it gives marks in the form that `own` returns."""

    def marking(*args: Any, **named: Any) -> Any:
        columns = next(iter(inspect.signature(own).bind(*args, **named).arguments.values()))
        cost, loss, share = marks(columns, _bias(net))
        if name == "computeAccuracy":
            return share
        returned = own(*args, **named)
        return (cost, loss, *returned[2:]) if isinstance(returned, (tuple, list)) else cost

    return marking
