"""Read an executed notebook as data: texts, errors and checked pictures, all capped. Nothing in it is run, rendered or trusted."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..model import CellEvidence, Ending, NotebookEvidence
from .markup import words_of
from .png import plain_png
from .text import as_terminal, cut, seconds_text

__all__ = ["CellView", "ImageOutput", "NotebookView", "TextOutput", "notebook_view"]

MAX_NOTEBOOK_BYTES = 64 * 1024 * 1024
TEXT_HEAD, TEXT_TAIL = 3_000, 1_000  # characters of one output
ERROR_TAIL = 3_000  # the end of a traceback tells most
SOURCE_HEAD = 4_000
FIRST_LINE = 80  # characters of a cell's first line, by which one finds it
MAX_TEXT = 150_000  # characters of all outputs of a notebook
MAX_OUTPUTS = 40  # of one cell
MAX_IMAGES = 60  # of a notebook
MAX_IMAGE_BYTES = 2 * 1024 * 1024
MAX_IMAGES_BYTES = 8 * 1024 * 1024  # of a notebook
LIVE = {
    "text/html": "HTML",
    "image/svg+xml": "SVG",
    "application/javascript": "JavaScript",
    "text/latex": "LaTeX",
}
#: What an object is called that has another form to show: it tells a reader nothing.
NAMELESS = re.compile(r"<[\w.]+ object(?: at 0x[0-9a-f]+)?>")

ENDED = {
    Ending.RAISED: "raised an error",
    Ending.TIMED_OUT: "stopped at its time limit",
    Ending.DIED: "its process died",
    Ending.MALFORMED: "gave an answer that could not be read",
    Ending.OVERSIZE: "gave more output than is allowed",
    Ending.MISSING: "not found",
    Ending.NOT_RUN: "not run",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOutput:
    """One output as text. kind: "stdout", "stderr", "result", "error" or "note" (our own sentence)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOutput:
    """A checked PNG as base64, with its size in pixels and the student's text for it."""

    base64: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """A code cell that gave something to see. label: as Jupyter numbers it. ended: in words, "" for an ordinary end."""

    label: str
    source: str
    ended: str
    took: str
    outputs: tuple[TextOutput | ImageOutput, ...]

    @property
    def first_line(self) -> str:
        """The source's first line that is not empty, shortened."""
        line = next((line.strip() for line in self.source.split("\n") if line.strip()), "")
        return line if len(line) <= FIRST_LINE else f"{line[:FIRST_LINE]}…"

    @property
    def notable(self) -> bool:
        """Open from the start: it ended badly or shows a figure."""
        return bool(self.ended) or any(isinstance(output, ImageOutput) for output in self.outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookView:
    """A notebook as it ran. ended: in words; problem: why the outputs cannot be shown, or ""."""

    path: str
    ended: str
    cells: tuple[CellView, ...]
    ran: int
    bad: int
    problem: str = ""


@dataclass(slots=True)
class _Budget:
    """What a page may still take in. The first pictures and texts win; the rest is named, not shown."""

    text: int = MAX_TEXT
    images: int = MAX_IMAGES
    image_bytes: int = MAX_IMAGES_BYTES
    dropped: list[str] = field(default_factory=list)


def notebook_view(evidence: NotebookEvidence, executed: bytes | None) -> NotebookView:
    """What to show of one executed notebook; never raises, for a student made the bytes."""
    cells, problem = _read(executed)
    by_index = {cell.index: cell for cell in evidence.cells}
    budget = _Budget()
    views = []
    for index, cell in enumerate(cells):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            view = _cell(index, cell, by_index.get(index), budget)
            if view.outputs or view.ended:
                views.append(view)
    if problem:
        views = [_bare(cell) for cell in evidence.cells if cell.ending is not Ending.ANSWERED]
    return NotebookView(
        path=evidence.path,
        ended=ENDED.get(evidence.ending, ""),
        cells=tuple(views),
        ran=len(evidence.cells),
        bad=sum(cell.ending is not Ending.ANSWERED for cell in evidence.cells),
        problem=problem,
    )


def _read(executed: bytes | None) -> tuple[list[Any], str]:
    if executed is None:
        return [], "The executed notebook was not kept."
    if len(executed) > MAX_NOTEBOOK_BYTES:
        return [], "The executed notebook is too large to show."
    try:
        document = json.loads(executed)
    except (ValueError, RecursionError):
        return [], "The executed notebook cannot be read."
    cells = document.get("cells") if isinstance(document, dict) else None
    return (cells, "") if isinstance(cells, list) else ([], "The executed notebook has no cells.")


def _bare(evidence: CellEvidence) -> CellView:
    error = evidence.error
    outputs = (TextOutput(kind="error", text=f"{error.kind}: {error.message}"),) if error else ()
    took = seconds_text(evidence.wall_s)
    return CellView(
        label=_label(evidence.index, None),
        source="",
        ended=ENDED.get(evidence.ending, ""),
        took=took,
        outputs=outputs,
    )


def _cell(index: int, cell: dict[str, Any], evidence: CellEvidence | None, budget: _Budget) -> CellView:
    raw = cell.get("outputs")
    raw = raw if isinstance(raw, list) else []
    outputs = [
        view for output in raw[:MAX_OUTPUTS] if isinstance(output, dict) for view in _output(output, budget)
    ]
    if len(raw) > MAX_OUTPUTS:
        outputs.append(
            TextOutput(
                kind="note", text=f"{len(raw) - MAX_OUTPUTS:,} more outputs of this cell are left out."
            )
        )
    outputs += [TextOutput(kind="note", text=text) for text in dict.fromkeys(budget.dropped)]
    budget.dropped.clear()
    ended = ENDED.get(evidence.ending, "") if evidence else ""
    return CellView(
        label=_label(index, cell.get("execution_count")),
        source=cut(_joined(cell.get("source")), head=SOURCE_HEAD)[0],
        ended=ended
        or ("raised an error" if any(output.get("output_type") == "error" for output in _dicts(raw)) else ""),
        took=seconds_text(evidence.wall_s) if evidence else "",
        outputs=tuple(outputs),
    )


def _label(index: int, count: object) -> str:
    """ "[4]", the number that Jupyter and our tracebacks give to the run cell; without one, its place among all cells."""
    return f"[{count}]" if isinstance(count, int) else f"{index + 1}, counting all"


def _dicts(values: list[Any]) -> Iterator[dict[str, Any]]:
    return (value for value in values if isinstance(value, dict))


def _output(output: dict[str, Any], budget: _Budget) -> Iterator[TextOutput | ImageOutput]:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        yield from _text(name, _joined(output.get("text")), budget)
    elif kind == "error":
        lines = output.get("traceback")
        trace = "\n".join(str(line) for line in lines) if isinstance(lines, list) else ""
        last = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        yield from _text("error", trace or last, budget, head=0, tail=ERROR_TAIL)
    elif kind in {"display_data", "execute_result"}:
        data = output.get("data")
        if isinstance(data, dict):
            yield from _display(data, budget)


def _display(data: dict[str, Any], budget: _Budget) -> Iterator[TextOutput | ImageOutput]:
    plain = _joined(data.get("text/plain"))
    if "image/png" in data:
        image = _image(_joined(data["image/png"]), plain, budget)
        if image is not None:
            yield image
            return
    live = next((name for kind, name in LIVE.items() if kind in data), "")
    if live:
        budget.dropped.append(f"{live} output is not shown live; this is its text.")
    telling = plain if not NAMELESS.fullmatch(plain.strip()) else ""
    yield from _text("result", telling or _as_words(data) or plain, budget)


def _as_words(data: dict[str, Any]) -> str:
    """A display that has no telling plain text: as it was written, and HTML's words alone if it has any."""
    for kind in ("text/markdown", "text/latex", *LIVE):
        if source := _joined(data.get(kind)):
            return (words_of(source) if kind == "text/html" else "") or source
    return ""


def _text(
    kind: str, text: str, budget: _Budget, *, head: int = TEXT_HEAD, tail: int = TEXT_TAIL
) -> Iterator[TextOutput]:
    shown = as_terminal(text).strip("\n")
    if not shown.strip():
        return
    if budget.text <= 0:
        budget.dropped.append("More text output is left out: this notebook printed a lot.")
        return
    shown, _ = cut(shown, head=head, tail=tail)
    budget.text -= len(shown)
    yield TextOutput(kind=kind, text=shown)


def _image(encoded: str, alt: str, budget: _Budget) -> ImageOutput | None:
    if budget.images <= 0 or len(encoded) * 3 // 4 > min(MAX_IMAGE_BYTES, budget.image_bytes):
        budget.dropped.append("A figure is left out: the notebook's figures are too many or too large.")
        return None
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    picture = plain_png(data)
    if picture is None:
        budget.dropped.append("A figure is left out: its data is not a PNG picture.")
        return None
    budget.images -= 1
    budget.image_bytes -= len(picture.data)
    text = base64.b64encode(picture.data).decode("ascii")
    return ImageOutput(base64=text, width=picture.width, height=picture.height, alt=cut(alt, head=200)[0])


def _joined(value: Any) -> str:
    """Notebook text is a string or a list of lines; anything else is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""
