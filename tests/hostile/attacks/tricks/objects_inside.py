"""Answers with arrays of objects that do something whenever anybody looks at them: pickled, compared, converted, printed."""

import os

import numpy as np


class Trap:
    def __reduce__(self):
        return os.system, ("touch /tmp/trapped",)

    def __call__(self, *args):
        os._exit(0)

    __float__ = __eq__ = __array__ = __repr__ = __str__ = __index__ = __complex__ = __call__
    __hash__ = None


def center_forward(x):
    out = np.empty(x.shape, dtype=object)
    out[:] = [[Trap() for _ in row] for row in x]
    return out


def center_backward(dout):
    out = np.empty(1, dtype=object)
    out[0] = out  # holds itself
    return out
