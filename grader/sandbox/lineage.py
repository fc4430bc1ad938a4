"""Which warm parent a runner is forked from: by the text of what it will import, a guess for speed alone.

The lean parent's forks are cheap. But what imports matplotlib in one takes 0.4 s of CPU, and more where fonts are looked for; the
full parent has it. A wrong guess costs time and changes nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

__all__ = ["wants_full"]

READ_BYTES = 1024 * 1024  # of each file
DEAR = re.compile(rb"\b(?:matplotlib|mpl_toolkits|pylab|IPython|PIL|traitlets|ipywidgets)\b")
IMPORTS = re.compile(rb"^[ \t]*(?:from|import)[ \t]([^\n]{1,1000})", re.MULTILINE)
WORD = re.compile(rb"\w+")


def wants_full(files: Mapping[str, Path], graded: Sequence[str]) -> bool:
    """Whether the graded modules, or files of the submission whose names their imports mention, speak of something dear.

    Args: files: path under /work -> host file. graded: paths of the modules that will be imported; absent ones are passed over.
    """
    by_name: dict[bytes, list[str]] = {}
    for path in files:
        if path.endswith(".py"):
            by_name.setdefault(_name(path), []).append(path)
    seen: set[str] = set()
    waiting = [path for path in graded if path in files]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = _text(files[path])
        if DEAR.search(text):
            return True
        mentioned = {word for line in IMPORTS.findall(text) for word in WORD.findall(line)}
        waiting += [found for word in mentioned for found in by_name.get(word, ())]
    return False


def _name(path: str) -> bytes:
    """By which word an import mentions the file: a package's `__init__.py` goes by its folder's name."""
    pure = PurePosixPath(path)
    return (pure.parent.name if pure.stem == "__init__" else pure.stem).encode()


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(READ_BYTES)
    except OSError:  # whoever stages it says so
        return b""
