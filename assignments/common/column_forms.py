"""Forms in which students of the k-layer course hand things over: functions by their usual names, lists of parameters, gradients.

What came back is read by the names in the `return` statement, else by its form. What cannot be read waits for a person.
NumPy and the standard library only; runs beside student code.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from assignments.common.by_role import folded, named_results, role_of
from assignments.common.column_names import FUNCTIONS, GRADIENT, KINDS, NORMALIZED, ROLES
from grader.probe import NeedsPersonError

__all__ = [
    "RowsError",
    "as_returned",
    "asked",
    "kinds_of",
    "plain_function",
    "probabilities_of",
    "start_terms",
]

PROVIDED = "dd2424"


class RowsError(NeedsPersonError):
    """The work takes images as rows, where the course and the checks have them as columns. name: of what makes its network."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: its weights are (inputs, outputs): it takes images as rows, and the check has them as columns"
        )


def plain_function(impl: Any, name: str, *, normalized: bool | None = None) -> Any:
    """The function that the course calls `name`, under one of its usual names.

    normalized: where there are variants with and without batch normalization, which one. Raises: NeedsPersonError if there is none.
    """
    found = {folded(known): known for known in dir(impl)}
    wanted = FUNCTIONS[name]
    variants = tuple(one + ending for one in wanted for ending in NORMALIZED)
    for plain in (*variants, *wanted) if normalized else (*wanted, *variants):
        value = getattr(impl, found[plain], None) if plain in found else None
        if inspect.isroutine(value) and not _provided(value):
            return value
    raise NeedsPersonError(f"there is no class BNN, and no function {name} under one of its usual names")


def start_terms(function: Any, settings: Any) -> dict[str, Any]:
    """The settings of starting weights where a function takes a standard deviation and no word for He's.

    Raises: NeedsPersonError if it cannot be asked for what `settings` want.
    """
    asked = {role_of(name, ROLES): one for name, one in inspect.signature(function).parameters.items()}
    if not settings["he"] and "sig" not in asked:
        raise NeedsPersonError(f"{function.__name__} takes no standard deviation")
    if not settings["he"] or "he" in asked or "sig" not in asked:
        return {}
    if asked["sig"].default is not None:
        raise NeedsPersonError(f"{function.__name__} does not say how it is asked for He's starting weights")
    return {"sig": None}


def _provided(function: Any) -> bool:
    """Whether a function comes with the assignment: a helper of the course's package is no work of the student's."""
    return str(getattr(function, "__module__", "")).partition(".")[0] == PROVIDED


def kinds_of(function: Any, returned: Any) -> dict[str, list[Any]]:
    """Lists of parameters or gradients, by kind ("w", "b", ...), from whatever form they came back in."""
    found: dict[str, Any] = {}
    for name, value in _in_order(named_results(function, returned)):
        match = GRADIENT.match(name)
        kind = role_of(name, KINDS) or (role_of(match.group(1), KINDS) if match else "")
        if isinstance(value, dict):
            found.update(kinds_of(function, value))
        elif kind and isinstance(value, (list, tuple)):
            found[kind] = list(value)
        elif kind and match and match.group(2) and isinstance(value, np.ndarray):
            found.setdefault(kind, []).append(value)
    if not found and isinstance(returned, (tuple, list)):
        lists = [list(value) for value in returned if isinstance(value, (list, tuple)) and len(value)]
        found = dict(zip(("w", "b", "gamma", "beta"), lists))  # noqa: B905 - Python 3.8
    return found


def _in_order(named: Any) -> list[tuple[Any, Any]]:
    """The items by the number that their name ends with: gradients are filled in from the last layer to the first."""

    def number(item: tuple[Any, Any]) -> int:
        match = GRADIENT.match(folded(str(item[0])))
        return int(match.group(2) or 0) if match else 0

    return sorted(named.items(), key=number)


def as_returned(function: Any, template: Any, kinds: dict[str, list[Any]]) -> Any:
    """The arrays of `kinds` in the form of `template`, which the function returned."""
    if isinstance(template, dict):
        result, count = dict(template), dict.fromkeys(KINDS, 0)
        for name, value in _in_order(template):
            match = GRADIENT.match(folded(str(name)))
            kind = role_of(str(name), KINDS) or (role_of(match.group(1), KINDS) if match else "")
            if kind in kinds and isinstance(value, (list, tuple)):
                result[name] = kinds[kind][: len(value)]
            elif kind in kinds and count[kind] == len(kinds[kind]):
                del result[name]  # of a layer that the network at hand has not
            elif kind in kinds:
                result[name] = kinds[kind][count[kind]]
                count[kind] += 1
        return result
    names = list(kinds_of(function, template))
    lists = [value for value in template if isinstance(value, (list, tuple))]
    if len(names) != len(lists):
        return tuple(kinds[kind] for kind in names if kind in kinds)
    left = iter(
        names
    )  # what else came back, such as None for a gamma that the network has not, stays in its place
    return tuple(
        kinds.get(next(left), value) if isinstance(value, (list, tuple)) else value for value in template
    )


def probabilities_of(function: Any, returned: Any, named: dict[str, Any], shape: Any) -> Any:
    """The probabilities among what a forward pass returned: by their name, else the array of their shape whose columns add up to 1.

    Raises: NeedsPersonError if nothing has their shape.
    """
    values = returned if isinstance(returned, (tuple, list)) else [returned]
    arrays = [
        value for value in (named.get("p"), *values) if type(value) is np.ndarray and value.shape == shape
    ]
    if not arrays:
        raise NeedsPersonError(f"{function.__name__} returns no probabilities of shape {shape}")
    sums = [value for value in arrays if np.allclose(value.sum(axis=0), 1)]
    return arrays[0] if arrays[0] is named.get("p") else (sums or arrays)[0]


def asked(method: Any) -> Any:
    """Leave to a person what raises: perhaps the function was called in another way than its author meant.

    What is not written yet says so.
    """

    @functools.wraps(method)
    def wrapped(*args: Any, **named: Any) -> Any:
        try:
            return method(*args, **named)
        except (NeedsPersonError, NotImplementedError):
            raise
        except Exception as exc:
            said = f"{type(exc).__name__}: {exc}"[:200]
            raise NeedsPersonError(f"called as its parameters' names say, a function raised {said}") from exc

    return wrapped
