"""Takes all the memory there is, in one piece and in many."""

import numpy as np


def center_forward(x):
    return np.ones((1 << 30, 3))


def center_backward(dout):
    pieces = []
    while True:
        pieces.append(bytearray(1 << 26))
