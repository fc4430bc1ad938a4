"""Center the columns of a matrix."""


def center_forward(x):
    """Subtract each column's mean from x (N, D)."""
    # BEGIN SOLUTION
    return x - x.mean(axis=0)
    # END SOLUTION


def center_backward(dout):
    """The gradient for x of what `center_forward` returned."""
    # BEGIN SOLUTION
    return dout - dout.mean(axis=0)
    # END SOLUTION
