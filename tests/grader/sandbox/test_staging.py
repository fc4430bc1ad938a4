"""Staging: what goes into a room, and what is refused."""

from __future__ import annotations

import pytest

from grader.errors import SandboxError
from grader.sandbox.staging import stage


@pytest.fixture
def work(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_files_and_links_are_made_with_their_folders(work, tmp_path):
    (tmp_path / "blob").write_bytes(b"\0content")
    stage(work, files={"a/b c/d.py": tmp_path / "blob"}, links=[("x/cs682", "a")])
    assert (work / "a/b c/d.py").read_bytes() == b"\0content"
    assert (work / "x/cs682/b c/d.py").read_bytes() == b"\0content"
    assert str((work / "x/cs682").readlink()) == "../a"


def test_blob_is_copied_and_not_linked(work, tmp_path):
    (tmp_path / "blob").write_text("old")
    stage(work, files={"a": tmp_path / "blob"})
    (work / "a").write_text("new")
    assert (tmp_path / "blob").read_text() == "old"


@pytest.mark.parametrize("path", ["..", "../a", "/a", "a/../../b", ""])
def test_path_that_leads_out_is_refused(work, tmp_path, path):
    (tmp_path / "blob").write_text("")
    with pytest.raises(SandboxError, match="stays inside the submission"):
        stage(work, files={path: tmp_path / "blob"})
    with pytest.raises(SandboxError, match="stays inside the submission"):
        stage(work, files={}, links=[("link", path)])


def test_file_that_cannot_be_read_is_an_error_of_ours(work, tmp_path):
    with pytest.raises(SandboxError, match=r"staging the submission's files: .*No such file"):
        stage(work, files={"a": tmp_path / "absent"})


def test_file_and_folder_of_the_same_name_are_an_error(work, tmp_path):
    (tmp_path / "blob").write_text("")
    with pytest.raises(SandboxError, match="staging the submission's files"):
        stage(work, files={"a": tmp_path / "blob", "a/b": tmp_path / "blob"})
