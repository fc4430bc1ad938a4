"""Make any text fit to be read: terminal codes gone, hidden characters visible, long text cut, numbers rounded once.

Escaping for HTML is the templates' part; here nothing knows HTML. Every function takes any `str`, also one with lone surrogates.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

__all__ = [
    "as_terminal",
    "clean",
    "cut",
    "error_text",
    "hide_paths",
    "language",
    "percent",
    "seconds_text",
]

ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?"  # DCS and other strings
    r"|\x1b[ -/]*[0-~]"  # two-character sequences
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one character
)
PLAIN = re.compile(r"[\n\t -~]*")  # none of the characters that `clean` changes
SURROGATE = re.compile(r"[\ud800-\udfff]")
#: Characters that reorder, hide or break text: bidi controls, zero-width characters (but the joiners that emoji and scripts
#: need), letters and signs that are drawn as nothing, separators that end a line in some readers, annotation marks and tag
#: characters.
INVISIBLE = (
    0xAD,
    0x61C,
    0x115F,
    0x1160,
    0x180E,
    0x200B,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0x2800,
    0x3164,
    0xFEFF,
    0xFFA0,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
VISIBLE = {
    **{code: f"[U+{code:04X}]" for code in INVISIBLE},
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **{code: f"[U+{code:04X}]" for code in range(0x80, 0xA0)},
}
#: Folders under which a machine keeps what a student has no business to read.
ROOTS = "home|root|Users|Volumes|mnt|media|opt|usr|var|srv|tmp|etc|proc|private|nix|run|snap|work"
ABSOLUTE = re.compile(rf"(?<![\w.~/])/(?:{ROOTS})(?:/[\w.@+~%-]+)*/([\w.@+~%-]*)")
HANGUL_SHARE = 0.2  # Korean answers are full of Latin names of functions


def clean(text: str) -> str:
    """Without terminal codes; control, bidi and zero-width characters visible; line ends as newline; encodable as UTF-8."""
    if PLAIN.fullmatch(text):  # nearly everything that a page shows
        return text
    plain = ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return SURROGATE.sub("\ufffd", plain).translate(VISIBLE)


def as_terminal(text: str) -> str:
    """What a terminal would show in the end: a carriage return starts the line again, so a progress bar is its last state."""
    lines = ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(_last_state(line) for line in lines)


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state]
    return states[-1] if states else ""


def cut(text: str, *, head: int, tail: int = 0) -> tuple[str, int]:
    """The first `head` and last `tail` characters, with a line between that says how many were left out; and that number."""
    left_out = len(text) - head - tail
    if left_out <= 0:
        return text, 0
    end = text[len(text) - tail :] if tail else ""
    return f"{text[:head]}\n[... {left_out:,} characters left out ...]\n{end}", left_out


def hide_paths(text: str, private: Iterable[str] = ()) -> str:
    """Replace absolute paths of a machine by their last part: "/home/prof/env/numpy/core.py" becomes "…/core.py".

    private: prefixes to cut out first, wherever they stand; these may hold spaces and need not be under a usual root.
    """
    for prefix in sorted((path.rstrip("/") for path in private), key=len, reverse=True):
        if prefix:
            text = text.replace(prefix + "/", "…/").replace(prefix, "…")
    return ABSOLUTE.sub(r"…/\1", text)


def language(text: str) -> str:
    """A guess by script for the `lang` attribute: "ko", "ja", "zh", "en", or "" where the letters do not tell."""
    start = text[:20_000]
    if start.isascii():
        return "en" if any(map(str.isalpha, start)) else ""
    counts = {"ko": 0, "ja": 0, "zh": 0, "en": 0, "": 0}
    for char in start:
        if char.isalpha():
            counts[_script(char)] += 1
    letters = sum(counts.values())
    if not letters:
        return ""
    if counts["ko"] >= HANGUL_SHARE * letters:
        return "ko"
    if counts["ja"]:
        return "ja" if counts["ja"] + counts["zh"] >= HANGUL_SHARE * letters else "en"
    return max(("en", "zh", ""), key=lambda code: counts[code])


def _script(char: str) -> str:
    if char.isascii():
        return "en"
    name = unicodedata.name(char, "")
    starts = {
        "HANGUL": "ko",
        "HIRAGANA": "ja",
        "KATAKANA": "ja",
        "CJK": "zh",
        "LATIN": "en",
        "FULLWIDTH": "en",
    }
    return starts.get(name.partition(" ")[0], "")


def percent(part: Decimal | float, whole: Decimal | float) -> str:
    """ "83 %"; "100 %" and "0 %" only when exact; "" where there is no whole."""
    if not whole:
        return ""
    share = float(part) / float(whole)
    shown = round(100 * share)
    if part < whole:
        shown = min(shown, 99)
    if part > 0:
        shown = max(shown, 1)
    return f"{shown} %"


def error_text(error: float | None) -> str:
    """A relative error as the notebooks print it, "3.2e-09"; "0.41" for a large one; "0" only for exactly 0."""
    if error is None:
        return ""
    if error == 0:
        return "0"
    return f"{error:.2g}" if error >= 0.01 else f"{error:.1e}"


def seconds_text(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min 20 s"."""
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"
