"""Stops its own process, so that it neither runs nor ends."""

import os
import signal


def center_forward(x):
    os.kill(os.getpid(), signal.SIGSTOP)
    return x


center_backward = center_forward
