"""Zips that were made to harm, by accident or on purpose: each is answered in words, and none is extracted."""

from __future__ import annotations

import contextlib
import io
import random
import stat
import struct
import warnings
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake.caps import DEFAULT_CAPS, MIB
from grader.intake.zips import read_zip


def member(name, *, mode=0, method=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo("placeholder", (2024, 5, 6, 7, 8, 10))
    info.filename = info.orig_filename = name  # past ZipInfo's own clean-up
    info.external_attr = mode << 16
    info.compress_type = method
    return info


def archive_of(*members):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the duplicates that are meant here
        with zipfile.ZipFile(stream, "w") as archive:
            for info, data in members:
                archive.writestr(info, data)
    return stream.getvalue()


def tree_of(data, caps=DEFAULT_CAPS):
    return read_zip(io.BytesIO(data), "hw.zip", caps)


def test_read_zip_lists_members_sorted_with_time_and_content():
    tree = tree_of(archive_of((member("b/x.py"), b"1"), (member("a.py"), b"22")))
    assert [(entry.path, entry.size) for entry in tree.entries] == [("a.py", 2), ("b/x.py", 1)]
    assert tree.entries[0].read(10) == b"22"
    with tree.entries[0].open(10) as stream:
        assert stream.read() == b"22"
    assert tree.folders == {"b"}
    assert tree.modified() > 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("../evil.py", "leads out of its folder", id="dotdot"),
        pytest.param("a/../../evil.py", "leads out of its folder", id="inner-dotdot"),
        pytest.param("/etc/evil.py", "is an absolute path", id="absolute"),
        pytest.param("C:/evil.py", "begins with a drive letter", id="drive"),
        pytest.param("a/b\\..\\evil.py", "has a backslash", id="backslash"),
    ],
)
def test_read_zip_refuses_as_a_whole_for_names_that_lead_out(name, reason):
    tree = tree_of(archive_of((member(name), b""), (member("d/good.py"), b"")))
    assert [(refusal.fatal, reason in refusal.reason) for refusal in tree.refusals] == [(True, True)]
    assert [entry.path for entry in tree.entries] == ["d/good.py"]


def test_read_zip_takes_backslashes_for_separators_where_a_windows_tool_wrote_them_throughout():
    tree = tree_of(archive_of((member("net231\\layers.py"), b""), (member("x.py"), b"")))
    assert [entry.path for entry in tree.entries] == ["net231/layers.py", "x.py"]


def test_read_zip_checks_backslashes_that_it_took_for_separators():
    tree = tree_of(archive_of((member("..\\evil.py"), b"")))
    assert tree.refusals[0].fatal
    assert tree.entries == ()


@pytest.mark.parametrize("second", ["a.py", "./a.py"])
def test_read_zip_refuses_duplicates(second):
    tree = tree_of(archive_of((member("a.py"), b"1"), (member(second), b"2")))
    assert (tree.refusals[0].fatal, "more than once" in tree.refusals[0].reason) == (True, True)


def test_read_zip_refuses_names_that_are_equal_once_composed():
    tree = tree_of(archive_of((member("caf\u00e9.py"), b"1"), (member("cafe\u0301.py"), b"2")))
    assert tree.refusals[0].fatal


def test_read_zip_leaves_out_links():
    tree = tree_of(
        archive_of(
            (member("x", mode=stat.S_IFLNK | 0o777), b"/etc/passwd"),
            (member("y", mode=stat.S_IFREG | 0o644), b""),
        )
    )
    assert [entry.path for entry in tree.entries] == ["y"]
    assert (tree.refusals[0].path, tree.refusals[0].fatal) == ("x", False)


@pytest.mark.parametrize("mode", [stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFBLK])
def test_read_zip_refuses_devices(mode):
    tree = tree_of(archive_of((member("x", mode=mode), b"")))
    assert tree.refusals[0].fatal


def test_read_zip_refuses_methods_that_can_ask_for_gigabytes():
    tree = tree_of(archive_of((member("x.py", method=zipfile.ZIP_LZMA), b"1")))
    assert "method 14" in tree.refusals[0].reason
    assert tree.refusals[0].fatal


def test_read_zip_refuses_encrypted_members():
    data = bytearray(archive_of((member("x.py"), b"1")))
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    tree = tree_of(bytes(data))
    assert "without a password" in tree.refusals[0].reason


@pytest.mark.parametrize("name", ["a\x00b.py", "a\nb.py", "a\x1b[31m.py"])
def test_read_zip_leaves_out_names_with_control_characters(name):
    tree = tree_of(archive_of((member(name), b""), (member("ok.py"), b"")))
    assert [entry.path for entry in tree.entries] == ["ok.py"]
    assert "control characters" in tree.refusals[0].reason
    assert not any(char < " " for refusal in tree.refusals for char in refusal.reason)


def test_read_zip_reads_utf8_names_that_macos_does_not_flag():
    data = archive_of((member("\ub370\uc774\ud130.csv"), b""))
    unflagged = bytearray(data)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = unflagged.index(signature) + at
        flags = struct.unpack_from("<H", unflagged, start)[0]
        struct.pack_into("<H", unflagged, start, flags & ~0x800)
    assert tree_of(bytes(unflagged)).entries[0].path == "\ub370\uc774\ud130.csv"


def test_read_zip_unpacks_a_bomb_only_to_the_limit():
    bomb = archive_of((member("layers.py"), b"\0" * (64 * MIB)))
    assert len(bomb) * 900 < 64 * MIB
    entry = tree_of(bomb).entries[0]
    with pytest.raises(SubmissionError, match=r"layers\.py is 64\.0 MiB, the limit is 2\.0 MiB"):
        entry.read(2 * MIB)


def lying(data, size):
    """The same zip with another uncompressed size in both headers."""
    changed = bytearray(data)
    struct.pack_into("<L", changed, changed.index(b"PK\x03\x04") + 22, size)
    struct.pack_into("<L", changed, changed.index(b"PK\x01\x02") + 24, size)
    return bytes(changed)


@pytest.mark.parametrize("claimed", [10, 5_000])
def test_read_zip_finds_sizes_that_lie(claimed):
    entry = tree_of(lying(archive_of((member("layers.py"), b"x" * 1_000)), claimed)).entries[0]
    with pytest.raises(SubmissionError, match=r"layers\.py (is damaged in the zip|unpacks to)"):
        entry.read(10_000)


def test_read_zip_finds_changed_bytes():
    data = bytearray(archive_of((member("layers.py", method=zipfile.ZIP_STORED), b"abcdef")))
    data[data.index(b"abcdef")] ^= 1
    with pytest.raises(SubmissionError, match=r"layers\.py is damaged in the zip \(Bad CRC-32"):
        tree_of(bytes(data)).entries[0].read(100)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"hello", "make the zip again", id="text"),
        pytest.param(b"Rar!\x1a\x07\x00" + b"\0" * 300, "a rar archive", id="rar"),
        pytest.param(b"7z\xbc\xaf\x27\x1c" + b"\0" * 300, "a 7z archive", id="7z"),
        pytest.param(b"\x1f\x8b\x08" + b"\0" * 300, "gzip data", id="gzip"),
        pytest.param(b"\0" * 257 + b"ustar" + b"\0" * 300, "a tar archive", id="tar"),
        pytest.param(archive_of((member("a"), b"1"))[:-10], "its end is missing", id="cut"),
    ],
)
def test_read_zip_says_what_a_file_is_instead(data, said):
    with pytest.raises(SubmissionError, match=rf"^hw\.zip is not a zip.*{said}"):
        tree_of(data)


@pytest.mark.parametrize(
    ("of_class", "caps", "limits"),
    [
        pytest.param(False, {"archive_entries": 19}, "19 and 16.0 MiB; zip the notebook", id="student-count"),
        pytest.param(False, {"archive_directory_bytes": 100}, "60000 and 100 bytes", id="student-bytes"),
        pytest.param(True, {"class_entries": 19}, "19 and 64.0 MiB", id="class-count"),
        pytest.param(True, {"directory_bytes": 100}, "500000 and 100 bytes", id="class-bytes"),
    ],
)
def test_read_zip_refuses_directories_that_would_fill_memory(of_class, caps, limits):
    data = archive_of(*((member(f"{index}.py"), b"") for index in range(20)))
    with pytest.raises(SubmissionError, match=f"lists 20 members in 1010 bytes, the limits are {limits}"):
        read_zip(io.BytesIO(data), "hw.zip", replace(DEFAULT_CAPS, **caps), of_class=of_class)


def test_read_zip_of_a_class_may_list_more_than_one_student_s():
    data = archive_of(*((member(f"{index}.py"), b"") for index in range(20)))
    caps = replace(DEFAULT_CAPS, archive_entries=19)
    assert len(read_zip(io.BytesIO(data), "hw.zip", caps, of_class=True).entries) == 20


def test_read_zip_counts_members_whatever_the_end_record_claims():
    data = bytearray(archive_of(*((member(f"{index}.py"), b"") for index in range(20))))
    struct.pack_into("<HH", data, data.rindex(b"PK\x05\x06") + 8, 1, 1)
    with pytest.raises(SubmissionError, match="lists 20 members"):
        tree_of(bytes(data), replace(DEFAULT_CAPS, archive_entries=19))


def test_read_zip_tells_bare_environments_from_those_with_work_beside_them():
    names = ["bare/pyvenv.cfg", "bare/lib/x.py", "deep/work/pyvenv.cfg", "deep/work/layers.py"]
    tree = tree_of(archive_of(*((member(name), b"") for name in names)))
    assert [entry.path for entry in tree.entries] == ["deep/work/layers.py"]
    assert tree.folders == {"deep", "deep/work"}


def test_read_zip_closes_its_file_with_its_last_entry(tmp_path):
    path = tmp_path / "hw.zip"
    path.write_bytes(archive_of((member("a.py"), b"1")))
    stream = path.open("rb")
    tree = read_zip(stream, "hw.zip")
    assert not stream.closed
    del tree
    assert stream.closed


GOOD = archive_of(
    (member("net231/layers.py"), b"x" * 50),
    (member("a.py", method=zipfile.ZIP_STORED), b"y"),
    (member("b/"), b""),
)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 12), cut=st.integers(0, 60))
def test_read_zip_answers_any_damage_with_a_submission_error(seed, changes, cut):
    source = random.Random(seed)
    data = bytearray(GOOD)
    for _ in range(changes):
        data[source.randrange(len(data))] = source.randrange(256)
    try:
        tree = tree_of(bytes(data[: len(data) - cut]))
    except SubmissionError:
        return
    for entry in tree.entries:
        assert not entry.path.startswith("/")
        assert ".." not in entry.path.split("/")
        with contextlib.suppress(SubmissionError):
            assert len(entry.read(1_000)) == entry.size


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_read_zip_answers_any_bytes_with_a_submission_error(data):
    with pytest.raises(SubmissionError, match=r"hw\.zip"):
        tree_of(b"PK\x03\x04" + data + b"\0" * 8)


def with_64_bit_end(data):
    """The same zip, whose end says that it lists nothing; a 64-bit one before it, which `zipfile` believes, says the truth."""
    at = data.rindex(b"PK\x05\x06")
    *_, count, size_bytes, offset, _ = struct.unpack("<4s4H2LH", data[at:])
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size_bytes, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    return data[:at] + end64 + locator + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("caps", [{"archive_entries": 19}, {"archive_directory_bytes": 100}])
def test_read_zip_counts_by_the_end_that_zipfile_believes(caps):
    data = with_64_bit_end(archive_of(*((member(f"{index}.py"), b"") for index in range(20))))
    assert len(tree_of(data).entries) == 20
    with pytest.raises(SubmissionError, match="lists 20 members in 1010 bytes"):
        tree_of(data, replace(DEFAULT_CAPS, **caps))


@pytest.mark.parametrize("hide", [bytes, with_64_bit_end])
def test_read_zip_does_not_let_zipfile_read_a_directory_that_is_too_long(monkeypatch, hide):
    data = bytearray(archive_of(*((member(f"{index}.py"), b"") for index in range(20))))
    struct.pack_into("<HH", data, data.rindex(b"PK\x05\x06") + 8, 1, 1)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(SubmissionError, match="lists 20 members"):
        tree_of(hide(bytes(data)), replace(DEFAULT_CAPS, archive_entries=19))
