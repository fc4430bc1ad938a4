"""What an experiment gives: the document's claim beside what came out, and whether it holds. Draws figures; trains nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib.figure import Figure

__all__ = ["Claim", "Lab", "Verdict", "percent"]

DPI = 72  # small files: the figures are looked at in a browser


class Verdict(Enum):
    """What became of a claim on the data that was used."""

    HOLDS = "holds"
    PARTLY = "partly"
    FAILS = "does not hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One line of the table. claimed: what the document says or shows. found: what came out, in figures. note: what to know."""

    course: str
    experiment: str
    claimed: str
    found: str
    verdict: Verdict
    note: str = ""


@dataclass(slots=True, kw_only=True)
class Lab:
    """Where an experiment leaves its claims and figures. quick: the smallest form that runs every line; its figures prove nothing.

    data: folder of the real files, or None for the synthetic stand-in. tell: called with a line of progress.
    """

    quick: bool
    data: Path | None
    images: Path
    tell: Callable[[str], None]
    claims: list[Claim] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def claim(  # noqa: PLR0917 - reads as a row of the table
        self, course: str, experiment: str, claimed: str, found: str, holds: Sequence[bool], note: str = ""
    ) -> None:
        """Add a line. holds: the parts of the claim; all of them make it hold, some of them hold it partly."""
        verdict = Verdict.HOLDS if all(holds) else Verdict.PARTLY if any(holds) else Verdict.FAILS
        line = Claim(
            course=course, experiment=experiment, claimed=claimed, found=found, verdict=verdict, note=note
        )
        self.claims.append(line)
        self.tell(f"  {experiment}: {found} [{verdict.value}]")

    def figure(self, name: str, draw: Callable[[Any], None], *, panels: tuple[int, int], size: Any) -> None:
        """Draw a figure of rows x columns panels into `images/name.png`. draw: gets the axes, as a flat list."""
        figure = Figure(figsize=size, layout="constrained")
        draw(list(figure.subplots(*panels, squeeze=False).flat))
        self.images.mkdir(parents=True, exist_ok=True)
        figure.savefig(self.images / f"{name}.png", dpi=DPI, metadata={"Software": None})


def percent(share: float) -> str:
    """A share as people read it: 0.482 is "48.2 %"."""
    return f"{100 * share:.1f} %"
