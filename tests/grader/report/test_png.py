import io
import struct
from collections.abc import Callable

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.png import plain_png

mpl.use("Agg")
Build = Callable[..., bytes]


def test_plain_png_accepts_what_matplotlib_draws_without_its_text() -> None:
    from matplotlib.figure import Figure

    file = io.BytesIO()
    Figure(figsize=(2, 1), dpi=50).savefig(file, format="png")
    assert b"Matplotlib" in file.getvalue()
    picture = plain_png(file.getvalue())
    assert picture is not None
    assert (picture.width, picture.height) == (100, 50)
    assert b"Matplotlib" not in picture.data


def test_plain_png_drops_side_chunks_and_what_follows_the_end(png: Build, chunk: Build) -> None:
    picture = plain_png(png(before_end=chunk(b"tEXt", b"Comment\0<script>")) + b"<script>")
    assert picture is not None
    assert picture.data == png()


def test_plain_png_refuses_a_second_size(png: Build, chunk: Build) -> None:
    larger = png(width=30_000, height=30_000)[16:29]
    assert plain_png(png(before_end=chunk(b"IHDR", larger))) is None


@pytest.mark.parametrize("width", [0, 12_001, 2**31])
def test_plain_png_refuses_a_size_no_browser_should_unpack(png: Build, width: int) -> None:
    assert plain_png(png(width=width)) is None
    assert plain_png(png(width=6_000, height=6_000)) is None


def test_plain_png_refuses_what_is_not_whole(png: Build, chunk: Build) -> None:
    data = png()
    flipped = bytearray(data)
    flipped[45] ^= 1
    assert plain_png(data) is not None
    assert plain_png(bytes(flipped)) is None
    assert all(plain_png(data[:length]) is None for length in range(len(data)))
    assert plain_png(b"\xff\xd8\xff\xe0" + data) is None
    assert plain_png(data[:8] + chunk(b"IEND", b"")) is None
    assert plain_png(data[:8] + struct.pack(">I", 2**32 - 1) + b"IHDR") is None


@pytest.mark.parametrize(("depth", "colour"), [(3, 0), (8, 5), (16, 3), (4, 6)])
def test_plain_png_refuses_depths_that_the_specification_has_not(png: Build, depth: int, colour: int) -> None:
    assert plain_png(png(depth=depth, colour=colour)) is None


@given(st.binary(max_size=200))
def test_plain_png_survives_any_bytes(data: bytes) -> None:
    assert plain_png(data) is None
    assert plain_png(b"\x89PNG\r\n\x1a\n" + data) is None
