"""Says 50 MB on every way out, and warns without end."""

import os
import sys
import warnings


def center_forward(x):
    for _ in range(50):
        print("x" * 1_000_000)
        sys.__stdout__ and sys.__stdout__.write("y" * 1000)
        os.write(1, b"z" * 1_000_000)
        os.write(2, b"z" * 1_000_000)
    for number in range(10_000):
        warnings.warn(f"{number} " + "w" * 10_000)
    raise RuntimeError("e" * 50_000_000)


def center_backward(dout):
    raise type("E" * 1_000_000, (Exception,), {})("m" * 1_000_000)
