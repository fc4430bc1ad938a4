"""Exceptions as data: the student's own frames, relative names, bounded text."""

from __future__ import annotations

import pytest

from grader.probe.tracebacks import MAX_FRAMES, describe_error, type_name


def raised(source: str, filename: str) -> BaseException:
    try:
        exec(compile(source, filename, "exec"), {})
    except BaseException as exc:  # noqa: BLE001  # any exception is what this is about
        return exc
    raise AssertionError("nothing was raised")


def test_frames_are_the_student_s_with_relative_names(tmp_path):
    place = tmp_path / "cs231n" / "layers.py"
    place.parent.mkdir()
    source = "import json\ndef f():\n    return json.loads('x')\nf()\n"
    place.write_text(source)
    told = describe_error(raised(source, str(place)), str(tmp_path))
    assert told["kind"] == "JSONDecodeError"
    assert told["frames"] == [
        {"file": "cs231n/layers.py", "line": 4, "function": "<module>", "code": "f()"},
        {"file": "cs231n/layers.py", "line": 3, "function": "f", "code": "return json.loads('x')"},
    ]


def test_deep_recursion_keeps_the_innermost_frames():
    told = describe_error(raised("def f(n): return f(n + 1)\nf(0)", "/submission/a.py"), "/submission")
    assert told["kind"] == "RecursionError"
    assert len(told["frames"]) == MAX_FRAMES
    assert {frame["function"] for frame in told["frames"]} == {"f"}


def test_syntax_error_tells_its_line(tmp_path):
    told = describe_error(raised("x = 1\ndef f(:\n", "/submission/a.py"), "/submission")
    assert told["frames"] == [{"file": "a.py", "line": 2, "function": "<module>", "code": "def f(:"}]


def test_paths_of_the_work_folder_are_cut_from_messages():
    told = describe_error(raised("open('/submission/data/missing.txt')", "/submission/a.py"), "/submission")
    assert told["message"] == "[Errno 2] No such file or directory: 'data/missing.txt'"


def test_message_is_bounded():
    assert len(describe_error(ValueError("x" * 10**6), "/submission")["message"]) == 2000


@pytest.mark.parametrize("name", ["", "a\nb", "x\u202e"])
def test_class_name_that_cannot_be_shown_is_not_shown(name):
    assert type_name(type(name, (ValueError,), {})) == "?"


def test_metaclass_cannot_choose_the_name():
    meta = type("Meta", (type,), {"__name__": property(lambda cls: "Innocent")})
    assert type_name(meta("Guilty", (), {})) == "Guilty"
