"""Inline questions, from answers to results. Pure, and no figure of similarity ever becomes a mark.

Choice questions are scored where the choice can be read without doubt (`grader.questions.choices`). Text questions get the
rubric's criteria with the places in the answer where its terms occur, as help for the person who marks, and stay `NOT_GRADED`
until that person has decided. A person's mark stands above everything that is worked out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ..assignment import Question, RubricLine
from ..composed import composed
from ..model import Answer, Criterion, ManualMark, Outcome, QuestionKind, QuestionResult
from .answers import extract_answers
from .choices import Reading, read_one, read_slots

__all__ = ["criteria", "extract_answers", "grade_questions", "score_choice"]

_ZERO = Decimal(0)
# A title such as "When layer normalization does not work well": then a negation beside the option belongs to the answer.
_NEGATIVE = re.compile(
    r"\b(?:not|no|never|fail(?:s|ing|ure)?|badly|poorly|worse|worst|wrong|false)\b|n't\b|않|못|아닌|틀린",
    re.IGNORECASE,
)
_PARTICLES = "은|는|이|가|을|를|의|에|에서|에게|로|으로|와|과|도|만"  # Korean particles that belong to the word before them


def grade_questions(
    answers: Iterable[Answer],
    questions: Sequence[Question],
    marks: Mapping[str, ManualMark],
    *,
    elsewhere: str = "",
) -> tuple[QuestionResult, ...]:
    """One result for each question, in the order of `questions`.

    answers: as `extract_answers` gives them; a question without one had no notebook to stand in, and earned nothing. A question
    that was not found in a notebook is left to a person: it may have been moved. marks: by question id; each overrides what would
    be worked out. Their points were checked against the question's when they came in. elsewhere: a file that may hold the answers
    where there is no notebook; a person has to look there.
    """
    found = {answer.question: answer for answer in answers}
    results = []
    for question in questions:
        answer = found.get(question.id)
        result = _unmarked(answer, question, elsewhere)
        mark = marks.get(question.id)
        results.append(result if mark is None else _marked(result, mark))
    return tuple(results)


def score_choice(answer_text: str, question: Question) -> QuestionResult:
    """The result of a choice question: points for each slot whose options are right, or `NOT_GRADED` if the choice is not clear."""
    negative = bool(_NEGATIVE.search(question.title))
    if len(question.slots) == 1:
        reading = read_one(answer_text, options=question.options, negative=negative)
        if not reading.unclear:
            reading = Reading(chosen={question.slots[0].id: reading.chosen[""]})
    else:
        labels = {slot.id: slot.labels for slot in question.slots}
        reading = read_slots(answer_text, labels=labels, options=question.options)
    if reading.unclear:
        reason = f"a person has to read which option was chosen: {reading.unclear}"
        return _result(question, Outcome.NOT_GRADED, answer=answer_text, answered=True, reason=reason)
    right = [
        slot
        for slot in question.slots
        if any(reading.chosen[slot.id] == set(accepted) for accepted in slot.accept)
    ]
    points = sum((slot.points for slot in right), _ZERO)
    outcome = Outcome.PASSED if len(right) == len(question.slots) else Outcome.FAILED
    reason = _chosen(question, reading)
    return _result(question, outcome, points=points, answer=answer_text, answered=True, reason=reason)


def criteria(answer_text: str, question: Question) -> tuple[Criterion, ...]:
    """The rubric's lines, each with the spans of `answer_text` (as NFC) in which its terms occur."""
    text = composed(answer_text)
    return tuple(
        Criterion(text=line.criterion, points=line.points, spans=_spans(text, line))
        for line in question.rubric
    )


def _unmarked(answer: Answer | None, question: Question, elsewhere: str) -> QuestionResult:
    if answer is None and elsewhere:
        reason = (
            f"the notebook with this question is missing; a person has to look for the answer in {elsewhere}"
        )
        return _result(question, Outcome.NOT_GRADED, reason=reason)
    if answer is None:
        reason = "not answered: the notebook with this question is missing or could not be read"
        return _result(question, Outcome.FAILED, reason=reason)
    if answer.cell is None:
        reason = f'the question "{question.heading}" was not found in the notebook; a person has to look for the answer'
        return _result(question, Outcome.NOT_GRADED, reason=reason)
    if not answer.answered:
        return _result(question, Outcome.FAILED, reason="not answered: the template's text is unchanged")
    text = composed(answer.text)
    if question.kind == "choice":
        return score_choice(text, question)
    return _result(
        question, Outcome.NOT_GRADED, answer=text, answered=True, reason="a person has to mark this answer"
    )


def _marked(result: QuestionResult, mark: ManualMark) -> QuestionResult:
    """The result with a person's decision in place of what was worked out."""
    outcome = Outcome.PASSED if mark.points >= result.max_points else Outcome.FAILED
    return replace(result, outcome=outcome, points=mark.points, reason=mark.comment, mark=mark)


def _result(
    question: Question,
    outcome: Outcome,
    *,
    points: Decimal = _ZERO,
    answer: str = "",
    answered: bool = False,
    reason: str,
) -> QuestionResult:
    return QuestionResult(
        id=question.id,
        title=question.title,
        kind=QuestionKind(question.kind),
        outcome=outcome,
        points=points,
        max_points=question.points,
        answer=answer,
        answered=answered,
        reason=reason,
        criteria=criteria(answer, question),
    )


def _chosen(question: Question, reading: Reading) -> str:
    """What was read, for the student to see; never which options are right."""
    parts = []
    for slot in question.slots:
        options = ", ".join(str(option) for option in sorted(reading.chosen[slot.id]))
        parts.append(f"{slot.labels[0]}: {options}" if slot.labels else options)
    return f"read as {'; '.join(parts)}"


def _spans(text: str, line: RubricLine) -> tuple[tuple[int, int], ...]:
    """Where the line's terms occur, sorted, overlapping ones joined."""
    terms = {composed(term) for terms in line.terms.values() for term in terms if term.strip()}
    found = sorted(match.span() for term in terms for match in _term_pattern(term).finditer(text))
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _term_pattern(term: str) -> re.Pattern[str]:
    """Latin terms are stems: from the start of a word to its end ("initial" finds "Initialization"). Others are found anywhere,

    with whatever blanks, and with a Korean particle behind them, for Korean joins both to the word.
    """
    words = term.split()
    if term.isascii():
        stem = r"[\s\-]+".join(map(re.escape, words))
        return re.compile(rf"\b{stem}\w*" if term[0].isalnum() else re.escape(term), re.IGNORECASE | re.ASCII)
    anywhere = r"\s*".join(map(re.escape, words))
    return re.compile(rf"{anywhere}(?:(?:{_PARTICLES})(?![가-힣]))?", re.IGNORECASE)
