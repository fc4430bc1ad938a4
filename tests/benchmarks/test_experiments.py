"""The experiments' table: verdicts follow from what came out, and the page shows every claim and every figure."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "experiments.md"


@pytest.fixture
def record(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from tests.benchmarks.experiments import record

    return record


@pytest.fixture
def lab(record, tmp_path):
    return record.Lab(quick=True, data=None, images=tmp_path, tell=lambda line: None)


@pytest.mark.parametrize(
    ("holds", "verdict"),
    [([True, True], "holds"), ([True, False], "partly"), ([False], "does not hold")],
)
def test_claim_holds_as_far_as_its_parts_do(lab, holds, verdict):
    lab.claim("A course", "an experiment", "more", "less", holds)
    assert lab.claims[0].verdict.value == verdict


def test_figure_goes_into_the_folder_of_the_lab(lab, tmp_path):
    lab.figure("one", lambda axes: axes[0].plot([1, 2]), panels=(1, 1), size=(1, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["one.png"]


def test_percent_is_written_as_people_read_it(record):
    assert record.percent(0.4821) == "48.2 %"


def test_page_has_all_courses_and_all_figures():
    text = PAGE.read_text("utf-8")
    for course in ("Tufts", "CS231n", "ECE C147/C247", "Udacity lesson", "KTH DD2424"):
        assert f"### {course}" in text
    shown = set(re.findall(r"\(images/(experiment-[\w-]+\.png)\)", text))
    assert shown == {path.name for path in (ROOT / "docs" / "images").glob("experiment-*.png")}


def test_verdicts_on_the_page_are_the_three(record):
    found = set(re.findall(r"\*\*(holds|partly|does not hold)\*\*", PAGE.read_text("utf-8")))
    assert found <= {verdict.value for verdict in record.Verdict}
    assert found, "the table has verdicts"
