"""What a probe sees of the graded code: names, found in the student's modules or the notebook's namespace. Nothing is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .stubs import written_with

__all__ = ["Implementation", "MissingNameError"]


class MissingNameError(AttributeError):
    """The graded code does not define a name that a probe asked for.

    package: an absent published package with which the code is written, and which may be why; or None.
    """

    package: str | None = None


class Implementation:
    """What a probe gets as `impl`: a name is looked up in the student's modules, in their order."""

    def __init__(self, spaces: Sequence[Mapping[str, Any]], where: str, problems: Sequence[str] = ()) -> None:
        self.__dict__.update(_spaces=tuple(spaces), _where=where, _problems=tuple(problems))

    def __getattr__(self, name: str) -> Any:  # noqa: D105  # said by the class
        for space in self._spaces:
            if name in space:
                return space[name]
        said = [
            *self._problems,
            f"{name} is not defined in {self._where}",
        ]  # the cause before what came of it
        missing = MissingNameError("; ".join(said)[:1000])
        missing.package = next(filter(None, map(written_with, self._spaces)), None)
        raise missing

    def __dir__(self) -> list[str]:
        """All names there are, for courses whose students choose the spelling themselves."""
        return sorted({name for space in self._spaces for name in space if isinstance(name, str)})
