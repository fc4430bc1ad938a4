"""What several known mistakes give together for a check: worked out when a submission asks for it, and kept for the next one."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from ..model import Array
from ..seed import Seed
from ..suite import Suite, undisturbed
from .fits import Cause, Variant
from .misconceptions import Catalogue
from .trials import changed_by

__all__ = ["KnownTogether"]

MOST_KEPT = 4_000  # answers; the least of a megabyte for each few hundred


class KnownTogether:
    """Callable as `several.Together`, from any thread. One at a time, for the reference is wrong meanwhile."""

    def __init__(
        self,
        suite: Suite,
        reference: object,
        catalogue: Catalogue,
        *,
        expected: Mapping[str, Mapping[str, Array]],
        seed: Seed,
        variants: Mapping[str, Sequence[Variant]],
    ) -> None:
        self._suite, self._reference, self._catalogue = suite, reference, catalogue
        self._expected, self._seed = expected, seed
        self._entries = {entry.id: entry for entry in catalogue.CATALOGUE}
        self._causes: dict[str, Cause] = {
            cause.id: cause for found in variants.values() for one in found for cause in one.causes
        }
        self._kept: dict[tuple[str, frozenset[str]], Variant | None] = {}
        self._lock = threading.Lock()

    def __call__(self, check: str, ids: frozenset[str]) -> Variant | None:
        """What the check's probe gives with these mistakes; None if it passes all the same or they do not go together."""
        with self._lock:
            if (check, ids) not in self._kept:
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                self._kept[check, ids] = self._variant(check, ids)
            return self._kept[check, ids]

    def _variant(self, check: str, ids: frozenset[str]) -> Variant | None:
        named = sorted(ids)
        found, expected = self._suite.check(check), self._expected[check]
        with undisturbed():
            changed = changed_by(
                self._catalogue,
                [self._entries[one] for one in named],
                found,
                self._reference,
                expected=expected,
                seed=self._seed.for_check(found.draws_as),
            )
        if not changed:
            return None
        return Variant(causes=tuple(self._causes[one] for one in named), arrays={**expected, **changed})
