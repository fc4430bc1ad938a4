"""One run over a class: nobody's values keep others waiting."""

import asyncio
import shutil
import threading
from pathlib import Path

from grader.assignment import load_assignment
from grader.authoring.source import solution_files
from grader.execute import not_run
from grader.grading import Grading
from grader.pipeline import Settings, grade
from grader.seed import Seed
from grader.state import State

SMALL = Path(__file__).resolve().parents[2] / "data" / "small_assignment"
PATIENCE_S = 10.0  # of a judge that is waited for by nobody


class Executor:
    """Runs nothing. Ada's submission is done at once, Bea's while Ada's is judged."""

    slots, attempts = 2, 1

    def __init__(self):
        self.judging, self.went_on = threading.Event(), threading.Event()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    async def execute(self, plan, submission, key):
        if submission.student == "bea":
            while not self.judging.is_set():
                await asyncio.sleep(0.01)
            self.went_on.set()
        return not_run(plan.suite, submission, key, "nothing is run here")


def test_others_are_run_while_one_is_judged_for_long(monkeypatch, tmp_path):
    assignment = load_assignment(Path(shutil.copytree(SMALL, tmp_path / "scaling")))
    executor, judge, seen = Executor(), Grading.judge, []

    def slowly(self, submission, evidence, marks):
        executor.judging.set()
        seen.append(executor.went_on.wait(PATIENCE_S))
        return judge(self, submission, evidence, marks)

    monkeypatch.setattr(Grading, "judge", slowly)
    for student in ("ada", "bea"):
        for path, data in solution_files(assignment).items():
            target = tmp_path / "class" / student / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data + f"\n# {student}\n".encode() * path.endswith(".py"))
    settings = Settings(
        out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(1), executor=lambda: executor
    )
    summary = grade(assignment, [tmp_path / "class"], settings)
    assert [line.student for line in summary.lines] == ["ada", "bea"]
    assert seen == [True, True]
