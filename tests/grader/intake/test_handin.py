"""Zips inside a hand-in, and times."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from grader.intake.caps import DEFAULT_CAPS
from grader.intake.folders import read_folder
from grader.intake.handin import moment, open_nested, stem
from grader.model import Submission
from grader.submission import Rejected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.zip", "a"), ("a.tar.gz", "a"), ("a.b.rar", "a.b"), ("plain", "plain"), (".zip", ".zip")],
)
def test_stem_drops_the_ending(name, expected):
    assert stem(name) == expected


@pytest.mark.parametrize("seconds", [0.0, -5.0, 1e30])
def test_moment_knows_no_time_for_what_no_calendar_has(seconds):
    assert moment(seconds) is None


def test_moment_is_utc():
    assert moment(86_400.0) == datetime(1970, 1, 2, tzinfo=UTC)


def test_open_nested_leaves_zips_alone_where_everything_lies_open(kit, take, tmp_path):
    (found,) = take(kit.write(tmp_path / "alice", {**kit.whole, "more.zip": b"no zip at all"}))
    assert isinstance(found, Submission)
    assert not any(file.path.startswith("more.zip") for file in found.files)


def test_open_nested_rejects_where_the_work_can_only_be_in_a_broken_zip(kit, take, tmp_path):
    (found,) = take(kit.write(tmp_path / "alice", {"hw.zip": b"broken", "words.txt": b""}))
    assert isinstance(found, Rejected)
    assert found.reason.startswith("alice: hw.zip cannot be used: hw.zip is not a zip")


def test_open_nested_rejects_where_the_work_can_only_be_in_another_archive(kit, take, tmp_path):
    (found,) = take(kit.write(tmp_path / "alice", {"hw.rar": b"Rar!", "words.txt": b""}))
    assert isinstance(found, Rejected)
    assert "hw.rar is an archive of a kind that is not opened; hand in a zip" in found.reason


def test_open_nested_counts_members_of_all_archives_together(norm_assignment, tmp_path):
    for name, count in (("a.zip", 30), ("b.zip", 30), ("c.zip", 5)):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for index in range(count):
                archive.writestr(f"{index}.pyc", b"")
    caps = replace(DEFAULT_CAPS, archive_entries=40)
    found = open_nested(read_folder(tmp_path, caps), norm_assignment, caps)
    assert [refusal.path for refusal in found.refusals] == ["b.zip"]
    assert "lists 30 members" in found.refusals[0].reason
    assert [item.path.partition("/")[0] for item in found.left_out] == ["a.zip"] * 30 + ["c.zip"] * 5


def test_hand_in_of_notebooks_without_end_is_refused_once_enough_was_looked_into(kit, take, tmp_path):
    notebooks = {f"{number}/Normalization.ipynb": kit.notebook("x" * 5000) for number in range(100)}
    work = kit.write(tmp_path / "alice", {**kit.whole, **notebooks})
    (found,) = take(work, caps=replace(DEFAULT_CAPS, looked_into_bytes=200_000))
    assert isinstance(found, Rejected)
    assert "are more than 195.3 KiB to look into; hand in the assignment's own" in found.reason
    (found,) = take(work)
    assert isinstance(found, Submission)
