"""`utils.solver` under its older name."""

from utils.solver import Solver

__all__ = ["Solver"]
