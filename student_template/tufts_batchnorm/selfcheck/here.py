"""What checks a notebook in its own kernel: the checks, the comparison and the folder, brought together."""

from . import checks
from .compare import compare_value
from .selfcheck_worker import look as look_with


def look(folder, wanted, names):
    return look_with(folder, compare_value, vars(checks), wanted, names)
