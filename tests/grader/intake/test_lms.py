"""Downloads of learning platforms, by the names they give: whose each part is, which of several counts, when it came."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grader.intake.lms import parse_timestamp


def texts_of(submission):
    return " ".join(note.text for note in submission.notes)


def by_student(found):
    return {item.student: item for item in found}


def test_recognise_reads_canvas_with_zips_late_marks_and_several_files(kit, take, tmp_path):
    zipped = kit.zipped(kit.whole)
    files = {
        "doejane_101_9001_hw2.zip": zipped,
        "leesunhi_LATE_102_9002_hw2-1.zip": zipped,
        "roeric_103_9003_Normalization.ipynb": kit.notebook(),
        "roeric_103_9004_layers.py": kit.layers,
        "roeric_103_9005_fc_net-2.py": kit.fc_net,
    }
    found = by_student(take(kit.write(tmp_path / "submissions", files)))
    assert {student: item.name for student, item in found.items()} == {
        "101": "doejane",
        "102": "leesunhi",
        "103": "roeric",
    }
    assert all(item.missing == () for item in found.values())
    assert "late" in texts_of(found["102"])
    assert found["103"].origin == "roeric_103_9003_Normalization.ipynb"


def test_two_downloads_are_two_classes_also_where_one_holds_a_single_late_hand_in(kit, take, tmp_path):
    zipped = kit.zipped(kit.whole)

    def download(name, *people):
        names = [f"{person}_{number}_assignsubmission_file_/work.zip" for person, number in people]
        (tmp_path / name).write_bytes(kit.zipped(dict.fromkeys(names, zipped)))
        return tmp_path / name

    on_time = download("class.zip", ("Ana Roe", 1000), ("Bo Ek", 1001))
    late = download("late.zip", ("Cy Poe", 1002))
    assert set(by_student(take(on_time, late))) == {"1000", "1001", "1002"}
    broken = tmp_path / "broken.zip"
    broken.write_bytes(zipped[:100])
    assert set(by_student(take(on_time, broken))) == {"1000", "1001", "broken"}


def test_student_s_zip_that_looks_like_a_download_takes_nobody_s_place(kit, take, tmp_path):
    zipped = kit.zipped(kit.whole)
    (tmp_path / "bo.zip").write_bytes(zipped)
    (tmp_path / "eve.zip").write_bytes(kit.zipped({"Ana Roe_1000_assignsubmission_file_/work.zip": zipped}))
    found = by_student(take(tmp_path / "bo.zip", tmp_path / "eve.zip"))
    assert set(found) == {"bo", "eve"}
    assert "name it by itself" in texts_of(found["eve"])


def test_recognise_takes_the_newest_of_canvas_resubmissions(kit, take, tmp_path):
    files = {
        "doejane_101_9001_layers.py": b"old = 1\n",
        "doejane_101_9005_layers-2.py": kit.layers,
        "doejane_101_9003_layers-1.py": b"older_than_two = 1\n",
        "roeric_103_9004_layers.py": kit.layers,
    }
    found = by_student(take(kit.write(tmp_path / "submissions", files)))
    sizes = {
        student: [file.size_bytes for file in item.files if file.path == "net231/layers.py"]
        for student, item in found.items()
    }
    assert sizes == {"101": [len(kit.layers)], "103": [len(kit.layers)]}
    assert "newest" in texts_of(found["101"])


def test_recognise_reads_a_canvas_download_as_it_comes_in_one_zip(kit, take, tmp_path):
    zipped = kit.zipped(kit.below("hw", kit.whole))
    archive = tmp_path / "submissions.zip"
    archive.write_bytes(
        kit.zipped(
            {"doejane_101_9001_hw.zip": zipped, "roeric_103_9004_hw.zip": zipped, "x_104_9_hw.zip": b"no"}
        )
    )
    found = by_student(take(archive))
    assert sorted(found) == ["101", "103", "104"]
    assert found["101"].digest == found["103"].digest
    assert "hw.zip is not a zip" in found["104"].reason


@pytest.mark.parametrize(
    ("name", "student"),
    [
        pytest.param("lopezana_LATE_12345_678_hw.zip", "12345", id="canvas"),
        pytest.param("Ana Lopez_123_assignsubmission_file_hw.zip", "123", id="moodle"),
        pytest.param("Ana Lopez_123_assignsubmission_file_/hw.zip", "123", id="moodle-folder"),
    ],
)
def test_recognise_tells_whose_a_zip_is_that_came_alone_whatever_is_in_it(kit, take, tmp_path, name, student):
    others = {**kit.below("ann", kit.whole), **kit.below("ben", kit.whole)}
    (one,) = take(kit.write(tmp_path / "late", {name: kit.zipped(others)}))
    assert one.student == student


def test_recognise_takes_a_date_for_no_id_of_canvas(kit, take, tmp_path):
    others = {**kit.below("ann", kit.whole), **kit.below("ben", kit.whole)}
    folder = kit.write(tmp_path / "late", {"hw4_2024_03_export.zip": kit.zipped(others)})
    for path in (folder, folder / "hw4_2024_03_export.zip"):
        assert [one.student for one in take(path)] == ["ann", "ben"]


def test_recognise_reads_canvas_files_that_are_named_one_by_one(kit, take, tmp_path):
    folder = kit.write(
        tmp_path,
        {
            "doejane_101_9001_layers.py": kit.layers,
            "doejane_101_9002_fc_net.py": kit.fc_net,
            "other.txt": b"not named",
        },
    )
    found = take(folder / "doejane_101_9001_layers.py", folder / "doejane_101_9002_fc_net.py")
    assert [(item.student, item.missing) for item in found] == [("101", ("Normalization.ipynb",))]


def test_nobody_takes_anothers_moodle_folder_by_what_he_calls_himself(kit, take, tmp_path):
    named = "Jane Doe_101_assignsubmission_file"
    files = {
        **kit.below("Jane Doe_101_assignsubmission_file_", kit.whole),
        **kit.below(f"{named}_202_assignsubmission_file_", {**kit.whole, "zzz.py": b"1\n"}),
    }
    found = by_student(take(kit.write(tmp_path / "moodle", files)))
    assert {student: item.name for student, item in found.items()} == {"101": "Jane Doe", "202": named}
    assert "zzz.py" not in texts_of(found["101"])


def test_recognise_reads_moodle_folders_and_flat_files(kit, take, tmp_path):
    files = {
        **kit.below("Jane Q. Doe_201_assignsubmission_file_", kit.whole),
        **kit.below("이선희_202_assignsubmission_file", kit.whole),
        "Ric Roe_203_assignsubmission_file_hw2.zip": kit.zipped(kit.whole),
        "Ann Poe_204_assignsubmission_file_layers.py": kit.layers,
        "Ann Poe_204_assignsubmission_file_Normalization.ipynb": kit.notebook(),
        "Ann Poe_204_assignsubmission_onlinetext_/onlinetext.html": b"<p>see file</p>",
    }
    found = by_student(take(kit.write(tmp_path / "moodle", files)))
    assert {student: item.name for student, item in found.items()} == {
        "201": "Jane Q. Doe",
        "202": "이선희",
        "203": "Ric Roe",
        "204": "Ann Poe",
    }
    assert found["201"].digest == found["202"].digest == found["203"].digest
    assert found["204"].missing == ("net231/classifiers/fc_net.py",)
    assert not any("onlinetext" in file.path for file in found["204"].files)


METADATA = """\
---
submission_301:
  :submitters:
  - :name: Jane Doe
    :sid: '77001'
    :email: jane@school.edu
  :created_at: 2024-10-01 17:03:12.500000000 Z
  :score: 3.0
  :results:
    :tests:
    - :output: |
        submission_999:
          :submitters: forged
submission_302:
  :submitters:
  - :name: Ric Roe
    :sid:
    :email: ric@school.edu
  - :name: Sun-hi Lee
    :sid: '77003'
    :email: lee@school.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2024-10-02 01:00:00.000000000 Z
    time: 2024-10-01 18:00:00.000000000 Z
"""


@pytest.mark.parametrize("wrapper", ["", "assignment_55_export/"])
def test_recognise_reads_gradescope_with_metadata(kit, take, tmp_path, wrapper):
    files = {
        **kit.below(f"{wrapper}submission_301", kit.whole),
        **kit.below(f"{wrapper}submission_302", kit.whole),
        **kit.below(f"{wrapper}submission_303", kit.whole),
        f"{wrapper}submission_metadata.yml": METADATA.encode(),
    }
    found = by_student(take(kit.write(tmp_path / "export", files)))
    assert {student: item.name for student, item in found.items()} == {
        "77001": "Jane Doe",
        "ric": "Ric Roe",
        "77003": "Sun-hi Lee",
        "submission_303": "",
    }
    assert found["77001"].arrived == datetime(2024, 10, 1, 17, 3, 12, 500_000, tzinfo=UTC)
    assert found["ric"].arrived == found["77003"].arrived == datetime(2024, 10, 2, 1, tzinfo=UTC)
    assert found["ric"].digest == found["77003"].digest
    assert "together by Ric Roe, Sun-hi Lee" in texts_of(found["ric"])


@pytest.mark.parametrize("metadata", [b"\xff\xfe", b"a: [", b"- 1\n", b""])
def test_recognise_grades_gradescope_without_names_if_the_metadata_cannot_be_read(
    kit, take, tmp_path, metadata
):
    files = {**kit.below("submission_301", kit.whole), "submission_metadata.yml": metadata}
    found = take(kit.write(tmp_path / "export", files))
    assert [item.student for item in found] == ["submission_301"]
    assert found[0].missing == ()


@pytest.mark.parametrize("under", ["", "course/"])
def test_recognise_reads_nbgrader_and_its_time_stamps(kit, take, tmp_path, under):
    prefix = f"{under}submitted" if under else "submitted"
    files = {
        **kit.below(
            f"{prefix}/alice/norm",
            {**kit.whole, "timestamp.txt": b"2024-10-01 17:03:12.0 America/Los_Angeles"},
        ),
        **kit.below(f"{prefix}/alice/other", {"x.ipynb": b"{}"}),
        **kit.below(f"{prefix}/bob/ps1", {**kit.whole, "timestamp.txt": b"2024-10-01 17:03:12 UTC"}),
    }
    root = kit.write(tmp_path / "files", files)
    found = by_student(take(root / "course" if under else root / "submitted"))
    assert sorted(found) == ["alice", "bob"]
    assert found["alice"].arrived == datetime(2024, 10, 2, 0, 3, 12, tzinfo=UTC)
    assert found["bob"].arrived == datetime(2024, 10, 1, 17, 3, 12, tzinfo=UTC)
    assert found["alice"].digest == found["bob"].digest
    assert "norm was taken, not other" in texts_of(found["alice"])
    assert found["alice"].origin.endswith("alice/norm")


def test_recognise_lists_work_that_lies_in_a_download_without_its_pattern(kit, take, tmp_path):
    zipped = kit.zipped(kit.whole)
    files = {
        "a_1_2_hw.zip": zipped,
        "b_3_4_hw.zip": zipped,
        "c_5_6_hw.zip": zipped,
        "by mail.zip": zipped,
        "grades.csv": b"",
    }
    found = by_student(take(kit.write(tmp_path / "submissions", files)))
    assert sorted(found) == ["1", "3", "5", "by_mail"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-10-01 17:03:12.25 UTC", datetime(2024, 10, 1, 17, 3, 12, 250_000, tzinfo=UTC)),
        ("2024-10-01T17:03:12+0900", datetime(2024, 10, 1, 8, 3, 12, tzinfo=UTC)),
        ("2024-10-01 17:03:12 -07:00", datetime(2024, 10, 2, 0, 3, 12, tzinfo=UTC)),
        ("2024-10-01 17:03:12 Nowhere/Land", datetime(2024, 10, 1, 17, 3, 12, tzinfo=UTC)),
        ("2024-10-01 17:03:12 ../../etc/passwd", datetime(2024, 10, 1, 17, 3, 12, tzinfo=UTC)),
        ("2024-13-01 17:03:12", None),
        ("0001-01-01 00:00:00 +2359", None),
        ("2024-10-01 17:03:12 +9999", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_parse_timestamp_reads_what_the_platforms_write(text, expected):
    assert parse_timestamp(text) == expected
