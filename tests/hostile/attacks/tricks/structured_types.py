"""Answers in dtypes that are no numbers: structured ones with overlapping fields, metadata, dates, text, void."""

import numpy as np


def center_forward(x):
    kind = np.dtype({"names": ["a", "b"], "formats": ["<f8", "O"], "offsets": [0, 8], "itemsize": 16})
    return np.zeros(x.shape, kind)


def center_backward(dout):
    return np.zeros(dout.shape, np.dtype("M8[s]", metadata={"name": "float64"}))
