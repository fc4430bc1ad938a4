"""The roster gives back who handed in what."""

from datetime import UTC, datetime

from grader.model import Note, Submission, SubmittedFile
from grader.store.roster import Entry, Roster, TurnedAway


def make_submission(student, digest="d"):
    return Submission(
        student=student,
        origin="class/ada",
        files=(SubmittedFile(path="cs/layers.py", digest="0" * 64, size_bytes=3, provided=True),),
        aliases=(("cs", "cs682"),),
        digest=digest,
        arrived=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        notes=(Note(about="x", text="안녕", for_student=False),),
    )


def test_roster_keeps_the_last_of_each_student(tmp_path):
    roster = Roster(tmp_path)
    roster.enter(make_submission("bob"), "k1")
    roster.enter(make_submission("ada"), "k1")
    roster.enter(make_submission("ada", digest="e"), "k2")
    assert list(roster) == [
        Entry(submission=make_submission("ada", digest="e"), evidence="k2"),
        Entry(submission=make_submission("bob"), evidence="k1"),
    ]
    assert roster.find("bob").evidence == "k1"
    assert roster.find("eve") is None


def test_roster_writes_nothing_where_nothing_changed(tmp_path):
    roster = Roster(tmp_path)
    roster.enter(make_submission("ada"), "k")
    before = (tmp_path / "ada.json").stat().st_mtime_ns
    roster.enter(make_submission("ada"), "k")
    assert (tmp_path / "ada.json").stat().st_mtime_ns == before


def test_roster_leaves_out_what_it_cannot_read(tmp_path):
    roster = Roster(tmp_path)
    roster.enter(make_submission("ada"), "k")
    (tmp_path / "old.json").write_text('{"format": 0}')
    assert [entry.submission.student for entry in roster] == ["ada"]


def test_the_last_counts_whether_it_could_be_read_or_not(tmp_path):
    roster = Roster(tmp_path)
    away = TurnedAway(student="ada", name="Ada", origin="ada.zip", reason="ada.zip is not a zip")
    roster.enter(make_submission("ada"), "k1")
    roster.enter(make_submission("bob"), "k2")
    roster.turn_away(away)
    assert [entry.submission.student for entry in roster] == ["bob"]
    assert list(roster.turned_away()) == [away]
    assert roster.find("ada") is None
    roster.enter(make_submission("ada"), "k1")
    assert roster.find("ada").evidence == "k1"
    assert list(roster.turned_away()) == []


def test_who_is_struck_is_forgotten(tmp_path):
    roster = Roster(tmp_path)
    roster.enter(make_submission("ada"), "k1")
    roster.enter(make_submission("bob"), "k2")
    for student in ("ada", "nobody"):
        roster.strike(student)
    assert [entry.submission.student for entry in roster] == ["bob"]
