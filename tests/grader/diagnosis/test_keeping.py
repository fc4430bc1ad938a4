"""What a process of its own leaves behind is what the grader would have computed."""

import signal
import subprocess
import sys

import pytest

from grader.assignment import load_assignment
from grader.diagnosis.keeping import keep_known
from grader.diagnosis.misconceptions import load_catalogue, variants, variants_kept
from grader.seed import Seed
from grader.suite import expected_arrays, load_reference, load_suite

SEED = Seed.of(3)


@pytest.fixture(autouse=True)
def as_before():
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def test_what_is_left_is_what_the_grader_recalls(course_of_one_check, tmp_path):
    assignment = load_assignment(course_of_one_check)
    suite, reference, cache = load_suite(assignment), load_reference(assignment), tmp_path / "cache"
    assert not variants_kept(suite, reference, SEED, cache)
    keep_known(course_of_one_check, SEED, cache)
    assert variants_kept(suite, reference, SEED, cache)
    catalogue, expected = load_catalogue(assignment), expected_arrays(suite, reference, SEED)
    computed = variants(suite, reference, catalogue, expected, SEED)
    recalled = variants(suite, reference, catalogue, expected, SEED, cache=cache)
    assert named(recalled) == named(computed)
    assert named(computed)["output_is_normalised"]


def named(found):
    """What each mistake gives, by its name."""
    return {
        check: {
            tuple(cause.id for cause in one.causes): {
                key: value.tolist() for key, value in one.arrays.items()
            }
            for one in given
        }
        for check, given in found.items()
    }


def test_an_assignment_that_is_wrong_is_left_for_the_grader_to_tell(tmp_path):
    keep_known(tmp_path / "none", SEED, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_imports_neither_gradebook_nor_notebooks():
    code = "import sys, grader.diagnosis.keeping; print(*{'sqlalchemy', 'nbclient', 'jinja2', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
