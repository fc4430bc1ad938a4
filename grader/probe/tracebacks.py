"""An exception of student code as plain data: kind, message, and the frames in the student's own files. Runs in their process."""

from __future__ import annotations

import linecache
from types import TracebackType
from typing import Any

__all__ = ["MAX_FRAMES", "describe_error", "type_name"]

MAX_FRAMES = 12  # the innermost are kept
MAX_WALK = 5000  # frames looked at; the recursion limit is 1000
MAX_MESSAGE = 2000  # characters
MAX_CODE = 200  # characters of a line


def type_name(kind: type) -> str:
    """The class's own name, whatever a metaclass says."""
    name = str(type.__dict__["__name__"].__get__(kind))
    return name[:100] if name and name.isprintable() else "?"


def describe_error(exc: BaseException, work: str) -> dict[str, Any]:
    """Reduce an exception to {"kind", "message", "frames"}; file names are relative to `work`, frames elsewhere are left out."""
    frames = _frames(exc.__traceback__, work)
    if isinstance(exc, SyntaxError):
        frames = [*frames, *_place(exc, work)][-MAX_FRAMES:]
    return {"kind": type_name(type(exc)), "message": _message(exc, work), "frames": frames}


def _message(exc: BaseException, work: str) -> str:
    try:
        text = str(exc.msg) if isinstance(exc, SyntaxError) else str(exc)
    except Exception as broken:  # noqa: BLE001  # a student's class may raise anything from __str__
        text = f"(its text cannot be read: {type_name(type(broken))})"
    return text[:MAX_MESSAGE].replace(work + "/", "")


def _frames(trace: TracebackType | None, work: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    walked = 0
    while trace is not None and walked < MAX_WALK:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(work + "/"):
            found.append(_frame(code.co_filename, trace.tb_lineno or 0, code.co_name, work))
            del found[:-MAX_FRAMES]
        trace = trace.tb_next
        walked += 1
    return found


def _frame(filename: str, line: int, function: str, work: str) -> dict[str, Any]:
    code = linecache.getline(filename, line).strip()[:MAX_CODE]
    return {
        "file": filename.removeprefix(work + "/")[:300],
        "line": line,
        "function": function[:100],
        "code": code,
    }


def _place(exc: SyntaxError, work: str) -> list[dict[str, Any]]:
    """Where a file could not be parsed: such an error has no frame in the file itself."""
    if not isinstance(exc.filename, str) or not exc.filename.startswith(work + "/"):
        return []
    code = exc.text.strip()[:MAX_CODE] if isinstance(exc.text, str) else ""
    return [
        {
            "file": exc.filename.removeprefix(work + "/")[:300],
            "line": exc.lineno or 0,
            "function": "<module>",
            "code": code,
        }
    ]
