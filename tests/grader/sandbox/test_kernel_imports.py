"""What stands in for packages that are not here: Colab's modules, and imports that may fail."""

import ast
import sys

import pytest

from grader.sandbox.kernel_imports import STAND_IN, ColabFinder, guard_imports


@pytest.fixture
def colab():
    sys.meta_path.append(ColabFinder)
    yield
    sys.meta_path.remove(ColabFinder)
    for name in [name for name in sys.modules if name.split(".")[:2] == ["google", "colab"]]:
        del sys.modules[name]


def test_colab_finder_gives_modules_that_do_nothing(colab):
    from google.colab import drive, files

    assert drive.mount("/content/drive", force_remount=True) is None
    assert files.upload() == {}


def test_colab_finder_knows_nothing_else(colab):
    assert ColabFinder.find_spec("google.cloud") is None
    assert ColabFinder.find_spec("tensorflow") is None


def guarded(source, stand_in, names=None):
    """Run `source` as a cell would be run: its imports guarded, absent packages handed to `stand_in`."""
    tree = guard_imports(ast.parse(source))
    space = {STAND_IN: stand_in, **(names or {})}
    exec(compile(tree, "cell", "exec"), space)
    return space


def test_guard_imports_tries_again_after_a_stand_in():
    def stand_in(error):
        seen.append(error.name)
        return sys.modules.setdefault(error.name, sys) is sys

    seen = []
    try:
        space = guarded("import absent_one\nif True:\n    from absent_two import path\n", stand_in)
    finally:
        for name in seen:
            del sys.modules[name]
    assert seen == ["absent_one", "absent_two"]
    assert space["absent_one"] is sys


def test_guard_imports_raises_what_cannot_be_stood_in_for():
    with pytest.raises(ModuleNotFoundError, match="absent_three") as caught:
        guarded("x = 1\nimport absent_three\n", lambda error: False)
    assert caught.traceback[-1].frame.f_globals.get("x", 1) == 1
    assert [entry.lineno + 1 for entry in caught.traceback if str(entry.path) == "cell"] == [2]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("try:\n    import absent_four\nexcept ImportError:\n    found = False", id="try"),
        pytest.param("def f():\n    import absent_four", id="function"),
        pytest.param("class A:\n    def f(self):\n        import absent_four", id="method"),
        pytest.param("from __future__ import annotations", id="future"),
    ],
)
def test_guard_imports_leaves_alone(source):
    def stand_in(error):
        raise AssertionError("was asked")

    before = ast.dump(ast.parse(source))
    assert ast.dump(guard_imports(ast.parse(source))) == before
    guarded(source, stand_in)


def test_guard_imports_passes_a_star_and_an_alias():
    space = guarded("from math import *\nimport os.path as p, json\n", lambda error: False)
    assert (space["pi"] > 3, space["json"].__name__, space["p"].__name__[-4:]) == (True, "json", "path")


def test_guard_imports_finds_them_in_every_block():
    source = """
for _ in (1,):
    pass
else:
    with open("/dev/null"):
        while True:
            if False:
                pass
            elif True:
                match 1:
                    case 1:
                        import absent_five
            break
"""
    seen = []
    with pytest.raises(ModuleNotFoundError):
        guarded(source, lambda error: seen.append(error.name))
    assert seen == ["absent_five"]


def test_guard_imports_passes_a_long_chain_of_conditions():
    chain = "if x == 0: pass\n" + "".join(f"elif x == {n}: pass\n" for n in range(2000))
    tree = ast.parse(chain)
    assert guard_imports(tree) is tree
