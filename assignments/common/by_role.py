"""Call functions that a course names and does not fix: by what their parameters are called, and read what they return by name.

Students who write plain functions choose order and names of parameters, and what comes back. A parameter's name, in any case and
with or without underscores, says its *role* ("x", "w", "lmda"); the names in the `return` statement say what came back. Where a
role cannot be told, a person has to look: `NeedsPersonError`. NumPy and the standard library only; runs beside student code.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from grader.probe import NeedsPersonError

__all__ = ["arguments", "call", "folded", "given_by_role", "named_results", "order_of_terms", "role_of"]


#: Where two parameters differ in case alone (`Y` and `y`), the lower one is the classes' numbers of what the other has one-hot.
CLASSES = {"y": "labels", "yval": "labelsval"}


def folded(name: str) -> str:
    """The name in lower case and without underscores, by which spellings are compared."""
    return name.replace("_", "").lower()


def role_of(name: str, roles: Any) -> str:
    """The role that a name stands for, or "". roles: role -> folded names."""
    plain = folded(name)
    for role, names in roles.items():
        if plain in names:
            return str(role)
    return ""


def arguments(function: Any, roles: Any, values: Any, absent: Any = ()) -> dict[str, Any]:
    """What to call a function with, by parameter. values: role -> value; a parameter with a default may be left without one.

    absent: roles of what the network at hand does not have; a parameter that asks for it gets None.

    Raises: NeedsPersonError if a parameter without a default has no known role, or no value is there for it.
    """
    given = {}
    parameters = inspect.signature(function).parameters
    for name, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        role = role_of(name, roles) or folded(name)
        if name.lower() == name and any(one != name and one.lower() == name for one in parameters):
            role = CLASSES.get(role, role)
        if role in values:
            given[name] = values[role]
        elif parameter.default is parameter.empty and role in absent:
            given[name] = None
        elif parameter.default is parameter.empty:
            raise NeedsPersonError(
                f"{function.__name__} takes {name}, of which the check does not know what it is"
            )
    return given


def call(function: Any, roles: Any, values: Any, absent: Any = ()) -> Any:
    """Call the function by the roles of its parameters. Raises: NeedsPersonError as `arguments`."""
    return function(**arguments(function, roles, values, absent))


def _tree(function: Any) -> Any:
    """The function's own source, parsed; None where it cannot be had."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError, ValueError):
        return None


def given_by_role(function: Any, roles: Any, args: Any, named: Any) -> dict[str, Any]:
    """What a call of the function hands to it, by what its parameters' names mean."""
    bound = inspect.signature(function).bind(*args, **named).arguments
    return {role_of(name, roles): value for name, value in bound.items()}


def named_results(function: Any, returned: Any) -> dict[str, Any]:
    """What came back, by folded name: the keys of a dictionary, or the names in the last `return` that lists as many."""
    if isinstance(returned, dict):
        return {folded(str(name)): value for name, value in returned.items()}
    values = list(returned) if isinstance(returned, tuple) else [returned]
    found: dict[str, Any] = {}
    for node in ast.walk(_tree(function) or ast.Module(body=[], type_ignores=[])):
        if isinstance(node, ast.Return) and node.value is not None:
            parts = node.value.elts if isinstance(node.value, (ast.Tuple, ast.List)) else [node.value]
            if len(parts) == len(values):
                found = {
                    folded(part.id): value
                    for part, value in zip(parts, values)  # noqa: B905 - Python 3.8
                    if isinstance(part, ast.Name)
                }
    return found


def order_of_terms(function: Any, parameter: str, roles: Any, values: Any) -> Any:
    """A list or dictionary of settings, put together as the function takes it apart. parameter: the name it has there.

    It is read from `a, b, c = parameter`, `a = parameter[0]`, `parameter["a"]` or `parameter.a` in the function's source.
    Raises: NeedsPersonError if it is not, or a setting has no known role.
    """
    keys: dict[Any, str] = {}
    for node in ast.walk(_tree(function) or ast.Module(body=[], type_ignores=[])):
        if isinstance(node, ast.Assign) and _is_name(node.value, parameter):
            target = node.targets[0]
            if isinstance(target, (ast.Tuple, ast.List)):
                keys.update({i: getattr(part, "id", "?") for i, part in enumerate(target.elts)})
        elif isinstance(node, ast.Assign) and _key(node.value, parameter) is not None:
            key = _key(node.value, parameter)
            keys[key] = key if isinstance(key, str) else getattr(node.targets[0], "id", "?")
        elif isinstance(_key(node, parameter), str):
            keys[_key(node, parameter)] = str(_key(node, parameter))
    found = {key: role_of(name, roles) for key, name in keys.items()}
    unknown = [keys[key] for key, role in found.items() if role not in values]
    if not found or unknown:
        what = f"{parameter}[{unknown[0]}]" if unknown else parameter
        raise NeedsPersonError(
            f"{function.__name__} takes {what}, of which the check does not know what it is"
        )
    if all(isinstance(key, str) for key in found):
        return {key: values[role] for key, role in found.items()}
    return [values[found[i]] for i in sorted(found)]


def _is_name(node: Any, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _key(node: Any, name: str) -> Any:
    """The constant by which `name` is subscripted in this node, or None."""
    if isinstance(node, ast.Call) and node.args:  # int(GDparams[0])
        node = node.args[0]
    if isinstance(node, ast.Subscript) and _is_name(node.value, name):
        part = getattr(node.slice, "value", None)  # Python 3.8 wraps the constant once more
        return getattr(part, "value", part)
    return None
