"""The one exception tree. Who has to act decides the class; each message says where, what came, what to do."""

__all__ = [
    "AssignmentError",
    "EvidenceError",
    "FetchError",
    "GradebookError",
    "GraderError",
    "SandboxError",
    "SubmissionError",
    "UsageError",
]


class GraderError(Exception):
    """Anything that GradeCheck raises on purpose."""


class UsageError(GraderError):
    """The command was called with something that cannot be: a missing folder, an unknown check."""


class AssignmentError(GraderError):
    """The instructor's files are wrong: `assignment.yaml`, `checks.py`, the source or the samples."""


class SubmissionError(GraderError):
    """What a student handed in cannot be read; only that student is concerned."""


class SandboxError(GraderError):
    """Our machinery failed; nobody loses points for it, and the work is tried again."""


class EvidenceError(GraderError):
    """Kept evidence is damaged or of another version; it is made anew."""


class FetchError(GraderError):
    """A data set could not be downloaded, or what came is not the official one; nothing of it is kept."""


class GradebookError(GraderError):
    """The gradebook's database cannot be reached, is locked for too long, or is of another version."""
