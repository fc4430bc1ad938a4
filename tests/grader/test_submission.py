"""A hand-in, whatever its shape, becomes the same sorted submission; what cannot be read is said and stops nobody else."""

from __future__ import annotations

import os
import random
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.intake.caps import DEFAULT_CAPS
from grader.model import Submission
from grader.store.blobs import BlobStore
from grader.submission import Rejected, find_submissions

WHOLE = [
    "Normalization.ipynb",
    "net231/classifiers/fc_net.py",
    "net231/layers.py",
    "net231/optim.py",
    "net231/solver.py",
]


def paths_of(submission):
    return [file.path for file in submission.files]


def texts_of(submission):
    return " ".join(f"{note.about}: {note.text}" for note in submission.notes)


def only(found):
    assert len(found) == 1
    return found[0]


# --- shapes of one hand-in --------------------------------------------------------------------------------------------------


def test_find_submissions_takes_a_folder_as_the_assignment_lays_it_out(kit, take, tmp_path):
    one = only(take(kit.write(tmp_path / "alice", kit.whole)))
    assert (one.student, one.origin, paths_of(one)) == ("alice", "alice", WHOLE)
    assert (one.notebooks, one.aliases, one.missing, one.notes) == (("Normalization.ipynb",), (), (), ())
    assert [file.path for file in one.files if file.provided] == ["net231/optim.py", "net231/solver.py"]


@pytest.mark.parametrize(
    ("folder", "there"),
    [
        pytest.param("net231/", ["net231/layers/__init__.py", "net231/layers/norm.py"], id="in-its-place"),
        pytest.param(
            "",
            [
                "layers/__init__.py",
                "layers/norm.py",
                "net231/layers/__init__.py",
                "net231/layers/norm.py",
            ],
            id="flat",
        ),
    ],
)
def test_find_submissions_stages_a_package_for_a_module(kit, take, tmp_path, folder, there):
    files = {name: data for name, data in kit.whole.items() if not name.endswith("layers.py")}
    files |= {f"{folder}layers/__init__.py": b"from .norm import *\n", f"{folder}layers/norm.py": kit.layers}
    if not folder:
        files = {
            name.rpartition("/")[2] if "layers" not in name else name: data for name, data in files.items()
        }
    one = only(take(kit.write(tmp_path / "alice", files)))
    assert [path for path in paths_of(one) if "layers" in path] == there
    assert (one.missing, one.notes) == ((), ())


@pytest.mark.parametrize("folder", ["assignment2", "my repo/Assignment 2 (final)", "x/y/z"])
def test_find_submissions_finds_the_files_however_deep_they_lie(kit, take, tmp_path, folder):
    flat = only(take(kit.write(tmp_path / "a" / "alice", kit.whole)))
    deep = only(take(kit.write(tmp_path / "b", kit.below(f"alice/{folder}", kit.whole)) / "alice"))
    assert deep.digest == flat.digest


def test_find_submissions_takes_a_zip_like_the_folder_in_it(kit, take, tmp_path):
    folder = only(take(kit.write(tmp_path / "x" / "alice", kit.whole)))
    archive = tmp_path / "alice.zip"
    archive.write_bytes(kit.zipped(kit.below("hw2", kit.whole)))
    one = only(take(archive))
    assert (one.student, one.origin, one.digest) == ("alice", "alice.zip", folder.digest)


def test_find_submissions_takes_a_single_notebook_and_lists_what_is_missing(kit, take, tmp_path):
    kit.write(tmp_path, {"bob.ipynb": kit.whole["Normalization.ipynb"]})
    one = only(take(tmp_path / "bob.ipynb"))
    assert (one.student, one.notebooks) == ("bob", ("Normalization.ipynb",))
    assert one.missing == ("net231/layers.py", "net231/classifiers/fc_net.py")
    assert "recognised by its headings" in texts_of(one)


def test_find_submissions_takes_a_single_python_file(kit, take, tmp_path):
    one = only(take(kit.write(tmp_path, {"layers.py": kit.layers}) / "layers.py"))
    assert one.missing == ("net231/classifiers/fc_net.py", "Normalization.ipynb")
    assert "net231/layers.py" in paths_of(one)


def test_find_submissions_keeps_a_renamed_package_and_aliases_it(kit, take, tmp_path):
    files = {
        "hw/cs682/layers.py": kit.layers,
        "hw/cs682/classifiers/fc_net.py": kit.fc_net,
        "hw/cs682/helper.py": b"",
        "hw/cs682/solver.py": b"own",
    }
    one = only(take(kit.write(tmp_path / "dave", files)))
    assert one.aliases == (("net231", "cs682"),)
    staged = {file.path: file.provided for file in one.files}
    assert staged == {
        "cs682/layers.py": False,
        "cs682/classifiers/fc_net.py": False,
        "cs682/helper.py": False,
        "cs682/optim.py": True,
        "cs682/solver.py": True,
    }
    assert "The course's own copy is used" in texts_of(one)


def test_find_submissions_puts_flat_files_at_the_package_and_keeps_them_where_they_lay(kit, take, tmp_path):
    files = {
        "Normalization.ipynb": kit.notebook(),
        "layers.py": kit.layers,
        "fc_net.py": kit.fc_net,
        "mine.py": b"",
        "solver.py": b"x",
    }
    one = only(take(kit.write(tmp_path / "carol", files)))
    paths = set(paths_of(one))
    assert {"net231/layers.py", "net231/classifiers/fc_net.py", "layers.py", "fc_net.py", "mine.py"} <= paths
    # Relative imports of the flat files mean their neighbours, wherever the files now stand.
    assert {"net231/mine.py", "net231/classifiers/mine.py", "net231/classifiers/layers.py"} <= paths
    assert all(file.provided for file in one.files if file.path.endswith("solver.py"))
    assert "solver.py" in paths
    assert (one.aliases, one.missing) == ((), ())


def test_find_submissions_lets_flat_files_that_were_renamed_be_imported_by_their_names(kit, take, tmp_path):
    files = {"layers (2).py": kit.layers, "fc_net.py": kit.fc_net}
    one = only(take(kit.write(tmp_path / "carol", files)))
    digests = {file.path: file.digest for file in one.files}
    named = ("net231/layers.py", "layers.py", "net231/classifiers/layers.py")
    assert len({digests[path] for path in named}) == 1


def test_find_submissions_takes_folders_that_no_import_can_spell_as_flat(kit, take, tmp_path):
    one = only(
        take(kit.write(tmp_path / "kim", {"my code/layers.py": kit.layers, "my code/fc_net.py": kit.fc_net}))
    )
    assert one.aliases == ()
    assert {"net231/layers.py", "net231/classifiers/fc_net.py"} <= set(paths_of(one))


def test_find_submissions_does_not_let_a_package_hide_the_standard_library(kit, take, tmp_path):
    one = only(take(kit.write(tmp_path / "kim", {"code/layers.py": kit.layers, "code/__init__.py": b""})))
    assert one.aliases == ()
    assert not any(path.startswith("code/") for path in paths_of(one))


def test_find_submissions_takes_the_written_assignment_among_several(kit, take, tmp_path):
    files = {
        **kit.below(
            "assignment1", {"net231/layers.py": kit.blank_layers, "net231/classifiers/fc_net.py": kit.fc_net}
        ),
        **kit.below("assignment2/work", kit.whole),
        "assignment3/net231/layers.py": b"x = 1\n",
    }
    one = only(take(kit.write(tmp_path / "alice", files)))
    assert paths_of(one) == WHOLE
    layers = next(file for file in one.files if file.path == "net231/layers.py")
    assert layers.size_bytes == len(kit.layers)
    assert "assignment1/net231/layers.py, assignment3/net231/layers.py" in texts_of(one)
    assert "assignment2/work/net231/layers.py was taken" in texts_of(one)


def test_find_submissions_takes_a_script_by_what_it_defines_and_says_so(kit, take, tmp_path):
    one = only(take(kit.write(tmp_path / "alice", {"hw/my_norm.py": kit.layers, "hw/plots.py": b"x = 1"})))
    layers = next(file for file in one.files if file.path.endswith("layers.py"))
    assert layers.size_bytes == len(kit.layers)
    assert "hw/my_norm.py was taken for it, recognised by what is defined there." in texts_of(one)


def test_find_submissions_opens_a_nested_zip_and_no_deeper(kit, take, tmp_path):
    inner = kit.zipped(kit.below("hw2", kit.whole))
    one = only(take(kit.write(tmp_path / "alice", {"hw2.zip": inner, "report.txt": b"words"})))
    assert (one.missing, set(WHOLE) <= set(paths_of(one))) == ((), True)
    deep = kit.zipped({"b.zip": kit.zipped({"c.zip": inner, "x.txt": b""}), "y.txt": b""})
    other = only(take(kit.write(tmp_path / "bob", {"a.zip": deep, "z.txt": b""})))
    assert "net231/layers.py" in other.missing


def test_find_submissions_brings_other_files_and_leaves_out_data_and_caches(kit, take, tmp_path):
    extra = {
        "helper.py": b"",
        "notes/plan.csv": b"1,2",
        "small.npy": b"123",
        "net231/images/batch_1": b"1",
        "big.npy": b"x" * (DEFAULT_CAPS.data_bytes + 1),
        "__MACOSX/._layers.py": b"",
        ".git/config": b"",
        "__pycache__/a.pyc": b"",
        ".ipynb_checkpoints/Normalization-checkpoint.ipynb": b"{}",
        "net231/datasets/cifar.bin": b"",
        "env/pyvenv.cfg": b"",
        "env/lib/layers.py": kit.layers,
        "paper.pdf": b"",
    }
    one = only(take(kit.write(tmp_path / "alice", {**kit.whole, **extra})))
    assert set(paths_of(one)) - set(WHOLE) == {"helper.py", "notes/plan.csv", "small.npy"}
    texts = texts_of(one)
    for left in (
        "big.npy",
        "net231/images/batch_1",
        ".git",
        "and 1 more",
        "net231/datasets",
        "env",
        "paper.pdf",
    ):
        assert left in texts


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("place", ["", "hw/"], ids=["at the top", "below"])
def test_find_submissions_grades_work_that_lies_in_an_environment(kit, take, tmp_path, packed, place):
    """`python -m venv .` puts an environment's folders among the student's own."""
    parts = {"pyvenv.cfg": b"", "Lib/site.py": b"", "bin/activate.py": b"", "include/x.py": b""}
    files = kit.below("hw", {**kit.whole, **parts}) if place else {**kit.whole, **parts}
    if packed:
        (tmp_path / "alice.zip").write_bytes(kit.zipped(files))
    found = take(tmp_path / "alice.zip" if packed else kit.write(tmp_path / "alice", files))
    one = only(found)
    assert set(paths_of(one)) == set(WHOLE)
    assert "Left out as installed packages" in texts_of(one)


def test_find_submissions_takes_a_class_in_which_one_works_in_an_environment(kit, take, tmp_path):
    kit.write(tmp_path / "class" / "alice", {**kit.whole, "pyvenv.cfg": b"", "lib/x.py": b""})
    kit.write(tmp_path / "class" / "bob", kit.whole)
    found = take(tmp_path / "class")
    assert [(one.student, set(paths_of(one))) for one in found] == [
        ("alice", set(WHOLE)),
        ("bob", set(WHOLE)),
    ]


def test_find_submissions_leaves_files_beyond_the_caps_and_says_so(kit, take, tmp_path):
    caps = replace(DEFAULT_CAPS, other_files=2, others_bytes=100)
    extra = {"a.csv": b"1" * 60, "b.py": b"2" * 60, "c.txt": b"3"}
    one = only(take(kit.write(tmp_path / "alice", {**kit.whole, **extra}), caps=caps))
    assert set(paths_of(one)) - set(WHOLE) == {"b.py", "c.txt"}  # code first
    assert "Left out as too many or too large files: a.csv" in texts_of(one)


@pytest.mark.parametrize("caps", [{"other_files": 3}, {"others_bytes": 210}], ids=["files", "bytes"])
def test_find_submissions_counts_files_that_come_along_with_a_moved_module(kit, take, tmp_path, caps):
    flat = {path.rpartition("/")[2]: data for path, data in kit.whole.items()}
    extra = {f"aa{number}.py": b"#" * 70 for number in range(5)}
    one = only(take(kit.write(tmp_path / "alice", {**flat, **extra}), caps=replace(DEFAULT_CAPS, **caps)))
    more = [path for path in paths_of(one) if path.rpartition("/")[2] in extra]
    assert more == ["net231/aa0.py", "net231/aa1.py", "net231/aa2.py"]
    assert "Left out as too many or too large files: aa0.py" in texts_of(one)


def test_find_submissions_answers_an_oversize_module_and_grades_the_rest(kit, take, tmp_path):
    caps = replace(DEFAULT_CAPS, module_bytes=200)
    one = only(take(kit.write(tmp_path / "alice", {**kit.whole, "net231/layers.py": b"#" * 201}), caps=caps))
    assert one.missing == ("net231/layers.py",)
    assert "net231/layers.py is 201 bytes, the limit is 200 bytes" in texts_of(one)


def test_find_submissions_keeps_bytes_that_are_no_utf8_as_they_are(kit, take, tmp_path, norm_assignment):
    source = b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + kit.layers
    folder = kit.write(tmp_path / "alice", {**kit.whole, "net231/layers.py": source})
    store = BlobStore(tmp_path / "store")
    one = only(list(find_submissions([folder], norm_assignment, store)))
    layers = next(file for file in one.files if file.path == "net231/layers.py")
    assert store.get(layers.digest) == source


def test_find_submissions_prefers_the_students_fallback_file(kit, take, tmp_path):
    one = only(take(kit.write(tmp_path / "alice", {**kit.whole, "net231/optim.py": b"mine = 1\n"})))
    optim = next(file for file in one.files if file.path == "net231/optim.py")
    assert (optim.provided, optim.size_bytes) == (False, 9)


def test_find_submissions_restores_provided_files_without_a_word_if_they_are_unchanged(kit, take, tmp_path):
    one = only(take(kit.write(tmp_path / "alice", {**kit.whole, "net231/solver.py": kit.solver})))
    assert one.notes == ()


# --- classes ----------------------------------------------------------------------------------------------------------------


def test_find_submissions_takes_a_class_of_folders_and_zips_and_files(kit, take, tmp_path):
    files = {
        **kit.below("alice", kit.whole),
        **kit.below("bob/hw2/deep", kit.whole),
        "carol.zip": kit.zipped(kit.whole),
        "dave.ipynb": kit.whole["Normalization.ipynb"],
        "README.md": b"this is the class of 2024",
    }
    found = take(kit.write(tmp_path / "class", files))
    assert [item.student for item in found] == ["alice", "bob", "carol", "dave"]
    assert len({item.digest for item in found[:3]}) == 1


def test_find_submissions_goes_on_after_hand_ins_that_cannot_be_read(kit, take, tmp_path):
    root = kit.write(tmp_path / "class", {**kit.below("alice", kit.whole), **kit.below("zoe", kit.whole)})
    (root / "empty").mkdir()
    (root / "link").symlink_to(tmp_path)
    kit.write(
        root,
        {
            "cut.zip": kit.zipped(kit.whole)[:-30],
            "tarred.tar.gz": b"\x1f\x8b",
            "rar.rar": b"Rar!",
            "text.zip": b"hello",
        },
    )
    found = take(root)
    assert [item.student for item in found if isinstance(item, Submission)] == ["alice", "zoe"]
    reasons = {item.student: item.reason for item in found if isinstance(item, Rejected)}
    assert sorted(reasons) == ["cut", "empty", "link", "rar", "tarred", "text"]
    assert all(reason.startswith(student) for student, reason in reasons.items())
    assert "upload was cut short" in reasons["cut"]
    assert "there is no file" in reasons["empty"]
    assert "links are not followed" in reasons["link"]
    assert "tarred.tar.gz is an archive of a kind that is not opened; hand in a zip" in reasons["tarred"]
    assert "text.zip is not a zip" in reasons["text"]


METADATA = """
submission_1:
  :submitters:
  - :name: Bob
    :sid: bob
submission_2:
  :submitters:
  - :name: Carol
    :sid: carol
"""


def a_class(kit, layout):
    """A zip that holds several students' work, as a download of Gradescope or as folders."""
    names = {"gradescope": ("submission_1", "submission_2"), "folders": ("bob", "carol")}[layout]
    files = {**kit.below(names[0], kit.whole), **kit.below(names[1], kit.whole)}
    return kit.zipped(
        files | ({"submission_metadata.yml": METADATA.encode()} if layout == "gradescope" else {})
    )


@pytest.mark.parametrize("layout", ["gradescope", "folders"])
def test_find_submissions_lets_no_students_zip_speak_for_others(kit, take, tmp_path, layout):
    own = kit.zipped(kit.whole)
    folder = kit.write(
        tmp_path / "class", {"alice.zip": a_class(kit, layout), "bob.zip": own, "dan.zip": own}
    )
    named = take(*sorted(folder.iterdir()))
    assert [item.student for item in named] == ["alice", "bob", "dan"]
    assert "name it by itself" in texts_of(named[0])
    assert [item.student for item in take(folder)] == ["alice", "bob", "dan"]


def test_find_submissions_takes_two_classes_that_were_named(kit, take, tmp_path):
    folder = kit.write(tmp_path, {"one.zip": a_class(kit, "gradescope"), "two.zip": a_class(kit, "folders")})
    assert len(take(folder / "one.zip", folder / "two.zip")) == 4


def test_find_submissions_tells_equal_ids_apart(kit, take, tmp_path):
    files = {
        **kit.below("Alice", kit.whole),
        **kit.below("bob", kit.whole),
        "alice.zip": kit.zipped(kit.whole),
    }
    found = take(kit.write(tmp_path / "class", files))
    assert [item.student for item in found] == ["Alice", "alice-2", "bob"]
    assert 'Listed as "alice-2"' in texts_of(found[1])


def test_find_submissions_raises_at_once_for_paths_that_are_not_there(take, tmp_path):
    with pytest.raises(UsageError, match="nowhere: does not exist"):
        take(tmp_path / "nowhere")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError, match="nothing handed in there"):
        take(tmp_path / "nothing")


def test_find_submissions_passes_over_named_files_that_are_nobodys_work(kit, take, tmp_path):
    files = {
        "ann.zip": kit.zipped(kit.whole),
        "ben.rar": b"Rar!",
        "grades.csv": b"ann,10",
        "notes.txt": b"late: ben",
    }
    folder = kit.write(tmp_path, files)
    told: list[str] = []
    found = take(*(folder / name for name in files), pass_over=told.append)
    assert [one.student for one in found] == ["ann", "ben"], (
        "an archive that is not opened is somebody's all the same"
    )
    assert told == ["grades.csv", "notes.txt"]
    with pytest.raises(
        UsageError, match=r"notes\.txt: nothing handed in there that can be graded; name a folder"
    ):
        take(folder / "notes.txt")


@pytest.mark.parametrize("named", ["late", "late/mallory.zip"])
@pytest.mark.parametrize(
    ("in_class", "students"),
    [
        pytest.param({"ann", "ben", "mallory"}, ["mallory"], id="all-three-known"),
        pytest.param({"ann", "ben"}, ["ann", "ben"], id="a-class-s-own-name"),
        pytest.param({"mallory"}, ["ann", "ben"], id="nobody-s-place-is-taken"),
    ],
)
def test_find_submissions_takes_a_lone_zip_of_one_of_the_class_for_that_student_s(  # noqa: PLR0917  # fixtures
    kit, take, tmp_path, named, in_class, students
):
    others = kit.zipped({**kit.below("ann", kit.whole), **kit.below("ben", kit.whole)})
    folder = kit.write(tmp_path / "handed", {"late/mallory.zip": others})
    found = take(folder / named, in_class=in_class.__contains__)
    assert [one.student for one in found] == students
    assert ("counts as that student's" in texts_of(found[0])) == (students == ["mallory"])


def test_find_submissions_counts_a_path_named_twice_once(kit, take, tmp_path):
    folder = kit.write(tmp_path / "alice", kit.whole)
    assert len(take(folder, folder)) == 1


# --- what a folder may hold -------------------------------------------------------------------------------------------------


def test_find_submissions_opens_no_link_pipe_or_socket(kit, take, tmp_path):
    folder = kit.write(tmp_path / "alice", kit.whole)
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (folder / "secret.txt").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.py")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(folder / "s"))
        one = only(take(folder))
    assert paths_of(one) == WHOLE
    texts = texts_of(one)
    assert texts.count("links are not followed") == 2
    assert texts.count("is a pipe, socket or device") == 2


def test_find_submissions_does_not_follow_a_module_that_is_a_link(kit, take, tmp_path):
    folder = kit.write(tmp_path / "alice", kit.whole)
    (folder / "net231/layers.py").unlink()
    (folder / "net231/layers.py").symlink_to("/etc/passwd")
    one = only(take(folder))
    assert one.missing == ("net231/layers.py",)
    assert "net231/layers.py" not in paths_of(one)


def test_find_submissions_reads_names_that_are_no_utf8_or_decomposed(kit, take, tmp_path):
    folder = kit.write(tmp_path / "alice", kit.whole)
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("x")
    (folder / "cafe\u0301.csv").write_text("x")
    assert {"café.txt", "café.csv"} <= set(paths_of(only(take(folder))))


def test_find_submissions_leaves_out_what_is_nested_beyond_reason(kit, take, tmp_path):
    deep = "/".join(["d"] * (DEFAULT_CAPS.depth + 1)) + "/x.py"
    one = only(take(kit.write(tmp_path / "alice", {**kit.whole, deep: b""})))
    assert paths_of(one) == WHOLE
    assert f"the limit is {DEFAULT_CAPS.depth}" in texts_of(one)


def test_find_submissions_skips_a_folder_of_thousands_of_files(kit, take, tmp_path):
    caps = replace(DEFAULT_CAPS, folder_files=3)
    files = {f"data/images/{index}.png": b"" for index in range(4)}
    one = only(take(kit.write(tmp_path / "alice", {**kit.whole, **files}), caps=caps))
    assert paths_of(one) == WHOLE
    assert "data/images" in texts_of(one)


# --- digest and time --------------------------------------------------------------------------------------------------------


def test_find_submissions_digest_depends_on_bytes_alone(kit, take, tmp_path):
    files = list({**kit.whole, "a/b.txt": b"1", "c.txt": b"2"}.items())
    first = only(take(kit.write(tmp_path / "x" / "alice", dict(files))))
    random.Random(1).shuffle(files)
    other = kit.write(tmp_path / "y" / "bob", dict(files))
    os.utime(other / "c.txt", (1, 1))
    second = only(take(other))
    assert first.digest == second.digest
    (other / "c.txt").write_bytes(b"3")
    assert only(take(other)).digest != first.digest


def test_find_submissions_digest_knows_the_alias(kit, take, tmp_path):
    from grader.intake.staging import content_digest

    one = only(take(kit.write(tmp_path / "alice", kit.whole)))
    assert content_digest(one.files, ()) == one.digest
    assert content_digest(one.files, (("net231", "cs682"),)) != one.digest
    assert content_digest(reversed(one.files), ()) == one.digest


def test_find_submissions_arrived_is_the_newest_files_time(kit, take, tmp_path):
    folder = kit.write(tmp_path / "alice", kit.whole)
    for path in folder.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    os.utime(folder / "net231/layers.py", (1_700_000_000, 1_700_000_000))
    assert only(take(folder)).arrived == datetime.fromtimestamp(1_700_000_000, tz=UTC)


def test_find_submissions_takes_no_time_from_inside_a_students_own_zip(kit, take, tmp_path):
    made = tmp_path / "alice.zip"  # what it was made of says another time
    made.write_bytes(kit.zipped(kit.whole))
    os.utime(made, (1_700_000_000, 1_700_000_000))
    came = datetime.fromtimestamp(1_700_000_000, tz=UTC)
    assert only(take(made)).arrived == came
    (tmp_path / "class" / "bob").mkdir(parents=True)
    made.rename(tmp_path / "class" / "bob" / "hw.zip")
    assert only(take(tmp_path / "class")).arrived == came


@pytest.mark.parametrize("place", ["net231/images", "cs682/images"])
def test_find_submissions_lets_no_file_stand_where_the_data_set_will(kit, take, tmp_path, place):
    package = place.partition("/")[0]
    work = {path.replace("net231", package): data for path, data in kit.whole.items()}
    one = only(take(kit.write(tmp_path / "alice", {**work, place: b"../../data"})))
    assert place not in paths_of(one)
    assert place in texts_of(one)


def test_find_submissions_goes_without_files_whose_path_no_file_system_takes(kit, take, tmp_path):
    deep = "/".join(["d" * 250] * 20) + "/x.py"
    (tmp_path / "alice.zip").write_bytes(kit.zipped({**kit.whole, deep: b"x = 1"}))
    one = only(take(tmp_path / "alice.zip"))
    assert paths_of(one) == WHOLE
    assert "has a path of 5024 bytes, the limit is 1024" in texts_of(one)


def test_find_submissions_goes_on_after_a_fault_of_its_own(kit, take, tmp_path, monkeypatch):
    from grader import submission

    def stage(tree, intake):
        if any(entry.name == "odd.py" for entry in tree.entries):
            raise RecursionError("too deep")
        return staged(tree, intake)

    staged = submission.stage
    monkeypatch.setattr(submission, "stage", stage)
    kit.write(tmp_path / "class" / "alice", kit.whole)
    kit.write(tmp_path / "class" / "bob", {**kit.whole, "odd.py": b"x"})
    alice, bob = take(tmp_path / "class")
    assert paths_of(alice) == WHOLE
    assert "a fault of the grader (RecursionError in" in bob.reason


# --- anything at all --------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "layers.py",
        "fc_net.py",
        "Normalization.ipynb",
        "net231",
        "classifiers",
        "cs682",
        "alice",
        "hw.zip",
        "solver.py",
        ".git",
        "a b",
        "é",
        "src",
    ]
)
PATHS = st.lists(NAMES, min_size=1, max_size=4)
TREES = st.dictionaries(
    PATHS.map("/".join),
    st.sampled_from([b"", b"def norm_forward(x): return x + 1\n", b"PK\x05\x06", b"\xff"]),
    max_size=8,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=TREES)
def test_find_submissions_sorts_any_tree_and_stays_inside(tree, kit, norm_assignment, tmp_path_factory):
    root = tmp_path_factory.mktemp("random")
    for path, data in tree.items():
        target = root / "in" / path
        if any(up.is_file() for up in target.parents) or target.is_dir():
            continue
        kit.write(root / "in", {path: data})
    (root / "in").mkdir(exist_ok=True)
    blobs = BlobStore(root / "blobs")
    try:
        found = list(find_submissions([root / "in"], norm_assignment, blobs))
    except UsageError:
        assert all(path.relative_to(root / "in").parts[0] == ".git" for path in (root / "in").rglob("*"))
        return
    assert {path.name for path in root.iterdir()} <= {"in", "blobs"}
    assert len({item.student.casefold() for item in found}) == len(found)
    for item in found:
        assert item.student
        assert "/" not in item.student
        assert not item.student.startswith(".")
        if isinstance(item, Submission):
            files = paths_of(item)
            assert files == sorted(set(files))
            assert not any(path.startswith("/") or ".." in path.split("/") for path in files)
            folders = {path.rpartition("/")[0] for path in files}
            assert not folders & set(files)
            again = list(find_submissions([root / "in"], norm_assignment, blobs))
            assert again == found
