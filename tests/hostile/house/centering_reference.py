"""The reference of the tests' tiny assignment. It must never be seen inside a room; so must not this line: canary-310415926535."""


def center_forward(x):
    """Subtract each column's mean from x (N, D)."""
    return x - x.mean(axis=0)


def center_backward(dout):
    """The gradient for x of what `center_forward` returned."""
    return dout - dout.mean(axis=0)


def spread(x):
    """Largest minus smallest of each column of x (N, D)."""
    return x.max(axis=0) - x.min(axis=0)
