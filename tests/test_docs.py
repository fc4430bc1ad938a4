"""The documents point at what is there: links, headings and pictures exist, and the map of the house knows every module."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MODULES = sorted(path.stem for path in (ROOT / "grader").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_every_link_leads_somewhere(page):
    text = FENCE.sub("", page.read_text("utf-8"))
    targets = [found["target"].partition("#")[0] for found in LINK.finditer(text)]
    local = [target for target in targets if target and "://" not in target]
    assert not [target for target in local if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES if page.parent != ROOT])
def test_readers_find_every_page_from_the_readme(page):
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"docs/{page.name}" in readme


@pytest.mark.parametrize("name", MODULES)
def test_map_of_the_house_has_every_module(name):
    assert re.search(rf"`(?:grader/)?{name}\.py`", (ROOT / "docs" / "architecture.md").read_text("utf-8"))
