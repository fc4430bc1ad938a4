"""The templates' surroundings: autoescape, every value cleaned on its way out, styles and script with their hashes for the CSP.

Escaping and cleaning happen here, once, for every expression of every template; no view and no template has to remember them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .text import clean, hide_paths
from .values import Audience, ReportHeader

__all__ = ["render"]

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, header: ReportHeader, audience: Audience, **values: Any) -> str:
    """Fill a template. On a student's page absolute paths are cut from every value, whatever field they came in."""
    private = header.private_paths if audience is Audience.STUDENT else None
    return (
        _environment(private).get_template(template).render(header=header, audience=audience.value, **values)
    )


@cache
def _environment(private: tuple[str, ...] | None) -> Environment:
    """private: None shows paths as they are; otherwise they are hidden, and these prefixes first."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaner(private),
    )
    environment.globals.update(style=_asset("style.css"), script=_asset("class.js"), csp=_policy)
    return environment


def _cleaner(private: tuple[str, ...] | None) -> Callable[[Any], Any]:
    slashed = private is not None and all("/" in path for path in private)

    def finish(value: Any) -> Any:
        # Markup has been through here already, inside a macro, or is one of our own files.
        if isinstance(value, Markup) or not isinstance(value, str):
            return value
        shown = clean(value)
        if private is None or (slashed and "/" not in shown):  # there is no path in it
            return shown
        return clean(hide_paths(shown, private))

    return finish


@cache
def _asset(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file, never a value


def _policy(*, script: bool) -> Markup:
    """The page's Content Security Policy: nothing from outside, our own style, and our own script or none."""
    parts = [
        "default-src 'none'",
        f"style-src '{_digest('style.css')}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if script:
        parts.append(f"script-src '{_digest('class.js')}'")
    return Markup("; ".join(parts))  # noqa: S704 - made of constants and base64


@cache
def _digest(name: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode("ascii")
