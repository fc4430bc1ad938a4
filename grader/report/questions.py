"""Inline questions as a page shows them: the answer in pieces, with passages marked per criterion. Gives no marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..model import Criterion, Outcome, QuestionKind, QuestionResult
from ..points import shown_points
from .checks import Verdict, verdict
from .text import cut, language

__all__ = ["CriterionView", "MarkView", "Piece", "QuestionView", "pieces", "question_view"]

MAX_ANSWER = 20_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the answer. criteria: numbers, from 1, of the criteria whose terms it holds; empty for plain text."""

    text: str
    criteria: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionView:
    """A rubric line and how many passages of the answer are marked for it."""

    number: int
    text: str
    points: str
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkView:
    """A person's decision: who and when (ISO for machines, readable for people)."""

    comment: str
    comment_language: str
    marker: str
    iso: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """One question. language: of the answer, for the lang attribute. cut_off: characters of the answer not shown."""

    id: str
    title: str
    kind: str
    verdict: Verdict
    points: str
    max_points: str
    answered: bool
    reason: str
    language: str
    pieces: tuple[Piece, ...]
    cut_off: int
    criteria: tuple[CriterionView, ...]
    mark: MarkView | None


def question_view(question: QuestionResult) -> QuestionView:
    """The question with its answer cut into marked and plain pieces; spans outside the answer are ignored."""
    answer, cut_off = question.answer, 0
    if len(answer) > MAX_ANSWER:
        cut_off = len(answer) - MAX_ANSWER
        answer = answer[:MAX_ANSWER]
    return QuestionView(
        id=question.id,
        title=question.title,
        kind="Choice" if question.kind is QuestionKind.CHOICE else "Written answer",
        verdict=_verdict(question),
        points=shown_points(question.points, question.max_points),
        max_points=shown_points(question.max_points),
        answered=question.answered,
        reason=question.reason,
        language=language(answer),
        pieces=pieces(answer, question.criteria),
        cut_off=cut_off,
        criteria=tuple(
            _criterion(i, criterion, len(answer)) for i, criterion in enumerate(question.criteria, 1)
        ),
        mark=_mark(question),
    )


def _verdict(question: QuestionResult) -> Verdict:
    if (
        question.outcome is Outcome.NOT_GRADED
        and question.kind is QuestionKind.TEXT
        and question.mark is None
    ):
        return Verdict(kind="open", word="Waits for a person")
    if question.outcome is Outcome.NOT_GRADED:
        return verdict(question.outcome, question.points, question.max_points)
    if question.points >= question.max_points:
        return Verdict(kind="passed", word="Full marks")
    if question.points > 0:
        return Verdict(kind="partial", word="Part of the marks")
    return Verdict(kind="failed", word="No marks" if question.answered else "Not answered")


def _criterion(number: int, criterion: Criterion, length: int) -> CriterionView:
    passages = len(_inside(criterion, length))
    return CriterionView(
        number=number, text=criterion.text, points=shown_points(criterion.points), passages=passages
    )


def _inside(criterion: Criterion, length: int) -> list[tuple[int, int]]:
    return [(start, min(end, length)) for start, end in criterion.spans if 0 <= start < min(end, length)]


def pieces(answer: str, criteria: Sequence[Criterion]) -> tuple[Piece, ...]:
    """Cut the answer wherever a marked passage begins or ends; passages of several criteria may overlap."""
    edges: dict[int, list[tuple[int, int]]] = {0: [], len(answer): []}
    for number, criterion in enumerate(criteria, 1):
        for start, end in _inside(criterion, len(answer)):
            edges.setdefault(start, []).append((number, 1))
            edges.setdefault(end, []).append((number, -1))
    parts = []
    open_now: Counter[int] = (
        Counter()
    )  # passages that hold this place, by criterion: an answer may have thousands
    for begin, stop in pairwise(sorted(edges)):
        for number, change in edges[begin]:
            open_now[number] += change
        numbers = sorted(number for number, count in open_now.items() if count)
        parts.append(Piece(text=answer[begin:stop], criteria=tuple(numbers)))
    return tuple(parts)


def _mark(question: QuestionResult) -> MarkView | None:
    mark = question.mark
    if mark is None:
        return None
    comment = cut(mark.comment, head=MAX_ANSWER)[0]
    return MarkView(
        comment=comment,
        comment_language=language(comment),
        marker=mark.marker,
        iso=mark.marked_at.isoformat(timespec="minutes"),
        when=f"{mark.marked_at:%Y-%m-%d %H:%M}",
    )
