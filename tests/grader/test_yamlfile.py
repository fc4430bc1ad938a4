"""Errors of YAML files point at the line and column."""

import pytest

from grader.errors import AssignmentError
from grader.yamlfile import InnerPath, Strict, place, read_mapping, validate


class Inner(Strict):
    path: InnerPath
    count: int


class Outer(Strict):
    parts: list[Inner]


def write(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load(path):
    return validate(path, read_mapping(path, "`parts`"), Outer)


def test_a_right_document_is_read(tmp_path):
    path = write(tmp_path, "parts:\n  - {path: a/b.py, count: 2}\n")
    assert load(path) == Outer(parts=[Inner(path="a/b.py", count=2)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "parts:\n  - path: a\n    count: two\n",
            r"x\.yaml:3:5: parts\.0\.count: .*, got 'two'",
            id="type",
        ),
        pytest.param(
            "parts:\n  - path: a\n    count: 1\n    wrong: 1\n",
            r"x\.yaml:4:5: parts\.0\.wrong: Extra",
            id="extra-key",
        ),
        pytest.param("parts:\n  - count: 1\n", r"x\.yaml:2:5: parts\.0\.path: Field required$", id="missing"),
        pytest.param(
            "parts:\n  - {path: ../a, count: 1}\n", r"x\.yaml:2:6: .*stays inside", id="escaping-path"
        ),
        pytest.param("parts:\n  - {path: /a, count: 1}\n", r"stays inside", id="absolute-path"),
        pytest.param("parts: [\n", r"x\.yaml:2:1: not YAML", id="not-yaml"),
        pytest.param(
            "- 1\n", r"x\.yaml:1:1: expected a mapping with `parts`, .* got CommentedSeq", id="no-mapping"
        ),
        pytest.param(b"parts: \xff\n", r"byte 7 is not UTF-8", id="not-utf8"),
    ],
)
def test_errors_say_where(tmp_path, text, message):
    with pytest.raises(AssignmentError, match=message):
        load(write(tmp_path, text))


def test_every_wrong_value_has_its_line(tmp_path):
    with pytest.raises(AssignmentError) as caught:
        load(write(tmp_path, "parts:\n  - {path: a, count: x}\n  - {path: b, count: y}\n"))
    assert [line.split(": ")[0].rpartition("/")[2] for line in str(caught.value).splitlines()] == [
        "x.yaml:2:15",
        "x.yaml:3:15",
    ]


def test_place_stops_at_the_deepest_part_that_is_there(tmp_path):
    path = write(tmp_path, "a:\n  b: 1\n")
    document = read_mapping(path, "`a`")
    assert place(path, document, ("a", "b")).endswith(":2:3")
    assert place(path, document, ("a", "c", 4)).endswith(":2:3")
