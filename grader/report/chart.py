"""Geometry of the drawings: a gauge for an error on a log scale, and line charts. Numbers and path strings, no HTML, no colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..model import Figure
from .text import error_text

__all__ = ["Chart", "Gauge", "Panel", "Tick", "chart", "gauge"]

DECADES = (
    17  # the gauge runs from 0 through 1e-16 (float64's rounding) to 1, the largest relative error there is
)
WIDTH, HEIGHT = 360, 200  # of a panel, in SVG units
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 26  # room for the axes' numbers
MAX_PANELS = 12
MAX_POINTS = 240  # more than the panel has pixels to show apart
TABLE_ROWS = 20
LOG_SPAN = 1000.0  # all positive, and spread over more than this: a log axis, as for a loss that blew up
EYE = 1e-4  # relative difference that a panel 200 units high does not show
FAR = 100_000  # beyond, the exact factor tells nobody anything
HUGE = 1e150  # values beyond are drawn at the edge; keeps differences finite
TINY = 1e-150  # and nearer to zero as zero; keeps steps between them above it


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """Places in percent of the width, 0 at error 0 and 100 at error 1, and what they say in words."""

    error_at: float
    tolerance_at: float
    error: str
    tolerance: str
    within: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis: its place in SVG units and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One history beside the reference's. Paths are SVG path data; dots are single points, which a path would not show."""

    label: str
    student: str
    reference: str
    student_dots: tuple[tuple[float, float], ...]
    reference_dots: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure as panels with one y axis, and the same as a table. rows: x followed by one text per column."""

    title: str
    x_label: str
    y_label: str
    log: bool
    panels: tuple[Panel, ...]
    left_out: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sampled: bool


def gauge(error: float | None, tolerance: float | None) -> Gauge | None:
    """Where an error stands against its tolerance; None where either is missing or not a number one could draw."""
    if (
        error is None
        or tolerance is None
        or not math.isfinite(error)
        or not 0 < tolerance < math.inf
        or error < 0
    ):
        return None
    within = error <= tolerance
    return Gauge(
        error_at=_decade(error),
        tolerance_at=_decade(tolerance),
        error=error_text(error),
        tolerance=f"{tolerance:.0e}" if tolerance == float(f"{tolerance:.0e}") else f"{tolerance:.1e}",
        within=within,
        words=_against(error, tolerance, within=within),
    )


def _decade(value: float) -> float:
    if value <= 0:
        return 0.0
    return round(100 * min(1.0, max(0.0, (math.log10(value) + DECADES) / DECADES)), 2)


def _against(error: float, tolerance: float, *, within: bool) -> str:
    if error == 0:
        return "exactly equal"
    ratio = tolerance / error if within else error / tolerance
    if ratio < 1.05:
        return "at the tolerance" if within else "just over the tolerance"
    if ratio >= FAR:
        return "far below the tolerance" if within else "far beyond the tolerance"
    times = f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"
    return f"{times} times below the tolerance" if within else f"{times} times the tolerance"


def chart(figure: Figure) -> Chart:
    """Lay a figure out: one panel per series with a common y axis, at most 12; the table has every series."""
    shown = figure.series[:MAX_PANELS]
    everything = [
        _clip(y)
        for _, student, reference in shown
        for y in (*student, *(reference or ()))
        if math.isfinite(y)
    ]
    axis = _Axis.over(everything)
    length = max((len(ys) for _, student, reference in shown for ys in (student, reference or ())), default=0)
    rows, sampled = _table(figure)
    return Chart(
        title=figure.title,
        x_label=figure.x_label,
        y_label=figure.y_label,
        log=axis.log,
        panels=tuple(_panel(label, student, reference, axis, length) for label, student, reference in shown),
        left_out=len(figure.series) - len(shown),
        columns=(figure.x_label or "step", *_columns(figure)),
        rows=rows,
        sampled=sampled,
    )


def _columns(figure: Figure) -> list[str]:
    names = []
    for label, _, reference in figure.series:
        names.append(f"{label}, yours")
        if reference is not None:
            names.append(f"{label}, reference")
    return names


def _table(figure: Figure) -> tuple[tuple[tuple[str, ...], ...], bool]:
    columns = [ys for _, student, reference in figure.series for ys in (student, reference) if ys is not None]
    length = max((len(ys) for ys in columns), default=0)
    picked = _sample(length, TABLE_ROWS)
    rows = tuple((str(i), *(_number(ys[i]) if i < len(ys) else "" for ys in columns)) for i in picked)
    return rows, len(picked) < length


def _sample(length: int, most: int) -> list[int]:
    """Indices spread over range(length), with both ends, at most `most`."""
    if length <= most:
        return list(range(length))
    return sorted({round(i * (length - 1) / (most - 1)) for i in range(most)})


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return f"{value:.4g}"


def _clip(value: float) -> float:
    return min(HUGE, max(-HUGE, value)) if abs(value) >= TINY else 0.0


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    log: bool

    @classmethod
    def over(cls, values: Sequence[float]) -> _Axis:
        low, high = min(values, default=0.0), max(values, default=1.0)
        log = low > 0 and high / low > LOG_SPAN
        if log:
            low, high = math.log10(low), math.log10(high)
        margin = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
        return cls(low - margin, high + margin, log)

    def place(self, value: float) -> float:
        """The y coordinate of a finite value."""
        value = _clip(value)
        inner = math.log10(value) if self.log else value
        share = (inner - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)

    def ticks(self) -> tuple[Tick, ...]:
        step = _round_step((self.high - self.low) / 4)
        if self.log:
            step = max(1.0, math.ceil(step))
        first = math.ceil(self.low / step)
        inner = [i * step for i in range(first, first + 7) if i * step <= self.high]
        return tuple(Tick(at=self.place(10.0**v if self.log else v), label=self._label(v)) for v in inner)

    def _label(self, inner: float) -> str:
        return f"1e{inner:.0f}" if self.log else f"{inner:.3g}"


def _round_step(raw: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(raw))
    return next((nice * power for nice in (1, 2, 2.5, 5) if raw <= nice * power * 1.0001), 10 * power)


def _panel(
    label: str, student: Sequence[float], reference: Sequence[float] | None, axis: _Axis, length: int
) -> Panel:
    path, dots = _path(student, axis, length)
    other_path, other_dots = _path(reference or (), axis, length)
    last = max(length - 1, 1)
    picked = sorted({0, last // 2, last}) if length > 1 else [0]
    return Panel(
        label=label,
        student=path,
        reference=other_path,
        student_dots=dots,
        reference_dots=other_dots,
        x_ticks=tuple(Tick(at=_across(i, length), label=str(i)) for i in picked),
        y_ticks=axis.ticks(),
        words=_describe(student, reference),
    )


def _across(index: int, length: int) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (index / max(length - 1, 1)), 1)


def _path(ys: Sequence[float], axis: _Axis, length: int) -> tuple[str, tuple[tuple[float, float], ...]]:
    """Path data that breaks where a value is not finite, and the points that stand alone between breaks."""
    runs: list[list[tuple[float, float]]] = [[]]
    for i in _sample(len(ys), MAX_POINTS):
        if math.isfinite(ys[i]):
            runs[-1].append((_across(i, length), axis.place(ys[i])))
        elif runs[-1]:
            runs.append([])
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in run) for run in runs if len(run) > 1)
    return path, tuple(run[0] for run in runs if len(run) == 1)


def _describe(student: Sequence[float], reference: Sequence[float] | None) -> str:
    if reference is None:
        return _ends("Yours", student)
    if student and _agree(student, reference):
        return _ends("Yours agrees with the reference, which", reference)
    return _ends("Yours", student) + " " + _ends("The reference", reference)


def _agree(student: Sequence[float], reference: Sequence[float]) -> bool:
    """Equal to the eye: the drawing could not show the difference."""
    return len(student) == len(reference) and all(
        math.isclose(ours, theirs, rel_tol=EYE, abs_tol=EYE)
        for ours, theirs in zip(student, reference, strict=True)
    )


def _ends(who: str, ys: Sequence[float]) -> str:
    if not ys:
        return f"{who} is empty."
    broken = next((i for i, y in enumerate(ys) if not math.isfinite(y)), None)
    tail = (
        ""
        if broken is None
        else f" It is not finite from {broken} on."
        if _rest_broken(ys, broken)
        else " Some of it is not finite."
    )
    if len(ys) == 1:
        return f"{who} is {_number(ys[0])}, one value.{tail}"
    return f"{who} goes from {_number(ys[0])} to {_number(ys[-1])} in {len(ys)} values.{tail}"


def _rest_broken(ys: Sequence[float], start: int) -> bool:
    return not any(math.isfinite(y) for y in ys[start:])
