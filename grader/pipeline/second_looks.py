"""A mark that a person gave stays with the student. Where it was given for another answer, somebody has to look once more."""

from __future__ import annotations

from dataclasses import replace

from ..model import Note, Result
from ..records.gradebook import Gradebook

__all__ = ["with_second_looks"]


def with_second_looks(result: Result, gradebook: Gradebook, assignment: str) -> Result:
    """The result, with a note for the instructor for each mark that was given for another answer: of an earlier hand-in.

    The mark stands: whether it is still right, only a person can say.
    """
    notes = []
    for question in result.questions:
        if question.mark is None:
            continue
        before = gradebook.marked(assignment, question.mark, unlike=result.digest)
        answers = {one.id: one.answer for one in before.questions} if before is not None else {}
        if answers.get(question.id, question.answer) != question.answer:
            text = (
                f"{question.mark.marker} marked another answer, of an earlier hand-in. The mark stands until it is given anew, "
                "with other points or another comment."
            )
            notes.append(Note(about=question.id, text=text, for_student=False))
    return replace(result, notes=(*notes, *result.notes)) if notes else result
