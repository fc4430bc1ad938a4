"""The probes that student code may stand beside while its words still reach students. Pure: sources in, sources out.

A process can read all of its own memory, probes included, and an exception under a visible check, or while a module is imported, is
told to its author. So the source of hidden checks, and of what only they use, comes when nothing is told any more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from .strip import strip_checks, strip_imported
from .suite import COMMON, ENTRY, SANDBOX_TERMS, Suite

__all__ = ["visible_modules"]

ROOT = COMMON.partition(".")[0] + "."  # of what the probes themselves come from


def visible_modules(suite: Suite) -> Mapping[str, str]:
    """The suite's modules without its hidden checks, and without companions of these: they draw the same inputs.

    What any of the suite's modules imports from elsewhere is imported by "checks" already, before the submission is there: a file
    of the student's that is called like a module of the standard library is not taken for it when the rest comes.
    """
    shown = {check.id for check in suite.checks if check.visible}
    shown |= {companion.id for companion in suite.companions if companion.carries in shown}
    if len(shown) == len(suite.probes):
        return suite.modules
    return _without(tuple(sorted(suite.modules.items())), frozenset(shown))


@lru_cache(maxsize=8)
def _without(modules: tuple[tuple[str, str], ...], shown: frozenset[str]) -> Mapping[str, str]:
    """Cached: all submissions of a run ask for the same, and cutting a long suite takes half a second."""
    sources = dict(modules)
    probes = strip_checks(sources[ENTRY], terms=SANDBOX_TERMS, keep=shown.__contains__)
    kept = strip_imported([probes], COMMON, sources.__getitem__, terms=SANDBOX_TERMS)
    needed = sorted({name for source in sources.values() for name in _imported(source)})
    loaded = "".join(f"import {name} as _loaded\n" for name in needed)
    return {ENTRY: probes + loaded, **kept}


def _imported(source: str) -> Iterator[str]:
    """The modules from elsewhere that a source imports at its top."""
    for node in ast.parse(source).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        yield from (name for name in names if name != "__future__" and not f"{name}.".startswith(ROOT))
