"""Stand-ins for packages that are not installed here and that the graded code does not need. Using one raises, and says which.

Installed one by one, and only after the import of such a package has failed at a module's top level (see `imports.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["Placeholder", "install_stub", "placeholder"]


class Placeholder:
    """A name of a package that is not there. It can be imported, passed around and subclassed; using it raises ImportError."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Placeholder:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return Placeholder(f"{self._name}.{attribute}")

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        package = self._name.partition(".")[0]
        raise ImportError(f"{self._name} was used, but {package} is not installed where the work is graded", name=package)

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (object,)

    def __repr__(self) -> str:
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


class _PastBuiltins(ModuleType):
    """What `past.builtins` gives under Python 3: the names that Python 2 had."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.xrange, self.unicode, self.basestring, self.long, self.raw_input = range, str, str, int, input
        self.range, self.map, self.filter, self.zip = range, map, filter, zip


class _Stubs(MetaPathFinder, Loader):
    """Finds the packages that were given up on, and everything below them."""

    def __init__(self) -> None:
        self.packages: set[str] = set()

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002  # the interface's signature
        if not any(name == package or name.startswith(package + ".") for package in self.packages):
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _PastBuiltins(spec.name) if spec.name in ("past.builtins", "six.moves") else _StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__all__ = []  # type: ignore[attr-defined]  # `from x import *` brings nothing


_stubs = _Stubs()


def install_stub(package: str) -> None:
    """Let `import package`, and of everything below it, succeed with a stand-in."""
    _stubs.packages.add(package)
    if _stubs not in sys.meta_path:
        sys.meta_path.append(_stubs)
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]
