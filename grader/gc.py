"""`grader gc`: remove from the state folder what nothing refers to any more and nobody has used for a while. Runs nothing.

What counts as referred to: the evidence of everyone's last submission, by the rosters; the files of these submissions; the executed
notebooks of all evidence that stays. Seeds, gradebook, rosters and data sets are never touched. Whatever is removed is made again
when it is needed: at worst a submission is run once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import EvidenceError, UsageError
from .state import State

__all__ = ["Swept", "sweep"]

DAY_S = 86_400.0
LEFT_OVER_S = DAY_S  # a temporary file of this age was left by a grader that was killed
RUN_S = DAY_S  # what a run that is still at work may have put there and not entered into a roster yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was removed, or would be: numbers of things, and their bytes together."""

    evidence: int = 0
    blobs: int = 0
    other: int = 0
    size_bytes: int = 0


def sweep(state: State, *, days: float, now: float, dry: bool = False) -> Swept:
    """Remove what is not referred to and has not been written or used again for `days`.

    Args: now: seconds since the epoch. dry: only count.
    Safe beside a run: what that puts into the stores is young, and what it finds there becomes young by it. While one is at work,
    what is younger than a day is spared, whatever `days` says.
    Raises: UsageError for a negative number of days.
    """
    if days < 0:
        raise UsageError(f"--days {days:g}: expected a number of days, 0 or more")
    before = now - max(days * DAY_S, RUN_S if state.anybody_at_work() else 0.0)
    entries = [entry for roster in state.rosters() for entry in roster]
    wanted = {entry.evidence for entry in entries}
    stale = {path for path in state.evidence if path.name not in wanted and _older(path, before)}
    used = {file.digest for entry in entries for file in entry.submission.files}
    used |= set(_executed(state, (path for path in state.evidence if path not in stale)))
    blobs = [state.blobs.path(digest) for digest in state.blobs if digest not in used]
    sizes = [
        _remove(stale, before, dry=dry),
        _remove(blobs, before, dry=dry),
        _remove(state.expected.glob("[0-9a-f]*.*"), before, dry=dry)
        + _remove(_left_over(state), min(before, now - LEFT_OVER_S), dry=dry),
    ]
    return Swept(
        evidence=len(sizes[0]),
        blobs=len(sizes[1]),
        other=len(sizes[2]),
        size_bytes=sum(size for part in sizes for size in part),
    )


def _executed(state: State, paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        try:
            evidence = state.evidence.get(path.name)
        except EvidenceError:
            continue  # damaged: it is as good as absent, and made anew
        yield from (notebook.executed for notebook in evidence.notebooks if notebook.executed is not None)


def _left_over(state: State) -> list[Path]:
    """Temporary files of writes that were cut off."""
    stores = (state.blobs.folder, state.evidence.folder)
    return [path for folder in stores for path in folder.glob("[0-9a-f][0-9a-f]/.*.tmp")]


def _older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False


def _remove(paths: Iterable[Path], before: float, *, dry: bool) -> list[int]:
    """Remove those that are old; their sizes. Looked at once more right before: a run may have used one meanwhile."""
    sizes = []
    for path in paths:
        if _older(path, before):
            with contextlib.suppress(FileNotFoundError):  # another sweep was faster
                size = path.stat().st_size
                if not dry:
                    path.unlink()
                sizes.append(size)
    return sizes
