"""What `strip_checks` leaves, and above all what it does not."""

import ast
from pathlib import Path

import pytest

from grader.errors import AssignmentError
from grader.probe import Check
from grader.strip import imported_names, strip_checks, strip_imported

SMALL = Path(__file__).parents[1] / "data" / "small_assignment" / "checks.py"
SANDBOX = frozenset({"of", "where"})


def strip(source, *names, terms=SANDBOX, **options):
    return strip_checks(source, terms=terms, keep=set(names).__contains__, **options)


def names_of(source):
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def test_kept_check_brings_what_it_uses_and_no_more():
    left = strip(SMALL.read_text(), "columns_are_scaled")
    assert names_of(left) == {"_inputs", "columns_are_scaled"}
    assert "SCALE" in left
    for gone in ("SECRET", "math", "Judgement", "judge_positive", "zeros_stay_zero", "Checks of", "#"):
        assert gone not in left


def test_terms_that_are_not_allowed_go():
    left = strip(SMALL.read_text(), "columns_are_scaled", "factors_are_positive")
    for gone in ("points", "tolerance", "hint", "judge", "3)", "1e-06"):
        assert gone not in left.replace("(4, 3)", "")
    assert left.count("@check(of=") == 2


def test_stripped_checks_still_are_checks():
    namespace = {}
    exec(strip(SMALL.read_text(), "columns_are_scaled", "zeros_stay_zero"), namespace)
    checks = {value.id: value for value in namespace.values() if isinstance(value, Check)}
    assert set(checks) == {"columns_are_scaled", "zeros_stay_zero"}
    assert checks["zeros_stay_zero"].title == "zeros_stay_zero"
    assert checks["zeros_stay_zero"].of == "scale_forward"


def test_titles_keep_the_first_line_alone():
    left = strip(SMALL.read_text(), "columns_are_scaled", titles=True)
    assert '"""Each column is divided by its largest magnitude."""' in left
    assert "students do not need" not in left


def test_local_name_does_not_keep_a_global_of_the_same_name():
    source = (
        "def expected(x):\n    return 'secret'\n\n"
        "@check(of='f')\ndef probe(impl, rng):\n    '''t'''\n    expected = impl.f()\n    return {'e': expected}\n"
    )
    assert names_of(strip(source, "probe")) == {"probe"}


def test_global_used_in_an_inner_function_is_kept():
    source = (
        "LIMIT = 3\n\n"
        "@check(of='f')\ndef probe(impl, rng):\n    '''t'''\n    def inner():\n        return LIMIT\n    return inner()\n"
    )
    assert "LIMIT = 3" in strip(source, "probe")


def test_default_value_and_decorator_are_uses():
    source = (
        "A = 1\ndef wrap(f):\n    return f\n\n@wrap\ndef helper(x=A):\n    return x\n\n"
        "@check(of='f')\ndef probe(impl, rng):\n    '''t'''\n    return helper()\n"
    )
    left = strip(source, "probe")
    assert names_of(left) == {"wrap", "helper", "probe"}
    assert "A = 1" in left


def test_imports_lose_unused_names():
    source = "import os, sys\nfrom a import b, c as d\n\n@check(of='f')\ndef probe(impl, rng):\n    '''t'''\n    return d(sys)\n"
    left = strip(source, "probe")
    assert "import sys" in left
    assert "from a import c as d" in left
    assert "os" not in left.split()
    assert "b" not in left.split()


def test_decorator_under_another_name_is_stripped():
    source = (
        "from grader import probe as p\nfrom grader.probe import check as c\n\n"
        "@c(of='f', points=9)\ndef one(impl, rng):\n    '''t'''\n\n"
        "@p.check(of='g', points=9)\ndef two(impl, rng):\n    '''t'''\n"
    )
    assert "9" not in strip(source, "one", "two")


def test_constant_that_is_filled_later_is_kept_whole():
    source = (
        "T = {}\nT['a'] = 1\nT2 = {}\n\n@check(of='f')\ndef probe(impl, rng):\n    '''t'''\n    return T\n"
    )
    left = strip(source, "probe")
    assert "T['a'] = 1" in left
    assert "T2" not in left


def test_helpers_that_others_import_can_be_kept_by_name():
    assert names_of(
        strip("def a():\n    return b()\ndef b():\n    return 1\ndef c():\n    return 2\n", "a")
    ) == {"a", "b"}


def test_nothing_kept_is_nothing_left():
    assert strip(SMALL.read_text()).strip() == ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("from a import *\n", r"checks\.py:1: `import \*` hides", id="star"),
        pytest.param("x = 1\nprint(x)\n", r"checks\.py:2: .* binds no name", id="bare-call"),
        pytest.param("def f(:\n", r"checks\.py:1: not Python", id="syntax"),
        pytest.param(
            "@check(**T)\ndef f(impl, rng):\n    '''t'''\n",
            r"checks\.py:1: check f: `\*\*` hides",
            id="unpacked-terms",
        ),
    ],
)
def test_what_cannot_be_cut_safely_is_refused(source, message):
    with pytest.raises(AssignmentError, match=message):
        strip(source, "f")


def test_stripping_twice_changes_nothing():
    once = strip(SMALL.read_text(), "columns_are_scaled", "scaler_remembers")
    assert strip(once, "columns_are_scaled", "scaler_remembers") == once


def test_imported_names_of_a_package():
    source = "import numpy\nfrom pkg.common.a import x, y\nfrom pkg.common import b\nimport pkg.common.c\nfrom pkg.other import z\n"
    assert imported_names(source, "pkg.common") == {
        "pkg.common.a": {"x", "y"},
        "pkg.common.b": {"*"},
        "pkg.common.c": {"*"},
    }


def test_imported_names_understands_a_packages_own_relative_imports():
    assert imported_names("from .a import x\nfrom . import b\nfrom ..c import y\n", "pkg") == {
        "pkg.a": {"x"},
        "pkg.b": {"*"},
    }


MODULES = {
    "pkg.a": "from pkg.b import helper, other\n\ndef x():\n    return helper()\n\ndef unused():\n    return other()\n",
    "pkg.b": "SECRET = 1\n\ndef helper():\n    return 2\n\ndef other():\n    return SECRET\n",
}


def test_strip_imported_follows_what_is_used_and_no_further():
    left = strip_imported(["from pkg.a import x\n"], "pkg", MODULES.__getitem__, terms=SANDBOX)
    assert set(left) == {"pkg.a", "pkg.b"}
    assert names_of(left["pkg.a"]) == {"x"}
    assert names_of(left["pkg.b"]) == {"helper"}
    assert "SECRET" not in left["pkg.b"]


def test_strip_imported_joins_what_several_need():
    sources = ["from pkg.b import helper\n", "from pkg.b import other\n"]
    left = strip_imported(sources, "pkg", MODULES.__getitem__, terms=SANDBOX)
    assert names_of(left["pkg.b"]) == {"helper", "other"}


def test_strip_imported_keeps_a_module_that_is_imported_whole():
    left = strip_imported(["import pkg.a\n"], "pkg", MODULES.__getitem__, terms=SANDBOX)
    assert names_of(left["pkg.a"]) == {"x", "unused"}


def test_strip_imported_ends_for_modules_that_import_each_other():
    modules = {
        "pkg.a": "from pkg.b import y\n\ndef x():\n    return y\n",
        "pkg.b": "from pkg.a import x\n\ndef y():\n    return x\n",
    }
    assert set(strip_imported(["from pkg.a import x\n"], "pkg", modules.__getitem__, terms=SANDBOX)) == {
        "pkg.a",
        "pkg.b",
    }
