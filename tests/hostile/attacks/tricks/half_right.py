"""The right numbers in types that hold more or less than they should: halves, complex with a part that is not there."""

import numpy as np


def center_forward(x):
    return (x - x.mean(axis=0)).astype(np.float16)


def center_backward(dout):
    return (dout - dout.mean(axis=0)) * (1 + 1j)
