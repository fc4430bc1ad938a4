"""Reads where no memory is."""

import ctypes


def center_forward(x):
    ctypes.string_at(8)


def center_backward(dout):
    import os

    os.abort()
