"""Overflows the stack, in Python and beneath it, and answers with what nests without end."""

import sys


def center_forward(x):
    sys.setrecursionlimit(10**9)

    def deeper(value):
        return repr(deeper([value]))

    return deeper([])


def center_backward(dout):
    endless = {}
    inner = endless
    for _ in range(10**6):
        inner["x"] = inner = {}
    return endless
