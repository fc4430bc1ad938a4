"""Read a YAML 1.2 file and validate it, so that every error names file, line, column, what came and what was expected.

Shared by `assignment.yaml` and `samples.yaml`. Knows neither schema, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from .errors import AssignmentError

__all__ = ["InnerPath", "Strict", "place", "read_mapping", "validate"]

Model = TypeVar("Model", bound=BaseModel)


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or not pure.parts:
        raise ValueError("expected a relative path with forward slashes that stays inside the submission")
    return str(pure)


#: A relative path with forward slashes that cannot leave its folder.
InnerPath = Annotated[str, AfterValidator(_inside)]


class Strict(BaseModel):
    """A part of a schema: frozen, no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def read_mapping(path: Path, keys: str) -> Any:
    """The YAML mapping in `path`, with ruamel's line and column marks. keys: what an error names as expected.

    Raises: AssignmentError, with file, line and column, if it is not UTF-8, not YAML or no mapping.
    """
    try:
        document = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as exc:
        raise AssignmentError(f"{path}: byte {exc.start} is not UTF-8; save the file as UTF-8") from exc
    except MarkedYAMLError as exc:
        mark = exc.problem_mark
        position = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise AssignmentError(f"{path}{position}: not YAML: {exc.problem or exc.context}") from exc
    except ReaderError as exc:
        raise AssignmentError(
            f"{path}: character {exc.position + 1} is U+{_code(exc.character):04X}, which YAML does not allow; remove it"
        ) from exc
    except (YAMLError, ValueError, RecursionError) as exc:  # what ruamel raises where it has no place to name
        raise AssignmentError(f"{path}: not YAML: {exc}") from exc
    if not isinstance(document, dict):
        raise AssignmentError(
            f"{path}:1:1: expected a mapping with {keys}, ..., got {type(document).__name__}"
        )
    return document


def _code(character: str | bytes | int) -> int:
    return character if isinstance(character, int) else ord(character)


def validate(path: Path, document: Any, model: type[Model]) -> Model:
    """The document as `model`.

    Raises: AssignmentError, one line for each wrong value, with file, line, column, what came and what was expected.
    """
    try:
        return model.model_validate(document)
    except ValidationError as exc:
        raise AssignmentError("\n".join(_located(path, document, error) for error in exc.errors())) from exc


def place(path: Path, document: Any, loc: Sequence[int | str]) -> str:
    """`file:line:column` (from 1) of the deepest part of `loc` that stands in the document."""
    line, column = _position(document, loc)
    return f"{path}:{line}:{column}"


def _located(path: Path, document: Any, error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the document"
    came = "" if error["type"] == "missing" else f", got {_short(error['input'])}"
    return f"{place(path, document, error['loc'])}: {where}: {error['msg']}{came}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _position(document: Any, loc: Sequence[int | str]) -> tuple[int, int]:
    """Line and column (from 1) of the deepest part of `loc` that stands in the document; ruamel keeps them in `.lc`."""
    line, column, node = 0, 0, document
    for part in loc:
        marks: Any = getattr(node, "lc", None)
        try:
            if isinstance(node, dict):
                line, column = marks.key(part) if loc[-1] == part and part in node else marks.value(part)
            else:
                line, column = marks.item(part)
            node = node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line + 1, column + 1
