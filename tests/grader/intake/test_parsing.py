"""Sources that would keep Python's parser busy for minutes are told from those that people write, before it sees them."""

from __future__ import annotations

import ast

import pytest

from grader.intake.cells import code_of, defining
from grader.intake.parsing import PARSED_CHARACTERS, decoded, parsed
from grader.intake.pysource import scan_source

MARKS = "\u0301\u0316"
SLOW = {
    "marks": f"a{MARKS * 100_000} = 1\n",
    "fields": "x = f'" + "{a}" * 100_000 + "'\n",
    "fields_far_apart": "x = f'" + "{a}" * 3_000 + " " * 400_000 + "'\n",
    "large": "x = 1\n" * (PARSED_CHARACTERS // 6 + 1),
}


@pytest.mark.parametrize("name", SLOW)
def test_parsed_refuses_what_the_parser_would_take_minutes_for(name):
    assert parsed(SLOW[name]) is None


@pytest.mark.parametrize("source", ["def f(:\n", "x = '\0'\n", "(" * 1000, "print 1\n", "-" * 100_000 + "1"])
def test_parsed_is_none_for_what_is_no_python(source):
    assert parsed(source) is None


def test_parsed_is_the_tree_of_what_people_write():
    source = "".join(f"def größe{number}(x):\n    return f'{{x}} {{x!r}}'\n" for number in range(1000))
    tree = parsed(source)
    assert tree is not None
    assert ast.dump(tree) == ast.dump(ast.parse(source))


@pytest.mark.parametrize("encoding", ["punycode", "utf-7", "raw_unicode_escape", "unicode_escape", "idna"])
def test_decoded_does_not_follow_encodings_that_hide_or_square(encoding):
    data = (
        f"# coding: {encoding}\ndef f():\n    return 1 + 2\n".encode()
        + b"#"
        + b"a" * 400_000
        + b"-"
        + b"b" * 400_000
    )
    assert decoded(data) == data.decode("latin-1")
    assert scan_source(data, ["f"]).written == {"f"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp949", "gbk", "shift_jis"])
def test_decoded_follows_encodings_that_editors_write(encoding):
    text = f"# coding: {encoding}\nx = 1\n"
    assert decoded(text.encode(encoding)) == text


def test_statements_without_end_on_one_line_stay_or_go_with_it():
    calls = "f();" * 5_000
    assert defining(f"x = 1\n{calls}\n") == f"x = 1\n#: {calls}\n"
    assert defining(f"{calls}import os\n").startswith("f();f();"), "a line that also defines something stays"


def test_code_of_more_than_anybody_writes_is_not_parsed():
    assert (
        code_of(b'{"cells": [{"cell_type": "code", "source": "%s"}]}' % (b"a\\n" * 3_000_000))
        == "a\n" * 3_000_000
    )


def test_statements_without_number_are_left_as_they_are():
    code = "f()\n" * 20_000
    assert defining(code) == code
