"""The words in a student's HTML, for pages that show none of it live: tables as lines, cells apart, scripts and styles left out.

A tag is what stands between two brackets, in quotes or not: nobody has to understand it. Python's own parser, which does, takes the
square of a text's length where that was made for it: half a minute for one output.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

__all__ = ["words_of"]

MAX_CHARACTERS = 50_000  # of markup that are read: a page shows a few thousand
SILENT = frozenset({"script", "style", "head", "template"})
CELLS = frozenset({"td", "th"})
LINES = frozenset(
    {"br", "div", "p", "tr", "li", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "section"}
)
COMMENT_ENDS = "-->"
TAG = re.compile(r"<!--|<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,15}+)[^<>]*+>|<[!?][^<>]*+>")
GAPS = re.compile(r"\n\s*\n+")
SPACES = re.compile(r"\s+")
AROUND_CELLS = re.compile(r" ?\t ?")  # what stands there is one space, once runs of them are


def words_of(markup: str) -> str:
    """Return the text of `markup`; nothing where it has none, or cannot be read."""
    try:
        text = "".join(_parts(markup[:MAX_CHARACTERS]))
    except ValueError:  # a character whose number has thousands of digits
        return ""
    lines = AROUND_CELLS.sub("\t", re.sub(" +", " ", text)).split("\n")
    return GAPS.sub("\n", "\n".join(line.strip(" ").rstrip() for line in lines)).strip("\n")


def _parts(markup: str) -> Iterator[str]:
    """What a reader would see, in pieces. Raises: ValueError for a character reference that is no number of any character."""
    silent = place = 0
    while found := TAG.search(markup, place):
        if not silent:
            yield _plain(markup[place : found.start()])
        place = found.end()
        if found[0] == "<!--":
            end = markup.find(COMMENT_ENDS, place)
            if end < 0:
                return
            place = end + len(COMMENT_ENDS)
            continue
        name, ends = (found["name"] or "").lower(), bool(found["end"])
        if name in SILENT:
            silent = max(0, silent + (-1 if ends else 1))
        elif ends and name in CELLS:
            yield "\t"
        elif (ends and name in LINES) or name == "br":
            yield "\n"
    if not silent:
        yield _plain(markup[place:])


def _plain(text: str) -> str:
    return SPACES.sub(" ", html.unescape(text))
