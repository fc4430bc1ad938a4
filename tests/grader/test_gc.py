"""Sweeping the state folder: what is referred to stays whatever its age, what is young stays, the rest goes."""

import os

import pytest

from grader.errors import UsageError
from grader.gc import DAY_S, Swept, sweep
from grader.model import CheckEvidence, Ending, Evidence, NotebookEvidence, Submission, SubmittedFile
from grader.state import State

NOW = 1_800_000_000.0
OLD, YOUNG = NOW - 40 * DAY_S, NOW - 10 * DAY_S


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "state")


def aged(path, when):
    os.utime(path, (when, when))
    return path


def keep(state, name, *, when, roster=None):
    """Evidence with a submitted file and an executed notebook of its own, perhaps in a roster."""
    file, executed = (state.blobs.put(f"{kind} of {name}".encode()) for kind in ("file", "notebook"))
    key = name[0] * 64
    state.evidence.keep(
        Evidence(
            key=key,
            submission="",
            suite="",
            seed_id="",
            checks=(CheckEvidence(check="c", ending=Ending.ANSWERED),),
            notebooks=(NotebookEvidence(path="a.ipynb", ending=Ending.ANSWERED, executed=executed),),
        )
    )
    for digest in (file, executed):
        aged(state.blobs.path(digest), when)
    aged(state.evidence.folder / key[:2] / key, when)
    if roster:
        files = (SubmittedFile(path="a.py", digest=file, size_bytes=1),)
        submission = Submission(student=name, origin=name, files=files, digest="")
        state.roster(roster).enter(submission, key)
    return key, file, executed


def test_sweep_keeps_what_rosters_refer_to_and_what_is_young(state):
    listed = keep(state, "alice", when=OLD, roster="hw1")
    elsewhere = keep(state, "bob", when=OLD, roster="hw2")
    young = keep(state, "carl", when=YOUNG)
    lost = keep(state, "dora", when=OLD)
    swept = sweep(state, days=30, now=NOW)
    assert (swept.evidence, swept.blobs, swept.other) == (1, 2, 0)
    for key, *_ in (listed, elsewhere, young):
        assert state.evidence.find(key) is not None
    assert all(digest in state.blobs for _, *digests in (listed, elsewhere, young) for digest in digests)
    assert state.evidence.find(lost[0]) is None
    assert not any(digest in state.blobs for digest in lost[1:])


def test_sweep_keeps_an_old_notebook_of_young_evidence(state):
    key, _, executed = keep(state, "carl", when=YOUNG)
    aged(state.blobs.path(executed), OLD)
    sweep(state, days=30, now=NOW)
    assert state.evidence.find(key) is not None
    assert executed in state.blobs


def test_sweep_of_a_resubmission_drops_the_first_one(state):
    first = keep(state, "ann", when=OLD, roster="hw1")
    (state.folder / "rosters" / "hw1" / "ann.json").unlink()
    second = keep(state, "eve", when=OLD, roster="hw1")
    sweep(state, days=30, now=NOW)
    assert state.evidence.find(first[0]) is None
    assert state.evidence.find(second[0]) is not None


def test_sweep_dry_counts_and_removes_nothing(state):
    key, *digests = keep(state, "dora", when=OLD)
    dry = sweep(state, days=30, now=NOW, dry=True)
    assert state.evidence.find(key) is not None
    assert all(digest in state.blobs for digest in digests)
    assert dry == sweep(state, days=30, now=NOW)
    assert dry.size_bytes > len("file of doranotebook of dora")
    assert sweep(state, days=30, now=NOW) == Swept()


def test_sweep_removes_what_cut_off_writes_left_and_old_expected_arrays(state):
    _, file, _ = keep(state, "alice", when=OLD, roster="hw1")
    left = aged_file(state.blobs.path(file).parent / ".x.tmp", OLD)
    writing = aged_file(state.blobs.path(file).parent / ".y.tmp", NOW - 60)
    arrays = aged_file(state.expected / "a.npz", OLD)
    variants = aged_file(state.expected / "a.variants", OLD)
    recent = aged_file(state.expected / "b.npz", YOUNG)
    assert sweep(state, days=30, now=NOW).other == 3
    found = [path.exists() for path in (left, writing, arrays, variants, recent)]
    assert found == [False, True, False, False, True]


def aged_file(path, when):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return aged(path, when)


def test_sweep_spares_a_write_under_way_even_at_no_days(state):
    writing = aged_file(state.blobs.folder / "aa" / ".y.tmp", NOW - 60)
    sweep(state, days=0, now=NOW)
    assert writing.exists()


def test_sweep_at_no_days_leaves_a_run_that_is_at_work_its_files(state):
    keep(state, "carl", when=NOW - 60)
    with state.at_work("hw1"):
        assert sweep(state, days=0, now=NOW) == Swept()
    assert sweep(state, days=0, now=NOW).blobs == 2


def test_sweep_passes_over_damaged_evidence(state):
    key, *_ = keep(state, "carl", when=YOUNG)
    path = state.evidence.folder / key[:2] / key
    path.write_bytes(b"torn")
    aged(path, YOUNG)
    assert sweep(state, days=30, now=NOW) == Swept()


def test_sweep_refuses_negative_days(state):
    with pytest.raises(UsageError, match="expected a number of days"):
        sweep(state, days=-1, now=NOW)
