"""The words in a student's HTML, for pages that show none of it live: tables as lines, cells apart, scripts and styles left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["words_of"]

MAX_CHARACTERS = 50_000  # of markup that are read: a page shows a few thousand
SILENT = frozenset({"script", "style", "head", "template"})
CELLS = frozenset({"td", "th"})
LINES = frozenset(
    {"br", "div", "p", "tr", "li", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "section"}
)
GAPS = re.compile(r"\n\s*\n+")
SPACES = re.compile(r"\s+")
AROUND_CELLS = re.compile(r" *\t *")


class _Words(HTMLParser):
    """Gathers what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self._silent += tag in SILENT
        if tag == "br":
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in CELLS:
            self.parts.append("\t")
        elif tag in LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(SPACES.sub(" ", data))


def words_of(markup: str) -> str:
    """Return the text of `markup`; nothing where it has none, or cannot be read."""
    words = _Words()
    try:
        words.feed(markup[:MAX_CHARACTERS])
        words.close()
    except Exception:  # noqa: BLE001  # the parser fails in its own ways on what is no HTML
        return ""
    lines = AROUND_CELLS.sub("\t", "".join(words.parts)).split("\n")
    return GAPS.sub("\n", "\n".join(line.strip(" ").rstrip() for line in lines)).strip("\n")
