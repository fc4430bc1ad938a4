"""From paths on the command line to sorted submissions. Untrusted bytes are read here, and nothing is run.

A path is a folder with one student's work or a class's, a zip of either, a single notebook or Python file, or a download of Canvas,
Moodle, Gradescope or nbgrader. How these are told apart is written in `grader/intake/classes.py` and `grader/intake/lms.py`.
What cannot be read at all becomes a `Rejected`, with its reason, and never stops the class.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .assignment import Assignment
from .errors import SubmissionError
from .intake.caps import DEFAULT_CAPS, Caps
from .intake.discover import discover
from .intake.handin import HandIn, is_archive, moment, open_nested, open_sole_zip
from .intake.names import Roll, safe_id
from .intake.reading import Intake
from .intake.staging import Staged, content_digest, stage
from .intake.tree import Tree, shown
from .model import Note, Submission
from .store.blobs import BlobStore

__all__ = ["Rejected", "find_submissions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A hand-in that cannot be read at all. It is part of the class all the same; reason: where, what came, what to do."""

    student: str
    origin: str
    reason: str
    name: str = ""


def find_submissions(
    paths: Sequence[Path],
    assignment: Assignment,
    blobs: BlobStore,
    *,
    caps: Caps = DEFAULT_CAPS,
    leave_out: Sequence[Path] = (),
    pass_over: Callable[[str], None] = lambda _: None,
    in_class: Callable[[str], bool] = lambda _: False,
) -> Iterator[Submission | Rejected]:
    """Sort what lies at `paths` into submissions, one at a time and in the order of `paths`, within each by student.

    Student ids are safe file names and unique in the whole call; two hand-ins with the same id are told apart, with a note.
    The same bytes give the same digests wherever and whenever they are read. leave_out: folders of ours, which are nobody's work
    where they lie among what was handed in. pass_over: hears, at once, of each file that was named and is nobody's work.
    in_class: is somebody with this id in the class already?

    Raises: UsageError, at once, if a path does not exist or holds no hand-in. OSError if the blob store cannot be written.
    """
    found = discover(paths, assignment, caps, leave_out=leave_out, pass_over=pass_over, in_class=in_class)
    return _sorted_out(found, assignment, blobs, caps)


def _sorted_out(
    found: Sequence[HandIn], assignment: Assignment, blobs: BlobStore, caps: Caps
) -> Iterator[Submission | Rejected]:
    roll = Roll()
    intake = Intake(assignment, blobs, caps)
    called = Counter(safe_id(handin.student).casefold() for handin in found)
    for handin in found:
        student = roll.give(handin.student)
        namesakes = called[safe_id(handin.student).casefold()] - 1
        try:
            yield _submission(student, handin, intake, namesakes)
        except SubmissionError as exc:
            yield _rejected(student, handin, str(exc))
        except OSError:
            raise  # of our own store: nobody else could be taken in, either
        except Exception as exc:  # noqa: BLE001  # whatever one hand-in brings out in us, the others are taken in
            place = traceback.extract_tb(exc.__traceback__)[-1]
            where = f"{type(exc).__name__} in {Path(place.filename).name}, line {place.lineno}"
            yield _rejected(student, handin, f"a fault of the grader ({where}); please report it")


def _rejected(student: str, handin: HandIn, reason: str) -> Rejected:
    return Rejected(student=student, origin=handin.origin, reason=f"{student}: {reason}", name=handin.name)


def _submission(student: str, handin: HandIn, intake: Intake, namesakes: int) -> Submission:
    if handin.refused:
        raise SubmissionError(handin.refused)
    tree = open_nested(open_sole_zip(handin.tree, intake.caps), intake.assignment, intake.caps)
    _check(tree, intake.caps)
    staged = stage(tree, intake)
    _check_found(tree, staged, intake.assignment)
    notes = (*handin.notes, *_renamed(student, handin), *_shared(handin, namesakes), *staged.notes)
    return Submission(
        student=student,
        name=handin.name,
        origin=handin.origin,
        files=staged.files,
        notebooks=staged.notebooks,
        aliases=staged.aliases,
        digest=content_digest(staged.files, staged.aliases),
        arrived=handin.arrived
        or moment(handin.tree.modified()),  # of a zip its own: in it stands what its maker wants
        missing=staged.missing,
        stand_ins=staged.stand_ins,
        notes=notes,
    )


def _check(tree: Tree, caps: Caps) -> None:
    """Refuse a hand-in as a whole. Raises: SubmissionError, with what to do."""
    for refusal in tree.refusals:
        if refusal.fatal:
            raise SubmissionError(f"{shown(refusal.path) or 'the zip'} {refusal.reason}")
        if not refusal.path and not tree.entries:
            raise SubmissionError(f"it {refusal.reason}")
    if len(tree.entries) > caps.entries:
        raise SubmissionError(
            f"{len(tree.entries)} files came, the limit is {caps.entries}; hand in the work without its data"
        )
    if not tree.entries:
        left = f" but {shown(tree.left_out[0].path)} ({tree.left_out[0].kind})" if tree.left_out else ""
        odd = f"; {shown(tree.refusals[0].path)} {tree.refusals[0].reason}" if tree.refusals else ""
        raise SubmissionError(f"there is no file{left}{odd}; hand in the notebook and the modules")


def _check_found(tree: Tree, staged: Staged, assignment: Assignment) -> None:
    """Refuse a hand-in whose work lies in something that is not opened. Raises: SubmissionError, with what to do."""
    if staged.notebooks or any(module.path not in staged.missing for module in assignment.spec.files.modules):
        return
    for entry in tree.entries:
        if is_archive(entry.name):
            raise SubmissionError(
                f"{shown(entry.path)} is an archive of a kind that is not opened; hand in a zip"
            )
    for refusal in tree.refusals:
        if refusal.path.lower().endswith(".zip"):
            raise SubmissionError(f"{shown(refusal.path)} {refusal.reason}")


def _renamed(student: str, handin: HandIn) -> tuple[Note, ...]:
    if student == handin.student:
        return ()
    text = f'Listed as "{student}": "{shown(handin.student)}" is taken already or is not safe as a file name.'
    return (Note(about=shown(handin.origin), text=text, for_student=False),)


def _shared(handin: HandIn, namesakes: int) -> tuple[Note, ...]:
    """Each hand-in of a name says so, not only those that came later: which of them is whose, a person has to know."""
    if not namesakes:
        return ()
    others = "another hand-in is" if namesakes == 1 else f"{namesakes} other hand-ins are"
    text = f'{others} also called "{shown(safe_id(handin.student))}", as far as file names tell; check whose is whose.'
    return (Note(about=shown(handin.origin), text=text[0].upper() + text[1:], for_student=False),)
