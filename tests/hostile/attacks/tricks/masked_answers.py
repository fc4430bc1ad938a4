"""Masked arrays: whatever is wrong is hidden under the mask; matrices; records."""

import numpy as np


def center_forward(x):
    return np.ma.masked_array(x, mask=True, fill_value=0)


def center_backward(dout):
    return np.matrix(dout).view(np.recarray)
