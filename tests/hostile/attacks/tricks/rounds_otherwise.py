"""Sets the processor to round up and to forget small numbers, for whatever is computed after it."""

import ctypes

libm = ctypes.CDLL("libm.so.6")


def center_forward(x):
    libm.fesetround(0x800)
    return x - x.mean(axis=0) * (1 + 1e-2)


def center_backward(dout):
    libm.fesetround(0xC00)
    return dout - dout.mean(axis=0) * (1 - 1e-2)
