"""Stand-ins of absent packages: importing one costs nothing, whatever computes with one says which package it is."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from grader.probe import stubs
from grader.probe.published import PUBLISHED
from grader.probe.stubs import LackingError, fill_in, lacking_package, placeholder, written_with

X = np.ones((2, 3))
ABSENT = "lasagne"  # published, and given up years ago, so that no machine of today has it


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda thing: thing(1, a=2), id="call"),
        pytest.param(lambda thing: thing + 1, id="add"),
        pytest.param(lambda thing: X @ thing, id="array-first"),
        pytest.param(lambda thing: X * thing, id="array-times"),
        pytest.param(lambda thing: thing[0], id="item"),
        pytest.param(list, id="loop"),
        pytest.param(lambda thing: thing < 0, id="compare"),
        pytest.param(np.asarray, id="as-array"),
        pytest.param(float, id="float"),
        pytest.param(lambda thing: operator.iadd(X.copy(), thing), id="in-place"),
    ],
)
def test_whatever_computes_with_a_placeholder_names_the_package(use):
    with pytest.raises(
        LackingError, match=r"lasagne\.layers was used, but lasagne is not installed"
    ) as raised:
        use(placeholder(f"{ABSENT}.layers"))
    assert lacking_package(raised.value) == ABSENT


def test_with_statement_over_a_placeholder_names_the_package():
    with (
        pytest.raises(LackingError, match=r"lasagne\.Session was used"),
        placeholder(f"{ABSENT}.Session"),  # type: ignore[attr-defined]
    ):
        pass


def test_nothing_is_an_instance_of_what_is_not_there():
    assert not isinstance(X, placeholder(f"{ABSENT}.Tensor"))


def test_derived_class_works_as_far_as_it_is_its_own():
    class Net(placeholder(f"{ABSENT}.Module")):
        def __init__(self):
            super().__init__()
            self.width = 3

        def own(self):
            return 2 * self.width

    assert Net().own() == 6
    with pytest.raises(LackingError, match=r"lasagne\.Module\.fit was used"):
        Net().fit(X)
    with pytest.raises(LackingError, match=r"lasagne\.Module was used"):
        Net()(X)
    with pytest.raises(LackingError, match=r"lasagne\.Module\.apply was used"):
        Net.apply(X)


def test_cause_of_another_exception_is_found():
    def wrapped():
        try:
            placeholder(f"{ABSENT}.x")()
        except ImportError as exc:
            raise ValueError("no network") from exc

    with pytest.raises(ValueError, match="no network") as raised:
        wrapped()
    assert lacking_package(raised.value) == ABSENT


@pytest.mark.parametrize(
    "exc",
    [
        pytest.param(ImportError("no", name=ABSENT), id="a-name-that-it-lacks"),
        pytest.param(ModuleNotFoundError("no", name="my_helpers"), id="a-file-of-the-student"),
        pytest.param(ModuleNotFoundError("no", name=None), id="no-name"),
        pytest.param(ValueError("wrong"), id="a-plain-error"),
        pytest.param(LackingError("no", name="helpers"), id="a-stand-in-for-a-file"),
    ],
)
def test_other_errors_are_no_lack_of_a_package(exc):
    assert lacking_package(exc) is None


def test_package_that_is_loaded_is_not_lacking(monkeypatch):
    monkeypatch.setitem(stubs.sys.modules, ABSENT, stubs.ModuleType(ABSENT))
    assert lacking_package(LackingError("no", name=ABSENT)) is None


def test_fill_in_binds_what_the_statement_would_have_bound():
    code = compile("a, b = f()\nfor c in a: d = c\ng = 1", "cell", "exec")
    space = {"g": "kept"}
    assert fill_in(code, LackingError("no", name=ABSENT), space)
    assert sorted(space) == ["a", "b", "c", "d", "g"]
    assert space["g"] == "kept"
    with pytest.raises(LackingError, match=r"lasagne\.\(d\) was used"):
        space["d"] + 1


def test_fill_in_leaves_other_errors_alone():
    space: dict[str, object] = {}
    assert not fill_in(compile("a = 1 / 0", "cell", "exec"), ZeroDivisionError(), space)
    assert space == {}


def test_fill_in_takes_what_was_to_be_filled_for_absent_too():
    code = compile("for size in sizes: nets[size] = train(size)", "cell", "exec")
    space = {"sizes": [1, 2], "nets": {}, "others": {}}
    assert fill_in(code, LackingError("no", name=ABSENT), space)
    assert (repr(space["nets"]), space["sizes"], space["others"]) == (
        "<lasagne.(nets): not installed>",
        [1, 2],
        {},
    )


@pytest.mark.parametrize(
    ("source", "package"),
    [
        pytest.param("def f(x): return tf.mean(x)", ABSENT, id="function"),
        pytest.param(
            "class A:\n    def f(self, x):\n        return [tf.mean(a) for a in x]", ABSENT, id="method"
        ),
        pytest.param("def f(x):\n    def g(): return tf\n    return g", ABSENT, id="inner-function"),
        pytest.param("def f(x): return x", None, id="not-used"),
        pytest.param("x = 1", None, id="no-function"),
        pytest.param("def f(x): return helper(x)", None, id="a-file-of-the-student"),
    ],
)
def test_written_with_names_the_package_that_a_function_uses(source, package):
    space = {"tf": placeholder(ABSENT), "helper": placeholder("my_helpers.f")}
    exec(source, space)  # the test's own source
    assert written_with(space) == package


def test_written_with_looks_at_what_the_module_itself_defines():
    other = {"tf": placeholder(ABSENT)}
    exec("def f(x): return tf.mean(x)", other)  # the test's own source
    assert written_with({"f": other["f"], "tf": placeholder(ABSENT)}) is None


def test_name_that_an_installed_package_lacks_is_not_said_to_be_of_an_absent_one():
    with pytest.raises(
        LackingError, match=r"numpy\.gone was used, but numpy has no such name in the version"
    ):
        placeholder("numpy.gone")()


def test_version_of_an_absent_package_can_be_printed(in_fork):
    def work():
        stubs.install_stub(ABSENT)
        space: dict[str, object] = {}
        exec(f"import {ABSENT}\nx = str({ABSENT}.__version__), hasattr({ABSENT}, '__wrapped__')", space)
        return space["x"]

    assert in_fork(work) == [f"<{ABSENT}.__version__: not installed>", False]


def test_published_names_are_top_level_and_not_always_there():
    assert all(name.isidentifier() for name in PUBLISHED)
    assert not PUBLISHED & ({"numpy", "matplotlib"} | stubs.sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("from tqdm import tqdm\nx = [i for i in tqdm([1, 2], desc='epoch')]", [1, 2], id="tqdm"),
        pytest.param("import tqdm\nx = list(tqdm.trange(2))", [0, 1], id="trange"),
        pytest.param(
            "from tqdm.notebook import tqdm\nbar = tqdm(range(2))\nbar.set_description('a')\nx = len(bar)", 2, id="bar"
        ),
        pytest.param("from numba import njit\n@njit\ndef f(a): return a\nx = f(3)", 3, id="njit"),
        pytest.param("from numba import jit\n@jit(nopython=True)\ndef f(a): return a\nx = f(3)", 3, id="jit"),
    ],
)  # fmt: skip
def test_packages_that_change_no_result_are_done_without(in_fork, source, value):
    def work():
        for package in ("tqdm", "numba"):
            stubs.install_stub(package)
        space: dict[str, object] = {}
        exec(source, space)  # the test's own source
        return space["x"]

    assert in_fork(work) == value
