"""Helpers that come with the assignment."""

import numpy as np


def largest(x):
    """The largest magnitude of each column."""
    return np.max(np.abs(x), axis=0)
