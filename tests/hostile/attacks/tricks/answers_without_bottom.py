"""Answers with lists in lists in lists, numbers of a million digits, and things that only look like arrays."""


def center_forward(x):
    out = []
    for _ in range(200_000):
        out = [out]
    return out


def center_backward(dout):
    return 10**300_000
