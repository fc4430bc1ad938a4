"""Show a self-check: as text of 80 columns for a terminal, and as an HTML table for a notebook. Everything is escaped.

Students receive a copy, so it keeps to the standard library and to what Python 3.8 knows.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

__all__ = ["Row", "as_html", "as_text"]

WIDTH = 80
WORDS = {"passed": "ok", "failed": "FAIL", "todo": "todo"}
COLOURS = {"passed": "\x1b[32m", "failed": "\x1b[31m", "todo": "\x1b[33m"}  # green, red, yellow
PLAIN = "\x1b[0m"
CSS_COLOURS = {"passed": "#1a7f37", "failed": "#cf222e", "todo": "#9a6700"}  # on white 5.1:1 or better
CELL = "text-align: left; vertical-align: top; padding: 0.3em 0.8em 0.3em 0; border-top: 1px solid #8888"
NARROW = CELL + "; white-space: nowrap"
CAVEAT = "Published inputs: the grader draws others, and may check more."


@dataclass(frozen=True)
class Row:
    """What became of one check. outcome: "passed", "failed" or "todo" (not written yet). place, code: the student's own line."""

    check: str
    of: str
    title: str
    outcome: str
    reason: str = ""
    relative_error: float | None = None
    tolerance: float | None = None
    hint: str = ""
    section: str = ""
    place: str = ""
    code: str = ""
    warnings: tuple[str, ...] = ()
    printed: str = ""


def as_text(title: str, rows: Sequence[Row], *, colour: bool = False) -> str:
    """The report as lines of at most 80 columns. colour: with terminal colours."""
    lines = [f"{title}: self-check"]
    function = ""
    said: list[tuple[str, str]] = []
    for row in rows:
        if row.of != function:
            function = row.of
            lines += ["", _clean(function)]
        details = _details(row)
        again = (
            bool(row.place) and details[:2] == said[:2]
        )  # a file that cannot be imported fails every check alike
        lines += _row_lines(row, [("", "as above")] if again else details, colour=colour)
        said = details
    return "\n".join([*lines, "", *_wrapped(_summary(rows), "", "")])


def as_html(title: str, rows: Sequence[Row]) -> str:
    """The report as a table, built as a tree, so that no text can become markup."""
    root = ET.Element("div")
    table = ET.SubElement(root, "table", {"style": "border-collapse: collapse"})
    caption = ET.SubElement(table, "caption", {"style": "text-align: left; font-weight: bold"})
    caption.text = _clean(f"{title}: self-check")
    head = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for name in ("Outcome", "Function", "Check", "Relative error", "Tolerance"):
        ET.SubElement(head, "th", {"scope": "col", "style": NARROW}).text = name
    body = ET.SubElement(table, "tbody")
    for row in rows:
        _html_row(body, row)
    ET.SubElement(root, "p").text = _summary(rows)
    return ET.tostring(root, encoding="unicode", method="html")


def _row_lines(row: Row, details: list[tuple[str, str]], *, colour: bool) -> list[str]:
    word = WORDS[row.outcome].ljust(4)
    marked = f"{COLOURS[row.outcome]}{word}{PLAIN}" if colour else word
    error = "" if row.relative_error is None else f"{row.relative_error:.1e}"
    room = WIDTH - 8 - 9
    title, *more = textwrap.wrap(_clean(row.title), room) or [""]
    lines = [f"  {marked}  {title.ljust(room)} {error:>8}".rstrip()]
    lines += [" " * 8 + line for line in more]
    for label, text in details:
        lines += _wrapped(text, " " * 8 + label, " " * 10)
    return lines


def _details(row: Row) -> list[tuple[str, str]]:
    """What there is to say about a check, as (label, text)."""
    found = []
    if row.reason and not (row.outcome == "todo" and row.place):
        found.append(("", row.reason))
    if row.place and row.outcome != "passed":
        found.append(("at ", row.place))
    if row.code and row.outcome == "failed":
        found.append(("    ", row.code))
    if row.outcome == "failed":
        if row.hint:
            found.append(("hint: ", row.hint))
        if row.section:
            found.append(("see: ", row.section))
        if row.printed.strip():
            found.append(("printed: ", row.printed.strip()))
    found += [("note: ", text) for text in row.warnings]
    return found


def _summary(rows: Sequence[Row]) -> str:
    passed = sum(row.outcome == "passed" for row in rows)
    todo = sum(row.outcome == "todo" for row in rows)
    unwritten = f", {todo} not written yet" if todo else ""
    return f"{passed} of {len(rows)} checks pass{unwritten}. {CAVEAT}"


def _html_row(body: ET.Element, row: Row) -> None:
    line = ET.SubElement(body, "tr")
    # a background of its own keeps the colour legible in dark themes
    mark = f"color: {CSS_COLOURS[row.outcome]}; background: #fff; padding: 0 0.4em"
    outcome = ET.SubElement(line, "td", {"style": NARROW})
    ET.SubElement(outcome, "strong", {"style": mark}).text = WORDS[row.outcome]
    ET.SubElement(line, "td", {"style": NARROW}).text = _clean(row.of)
    what = ET.SubElement(line, "td", {"style": CELL})
    ET.SubElement(what, "div").text = _clean(row.title)
    for label, text in _details(row):
        ET.SubElement(what, "div", {"style": "padding-left: 1em"}).text = _clean(label + text)
    for number in (row.relative_error, row.tolerance):
        ET.SubElement(line, "td", {"style": NARROW}).text = "" if number is None else f"{number:.1e}"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        _clean(text), WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first.rstrip()]


def _clean(text: str) -> str:
    """Text without control characters, which could rewrite the terminal or break the HTML."""
    return "".join(char if char.isprintable() else " " for char in text)
