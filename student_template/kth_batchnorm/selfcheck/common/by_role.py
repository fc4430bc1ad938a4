from __future__ import annotations
import ast
import inspect
import textwrap
from typing import Any
from ..check import NeedsPersonError
CLASSES = {'y': 'labels', 'yval': 'labelsval'}

def folded(name: str) -> str:
    return name.replace('_', '').lower()

def role_of(name: str, roles: Any) -> str:
    plain = folded(name)
    for role, names in roles.items():
        if plain in names:
            return str(role)
    return ''

def arguments(function: Any, roles: Any, values: Any, absent: Any=()) -> dict[str, Any]:
    given = {}
    parameters = inspect.signature(function).parameters
    for name, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        role = role_of(name, roles) or folded(name)
        if name.lower() == name and any((one != name and one.lower() == name for one in parameters)):
            role = CLASSES.get(role, role)
        if role in values:
            given[name] = values[role]
        elif parameter.default is parameter.empty and role in absent:
            given[name] = None
        elif parameter.default is parameter.empty:
            raise NeedsPersonError(f'{function.__name__} takes {name}, of which the check does not know what it is')
    return given

def call(function: Any, roles: Any, values: Any, absent: Any=()) -> Any:
    return function(**arguments(function, roles, values, absent))

def _tree(function: Any) -> Any:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError, ValueError):
        return None

def given_by_role(function: Any, roles: Any, args: Any, named: Any) -> dict[str, Any]:
    bound = inspect.signature(function).bind(*args, **named).arguments
    return {role_of(name, roles): value for name, value in bound.items()}

def named_results(function: Any, returned: Any) -> dict[str, Any]:
    if isinstance(returned, dict):
        return {folded(str(name)): value for name, value in returned.items()}
    values = list(returned) if isinstance(returned, tuple) else [returned]
    found: dict[str, Any] = {}
    for node in ast.walk(_tree(function) or ast.Module(body=[], type_ignores=[])):
        if isinstance(node, ast.Return) and node.value is not None:
            parts = node.value.elts if isinstance(node.value, (ast.Tuple, ast.List)) else [node.value]
            if len(parts) == len(values):
                found = {folded(part.id): value for part, value in zip(parts, values) if isinstance(part, ast.Name)}
    return found

def order_of_terms(function: Any, parameter: str, roles: Any, values: Any) -> Any:
    keys: dict[Any, str] = {}
    for node in ast.walk(_tree(function) or ast.Module(body=[], type_ignores=[])):
        if isinstance(node, ast.Assign) and _is_name(node.value, parameter):
            target = node.targets[0]
            if isinstance(target, (ast.Tuple, ast.List)):
                keys.update({i: getattr(part, 'id', '?') for i, part in enumerate(target.elts)})
        elif isinstance(node, ast.Assign) and _key(node.value, parameter) is not None:
            key = _key(node.value, parameter)
            keys[key] = key if isinstance(key, str) else getattr(node.targets[0], 'id', '?')
        elif isinstance(_key(node, parameter), str):
            keys[_key(node, parameter)] = str(_key(node, parameter))
    found = {key: role_of(name, roles) for key, name in keys.items()}
    unknown = [keys[key] for key, role in found.items() if role not in values]
    if not found or unknown:
        what = f'{parameter}[{unknown[0]}]' if unknown else parameter
        raise NeedsPersonError(f'{function.__name__} takes {what}, of which the check does not know what it is')
    if all((isinstance(key, str) for key in found)):
        return {key: values[role] for key, role in found.items()}
    return [values[found[i]] for i in sorted(found)]

def _is_name(node: Any, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name

def _key(node: Any, name: str) -> Any:
    if isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    if isinstance(node, ast.Subscript) and _is_name(node.value, name):
        part = getattr(node.slice, 'value', None)
        return getattr(part, 'value', part)
    return None
