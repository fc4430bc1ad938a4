"""Answers with arrays whose memory is gone, was never there, or goes away while it is read."""

import ctypes
import mmap
import os

import numpy as np


def center_forward(x):
    return np.frombuffer((ctypes.c_double * 18).from_address(0x10), dtype=float).reshape(x.shape)


def center_backward(dout):
    with open("gone", "wb+") as file:
        file.write(bytes(1 << 16))
        file.flush()
        out = np.frombuffer(mmap.mmap(file.fileno(), 1 << 16), dtype=float)[:18].reshape(dout.shape)
    os.truncate("gone", 0)  # SIGBUS
    return out
