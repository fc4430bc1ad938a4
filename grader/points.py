"""Points as people read them. One rounding for every page, table and file."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

__all__ = ["shown_points"]

CENT = Decimal("0.01")


def shown_points(points: Decimal, maximum: Decimal | None = None) -> str:
    """Points with at most two decimals, rounded half up, no trailing zeros.

    Nothing is shown as the maximum, or as 0, unless it is exactly that.
    """
    shown = points.quantize(CENT, ROUND_HALF_UP)
    if maximum is not None and points < maximum <= shown:
        shown = points.quantize(CENT, ROUND_FLOOR)
    if points > 0 and shown == 0:
        shown = points.quantize(CENT, ROUND_CEILING)
    text = f"{shown:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
