"""Import a student's modules by path, each with its own error kept. Runs beside student code; NumPy-free.

A module is imported as it would be from the submission's root; where a student made a package of it (`layers/__init__.py` for
`layers.py`), that is the module. A package that is not installed and whose import fails at a module's
top level is replaced by a stand-in (`stubs.py`) and the module is tried again, so that an unused import costs nothing; an import
inside `try` keeps its meaning, for its error never reaches the top. A script whose top level raises, because it reads its author's
files or trains on them, is run statement by statement (`pieces.py`), so that what it defines can be probed.
"""

from __future__ import annotations

import ast
import builtins
import getpass
import importlib
import importlib.util
import linecache
import pdb  # imported to be switched off
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from .pieces import module_parts, run_pieces
from .stubs import install_stub, placeholder
from .tracebacks import describe_error

__all__ = [
    "IMPORTED_AT",
    "ImportOutcome",
    "import_path",
    "prepare_path",
    "refuse_input",
    "refuse_interaction",
    "stand_in_for",
]

MAX_STUBS = 24  # for one module
PROTECTED = frozenset(
    {"numpy", "matplotlib", "IPython", "ipykernel", "grader"}
)  # never shadowed: they hold state of the process

#: Where the first import of each absent package stands: its top-level name -> "file, line n".
IMPORTED_AT: dict[str, str] = {}

PYTHON_2_HINTS = (
    ("Missing parentheses in call to 'print'", "this is Python 2's print statement; write print(...)"),
    ("Missing parentheses in call to 'exec'", "this is Python 2's exec statement; write exec(...)"),
    (
        "multiple exception types must be parenthesized",
        "this is Python 2's except clause; write `except (A, B):` or `except A as e:`",
    ),
    ("leading zeros in decimal integer", "this is Python 2's octal number; write 0o..."),
    ("inconsistent use of tabs", "tabs and spaces are mixed, which Python 3 refuses"),
    ("invalid hexadecimal literal", "a Python 2 number; remove the trailing L"),
    ("invalid decimal literal", "perhaps a Python 2 number with a trailing L; remove it"),
)
PYTHON_2_MODULES = {
    "cPickle": "pickle",
    "Queue": "queue",
    "urllib2": "urllib.request",
    "StringIO": "io",
    "__builtin__": "builtins",
}


@dataclass(slots=True, kw_only=True)
class ImportOutcome:
    """What came of importing one module. error: as `describe_error` gives it, or None. stubs: packages replaced by stand-ins.

    Both a module and an error: its top level raised, and the module holds what its other statements define.
    """

    path: str
    module: ModuleType | None = None
    missing: bool = False
    error: dict[str, Any] | None = None
    stubs: list[str] = field(default_factory=list)


def prepare_path(work: str) -> None:
    """Make `work` the place where imports look first, and forget modules of other origin that would be taken for its files.

    Once is enough; a second call does nothing.
    """
    if work in sys.path:
        return
    sys.path.insert(0, work)
    for entry in Path(work).iterdir():
        name = entry.stem if entry.suffix == ".py" else entry.name
        module = sys.modules.get(name)
        own = name in sys.stdlib_module_names or name in PROTECTED
        if module is not None and not own and not _within(module, work):
            for loaded in [
                loaded for loaded in sys.modules if loaded == name or loaded.startswith(name + ".")
            ]:
                del sys.modules[loaded]
    # Other folders are as they were; `importlib.invalidate_caches` looks through all, which costs a process 150 page faults.
    sys.path_importer_cache.pop(work, None)


def import_path(path: str, work: str, *, shortened: bool = False) -> ImportOutcome:
    """Import the module at `path` (relative to `work`), standing in for absent packages as often as it helps.

    Never raises for anything that student code does, but for what ends the process. shortened: run its definitions only, because
    the whole of it took too long.
    """
    path = _in_form(path, work)
    outcome = ImportOutcome(path=path)
    if not (Path(work) / path).is_file():
        outcome.missing = True
        return outcome
    if shortened:
        outcome.module = _pieces(outcome, work, shortened=True)
        return outcome
    while True:
        try:
            outcome.module = _load(path, work)
        except BaseException as exc:  # noqa: BLE001  # the top level of a student's module may raise anything, SystemExit included
            stub = stand_in_for(exc, work) if len(outcome.stubs) < MAX_STUBS else None
            if stub is None or stub in outcome.stubs:
                outcome.error = _explained(exc, work)
                outcome.module = _pieces(outcome, work, shortened=False)
                return outcome
            outcome.stubs.append(stub)
            _forget(work)
        else:
            return outcome


def _in_form(path: str, work: str) -> str:
    """The file that Python runs when it imports the module at `path`: a package of that name goes before a file."""
    package = path[: -len(".py")] + "/__init__.py"
    return package if (Path(work) / package).is_file() else path


def _pieces(outcome: ImportOutcome, work: str, *, shortened: bool) -> ModuleType | None:
    """Run the module in pieces, standing in for absent packages as well."""

    def stand_in(exc: BaseException) -> bool:
        stub = stand_in_for(exc, work) if len(outcome.stubs) < MAX_STUBS else None
        if stub is None or stub in outcome.stubs:
            return False
        outcome.stubs.append(stub)
        return True

    return run_pieces(outcome.path, work, stand_in, shortened=shortened)


def _load(path: str, work: str) -> ModuleType:
    parts = module_parts(path)
    if all(part.isidentifier() for part in parts):
        name = ".".join(parts)
        loaded = sys.modules.get(name)
        if loaded is not None and not _within(loaded, work):
            del sys.modules[name]  # a module of the same name that is not the student's
        return importlib.import_module(name)
    # A folder or file whose name is no identifier: load it by place, in a package of its folder so that relative imports work.
    folder = str((Path(work) / path).parent)
    package = ModuleType(f"_folder_{abs(hash(folder))}")
    package.__path__ = [folder]
    sys.modules[package.__name__] = package
    if folder not in sys.path:
        sys.path.insert(1, folder)
    spec = importlib.util.spec_from_file_location(f"{package.__name__}.module", Path(work) / path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _within(module: ModuleType, work: str) -> bool:
    try:
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", [])]
    except TypeError:  # a module may put any object there; such a one is not the student's
        return False
    return any(isinstance(place, str) and place.startswith(work + "/") for place in places)


def _forget(work: str) -> None:
    """Forget the student's modules, half-imported ones included, before the next try."""
    for name in [
        name
        for name, module in sys.modules.items()
        if isinstance(module, ModuleType) and _within(module, work)
    ]:
        del sys.modules[name]


# --- Absent packages --------------------------------------------------------------------------------------------------------


def stand_in_for(exc: BaseException, work: str) -> str | None:
    """Stand in for what the failing import statement wanted; what it was, or None if that would not be right."""
    found = _import_statement(exc, work) if isinstance(exc, ImportError) else None
    if found is None:
        return None
    statement, place = found
    for module, names in _targets(statement):
        top = module.partition(".")[0]
        if _of_submission(top, work):
            continue
        IMPORTED_AT.setdefault(top, place)
        if not _importable(module):
            install_stub(top if not _importable(top) else module)
            return module
        for name in names:
            if name != "*" and not hasattr(sys.modules[module], name) and not _importable(f"{module}.{name}"):
                setattr(sys.modules[module], name, placeholder(f"{module}.{name}"))
                return f"{module}.{name}"
    return None


def _import_statement(exc: ImportError, work: str) -> tuple[ast.Import | ast.ImportFrom, str] | None:
    """The import at the innermost student's frame, and its place, if that frame is a module's top level."""
    trace, found = exc.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(work + "/"):
            found = trace
        trace = trace.tb_next
    if found is None or found.tb_frame.f_code.co_name != "<module>":
        return None
    file = found.tb_frame.f_code.co_filename
    source = "".join(linecache.getlines(file))
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno <= found.tb_lineno <= (
            node.end_lineno or node.lineno
        ):
            return node, f"{file.removeprefix(work + '/')[:300]}, line {node.lineno}"
    return None


def _targets(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, list[str]]]:
    if isinstance(statement, ast.ImportFrom):
        if statement.level == 0 and statement.module:
            yield statement.module, [alias.name for alias in statement.names]
        return
    for alias in statement.names:
        yield alias.name, []


def _of_submission(top: str, work: str) -> bool:
    return (Path(work) / top).is_dir() or (Path(work) / f"{top}.py").is_file()


def _importable(module: str) -> bool:
    try:
        importlib.import_module(module)
    except Exception:  # noqa: BLE001  # an installed package may break in any way when it is imported here
        return False
    return True


# --- What scripts do that a grader cannot answer ------------------------------------------------------------------------------


def refuse_interaction() -> None:
    """Let `input()` and debuggers raise at once: nobody sits there, and waiting would cost the time limit.

    For good: functions of the module will be called later, in the same process.
    """

    def no_debugger(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError(
            "a debugger was started (pdb.set_trace or breakpoint); remove it before handing in"
        )

    refuse_input()
    sys.breakpointhook = no_debugger
    pdb.set_trace = no_debugger


def refuse_input() -> None:
    """Let `input()` and `getpass()` raise at once, for good."""

    def no_input(prompt: object = "") -> str:
        raise EOFError(f"input({str(prompt)[:80]!r}): nobody can answer while the work is graded")

    def no_password(prompt: object = "", _stream: object = None) -> str:
        raise EOFError(f"getpass({str(prompt)[:80]!r}): nobody can answer while the work is graded")

    builtins.input = no_input
    getpass.getpass = no_password  # type: ignore[assignment]  # its prompt is whatever students give it


def _explained(exc: BaseException, work: str) -> dict[str, Any]:
    """Describe the error, and say where it is a Python 2 leftover."""
    described = describe_error(exc, work)
    hint = ""
    if isinstance(exc, SyntaxError):
        hint = next((hint for text, hint in PYTHON_2_HINTS if text in str(exc.msg)), "")
        if not hint and isinstance(exc.text, str) and "`" in exc.text:
            hint = "this is Python 2's backticks; write repr(...)"
    elif isinstance(exc, ModuleNotFoundError) and exc.name in PYTHON_2_MODULES:
        hint = f"Python 3 calls it {PYTHON_2_MODULES[exc.name]}"
    elif isinstance(exc, NameError) and exc.name in (
        "xrange",
        "unicode",
        "raw_input",
        "reduce",
        "basestring",
        "long",
    ):
        hint = f"{exc.name} is a name of Python 2"
    if hint:
        described["message"] = f"{described['message']} ({hint})"
    return described
