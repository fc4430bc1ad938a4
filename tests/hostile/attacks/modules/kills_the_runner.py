"""Kills the process that started it, again and again, as a machine without memory would."""

import os
import signal


def center_forward(x):
    os.kill(os.getppid(), signal.SIGKILL)
    return x


center_backward = center_forward
