"""Numerical gradients by central differences, to compare analytic ones with."""

import numpy as np


def eval_numerical_gradient(f, x, verbose=True, h=0.00001):
    """Gradient of a function that returns one number.

    f: called with x. x: array, changed entry by entry and put back. verbose: print each entry. h: half of the step.
    Returns: an array in the shape of x.
    """
    grad = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        grad[index] = (_at(f, x, index, h) - _at(f, x, index, -h)) / (2 * h)
        if verbose:
            print(index, grad[index])
    return grad


def eval_numerical_gradient_array(f, x, df, h=1e-5):
    """Gradient of sum(f(x) * df) for a function that returns an array.

    f: called with x. x: array, changed entry by entry and put back. df: the gradient that comes from above, in the shape of f(x).
    Returns: an array in the shape of x.
    """
    grad = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        above = np.array(_at(f, x, index, h))  # a copy: f may hand out the same array again
        grad[index] = np.sum((above - _at(f, x, index, -h)) * df) / (2 * h)
    return grad


def _at(f, x, index, shift):
    kept = x[index]
    x[index] = kept + shift
    try:
        return f(x)
    finally:
        x[index] = kept
