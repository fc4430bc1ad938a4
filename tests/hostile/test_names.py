"""Attacks that lie in what a hand-in is called: names of others, of our own files, formulas, directions, and what looks alike."""

import csv
import io
import json
import re
import zipfile

import pytest

from grader.authoring.source import solution_files

pytestmark = pytest.mark.sandbox

#: As folders of a class. "ada", "bea" and "cyd" are there already.
NAMES = (
    "ADA",
    "ada ",
    "ada.",
    "-ada",
    "a\u0501a",  # looks like it
    "\u0430da",
    "ada\u200b",
    "\u202eada",
    "ada-2",
    "=1+1",
    "+1",
    "@SUM(A1)",
    "\t=1",
    "index",
    "students",
    "results.json",
    "CON",
    "%2e%2e%2fada",
    "{{ 7 * 7 }}",
    "<b>x",
    "'; DROP TABLE gradebook_results; --",
    "x" * 200 + "1",
    "x" * 200 + "2",
    "right",
)
BLANK = {"centering.py": b"center_forward = center_backward = None\n"}


@pytest.fixture(scope="module")
def graded(arena):
    right = solution_files(arena.assignment)

    def lay(path):
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in right.items():
                archive.writestr(name, data)

    return arena.grade({**arena.honest(), **dict.fromkeys(NAMES, BLANK), "ada.zip": lay})


def test_each_hand_in_has_its_own_row_page_and_entry(graded):
    count = len(NAMES) + 4
    assert len(graded.results) == count
    assert len({name.casefold() for name in graded.results}) == count
    for audience in ("students", "instructor"):
        pages = [path.name.casefold() for path in (graded.out / audience).glob("*.html")]
        assert len(set(pages)) == len(pages) == count
    document = json.loads((graded.out / "results.json").read_text("utf-8"))
    assert len({one["student"] for one in document["submissions"]}) == count


def test_names_lead_nowhere(graded):
    for path in graded.out.rglob("*"):
        assert re.fullmatch(r"[\w.@+=~-]+", path.name), path
        assert not path.is_symlink()
    assert {name: found for name, found in graded.left.items() if found} == {}


def test_others_are_who_they_were(graded, alone):
    assert {name: graded.documents[name] for name in ("bea", "cyd")} == {
        name: alone.documents[name] for name in ("bea", "cyd")
    }
    scores = {name: result.score for name, result in graded.results.items()}
    assert (scores["bea"], scores["cyd"]) == (6, 0)
    whole = [name for name, score in scores.items() if score == 9]
    assert len(whole) == 2, "the work of ada, and the zip that calls itself so, which is the same work"


def test_every_hand_in_that_shares_a_name_says_so_to_the_instructor(graded):
    shared = [name for name in graded.results if re.fullmatch(r"ada(-\d+)*", name, re.IGNORECASE)]
    assert len(shared) > 3
    silent = [name for name in shared if not re.search(r"taken already|also called", graded.told(name))]
    assert len(silent) <= 1, "only the one that is really called ada-2"


def test_table_holds_no_formula(graded):
    rows = list(csv.reader(io.StringIO((graded.out / "grades.csv").read_text("utf-8-sig"))))
    assert len(rows) == len(NAMES) + 5
    assert not [cell for row in rows for cell in row if re.match(r"[=+@\t\r-]\D", cell)]
