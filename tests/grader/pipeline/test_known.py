"""The process for known mistakes: begun early only where it is sure to be needed, ended whatever happens, and right."""

import asyncio
import shutil

import pytest

from grader.assignment import load_assignment
from grader.diagnosis.misconceptions import variants_kept
from grader.grading import prepare_grading
from grader.pipeline import known as module
from grader.pipeline.known import KnownMistakes
from grader.seed import Seed
from grader.state import State
from grader.suite import load_reference

SEED = Seed.of(3)


@pytest.fixture
def begun(monkeypatch):
    """The processes that were begun."""
    processes = []
    begin = KnownMistakes._begin

    def noted(self, *given):
        processes.append(begin(self, *given))
        return processes[-1]

    monkeypatch.setattr(module.KnownMistakes, "_begin", noted)
    return processes


@pytest.fixture
def assignment(course_of_one_check):
    return load_assignment(course_of_one_check)


def test_process_that_was_begun_early_is_the_one_that_is_waited_for(assignment, begun, tmp_path):
    state = State(tmp_path / "state")
    with KnownMistakes() as known:
        known.begin_if_sure(assignment, SEED, state)
        grading = asyncio.run(known.explained(prepare_grading(assignment, state, seed=SEED)))
    assert len(begun) == 1
    assert variants_kept(grading.suite, load_reference(assignment), SEED, state.expected)
    assert any(grading.known.variants.values())
    with KnownMistakes() as known:
        known.begin_if_sure(assignment, Seed.of(4), state)
    assert len(begun) == 1, "something is kept already: perhaps what is needed"


def test_process_ends_with_the_run_that_fails(assignment, begun, tmp_path):
    def run() -> None:
        with KnownMistakes() as known:
            known.begin_if_sure(assignment, SEED, State(tmp_path / "state"))
            raise RuntimeError("no sandbox")

    with pytest.raises(RuntimeError, match="no sandbox"):
        run()
    (process,) = begun
    assert not process.is_alive()


def test_nothing_is_begun_where_no_mistakes_are_known(assignment, begun, tmp_path):
    folder = tmp_path / "plain"
    shutil.copytree(assignment.folder, folder, ignore=shutil.ignore_patterns("samples"))
    text = (folder / "assignment.yaml").read_text("utf-8")
    (folder / "assignment.yaml").write_text(
        text.replace("misconceptions: reference.misconceptions\n", ""), "utf-8"
    )
    with KnownMistakes() as known:
        known.begin_if_sure(load_assignment(folder), SEED, State(tmp_path / "state"))
    assert begun == []
