"""Text in one composed form (Unicode's NFC or NFKC), in time that grows with its length whatever it holds. Pure.

Composing puts the marks behind a letter into one order, which takes the square of their number: a megabyte of marks takes an hour.
No script needs more than a few on one letter. Unicode's stream-safe form allows 30 (UAX #15, section 13); the rest is left out.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

__all__ = ["BLANKS", "MARKS", "composed", "overmarked"]

MARKS = 30
#: Letters to Unicode, but drawn as nothing: fillers of Hangul. No name and no answer needs them.
BLANKS = "\u115f\u1160\u3164\uffa0"
#: Not marks themselves, but they fall into marks.
_MADE_OF_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")


def composed(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """`text` in the composed form, without marks beyond `MARKS` on one letter."""
    if text.isascii():
        return text
    return unicodedata.normalize(form, _thinned(text))


def overmarked(text: str) -> bool:
    """Whether more marks than `MARKS` stand on one letter."""
    return not text.isascii() and _thinned(text) is not text


def _thinned(text: str) -> str:
    kept: list[str] = []
    start, run = 0, 0
    combining = unicodedata.combining
    for index, char in enumerate(text):
        if not (combining(char) or char in _MADE_OF_MARKS):
            if run > MARKS:
                start = index
            run = 0
            continue
        run += 1
        if run == MARKS + 1:
            kept.append(text[start:index])
    if not kept:
        return text
    return "".join(kept) + (text[start:] if run <= MARKS else "")
