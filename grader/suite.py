"""Load an assignment's checks; make from them what enters the sandbox, and, outside, the expected arrays.

The reference is loaded here by the name that `assignment.yaml` gives. What enters the sandbox is a stripped copy of the probes'
source: no points, tolerances, judges or hints.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import importlib.util
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from .assignment import Assignment
from .errors import AssignmentError
from .files import atomic_file
from .model import Array
from .probe import Check
from .probe.seeding import seeded
from .seed import Seed
from .strip import strip_checks, strip_imported

__all__ = [
    "Suite",
    "answer",
    "expected_arrays",
    "expected_key",
    "kept_arrays",
    "load_modules",
    "load_reference",
    "load_suite",
    "reference_digest",
    "run_probe",
    "undisturbed",
]

ENTRY = "checks"  # the name under which the sandbox loads the probes
SANDBOX_TERMS = frozenset({"of", "where"})
COMMON = "assignments.common"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The checks of one assignment, in the order of `checks.py`.

    companions: checks that are worth nothing by themselves: they send the student's forward pass for the gradients of another one,
    or what another one asks for with other functions in the place of the student's.
    modules: stripped sources by module name, for the sandbox; the probes are in "checks". digest: of what runs in the sandbox, so
    that changed points, tolerances or judges leave kept evidence valid.
    """

    assignment: Assignment
    checks: tuple[Check, ...]
    modules: Mapping[str, str]
    digest: str
    companions: tuple[Check, ...] = ()

    @property
    def probes(self) -> tuple[Check, ...]:
        """All that runs: the checks, and their companions."""
        return (*self.checks, *self.companions)

    def at(self, where: str) -> tuple[Check, ...]:
        """The checks that run in one place, "modules" or "notebook"."""
        return tuple(check for check in self.checks if check.where == where)

    @property
    def of_modules(self) -> tuple[Check, ...]:
        """All that runs beside the modules: their checks, then companions, which come last so that none of them delays a check."""
        return (*_hidden_last(self.at("modules")), *self.companions)

    def in_notebook(self, path: str) -> tuple[Check, ...]:
        """The checks that read one notebook's namespace."""
        return _hidden_last([check for check in self.at("notebook") if check.notebook in ("", path)])

    def check(self, name: str) -> Check:
        """One check by its id. Raises: KeyError if there is none."""
        for check in self.checks:
            if check.id == name:
                return check
        raise KeyError(name)


def _hidden_last(checks: Sequence[Check]) -> tuple[Check, ...]:
    """In the order in which they run. What a visible check says is shown to students, and a room's files outlive a check: were a
    hidden one before it, its inputs could be kept and told."""
    return tuple(sorted(checks, key=lambda check: not check.visible))


def load_suite(assignment: Assignment) -> Suite:
    """Import `checks.py` and collect its checks.

    Raises: AssignmentError if it cannot be imported, holds no check, two checks share an id, a term has no meaning, or a notebook
        is not named.
    """
    module = _import_file(assignment.checks, f"_gradecheck_checks_{assignment.name}", root=_root(assignment))
    probes = tuple(value for value in vars(module).values() if isinstance(value, Check))
    checks = tuple(check for check in probes if not check.carries)
    companions = tuple(check for check in probes if check.carries)
    if not checks:
        raise AssignmentError(f"{assignment.checks}: no check in it; decorate a probe with @check(of=...)")
    ids = [check.id for check in probes]
    if len(set(ids)) != len(ids):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        raise AssignmentError(
            f"{assignment.checks}: more than one check is named {', '.join(twice)}; rename one"
        )
    _check_terms(assignment, probes)
    _check_notebooks(assignment, checks)
    modules = _stripped(assignment, frozenset(ids))
    of_modules = {check.id for check in checks if check.where == "modules"}
    for companion in companions:
        for term, named in (("carries", companion.carries), ("charged", companion.charged)):
            if named not in of_modules and not (term == "charged" and companion.parts):
                raise AssignmentError(
                    f"{assignment.checks}: {companion.id} has {term}={named!r}; expected the id of a check of the modules"
                )
    terms = [(check.id, check.where, check.notebook, check.time_s) for check in probes]
    digest = hashlib.sha256(json.dumps([sorted(modules.items()), terms]).encode()).hexdigest()
    return Suite(assignment=assignment, checks=checks, companions=companions, modules=modules, digest=digest)


def _check_terms(assignment: Assignment, probes: Sequence[Check]) -> None:
    """Raise AssignmentError for a check that would not count as its author means it."""
    written: set[str] = set()
    for node in ast.parse(assignment.checks.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any(node.name == probe.id for probe in probes):
            if node.name in written:
                raise AssignmentError(
                    f"{assignment.checks}:{node.lineno}: {node.name} is defined again, in place of the check above; rename one"
                )
            written.add(node.name)
    for probe in probes:
        if not probe.points >= 0:
            raise AssignmentError(
                f"{assignment.checks}: check {probe.id} has points={probe.points}; expected 0 or more"
            )
        if probe.credit not in ("all", "each"):
            raise AssignmentError(
                f"{assignment.checks}: check {probe.id} has credit={probe.credit!r}; expected 'all' or 'each'"
            )


def _check_notebooks(assignment: Assignment, checks: Sequence[Check]) -> None:
    known = [notebook.path for notebook in assignment.spec.notebooks]
    for check in checks:
        if (check.notebook or len(known) > 1) and check.where == "notebook" and check.notebook not in known:
            raise AssignmentError(
                f"{assignment.checks}: check {check.id} reads notebook {check.notebook!r}; expected one of {', '.join(known)}"
            )


def load_reference(assignment: Assignment) -> Any:
    """The implementation that gives the expected arrays: a convention module, or the instructor's own solution in `source/`.

    Raises: AssignmentError if it cannot be imported.
    """
    name = assignment.spec.reference
    if name == "solution":
        return load_modules(assignment, assignment.source)
    try:
        with _importable(_root(assignment)):
            return importlib.import_module(name)
    except ImportError as exc:
        raise AssignmentError(
            f"{assignment.folder / 'assignment.yaml'}: reference {name} cannot be imported ({exc}); "
            "expected a module, or `solution`"
        ) from exc


def expected_arrays(
    suite: Suite, reference: Any, seed: Seed, cache: Path | None = None
) -> dict[str, dict[str, Array]]:
    """What the reference returns for every check: check id -> array name -> array.

    A notebook check with a judge of its own expects nothing. cache: a folder; arrays are kept there by suite, seed and reference.

    Raises: AssignmentError, naming the check, if the reference itself raises or returns something that is no array.
    """
    path = cache / f"{expected_key(suite, reference, seed)}.npz" if cache is not None else None

    def make() -> dict[str, Array]:
        return {
            f"{check.id}\n{name}": array
            for check in suite.probes
            if _has_expected(check)
            for name, array in run_probe(check, reference, seed).items()
        }

    expected: dict[str, dict[str, Array]] = {check.id: {} for check in suite.probes if _has_expected(check)}
    for key, array in kept_arrays(path, make).items():
        check, _, name = key.partition("\n")
        expected[check][name] = array
    return expected


def kept_arrays(path: Path | None, make: Callable[[], dict[str, Array]]) -> dict[str, Array]:
    """The arrays that lie in a file, or, if none can be read there, those that `make` gives, which are written to it."""
    if path is not None:
        unreadable = contextlib.suppress(FileNotFoundError, ValueError, EOFError, KeyError, OSError)
        with unreadable, np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    arrays = make()
    if path is not None:
        with atomic_file(path, 0o600) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type] # numpy types the keywords too narrowly
    return arrays


def run_probe(check: Check, implementation: Any, seed: Seed) -> dict[str, Array]:
    """Run one probe outside, on code that we trust; NumPy's legacy generator is left as it was.

    Raises: AssignmentError, naming the check, if it raises or returns something that is no array.
    """
    with undisturbed():
        return answer(check, implementation, seed.for_check(check.draws_as))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """For the probes that run within: warnings are ignored; NumPy's legacy generator is afterwards what it was before."""
    state = np.random.get_state()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)


def answer(check: Check, implementation: Any, seed: int) -> dict[str, Array]:
    """As `run_probe`, within `undisturbed`. seed: the check's own."""
    try:
        returned = check.probe(implementation, seeded(seed))
    except (
        Exception
    ) as exc:  # the author's probe and reference run here; any failure of theirs is reported as theirs
        raise AssignmentError(
            f"check {check.id}{_place_in(check, exc)}: the reference raised {type(exc).__name__}: {exc}"
        ) from exc
    arrays = {str(name): np.asarray(value) for name, value in returned.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "fciubSU":
            raise AssignmentError(
                f"check {check.id}: {name} of the reference has dtype {array.dtype}; expected numbers"
            )
    return arrays


def _has_expected(check: Check) -> bool:
    return check.where == "modules" or check.judge is None


def expected_key(suite: Suite, reference: Any, seed: Seed) -> str:
    """Digest of all that decides the expected arrays: probes, seed, NumPy, and the code of the reference's package."""
    parts = [suite.digest, seed.id, np.__version__, reference_digest(suite.assignment, reference)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def reference_digest(assignment: Assignment, reference: Any) -> str:
    """Digest of the reference's package, or of the whole source folder: any change there makes expected arrays anew."""
    file = getattr(reference, "__file__", None)
    if file is None:
        folder = assignment.source
    else:
        levels = str(reference.__name__).count(".") + (0 if Path(file).name == "__init__.py" else -1)
        folder = Path(file).parents[max(levels, 0)]
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _root(assignment: Assignment) -> Path | None:
    """The folder that holds `assignments/`, so that checks can import `assignments.common`."""
    parent = assignment.folder.parent
    return parent.parent if parent.name == "assignments" else None


def _stripped(assignment: Assignment, ids: frozenset[str]) -> dict[str, str]:
    """What the probes need to run, and no more: judges and what only they use stay outside, in `assignments/common/` as well."""
    place = str(assignment.checks)
    source = assignment.checks.read_text("utf-8")
    probes = strip_checks(source, terms=SANDBOX_TERMS, keep=ids.__contains__, place=place)
    root = _root(assignment)

    def read(name: str) -> str:
        path = (root or assignment.folder).joinpath(*name.split(".")).with_suffix(".py")
        if not path.is_file():
            raise AssignmentError(f"{place}: imports {name}, but {path} is not there")
        return path.read_text("utf-8")

    return {ENTRY: probes, **strip_imported([probes], COMMON, read, terms=SANDBOX_TERMS)}


@contextlib.contextmanager
def _importable(root: Path | None) -> Iterator[None]:
    if root is None or str(root) in sys.path:
        yield
        return
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))


def _forget_other_common(root: Path | None) -> None:
    """Drop `assignments.*` modules of another checkout, so that each assignment gets the probes that lie beside it."""
    for name in [name for name in sys.modules if name == "assignments" or name.startswith("assignments.")]:
        if root is None or not _lies_in(sys.modules[name], root):
            del sys.modules[name]


def _import_file(path: Path, name: str, *, root: Path | None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AssignmentError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        with _importable(root):
            _forget_other_common(root)
            # From the text itself: byte-code would hide a change of the same length within the same second.
            exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # noqa: S102  # the author's own
    except Exception as exc:  # the author's file is run here; whatever it raises is the author's to mend
        line = _line_in(exc, path)
        raise AssignmentError(f"{path}{line}: {type(exc).__name__}: {exc}") from exc
    return module


def _place_in(check: Check, exc: BaseException) -> str:
    """Where its probe was when it raised; nothing for a probe that a helper made."""
    code = getattr(check.probe, "__code__", None)
    line = _line_in(exc, Path(code.co_filename)) if code else ""
    return f" ({Path(code.co_filename).name}{line})" if code and line else ""


def _line_in(exc: BaseException, path: Path) -> str:
    if isinstance(exc, SyntaxError) and exc.lineno is not None:
        return f":{exc.lineno}"
    line, trace = "", exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = f":{trace.tb_lineno}"
        trace = trace.tb_next
    return line


def load_modules(assignment: Assignment, folder: Path) -> SimpleNamespace:
    """The names of the solution's modules, as they lie in `folder`, in one namespace; of two files, the first in `files` wins.

    Raises: AssignmentError if one cannot be imported.
    """
    files = assignment.spec.files
    paths: Sequence[str] = [*(module.path for module in files.modules), *files.fallback, *files.provided]
    before = set(sys.modules)
    names: dict[str, Any] = {}
    try:
        with _importable(folder), _without_bytecode():
            for path in paths:
                if path.endswith(".py"):
                    module = importlib.import_module(path[:-3].replace("/", "."))
                    names.update(
                        {
                            key: value
                            for key, value in vars(module).items()
                            if key not in names and key[:2] != "__"
                        }
                    )
    except (
        Exception
    ) as exc:  # the instructor's own solution is run here; whatever it raises is theirs to mend
        raise AssignmentError(
            f"{folder}: the solution cannot be imported: {type(exc).__name__}: {exc}"
        ) from exc
    finally:
        for name in set(sys.modules) - before:  # another assignment may have a package of the same name
            if _lies_in(sys.modules[name], folder):
                del sys.modules[name]
    return SimpleNamespace(**names)


@contextlib.contextmanager
def _without_bytecode() -> Iterator[None]:
    """Leave no byte-code: a file that is changed within the same second would else be taken for the one before."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _lies_in(module: ModuleType, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    try:
        places = [file] if file else list(getattr(module, "__path__", []))
    except TypeError:  # a module may put any object there; such a one is not ours
        return False
    return any(Path(place).is_relative_to(folder) for place in places)
