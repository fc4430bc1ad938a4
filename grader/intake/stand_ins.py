"""What in a hand-in without one of the assignment's notebooks may show the same: a report, figures, a script that trains.

Whether it does is for a person to see; here it is only found, so that nobody who worked in another form gets a zero unread.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from fnmatch import fnmatchcase

from ..assignment import NotebookSpec
from ..composed import composed
from .cells import code_of
from .notebooks import headings_found
from .parsing import parsed
from .tree import Entry

__all__ = ["calls_any", "framework_script", "stand_in"]

#: Of deep learning: work that is written in one of them is no NumPy that could be asked, and no nothing either.
FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "flax", "mxnet", "theano", "chainer", "caffe")
_IMPORT = re.compile(rf"^[ \t]*(?:import|from)[ \t]+(?:{'|'.join(FRAMEWORKS)})\b".encode(), re.MULTILINE)


def stand_in(
    spec: NotebookSpec,
    entries: Sequence[Entry],
    *,
    left_out: Sequence[str] = (),
    handed_in: Entry | None,
    read: Callable[[Entry], bytes],
) -> str:
    """The path of the first file that may show what the notebook `spec` asks for, or "".

    entries: the student's own files. left_out: paths of those that are not taken along, as documents are. handed_in: what was taken
    for the notebook; None if nothing was. One with a heading of the assignment's is the notebook, and needs no stand-in.
    """
    if handed_in is not None:
        data = read(handed_in)
        own = not headings_found(data, spec.headings) and calls_any(code_of(data), spec.instead.calls)
        return handed_in.path if own else ""
    for path in sorted([*left_out, *(entry.path for entry in entries)], key=_depth):
        name = path.rpartition("/")[2].casefold()
        if not name.startswith(".") and any(
            fnmatchcase(name, pattern.casefold()) for pattern in spec.instead.files
        ):
            return path
    for entry in sorted(entries, key=lambda entry: _depth(entry.path)):
        if entry.suffix == ".py" and calls_any(_text(read(entry)), spec.instead.calls):
            return entry.path
    return ""


def framework_script(entries: Sequence[Entry], *, read: Callable[[Entry], bytes]) -> str:
    """The path of the first script that imports a framework, or "": where nothing else was found, it may be the whole work."""
    for entry in sorted(entries, key=lambda entry: _depth(entry.path)):
        if entry.suffix == ".py" and _IMPORT.search(read(entry)):
            return entry.path
    return ""


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def calls_any(code: str, names: Collection[str]) -> bool:
    """Does the code call a function of one of these names, in whatever case and with or without underscores?

    Methods that call each other do not count: a class that nobody uses has shown nothing. What is no Python 3 calls nothing.
    """
    wanted = {_folded(name) for name in names}
    text = _folded(composed(code, "NFKC"))  # as Python reads names
    if not any(name in text for name in wanted):  # parsing, and walking through it, costs some milliseconds
        return False
    tree = parsed(code)
    try:
        return tree is not None and any(_folded(name) in wanted for name in _called(tree))
    except RecursionError:  # a tree that is nested too deeply to be walked through
        return False


def _called(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            continue
        if isinstance(child, ast.Call):
            yield getattr(child.func, "id", getattr(child.func, "attr", ""))
        yield from _called(child)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()
