"""docs/security.md names every attack that is tried, and none that is not."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PAGE = (HERE.parents[1] / "docs" / "security.md").read_text("utf-8")
TABLE = PAGE.partition("## Attack, defence, test")[2]
NAMED = {name for row in TABLE.splitlines() for name in re.findall(r"`([\w*]+)`", row.rpartition(" | ")[2])}
FILES = set(re.findall(r'^    "(\w+)": \(', (HERE / "test_files.py").read_text("utf-8"), re.MULTILINE))
ATTACKS = FILES | {path.stem for path in (HERE / "attacks").rglob("*.py")}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_attack_is_on_the_page(name):
    assert [pattern for pattern in NAMED if fnmatch(name, pattern)]


@pytest.mark.parametrize("pattern", sorted(NAMED))
def test_name_on_the_page_is_an_attack(pattern):
    assert [name for name in ATTACKS if fnmatch(name, pattern)]
