"""Ignores every signal that can be ignored, and goes on for ever."""

import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def center_forward(x):
    while True:
        time.sleep(0.1)


def center_backward(dout):
    return dout
