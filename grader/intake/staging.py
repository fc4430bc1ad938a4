"""Lay out one hand-in as it will stand in the room: the student's modules and notebooks at the assignment's paths, the
instructor's own copies of provided files over whatever came, the student's other files around them.

Where the student's package has another name (`cs682/` for `cs231n/`) it keeps that name, and an alias makes imports of either work.
Where it is no package at all (files lying flat, or in a folder whose name no import can spell), its modules are put at the
assignment's paths, and once more where they lay, so that relative and absolute imports both find them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import SubmissionError
from ..model import Note, SubmittedFile
from .choosing import choose
from .junk import ARCHIVES
from .modules import group_of, in_form, inner_path, is_package
from .places import Taken, common_folder, join, listed, place
from .reading import Intake, Reader
from .stand_ins import framework_script, stand_in
from .tree import Entry, Tree, readable_size, shown
from .written import with_written

__all__ = ["Staged", "content_digest", "stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The layout of one hand-in; the fields are those of `Submission`."""

    files: tuple[SubmittedFile, ...]
    notebooks: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    stand_ins: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]


def content_digest(files: Iterable[SubmittedFile], aliases: Iterable[tuple[str, str]]) -> str:
    """sha256 over what is staged where. Says nothing about whose it is or when it came, so that equal work is run once."""
    lines = [f"file\0{file.path}\0{file.digest}\n" for file in sorted(files, key=lambda file: file.path)]
    lines += [f"link\0{link}\0{target}\n" for link, target in sorted(aliases)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def stage(tree: Tree, intake: Intake) -> Staged:
    """Sort a hand-in's files and keep their bytes.

    Raises: SubmissionError if one of the assignment's own files is there but cannot be read.
    """
    layout = _Layout(tree, intake)
    layout.restore()
    layout.put_modules()
    layout.put_notebooks()
    layout.put_others()
    return layout.done()


class _Layout:
    """The work of `stage`, step by step; each step relies on those before it."""

    def __init__(self, tree: Tree, intake: Intake) -> None:
        self.intake = intake
        self.spec, self.blobs, self.caps = intake.assignment.spec, intake.blobs, intake.caps
        self.reader = Reader(intake.caps)
        self.tree, written = with_written(tree, self.reader)
        chosen = choose(self.tree, self.spec, self.reader)
        self.packages = chosen.packages
        self.picked = dict(chosen.notebooks)
        self.notes = [*written, *chosen.notes]
        self.missing = list(chosen.missing)
        self.taken = Taken()
        if (
            self.spec.data != "none"
        ):  # a file in its way would keep the room from being filled: nobody's fault but ours
            self.taken.keep_folder(self.staged_path(self.spec.data_folder))
        self.used: set[str] = set()  # paths in the hand-in that are staged or answered for
        self.restored: dict[str, str] = {}  # the student's copy -> the assignment's provided path
        self.aliases: list[tuple[str, str]] = []
        self.further = self.further_bytes = 0  # files that are no part of the assignment, each place counted

    def staged_path(self, path: str) -> str:
        """Where the assignment's `path` stands in this hand-in's layout."""
        package = self.packages.get(group_of(path))
        return f"{package.name}/{inner_path(path)}" if package and package.name else path

    def restore(self) -> None:
        """Put the instructor's own copies, and fallbacks that the student has not."""
        by_path = {entry.path: entry for entry in self.tree.entries}
        for path in self.spec.files.provided:
            self.taken.add(self.intake.file(path, self.staged_path(path)))
            entry = self.own_copy(path, by_path)
            if entry:
                self.replace(entry, path)
        for path in self.spec.files.fallback:
            entry = self.own_copy(path, by_path)
            if entry and entry.size <= self.reader.limit(entry):
                self.put(entry, self.staged_path(path), self.reader.limit(entry))
                if self.flat(path):
                    self.used.discard(entry.path)  # it also stays where it lay
            else:
                self.taken.add(self.intake.file(path, self.staged_path(path)))

    def replace(self, entry: Entry, path: str) -> None:
        """Let the course's `path` stand for the student's copy of it, and say so where that makes a difference."""
        self.used.add(entry.path)
        self.restored[entry.path] = path
        if self.flat(path):
            self.taken.add(
                self.intake.file(path, entry.name)
            )  # a flat notebook imports it without its package
        data = self.intake.data(path)
        if entry.size != len(data) or self.reader.peek(entry) != data:
            self.notes.append(
                Note(about=path, text="The course's own copy is used; the one handed in differs from it.")
            )

    def flat(self, path: str) -> bool:
        """Do the student's files of the package of `path` lie flat?"""
        package = self.packages.get(group_of(path))
        return package is not None and package.flat

    def own_copy(self, path: str, by_path: dict[str, Entry]) -> Entry | None:
        """The student's copy of a provided or fallback file, if there is one where it belongs."""
        own = self.own_path(path)
        entry = by_path.get(own)
        if entry is None and self.flat(path):
            entry = by_path.get(join(self.packages[group_of(path)].choice.home or "", own.rpartition("/")[2]))
        return entry

    def own_path(self, path: str) -> str:
        """Where the student's copy of the assignment's `path` would lie in the hand-in."""
        package = self.packages.get(group_of(path))
        if package is None or package.choice.home is None:
            return join(self.base(), path)
        return join(package.choice.home, inner_path(path))

    def base(self) -> str:
        """The folder that the assignment's paths are relative to in this hand-in."""
        for package in self.packages.values():
            if package.choice.home is not None:
                return package.root
        for path, entry in self.picked.items():
            return entry.folder if "/" not in path else entry.folder.rpartition("/")[0]
        return common_folder(self.tree.entries)

    def put(self, entry: Entry, path: str, limit_bytes: int) -> None:
        """Stage a file. Raises: SubmissionError if it cannot be read."""
        data = self.reader.read(entry, limit_bytes)
        self.taken.add(SubmittedFile(path=path, digest=self.blobs.put(data), size_bytes=len(data)))
        self.used.add(entry.path)

    def put_modules(self) -> None:
        """Stage the chosen modules at the assignment's paths inside their package, and set aliases for renamed packages."""
        for module in self.spec.files.modules:
            choice = self.packages[group_of(module.path)].choice
            entry = choice.modules.get(module.path)
            if entry is None or self.oversize(entry, module.path):
                self.missing.append(module.path)
                continue
            path = in_form(entry, module.path)
            target = self.staged_path(path)
            self.put(entry, target, self.caps.module_bytes)
            moved = self.flat(module.path) or entry.path != join(choice.home or "", inner_path(path))
            if moved and (module.path not in choice.strays or is_package(entry, module.path)):
                self.used.discard(entry.path)  # it also stays where it lay
                self.put_siblings(entry, target)
        for module in self.spec.files.modules:
            package = self.packages[group_of(module.path)]
            if package.flat and module.path in package.choice.modules and module.path not in self.missing:
                self.put_by_its_name(package.choice.modules[module.path], module.path)
        for group, package in self.packages.items():
            if package.name != group:
                self.aliases.append((group, package.name))

    def put_by_its_name(self, entry: Entry, path: str) -> None:
        """Let a flat file that a browser or a system renamed, as in `layers (2).py`, be imported by its own name all the same.

        Imports that are relative mean the files beside it, wherever those now stand.
        """
        name = path.rpartition("/")[2]
        if entry.suffix != ".py" or entry.name == name or is_package(entry, path):
            return
        data = self.reader.read(entry, self.caps.module_bytes)
        digest = self.blobs.put(data)
        beside = {self.staged_path(module.path).rpartition("/")[0] for module in self.spec.files.modules}
        for folder in sorted({"", *beside}):
            if self.taken.free(join(folder, name)):
                self.taken.add(SubmittedFile(path=join(folder, name), digest=digest, size_bytes=len(data)))

    def oversize(self, entry: Entry, path: str) -> bool:
        """Is one of the assignment's own files too large to read? Says so."""
        limit = self.reader.limit(entry)
        if entry.size <= limit:
            return False
        sizes = f"{readable_size(entry.size)}, the limit is {readable_size(limit)}"
        self.notes.append(
            Note(
                about=path,
                text=f"Not read: {shown(entry.path)} is {sizes}. Hand it in without its data or output.",
            )
        )
        self.used.add(entry.path)
        return True

    def put_siblings(self, entry: Entry, target: str) -> None:
        """Stage the Python files beside a moved module beside its new place, too: its relative imports mean those."""
        folder = target.rpartition("/")[0]
        modules = {module.path.rpartition("/")[2] for module in self.spec.files.modules}
        for other in self.tree.entries:
            path = join(folder, other.name)
            if (
                other.folder != entry.folder
                or other.suffix != ".py"
                or other is entry
                or not self.taken.free(path)
            ):
                continue
            if self.staged_elsewhere(other, path, modules):
                continue
            if other.path in self.restored:
                self.taken.add(self.intake.file(self.restored[other.path], path))
                continue
            if self.full(other):
                continue  # put_others says so
            try:
                self.put(other, path, self.caps.module_bytes)
            except SubmissionError:
                continue  # put_others says so
            self.count(other)
            self.used.discard(other.path)

    def full(self, entry: Entry) -> bool:
        """Would it be one further file too many?"""
        more = self.further_bytes + entry.size > self.caps.others_bytes
        return more or self.further >= self.caps.other_files

    def count(self, entry: Entry) -> None:
        """Count a further file that was staged."""
        self.further += 1
        self.further_bytes += entry.size

    def staged_elsewhere(self, other: Entry, path: str, modules: set[str]) -> bool:
        """Will `path` be taken by a chosen module that is staged later?"""
        return other.name in modules and any(
            self.staged_path(module.path) == path for module in self.spec.files.modules
        )

    def put_notebooks(self) -> None:
        """Stage the chosen notebooks under the assignment's names."""
        for path, entry in list(self.picked.items()):
            if self.oversize(entry, path):
                self.missing.append(path)
                del self.picked[path]
            else:
                self.put(entry, path, self.caps.notebook_bytes)

    def put_others(self) -> None:
        """Stage the student's further files as far as the caps allow; code first, so that data never push code out."""
        places = self.places()
        left: dict[str, list[str]] = {}
        for entry in sorted(self.tree.entries, key=lambda entry: (entry.suffix != ".py", entry.path)):
            if entry.path in self.used:
                continue
            path = place(entry.path, places)
            reason = self.refused(entry, path)
            if not reason and self.full(entry):
                reason = "too many or too large files"
            if reason is None and path is not None:
                try:
                    self.put(entry, path, self.caps.other_bytes)
                except SubmissionError as exc:
                    self.notes.append(Note(about=shown(entry.path), text=f"Not read: {exc}."))
                    continue
                self.count(entry)
            elif reason:
                left.setdefault(reason, []).append(entry.path)
        for item in self.tree.left_out:
            left.setdefault(item.kind, []).append(item.path)
        self.notes += [
            Note(about=shown(paths[0]), text=f"Left out as {kind}: {listed(paths)}.")
            for kind, paths in sorted(left.items())
        ]
        self.notes += [
            Note(about=shown(item.path), text=f"Not read: it {item.reason}.") for item in self.tree.refusals
        ]

    def refused(self, entry: Entry, path: str | None) -> str | None:
        """Why a further file does not come along, or None."""
        if path is None:
            return "not beside the assignment's files"
        if entry.name.lower().endswith((".zip", *ARCHIVES)):
            return "archives"
        if entry.size > self.caps.other_bytes:
            return "too many or too large files"
        data = self.staged_path(self.spec.data_folder) + "/"
        if self.spec.data != "none" and (path + "/").startswith(data):
            return "data sets"
        links = tuple(link + "/" for link, _ in self.aliases)
        if not self.taken.free(path) or (links and (path + "/").startswith(links)):
            return "files whose place is taken"
        return None

    def places(self) -> list[tuple[str, str]]:
        """(folder in the hand-in, folder as staged), the more particular first; anything else stays behind."""
        found: list[tuple[str, str]] = []
        for package in self.packages.values():
            home = package.choice.home
            if home is not None:
                found.append((home, "" if package.flat else package.name))
                found.append((package.root, ""))
        found.sort(key=lambda pair: -len(pair[0]))
        found += [(entry.folder, path.rpartition("/")[0]) for path, entry in self.picked.items()]
        return found or [(common_folder(self.tree.entries), "")]

    def note_case(self) -> None:
        """Say which names only Linux tells apart: on the student's own machine one of them may have replaced the other."""
        seen: dict[str, str] = {}
        for path in sorted(self.taken.files):
            other = seen.setdefault(path.casefold(), path)
            if other != path:
                self.notes.append(
                    Note(
                        about=shown(path),
                        text=f"Differs from {shown(other)} in capital letters only; both are kept.",
                    )
                )

    def done(self) -> Staged:
        """The finished layout."""
        files = tuple(self.taken.files[path] for path in sorted(self.taken.files))
        self.note_case()
        aliases = tuple(sorted(self.aliases))
        wanted = [module.path for module in self.spec.files.modules] + [
            notebook.path for notebook in self.spec.notebooks
        ]
        missing = tuple(path for path in wanted if path in self.missing)
        notebooks = tuple(spec.path for spec in self.spec.notebooks if spec.path in self.picked)
        return Staged(
            files=files,
            notebooks=notebooks,
            aliases=aliases,
            missing=missing,
            stand_ins=tuple(self.stand_ins()),
            notes=tuple(self.notes),
        )

    def stand_ins(self) -> Iterator[tuple[str, str]]:
        """Of each notebook that is not there, or is not the assignment's, what may show the same; and of the modules if none is."""
        provided = tuple(f"/{path}" for path in self.spec.files.provided)
        own = [entry for entry in self.tree.entries if not f"/{entry.path}".endswith(provided)]
        modules = [module.path for module in self.spec.files.modules]
        if modules and set(modules) <= set(self.missing):
            found = framework_script(own, read=self.reader.peek)
            yield from ((path, shown(found)) for path in modules if found)
        for notebook in self.spec.notebooks:
            found = stand_in(
                notebook,
                own,
                left_out=[item.path for item in self.tree.left_out],
                handed_in=self.picked.get(notebook.path),
                read=self.reader.peek,
            )
            if found:
                yield notebook.path, shown(found)
