"""Scale the columns of a matrix."""

import numpy as np

from .helpers import largest


def scale_forward(x):
    """Divide each column of x (N, D) by its largest magnitude; zeros stay zero."""
    # BEGIN SOLUTION
    top = largest(x)
    divisor = np.where(top > 0, top, 1.0)
    return x / divisor
    # END SOLUTION


class Scaler:
    """Remembers the factors of the data that it was fitted with."""

    def __init__(self, power):
        """Start without factors."""
        self.power = power
        self.factors = None

    def fit(self, x):
        """Learn the factors of x (N, D)."""
        if self.power == 1:
            # BEGIN SOLUTION
            self.factors = 1.0 / largest(x)
            # END SOLUTION
        else:
            raise ValueError("power must be 1")

    def apply(self, x):
        """Multiply by the factors; the result is under "scaled"."""
        out = None
        # BEGIN SOLUTION
        out = x * self.factors
        # END SOLUTION
        return {"scaled": out}
