"""`utils.gradient_check` under its older name."""

from utils.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array

__all__ = ["eval_numerical_gradient", "eval_numerical_gradient_array"]
