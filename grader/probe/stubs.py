"""Stand-ins for packages that are not installed here and that the graded code does not need. Using one raises, and says which.

Installed one by one, and only after the import of such a package has failed at a module's top level (see `imports.py`). Work that
uses a published package that is not here may well be right: `lacking_package` tells it from an error, and a person looks.
"""

from __future__ import annotations

import functools
import importlib
import sys
from abc import ABCMeta
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .check import NeedsPersonError
from .published import PUBLISHED

__all__ = [
    "LackingError",
    "Placeholder",
    "fill_in",
    "install_stub",
    "lacking_package",
    "placeholder",
    "written_with",
]


RENAMED = {
    "cPickle": "pickle",
    "Queue": "queue",
    "StringIO": "io",
    "__builtin__": "builtins",
    "urllib2": "urllib.request",
}  # Python 2's name -> Python 3's
PAST_NAMES: dict[str, Any] = {
    "xrange": range,
    "unicode": str,
    "basestring": str,
    "long": int,
    "raw_input": input,
    "reduce": functools.reduce,
    "range": range,
    "map": map,
    "filter": filter,
    "zip": zip,
}  # what `past.builtins` and `six.moves` give under Python 3
MAX_CAUSES = 10  # of an exception, looked at for an absent package


class LackingError(NeedsPersonError, ImportError):
    """Something of a package that is not installed here was used. `name` is the package, as with every ImportError."""


class Placeholder:
    """A name of a package that is not there. It can be imported, passed around and subclassed; using it raises LackingError."""

    _name: str

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Placeholder:
        """Give a stand-in for anything below, so that `package.part.Class` can be named."""
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return Placeholder(f"{self._name}.{attribute}")

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        """Let a class derive from this; what it does not define itself raises when it is used."""
        return (_derived(self._name),)

    def __instancecheck__(self, _instance: object) -> bool:
        """Nothing is an instance of what is not there."""
        return False

    def __subclasscheck__(self, _subclass: type) -> bool:
        """Nothing is a subclass of what is not there."""
        return False

    def __repr__(self) -> str:
        """Say what it is where it is printed."""
        return f"<{self._name}: not installed>"


def _used(name: str) -> LackingError:
    package = name.partition(".")[0]
    if _there(package):
        return LackingError(
            f"{name} was used, but {package} has no such name in the version where the work is graded",
            name=package,
        )
    return LackingError(
        f"{name} was used, but {package} is not installed where the work is graded", name=package
    )


def _refuse(self: Any, *_args: Any, **_kwargs: Any) -> Any:
    raise _used(self._name)


# What computes with it: calls, items, loops, `with`, numbers. Looked up on the class, so `__getattr__` never sees them.
for _special in (
    *("call", "getitem", "setitem", "delitem", "iter", "next", "len", "contains", "enter", "exit", "array"),
    *("float", "int", "index", "neg", "pos", "abs", "invert", "lt", "le", "gt", "ge"),
    *(
        side + name
        for name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor")
        for side in ("", "r", "i")
    ),
):
    setattr(Placeholder, f"__{_special}__", _refuse)


class _DerivedType(ABCMeta):
    """Of classes that derive from what is not there: an attribute that they do not define would be the package's."""

    _name: str

    def __getattr__(cls, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise _used(f"{cls._name}.{attribute}")


def _derived(name: str) -> type:
    """What a class gets as its base in place of a class of an absent package."""

    def missing(self: Any, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise _used(f"{self._name}.{attribute}")

    def begin(_self: Any, *_args: Any, **_kwargs: Any) -> None:
        return None

    body = {"_name": name, "__init__": begin, "__getattr__": missing, "__call__": _refuse}
    return _DerivedType(name.rpartition(".")[2], (), body)


def placeholder(name: str) -> Placeholder:
    """Make a stand-in for one name of a package."""
    return Placeholder(name)


def lacking_package(exc: BaseException) -> str | None:
    """The published package that is absent here and because of which `exc` was raised, also through `raise ... from`; or None.

    That its own import failed counts as well: `import torch` inside a function.
    """
    seen: BaseException | None = exc
    for _ in range(MAX_CAUSES):
        if seen is None:
            return None
        if isinstance(seen, ImportError) and isinstance(seen.name, str):
            package = seen.name.partition(".")[0]
            absent = isinstance(seen, LackingError | ModuleNotFoundError)
            if package in PUBLISHED and absent and not _there(package):
                return package
        seen = seen.__cause__ or seen.__context__
    return None


def _there(package: str) -> bool:
    module = sys.modules.get(package)
    return module is not None and not isinstance(module, _StubModule)


def fill_in(code: CodeType, exc: BaseException, space: dict[str, Any]) -> bool:
    """Let what a piece of a module's top level would have bound stand for the absent package that kept it from doing so.

    code: of statements that raised `exc`. space: the module's names; none that is there is changed.
    Returns: whether an absent package was the reason.
    """
    package = lacking_package(exc)
    if package is None:
        return False
    for name, stored in _names(code):
        waiting = (
            type(space.get(name)) in (list, dict) and not space[name]
        )  # it was to be filled, as by `nets[k] = ...` in a loop
        if waiting or (stored and name not in space):
            space[name] = Placeholder(f"{package}.({name})")
    return True


def _names(code: CodeType) -> Iterator[tuple[str, bool]]:
    """Names that the code of a module's top level loads or stores, and whether it stores them."""
    import dis  # noqa: PLC0415  # rarely needed, and each room's runner would pay for it

    for step in dis.get_instructions(code):
        if step.opname in ("STORE_NAME", "STORE_GLOBAL", "LOAD_NAME") and isinstance(step.argval, str):
            yield step.argval, step.opname != "LOAD_NAME"


def written_with(space: Mapping[str, Any]) -> str | None:
    """The absent published package that a function or method of a module's names uses, whether it was called or not; or None."""
    for value in list(space.values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for function in (member for member in members if type(member) is FunctionType):
            if function.__globals__ is not space:
                continue
            for name in _used_names(function.__code__):
                package = _absent(space.get(name))
                if package is not None:
                    return package
    return None


def _used_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _used_names(constant)


def _absent(value: object) -> str | None:
    if type(value) not in (_StubModule, Placeholder):
        return None
    name = value.__name__ if isinstance(value, ModuleType) else value._name  # type: ignore[attr-defined]  # ours
    package = name.partition(".")[0]
    return package if package in PUBLISHED and not _there(package) else None


# --- Packages -----------------------------------------------------------------------------------------------------------------


class _StubModule(ModuleType):
    """A package that is not there: any name can be imported from it."""

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__") and attribute != "__version__":  # which notebooks print at their top
            raise AttributeError(attribute)
        return Placeholder(f"{self.__name__}.{attribute}")


class _Bar:
    """A progress bar that shows nothing: it gives what it is given, and everything else that one calls on a bar does nothing."""

    def __init__(self, iterable: Any = (), *_args: Any, **_kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_exc: object) -> None:
        return None

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_kwargs: None

    @staticmethod
    def write(text: object = "", *_args: Any, **_kwargs: Any) -> None:
        sys.stdout.write(f"{text}\n")


def _count(*args: Any, **_kwargs: Any) -> _Bar:
    return _Bar(range(*args))


BARS: dict[str, Any] = {"tqdm": _Bar, "tqdm_notebook": _Bar, "trange": _count, "tnrange": _count}


def _same(function: Any = None, *_args: Any, **_kwargs: Any) -> Any:
    """A compiling decorator that leaves the function as it is, with or without arguments."""
    return function if callable(function) else lambda wrapped: wrapped


COMPILERS: dict[str, Any] = {"jit": _same, "njit": _same, "prange": range}

#: Packages whose absence changes no result: module -> what it gives.
HARMLESS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("past.builtins", "six.moves"), PAST_NAMES),
    **{f"tqdm{part}": BARS for part in ("", ".auto", ".notebook", ".autonotebook", ".std")},
    "numba": COMPILERS,
}


class _Stubs(MetaPathFinder, Loader):
    """Finds the packages that were given up on, and everything below them."""

    def __init__(self) -> None:
        self.packages: set[str] = set()

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not any(name == package or name.startswith(package + ".") for package in self.packages):
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        if spec.name in RENAMED:
            module = ModuleType(spec.name)
            vars(module).update(vars(importlib.import_module(RENAMED[spec.name])))
            return module
        return _StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        given = HARMLESS.get(module.__name__)
        if given is not None:
            vars(module).update(given)
            module.__all__ = list(given)  # type: ignore[attr-defined]  # for `from past.builtins import *`
        elif module.__name__ not in RENAMED:
            module.__all__ = []  # type: ignore[attr-defined]  # `from x import *` brings nothing


_stubs = _Stubs()


def install_stub(package: str) -> None:
    """Let `import package`, and of everything below it, succeed with a stand-in."""
    _stubs.packages.add(package)
    if _stubs not in sys.meta_path:
        sys.meta_path.insert(
            0, _stubs
        )  # before the place where a package that is there, but broken, would be found
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]
