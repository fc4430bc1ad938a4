"""What a misconception is: a named wrong variant of the core, as the lines that a student gets wrong, applied for a while.

An entry holds edits: a right line of a function and the wrong one in its place. While it is applied, the function itself runs the
wrong line, under whatever name anybody holds it, so that networks and courses built on the core see it, too; and two entries
can be applied together. Nothing here decides anything about a student's code.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import functools
import importlib
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType

__all__ = ["UNSEEN", "Edit", "EditError", "Misconception", "applied"]

#: For `Misconception.seen`: nobody's code is known to have it.
UNSEEN = "not seen yet; a slip that the formulas invite"

PACKAGE = __name__.partition(".")[0]


class EditError(ValueError):
    """An edit does not fit its function, or not beside another one."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One wrong line (or several) in place of a right one.

    place: the function under this package, e.g. "normalization.batchnorm_forward" or "networks.FullyConnectedNet.loss".
    right: a part of its source that occurs once, as `ast.unparse` writes it, without comments and docstring. wrong: what stands in
    its place; lines behind the first take over the indentation of the first. context: not wrong itself, but shows the mistake.
    """

    place: str
    right: str
    wrong: str
    context: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconception:
    """A known wrong variant.

    id: `function.what`, the function by its name in the core. edits: what makes the core wrong in this way.
    student: one sentence that gives a direction, not the solution. instructor: what it is, in terms of the code.
    seen: where it was met, or `UNSEEN`. paired: whether it is tried together with others; of rare ones, pairs cost more than they
    tell.
    """

    id: str
    edits: tuple[Edit, ...]
    student: str
    instructor: str
    seen: str = UNSEEN
    paired: bool = True

    @property
    def of(self) -> str:
        """The core's function that it is about."""
        return self.id.partition(".")[0]

    @property
    def wrong_functions(self) -> tuple[FunctionType, ...]:
        """The functions in which the mistake itself is."""
        return tuple(dict.fromkeys(_function(edit.place) for edit in self.edits if not edit.context))

    @property
    def functions(self) -> tuple[FunctionType, ...]:
        """All functions whose code is exchanged while it is applied."""
        return tuple(dict.fromkeys(_function(edit.place) for edit in self.edits))


@contextlib.contextmanager
def applied(misconceptions: Sequence[Misconception]) -> Iterator[None]:
    """Run the `with` block's calls of the core with these mistakes in them; afterwards everything is as it was.

    For the whole process: not for two threads at once, and not within another `applied`.

    Raises: EditError if an edit's right line is not there exactly once, e.g. because another one has changed it.
    """
    edits: dict[str, list[Edit]] = {}
    for misconception in misconceptions:
        for edit in misconception.edits:
            edits.setdefault(edit.place, []).append(edit)
    codes = [(_function(place), _wrong_code(place, tuple(parts))) for place, parts in edits.items()]
    before = [function.__code__ for function, _ in codes]
    try:
        for function, code in codes:
            function.__code__ = code
        yield
    finally:
        for (function, _), code in zip(codes, before, strict=True):
            function.__code__ = code


@functools.cache
def _function(place: str) -> FunctionType:
    """The function at a place: modules in lower case, then perhaps a class. Raises: EditError if there is none."""
    names = place.split(".")
    depth = next(i for i in range(1, len(names)) if not names[i][0].islower() or i == len(names) - 1)
    found: object = importlib.import_module(".".join([PACKAGE, *names[:depth]]))
    for name in names[depth:]:
        found = inspect.getattr_static(found, name, None)
        found = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    if not isinstance(found, FunctionType):
        raise EditError(f"{place}: no function there, so it cannot be edited")
    return found


@functools.cache
def _source(place: str) -> str:
    """The function's source as `ast.unparse` writes it, without docstring and decorators."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(_function(place))))
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef):
        raise EditError(f"{place}: its source is no function definition")
    function.decorator_list = []
    if ast.get_docstring(function) is not None and len(function.body) > 1:
        function.body = function.body[1:]
    return ast.unparse(tree)


@functools.cache
def _wrong_code(place: str, edits: tuple[Edit, ...]) -> CodeType:
    source = _source(place)
    for edit in edits:
        count = source.count(edit.right)
        if count != 1:
            raise EditError(f"{place}: {edit.right!r} is there {count} times, expected once")
        begin = source.rfind("\n", 0, source.index(edit.right)) + 1
        indent = source[begin : len(source) - len(source[begin:].lstrip(" "))]
        source = source.replace(edit.right, edit.wrong.replace("\n", "\n" + indent))
    function = _function(place)
    flags = __future__.annotations.compiler_flag
    try:
        module = compile(source, f"<wrong {place}>", "exec", flags=flags, dont_inherit=True)
    except SyntaxError as exc:
        raise EditError(f"{place}: does not compile with {[edit.wrong for edit in edits]}: {exc}") from exc
    space = dict(function.__globals__)
    exec(module, space)  # noqa: S102 - our own source with our own edits
    made = space[function.__name__]
    if made.__code__.co_freevars != function.__code__.co_freevars:
        raise EditError(f"{place}: uses names of an enclosing function, so its code cannot be exchanged")
    code: CodeType = made.__code__
    return code
