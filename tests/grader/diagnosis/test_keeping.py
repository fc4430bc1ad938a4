"""What a process of its own leaves behind is what the grader would have computed."""

import signal
import subprocess
import sys

import pytest

from grader.assignment import load_assignment
from grader.diagnosis.keeping import keep_known
from grader.diagnosis.misconceptions import variants_kept
from grader.seed import Seed
from grader.suite import load_reference, load_suite

SEED = Seed.of(3)


@pytest.fixture(autouse=True)
def as_before():
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def test_what_is_left_is_what_the_grader_recalls(pytestconfig, tmp_path):
    folder = pytestconfig.rootpath / "assignments" / "udacity_batchnorm"
    assignment = load_assignment(folder)
    suite, reference = load_suite(assignment), load_reference(assignment)
    assert not variants_kept(suite, reference, SEED, tmp_path)
    keep_known(folder, SEED, tmp_path)
    assert variants_kept(suite, reference, SEED, tmp_path)


def test_an_assignment_that_is_wrong_is_left_for_the_grader_to_tell(tmp_path):
    keep_known(tmp_path / "none", SEED, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_imports_neither_gradebook_nor_notebooks():
    code = "import sys, grader.diagnosis.keeping; print(*{'sqlalchemy', 'nbclient', 'jinja2', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
