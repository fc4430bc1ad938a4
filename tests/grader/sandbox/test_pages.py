"""Huge pages behind the warm parent's memory: what is asked for, and that memory keeps what it holds."""

import mmap

import pytest

from grader.sandbox import pages

MIB = 1024 * 1024


def line(low, high, mode="rw-p", name=""):
    return f"{low:x}-{high:x} {mode} 00000000 00:00 0    {name}\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(line(MIB, 7 * MIB), [(2 * MIB, 6 * MIB)], id="whole-pages-only"),
        pytest.param(line(2 * MIB, 4 * MIB, name="[heap]"), [(2 * MIB, 4 * MIB)], id="heap"),
        pytest.param(line(MIB, 3 * MIB), [], id="no-whole-page"),
        pytest.param(line(2 * MIB, 8 * MIB, name="/usr/lib/libc.so"), [], id="file"),
        pytest.param(line(2 * MIB, 8 * MIB, name="/tmp/with a space"), [], id="file-with-a-space"),
        pytest.param(line(2 * MIB, 8 * MIB, name="[stack]"), [], id="stack"),
        pytest.param(line(2 * MIB, 8 * MIB, mode="r--p"), [], id="read-only"),
        pytest.param(line(2 * MIB, 8 * MIB, mode="rw-s"), [], id="shared"),
    ],
)
def test_anonymous_takes_whole_pages_of_private_memory(text, found):
    assert pages._anonymous(text) == found


def test_collapse_memory_changes_nothing_that_memory_holds():
    with mmap.mmap(-1, 8 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory[:] = bytes(range(256)) * (8 * MIB // 256)
        pages.collapse_memory()
        assert memory[:] == bytes(range(256)) * (8 * MIB // 256)


def test_collapse_memory_where_the_kernel_refuses_does_nothing(monkeypatch):
    monkeypatch.setattr(pages, "MADV_COLLAPSE", 9999)
    assert pages.collapse_memory() == 0
