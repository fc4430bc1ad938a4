"""Explain a check in which several mistakes show at once: those that other checks prove, and at most one more of its own. Pure.

A layer's mistake shows in every network that is built on it. Where the network, or the way back, has one as well, the numbers are
those of neither alone, and no table holds every pair: what the few that come into question give together is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from .fits import Observed, Variant, fits, single_ids

__all__ = ["Together", "explained_together"]

MOST_GUESSES = 8  # ways to choose among causes that could not be told apart
MOST_WITH_OWN = 2  # of these ways with each of its own mistakes beside: dozens of runs of a probe
MOST_CAUSES = 4  # held together; a check in which more show says little about any of them

#: What known mistakes, by their ids, give together for a check, by its id; None if the check passes, or they do not go together.
Together = Callable[[str, frozenset[str]], Variant | None]


def explained_together(
    failed: Sequence[Observed],
    fitting: Mapping[str, list[Variant]],
    ruled_out: Set[str],
    together: Together,
) -> dict[str, list[Variant]]:
    """What fits each failed check. failed: in the suite's order, layers before what is built on them.

    A check that one mistake explains is left as it is, unless nothing else speaks for that one, and those that others prove do as
    well. So they go before two of its own, too: the fewest causes that explain all checks are the likeliest.
    """
    found = {check: [one for one in these if len(one.causes) == 1] for check, these in fitting.items()}
    in_vain: set[str] = set()  # functions whose first check no further mistake of theirs explains
    for seen in failed:
        check = seen.check
        alone, others = found[check.id], [these for one, these in found.items() if one != check.id]
        if len(alone) > 1 or (alone and any(alone[0].ids == one.ids for these in others for one in these)):
            continue
        if check.judge is None:
            proved = [base & single_ids(seen) for base in _proved(others)]
            bases = [base for base in dict.fromkeys(proved) if base and len(base) <= MOST_CAUSES]
            found[check.id] = _fitting(seen, _of_proved(bases), together) or alone
            if bases and not found[check.id] and check.of not in in_vain:
                found[check.id] = _fitting(seen, _with_own(seen, bases[:MOST_WITH_OWN], ruled_out), together)
                in_vain |= set() if found[check.id] else {check.of}
        found[check.id] = found[check.id] or fitting[check.id]
    return found


def _proved(found: Iterable[Sequence[Variant]]) -> list[frozenset[str]]:
    """The fewest causes that checks prove, for each way to choose among those that could not be told apart."""
    choices = [[one.ids for one in these] for these in found if these]
    sure = frozenset().union(*(ids for these in choices if len(these) == 1 for ids in these))
    unsure = dict.fromkeys(frozenset(these) for these in choices if not any(ids <= sure for ids in these))
    ordered = [sorted(these, key=sorted) for these in unsure]
    guesses = [sure.union(*chosen) for chosen in itertools.islice(itertools.product(*ordered), MOST_GUESSES)]
    return [one for one in guesses if not any(other < one for other in guesses)]


def _of_proved(bases: Sequence[frozenset[str]]) -> Iterator[list[frozenset[str]]]:
    """Causes to be tried together, the likeliest first: all, or all but one that the student's code may not call here."""
    yield [base for base in bases if len(base) > 1]
    yield [base - {one} for base in bases if len(base) > 2 for one in sorted(base)]


def _with_own(
    seen: Observed, bases: Sequence[frozenset[str]], ruled_out: Set[str]
) -> Iterator[list[frozenset[str]]]:
    own = {
        cause.id
        for variant in seen.variants
        if len(variant.causes) == 1
        for cause in variant.causes
        if cause.function == seen.check.of and cause.id not in ruled_out
    }
    yield [base | {one} for base in bases for one in sorted(own - base)]


def _fitting(
    seen: Observed, guesses: Iterable[Sequence[frozenset[str]]], together: Together
) -> list[Variant]:
    """The guesses of the first kind that fit."""
    for kind in guesses:
        tried = (together(seen.check.id, ids) for ids in dict.fromkeys(kind))
        found = [variant for variant in tried if variant is not None and fits(seen, variant)]
        if found:
            return found
    return []
