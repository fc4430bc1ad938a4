"""Imports of students' modules: what real submissions bring must load, and what does not load must say why."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.probe import stubs
from grader.probe.imports import import_path, prepare_path, refuse_interaction


@pytest.fixture
def load(tmp_path, in_fork):
    """Import paths of a small submission in a fork; what came of each, and what an expression gives in the first module."""

    def run(
        files: Mapping[str, str | bytes], *paths: str, then: str = "None"
    ) -> tuple[list[dict[str, Any]], Any]:
        for name, source in files.items():
            place = tmp_path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(source if isinstance(source, bytes) else source.encode())

        def work() -> Any:
            prepare_path(str(tmp_path))
            outcomes = [import_path(path, str(tmp_path)) for path in paths]
            module = outcomes[0].module
            value = eval(then, vars(module)) if module is not None else None  # the test's own expression
            told = [
                {"loaded": o.module is not None, "missing": o.missing, "error": o.error, "stubs": o.stubs}
                for o in outcomes
            ]
            return [told, value]

        return tuple(in_fork(work))

    return run


def test_package_without_init_loads_with_its_neighbours(load):
    files = {
        "cs231n/layers.py": "def f(): return 1",
        "cs231n/net.py": "from cs231n.layers import *\nfrom .layers import f as g",
    }
    told, value = load(files, "cs231n/net.py", then="f() + g()")
    assert (told[0]["error"], value) == (None, 2)


PACKAGE = {
    "cs231n/layers/__init__.py": "from .norm import *\nfrom cs231n.layers.other import g",
    "cs231n/layers/norm.py": "def f(): return 1",
    "cs231n/layers/other.py": "from .norm import f\ndef g(): return 2 * f()",
    "cs231n/net.py": "from .layers import *",
}


def test_package_is_the_module_of_its_name(load):
    told, value = load(PACKAGE, "cs231n/layers.py", "cs231n/net.py", then="[__name__, f() + g()]")
    assert [one["error"] for one in told] == [None, None]
    assert value == ["cs231n.layers", 3]


def test_package_that_raises_gives_what_its_other_statements_define(load):
    files = {
        **PACKAGE,
        "cs231n/layers/__init__.py": "from .norm import *\nopen('/not/there')\nfrom .other import g",
    }
    told, value = load(files, "cs231n/layers.py", then="f() + g()")
    assert (told[0]["error"]["kind"], value) == ("FileNotFoundError", 3)


def test_folder_with_spaces_loads_with_relative_imports(load):
    files = {
        "my hw 4/layers.py": "def f(): return 1",
        "my hw 4/net.py": "from .layers import f\nimport layers",
    }
    told, value = load(files, "my hw 4/net.py", then="f() + layers.f()")
    assert (told[0]["error"], value) == (None, 2)


def test_missing_file_is_missing_and_no_error(load):
    told, _ = load({}, "cs231n/layers.py")
    assert (told[0]["missing"], told[0]["error"]) == (True, None)


def test_one_broken_module_leaves_the_others(load):
    told, _ = load({"a.py": "raise ValueError('no')", "b.py": "x = 1"}, "a.py", "b.py")
    assert told[0]["error"]["kind"] == "ValueError"
    assert told[1]["loaded"]


@pytest.mark.parametrize("name", ["utils", "solver", "layers", "test", "code", "random", "types"])
def test_student_s_name_wins_over_an_installed_module(load, name):
    told, value = load({f"{name}.py": "MINE = 1"}, f"{name}.py", then="MINE")
    assert (told[0]["error"], value) == (None, 1)


@pytest.mark.parametrize(
    ("source", "kind", "hint"),
    [
        pytest.param("x = 1\nprint 'x'", "SyntaxError", "this is Python 2's print statement", id="print"),
        pytest.param("x = `1`", "SyntaxError", "Python 2's backticks", id="backticks"),
        pytest.param(
            "try:\n    pass\nexcept ValueError, e:\n    pass",
            "SyntaxError",
            "Python 2's except clause",
            id="except",
        ),
        pytest.param("x = 0777", "SyntaxError", "Python 2's octal number", id="octal"),
        pytest.param("for i in xrange(3): pass", "NameError", "xrange is a name of Python 2", id="xrange"),
        pytest.param("def f(:", "SyntaxError", "", id="plain-syntax-error"),
    ],
)
def test_python_2_leftover_is_named(load, source, kind, hint):
    told, _ = load({"a.py": source}, "a.py")
    error = told[0]["error"]
    assert error["kind"] == kind
    assert hint in error["message"]
    assert error["frames"][-1]["file"] == "a.py"
    assert "/" not in error["message"].replace("and/or", "")


def test_source_that_is_not_text_is_an_error_of_its_own(load):
    told, _ = load({"a.py": b"x = '\xe9\xff'", "b.py": b"\0"}, "a.py", "b.py")
    assert [one["error"]["kind"] for one in told] == ["SyntaxError", "SyntaxError"]


@pytest.mark.parametrize(
    ("source", "then", "value", "stubbed"),
    [
        pytest.param("from past.builtins import xrange", "list(xrange(2))", [0, 1], "past.builtins", id="past"),
        pytest.param("from six.moves import xrange", "list(xrange(2))", [0, 1], None, id="six"),
        pytest.param("import cPickle as pickle", "pickle.loads(pickle.dumps(1))", 1, "cPickle", id="cPickle"),
        pytest.param("import absent_a.b.c as d", "repr(d.e.f)", "<absent_a.b.c.e.f: not installed>", "absent_a.b.c", id="d"),
        pytest.param("from absent_b import *\nx = 1", "x", 1, "absent_b", id="star"),
        pytest.param("import absent_c as n\nclass N(n.M): pass", "N.__base__.__name__", "M", "absent_c", id="base"),
        pytest.param("import os, absent_d", "os.sep", "/", "absent_d", id="second-of-two"),
        pytest.param("from os import nope", "repr(nope)", "<os.nope: not installed>", "os.nope", id="name"),
        pytest.param("from builtins import range", "list(range(2))", [0, 1], None, id="builtins"),
    ],
)  # fmt: skip
def test_absent_package_that_is_not_needed_costs_nothing(load, source, then, value, stubbed):
    told, got = load({"a.py": source}, "a.py", then=then)
    assert (told[0]["error"], got) == (None, value)
    assert stubbed is None or stubbed in told[0]["stubs"]


def test_guarded_import_keeps_its_meaning(load):
    source = "try:\n    import absent_e\n    there = True\nexcept ImportError:\n    there = False"
    told, value = load({"a.py": source}, "a.py", then="there")
    assert (told[0]["stubs"], value) == ([], False)


def test_using_an_absent_package_says_which(load):
    source = (
        "import absent_f as tf\ndef f():\n    try: tf.constant(1)\n    except ImportError as e: return str(e)"
    )
    _, value = load({"a.py": source}, "a.py", then="f()")
    assert value == "absent_f.constant was used, but absent_f is not installed where the work is graded"


def test_submission_s_own_missing_part_is_an_error(load):
    told, _ = load({"cs231n/layers.py": "from cs231n.fast_layers import *"}, "cs231n/layers.py")
    assert told[0]["stubs"] == []
    assert told[0]["error"]["message"] == "No module named 'cs231n.fast_layers'"


def test_package_that_is_there_but_broken_is_stood_in_for(load, in_fork):
    told, value = load({"a.py": "from turtle import forward\nx = 1"}, "a.py", then="x")
    assert (told[0]["error"], value) == (None, 1)


def test_absent_packages_are_stood_in_for_a_bounded_number_of_times(load):
    told, _ = load({"a.py": "\n".join(f"import absent_g{n}" for n in range(40))}, "a.py")
    assert told[0]["error"]["kind"] == "ModuleNotFoundError"
    assert len(told[0]["stubs"]) == 24


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        pytest.param("x = input('name? ')", "EOFError", id="input"),
        pytest.param("import pdb; pdb.set_trace()", "RuntimeError", id="pdb"),
        pytest.param("breakpoint()", "RuntimeError", id="breakpoint"),
        pytest.param("import sys; sys.exit(3)", "SystemExit", id="exit"),
        pytest.param("raise KeyboardInterrupt", "KeyboardInterrupt", id="interrupt"),
    ],
)
def test_top_level_that_waits_or_leaves_is_an_error(tmp_path, in_fork, source, kind):
    (tmp_path / "a.py").write_text(source)

    def work() -> Any:
        prepare_path(str(tmp_path))
        refuse_interaction()
        return import_path("a.py", str(tmp_path)).error

    assert in_fork(work)["kind"] == kind


def test_stub_of_another_package_is_not_found():
    assert stubs._Stubs().find_spec("numpy") is None


def test_nothing_leaked_from_the_forks():
    assert not any(name.startswith("absent_") for name in sys.modules)
    assert Path(sys.path[0]).name != "work"
