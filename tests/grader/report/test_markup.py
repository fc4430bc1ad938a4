"""HTML becomes its words, in time that grows with its length whatever it holds."""

from __future__ import annotations

import html

import pytest

from grader.report.markup import MAX_CHARACTERS, words_of


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        pytest.param("<b>a &lt;b&gt;</b>  c", "a <b> c", id="entities"),
        pytest.param(
            "<table><tr><th>a</th> <th>b</th></tr><tr><td>1</td></tr></table>", "a\tb\n1", id="table"
        ),
        pytest.param("a<script>x < 1</script>b<STYLE>p{}</STYLE>c", "abc", id="scripts"),
        pytest.param("a<!-- <p> > -->b<!-- never ended", "ab", id="comments"),
        pytest.param("<!DOCTYPE html><p>a</p><p>b<br/>c", "a\nb\nc", id="lines"),
        pytest.param("1 < 2 <", "1 < 2 <", id="no tags"),
        pytest.param("</script>a", "a", id="an end without a beginning"),
        pytest.param("&#" + "1" * 5000 + ";", "", id="no character"),
        pytest.param("<a", "<a", id="half a tag"),
    ],
)
def test_words_of_markup(markup: str, words: str) -> None:
    assert words_of(markup) == words


@pytest.mark.parametrize("part", ["<a ", "<a /", "<a b='", "<a a=", "</", "</a ", "<", "&#1", "<![CDATA["])
def test_what_is_no_tag_stays_however_much_of_it(part: str) -> None:
    """Half a minute and more, each, if the time were to grow with the square of the length."""
    there = (part * MAX_CHARACTERS)[:MAX_CHARACTERS].strip()
    assert words_of(there) == html.unescape(there)


@pytest.mark.parametrize("part", ["<b> ", "<td> </td>", "<br> ", "<!---->", "<a <b>"])
def test_of_what_is_all_tags_nothing_much_stays(part: str) -> None:
    left = words_of((part * MAX_CHARACTERS)[:MAX_CHARACTERS])
    assert set(left) <= set("\t <a")


def test_what_is_beyond_the_most_is_not_read() -> None:
    assert words_of("a" * MAX_CHARACTERS + "b") == "a" * MAX_CHARACTERS
