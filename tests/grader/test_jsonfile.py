"""JSON that others wrote, within bounds."""

import contextlib
import gc

import pytest

from grader import jsonfile
from grader.jsonfile import read_json


def test_reads_what_json_is():
    assert read_json(b'\xef\xbb\xbf{"a": [1, "b,[{"]}') == {"a": [1, "b,[{"]}


@pytest.mark.parametrize("text", ["[[],[],[],[]]", '{"a":1,"b":2,"c":3,"d":4,"e":5}', "[1,2,3,4,5,6]"])
def test_too_many_values_are_refused(monkeypatch, text):
    monkeypatch.setattr(jsonfile, "MOST_VALUES", 4)
    with pytest.raises(ValueError, match="more than 4 values"):
        read_json(text)


@pytest.mark.parametrize("text", ['{"a":1,"b":2,"c":3}', '[{"a":1},{"a":2},{"a":3}]'])
def test_too_many_names_are_refused(monkeypatch, text):
    monkeypatch.setattr(jsonfile, "MOST_NAMES", 2)
    with pytest.raises(ValueError, match="more than 2 names"):
        read_json(text)
    assert read_json('["a:b", "c:d", "e:f"]')


def test_strings_are_not_counted_without_end(monkeypatch):
    monkeypatch.setattr(jsonfile, "MOST_VALUES", 4)
    with pytest.raises(ValueError, match="more than 4 values"):
        read_json('[""""""""""""""""""""""""""""""[{[{[{[{"')


def test_garbage_is_collected_again_afterwards():
    for data in (b"[1]", b"[1"):
        with contextlib.suppress(ValueError):
            read_json(data)
        assert gc.isenabled()


@pytest.mark.parametrize("text", ['"' + "[{," * 9 + '"', r'["\"[[[[[[", 1]', '["' + r"\\" + '", 1]'])
def test_marks_within_strings_are_no_values(monkeypatch, text):
    monkeypatch.setattr(jsonfile, "MOST_VALUES", 4)
    assert read_json(text)


@pytest.mark.parametrize("data", [b"[" * 100_000, b"\xff", b"[" + b"9" * 5000 + b"]", b'"' + b'\\"' * 1000])
def test_what_cannot_be_read_is_a_value_error(data):
    with pytest.raises(ValueError, match=r"."):
        read_json(data)
