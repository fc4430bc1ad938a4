"""Does a hand-in take the place of one that came from elsewhere? A person should look whether both are by the same student. Pure.

A lone zip or folder may hold a class or one student's work, and whoever packs it may call folders in it like other students.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..intake.tree import shown
from ..model import Note, Submission
from ..store.roster import Entry

__all__ = ["in_place_of", "replaced_note"]

_BEGINS = "Takes the place of what was handed in before"


def in_place_of(submission: Submission, before: Entry | None) -> Submission:
    """The submission, with a word to the instructor if other work of this student lay elsewhere before.

    before: what was taken in last under the same id. The word stays for as long as the work does.
    """
    if before is None:
        return submission
    earlier = before.submission
    notes = tuple(note for note in earlier.notes if note.text.startswith(_BEGINS))
    if earlier.digest != submission.digest:
        notes = ()
        if earlier.origin != submission.origin:
            places = f"as {shown(earlier.origin)}; this lies in {shown(submission.origin)}"
            text = f"{_BEGINS} {places}. Is it by the same person?"
            notes = (Note(about=shown(submission.origin), text=text, for_student=False),)
    return replace(submission, notes=(*submission.notes, *notes))


def replaced_note(notes: Iterable[Note]) -> str:
    """The text of the note that `in_place_of` made, if it stands among these; else nothing."""
    return next((note.text for note in notes if note.text.startswith(_BEGINS)), "")
