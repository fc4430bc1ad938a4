"""Another forward pass in the place of a k-layer network's own: is the rest right, whatever the forward pass is?

What it gives is no network's: waves and drawn numbers that hang together as the course's results do, so that a way back that works
some of them out anew finds what it was given. NumPy only; runs beside student code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assignments.common.column_functions import FunctionNet
from assignments.common.column_objects import ObjectNet
from assignments.common.columns import column, spelling
from grader.probe import NeedsPersonError

__all__ = ["on_another_forward"]


def on_another_forward(net: Any, *, normalized: bool) -> Any:
    """The network, whose other methods find another `evaluateClassifier` from now on; the same columns give the same each time.

    Raises: NeedsPersonError if it is none of the course's form.
    """
    if isinstance(net, (FunctionNet, ObjectNet)):
        raise NeedsPersonError("no forward pass can be put in the place of this one")

    def evaluate(X: Any, training: bool = True) -> Any:
        columns, layers = X.shape[1], len(net.W)
        rng = np.random.default_rng([layers, columns, int(bool(training))])
        h, s, sh, mu, v = [X], [], [], [], []
        for i in range(layers - 1):
            size = (len(net.W[i]), 1)
            phase, mean = rng.uniform(0, 2 * np.pi, size), rng.standard_normal(size)
            var = rng.uniform(0.5, 3.0, size)
            wave = np.sqrt(2) * np.cos(2 * np.pi * np.arange(columns) / columns + phase)
            if normalized:
                sh.append(wave)
                s.append(mean + np.sqrt(var) * wave)
                mu.append(mean.reshape(np.shape(net.b[i])))
                v.append(var.reshape(np.shape(net.b[i])))
                wave = column(net.gamma[i]) * wave + column(net.beta[i])
            h.append(np.where(wave > 0, wave, 0.0))
        p = rng.uniform(0.1, 1.0, (len(net.W[-1]), columns))
        p /= p.sum(axis=0)
        return (p, h, s, sh, mu, v) if normalized else (p, h)

    setattr(net, spelling(net, "evaluateClassifier"), evaluate)
    return net
