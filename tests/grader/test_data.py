"""Data sets are found where a setting says, and a stand-in says that it is one."""

from types import SimpleNamespace

import pytest

from grader.data import DATA_SETS, DATA_VARIABLE, find_data
from grader.errors import AssignmentError


def make_assignment(tmp_path, *, data="cifar10", stand_in="reference.data:write_synthetic"):
    return SimpleNamespace(folder=tmp_path, spec=SimpleNamespace(data=data, data_stand_in=stand_in))


def make_files(folder, name):
    folder.mkdir(parents=True)
    for file in DATA_SETS[name].files:
        (folder / file).write_bytes(file.encode())


@pytest.fixture(autouse=True)
def no_setting(monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


def test_find_data_none_wanted(tmp_path):
    assert find_data(make_assignment(tmp_path, data="none"), tmp_path) is None


@pytest.mark.parametrize("name", ["cifar10", "mnist"])
@pytest.mark.parametrize("how", ["option", "variable", "the folder itself"])
def test_find_data_real(tmp_path, monkeypatch, name, how):
    make_files(tmp_path / "sets" / DATA_SETS[name].folder, name)
    setting = tmp_path / "sets"
    if how == "variable":
        monkeypatch.setenv(DATA_VARIABLE, str(setting))
        setting = None
    elif how == "the folder itself":
        setting /= DATA_SETS[name].folder
    found = find_data(make_assignment(tmp_path, data=name), tmp_path / "state", setting)
    assert (found.synthetic, found.folder.name) == (False, DATA_SETS[name].folder)
    assert "synthetic" not in found.name


def test_find_data_digest_follows_content(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    make_files(folder, "cifar10")
    before = find_data(make_assignment(tmp_path), tmp_path, tmp_path).digest
    assert find_data(make_assignment(tmp_path), tmp_path, tmp_path).digest == before
    (folder / "test_batch").write_bytes(b"other")
    assert find_data(make_assignment(tmp_path), tmp_path, tmp_path).digest != before


def test_find_data_incomplete_folder_is_named(tmp_path):
    with pytest.raises(
        AssignmentError, match=r"no CIFAR-10 there; expected cifar-10-batches-py/ with batches.meta"
    ):
        find_data(make_assignment(tmp_path), tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["cifar10", "mnist"])
def test_find_data_stand_in_is_written_once_and_says_what_it_is(tmp_path, name):
    assignment = make_assignment(tmp_path, data=name)
    found = find_data(assignment, tmp_path)
    assert found.synthetic
    assert found.name.endswith("(synthetic stand-in)")
    written = {path: path.stat().st_mtime_ns for path in found.folder.iterdir()}
    assert {path.name for path in written} >= set(DATA_SETS[name].files)
    assert find_data(assignment, tmp_path) == found
    assert {path: path.stat().st_mtime_ns for path in found.folder.iterdir()} == written


def test_find_data_without_real_files_or_stand_in_says_what_to_do(tmp_path):
    with pytest.raises(AssignmentError, match=DATA_VARIABLE):
        find_data(make_assignment(tmp_path, stand_in=""), tmp_path)
