"""The self-check kit: what is in it, what must not be, and that it runs on students' Pythons."""

import ast
import io
import json
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.authoring.kit import FIXTURES, kit_files, public_checks, public_fixtures, same_fixtures
from grader.errors import AssignmentError
from grader.seed import PUBLIC_SEED
from grader.suite import load_suite

SMALL = Path(__file__).parents[2] / "data" / "small_assignment"
NEWER_TERMS = {"slots", "kw_only", "strict"}  # of dataclass and zip, since Python 3.10
BUILT_IN = {"tuple", "list", "dict", "set", "frozenset", "type"}  # subscribed since Python 3.9


@pytest.fixture
def no_other_common():
    """Forget `assignments.common` of another root, and afterwards that of this test."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "assignments"}
    for name in kept:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "assignments"]:
        del sys.modules[name]
    sys.modules.update(kept)


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "assignments" / "small"
    shutil.copytree(SMALL, folder)
    return load_assignment(folder)


def kit(assignment):
    suite = load_suite(assignment)
    return kit_files(suite, public_fixtures(suite))


def fixtures_of(files):
    with np.load(io.BytesIO(files[FIXTURES])) as file:
        return {name: file[name] for name in file.files}


def rewrite(assignment, old, new):
    text = assignment.checks.read_text()
    assert old in text
    assignment.checks.write_text(text.replace(old, new))


def test_public_checks_are_visible_and_compared(small):
    assert [check.id for check in public_checks(load_suite(small))] == [
        "columns_are_scaled",
        "scaler_remembers",
    ]


def test_kit_tells_nothing_of_hidden_checks_judges_and_points(small):
    whole = b"\n".join(
        data for path, data in kit(small).items() if path != FIXTURES and "selfcheck/check.py" not in path
    )
    for gone in (
        b"zeros_stay_zero",
        b"A column of zeros",
        b"SECRET",
        b"judge_positive",
        b"points=",
        b"students do not need",
    ):
        assert gone not in whole
    assert b"hint='Look at the maximum of each column.'" in whole
    assert b"tolerance=1e-06" in whole


def test_fixtures_are_the_reference_under_the_public_seed(small):
    rng = np.random.Generator(np.random.PCG64(PUBLIC_SEED.for_check("columns_are_scaled")))
    x = 3.0 * rng.standard_normal((4, 3))
    expected = x / abs(x).max(axis=0)  # by hand: no column of random numbers is all zero
    arrays = fixtures_of(kit(small))
    np.testing.assert_array_equal(arrays["columns_are_scaled/out"], expected)
    assert {name for name in arrays if not name.startswith("canary/")} == {
        "columns_are_scaled/out",
        "scaler_remembers/out",
    }


def test_kit_is_the_same_byte_for_byte(small):
    assert kit(small) == kit(small)
    with zipfile.ZipFile(io.BytesIO(kit(small)[FIXTURES])) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_settings_name_modules_in_the_order_of_lookup(small):
    settings = json.loads(kit(small)["selfcheck/settings.json"])
    assert settings["own"] == ["pkg.scaling"]
    assert settings["modules"] == ["pkg.scaling", "pkg.helpers"]
    assert set(settings["seeds"]) == {"columns_are_scaled", "scaler_remembers"}


def newer_than_3_8(tree):
    """Constructs that parse, but that Python 3.8 cannot run."""
    annotations = {id(part) for node in ast.walk(tree) for note in notes(node) for part in ast.walk(note)}
    for node in ast.walk(tree):
        if id(node) in annotations:
            continue  # strings at run time, by `from __future__ import annotations`
        if isinstance(node, ast.keyword) and node.arg in NEWER_TERMS:
            yield node.arg
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.BitOr)
            and isinstance(node.right, ast.Constant)
        ):
            yield ast.unparse(node)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in BUILT_IN:
            yield ast.unparse(node)


def notes(node):
    if isinstance(node, ast.FunctionDef) and node.returns:
        yield node.returns
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
        yield node.annotation


def test_kit_keeps_to_python_3_8_numpy_and_itself(small):
    for path, data in kit(small).items():
        if not path.endswith(".py"):
            continue
        tree = ast.parse(data, feature_version=(3, 8))
        assert not list(newer_than_3_8(tree)), path
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            else:
                continue
            assert not {module.partition(".")[0] for module in modules} & {
                "grader",
                "reference",
                "assignments",
            }, path


def test_checker_of_newer_syntax_sees_it():
    source = "@dataclass(slots=True)\nclass A:\n    x: int | None\nB = tuple[int, int]\nC = X | None\nzip(a, b, strict=True)\n"
    assert sorted(newer_than_3_8(ast.parse(source))) == ["X | None", "slots", "strict", "tuple[int, int]"]


@pytest.mark.usefixtures("no_other_common")
def test_shared_probes_come_along_as_far_as_they_are_used(small):
    common = small.folder.parent / "common"
    common.mkdir()
    (common / "__init__.py").write_text("")
    (common / "inputs.py").write_text(
        "from assignments.common.deeper import spread\n\nHIDDEN_VALUE = 7\n\n"
        "def inputs(rng):\n    '''Doc.'''\n    return spread() * rng.standard_normal((4, 3))\n\n"
        "def for_hidden_checks():\n    return HIDDEN_VALUE\n"
    )
    (common / "deeper.py").write_text("def spread():\n    return 2.0\n")
    rewrite(
        small,
        "from grader.probe import check",
        "from grader.probe import check\n\nfrom assignments.common.inputs import inputs",
    )
    rewrite(small, "return SCALE * rng.standard_normal((4, 3))", "return inputs(rng)")
    files = kit(small)
    assert files["selfcheck/checks.py"].count(b"from .common.inputs import inputs") == 1
    assert b"from .deeper import spread" in files["selfcheck/common/inputs.py"]
    assert b"HIDDEN_VALUE" not in files["selfcheck/common/inputs.py"]
    assert "selfcheck/common/deeper.py" in files


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("import math", "import math\n\nimport grader.compare", None, id="unused-import-goes"),
        pytest.param(
            "    return SCALE",
            "    grader.compare\n    return SCALE",
            r"students lack what `import grader\.compare`",
            id="harness",
        ),
        pytest.param(
            "    return SCALE",
            "    match SCALE:\n        case _:\n            pass\n    return SCALE",
            r"syntax that students' Python 3\.8 lacks",
            id="match",
        ),
    ],
)
def test_checks_that_students_cannot_run_are_refused(small, old, new, message):
    if "grader.compare" in new and message:
        rewrite(small, "import math", "import math\n\nimport grader.compare")
    rewrite(small, old, new)
    if message is None:
        assert b"import grader" not in kit(small)["selfcheck/checks.py"]
        return
    with pytest.raises(AssignmentError, match=message):
        kit(small)


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param({"a": np.array([1.0])}, {"a": np.array([1.0 + 1e-12])}, True, id="rounding"),
        pytest.param({"a": np.array([1.0])}, {"a": np.array([1.001])}, False, id="value"),
        pytest.param({"a": np.array([1.0])}, {"a": np.array([[1.0]])}, False, id="shape"),
        pytest.param({"a": np.array([1.0])}, {"a": np.array([1.0], dtype=np.float32)}, False, id="dtype"),
        pytest.param({"a": np.array([1])}, {"a": np.array([2])}, False, id="integers"),
        pytest.param({"a": np.array([1])}, {"b": np.array([1])}, False, id="names"),
    ],
)
def test_same_fixtures_forgives_rounding_alone(one, other, same):
    assert same_fixtures(npz(**one), npz(**other)) is same
