import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.text import (
    as_terminal,
    clean,
    cut,
    error_text,
    hide_paths,
    language,
    percent,
    seconds_text,
)

ANY_TEXT = st.text(alphabet=st.characters())  # with control characters and lone surrogates


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[0;31mred\x1b[0m", "red", id="colour"),
        pytest.param("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link", id="terminal-link"),
        pytest.param("\x9b31mred", "red", id="one-character-csi"),
        pytest.param("abc\u202edef", "abc[U+202E]def", id="right-to-left-override"),
        pytest.param("a\u2066b\u2069", "a[U+2066]b[U+2069]", id="isolate"),
        pytest.param("pass\u200bword", "pass[U+200B]word", id="zero-width-space"),
        pytest.param("pass\u3164\u2800", "pass[U+3164][U+2800]", id="drawn-as-nothing"),
        pytest.param("\U000e0041", "[U+E0041]", id="tag-character"),
        pytest.param("a\x00b\x08", "a\u2400b\u2408", id="control"),
        pytest.param("\x7f", "\u2421", id="delete"),
        pytest.param("\x85", "[U+0085]", id="c1"),
        pytest.param("plain ~ text\n\tof code\n\x1b[0m", "plain ~ text\n\tof code\n", id="colour-at-the-end"),
        pytest.param("a\ud800b", "a\ufffdb", id="lone-surrogate"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="line-ends"),
        pytest.param(
            "한국어 \u2212 naïve 👩\u200d🔬\ttab",
            "한국어 \u2212 naïve 👩\u200d🔬\ttab",
            id="ordinary-text-stays",
        ),
    ],
)
def test_clean_shows_what_hides(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(ANY_TEXT)
def test_clean_leaves_nothing_that_controls_and_is_stable(text: str) -> None:
    shown = clean(text)
    assert clean(shown) == shown
    shown.encode()
    assert not {c for c in shown if unicodedata.category(c) == "Cc"} - {"\n", "\t"}
    assert not {
        c
        for c in shown
        if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    }


def test_as_terminal_keeps_the_last_state_of_a_progress_bar() -> None:
    assert as_terminal("  0%\r 50%\r100%\ndone\r\n") == "100%\ndone\n"


def test_cut_counts_what_it_leaves_out() -> None:
    text, left_out = cut("a" * 10 + "b" * 5, head=4, tail=3)
    assert text == "aaaa\n[... 8 characters left out ...]\nbbb"
    assert left_out == 8
    assert cut("short", head=5) == ("short", 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("File /usr/lib/python3.11/json/decoder.py:355", "File …/decoder.py:355"),
        ('"/home/prof/x.py"', '"…/x.py"'),
        ("at /opt/my env/bin/tool", "at …/bin/tool"),
        ("gradient /N/D and mean/var/std, 1/2/3", "gradient /N/D and mean/var/std, 1/2/3"),
        ("https://example.org/home/x", "https://example.org/home/x"),
        ("cs231n/layers.py", "cs231n/layers.py"),
    ],
)
def test_hide_paths_keeps_only_the_last_part(text: str, shown: str) -> None:
    assert hide_paths(text, ("/opt/my env/",)) == shown


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Small batches give noisy statistics.", "en"),
        ("배치 정규화는 batch normalization 각 층의 입력을 바꾼다", "ko"),
        ("バッチが小さいと統計が不正確", "ja"),
        ("批量越小统计越不准", "zh"),
        ("Пакет мал", ""),
        ("1, 3", ""),
        ("1, n", "en"),
        ("x " + 20_000 * "1" + "é", "en"),
        ("", ""),
    ],
)
def test_language_tells_by_script(text: str, code: str) -> None:
    assert language(text) == code


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(3, 3, "100 %"), (2999, 3000, "99 %"), (1, 3000, "1 %"), (0, 3, "0 %"), (1, 0, ""), (5, 6, "83 %")],
)
def test_percent_says_100_and_0_only_when_exact(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown


def test_small_numbers_in_words() -> None:
    assert [error_text(e) for e in (None, 0.0, 3.24e-9, np.float64(0.5))] == ["", "0", "3.2e-09", "0.5"]
    assert [seconds_text(s) for s in (0.02, 9.99, 61.0, 200.4)] == [
        "under 0.1 s",
        "10 s",
        "61 s",
        "3 min 20 s",
    ]
