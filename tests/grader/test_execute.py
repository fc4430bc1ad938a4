"""One submission becomes evidence: each part on its own, and nothing judged."""

import asyncio
import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.data import DataSet
from grader.execute import LocalExecutor, Plan, execute, not_run
from grader.model import Ending, Submission, SubmittedFile
from grader.sandbox.channel import TIME_USED_UP
from grader.sandbox.sandbox import Sandbox
from grader.seed import Seed
from grader.store.blobs import BlobStore
from grader.suite import load_suite

SMALL = Path(__file__).resolve().parents[1] / "data" / "small_assignment"
PROBES = '''

@check(of="size", where="notebook", time_s=2)
def notebook_size(impl, rng):
    """The notebook reads the data set."""
    import numpy

    return {"size": numpy.array(impl.size)}
'''

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house") / "scaling"
    shutil.copytree(SMALL, folder)
    (folder / "checks.py").write_text((folder / "checks.py").read_text() + PROBES)
    spec = folder / "assignment.yaml"
    spec.write_text(spec.read_text() + "data: mnist\ndata_folder: pkg/images\n")
    images = tmp_path_factory.mktemp("images")
    (images / "one").write_bytes(b"12345")
    data = DataSet(name="Images", folder=images, synthetic=True, digest="d")
    suite = load_suite(load_assignment(folder))
    return Plan(suite=suite, seed=Seed.of(1), data=data, environment={"python": "3"})


@pytest.fixture
def run(plan, tmp_path):
    """Execute files given as path -> text; returns the evidence, checks by id."""
    blobs = BlobStore(tmp_path / "blobs")

    def run(files, aliases=(), plan=plan):
        staged = []
        for path, text in files.items():
            data = text.encode()
            staged.append(SubmittedFile(path=path, digest=blobs.put(data), size_bytes=len(data)))
        submission = Submission(student="ada", origin="ada", files=tuple(staged), aliases=aliases, digest="d")

        async def whole():
            async with Sandbox() as sandbox:
                return await execute(plan, submission, key="k" * 64, sandbox=sandbox, blobs=blobs)

        evidence = asyncio.run(whole())
        return evidence, {answer.check: answer for answer in evidence.checks}

    return run


def notebook(*sources):
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
            "id": f"c{i}",
        }
        for i, source in enumerate(sources)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


SCALING = (SMALL / "source" / "pkg" / "scaling.py").read_text()
HELPERS = (SMALL / "source" / "pkg" / "helpers.py").read_text()
READS = "import os\nsize = os.path.getsize('pkg/images/one')"


def test_execute_answers_every_check_of_modules_and_notebook(run, plan):
    evidence, checks = run(
        {"pkg/scaling.py": SCALING, "pkg/helpers.py": HELPERS, "Scaling.ipynb": notebook(READS)}
    )
    assert set(checks) == {check.id for check in plan.suite.checks}
    assert {answer.ending for answer in checks.values()} == {Ending.ANSWERED}
    assert checks["notebook_size"].values[0].array == 5
    assert (evidence.seed_id, evidence.suite, evidence.sandboxed) == (plan.seed.id, plan.suite.digest, True)
    assert evidence.cpu_s > 0
    assert set(evidence.phases) >= {"room", "probes", "notebook"}
    assert "memory" in " ".join(evidence.limits)


def test_execute_missing_parts_cost_only_themselves(run):
    _, checks = run({"Scaling.ipynb": notebook(READS)})
    assert checks["notebook_size"].ending is Ending.ANSWERED
    assert checks["columns_are_scaled"].ending is Ending.MISSING
    _, checks = run({"pkg/scaling.py": SCALING, "pkg/helpers.py": HELPERS})
    assert checks["columns_are_scaled"].ending is Ending.ANSWERED
    assert checks["notebook_size"].ending is Ending.MISSING
    assert "not handed in" in checks["notebook_size"].detail


def test_execute_a_notebook_that_is_none_is_said_to_be(run):
    evidence, checks = run(
        {"pkg/scaling.py": SCALING, "pkg/helpers.py": HELPERS, "Scaling.ipynb": "<<<<<<< HEAD"}
    )
    assert checks["notebook_size"].ending is Ending.NEEDS_PERSON  # it may hold all the work
    assert evidence.notebooks[0].ending is Ending.MALFORMED
    assert "Scaling.ipynb" in evidence.notebooks[0].detail
    assert checks["columns_are_scaled"].ending is Ending.ANSWERED


def test_execute_finds_the_data_under_a_renamed_package(run):
    files = {"pkg2016/scaling.py": SCALING, "pkg2016/helpers.py": HELPERS, "Scaling.ipynb": notebook(READS)}
    _, checks = run(files, aliases=(("pkg", "pkg2016"),))
    assert {answer.ending for answer in checks.values()} == {Ending.ANSWERED}


def test_execute_notebook_and_modules_do_not_share_a_room(run):
    spoil = "open('pkg/scaling.py', 'w').write('def scale_forward(x):\\n    return 0 * x\\n')\n" + READS
    _, checks = run({"pkg/scaling.py": SCALING, "pkg/helpers.py": HELPERS, "Scaling.ipynb": notebook(spoil)})
    assert checks["columns_are_scaled"].values[0].array.any()


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        pytest.param("import os\nos._exit(0)", Ending.MISSING, id="leaves"),
        pytest.param(
            "import os\nfor fd in range(3, 64):\n    try: os.close(fd)\n    except OSError: pass",
            None,
            id="closes",
        ),
        pytest.param("get_ipython().serve_probes = None", None, id="patches-the-server"),
    ],
)
def test_execute_a_kernel_that_does_not_serve_is_the_students_doing(run, source, ending):
    _, checks = run({"pkg/scaling.py": SCALING, "pkg/helpers.py": HELPERS, "Scaling.ipynb": notebook(source)})
    assert checks["notebook_size"].ending not in {Ending.NOT_RUN, Ending.ANSWERED}
    assert ending is None or checks["notebook_size"].ending is ending
    assert checks["columns_are_scaled"].ending is Ending.ANSWERED


def test_checks_of_a_notebook_get_as_long_as_its_cells_and_no_longer(plan, run):
    assignment = plan.suite.assignment
    limits = assignment.spec.limits.model_copy(update={"notebook_s": 2.0})
    spec = assignment.spec.model_copy(update={"limits": limits})
    hasty = replace(plan, suite=replace(plan.suite, assignment=replace(assignment, spec=spec)))
    stalls = "import time\nget_ipython().serve_probes = lambda: time.sleep(60)\n" + READS
    _, checks = run({"Scaling.ipynb": notebook(stalls)}, plan=hasty)
    assert checks["notebook_size"].ending is Ending.TIMED_OUT
    assert checks["notebook_size"].detail == TIME_USED_UP


def test_notebook_check_that_hardly_computed_before_its_time_was_up_runs_again(run):
    slow = """
import os, time
class Slow:
    def __array__(self, dtype=None, copy=None):
        import numpy
        if not os.path.exists('/work/seen'):
            open('/work/seen', 'w').close()
            time.sleep(99)
        return numpy.array(5.0)
size = Slow()
"""
    _, checks = run({"Scaling.ipynb": notebook(slow)})
    assert checks["notebook_size"].ending is Ending.ANSWERED


def test_not_run_says_so_for_every_check(plan):
    submission = Submission(student="ada", origin="ada", files=(), digest="d")
    evidence = not_run(plan.suite, submission, "k", "no room")
    assert [answer.check for answer in evidence.checks] == [check.id for check in plan.suite.checks]
    assert {(answer.ending, answer.detail) for answer in evidence.checks} == {(Ending.NOT_RUN, "no room")}


class Turn:
    """Notes how many rooms there are when it is taken and given back."""

    def __init__(self):
        self.rooms, self.seen = 0, []

    @contextlib.asynccontextmanager
    async def taken(self, cpu_s):
        assert cpu_s() >= 0
        self.seen.append(("taken", self.rooms))
        yield
        self.seen.append(("given back", self.rooms))


def test_rooms_are_made_before_their_turn_and_cleared_away_after_it(plan, tmp_path):
    blobs, turn = BlobStore(tmp_path / "blobs"), Turn()
    data = notebook("x = 1").encode()
    file = SubmittedFile(path="Scaling.ipynb", digest=blobs.put(data), size_bytes=len(data))
    submission = Submission(student="ada", origin="ada", files=(file,), digest="d")

    class Counted(Sandbox):
        @contextlib.asynccontextmanager
        async def room(self, spec):
            async with super().room(spec) as room:
                turn.rooms += 1
                yield room
            turn.rooms -= 1

    async def whole():
        async with Counted() as sandbox:
            return await execute(plan, submission, key="k" * 64, sandbox=sandbox, blobs=blobs, turns=turn)

    asyncio.run(whole())
    assert turn.seen == 2 * [("taken", 1), ("given back", 1)]  # modules, then the notebook


def test_local_executor_has_two_more_submissions_under_way_than_it_runs(tmp_path):
    assert LocalExecutor(slots=2, blobs=BlobStore(tmp_path)).slots == 4
