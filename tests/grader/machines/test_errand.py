"""What travels to a worker holds what running takes, and nothing that a verdict is made of."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.errors import SandboxError
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


@pytest.fixture
def evidence(plan, blobs):
    """What came of the submission."""
    value = Value(name="out", type_name="ndarray", array=np.array([[1.5, np.nan]]))
    return Evidence(
        key="k" * 64,
        submission="d" * 64,
        suite=plan.suite.digest,
        seed_id=plan.seed.id,
        checks=(CheckEvidence(check=plan.suite.checks[0].id, ending=Ending.ANSWERED, values=(value,)),),
        notebooks=(
            NotebookEvidence(path="a.ipynb", ending=Ending.ANSWERED, executed=blobs.put(b"{}")),
            NotebookEvidence(path="b.ipynb", ending=Ending.MISSING),
        ),
        environment=plan.environment,
    )


def test_an_answer_comes_back_with_its_notebooks(evidence, plan, submission, blobs):
    answer = decode_answer(encode_answer(evidence, blobs), plan, submission, "k" * 64)
    assert list(answer.executed.values()) == [b"{}"]
    np.testing.assert_array_equal(answer.evidence.checks[0].values[0].array, [[1.5, np.nan]])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"key": "a" * 64}, "answered aaaaaaaaaaaa where kkkkkkkkkkkk was asked", id="key"),
        pytest.param({"submission": "e" * 64}, "answered eeeeeeeeeeee where dddddddddddd", id="submission"),
        pytest.param({"suite": "s" * 64}, "answered ssssssssssss where", id="checks"),
        pytest.param({"seed_id": "other"}, "answered other where", id="seed"),
        pytest.param({"environment": {"python": "2"}}, "in another environment", id="environment"),
        pytest.param({"sandboxed": False}, "in another environment", id="no-sandbox"),
        pytest.param(
            {"checks": (CheckEvidence(check="none", ending=Ending.ANSWERED),)}, "not asked", id="no-check"
        ),
        pytest.param({"checks": 2}, "one of them twice", id="twice"),
        pytest.param({"notebooks": ()}, "not the executed notebooks", id="too-many-files"),
    ],
)
def test_an_answer_to_anything_else_than_what_was_asked_is_refused(  # noqa: PLR0917 - each is needed
    change, why, evidence, plan, submission, blobs
):
    """Evidence of one submission under another's key, say, or of a worker that draws other inputs."""
    if change.get("checks") == 2:
        change = {"checks": evidence.checks * 2}
    data, _ = encode_answer(replace(evidence, **change), blobs)
    _, files = encode_answer(evidence, blobs)
    with pytest.raises(SandboxError, match=why):
        decode_answer((data, files), plan, submission, "k" * 64)


def test_an_answer_that_is_damaged_or_none_is_refused(evidence, plan, submission, blobs):
    data, files = encode_answer(evidence, blobs)
    (digest,) = files
    for parcel, why in (
        ((data[:-1] + b"x", files), "a worker's answer: damaged"),
        ((data, {digest: b"[]"}), "not the executed notebooks"),
        ((data, {digest: 7}), "not the executed notebooks"),
        ((data, {}), "not the executed notebooks"),
        (None, "answered with NoneType"),
        ((data.decode("latin-1"), files), "answered with tuple"),
    ):
        with pytest.raises(SandboxError, match=why):
            decode_answer(parcel, plan, submission, "k" * 64)
