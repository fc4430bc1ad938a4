"""Atomic writes: the old content or the new, never a mixture, and no litter."""

import errno

import pytest

from grader.files import atomic_file, mend, write_atomically


def test_write_atomically_replaces_and_leaves_nothing_beside(tmp_path):
    target = tmp_path / "deep" / "file"
    write_atomically(target, b"one")
    write_atomically(target, b"two", 0o600)
    assert target.read_bytes() == b"two"
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(target.parent.iterdir()) == [target]


def test_atomic_file_that_fails_keeps_the_old_content(tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def write_half():
        with atomic_file(target) as file:
            file.write(b"new")
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        write_half()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        pytest.param(errno.ENOSPC, "free space", id="full"),
        pytest.param(errno.EROFS, "allow writing there or name another folder", id="read-only"),
        pytest.param(errno.ENOTDIR, "take away what is in the way or name another folder", id="file"),
        pytest.param(errno.EIO, "mend that or name another folder", id="anything"),
    ],
)
def test_mend_says_what_helps(number, words):
    assert mend(OSError(number, "as the system says")) == words
