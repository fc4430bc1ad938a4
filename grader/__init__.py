"""GradeCheck: grade NumPy deep-learning assignments, with verdicts made outside the student's process."""

__version__ = "0.1.0"
__all__ = ["__version__"]
