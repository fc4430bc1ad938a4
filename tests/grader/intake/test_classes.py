"""One student or a class: the rules, one case each, and the cases that look like the other."""

from __future__ import annotations

import pytest

from grader.intake.classes import is_part_name


@pytest.mark.parametrize(
    "name",
    [
        "assignment2",
        "hw 4 code",
        "Assignment-2_final",
        "2019",
        "src",
        "cs231n-assignment2-main",
        "Spring 2020",
        "backup",
        "project 1",
    ],
)
def test_is_part_name_knows_parts_of_repositories(name):
    assert is_part_name(name)


@pytest.mark.parametrize(
    "name",
    ["alice", "12345", "ab123", "cs231", "이선희", "lee_hw2", "submission_from_bob", "", "___", "1999999"],
)
def test_is_part_name_leaves_persons_and_ids(name):
    assert not is_part_name(name)


def students(found):
    return [item.student for item in found]


def test_divide_takes_a_repository_with_several_assignments_for_one_student(kit, take, tmp_path):
    files = {
        **kit.below("assignment1", kit.whole),
        **kit.below("assignment2", kit.whole),
        **kit.below("hw3", kit.whole),
    }
    assert students(take(kit.write(tmp_path / "alice", files))) == ["alice"]


def test_divide_takes_a_repository_with_odd_folders_and_a_readme_for_one_student(kit, take, tmp_path):
    files = {
        **kit.below("assignment1", kit.whole),
        **kit.below("assignment2", kit.whole),
        **kit.below("scratch", kit.whole),
    }
    assert students(take(kit.write(tmp_path / "alice", {**files, "README.md": b""}))) == ["alice"]


def test_divide_takes_modules_and_notebook_in_folders_of_their_own_for_one_student(kit, take, tmp_path):
    files = {
        "notebooks/Normalization.ipynb": kit.notebook(),
        "src/net231/layers.py": kit.layers,
        "images/a.png": b"",
    }
    assert students(take(kit.write(tmp_path / "alice", files))) == ["alice"]


def test_divide_takes_a_package_folder_for_one_student_even_without_its_notebook(kit, take, tmp_path):
    files = {"net231/layers.py": kit.layers, "docs/plan.txt": b"", "tools/x.py": b""}
    assert students(take(kit.write(tmp_path / "alice", files))) == ["alice"]


def test_divide_takes_a_marked_package_of_another_name_for_one_student(kit, take, tmp_path):
    files = {"cs682/layers.py": kit.layers, "cs682/__init__.py": b"", "more/x.py": b""}
    found = take(kit.write(tmp_path / "alice", files))
    assert (students(found), found[0].aliases) == (["alice"], (("net231", "cs682"),))


def test_divide_takes_a_class_though_the_handout_lies_beside_the_folders(kit, take, tmp_path):
    files = {
        **kit.below("alice", kit.whole),
        **kit.below("bob", kit.whole),
        "Normalization.ipynb": kit.notebook(),
    }
    assert students(take(kit.write(tmp_path / "class", files))) == ["alice", "bob"]


def test_divide_takes_a_class_of_one(kit, take, tmp_path):
    assert students(take(kit.write(tmp_path / "class", kit.below("alice", kit.whole)))) == ["alice"]


def test_divide_takes_a_class_in_which_only_one_handed_in_what_was_asked(kit, take, tmp_path):
    root = kit.write(
        tmp_path / "class", {**kit.below("alice", kit.whole), "bob/other.ipynb": b"{}", "carol/main.py": b""}
    )
    (root / "dave").mkdir()
    found = take(root)
    assert students(found) == ["alice", "bob", "carol", "dave"]
    assert "there is no file" in found[3].reason


def test_divide_takes_one_student_with_pictures_beside_an_oddly_named_folder(kit, take, tmp_path):
    files = {**kit.below("deepnets", kit.whole), "pictures/a.png": b"", "text/report.txt": b""}
    assert students(take(kit.write(tmp_path / "alice", files))) == ["alice"]


def test_divide_takes_a_class_of_notebooks_called_after_their_students(kit, take, tmp_path):
    files = {"alice.ipynb": kit.whole["Normalization.ipynb"], "bob.ipynb": kit.whole["Normalization.ipynb"]}
    assert students(take(kit.write(tmp_path / "class", files))) == ["alice", "bob"]


def test_divide_takes_several_notebooks_of_one_student_together(kit, take, tmp_path):
    files = {"Normalization.ipynb": kit.notebook(), "Dropout.ipynb": b"{}", "Convolution.ipynb": b"{}"}
    assert students(take(kit.write(tmp_path / "alice", files))) == ["alice"]


def test_divide_takes_two_zips_called_like_parts_for_one_student(kit, take, tmp_path):
    files = {"hw1.zip": kit.zipped({"x.txt": b""}), "hw2.zip": kit.zipped(kit.whole)}
    found = take(kit.write(tmp_path / "alice", files))
    assert (students(found), found[0].missing) == (["alice"], ())


def test_divide_takes_a_zip_of_a_class_in_a_folder(kit, take, tmp_path):
    archive = tmp_path / "class.zip"
    files = {**kit.below("class/alice", kit.whole), **kit.below("class/bob/hw", kit.whole)}
    archive.write_bytes(kit.zipped(files))
    found = take(archive)
    assert students(found) == ["alice", "bob"]
    assert [item.origin for item in found] == ["class/alice", "class/bob"]


def test_divide_takes_the_name_of_a_students_only_zip(kit, take, tmp_path):
    assert students(take(kit.write(tmp_path / "class", {"alice.zip": kit.zipped(kit.whole)}))) == ["alice"]
    assert students(take(kit.write(tmp_path / "bob", {"hw2.zip": kit.zipped(kit.whole)}))) == ["bob"]


def test_divide_refuses_only_the_student_whose_part_of_a_zip_is_hostile(kit, take, tmp_path):
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, data in {**kit.below("alice", kit.whole), **kit.below("bob", kit.whole)}.items():
            archive.writestr(path, data)
        archive.writestr("bob/../../evil.py", b"")
    path = tmp_path / "class.zip"
    path.write_bytes(stream.getvalue())
    found = take(path)
    assert students(found) == ["alice", "bob"]
    assert "leads out of its folder" in found[1].reason
    assert not list(tmp_path.rglob("evil.py"))
