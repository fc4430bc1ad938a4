"""What travels to a worker holds what running takes, and nothing that a verdict is made of."""

import json
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.errors import EvidenceError, SandboxError
from grader.execute import Plan
from grader.machines.errand import decode_answer, decode_task, encode_answer, encode_task
from grader.model import CheckEvidence, Ending, Evidence, NotebookEvidence, Submission, SubmittedFile, Value
from grader.seed import Seed
from grader.store.blobs import BlobStore
from grader.suite import load_suite

ROOT = Path(__file__).resolve().parents[3]
SMALL = ROOT / "tests" / "data" / "small_assignment"


@pytest.fixture(scope="module")
def plan():
    suite = load_suite(load_assignment(SMALL))
    return Plan(suite=suite, seed=Seed.of(3), data=None, environment={"python": "3"})


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path)


@pytest.fixture
def submission(blobs):
    file = SubmittedFile(path="pkg/scaling.py", digest=blobs.put(b"x = 1\n"), size_bytes=6)
    return Submission(student="ada", origin="ada", files=(file,), digest="d" * 64)


def test_a_task_comes_back_as_it_was(plan, submission, blobs):
    document, files = encode_task(plan, submission, "k" * 64, blobs)
    task = decode_task(document)
    assert (task.key, task.submission, task.data_digest) == ("k" * 64, submission, "")
    assert list(files.values()) == [b"x = 1\n"]
    suite = task.plan.suite
    assert (suite.digest, suite.modules) == (plan.suite.digest, plan.suite.modules)
    assert suite.assignment.spec == plan.suite.assignment.spec
    terms = [(check.id, check.where, check.notebook, check.time_s) for check in plan.suite.checks]
    assert [(check.id, check.where, check.notebook, check.time_s) for check in suite.checks] == terms
    assert all(task.plan.seed.for_check(name) == plan.seed.for_check(name) for name, *_ in terms)


@pytest.mark.parametrize("course", sorted(path.parent.name for path in ROOT.glob("assignments/*/checks.py")))
def test_a_worker_runs_what_the_driver_runs_in_its_order_with_its_seeds(course, submission, blobs):
    """Hidden checks last, so that their inputs cannot be kept for a visible one to tell; and all companions."""
    suite = load_suite(load_assignment(ROOT / "assignments" / course))
    plan = Plan(suite=suite, seed=Seed.of(3), data=None, environment={})
    document, _ = encode_task(plan, submission, "k" * 64, blobs)
    sent = decode_task(document).plan.suite
    paths = [notebook.path for notebook in suite.assignment.spec.notebooks]
    orders = [(mine.of_modules, *map(mine.in_notebook, paths)) for mine in (suite, sent)]
    ran, run = ([[(check.id, check.draws_as) for check in part] for part in parts] for parts in orders)
    assert run == ran
    assert [check.id for check in sent.probes] == [check.id for check in suite.probes]


def test_a_task_holds_nothing_to_judge_by(plan, submission, blobs):
    document, _ = encode_task(plan, submission, "k" * 64, blobs)
    fields = {key for check in json.loads(document)["checks"] for key in check}
    assert fields == {"id", "where", "notebook", "time_s", "visible", "carries", "charged"}
    assert b"judge_positive" not in document
    assert b"Look at the maximum" not in document


def test_a_workers_checks_cannot_be_run_outside(plan, submission, blobs):
    document, _ = encode_task(plan, submission, "k" * 64, blobs)
    with pytest.raises(SandboxError, match="in the sandbox only"):
        decode_task(document).plan.suite.checks[0].probe(None, None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"format": 1}, "of format 1, this worker reads 2", id="other-version"),
        pytest.param({"spec": {"format": 1}}, "cannot be read", id="spec"),
        pytest.param({"seed": "not hexadecimal"}, "cannot be read", id="seed"),
        pytest.param({"submission": {}}, "cannot be read", id="submission"),
    ],
)
def test_a_task_of_another_version_is_refused(change, why, plan, submission, blobs):
    document, _ = encode_task(plan, submission, "k" * 64, blobs)
    with pytest.raises(SandboxError, match=why):
        decode_task(json.dumps(json.loads(document) | change).encode())


def evidence(executed: str | None) -> Evidence:
    value = Value(name="out", type_name="ndarray", array=np.array([[1.5, np.nan]]))
    return Evidence(
        key="k" * 64,
        submission="d" * 64,
        suite="s" * 64,
        seed_id="i",
        checks=(CheckEvidence(check="c", ending=Ending.ANSWERED, values=(value,)),),
        notebooks=(NotebookEvidence(path="a.ipynb", ending=Ending.ANSWERED, executed=executed),),
    )


def test_an_answer_comes_back_with_its_notebooks(blobs):
    digest = blobs.put(b"{}")
    answer = decode_answer(encode_answer(evidence(digest), blobs), key="k" * 64)
    assert answer.executed == {digest: b"{}"}
    np.testing.assert_array_equal(answer.evidence.checks[0].values[0].array, [[1.5, np.nan]])


def test_an_answer_to_another_task_is_refused(blobs):
    parcel = encode_answer(evidence(None), blobs)
    with pytest.raises(SandboxError, match="answered kkkkkkkkkkkk where aaaaaaaaaaaa was asked"):
        decode_answer(parcel, key="a" * 64)


def test_a_damaged_answer_is_refused(blobs):
    data, files = encode_answer(evidence(None), blobs)
    with pytest.raises(EvidenceError, match="a worker's answer: damaged"):
        decode_answer((data[:-1] + b"x", files), key="k" * 64)
