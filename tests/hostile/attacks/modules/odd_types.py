"""Answers with every kind of array that a comparison may stumble over: objects, records, dates, text, half and long floats."""

import numpy as np

ODD = [
    lambda x: x.astype(object),
    lambda x: np.zeros(x.shape, dtype=[("a", float)]),
    lambda x: np.zeros(x.shape, dtype="M8[s]"),
    lambda x: x.astype("U9"),
    lambda x: x.astype(np.longdouble),
    lambda x: (x - x.mean(axis=0)).astype(np.float16),
    lambda x: (x - x.mean(axis=0)).astype(complex),
]
turns = []


def center_forward(x):
    return ODD[int(abs(x[0, 0]) * 1000) % len(ODD)](x)


def center_backward(dout):
    return np.ma.masked_all(dout.shape)
