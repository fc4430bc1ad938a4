"""The codec: what goes in comes out, what does not fit is refused with its place."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader import model
from grader.model import (
    CheckEvidence,
    CheckResult,
    Ending,
    Evidence,
    ManualMark,
    Note,
    Outcome,
    Result,
    Status,
    Value,
)
from grader.store import codec
from grader.store.codec import CodecError, decode, dumps, encode, loads

# Any code point, lone surrogates included: tracebacks of student code hold them.
TEXT = st.text(st.characters(), max_size=12)
POINTS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1000, max_value=1000)
MOMENT = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))
LEAVES = {
    str: TEXT,
    int: st.integers(-(2**70), 2**70),
    bool: st.booleans(),
    float: st.floats(allow_nan=False),  # NaN is not equal to itself: it has its own test
    Decimal: POINTS,
    datetime: MOMENT,
}


def values(kind):
    """Instances of an annotated type; arrays are left to other tests."""
    if kind in LEAVES:
        return LEAVES[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is UnionType:
        inner = [part for part in args if part is not NoneType]
        return st.none() if get_origin(inner[0]) is np.ndarray else st.none() | values(inner[0])
    if origin is Mapping:
        return st.dictionaries(TEXT, values(args[1]), max_size=2)
    if origin is tuple and args[-1] is Ellipsis:
        return st.lists(values(args[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, args))
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return st.builds(kind, **{name: values(part) for name, part in get_type_hints(kind).items()})


def mark():
    return ManualMark(
        student="kim",
        item="q1",
        points=Decimal("1.50"),
        marker="ta",
        marked_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


def check_result(**changes):
    settings = {
        "id": "c",
        "title": "t",
        "function": "f",
        "outcome": Outcome.PASSED,
        "points": Decimal(1),
        "max_points": Decimal(1),
    }
    return CheckResult(**(settings | changes))


@pytest.mark.parametrize(
    "cls",
    [Result, Evidence, model.Submission, ManualMark, model.QuestionResult, model.Answer],
    ids=lambda cls: cls.__name__,
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
@given(data=st.data())
def test_loads_returns_what_dumps_was_given(cls, data):
    value = data.draw(values(cls))
    document = dumps(value)
    again = loads(cls, document)
    assert again == value
    assert dumps(again) == document


def test_every_dataclass_of_the_model_has_a_coder():
    made = [cls for name in model.__all__ if hasattr(cls := getattr(model, name), "__dataclass_fields__")]
    assert len(made) > 15
    for cls in made:
        with pytest.raises(CodecError, match=rf"^{cls.__name__}: got .* expected also the fields"):
            decode(cls, {"format": 1, "type": cls.__name__, "value": {}})


def test_dumps_is_readable_json_with_exact_decimals_and_utc_times():
    document = json.loads(dumps(mark()))
    assert document == {
        "format": 1,
        "type": "ManualMark",
        "value": {
            "student": "kim",
            "item": "q1",
            "points": "1.50",
            "comment": "",
            "marker": "ta",
            "marked_at": "2026-03-01T12:00:00+00:00",
        },
    }


def test_encode_turns_other_time_zones_into_utc():
    seoul = timezone(timedelta(hours=9))
    value = ManualMark(
        student="s", item="i", points=Decimal(0), marker="m", marked_at=datetime(2026, 3, 1, 21, tzinfo=seoul)
    )
    assert encode(value)["value"]["marked_at"] == "2026-03-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("number", "written"),
    [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (np.float64(0.25), 0.25), (-0.0, -0.0)],
)
def test_floats_without_a_json_form_are_strings(number, written):
    document = encode(check_result(relative_error=number))
    assert document["value"]["relative_error"] == written
    again = decode(CheckResult, json.loads(json.dumps(document, allow_nan=False))).relative_error
    assert np.array_equal(again, number, equal_nan=True)
    assert math.copysign(1, again) == math.copysign(1, number)


def test_equal_mappings_filled_in_another_order_give_equal_bytes():
    def evidence(phases):
        return Evidence(key="k", submission="s", suite="u", seed_id="i", checks=(), phases=phases)

    assert dumps(evidence({"a": 1.0, "b": 2.0})) == dumps(evidence({"b": 2.0, "a": 1.0}))


def test_arrays_go_through_the_hooks_and_are_refused_without():
    array = np.arange(3.0)
    value = CheckEvidence(
        check="c", ending=Ending.ANSWERED, values=(Value(name="out", type_name="ndarray", array=array),)
    )
    kept = []

    def put(item):
        kept.append(item)
        return len(kept) - 1

    data = dumps(value, put_array=put)
    assert kept[0] is array
    assert loads(CheckEvidence, data, get_array=lambda index: kept[index]).values[0].array is array
    with pytest.raises(CodecError, match=r"^CheckEvidence\.values\[0\]\.array: .* hand `put_array`"):
        dumps(value)
    with pytest.raises(CodecError, match=r"^CheckEvidence\.values\[0\]\.array: .* hand `get_array`"):
        loads(CheckEvidence, data)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        pytest.param(
            "points",
            1.0,
            r"CheckResult\.points: got float 1.0, expected a finite Decimal",
            id="float-for-decimal",
        ),
        pytest.param("points", Decimal("NaN"), r"\.points: .* a finite Decimal", id="nan-points"),
        pytest.param("title", 3, r"\.title: got int 3, expected a str", id="int-for-text"),
        pytest.param("visible", 1, r"\.visible: got int 1, expected a bool", id="int-for-bool"),
        pytest.param("relative_error", True, r"\.relative_error: got bool True", id="bool-for-float"),
        pytest.param("relative_error", 10**400, r"\.relative_error: got int", id="int-too-large"),
        pytest.param(
            "outcome",
            "passed",
            r"\.outcome: got str 'passed', expected a member of Outcome",
            id="text-for-enum",
        ),
        pytest.param("warnings", ["a"], r"\.warnings: got list .* expected a tuple", id="list-for-tuple"),
        pytest.param("warnings", ("a", None), r"\.warnings\[1\]: got NoneType", id="none-in-tuple"),
        pytest.param(
            "error", Note(about="a", text="b"), r"\.error: got Note .* a StudentError", id="other-class"
        ),
    ],
)
def test_encode_refuses_what_is_not_annotated(field, value, reason):
    with pytest.raises(CodecError, match=reason):
        encode(check_result(**{field: value}))


def test_encode_refuses_a_time_without_a_zone():
    naive = datetime(2026, 3, 1)
    value = ManualMark(student="s", item="i", points=Decimal(0), marker="m", marked_at=naive)
    with pytest.raises(CodecError, match=r"ManualMark\.marked_at: .* with a time zone"):
        encode(value)


@pytest.mark.parametrize(
    ("field", "came", "reason"),
    [
        pytest.param(
            "points", 1, r"CheckResult\.points: got int 1, expected a decimal number as a string", id="number"
        ),
        pytest.param("points", "Infinity", r"\.points: got str 'Infinity'", id="infinite-points"),
        pytest.param("points", "1E+9999999999", r"\.points: got str", id="absurd-exponent"),
        pytest.param("points", "١", r"\.points: got str", id="other-digits"),
        pytest.param(
            "outcome", "excellent", r"\.outcome: .* one of passed, failed, not_graded", id="unknown-member"
        ),
        pytest.param("outcome", ["passed"], r"\.outcome: .* one of", id="unhashable-member"),
        pytest.param("relative_error", "NaN", r"\.relative_error: .* a finite number", id="other-spelling"),
        pytest.param("relative_error", math.inf, r"\.relative_error: got float inf", id="bare-infinity"),
        pytest.param("relative_error", 10**400, r"\.relative_error: got int", id="int-too-large"),
        pytest.param("findings", {}, r"\.findings: got dict .* expected a list", id="object-for-list"),
        pytest.param(
            "findings", [{"id": 1, "student": ""}], r"\.findings\[0\]\.id: got int 1", id="deep-inside"
        ),
        pytest.param(
            "error",
            {"kind": "E", "extra": 1},
            r"\.error: .*extra.* only fields of StudentError",
            id="unknown",
        ),
        pytest.param("error", {"message": "m"}, r"\.error: .* also the fields kind", id="absent"),
        pytest.param("error", "boom", r"\.error: .* the fields of a StudentError", id="text-for-object"),
    ],
)
def test_decode_refuses_what_does_not_fit_and_says_where(field, came, reason):
    document = encode(check_result())
    document["value"][field] = came
    with pytest.raises(CodecError, match=reason):
        decode(CheckResult, document)


def test_decode_fills_an_absent_field_that_has_a_default():
    document = encode(check_result(hint="look"))
    del document["value"]["hint"]
    assert decode(CheckResult, document) == check_result()


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param([], r"Note: expected a document with format, type and value, got list", id="no-object"),
        pytest.param({"value": {}}, r"got the keys value", id="no-envelope"),
        pytest.param(
            {"format": 2, "type": "Note", "value": {}}, r"of format 2, this program reads 1", id="newer"
        ),
        pytest.param(
            {"format": True, "type": "Note", "value": {}}, r"of format True", id="true-is-no-version"
        ),
        pytest.param(
            {"format": 1, "type": "Result", "value": {}}, r"the document holds a 'Result'", id="other-type"
        ),
    ],
)
def test_decode_refuses_other_formats_and_types(document, reason):
    with pytest.raises(CodecError, match=reason):
        decode(Note, document)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"format": 1', id="cut-off"),
        pytest.param(b"\xff\xfe{", id="not-utf8"),
        pytest.param(b'{"format": 1, "format": 1}', id="key-twice"),
        pytest.param(b'{"format": NaN}', id="bare-nan"),
        pytest.param(b"[" * 100_000, id="too-deep"),
    ],
)
def test_loads_refuses_text_that_is_no_document(data):
    with pytest.raises(CodecError, match=r"^Note: not a JSON document: "):
        loads(Note, data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
        lambda part: st.lists(part) | st.dictionaries(TEXT, part),
    )
)
def test_decode_of_anything_gives_the_type_or_its_own_error(value):
    with suppress(CodecError):
        assert type(decode(Note, {"format": 1, "type": "Note", "value": value})) is Note


@dataclass(frozen=True)
class Odd:
    """A dataclass with a type that has no form."""

    thing: complex | str


def test_a_type_without_a_form_is_a_programmers_error():
    assert fields(Odd)
    with pytest.raises(TypeError, match=r"unions with None only"):
        encode(Odd("x"))


def test_all_names_what_the_module_offers():
    assert {name for name in codec.__all__ if not hasattr(codec, name)} == set()


def test_status_is_kept_by_value_not_by_name():
    assert Status.PENDING.value in dumps(
        Result(
            student="s",
            digest="d",
            evidence="e",
            status=Status.PENDING,
            score=Decimal(0),
            max_score=Decimal(1),
            pending=1,
            checks=(),
        )
    ).decode("ascii")
