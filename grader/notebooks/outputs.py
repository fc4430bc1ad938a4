"""What a notebook's cells say, kept as bounded plain data. Every message is student-made: nothing is trusted or rendered."""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model import StudentError, TracebackLine

__all__ = ["CellOutputs", "OutputBudget", "clean_text", "relative_paths", "student_error"]

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
WORK_PATH = re.compile(r"/work/(?=[\w.])")
PACKAGES = "/tmp/gradecheck-"  # noqa: S108  # where the sandbox has packages and the harness, by another name each time
PACKAGES_PATH = re.compile(re.escape(PACKAGES) + r"[\w-]+/(?:site\d+/)?")
#: Folders of the interpreter, the deepest first.
PYTHON_FOLDERS = tuple(
    f"{Path(folder).resolve()}/" for folder in (sysconfig.get_path("stdlib"), sys.base_prefix)
)
CELL = re.compile(r"notebook cell \d{1,6}")

#: Kept mime types; images as base64. Scripts and widgets are not data for a report.
TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")
IMAGES = ("image/png", "image/jpeg", "image/gif")
MAX_OUTPUTS = 1000  # per notebook
MAX_ALIKE = 20  # displays that one update reaches
MAX_MESSAGE = 2000  # characters of an exception's message
MAX_FRAMES = 12


@dataclass(slots=True, kw_only=True)
class OutputBudget:
    """What a notebook may still say, in bytes and in number of outputs; shared by its cells."""

    left_bytes: int
    left_outputs: int = MAX_OUTPUTS
    #: By their ids, displays that may be updated, also by later cells.
    displayed: dict[str, list[_Kept]] = field(default_factory=dict)

    def take(self, size_bytes: int, outputs: int) -> bool:
        """Take so much if it is there, and say whether it was."""
        fits = size_bytes <= self.left_bytes and outputs <= self.left_outputs
        if fits:
            self.left_bytes -= size_bytes
            self.left_outputs -= outputs
        return fits

    def give_back(self, size_bytes: int, outputs: int) -> None:
        """Return what a cleared output had taken."""
        self.left_bytes += size_bytes
        self.left_outputs += outputs


@dataclass(slots=True, eq=False)
class _Kept:
    """One output: a stream's pieces, or a display's data. `display` is the id under which it may be updated."""

    kind: str
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)
    display: str = ""
    size_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class CellOutputs:
    """The outputs of one cell, gathered message by message within the notebook's budget."""

    budget: OutputBudget
    dropped_bytes: int = 0
    error: StudentError | None = None
    _kept: list[_Kept] = field(default_factory=list)
    _clear_next: bool = False

    def add(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take one IOPub message; kinds that say nothing to a reader are passed over."""
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._clear()
            return
        if kind == "update_display_data":
            self._update(content)
            return
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        if self._clear_next:
            self._clear_next = False
            self._clear()
        if kind == "stream":
            self._add_stream(content)
        elif kind == "error":
            self.error = student_error(content)
        else:
            self._add_display(kind, content)

    def documents(self, count: int | None) -> list[dict[str, Any]]:
        """Return them as outputs of format 4.5, with a last line where something was left out. count: the cell's number."""
        documents = [_document(kept, count) for kept in self._kept]
        if self.error is not None:
            error = {
                "ename": self.error.kind,
                "evalue": self.error.message,
                "traceback": _traceback(self.error),
            }
            documents.append({"output_type": "error", **error})
        if self.dropped_bytes:
            text = f"[{_amount(self.dropped_bytes)} of output left out: the notebook's limit is reached]\n"
            documents.append(_stream("stderr", text))
        return documents

    def _add_stream(self, content: Mapping[str, Any]) -> None:
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        text = clean_text(content.get("text"))
        if "/" in text:  # warnings and tracebacks name files
            text = _without_our_folders(text.replace("/work/notebook cell ", "notebook cell "))
        goes_on = bool(self._kept) and self._kept[-1].kind == "stream" and self._kept[-1].name == name
        fitting = _fitting(text, self.budget.left_bytes)
        self.dropped_bytes += _size(text) - _size(fitting)
        if not fitting:
            return
        if not self.budget.take(_size(fitting), 0 if goes_on else 1):
            self.dropped_bytes += _size(fitting)
            return
        if not goes_on:
            self._kept.append(_Kept("stream", name=name))
        self._kept[-1].pieces.append(fitting)
        self._kept[-1].size_bytes += _size(fitting)

    def _add_display(self, kind: str, content: Mapping[str, Any]) -> None:
        data = _bundle(content.get("data"))
        size = sum(map(_size, data.values()))
        if not data:
            return
        if not self.budget.take(size, 1):
            self.dropped_bytes += size
            return
        kept = _Kept(kind, data=data, display=_display_id(content), size_bytes=size)
        self._kept.append(kept)
        alike = self.budget.displayed.setdefault(kept.display, []) if kept.display else []
        if len(alike) < MAX_ALIKE:
            alike.append(kept)

    def _update(self, content: Mapping[str, Any]) -> None:
        """Replace a display, of this cell or of an earlier one, whose documents hold the same data."""
        data = _bundle(content.get("data"))
        size = sum(map(_size, data.values()))
        for kept in self.budget.displayed.get(_display_id(content), ()):
            self.budget.give_back(kept.size_bytes, 0)
            fits = self.budget.take(size, 0)
            kept.data.clear()
            kept.data.update(data if fits else {})
            kept.size_bytes = size if fits else 0
            self.dropped_bytes += 0 if fits else size

    def _clear(self) -> None:
        for kept in self._kept:
            self.budget.give_back(kept.size_bytes, 1)
            alike = self.budget.displayed.get(kept.display, [])
            if kept in alike:
                alike.remove(kept)
            if not alike:
                self.budget.displayed.pop(kept.display, None)
        self._kept.clear()


def clean_text(value: object) -> str:
    """Return `value` as text that can be written as UTF-8: no terminal codes, no lone surrogates. Anything but text is empty."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "".join(value)
    if not isinstance(value, str):
        return ""
    text = ANSI.sub("", value) if "\x1b" in value else value
    return CONTROL.sub("", text).encode("utf-8", "replace").decode()


def relative_paths(text: str) -> str:
    """Shorten this machine's paths: of the submission's own files, of packages and of Python to where they lie in them.

    A path of the student's own machine stays: that it is another one explains the error.
    """
    return _without_our_folders(WORK_PATH.sub("", text))


def _without_our_folders(text: str) -> str:
    if PACKAGES in text:
        text = PACKAGES_PATH.sub("", text)
    for folder in PYTHON_FOLDERS:
        if folder not in ("/usr/", "/usr/local/"):  # which are the same on many machines
            text = text.replace(folder, "")
    return text


def student_error(content: Mapping[str, Any]) -> StudentError:
    """Make the error value from an `error` message or a `reply`; what is not of the expected form is left out."""
    kind = clean_text(content.get("ename"))[:100] or "Error"
    message = relative_paths(clean_text(content.get("evalue"))[:MAX_MESSAGE])
    raw = content.get("frames")
    frames = [_frame(item) for item in raw[-MAX_FRAMES:]] if isinstance(raw, list) else []
    return StudentError(
        kind=kind, message=message, frames=tuple(frame for frame in frames if frame is not None)
    )


def _frame(item: object) -> TracebackLine | None:
    if not isinstance(item, Mapping):
        return None
    file, line = clean_text(item.get("file"))[:200], item.get("line")
    inside = bool(CELL.fullmatch(file)) or (bool(file) and not file.startswith(("/", "..")))
    if not inside or not isinstance(line, int) or isinstance(line, bool) or not 0 <= line < 10**7:
        return None
    function, code = clean_text(item.get("function"))[:100], clean_text(item.get("code"))[:200]
    return TracebackLine(file=file, line=line, function=function, code=code)


def _traceback(error: StudentError) -> list[str]:
    lines = ["Traceback (your own files, innermost last):"] if error.frames else []
    for frame in error.frames:
        lines.append(f"  {frame.file}, line {frame.line}, in {frame.function}")
        if frame.code:
            lines.append(f"    {frame.code}")
    return [*lines, f"{error.kind}: {error.message}" if error.message else error.kind]


def _bundle(data: object) -> dict[str, str]:
    """The kept mime types of a display's data, each as text. Figures need no description of the figure object."""
    if not isinstance(data, Mapping):
        return {}
    texts = {mime: clean_text(data[mime]) for mime in TEXTS if mime in data}
    images = {mime: clean_text(data[mime]) for mime in IMAGES if mime in data}
    images = {mime: text for mime, text in images.items() if BASE64.fullmatch(text)}
    return {mime: text for mime, text in {**texts, **images}.items() if text}


def _display_id(content: Mapping[str, Any]) -> str:
    transient = content.get("transient")
    display = transient.get("display_id") if isinstance(transient, Mapping) else None
    return display[:100] if isinstance(display, str) else ""


def _document(kept: _Kept, count: int | None) -> dict[str, Any]:
    if kept.kind == "stream":
        return _stream(kept.name, "".join(kept.pieces))
    document = {"output_type": kept.kind, "data": kept.data, "metadata": {}}
    return {**document, "execution_count": count} if kept.kind == "execute_result" else document


def _stream(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _fitting(text: str, room_bytes: int) -> str:
    """The longest beginning of `text` of at most `room_bytes` in UTF-8."""
    if 4 * len(text) <= room_bytes:
        return text
    return text.encode()[: max(0, room_bytes)].decode("utf-8", "ignore")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _amount(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB" if size_bytes >= 2**20 else f"{max(1, size_bytes // 1024)} KiB"
