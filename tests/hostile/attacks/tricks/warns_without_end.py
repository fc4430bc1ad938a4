"""Warns a hundred thousand times, each time otherwise, by a class whose text cannot be had."""

import warnings


class Odd(UserWarning):
    def __str__(self):
        return "\ud800\x1b[31m<script>alert(1)</script>" * 1000


class Odder(UserWarning):
    def __str__(self):
        raise SystemExit


def center_forward(x):
    for number in range(20_000):
        warnings.warn(f"{number}", Odd, stacklevel=1)
    warnings.warn(Odd(), stacklevel=1)
    return x


def center_backward(dout):
    warnings.warn(Odder(), stacklevel=1)
    return dout
