"""From which warm parent a runner is forked: by what its modules speak of, and they alone."""

from pathlib import Path

import pytest

from grader.sandbox.lineage import wants_full

PLAIN = "import numpy as np\n"


def asked(folder: Path, sources: dict[str, str], *graded: str) -> bool:
    files = {}
    for number, (path, source) in enumerate(sources.items()):
        files[path] = folder / f"{number}"
        files[path].write_text(source)
    return wants_full(files, graded)


@pytest.mark.parametrize(
    ("source", "full"),
    [
        pytest.param(PLAIN, False, id="numpy alone"),
        pytest.param("import matplotlib.pyplot as plt\n", True, id="at the top"),
        pytest.param("def show():\n    from matplotlib import cm\n", True, id="in a function"),
        pytest.param("my_matplotlib_like = 1\n", False, id="another word"),
        pytest.param("from PIL import Image\n", True, id="images"),
        pytest.param("\x00\n", False, id="no Python"),
    ],
)
def test_graded_module_decides_by_what_it_speaks_of(tmp_path, source, full):
    assert asked(tmp_path, {"a.py": source}, "a.py") is full


def test_what_a_graded_module_imports_counts_and_nothing_else(tmp_path):
    sources = {
        "lib/__init__.py": "",
        "lib/layers.py": "from .tools import *\n",
        "lib/tools.py": "import lib.pictures\n",
        "lib/pictures.py": "import pylab\n",
        "plots.py": "import matplotlib\n",
    }
    assert asked(tmp_path, sources, "lib/layers.py")
    sources["lib/tools.py"] = "import math\n"
    assert not asked(tmp_path, sources, "lib/layers.py")
    assert asked(tmp_path, sources, "plots.py")


def test_package_is_known_by_its_folder_and_circles_end(tmp_path):
    sources = {"a.py": "import b\n", "b/__init__.py": "import a, c\n", "c.py": "import matplotlib\n"}
    assert asked(tmp_path, sources, "a.py")
    sources["c.py"] = "import a\n"
    assert not asked(tmp_path, sources, "a.py")


def test_absent_and_vanished_files_are_passed_over(tmp_path):
    assert not wants_full({"gone.py": tmp_path / "gone"}, ["gone.py", "never_handed_in.py"])
