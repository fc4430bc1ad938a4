"""Parse a student's source in the grader's own process, within bounds. Pure; nothing is run.

For some sources Python's parser takes the square of their length, and minutes for what fits in a homework: names of combining
marks, which it brings into one order; f-strings of ten thousands of fields; encodings such as punycode. Such a source is no Python
here, as one with an error is not; in the room, where it is imported, its author pays with his own time.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings

from ..composed import overmarked

__all__ = ["PARSED_CHARACTERS", "decoded", "parsed"]

PARSED_CHARACTERS = 512 * 1024  # larger sources are data, or made to break readers
FIELDS_BY_CHARACTERS = 1e9  # of one source: some seconds
_F_STRING = re.compile(r"[fF][rR]?['\"]|[rR][fF]['\"]")
_SLOW_ENCODINGS = ("punycode", "idna", "utf-7", "unicode-escape", "raw-unicode-escape")  # as codecs call them


def parsed(source: str) -> ast.Module | None:
    """The source's tree; None for what is no Python 3, is too large, or would take its parser too long."""
    if len(source) > PARSED_CHARACTERS or overmarked(source):
        return None
    if source.count("{") * len(source) > FIELDS_BY_CHARACTERS and _F_STRING.search(source):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # students' invalid escapes warn at parsing
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # Python 2, a half-finished edit, or a source made to break parsers


def decoded(data: bytes) -> str:
    """A source's text, in the encoding that it names; in Latin-1, which reads any byte, where it names none that will do."""
    try:
        encoding = codecs.lookup(tokenize.detect_encoding(io.BytesIO(data).readline)[0]).name
        return data.decode("latin-1" if encoding in _SLOW_ENCODINGS else encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError, ValueError):
        return data.decode("latin-1")
