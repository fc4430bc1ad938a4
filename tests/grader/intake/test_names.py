"""Ids that are safe file names, and unique in a class."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.names import Roll, safe_id


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("alice", "alice"),
        ("이선희", "이선희"),
        ("Jane Q. Doe", "Jane_Q._Doe"),
        ("jane@school.edu", "jane@school.edu"),
        ("../../etc", "etc"),
        ("--help", "help"),
        (".hidden", "hidden"),
        ("a/b\\c\n<d>", "a_b_c_d"),
        ("ada\u3164", "ada"),
        ("a\u115f\u1160da\uffa0", "a_da"),
        ("...", "student"),
        ("", "student"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_safe_id_keeps_letters_and_replaces_the_rest(raw, expected):
    assert safe_id(raw) == expected


@given(st.text(max_size=300))
def test_safe_id_is_always_a_plain_file_name_and_stable(raw):
    name = safe_id(raw)
    assert 0 < len(name.encode()) <= 120
    assert name[0] not in ".-"
    assert not set(name) & set("/\\\0\n<>:\"'|?* ")
    assert safe_id(name) == name


def test_roll_gives_each_id_once_whatever_its_capitals():
    roll = Roll()
    assert [roll.give(raw) for raw in ("Alice", "alice", "alice-2", "ALICE", "bob")] == [
        "Alice",
        "alice-2",
        "alice-2-2",
        "ALICE-3",
        "bob",
    ]
