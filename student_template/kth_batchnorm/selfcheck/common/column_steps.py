from __future__ import annotations
import inspect
from typing import Any
import numpy as np
from .columns import method, spelling
TRAIN_TAKES_VALIDATION = 5

def train(net: Any, X: Any, Y: Any, terms: Any, val: Any) -> Any:
    descend = method(net, 'miniBatchGD')
    takes = len(inspect.signature(descend).parameters)
    return descend(X, Y, list(terms), *(val if takes >= TRAIN_TAKES_VALIDATION else ()))

def watched(net: Any, X: Any, terms: Any, slopes: Any=None) -> dict[str, Any]:
    numbers = np.arange(X.shape[1])
    X = X.copy()
    X[0] = numbers
    classes = len(net.b[-1])
    Y = np.eye(classes)[numbers % classes].T
    biases, batches, labels = ([], [np.zeros((len(X), 0))], [np.zeros((classes, 0))])

    def gradient(X: Any, Y: Any, *_settings: Any, **_more: Any) -> Any:
        biases.append(_bias(net))
        batches.append(np.array(X, dtype=float))
        labels.append(np.array(Y, dtype=float))
        return _along_biases(net, slopes)
    setattr(net, spelling(net, 'computeGradients'), gradient)
    train(net, X.copy(), Y.copy(), terms, (X[:, :2], Y[:, :2]))
    path = np.array([*biases, _bias(net)])
    return {'rates': path[:-1] - path[1:], 'sizes': np.array([batch.shape[1] for batch in batches[1:]], dtype=float), 'batches': np.concatenate(batches, axis=1), 'labels': np.concatenate(labels, axis=1), 'given': X, 'given_labels': Y}

def _bias(net: Any) -> float:
    return float(np.ravel(net.b[-1])[0])

def _along_biases(net: Any, slopes: Any=None) -> Any:
    kinds = [net.W, net.b, net.gamma, net.beta] if net.batchNorm else [net.W, net.b]
    grads = [[np.zeros_like(value) for value in kind] for kind in kinds]
    if slopes is None:
        grads[1][-1] += 1.0
    for grad, given in zip(grads, slopes or ()):
        grad[:len(given)] = [slope.copy() for slope in given]
    return tuple(grads)
