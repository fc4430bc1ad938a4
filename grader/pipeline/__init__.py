"""A class from paths to marks: intake, execution, scoring, gradebook, reports. The only package that sees the whole way.

Evidence is recalled where it is kept, so an interrupted run goes on where it stopped and an unchanged submission is never executed
twice. One bad submission never stops the class.
"""

from .commands import check_one, grade, remove, rescore, rewrite
from .outputs import write_outputs
from .settings import Line, Progress, Settings, Silence, Summary

__all__ = [
    "Line",
    "Progress",
    "Settings",
    "Silence",
    "Summary",
    "check_one",
    "grade",
    "remove",
    "rescore",
    "rewrite",
    "write_outputs",
]
