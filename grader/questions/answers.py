"""Find the answers to inline questions in a student's notebook. Pure: takes a notebook as read, runs and changes nothing.

A question is found by the metadata of its cell, `{"gradecheck": {"question": "<id>"}}`, or, in notebooks without it, by its heading
("Inline Question 1", however dressed). The answer stands behind a marker ("**Answer:**", "답:", "Your Answer:") or in the cells
that follow. Text that is only the template counts as not answered. Where a question is found but nothing tells the answer from the
question, the whole text is handed on, so that a person looks rather than a zero being given.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..assignment import Question
from ..composed import BLANKS, composed
from ..model import Answer
from .cells import Cell, read_cells

__all__ = ["extract_answers"]

# What the courses' notebooks put where an answer is to be written, besides the assignment's own template. Compared as `_bare` text.
TEMPLATES = (
    "[FILL THIS IN]",
    "fill in here",
    "fill this in",
    "fill me in",
    "your answer here",
    "your answer",
    "write your answer here",
    "type your answer here",
    "put your answer here",
    "answer here",
    "TODO",
    "YOUR ANSWER HERE",
    "여기에 답을 작성하세요",
    "답변을 작성하세요",
)

# All repetitions are bounded: what a student writes must not make these patterns slow.
_DRESS = r"[ \t>#*_]{0,16}(?:\d{1,3}(?:\.\d{1,3}){0,4}\.?[ \t]{1,8})?[*_]{0,6}"  # "### 3.1 **" in front of a heading
_LATEX = r"(?:\$?\\color\{[^{}\n]{0,40}\}[ \t]{0,8}\{)?(?:\$?\\(?:textit|textbf|text|mathbf|mathit)\b[ \t]{0,8}\{?)?"
_TAGS = r"(?:<[a-z][^<>\n]{0,80}>[ \t*_]{0,8}){0,2}"
_MARKER = re.compile(
    rf"^{_DRESS}{_TAGS}{_LATEX}[ \t]{{0,8}}(?:your[ \t]{{1,8}}answers?|my[ \t]{{1,8}}answers?|answers?|ans|solution"
    r"|답변|정답|답|答案|回答|antwort|lösung|respuesta|réponse|risposta|resposta|cevap|ответ)"
    r"(?:(?:[ \t]{0,8}\(?\d?\)?[*_}$ \t]{0,16}[:：]|[*_}$ \t]{0,16}(?:\.|[=\-]>|[–—\-](?=\s|$)))"
    r"(?:</[a-z][a-z0-9]{0,8}>|[*_}$ \t]){0,16}"
    r"|(?:</[a-z][a-z0-9]{0,8}>|[*_}$ \t]){0,16}$)",  # "Answer 2" is an answer, "Answer 2:" none
    re.IGNORECASE | re.MULTILINE,
)
_ANSWER_NAME = re.compile(r"(?:^|_)(?:answer|ans|choice|option|question|q\d)", re.IGNORECASE)
_LONG_CHARACTERS = 20_000
_SHORT_CHARACTERS = (
    2_000  # of a code cell that may be an answer in constants; more is not given to the parser
)
_HEADING_LINE = re.compile(r"[ \t]{0,3}#{1,6}[ \t]*\S|[^\n]+\n[ \t]{0,3}(?:=+|-{3,})[ \t]*(?:\n|$)")
# A line of a question's list of options, and what students do to the one that they choose.
_OPTION_LINE = re.compile(r"[ \t>*_~+\-]{0,16}\(?[0-9a-e]{1,2}[.)][ \t*_~]{1,8}\S|[ \t]{0,16}[-*+][ \t]")
_TICK = re.compile(r"\[[xX✓✔]\]|[✓✔☑✅←⇐]|<[-=]|~~|\*\*|__|\\color|<(?:b|u|mark|font|span|del|s|strong)\b")
_NOTHING = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<br\s*/?>|&nbsp;|</?(?:font|span|p|b|i|div)\b[^<>]*>", re.DOTALL | re.IGNORECASE
)


def extract_answers(
    notebook: Mapping[str, Any], questions: Sequence[Question], *, original: Mapping[str, Any] | None = None
) -> tuple[Answer, ...]:
    """The answer to each of `questions`, in their order; `cell` is None where a question was not found.

    notebook: nbformat 4 as a mapping, e.g. from `nbformat.read`; cells that are not as the format says are passed over. questions:
    those asked in this notebook. original: the notebook that was handed out, or its source: a cell of it that follows a question
    is then never taken for a student's, unless it is the source's own answer: a short one may be the student's, word for word.
    Texts are NFC. If a question stands in several cells (students copy cells), the answered ones count, and different answers are
    joined by an empty line, for the person who marks to see them all.
    """
    pages = _Pages(
        cells=read_cells(notebook),
        headings={question.id: _heading_pattern(question) for question in questions},
        given=frozenset(_bare(cell.source) for cell in read_cells(original or {}) if not cell.solution)
        - {""},
    )
    return tuple(_answer(pages, question) for question in questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    """A notebook's cells, the headings to look for by question, and the bare texts of the original's cells."""

    cells: tuple[Cell, ...]
    headings: Mapping[str, re.Pattern[str]]
    given: frozenset[str]


def _heading_pattern(question: Question) -> re.Pattern[str]:
    """The heading at the start of a line; "Inline Question 1" is not found in "Inline Question 10"."""
    words = r"[ \t]{1,8}".join(map(re.escape, composed(question.heading).split()))
    return re.compile(
        rf"^{_DRESS}{words}(?![^\W_])[*_ \t]{{0,16}}[:：.]?[*_]{{0,6}}", re.IGNORECASE | re.MULTILINE
    )


def _answer(pages: _Pages, question: Question) -> Answer:
    """The answer where the question stands: in cells marked with its id, else in or below cells with its heading."""
    heading = pages.headings[question.id]
    places = [index for index, cell in enumerate(pages.cells) if cell.question == question.id]
    if not places:
        places = [
            index
            for index, cell in enumerate(pages.cells)
            if cell.kind != "code" and heading.search(cell.source)
        ]
    if not places:
        return Answer(question=question.id)
    found = [_at(pages, index, question) for index in places]
    kept = [(_trimmed(text, question), index) for text, index in found if not _is_template(text, question)]
    answered = [(text, index) for text, index in kept if text]
    if not answered:
        return _unanswered(pages, places, question) or Answer(
            question=question.id, text=found[0][0], cell=found[0][1]
        )
    texts = list(dict.fromkeys(text for text, _ in answered))
    return Answer(question=question.id, text="\n\n".join(texts), answered=True, cell=answered[0][1])


def _unanswered(pages: _Pages, places: Sequence[int], question: Question) -> Answer | None:
    """For a person: the whole text of a question whose place for the answer is empty, but in which something was written."""
    for index in places:
        cell = pages.cells[index]
        if _bare(cell.source) in pages.given or cell.question == question.id:
            continue
        text, _ = _own_part(pages, cell.source, question)
        marker = _MARKER.search(text)
        asked = text[: marker.start()] if marker else text
        if _is_marked(asked) or _ends_in_prose(asked):
            return Answer(question=question.id, text=text.strip(), answered=True, cell=index)
    return None


def _is_marked(asked: str) -> bool:
    """Whether some, but not all, of a question's options are ticked, bold, struck through or pointed at."""
    options = [line for line in asked.splitlines() if _OPTION_LINE.match(line)]
    marked = [line for line in options if _TICK.search(line)]
    return 0 < len(marked) < len(options)


def _ends_in_prose(asked: str) -> bool:
    """Whether a paragraph that asks nothing and is no option stands last, below others: an answer above its marker."""
    paragraphs = [part for part in re.split(r"\n[ \t]*\n", asked.strip()) if part.strip()]
    last = paragraphs[-1].strip() if len(paragraphs) > 1 else ""
    lines = last.splitlines()
    return bool(lines) and "?" not in last and not all(_OPTION_LINE.match(line) for line in lines)


def _at(pages: _Pages, index: int, question: Question) -> tuple[str, int]:
    """The text of the answer to the question that stands at `index`, and the cell in which it begins."""
    cell = pages.cells[index]
    text, asked = _own_part(pages, cell.source, question)
    marker = _MARKER.search(text)
    marked = cell.question == question.id
    if marker is None and (asked or not marked):
        return _below(pages, index, asked=text)
    text = text[marker.end() :].strip() if marker else text.strip()
    answered = not _is_template(text, question)
    if marked and not pages.given:
        if answered:
            return (
                text,
                index,
            )  # what follows may be the notebook's next paragraph: without the original there is no telling
        more = [part for part, _ in _following(pages, index, answered=False)][:1]
    else:
        more = [part for part, _ in _following(pages, index, answered=answered)]
    return "\n\n".join([text, *more]).strip(), index


def _own_part(pages: _Pages, source: str, question: Question) -> tuple[str, bool]:
    """What stands behind the question's heading, up to the next question's, and whether there was a heading."""
    own = pages.headings[question.id].search(source)
    start = own.end() if own else 0
    others = [
        pattern.search(source, start) for name, pattern in pages.headings.items() if name != question.id
    ]
    end = min((match.start() for match in others if match), default=len(source))
    return source[start:end], own is not None


def _below(pages: _Pages, index: int, *, asked: str) -> tuple[str, int]:
    """The answer in the cells below a question that has no marker of its own."""
    parts = list(_following(pages, index, answered=False))
    for number, (part, place) in enumerate(parts):
        marker = _MARKER.search(part)
        if marker:
            rest = [part[marker.end() :].strip(), *(later for later, _ in parts[number + 1 :])]
            return "\n\n".join(rest), place
    if parts:
        return "\n\n".join(part for part, _ in parts), parts[0][1]
    return asked.strip(), index  # no telling where the question ends and an answer begins: a person looks


def _following(pages: _Pages, index: int, *, answered: bool) -> Iterator[tuple[str, int]]:
    """Texts below a question that can be its answer, up to the next heading, question, code, or cell of the original.

    The first code cell ends it, too, but counts if it is prose and nothing was answered so far.
    """
    for place in range(index + 1, len(pages.cells)):
        cell = pages.cells[place]
        if cell.question is not None or any(
            pattern.search(cell.source) for pattern in pages.headings.values()
        ):
            return
        marker = _MARKER.match(cell.source.lstrip())
        if _bare(cell.source) in pages.given and not marker:
            return
        if cell.kind == "code":
            prose = cell.source.strip() if marker else _prose_in_code(cell.source)
            if prose and not answered:
                yield prose, place
            return
        if _HEADING_LINE.match(cell.source.lstrip("\n")) and not marker:
            return
        if cell.source.strip():
            yield cell.source.strip(), place
            answered = answered or not marker


def _prose_in_code(source: str) -> str:
    """The text of a code cell that is an answer and no code: comments only, or constants only, printed or not; else nothing."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    if lines and all(line.startswith("#") for line in lines):
        return "\n".join(line.lstrip("# ") for line in lines)
    if len(source) > _SHORT_CHARACTERS:
        return ""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested too deeply
        return ""
    constants = body and all(
        (isinstance(node, ast.Expr) and _is_said(node.value)) or _is_named_answer(node) for node in body
    )
    return source.strip(" \n'\"") if constants else ""


def _is_named_answer(node: ast.stmt) -> bool:
    """A constant that is given the name of an answer: `answer = 2`."""
    return (
        isinstance(node, ast.Assign)
        and all(isinstance(target, ast.Name) and _ANSWER_NAME.search(target.id) for target in node.targets)
        and _is_constant(node.value)
    )


def _is_said(node: ast.expr) -> bool:
    """A constant, or one that is printed."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
        return bool(node.args) and not node.keywords and all(map(_is_constant, node.args))
    return _is_constant(node)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.Tuple) and all(map(_is_constant, node.elts))
    )


def _is_template(text: str, question: Question) -> bool:
    """Whether nothing but template text, however often, markers and white space is there."""
    rest = _bare(_MARKER.sub("", text))
    templates = (*TEMPLATES, question.template, _MARKER.sub("", question.template))
    for template in sorted({_bare(template) for template in templates} - {""}, key=len, reverse=True):
        rest = rest.replace(template, "")
    return not rest


def _trimmed(text: str, question: Question) -> str:
    """The answer without the template's text, if a student left it standing beside the answer."""
    for template in (question.template.strip(), TEMPLATES[0]):
        text = text.replace(template, "") if template else text
    return text.strip()


def _bare(text: str) -> str:
    """Letters and digits only, NFC and without case: what is left when dress and white space are taken away."""
    plain = _NOTHING.sub(" ", text) if len(text) <= _LONG_CHARACTERS else text  # no template is that long
    plain = composed(plain).casefold()
    return re.sub(rf"[\W_{BLANKS}]+", "", plain)
