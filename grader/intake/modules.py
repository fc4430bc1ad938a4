"""Choose, among a student's files, the modules that the assignment asks for, from one package folder where possible.

A group is the set of an assignment's module paths with the same first folder (the package, e.g. `cs231n`); its other parts are the
path inside the package. A home is a folder of the student's that could be that package, whatever it is called. A module may be a
package itself: `layers/__init__.py` and the files beside it are what `layers.py` would be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from ..assignment import ModuleFile
from ..probe.pieces import module_parts
from .caps import DEFAULT_CAPS
from .cells import ENDING, as_module
from .notebooks import plain_name
from .pysource import Scan, folded_names, scan_source, united
from .tree import Entry

__all__ = ["Choice", "choose_modules", "group_of", "in_form", "inner_path", "is_package"]


LISTS_NEEDED = 2  # of `instead`, of which a file has to define a name


def group_of(path: str) -> str:
    """The package that an assignment's path belongs to; "" for a file at the top."""
    top, slash, _ = path.partition("/")
    return top if slash else ""


def inner_path(path: str) -> str:
    """The path inside its package."""
    return path.partition("/")[2] or path


PACKAGE = "/__init__.py"  # of the path, in the place of ".py"


def is_package(entry: Entry, path: str) -> bool:
    """Is an entry, taken for the assignment's module at `path`, a package of the module's name?"""
    return f"/{entry.path}".endswith(f"/{path.rpartition('/')[2][: -len('.py')]}{PACKAGE}")


def in_form(entry: Entry, path: str) -> str:
    """The assignment's `path` as a package if the entry is one."""
    return path[: -len(".py")] + PACKAGE if is_package(entry, path) else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One group's modules. home: the student's package folder ("" is the top), or None if no module was found.

    modules, passed_over: what was taken and what was not, by the assignment's path. strays: modules from outside `home`.
    """

    group: str
    home: str | None
    modules: dict[str, Entry] = field(default_factory=dict)
    strays: tuple[str, ...] = ()
    passed_over: dict[str, tuple[Entry, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file that could be a module. fits: it lies where the module lies in its package, and not merely under the same name."""

    entry: Entry
    home: str
    fits: bool


_Merit = Callable[[str, _Candidate], tuple[int, int]]  # by a module's path and a candidate for it


def choose_modules(
    group: str,
    wanted: Sequence[ModuleFile],
    entries: Sequence[Entry],
    *,
    distance: Callable[[str], int],
    read: Callable[[Entry], bytes],
) -> Choice:
    """Choose one file for each module of a group, as far as there are any.

    The home whose files define the most of `defines` with a written body wins; then the most defined at all, the one called as the
    assignment says, the nearest to the notebook (`distance` of a folder), the shortest path. Nothing is parsed where each module
    has one candidate. A notebook's cells take the place of a file if they have more written. Where no file has a module's name,
    files that define all that the module is asked for are candidates: many write scripts under names of their own.
    """
    scan = _Scanner(
        entries=entries,
        read=read,
        names={name for module in wanted for name in module.defines},
        own=tuple(".".join(module_parts(module.path)) for module in wanted),
    )
    candidates = {module.path: _candidates(module, entries, read, scan) for module in wanted}
    merit = _merits(wanted, candidates, scan)
    homes = _homes(candidates, merit)
    if not homes:
        return Choice(group=group, home=None)
    home = min(
        homes, key=lambda name: (*_weakness(name, homes[name], merit, group), distance(name), *_length(name))
    )
    strays = {
        path: min(
            several, key=lambda item: (*_negative(merit(path, item)), distance(item.home), item.entry.path)
        )
        for path, several in candidates.items()
        if several and path not in homes[home]
    }
    strays |= _better_in_cells(homes[home] | strays, candidates, merit)
    modules = {path: candidate.entry for path, candidate in (homes[home] | strays).items()}
    passed = {
        path: tuple(item.entry for item in several if item.entry is not modules[path])
        for path, several in candidates.items()
        if several
    }
    return Choice(
        group=group,
        home=home,
        modules=modules,
        strays=tuple(strays),
        passed_over={path: others for path, others in passed.items() if others},
    )


@dataclass(slots=True, kw_only=True)
class _Scanner:
    """What a file, or a package with all of its files, has of some of `names`. Each file is looked through once.

    own: under which names the modules that are looked for are imported.
    Parsing takes up to two seconds a MiB: what lies beyond `left_bytes` is read by its lines, as Python 2 is.
    """

    entries: Sequence[Entry]
    read: Callable[[Entry], bytes]
    names: Collection[str]
    own: tuple[str, ...] = ()
    left_bytes: int = DEFAULT_CAPS.parsed_bytes
    known: dict[str, Scan] = field(default_factory=dict)

    def __call__(self, entry: Entry, names: Collection[str]) -> Scan:
        if not entry.path.endswith(PACKAGE):
            return self._file(entry).of(names)
        beside = [
            item
            for item in self.entries
            if f"{item.folder}/".startswith(f"{entry.folder}/") and item.suffix == ".py"
        ]
        return united(self._file(item).of(names) for item in beside[: DEFAULT_CAPS.candidates])

    def _file(self, entry: Entry) -> Scan:
        if entry.path not in self.known:
            data = self.read(entry)
            self.left_bytes -= len(data)
            self.known[entry.path] = scan_source(
                data,
                self.names,
                by_lines=self.left_bytes < 0,
                users_of={name.rpartition(".")[2] for name in self.own},
            )
        return self.known[entry.path]


def _merits(
    wanted: Sequence[ModuleFile], candidates: Mapping[str, Sequence[_Candidate]], scan: _Scanner
) -> _Merit:
    """How many of a module's names a candidate has written, and has at all; nothing is parsed unless there is a choice."""
    scans: dict[tuple[str, str], Scan] = {}
    if any(len(found) > 1 for found in candidates.values()):
        for module in wanted:
            for found in candidates[module.path]:
                scans[module.path, found.entry.path] = scan(found.entry, module.defines)

    def merit(path: str, candidate: _Candidate) -> tuple[int, int]:
        found = scans.get((path, candidate.entry.path))
        return (len(found.written), len(found.defined)) if found else (0, 0)

    return merit


def _weakness(
    home: str, members: Mapping[str, _Candidate], merit: _Merit, group: str
) -> tuple[int, int, int, bool]:
    """The smaller, the more a possible package folder has of what is asked for, and under the right names."""
    merits = [merit(path, candidate) for path, candidate in members.items()]
    written, defined = sum(pair[0] for pair in merits), sum(pair[1] for pair in merits)
    fitting = sum(candidate.fits for candidate in members.values())
    return (-written, -defined, -fitting, home.rpartition("/")[2] != group)


def _better_in_cells(
    taken: Mapping[str, _Candidate], candidates: Mapping[str, Sequence[_Candidate]], merit: _Merit
) -> dict[str, _Candidate]:
    """Modules of which a notebook's cells have more written than what would be taken: files that stayed as they were released."""
    better = {}
    for path, candidate in taken.items():
        made = [(merit(path, item)[0], item) for item in candidates[path] if item.entry.path.endswith(ENDING)]
        most, best = max(made, key=itemgetter(0), default=(0, candidate))
        if most > merit(path, candidate)[0]:
            better[path] = best
    return better


def _negative(merit: tuple[int, int]) -> tuple[int, int]:
    return (-merit[0], -merit[1])


def _length(home: str) -> tuple[int, int, str]:
    return (home.count("/"), len(home), home)


def _candidates(
    module: ModuleFile, entries: Sequence[Entry], read: Callable[[Entry], bytes], scan: _Scanner
) -> list[_Candidate]:
    """Files of the module's name, in any case, with a copy's mark (`layers (1).py`) or as a package, its own name first; else by
    content.
    """
    path = module.path
    name, inner = path.rpartition("/")[2], "/" + inner_path(path)
    same = [
        entry
        for entry in entries
        if entry.suffix == ".py"
        and (
            plain_name(entry.name) == name.casefold()
            or (is_package(entry, path) and scan(entry, module.defines).defined)
        )
    ]
    same = same or _by_content(module, entries, read, scan)
    same = same + _in_notebooks(module, same, entries, read, scan)
    same = sorted(same, key=lambda entry: (entry.path.count("/"), entry.name != name, entry.path))
    found = []
    for entry in same[: DEFAULT_CAPS.candidates]:
        package = is_package(entry, path)
        folder = entry.folder.rpartition("/")[0] if package else entry.folder
        called = name if package or plain_name(entry.name) == name.casefold() else entry.name
        rooted = f"/{folder}/{called}" if folder else f"/{called}"
        fits = rooted.endswith(inner)
        home = rooted[: -len(inner)].lstrip("/") if fits else folder
        found.append(_Candidate(entry, home, fits))
    return found


def _by_content(
    module: ModuleFile, entries: Sequence[Entry], read: Callable[[Entry], bytes], scan: _Scanner
) -> list[Entry]:
    """Files under other names that define all of the module's names, some of them written; those highest up are looked at."""
    scripts = [entry for entry in entries if entry.suffix == ".py" and not entry.name.startswith("__")]
    scripts.sort(key=lambda entry: (entry.path.count("/"), entry.path))
    named = [
        entry
        for entry in scripts[: DEFAULT_CAPS.candidates]
        if scan(entry, module.defines).answers(module.defines)
    ]
    return named or _otherwise(module, entries, scripts, read)


def _otherwise(
    module: ModuleFile, entries: Sequence[Entry], scripts: Sequence[Entry], read: Callable[[Entry], bytes]
) -> list[Entry]:
    """Of files that do the same in another form, the one that defines the most of it; a notebook where no script does."""
    if not module.instead:
        return []
    notebooks = [entry for entry in entries if entry.suffix == ".ipynb"]
    made = [as_module(entry, limit_bytes=DEFAULT_CAPS.notebook_bytes) for entry in notebooks]
    for files in (scripts, made):
        counted = [(_lists_met(module, read(entry)), entry) for entry in files[: DEFAULT_CAPS.candidates]]
        most = max((count for count, _ in counted), default=0)
        if most >= LISTS_NEEDED:
            return [next(entry for count, entry in counted if count == most)]
    return []


def _in_notebooks(
    module: ModuleFile,
    scripts: Sequence[Entry],
    entries: Sequence[Entry],
    read: Callable[[Entry], bytes],
    scan: _Scanner,
) -> list[Entry]:
    """Notebooks whose own cells define all of the module's names, and have more of them written than any script.

    Nothing is parsed unless a notebook's bytes hold the definitions.
    """
    heads = [re.compile(rf"(?:def|class) +{re.escape(name)}\b".encode()) for name in module.defines]
    holding = [
        entry
        for entry in [item for item in entries if item.suffix == ".ipynb"][: DEFAULT_CAPS.candidates]
        if heads and all(head.search(read(entry)) for head in heads)
    ]
    most = max((len(scan(script, module.defines).written) for script in scripts), default=0) if holding else 0
    if not holding or most == len(module.defines):
        return []
    made = [
        as_module(entry, limit_bytes=DEFAULT_CAPS.notebook_bytes, only_definitions=True, own=scan.own)
        for entry in holding
    ]
    scans = [(entry, scan(entry, module.defines)) for entry in made]
    return [entry for entry, has in scans if has.answers(module.defines) and len(has.written) > most]


def _lists_met(module: ModuleFile, data: bytes) -> int:
    names = folded_names(data)
    return sum(any(name.replace("_", "").lower() in names for name in each) for each in module.instead)


def _homes(candidates: Mapping[str, Sequence[_Candidate]], merit: _Merit) -> dict[str, dict[str, _Candidate]]:
    """The best candidate of each module in each possible package folder."""
    homes: dict[str, dict[str, _Candidate]] = {}
    for path, found in candidates.items():
        for candidate in sorted(
            found, key=lambda item: not item.fits
        ):  # stable: a module's own name before a copy's
            members = homes.setdefault(candidate.home, {})
            best = members.get(path)
            if best is None or (candidate.fits, merit(path, candidate)) > (best.fits, merit(path, best)):
                members[path] = candidate
    return homes
