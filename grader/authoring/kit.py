"""The self-check kit: the folder `selfcheck/` and `check.py` that students receive with the template. Bytes only; writes nothing.

It holds the visible checks without points and judges, what the reference returns for them under the public seed, and copies of the
modules that run them. Hidden checks, and whatever only they use, never enter it.
"""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..assignment import Assignment
from ..errors import AssignmentError
from ..model import Array
from ..probe import Check
from ..probe.selfcheck_worker import canary
from ..seed import PUBLIC_SEED
from ..strip import strip_checks, strip_imported
from ..suite import Suite, expected_arrays, load_reference

__all__ = ["FIXTURES", "kit_files", "public_checks", "public_fixtures", "same_fixtures"]

FOLDER = "selfcheck"
FIXTURES = f"{FOLDER}/fixtures.npz"
TERMS = frozenset({"of", "where", "tolerance", "floor", "exact_dtype", "time_s", "hint", "section"})
COMMON = "assignments.common"
PROBE = "grader.probe"
OWN = (
    "selfcheck",
    "selfcheck_view",
    "selfcheck_notebook",
    "selfcheck_worker",
    "check",
    "definitions",
    "seeding",
)  # copied as they are, for students to read
SAME = 1e-6  # relative; between machines fixtures differ by rounding, which grows over a training trajectory
STUDENT_PYTHON = (3, 8)  # the oldest syntax that students are asked to have

_PACKAGE = Path(__file__).parent.parent  # grader/
_PROBE = _PACKAGE / "probe"

_CHECK = '''"""Check your own work: `python check.py [FUNCTION ...]`, or in the notebook:

    from check import check
    check("{example}")
"""

import sys

if __name__ == "__main__" and sys.path and not getattr(sys.flags, "safe_path", False):
    sys.path.append(sys.path.pop(0))  # a random.py of yours, say, is not to take the place of Python's own

from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))

try:
    from selfcheck.selfcheck import check_folder, main
    from selfcheck.selfcheck_notebook import kernel_namespace
except ModuleNotFoundError as exc:
    if str(exc.name).partition(".")[0] != "selfcheck":
        raise
    part = str(exc.name).replace(".", "/")
    missing = f"check.py: {part} is missing beside it; take selfcheck/ once more from what you were given"
    if __name__ == "__main__":
        sys.exit(missing)
    raise ImportError(missing) from None


def check(*functions):
    """Check the functions named, or all; the last line of a notebook cell shows the result as a table.

    What you define in the notebook itself is checked as it is in the notebook now: run its cells first.
    """
    names = kernel_namespace()
    if names is None:
        return check_folder(HERE, *functions)
    from selfcheck.here import look  # brings NumPy and the checks into the kernel, and only into it

    return check_folder(HERE, *functions, look=lambda wanted: look(HERE, wanted, names))


if __name__ == "__main__":
    sys.exit(main(HERE))
'''

_WORKER = '''"""What the self-check's process runs: the checks, the comparison and the folder, brought together."""

import json
import sys
from pathlib import Path

from . import checks
from .compare import compare_value
from .selfcheck_worker import work

folder, request = sys.argv[1:]
del sys.argv[1:]  # else students' scripts would take them for their own arguments
work(Path(folder), compare_value, vars(checks), json.loads(request))
'''

_LOOK = '''"""What checks a notebook in its own kernel: the checks, the comparison and the folder, brought together."""

from . import checks
from .compare import compare_value
from .selfcheck_worker import look as look_with


def look(folder, wanted, names):
    return look_with(folder, compare_value, vars(checks), wanted, names)
'''

_INIT = '''"""The self-check: published checks, what is expected, and what runs them. `check.py` beside this folder starts it."""
'''


def public_checks(suite: Suite) -> tuple[Check, ...]:
    """The checks that students can run themselves: visible, and judged by comparing arrays."""
    return tuple(check for check in suite.checks if check.visible and check.judge is None)


def public_fixtures(suite: Suite) -> dict[str, dict[str, Array]]:
    """What the reference returns for the public checks under the public seed: check id -> name -> array.

    Raises: AssignmentError if the reference cannot be loaded or run.
    """
    public = replace(suite, checks=public_checks(suite), companions=())
    return expected_arrays(public, load_reference(suite.assignment), PUBLIC_SEED)


def kit_files(suite: Suite, fixtures: Mapping[str, Mapping[str, Array]]) -> dict[str, bytes]:
    """The kit, by path. fixtures: as of `public_fixtures`.

    Raises: AssignmentError if the checks use syntax that students' Python may not have, or import what a student lacks.
    """
    assignment = suite.assignment
    checks = public_checks(suite)
    texts = {
        "check.py": _CHECK.replace("{example}", checks[0].of if checks else "FUNCTION"),
        f"{FOLDER}/__init__.py": _INIT,
        f"{FOLDER}/worker.py": _WORKER,
        f"{FOLDER}/here.py": _LOOK,
        f"{FOLDER}/compare.py": (_PACKAGE / "compare.py").read_text(encoding="utf-8"),
        f"{FOLDER}/settings.json": _settings(assignment, checks),
        **_probe_modules(),
        **_check_modules(assignment, frozenset(check.id for check in checks)),
    }
    files = {path: text.encode("utf-8") for path, text in texts.items()}
    return files | {FIXTURES: _npz(fixtures)}


def same_fixtures(one: bytes, other: bytes) -> bool:
    """Whether two fixture files hold the same arrays, but for the rounding of another machine."""
    first, second = _arrays(one), _arrays(other)
    return list(first) == list(second) and all(_close(first[name], second[name]) for name in first)


def _close(one: Array, other: Array) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype.kind not in "fc":
        return bool(np.array_equal(one, other))
    return bool(np.allclose(one, other, rtol=SAME, atol=1e-12, equal_nan=True))


def _arrays(data: bytes) -> dict[str, Array]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _npz(fixtures: Mapping[str, Mapping[str, Array]]) -> bytes:
    """An .npz whose bytes depend on the arrays alone: no dates, no compression (which differs between versions of zlib)."""
    named = {f"canary/{name}": np.asarray(array) for name, array in canary().items()}
    named |= {
        f"{check}/{name}": array for check, arrays in fixtures.items() for name, array in arrays.items()
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(named):
            member = io.BytesIO()
            np.lib.format.write_array(member, named[name], allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            info.create_system = 3  # else Windows would write another byte
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def _settings(assignment: Assignment, checks: tuple[Check, ...]) -> str:
    spec = assignment.spec
    own = _modules(module.path for module in spec.files.modules)
    settings = {
        "title": spec.title,
        "own": own,
        "modules": [*own, *_modules(spec.files.fallback), *_modules(spec.files.provided)],
        "notebooks": [notebook.path for notebook in spec.notebooks],
        "seeds": {check.id: PUBLIC_SEED.for_check(check.id) for check in checks},
        "check_s": spec.limits.check_s,
        "import_s": spec.limits.import_s,
    }
    return json.dumps(settings, indent=1, ensure_ascii=False) + "\n"


def _modules(paths: Iterable[str]) -> list[str]:
    """Names for `import`; packages themselves are left out, for they hold nothing to check."""
    return [
        path[:-3].replace("/", ".")
        for path in paths
        if path.endswith(".py") and not path.endswith("__init__.py")
    ]


def _probe_modules() -> dict[str, str]:
    """What runs the checks: the self-check's own modules as they are, and of the others of `grader/probe/` what these use."""
    own = {name: (_PROBE / f"{name}.py").read_text(encoding="utf-8") for name in OWN}
    shared = strip_imported(
        own.values(),
        PROBE,
        lambda name: (_PROBE / f"{_last(name)}.py").read_text(encoding="utf-8"),
        terms=TERMS,
    )
    modules = {_last(name): source for name, source in shared.items()} | own
    return {f"{FOLDER}/{name}.py": source for name, source in modules.items()}


def _check_modules(assignment: Assignment, public: frozenset[str]) -> dict[str, str]:
    """The stripped checks and what they use of `assignments/common/`, which becomes `selfcheck/common/`."""
    place = str(assignment.checks)
    source = assignment.checks.read_text(encoding="utf-8")
    stripped = strip_checks(source, terms=TERMS, keep=public.__contains__, titles=True, place=place)
    modules = {f"{FOLDER}/checks.py": _localised(stripped, place)}
    folder = assignment.folder.parent / "common"

    def read(name: str) -> str:
        path = folder / f"{_last(name)}.py"
        if not path.is_file():
            raise AssignmentError(f"{place}: imports {name}, but {path} is not there")
        return path.read_text(encoding="utf-8")

    for name, text in strip_imported([stripped], COMMON, read, terms=TERMS, titles=True).items():
        modules[f"{FOLDER}/common/__init__.py"] = _INIT
        modules[f"{FOLDER}/common/{_last(name)}.py"] = _localised(text, name, inner=True)
    return modules


def _last(module: str) -> str:
    return module.rpartition(".")[2]


def _localised(source: str, place: str, *, inner: bool = False) -> str:
    """The source with imports of the harness's modules turned into those of the kit. inner: it lies in `selfcheck/common/`."""
    tree = ast.parse(source)
    for node in tree.body:
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            node.level, node.module = _kit_module(node.module, inner=inner)
            modules = [] if node.level else [node.module]
        if any(module.partition(".")[0] in ("assignments", "grader", "reference") for module in modules):
            raise AssignmentError(
                f"{place}: students lack what `{ast.unparse(node)}` imports; write `from {COMMON}.module import name`"
            )
    local = ast.unparse(tree) + "\n"
    try:
        ast.parse(local, feature_version=STUDENT_PYTHON)
    except SyntaxError as exc:
        raise AssignmentError(
            f"{place}: a public check uses syntax that students' Python {STUDENT_PYTHON[0]}.{STUDENT_PYTHON[1]} lacks: {exc.msg}"
        ) from exc
    return local


def _kit_module(module: str, *, inner: bool) -> tuple[int, str]:
    """Level and name of the kit's module that stands for one of the harness."""
    if module == COMMON or module.startswith(COMMON + "."):
        rest = module[len(COMMON) + 1 :]
        return (1, rest) if inner else (1, f"common.{rest}".rstrip("."))
    level = 2 if inner else 1
    if module == PROBE:
        return level, "check"
    if module.startswith(PROBE + "."):
        return level, module[len(PROBE) + 1 :]
    if module == "grader.compare":
        return level, "compare"
    return 0, module
