"""The `check` decorator: turns a probe function into a named check. Pure data: nothing is run or compared here.

Students receive a copy of this module, so it keeps to what Python 3.8 knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Literal, Mapping  # noqa: UP035 - subscribed when run, which Python 3.8 needs these for

__all__ = ["Check", "NeedsPersonError", "Probe", "check"]

#: A probe calls the implementation under test and returns the arrays to compare, by name.
Probe = Callable[[Any, Any], Mapping[str, Any]]

PLACES = ("modules", "notebook")


class NeedsPersonError(Exception):
    """A probe raises it where it cannot tell right from wrong: the check then waits for a person, who looks and gives the points.

    Student code can raise it as well, and gains nothing but that a person looks.
    """


@dataclass(frozen=True)
class Check:
    """One probe with the terms under which its arrays are judged.

    id: the probe's name, unique in its suite. title: first line of the probe's docstring. of: the function or class it is about.
    points: what it is worth. tolerance: the largest relative error that passes, one for all arrays or by array name.
    floor: the denominator's floor of the relative error, in units of the array; raise it where a true value is zero.
    visible: whether students see its title, error and tolerance; a hidden check shows its title and reason only.
    where: "modules" probes the submitted modules in a process of their own, "notebook" a fork of the kernel after the last cell.
    notebook: of an assignment's several notebooks, the path of the one whose kernel it is; "" where there is one only.
    credit: "all" arrays must pass, or "each" array earns its share of the points.
    judge: a pure function (actual, expected) -> Judgement, run outside, in place of the comparison of all arrays.
    given: of a notebook's check with a judge: a function (reference, folder of the data set) -> {name: array}, called outside, once
    for a data set. The judge gets its arrays as `expected`, or nothing where the assignment has no data set.
    exact_dtype: expected floating-point width is part of the answer. time_s: wall-clock limit, or None for the assignment's.
    carries: of a companion, which is worth nothing and shown to nobody: the id of the check whose gradients may be wrong only
    because the forward pass is. It draws the same inputs as that check, and sends what the forward pass gives around them.
    charged: of a companion, the id of the check that a wrong forward pass fails: no more than it lost is given back.
    parts: of a companion of another kind, the functions that it puts others in the place of: where it gives what is expected, what
    the carried check lost comes from these functions, whose own checks charge it.
    hint: where to look when it fails; a direction, not the solution. section: the notebook's heading that treats it.
    """

    id: str
    title: str
    of: str
    probe: Probe
    points: float = 1.0
    tolerance: float | Mapping[str, float] = 1e-7
    floor: float | Mapping[str, float] = 1e-8
    visible: bool = True
    where: Literal["modules", "notebook"] = "modules"
    notebook: str = ""
    credit: Literal["all", "each"] = "all"
    judge: Callable[..., Any] | None = None
    given: Callable[..., Mapping[str, Any]] | None = None
    exact_dtype: bool = True
    time_s: float | None = None
    hint: str = ""
    section: str = ""
    carries: str = ""
    charged: str = ""
    parts: tuple[str, ...] = ()

    @property
    def draws_as(self) -> str:
        """The id by which its inputs are drawn."""
        return self.carries or self.id


def check(
    *, of: str, where: Literal["modules", "notebook"] = "modules", **terms: Any
) -> Callable[[Probe], Check]:
    """Make the decorated probe a `Check`; the terms are the fields of `Check`.

    A probe is `probe(impl, rng) -> {name: array}`. `impl` gives the implementation's functions and classes as attributes, `rng`
    is a `numpy.random.Generator` with the same state on both sides; NumPy's legacy generator is seeded the same way, too.

    Raises: ValueError if `where` is unknown or the probe has no docstring. TypeError for an unknown term.
    """
    if where not in PLACES:
        raise ValueError(f"check(where={where!r}): expected one of {', '.join(PLACES)}")

    def decorate(probe: Probe) -> Check:
        name = probe.__name__
        title = (probe.__doc__ or "").strip().partition("\n")[0]
        if not title:
            raise ValueError(f"check {name}: write a docstring; its first line is the title that people read")
        return Check(id=name, title=title, of=of, where=where, probe=probe, **terms)

    return decorate
