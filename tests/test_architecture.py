"""The house's arrows, held by reading every import: arrows point one way, pure modules stay pure, `__all__` tells the truth."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("grader", "reference")
    for path in sorted((ROOT / package).rglob("*.py"))
}

#: From the bottom of the house to the top. A module may import from its own floor and from lower ones.
FLOORS = (
    {
        "grader",
        "grader.errors",
        "grader.model",
        "grader.probe",
        "grader.compare",
        "grader.composed",
        "grader.files",
        "grader.points",
        "grader.tree",
    },
    {"grader.yamlfile", "grader.jsonfile", "grader.seed", "grader.strip", "grader.store"},
    {"grader.assignment"},
    {
        "grader.suite",
        "grader.veiled",
        "grader.diagnosis",
        "grader.data",
        "grader.fetch",
        "grader.intake",
        "grader.submission",
        "grader.sandbox",
        "grader.questions",
        "grader.notebooks",
    },
    {"grader.score", "grader.given"},
    {
        "grader.report",
        "grader.execute",
        "grader.authoring",
        "grader.records",
    },
    {"grader.state", "grader.profile", "grader.grading"},
    {"grader.pipeline", "grader.doctor", "grader.gc"},
    {"grader.machines", "grader.proofs"},
    {"grader.terminal", "grader.options", "grader.interrupts"},
    {"grader.cli"},
    {"grader.entry"},
)
PURE = {
    "grader.compare",
    "grader.score",
    "grader.questions.rubric",
    "grader.questions.choices",
    "grader.questions.items",
    "grader.model",
    "grader.composed",
    "grader.questions.answers",
    "grader.questions.cells",
    "grader.diagnosis.carry",
    "grader.diagnosis.digits",
    "grader.diagnosis.fits",
    "grader.diagnosis.match",
    "grader.diagnosis.several",
    "grader.diagnosis.explain",
    "grader.proofs.mutants",
    "grader.diagnosis.structure",
}
IMPURE = {
    "os",
    "pathlib",
    "subprocess",
    "socket",
    "time",
    "random",
    "tempfile",
    "shutil",
    "sqlite3",
    "sqlalchemy",
    "asyncio",
}


def imports(name):
    """Every module that `name` imports, wherever in the file: an import inside a function is an arrow, too."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package
            for _ in range(node.level - 1):
                base = base.rpartition(".")[0]
            module = ".".join(filter(None, (base if node.level else "", node.module or "")))
            submodules = [f"{module}.{alias.name}" for alias in node.names]
            yield from [found for found in submodules if found in MODULES] or [module]


def floor(name):
    parts = name.split(".")
    for level, names in enumerate(FLOORS):
        if ".".join(parts[:2]) in names:
            return level
    raise AssertionError(f"{name} stands on no floor: say in FLOORS where it belongs")


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("grader.")])
def test_arrows_point_down(name):
    higher = {other for other in imports(name) if other.startswith("grader.") and floor(other) > floor(name)}
    assert not higher, f"{name} imports from a higher floor"


def test_no_import_cycles():
    graph = {
        name: {other for other in imports(name) if other in MODULES and other != name} for name in MODULES
    }
    # a package's own __init__ re-exports its modules; that is no arrow of the design
    graph = {
        name: {other for other in others if not name.startswith(other + ".")}
        for name, others in graph.items()
    }
    done, path = set(), []

    def visit(name):
        assert name not in path, f"cycle: {' -> '.join([*path[path.index(name) :], name])}"
        if name in done:
            return
        path.append(name)
        for other in sorted(graph[name]):
            visit(other)
        path.pop()
        done.add(name)

    for name in graph:
        visit(name)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_harness_names_no_course_and_reference_only_numpy(name):
    if name.startswith("reference"):
        allowed = {"numpy", "reference", *sys.stdlib_module_names}
    elif name.startswith("grader.probe"):
        allowed = {"numpy", "grader", *sys.stdlib_module_names}
        ours = {
            other
            for other in imports(name)
            if other.startswith("grader") and not other.startswith("grader.probe")
        }
        assert not ours, "what runs beside student code imports nothing of the harness"
    else:
        assert not [other for other in imports(name) if other.split(".")[0] in ("reference", "assignments")]
        return
    assert {other.split(".")[0] for other in imports(name)} <= allowed


@pytest.mark.parametrize("name", sorted(PURE & set(MODULES)))
def test_pure_modules_touch_no_disk_clock_or_kernel(name):
    assert not {other.split(".")[0] for other in imports(name)} & IMPURE


@pytest.mark.parametrize("name", sorted(MODULES))
def test_public_names_are_what_all_says(name):
    tree = ast.parse(MODULES[name].read_text("utf-8"))
    declared = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
    ]
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not _is_command(node)
    }
    assert declared or not defined, "a module with public names has an __all__"
    assert defined <= set(declared[0] if declared else []), "public, but not in __all__"


def _is_command(node):
    """Commands are registered with their group, not exported."""
    calls = [decorator.func for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in {"command", "group"} for call in calls)
