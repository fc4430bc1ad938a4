"""What runs beside student code: the sandbox's runner and the student's self-check. NumPy and the standard library only.

Nothing in this package knows an expected value, a tolerance's verdict, a point or another student. Modules import one another
relatively, so that the folder works under any name: `grader release` copies it into the student's template as it is.
"""

from .check import Check, NeedsPersonError, check
from .share import OutOfTimeError, share_of_time

__all__ = ["Check", "NeedsPersonError", "OutOfTimeError", "check", "share_of_time"]
