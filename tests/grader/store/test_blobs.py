"""The blob store: equal content once, damage noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import EvidenceError
from grader.store.blobs import BlobStore

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # sha256 of nothing, FIPS 180-4


def test_put_names_by_sha256_and_keeps_once(tmp_path):
    store = BlobStore(tmp_path)
    assert store.put(b"") == store.put(b"") == EMPTY
    assert list(store) == [EMPTY]
    assert EMPTY in store


@given(st.binary(max_size=64))
def test_get_gives_back_what_was_put(tmp_path_factory, data):
    store = BlobStore(tmp_path_factory.mktemp("blobs"))
    assert store.get(store.put(data)) == data


def test_get_refuses_and_removes_damaged_content(tmp_path):
    store = BlobStore(tmp_path)
    digest = store.put(b"right")
    store.path(digest).write_bytes(b"wrong")
    with pytest.raises(EvidenceError, match="damaged"):
        store.get(digest)
    assert digest not in store


def test_get_absent_content_says_what_to_do(tmp_path):
    with pytest.raises(EvidenceError, match="run the submission again"):
        BlobStore(tmp_path).get(EMPTY)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_path_takes_digests_only(tmp_path, name):
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        BlobStore(tmp_path).path(name)
