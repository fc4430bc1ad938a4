"""Answers with an object whose conversion never ends."""


class Endless:
    def __array__(self, *args, **kwargs):
        while True:
            pass

    __len__ = __iter__ = __float__ = __getattr__ = __array__


def center_forward(x):
    return Endless()


center_backward = center_forward
