"""What student code may read of a suite while its words are told: nothing of hidden checks, and all that visible ones need."""

import ast
import shutil
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.suite import load_suite
from grader.veiled import visible_modules

ROOT = Path(__file__).resolve().parents[2]
COURSES = sorted(path.parent.name for path in ROOT.glob("assignments/*/checks.py"))

CHECKS = '''"""Checks."""
from __future__ import annotations
import statistics
import numpy as np
from grader.probe import check

SECRET = [2.5, 7.5]

def helper(x):
    return statistics.mean(x)

@check(of="double")
def seen(impl, rng):
    """Seen."""
    return {"out": impl.double(rng.standard_normal(3))}

@check(of="double", visible=False)
def hidden(impl, rng):
    """Hidden."""
    return {"out": impl.double(np.array(SECRET) - helper(SECRET))}

@check(of="double", carries="hidden", charged="seen")
def beside_hidden(impl, rng):
    """Draws as the hidden one."""
    return {"out": impl.double(np.array(SECRET))}
'''


def suite(folder, source):
    shutil.copytree(ROOT / "tests" / "data" / "small_assignment", folder)
    (folder / "checks.py").write_text(source)
    return load_suite(load_assignment(folder))


def test_nothing_of_a_hidden_check_or_its_companion_is_there_but_what_it_imports(tmp_path):
    made = suite(tmp_path / "small", CHECKS)
    (source,) = visible_modules(made).values()
    assert "def seen" in source
    assert not [name for name in ("hidden", "helper", "SECRET", "7.5") if name in source]
    assert "import statistics" in source, "a file of the student's that is called so must not be taken for it"
    ast.parse(source)
    compile(source, "checks", "exec")


def test_suite_without_hidden_checks_is_shown_as_it_is(tmp_path):
    made = suite(tmp_path / "small", CHECKS.replace(", visible=False", ""))
    assert visible_modules(made) is made.modules


@pytest.mark.parametrize("course", COURSES)
def test_visible_part_of_a_course_defines_its_visible_checks_alone(course):
    made = load_suite(load_assignment(ROOT / "assignments" / course))
    tree = ast.parse(visible_modules(made)["checks"])
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    assigned = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
    probes = {check.id for check in made.probes}
    defined |= {name for target in assigned if (name := ast.unparse(target)) in probes}  # made by a function
    hidden = {check.id for check in made.checks if not check.visible}
    carried = {companion.id for companion in made.companions if companion.carries in hidden}
    assert hidden
    assert defined == probes - hidden - carried
