"""From the page as data to one HTML text: templates with autoescape, style and script inlined."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance import __version__
from conformance.flakes import SHARE
from conformance.mutants import operators
from conformance.mutants.summary import SEEN
from conformance.report.architectures import Architectures
from conformance.report.facts import counts_of
from conformance.report.history import Story
from conformance.report.ledger import sentence
from conformance.report.marks import MARKS, NOT_RUN
from conformance.report.model import Page
from conformance.report.squeeze import squeeze
from conformance.report.teeth import TeethView

TEMPLATES = Path(__file__).parent / "templates"


def render(page: Page, history: bool = False) -> str:
    """The HTML of a page. history: whether the page of the history stands beside it.

    A content policy stands in its head: nothing is loaded, and only our own script runs.
    """
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    template = _environment().get_template("page.html.j2")
    page_text = template.render(
        page=page,
        history=history,
        counts=data_block(counts_of(page.facts, page.columns)),
        marks=MARKS,
        suite=__version__,
        style=_style(),
        script=Markup(script),  # noqa: S704 - our own file
        digest=digest,
    )
    return squeeze(page_text)


def render_teeth(view: TeethView) -> str:
    """The HTML of the page about the suite itself; it has no script."""
    template = _environment().get_template("teeth.html.j2")
    return template.render(
        view=view,
        suite=__version__,
        seen=SEEN,
        share=SHARE,
        operators=(operators.__doc__ or "").partition("\n\n")[2].partition("\n\n")[2].strip(),
        style=_style(),
    )


def render_architectures(view: Architectures) -> str:
    """The HTML of the page of architectures; it has no script."""
    template = _environment().get_template("architectures.html.j2")
    return template.render(view=view, suite=__version__, style=_style())


def render_history(stories: list[Story]) -> str:
    """The HTML of backends through their releases; no script runs in it."""
    template = _environment().get_template("history.html.j2")
    return template.render(stories=stories, not_run=NOT_RUN, suite=__version__, style=_style())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {
        "prose": prose,
        "number": number,
        "margin": margin,
        "seconds": seconds,
        "anchor": anchor,
        "plain": plain,
        "sentence": sentence,
        "percent": percent,
    }
    environment.filters.update(filters)
    return environment


def _style() -> Markup:
    return Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


def data_block(data: Any) -> Markup:
    """Data inside a script element, which nothing in it can end."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - it is escaped


def plain(text: object) -> Markup:
    """A text between tags, escaped; quotes need no escape there, and code is full of them."""
    return Markup(html.escape(str(text), quote=False))  # noqa: S704 - it is escaped


def prose(text: str) -> Markup:
    """A text of the reference, escaped, with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts)
    )


def number(value: int) -> str:
    """A count with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def margin(value: float | None) -> str:
    """An error ÷ bound; a dash where nothing was bounded."""
    return "\N{EN DASH}" if value is None else f"{value:.2g}"


def seconds(value: float | None) -> str:
    """A time with as many digits as are worth reading."""
    return "\N{EN DASH}" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def percent(value: float) -> str:
    """A share; only all of it is 100 %."""
    return f"{min(value, 0.999) if value < 1 else 1.0:.1%}"


def anchor(text: str) -> str:
    """A text as part of an id: without white space."""
    return "-".join(text.split())
