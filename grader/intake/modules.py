"""Choose, among a student's files, the modules that the assignment asks for, from one package folder where possible.

A group is the set of an assignment's module paths with the same first folder (the package, e.g. `cs231n`); its other parts are the
path inside the package. A home is a folder of the student's that could be that package, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..assignment import ModuleFile
from .caps import DEFAULT_CAPS
from .notebooks import plain_name
from .pysource import Scan, scan_source
from .tree import Entry

__all__ = ["Choice", "choose_modules", "group_of", "inner_path"]


def group_of(path: str) -> str:
    """The package that an assignment's path belongs to; "" for a file at the top."""
    top, slash, _ = path.partition("/")
    return top if slash else ""


def inner_path(path: str) -> str:
    """The path inside its package."""
    return path.partition("/")[2] or path


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
    has one candidate. Where no file has a module's name, files that define all that the module is asked for are candidates:
    many write scripts under names of their own.
    """
    candidates = {module.path: _candidates(module, entries, read) for module in wanted}
    scans: dict[tuple[str, str], Scan] = {}
    if any(len(found) > 1 for found in candidates.values()):
        for module in wanted:
            for found in candidates[module.path]:
                scans[module.path, found.entry.path] = scan_source(read(found.entry), module.defines)

    def merit(path: str, candidate: _Candidate) -> tuple[int, int]:
        scan = scans.get((path, candidate.entry.path))
        return (len(scan.written), len(scan.defined)) if scan else (0, 0)

    def rank(home: str, members: dict[str, _Candidate]) -> tuple[object, ...]:
        merits = [merit(path, candidate) for path, candidate in members.items()]
        written, defined = sum(pair[0] for pair in merits), sum(pair[1] for pair in merits)
        fitting = sum(candidate.fits for candidate in members.values())
        called = home.rpartition("/")[2] == group
        return (-written, -defined, -fitting, not called, distance(home), home.count("/"), len(home), home)

    homes = _homes(candidates, merit)
    if not homes:
        return Choice(group=group, home=None)
    home = min(homes, key=lambda name: rank(name, homes[name]))
    taken = dict(homes[home])
    strays = []
    for path, several in candidates.items():
        if path not in taken and several:
            taken[path] = min(
                several,
                key=lambda item: (
                    *(-count for count in merit(path, item)),
                    distance(item.home),
                    item.entry.path,
                ),
            )
            strays.append(path)
    passed = {
        path: tuple(item.entry for item in several if item.entry is not taken[path].entry)
        for path, several in candidates.items()
        if several
    }
    modules = {path: candidate.entry for path, candidate in taken.items()}
    return Choice(
        group=group,
        home=home,
        modules=modules,
        strays=tuple(strays),
        passed_over={p: e for p, e in passed.items() if e},
    )


def _candidates(
    module: ModuleFile, entries: Sequence[Entry], read: Callable[[Entry], bytes]
) -> list[_Candidate]:
    """Files of the module's name, else of its name in other case or with a copy's mark (`layers (1).py`), else by content."""
    path = module.path
    name = path.rpartition("/")[2]
    same = [entry for entry in entries if entry.name == name]
    if not same:
        same = [
            entry for entry in entries if entry.suffix == ".py" and plain_name(entry.name) == name.casefold()
        ]
    if not same:
        same = _by_content(module, entries, read)
    inner = "/" + inner_path(path)
    found = []
    for entry in sorted(same, key=lambda entry: (entry.path.count("/"), entry.path))[
        : DEFAULT_CAPS.candidates
    ]:
        rooted = "/" + entry.path
        fits = rooted.endswith(inner)
        home = rooted[: -len(inner)].lstrip("/") if fits else entry.folder
        found.append(_Candidate(entry, home, fits))
    return found


def _by_content(module: ModuleFile, entries: Sequence[Entry], read: Callable[[Entry], bytes]) -> list[Entry]:
    """Files under other names that define all of the module's names, some of them written; those highest up are looked at."""
    scripts = [entry for entry in entries if entry.suffix == ".py" and not entry.name.startswith("__")]
    scripts.sort(key=lambda entry: (entry.path.count("/"), entry.path))
    found = [
        (entry, scan_source(read(entry), module.defines)) for entry in scripts[: DEFAULT_CAPS.candidates]
    ]
    return [entry for entry, scan in found if scan.defined >= set(module.defines) and scan.written]


def _homes(
    candidates: dict[str, list[_Candidate]], merit: Callable[[str, _Candidate], tuple[int, int]]
) -> dict[str, dict[str, _Candidate]]:
    """The best candidate of each module in each possible package folder."""
    homes: dict[str, dict[str, _Candidate]] = {}
    for path, found in candidates.items():
        for candidate in sorted(found, key=lambda item: (not item.fits, item.entry.path)):
            members = homes.setdefault(candidate.home, {})
            best = members.get(path)
            if best is None or (candidate.fits, merit(path, candidate)) > (best.fits, merit(path, best)):
                members[path] = candidate
    return homes
