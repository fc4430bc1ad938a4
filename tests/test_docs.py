"""The documents point at what is there: links, headings, pictures, commands; and the map of the house knows every module."""

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

from grader.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^ *```(?:console)?\n(?P<lines>.*?)^ *```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)
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


def commands():
    """Every `grader` command that a page prints for its reader to type."""
    for page in PAGES:
        for block in CONSOLE.finditer(page.read_text("utf-8")):
            for line in block["lines"].splitlines():
                if line.strip().removeprefix("$ ").startswith("grader "):
                    words = shlex.split(line.strip().removeprefix("$ "), comments=True)
                    yield pytest.param(words[1:], id=f"{page.name}: {' '.join(words)}")


@pytest.mark.parametrize("words", list(commands()))
def test_every_printed_command_can_be_given(words, tmp_path, monkeypatch):
    """Names of commands and options, and values of choices; what an example calls its own files is made here."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(
        ROOT / "tests" / "data" / "small_assignment", "assignments/row_norm"
    )  # authoring.md makes one
    for course in (ROOT / "assignments").iterdir():
        (tmp_path / "assignments" / course.name).symlink_to(course)
    for word in words:
        if "/" in word and "://" not in word:
            Path(word).mkdir(parents=True, exist_ok=True)
        elif word.endswith((".csv", ".pem")):
            Path(word).touch()
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, *words = words
        assert name in command.commands
        command = command.commands[name]
    command.make_context(name, words)  # raises where a word is not understood


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_every_link_into_a_page_finds_its_heading(page):
    for found in LINK.finditer(FENCE.sub("", page.read_text("utf-8"))):
        target, _, anchor = found["target"].partition("#")
        if anchor and "://" not in target:
            other = (page.parent / target) if target else page
            headings = HEADING.findall(FENCE.sub("", other.read_text("utf-8")))
            assert anchor in {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}
