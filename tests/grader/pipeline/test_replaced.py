"""Work that takes the place of other work from elsewhere is pointed out to the instructor, for as long as it counts."""

import pytest

from grader.model import Note, Submission
from grader.pipeline.replaced import in_place_of, replaced_note
from grader.store.roster import Entry

OWN = Note(about="x", text="A note of its own.")


def handed_in(origin, digest):
    return Submission(student="ada", origin=origin, files=(), digest=digest, notes=(OWN,))


def taken_in(before, now):
    entry = None if before is None else Entry(submission=before, evidence="k")
    return in_place_of(now, entry)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(None, id="nothing-before"),
        pytest.param(handed_in("ada", "old"), id="other-work-from-the-same-place"),
        pytest.param(handed_in("class/ada", "new"), id="the-same-work-from-elsewhere"),
    ],
)
def test_in_place_of_says_nothing_where_nothing_is_odd(before):
    assert taken_in(before, handed_in("ada", "new")).notes == (OWN,)


def test_in_place_of_tells_the_instructor_alone_of_work_from_elsewhere():
    now = taken_in(handed_in("ada", "old"), handed_in("eve.zip/ada", "new"))
    told = replaced_note(now.notes)
    assert "as ada; this lies in eve.zip/ada" in told
    assert [note.for_student for note in now.notes if note.text == told] == [False]


def test_in_place_of_says_so_as_long_as_the_work_counts():
    forged = taken_in(handed_in("ada", "old"), handed_in("eve.zip/ada", "new"))
    again = taken_in(forged, handed_in("eve.zip/ada", "new"))
    assert again == forged
    assert replaced_note(taken_in(again, handed_in("eve.zip/ada", "newer")).notes) == ""
