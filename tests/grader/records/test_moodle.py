"""Grading worksheets from Moodle: only the grades change, and what Moodle would pass over in silence is told."""

import pytest

from grader.errors import UsageError
from grader.records.filling import Filled
from grader.records.moodle import fill_moodle

SHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Last modified (grade)"\n'
    '"Participant 501","Kim","kim@x.edu","Submitted",,100.00,Yes,-\n'
    '"Participant 502","Lee","lee@x.edu","Submitted","50,00","10,00",Yes,-\n'
)
KOREAN = (
    SHEET.replace("Identifier", "식별자").replace(",Grade,", ",성적,").replace("Maximum Grade", "최대 점수")
)


@pytest.fixture
def moodle(tmp_path):
    path = tmp_path / "moodle.csv"
    path.write_bytes(SHEET.encode())
    return path


@pytest.mark.parametrize("student", ["501", "Participant 501", "kim@x.edu", "kim"])
def test_fill_moodle_changes_only_the_grades(moodle, tmp_path, row, student):
    filled = fill_moodle(moodle, tmp_path / "o.csv", [row(student, max_score="100")])
    assert filled == Filled(filled=1, left_out=(), unscored=1)
    assert (tmp_path / "o.csv").read_bytes().decode() == SHEET.replace(
        '"Submitted",,100.00', '"Submitted",9.50,100.00'
    )


@pytest.mark.parametrize("header", ["Maximum Grade", "Maximum grade", "Calificación máxima"])
def test_fill_moodle_leaves_out_what_moodle_would_pass_over(moodle, tmp_path, row, header):
    moodle.write_text(SHEET.replace("Maximum Grade", header), encoding="utf-8")
    filled = fill_moodle(moodle, tmp_path / "o.csv", [row("502", "10.01", max_score="10")])
    assert filled.left_out == (("502", "10.01 is above Moodle's maximum 10.00"),)
    assert (tmp_path / "o.csv").read_bytes() == moodle.read_bytes()


def test_fill_moodle_leaves_out_locked_grades(moodle, tmp_path, row):
    moodle.write_text(SHEET.replace("100.00,Yes", "100.00,No"), encoding="utf-8")
    filled = fill_moodle(moodle, tmp_path / "o.csv", [row("501", max_score="100")])
    assert filled.left_out == (("501", "locked on Moodle"),)


def test_fill_moodle_converts_to_the_maximum_of_each_row(moodle, tmp_path, row):
    filled = fill_moodle(moodle, tmp_path / "o.csv", [row("501"), row("502", "20")], scale=True)
    assert filled.filled == 2
    assert len(filled.notes) == 2
    text = (tmp_path / "o.csv").read_text(encoding="utf-8")
    assert '"Submitted",47.50,100.00' in text  # 9.5 of 20
    assert '"Submitted","10.00","10,00"' in text  # 20 of 20


def test_fill_moodle_takes_the_headers_of_the_site(moodle, tmp_path, row):
    moodle.write_text(KOREAN, encoding="utf-8-sig")
    with pytest.raises(UsageError, match=r"no column Identifier; found 식별자, .* in the site's language"):
        fill_moodle(moodle, tmp_path / "o.csv", [row("501")])
    filled = fill_moodle(
        moodle, tmp_path / "o.csv", [row("501", max_score="100")], identifier="식별자", grade="성적"
    )
    assert filled.filled == 1
    assert (tmp_path / "o.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_fill_moodle_refuses_a_scale_of_words(moodle, tmp_path, row):
    moodle.write_text(
        SHEET.replace("Maximum Grade", "Scale").replace("100.00", '"Poor\nGood"'), encoding="utf-8"
    )
    with pytest.raises(UsageError, match=r"graded by words of a scale; set its grade to points in Moodle"):
        fill_moodle(moodle, tmp_path / "o.csv", [row("501")])


def test_fill_moodle_fills_a_sheet_that_says_no_maximum(moodle, tmp_path, row):
    moodle.write_text('Identifier,Grade,"Last modified (grade)"\n"Participant 501",,-\n', encoding="utf-8")
    assert fill_moodle(moodle, tmp_path / "o.csv", [row("501", "150")]).filled == 1
    assert '"Participant 501",150.00,-\n' in (tmp_path / "o.csv").read_text(encoding="utf-8")
