"""The suite: what enters the sandbox carries no terms, and what the reference expects is the same every time."""

import textwrap

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.errors import AssignmentError
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite, run_probe

CHECKS = '''
"""Probes."""
import numpy as np
from grader.compare import Judgement
from grader.probe import check

SECRET = 0.4242

def positive(actual, expected):
    return Judgement(1.0 if actual["y"].min() > SECRET else 0.0)

@check(of="double", points=3, tolerance=1.25e-9, hint="a telling hint")
def doubles(impl, rng):
    """Twice the input."""
    x = rng.standard_normal(4)
    return {"y": impl.double(x)}

@check(of="double", judge=positive, visible=False)
def legacy(impl, rng):
    """Follows NumPy's legacy generator."""
    return {"y": impl.double(np.random.rand(3))}

@check(of="answer", where="notebook", judge=positive)
def experiment(impl, rng):
    """The notebook's answer."""
    return {"y": impl.answer}
'''
SOLUTION = "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION\n"
SPEC = """
format: 1
title: Doubling
course: Arithmetic
reference: solution
files:
  modules:
    - path: sums/double.py
      defines: [double]
"""


@pytest.fixture
def make_assignment(tmp_path):
    def make(checks=CHECKS, solution=SOLUTION, name="doubling"):
        folder = tmp_path / "assignments" / name
        (folder / "source" / "sums").mkdir(parents=True, exist_ok=True)
        (folder / "assignment.yaml").write_text(SPEC)
        (folder / "checks.py").write_text(textwrap.dedent(checks))
        (folder / "source" / "sums" / "double.py").write_text(solution)
        return load_assignment(folder)

    return make


def test_load_suite_keeps_the_order_and_the_terms(make_assignment):
    suite = load_suite(make_assignment())
    assert [(check.id, check.points, check.where) for check in suite.checks] == [
        ("doubles", 3, "modules"),
        ("legacy", 1.0, "modules"),
        ("experiment", 1.0, "notebook"),
    ]
    assert [check.id for check in suite.at("notebook")] == ["experiment"]
    assert suite.check("legacy").visible is False


def test_what_enters_the_sandbox_has_probes_and_no_terms(make_assignment):
    (source,) = load_suite(make_assignment()).modules.values()
    for kept in ("def doubles", "def legacy", "standard_normal"):
        assert kept in source
    for secret in (
        "1.25e-09",
        "1.25e-9",
        "points",
        "tolerance",
        "hint",
        "telling",
        "Judgement",
        "positive",
        "0.4242",
        "Twice",
    ):
        assert secret not in source


def test_digest_ignores_terms_and_follows_probes(make_assignment):
    digest = load_suite(make_assignment()).digest
    rescored = CHECKS.replace("points=3", "points=5").replace("1.25e-9", "1e-3").replace("0.4242", "0.1")
    assert load_suite(make_assignment(rescored)).digest == digest
    assert (
        load_suite(make_assignment(CHECKS.replace("standard_normal(4)", "standard_normal(5)"))).digest
        != digest
    )
    assert (
        load_suite(make_assignment(CHECKS.replace('of="double", points=3', 'of="double", time_s=2'))).digest
        != digest
    )


def test_expected_arrays_come_from_the_reference(make_assignment):
    assignment = make_assignment()
    suite, seed = load_suite(assignment), Seed.of(231)
    expected = expected_arrays(suite, load_reference(assignment), seed)
    x = np.random.default_rng(seed.for_check("doubles")).standard_normal(4)
    np.testing.assert_array_equal(expected["doubles"]["y"], 2 * x)
    assert "experiment" not in expected, "a notebook check with a judge of its own expects nothing"


def test_expected_arrays_leave_the_legacy_generator_alone_and_repeat(make_assignment):
    assignment = make_assignment()
    suite, reference = load_suite(assignment), load_reference(assignment)
    np.random.seed(7)
    first = expected_arrays(suite, reference, Seed.of(1))
    assert np.random.rand() == np.random.RandomState(7).rand()
    np.testing.assert_array_equal(
        first["legacy"]["y"], expected_arrays(suite, reference, Seed.of(1))["legacy"]["y"]
    )
    assert (first["legacy"]["y"] != expected_arrays(suite, reference, Seed.of(2))["legacy"]["y"]).all()


def test_expected_arrays_are_cached_until_the_solution_changes(make_assignment, tmp_path):
    assignment = make_assignment()
    suite, cache = load_suite(assignment), tmp_path / "cache"
    first = expected_arrays(suite, load_reference(assignment), Seed.of(1), cache)
    (file,) = cache.iterdir()
    again = expected_arrays(suite, load_reference(assignment), Seed.of(1), cache)
    np.testing.assert_array_equal(first["doubles"]["y"], again["doubles"]["y"])
    changed = make_assignment(solution=SOLUTION.replace("2 *", "3 *"))
    tripled = expected_arrays(suite, load_reference(changed), Seed.of(1), cache)
    np.testing.assert_allclose(tripled["doubles"]["y"], 1.5 * first["doubles"]["y"])
    file.write_bytes(b"damaged")
    repaired = expected_arrays(suite, load_reference(make_assignment()), Seed.of(1), cache)
    np.testing.assert_array_equal(first["doubles"]["y"], repaired["doubles"]["y"])


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        pytest.param("x = 1\n", "no check in it", id="empty"),
        pytest.param("import absent_module\n", r"checks.py:1: ModuleNotFoundError", id="import"),
        pytest.param("x = (\n", r"checks.py:1: SyntaxError", id="syntax"),
        pytest.param(CHECKS + "\nother = doubles\n", "more than one check is named doubles", id="same-id"),
        pytest.param(CHECKS.replace("points=3", "poinst=3"), "poinst", id="unknown-term"),
        pytest.param(
            CHECKS.replace("points=3", "points=-3"), "doubles has points=-3; expected 0 or more", id="points"
        ),
        pytest.param(
            CHECKS.replace("points=3", "points=3, credit='Each'"), "credit='Each'; expected", id="credit"
        ),
        pytest.param(CHECKS + CHECKS, r"checks.py:\d+: doubles is defined again", id="defined-again"),
        pytest.param(
            CHECKS.replace('    """Twice the input."""\n', ""), "doubles: write a docstring", id="no-title"
        ),
    ],
)
def test_load_suite_says_where_checks_are_wrong(make_assignment, checks, message):
    with pytest.raises(AssignmentError, match=message):
        load_suite(make_assignment(checks))


@pytest.mark.parametrize(
    ("solution", "message"),
    [
        pytest.param(
            "def double(x):\n    return x / missing\n",
            r"check doubles \(checks.py:\d+\): the reference raised NameError",
            id="raises",
        ),
        pytest.param(
            "def double(x):\n    return object()\n",
            "check doubles: y of the reference has dtype object",
            id="no-array",
        ),
    ],
)
def test_run_probe_reports_a_reference_that_cannot_answer(make_assignment, solution, message):
    assignment = make_assignment(solution=solution)
    with pytest.raises(AssignmentError, match=message):
        run_probe(load_suite(assignment).check("doubles"), load_reference(assignment), Seed.of(1))


TWO_NOTEBOOKS = """
notebooks:
  - path: first.ipynb
  - path: second.ipynb
"""


@pytest.fixture
def two_notebooks(make_assignment):
    def make(place):
        assignment = make_assignment(CHECKS.replace('where="notebook"', f'where="notebook"{place}'))
        for name in ("first.ipynb", "second.ipynb"):
            (assignment.folder / "source" / name).write_text("{}")
        (assignment.folder / "assignment.yaml").write_text(SPEC + TWO_NOTEBOOKS)
        return load_assignment(assignment.folder)

    return make


def test_check_belongs_to_the_notebook_that_it_names(two_notebooks):
    suite = load_suite(two_notebooks(', notebook="second.ipynb"'))
    assert suite.in_notebook("first.ipynb") == ()
    assert [check.id for check in suite.in_notebook("second.ipynb")] == ["experiment"]


@pytest.mark.parametrize("place", ["", ', notebook="third.ipynb"'])
def test_load_suite_asks_which_of_several_notebooks_a_check_reads(two_notebooks, place):
    with pytest.raises(
        AssignmentError,
        match=r"check experiment reads notebook .*; expected one of first.ipynb, second.ipynb",
    ):
        load_suite(two_notebooks(place))


def test_load_reference_that_is_absent_is_named(make_assignment):
    assignment = make_assignment()
    path = assignment.folder / "assignment.yaml"
    path.write_text(SPEC.replace("reference: solution", "reference: no.such.module"))
    with pytest.raises(AssignmentError, match=r"reference no.such.module cannot be imported"):
        load_reference(load_assignment(assignment.folder))
