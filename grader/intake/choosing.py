"""Choose which of a student's files are the assignment's modules and notebooks, and say how where there was a choice.

Nothing is staged here. Where the student's package has another name (`cs682/` for `cs231n/`) it keeps that name; where it is no
package at all (files lying flat, or in a folder whose name no import can spell), it is `flat`.
"""

from __future__ import annotations

import keyword
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..assignment import ModuleFile, NotebookSpec, Spec
from ..model import Note
from .cells import ENDING
from .modules import Choice, choose_modules, group_of, is_package
from .notebooks import UNKNOWN, name_rank, pick_notebook, plain_name
from .places import listed, nearest
from .reading import Reader
from .tree import Entry, Tree, shown

__all__ = ["Chosen", "Package", "choose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Where a group's home goes. name: its folder as staged ("" for files at the top). root: the folder above it."""

    choice: Choice
    name: str
    root: str
    flat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen. packages: by the assignment's package; notebooks: by the assignment's path; missing: notebooks not found."""

    packages: Mapping[str, Package]
    notebooks: Mapping[str, Entry]
    missing: tuple[str, ...]
    notes: tuple[Note, ...]


def choose(tree: Tree, spec: Spec, reader: Reader) -> Chosen:
    """Choose modules, each group from one folder where possible, and then the notebooks, near them."""
    notebooks = [entry for entry in tree.entries if entry.suffix == ".ipynb"]
    choices = _choose_groups(tree, spec, reader, notebooks)
    homes = [choice.home for choice in choices.values() if choice.home is not None]
    picked: dict[str, Entry] = {}
    missing: list[str] = []
    notes: list[Note] = []
    for notebook in spec.notebooks:
        entry, how = pick_notebook(
            notebook,
            notebooks,
            near=lambda item: (nearest(item.folder, homes), item.path.count("/")),
            read=reader.peek,
            questions=[question for question in spec.questions if question.notebook == notebook.path],
        )
        if entry is not None:
            notes += _notebook_notes(notebook, entry, how, notebooks)
            picked[notebook.path] = entry
            notebooks.remove(entry)
        elif notebook.required:
            missing.append(notebook.path)
    beside = {entry.folder for entry in picked.values()}
    for choice in choices.values():
        notes += _module_notes(choice, reader)
    return Chosen(
        packages={group: _package(choice, beside) for group, choice in choices.items()},
        notebooks=picked,
        missing=tuple(missing),
        notes=tuple(notes),
    )


def _choose_groups(tree: Tree, spec: Spec, reader: Reader, notebooks: Sequence[Entry]) -> dict[str, Choice]:
    """The modules of each group; of several homes the one near a notebook called as the assignment says."""
    named = [
        entry.folder
        for entry in notebooks
        if any(name_rank(entry.name, notebook) < UNKNOWN for notebook in spec.notebooks)
    ]
    groups: dict[str, list[ModuleFile]] = {}
    for module in spec.files.modules:
        groups.setdefault(group_of(module.path), []).append(module)
    return {
        group: choose_modules(
            group, wanted, tree.entries, distance=lambda folder: nearest(folder, named), read=reader.peek
        )
        for group, wanted in groups.items()
    }


def _notebook_notes(notebook: NotebookSpec, entry: Entry, how: str, free: Sequence[Entry]) -> Iterator[Note]:
    """How a notebook was recognised, unless by its name, and which of its name were not taken."""
    if how:
        yield Note(about=notebook.path, text=f"{shown(entry.path)} was taken for it, recognised {how}.")
    others = [item for item in free if item is not entry and name_rank(item.name, notebook) < UNKNOWN]
    if others:
        yield Note(about=notebook.path, text=f"{shown(entry.path)} was taken, not {listed(others)}.")


def _module_notes(choice: Choice, reader: Reader) -> Iterator[Note]:
    """Which files of a module's name were not taken, and which were taken under another."""
    for path, taken in choice.modules.items():
        if plain_name(taken.name) != path.rpartition("/")[2].casefold() and not is_package(taken, path):
            yield Note(
                about=path, text=f"{_called(taken)} taken for it, recognised by what is defined there."
            )
    for path, entries in choice.passed_over.items():
        taken = choice.modules[path]
        others = [entry for entry in entries if reader.peek(entry) != reader.peek(taken)]
        if others:
            yield Note(about=path, text=f"{_called(taken)} taken, not {listed(others)}.")
    for path in choice.strays:
        if choice.modules[path].path.endswith(ENDING):
            continue
        text = f"{_called(choice.modules[path])} taken from outside the folder of the other modules."
        yield Note(about=path, text=text)


def _called(entry: Entry) -> str:
    """What was taken, with its verb: a file, or the cells of a notebook."""
    if entry.path.endswith(ENDING):
        return f"The code cells of {shown(entry.path.removesuffix(ENDING) + '.ipynb')} were"
    return f"{shown(entry.path)} was"


def _package(choice: Choice, notebook_folders: set[str]) -> Package:
    """Under which name a chosen home is staged, and whether it is a package at all."""
    group, home = choice.group, choice.home
    if home is None or not group:
        return Package(choice=choice, name=group, root=home or "")
    root, _, name = home.rpartition("/")
    if name == group:
        return Package(choice=choice, name=group, root=root)
    importable = name.isidentifier() and not keyword.iskeyword(name) and name not in sys.stdlib_module_names
    if importable and home not in notebook_folders:
        return Package(choice=choice, name=name, root=root)
    return Package(choice=choice, name=group, root=home, flat=True)
