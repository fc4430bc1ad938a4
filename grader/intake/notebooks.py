"""Recognise the assignment's notebooks among a student's files: by name, by other names of it, by the headings in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from itertools import islice

from ..assignment import NotebookSpec, Question
from ..composed import composed
from ..jsonfile import joined, read_json
from ..questions.answers import extract_answers
from .caps import DEFAULT_CAPS
from .tree import Entry

__all__ = ["headings_found", "name_rank", "pick_notebook", "plain_name"]

# What can match nowhere must not be tried in many ways: the repetitions are possessive, and blanks do not run over lines.
_COPY = re.compile(r"(?:[ _-]*+(?:\(\d++\)|copy ?\d*+|kopie|checkpoint|final|\d++))++$", re.IGNORECASE)
_HEADING = re.compile(r"^[ \t]*+#{1,6}[ \t]+(.*)$", re.MULTILINE)

HEADING_CHARACTERS = 1_000  # of a line that may be one of the headings
MOST_HEADINGS = 10_000  # in one notebook
EXACT, COPY, OTHER, UNKNOWN = 0, 1, 2, 3


def plain_name(name: str) -> str:
    """A file's name in lower case without the marks of a copy: "BatchNormalization (1).ipynb" -> "batchnormalization.ipynb"."""
    stem, dot, suffix = name.rpartition(".")
    return (_COPY.sub("", stem) + dot + suffix).casefold()


def name_rank(name: str, spec: NotebookSpec) -> int:
    """How well a file's name fits: 0 the notebook's own, 1 a copy's, 2 one of `matches`, 3 none of these."""
    wanted = spec.path.rpartition("/")[2]
    lowered = name.casefold()
    if lowered == wanted.casefold():
        return EXACT
    if plain_name(name) == wanted.casefold():
        return COPY
    return OTHER if any(fnmatchcase(lowered, pattern.casefold()) for pattern in spec.matches) else UNKNOWN


def headings_found(data: bytes, headings: Sequence[str]) -> int:
    """How many of `headings` stand in the markdown of a notebook; 0 for bytes that are no notebook."""
    try:
        cells = read_json(data)["cells"]
        sources = [cell["source"] for cell in cells if cell.get("cell_type") == "markdown"]
        texts = [joined(source) for source in sources]
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0
    found = (match[1][:HEADING_CHARACTERS] for text in texts for match in _HEADING.finditer(text))
    there = {_normal(line) for line in islice(found, MOST_HEADINGS)}
    return sum(_normal(heading.lstrip("# ")) in there for heading in headings)


def _normal(heading: str) -> str:
    return re.sub(r"\W+", " ", composed(heading[:HEADING_CHARACTERS])).strip().casefold()


def _is_answered(data: bytes, questions: Sequence[Question]) -> bool:
    """Whether any question has an answer in a notebook."""
    try:
        notebook = read_json(data)
    except ValueError:
        return False
    return isinstance(notebook, dict) and any(
        found.answered for found in extract_answers(notebook, questions)
    )


def pick_notebook(
    spec: NotebookSpec,
    candidates: Sequence[Entry],
    *,
    near: Callable[[Entry], tuple[int, int]],
    read: Callable[[Entry], bytes],
    questions: Sequence[Question] = (),
) -> tuple[Entry | None, str]:
    """The candidate that is the notebook `spec`, and how it was recognised ("" where its name is exact).

    Args: near: sort key, smaller for candidates nearer to the modules. read: gives a candidate's bytes. questions: those asked in
        this notebook: of several that could be it by name, one without any answer stands behind those with answers.
    """
    by_path = {entry.path: entry for entry in candidates}
    ranked = sorted((name_rank(entry.name, spec), near(entry), entry.path) for entry in candidates)
    named = [item for item in ranked if item[0] < UNKNOWN][: DEFAULT_CAPS.candidates]
    if questions and len(named) > 1:
        named.sort(key=lambda item: not _is_answered(read(by_path[item[2]]), questions))  # stable
    if named:
        rank, _, path = named[0]
        return by_path[path], "" if rank == EXACT else "by its name"
    if not spec.headings:
        return None, ""
    looked_into = sorted(candidates, key=lambda entry: (near(entry), entry.path))[: DEFAULT_CAPS.candidates]
    counted = [
        (-headings_found(read(entry), spec.headings), near(entry), entry.path) for entry in looked_into
    ]
    best = min(counted, default=None)
    if best and -best[0] * 2 >= len(spec.headings):
        return by_path[best[2]], "by its headings"
    return None, ""
