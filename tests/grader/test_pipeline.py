"""The whole way, on a small assignment: real rooms, real kernels, a real gradebook."""

import csv
import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.assignment import load_assignment
from grader.authoring.source import blank_files, solution_files
from grader.errors import AssignmentError, GraderError, UsageError
from grader.model import Outcome, Status
from grader.pipeline import Settings, check_one, classrun, grade, remove, rescore, rewrite
from grader.profile import Profile
from grader.records.marks import export_marks, import_marks
from grader.seed import PUBLIC_SEED, Seed
from grader.state import State

SMALL = Path(__file__).resolve().parents[1] / "data" / "small_assignment"
NOTEBOOK_CHECK = '''

def judge_answer(actual, expected):
    """The notebook's answer is right."""
    return Judgement(float(actual["answer"] == 42), "the answer is another")


@check(points=2, of="answer", where="notebook", judge=judge_answer)
def notebook_answers(impl, rng):
    """The notebook works out the answer."""
    return {"answer": np.array(impl.answer)}
'''

pytestmark = pytest.mark.sandbox


def write(folder, files):
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def with_cell(notebook, source):
    document = json.loads(notebook)
    cell = {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
        "id": "answer",
    }
    document["cells"].append(cell)
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house") / "scaling"
    shutil.copytree(SMALL, folder)
    checks = folder / "checks.py"
    checks.write_text(checks.read_text() + NOTEBOOK_CHECK)
    return load_assignment(folder)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, assignment):
    """Ada is right, Bob copied her, Carol handed in the template, Dan something else, Eve a broken notebook."""
    folder = tmp_path_factory.mktemp("class")
    solution = solution_files(assignment)
    plain = solution["Scaling.ipynb"]
    right = {**solution, "Scaling.ipynb": with_cell(plain, "answer = 6 * 7")}
    write(folder / "ada", right)
    write(folder / "bob", right)
    write(folder / "carol", blank_files(assignment))
    (folder / "dan.zip").write_bytes(b"not a zip")
    write(folder / "eve", {**solution, "Scaling.ipynb": with_cell(plain, "raise ValueError('half-way')")})
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory, assignment, handed_in):
    """The class graded once. Tests that change the state work on a copy."""
    base = tmp_path_factory.mktemp("graded")
    settings = Settings(out=base / "out", state=State(base / "state"), jobs=2, seed=Seed.of(5))
    return settings, grade(assignment, [handed_in], settings)


@pytest.fixture
def copied(graded, tmp_path):
    settings, _ = graded
    shutil.copytree(settings.state.folder, tmp_path / "state")
    return Settings(out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(5))


@pytest.fixture
def no_sandbox(monkeypatch):
    """Whoever starts a sandbox fails the test."""

    def refuse(**_):
        raise AssertionError("student code was to be run")

    monkeypatch.setattr(classrun, "LocalExecutor", refuse)


def results(settings):
    document = json.loads((settings.out / "results.json").read_text("utf-8"))
    return {submission["student"]: submission for submission in document["submissions"]}


def test_grade_gives_everyone_what_is_due(graded):
    settings, summary = graded
    found = results(settings)
    assert {name: (one["status"], one["score"]) for name, one in found.items()} == {
        "ada": ("pending", 10),
        "bob": ("pending", 10),
        "carol": ("complete", 0),
        "dan": ("not_graded", 0),
        "eve": ("pending", 8),
    }
    assert {one["max_score"] for one in found.values()} == {12}
    assert (summary.executed, summary.reused) == (4, 1), "bob's copy was not executed again"
    assert summary.count(Status.NOT_GRADED) == 1


def test_grade_a_broken_notebook_costs_its_own_check_alone(graded):
    checks = {check["id"]: check for check in results(graded[0])["eve"]["checks"]}
    assert checks.pop("notebook_answers")["reason"] == "answer is not defined in the notebook"
    assert {check["outcome"] for check in checks.values()} == {"passed"}


def test_grade_what_cannot_be_read_names_student_and_file(graded):
    notes = (graded[0].out / "students" / "dan.html").read_text("utf-8")
    assert "dan.zip" in notes
    assert (
        "zip" in results(graded[0])["dan"]["checks"][0]["reason"]
        or "could not be read" in results(graded[0])["dan"]["checks"][0]["reason"]
    )


def test_grade_writes_what_people_need(graded):
    out = graded[0].out
    assert {path.name for path in out.iterdir()} >= {
        "results.json",
        "grades.csv",
        "index.html",
        "students",
        "notebooks",
    }
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["columns_are_scaled"] == "3"
    assert rows["dan"]["columns_are_scaled"] == ""
    executed = json.loads((out / "notebooks" / "eve" / "Scaling.ipynb").read_text("utf-8"))
    assert "half-way" in json.dumps(executed["cells"][-1]["outputs"])


def test_grade_again_executes_nothing(assignment, handed_in, copied, no_sandbox):
    summary = grade(assignment, [handed_in], copied)
    assert (summary.executed, summary.reused) == (1, 4), "only what could not be read was looked at again"


def test_grade_same_seed_elsewhere_gives_the_same_results(assignment, handed_in, graded, tmp_path):
    settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(5))
    grade(assignment, [handed_in], settings)
    again, first = results(settings), results(graded[0])
    for one in (*again.values(), *first.values()):
        one.pop("timings")
    assert again == first


def test_rescore_with_other_terms_runs_no_student_code(assignment, copied, no_sandbox, tmp_path):
    changed = tmp_path / "scaling"
    shutil.copytree(assignment.folder, changed)
    checks = changed / "checks.py"
    checks.write_text(
        checks.read_text().replace("points=3", "points=5").replace("tolerance=1e-6", "tolerance=-1.0")
    )
    summary = rescore(load_assignment(changed), copied)
    assert summary.executed == 0
    found = results(copied)["ada"]
    assert (found["score"], found["max_score"]) == (7, 14), (
        "five points more to earn, and nobody within a negative tolerance"
    )


def test_rescore_keeps_those_whose_hand_in_could_not_be_read(assignment, copied, no_sandbox):
    summary = rescore(assignment, copied)
    assert summary.lines[3].student == "dan"
    assert summary.lines[3].status is Status.NOT_GRADED
    document = json.loads((copied.out / "results.json").read_text())
    assert [one["student"] for one in document["submissions"]] == ["ada", "bob", "carol", "dan", "eve"]


def test_rescore_does_not_bring_back_work_that_was_replaced(
    assignment, handed_in, copied, no_sandbox, tmp_path
):
    """Ada handed in again, and the zip was damaged: her earlier work counts no more, whatever is run in between."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.zip").write_bytes(b"cut short")
    (tmp_path / "class" / "zoe.zip").write_bytes(b"cut short")
    late = grade(assignment, [tmp_path / "class"], copied)
    summary = rescore(assignment, copied)
    assert (late.others, summary.others) == (4, 0)
    lines = {line.student: line for line in summary.lines}
    assert lines["ada"].status is Status.NOT_GRADED
    assert "ada.zip is not a zip" in lines["ada"].noticed
    assert lines["bob"].status is not Status.NOT_GRADED


def test_rescore_beside_another_grader_refuses_and_changes_nothing(assignment, copied, no_sandbox):
    with (
        copied.state.at_work(assignment.name),
        pytest.raises(GraderError, match=r"another `grader` is at work on this assignment; wait until"),
    ):
        rescore(assignment, copied)
    assert not copied.out.exists()


def test_grade_of_nothing_makes_nothing(assignment, tmp_path):
    settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"))
    (tmp_path / "class").mkdir()
    with pytest.raises(UsageError, match="nothing handed in there"):
        grade(assignment, [tmp_path / "class"], settings)
    assert [path.name for path in tmp_path.iterdir()] == ["class"]


def test_rescore_before_any_run_says_what_to_do(assignment, tmp_path):
    settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(1))
    with pytest.raises(UsageError, match="run `grader run` first"):
        rescore(assignment, settings)


def test_rescore_lost_evidence_is_not_graded_and_no_zero(assignment, copied, no_sandbox):
    shutil.rmtree(copied.state.folder / "evidence")
    summary = rescore(assignment, copied)
    assert summary.count(Status.NOT_GRADED) == 5
    assert {check["outcome"] for check in results(copied)["ada"]["checks"]} == {"not_graded"}


@pytest.mark.parametrize(
    ("rows", "seed", "why"),
    [
        pytest.param("5", 5, "the probes have changed since", id="probes"),
        pytest.param("4", 6, "it was run with another seed", id="seed"),
    ],
)
@pytest.mark.usefixtures("no_sandbox")
def test_rescore_evidence_of_other_inputs_is_not_judged(assignment, copied, rows, seed, why):
    changed = copied.out / "scaling"
    shutil.copytree(assignment.folder, changed)
    checks = changed / "checks.py"
    checks.write_text(checks.read_text().replace("standard_normal((4, 3))", f"standard_normal(({rows}, 3))"))
    settings = Settings(out=copied.out, state=copied.state, seed=Seed.of(seed))
    summary = rescore(load_assignment(changed), settings)
    assert summary.count(Status.NOT_GRADED) == 5
    with settings.state.gradebook() as gradebook:
        assert why in gradebook.latest(assignment.name, "ada").checks[0].detail


def test_rescore_remembers_the_seed_of_the_run(assignment, copied, no_sandbox):
    rescore(assignment, Settings(out=copied.out, state=copied.state))
    assert results(copied)["ada"]["score"] == 10


def test_marks_round_trip_completes_a_pending_total(assignment, copied, no_sandbox, tmp_path):
    table = tmp_path / "marks.csv"
    with copied.state.gradebook() as gradebook:
        export_marks(gradebook, assignment.name, table)
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["student"] == "ada":
                row["points"], row["comment"] = "1.5", "clear"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        now = datetime(2026, 5, 4, 12, tzinfo=UTC)
        assert import_marks(gradebook, assignment.name, table, marker="kim", now=now).added == 1
    rescore(assignment, copied)
    with copied.state.gradebook() as gradebook:
        ada = gradebook.latest(assignment.name, "ada")
    assert (ada.status, ada.score, ada.pending) == (Status.COMPLETE, Decimal("11.5"), 0)
    assert (ada.questions[0].mark.marker, ada.questions[0].mark.comment) == ("kim", "clear")


def test_rewrite_makes_the_same_files_from_the_gradebook(assignment, copied, no_sandbox):
    index = rewrite(assignment, copied)
    assert index.is_file()
    assert set(results(copied)) == {"ada", "bob", "carol", "eve", "dan"}


def test_the_notebook_beside_the_reports_is_that_of_the_hand_in_that_counts(assignment, copied, no_sandbox):
    """Whatever the times of files say: students go back to earlier hand-ins, or hand in what cannot be read."""
    executed = copied.out / "notebooks" / "eve" / "Scaling.ipynb"
    rewrite(assignment, copied)
    counts = executed.read_bytes()
    executed.write_bytes(b"of a later hand-in")
    stale = copied.out / "notebooks" / "dan" / "Scaling.ipynb"
    write(stale.parent, {"Scaling.ipynb": b"of an earlier hand-in"})
    rewrite(assignment, copied)
    assert executed.read_bytes() == counts
    assert not stale.exists(), "what dan handed in last could not be read"


def test_who_is_removed_is_in_nothing_that_is_written(assignment, handed_in, copied, no_sandbox):
    rewrite(assignment, copied)
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    with copied.state.gradebook() as gradebook:
        with pytest.raises(UsageError, match=r"eva: nobody in .* did you mean eve\? Nobody was removed"):
            remove(assignment, ["bob", "eva"], copied.state, gradebook, now=now)
        assert remove(assignment, ["eve", "dan", "eve"], copied.state, gradebook, now=now) == ("eve", "dan")
    rewrite(assignment, copied)
    assert set(results(copied)) == {"ada", "bob", "carol"}
    assert not [path for path in copied.out.rglob("*") if path.name.startswith(("eve", "dan"))]
    rescore(assignment, copied)
    assert set(results(copied)) == {"ada", "bob", "carol"}
    grade(assignment, [handed_in], copied)
    assert set(results(copied)) == {"ada", "bob", "carol", "dan", "eve"}, "found again, taken in again"


def test_pages_are_written_once(assignment, handed_in, tmp_path):
    written = Counter()

    class Counting(Profile):
        def paged(self, student, wall_s, cpu_s):
            written[student] += 1
            super().paged(student, wall_s, cpu_s)

    settings = Settings(
        out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(231), profile=Counting()
    )
    grade(assignment, [handed_in], settings)
    assert written == dict.fromkeys(("ada", "bob", "carol", "dan", "eve"), 1)


def test_check_one_records_nothing_and_uses_its_seed(assignment, handed_in):
    result = check_one(assignment, handed_in / "ada", seed=PUBLIC_SEED)
    assert {check.outcome for check in result.checks} == {Outcome.PASSED}


def test_check_one_refuses_a_class(assignment, handed_in):
    with pytest.raises(UsageError, match="holds 5 submissions, expected one"):
        check_one(assignment, handed_in, seed=PUBLIC_SEED)


def test_grade_an_unreadable_solution_is_the_instructors(assignment, handed_in, tmp_path):
    broken = tmp_path / "scaling"
    shutil.copytree(assignment.folder, broken)
    (broken / "source" / "pkg" / "scaling.py").write_text("import absent_module\n")
    settings = Settings(out=tmp_path / "out", state=State(tmp_path / "state"), seed=Seed.of(1))
    with pytest.raises(AssignmentError, match="the solution cannot be imported"):
        grade(load_assignment(broken), [handed_in], settings)
