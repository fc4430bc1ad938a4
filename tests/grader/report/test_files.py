import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import EvidenceError, GraderError
from grader.model import Result
from grader.report import Audience, EarlyPages, ReportHeader, ReportJob, page_name, write_reports
from grader.report.files import FOLDERS, PAYS_FROM, STAMPS, write_page


def from_store(blobs: dict[str, bytes], digest: str) -> bytes:
    if digest not in blobs:
        raise EvidenceError(f"{digest}: no longer kept")
    return blobs[digest]


@pytest.fixture
def job(tmp_path: Path, header: ReportHeader, executed: dict[str, bytes]) -> ReportJob:
    blobs = {"blob1": executed["Normalization.ipynb"]}
    return ReportJob(folder=tmp_path / "out", header=header, load=partial(from_store, blobs))


def written(job: ReportJob) -> dict[str, bytes]:
    return {
        str(path.relative_to(job.folder)): path.read_bytes()
        for path in sorted(job.folder.rglob("*"))
        if path.is_file() and path.name != STAMPS
    }


def test_write_reports_writes_index_and_a_page_per_reader(wrong: Result, job: ReportJob) -> None:
    statistics = write_reports([wrong, replace(wrong, student="zoe")], job)
    assert statistics.students == 2
    files = written(job)
    assert list(files) == [
        "index.html",
        "instructor/mk42.html",
        "instructor/zoe.html",
        "students/mk42.html",
        "students/zoe.html",
    ]
    assert b'href="instructor/mk42.html"' in files["index.html"]
    assert b"SECRET" not in files["students/mk42.html"]
    assert b"data:image/png;base64," in files["students/mk42.html"]


def test_write_reports_links_to_the_only_pages_there_are(wrong: Result, job: ReportJob) -> None:
    write_reports([wrong], replace(job, audiences=(Audience.STUDENT,)))
    files = written(job)
    assert list(files) == ["index.html", "students/mk42.html"]
    assert b'href="students/mk42.html"' in files["index.html"]


def test_a_students_page_names_no_other_student(wrong: Result, job: ReportJob) -> None:
    write_reports([wrong, replace(wrong, student="zoe", name="Zoe Zimmer")], job)
    assert b"zoe" not in written(job)["students/mk42.html"].lower()


def test_a_notebook_no_longer_kept_costs_only_itself(wrong: Result, job: ReportJob) -> None:
    write_reports([wrong], replace(job, load=partial(from_store, {})))
    assert b"The executed notebook was not kept." in written(job)["students/mk42.html"]


def test_values_that_no_figure_can_be_drawn_of_cost_their_student_the_figures_only(
    wrong: Result, job: ReportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong.figures
    monkeypatch.setattr("grader.report.student.chart", lambda _: 1 / 0)
    write_reports([wrong, replace(wrong, student="zoe", figures=())], job)
    files = written(job)
    for page in ("students/mk42.html", "instructor/mk42.html"):
        assert b"left out of this page, for a fault of the grader (ZeroDivisionError in" in files[page]
        assert b"data:image/png;base64," not in files[page]
    assert b"data:image/png;base64," in files["students/zoe.html"]
    assert "index.html" in files


def test_processes_write_the_same_pages(wrong: Result, job: ReportJob, tmp_path: Path) -> None:
    def results() -> Iterator[Result]:
        return (replace(wrong, student=f"s{i:03d}") for i in range(PAYS_FROM + 5))

    alone = replace(job, folder=tmp_path / "alone")
    assert write_reports(results(), job, processes=2) == write_reports(results(), alone)
    assert written(job) == written(alone)
    assert len(written(job)) == 2 * (PAYS_FROM + 5) + 1


def times(job: ReportJob) -> dict[str, int]:
    return {name: (job.folder / name).stat().st_mtime_ns for name in written(job) if name != "index.html"}


def test_write_reports_leaves_pages_alone_on_which_nothing_changed(wrong: Result, job: ReportJob) -> None:
    zoe = replace(wrong, student="zoe")
    write_reports([wrong, zoe], job)
    before = times(job)
    later = replace(job, header=replace(job.header, graded_at=None))
    write_reports([wrong, replace(zoe, score=zoe.score - 1)], later)
    after = times(job)
    assert {name for name in before if before[name] != after[name]} == {
        "instructor/zoe.html",
        "students/zoe.html",
    }


def test_early_pages_are_left_alone_unless_the_result_has_changed(wrong: Result, job: ReportJob) -> None:
    zoe = replace(wrong, student="zoe")
    early = EarlyPages(job)
    early.write(wrong)
    early.write(zoe)
    assert set(written(job)) == {
        f"{folder}/{page}.html" for folder in FOLDERS.values() for page in ("mk42", "zoe")
    }
    before = times(job)
    write_reports([wrong, replace(zoe, score=zoe.score - 1)], job, early=early)
    after = times(job)
    assert {name for name in before if before[name] != after[name]} == {
        "instructor/zoe.html",
        "students/zoe.html",
    }
    write_reports([wrong], job)  # their stamps are kept like the others'
    assert times(job)["students/mk42.html"] == before["students/mk42.html"]


def test_early_pages_that_are_there_already_stay_as_they_are(wrong: Result, job: ReportJob) -> None:
    write_reports([wrong], job)
    before = times(job)
    EarlyPages(job).write(wrong)
    assert times(job) == before


def test_early_pages_of_a_run_that_was_cut_short_do_not_pass_for_those_before_it(
    wrong: Result, job: ReportJob
) -> None:
    write_reports([wrong], job)
    right = written(job)
    EarlyPages(job).write(replace(wrong, score=wrong.score - 1))  # and nothing is written at the end
    assert written(job) != right
    write_reports([wrong], job)
    assert written(job) == right


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda job: replace(job, anew=True), id="asked-for"),
        pytest.param(lambda job: replace(job, header=replace(job.header, title="Other")), id="head"),
        pytest.param(lambda job: (job.folder / "students" / "mk42.html").unlink() or job, id="page-gone"),
        pytest.param(lambda job: (job.folder / STAMPS).write_text("{") and job, id="stamps-damaged"),
    ],
)
def test_write_reports_writes_pages_again_when(
    changed: Callable[[ReportJob], ReportJob], wrong: Result, job: ReportJob
) -> None:
    write_reports([wrong], job)
    before = times(job)
    write_reports([wrong], changed(job))
    assert all(time > before[name] for name, time in times(job).items())


def test_write_page_replaces_as_a_whole_and_leaves_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "a.html"
    write_page(page, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(
        GraderError, match=r"a\.html: the report could not be written \(No space left on device\); free"
    ):
        write_page(page, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]
    assert page.read_text() == "old"


def test_write_reports_says_which_folder_cannot_be_written(
    wrong: Result, job: ReportJob, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        GraderError, match=r"file/students/mk42\.html: the report could not be written \(Not a directory\)"
    ):
        write_reports([wrong], replace(job, folder=tmp_path / "file"))


@pytest.mark.parametrize(
    ("student", "pattern"),
    [
        ("mkim42", r"mkim42\.html"),
        ("s.lee-2@uni", r"s\.lee-2@uni\.html"),
        ("Kim Minji", r"Kim_Minji-[0-9a-f]{10}\.html"),
        ("../../etc/passwd", r"etc_passwd-[0-9a-f]{10}\.html"),
        ("김민지", r"student-[0-9a-f]{10}\.html"),
        ("..", r"student-[0-9a-f]{10}\.html"),
        ("a" * 300, r"a{80}-[0-9a-f]{10}\.html"),
    ],
)
def test_page_name_is_plain(student: str, pattern: str) -> None:
    assert re.fullmatch(pattern, page_name(student))


@given(st.lists(st.text(alphabet=st.characters(), max_size=20), unique=True, max_size=20))
def test_page_names_are_safe_and_never_shared(students: list[str]) -> None:
    names = [page_name(student) for student in students]
    assert len({name.lower() for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9@+_-][A-Za-z0-9._@+-]{0,99}\.html", name) for name in names)
