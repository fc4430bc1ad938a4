"""Stand-ins for packages that are not installed here and that the graded code does not need. Using one raises, and says which.

Installed one by one, and only after the import of such a package has failed at a module's top level (see `imports.py`).
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["Placeholder", "install_stub", "placeholder"]


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


class Placeholder:
    """A name of a package that is not there. It can be imported, passed around and subclassed; calling it raises ImportError."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Placeholder:
        """Give a stand-in for anything below, so that `package.part.Class` can be named."""
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return Placeholder(f"{self._name}.{attribute}")

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refuse to be used. Raises: ImportError."""
        package = self._name.partition(".")[0]
        text = f"{self._name} was used, but {package} is not installed where the work is graded"
        raise ImportError(text, name=package)

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        """Let a class of the module that nobody grades derive from this."""
        return (object,)

    def __repr__(self) -> str:
        """Say what it is where it is printed."""
        return f"<{self._name}: not installed>"


def placeholder(name: str) -> Placeholder:
    """Make a stand-in for one name of a package."""
    return Placeholder(name)


class _StubModule(ModuleType):
    """A package that is not there: any name can be imported from it."""

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return Placeholder(f"{self.__name__}.{attribute}")


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
        if module.__name__ in ("past.builtins", "six.moves"):
            vars(module).update(PAST_NAMES)
            module.__all__ = list(PAST_NAMES)  # type: ignore[attr-defined]  # for `from past.builtins import *`
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
