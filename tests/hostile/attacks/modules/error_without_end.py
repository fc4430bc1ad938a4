"""Raises what cannot be told: a text that never comes, and one that raises in its turn."""

import time


class Slow(Exception):
    def __str__(self):
        while True:
            time.sleep(0.1)


class Deep(Exception):
    def __str__(self):
        return str(self)

    __repr__ = __str__


def center_forward(x):
    raise Slow


def center_backward(dout):
    raise Deep
