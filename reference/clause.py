"""The registry of readings: all the machinery that the book has.

A clause, such as `merging.mask`, is stated once a dialect, or once a range of versions of it.
Each statement is a reading: a function whose docstring is the law.

    first line      the law in one sentence
    then            the terms, with their shapes
    then            the points: `[label] If … the result MUST be …`

A point's strength is the last of the words MUST, SHOULD and OPEN in it.
The label stands again, as a comment, at the line of the body that does what the point says.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from types import FunctionType
from typing import Any, TypeVar

from reference.dialects import DIALECTS, lineage, release
from reference.sources import Source

Function = TypeVar("Function", bound=Callable[..., Any])

_POINT = re.compile(r"^\[([a-z0-9-]+)\] (.*)$")
_STRENGTH = re.compile(r"\b(MUST|SHOULD|OPEN)\b")


@dataclass(frozen=True)
class Point:
    """One labeled statement of a clause: its label, MUST, SHOULD or OPEN, and its text."""

    label: str
    strength: str
    text: str


@dataclass(frozen=True)
class Reading:
    """A clause as one dialect states it.

    since, before: the range of versions, from `since` on and below `before`; None leaves it open.
    fixed: the parameters of the function that are the dialect's and no inputs.
    """

    clause: str
    dialect: str
    since: str | None
    before: str | None
    sources: tuple[Source, ...]
    function: Callable[..., Any]
    fixed: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The reading's name for people: dialect and range of versions."""
        since = f" from {self.since}" if self.since else ""
        before = f" before {self.before}" if self.before else ""
        return f"{self.dialect}{since}{before}"

    @cached_property
    def docstring(self) -> str:
        """The docstring without its indentation."""
        return inspect.cleandoc(self.function.__doc__ or "")

    @property
    def law(self) -> str:
        """The law in one sentence."""
        return self.docstring.split("\n", 1)[0]

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The labeled points, in the order of the docstring."""
        points: list[Point] = []
        for line in self.docstring.splitlines():
            start = _POINT.match(line.strip())
            if start:
                points.append(Point(start[1], "", start[2]))
            elif points and line.startswith(" ") and line.strip():
                last = points[-1]
                points[-1] = Point(last.label, "", f"{last.text} {line.strip()}")
        return tuple(Point(p.label, strength(p.text), p.text) for p in points)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of the function's parameters, but for those that the dialect fixes."""
        return frozenset(inspect.signature(self.function).parameters) - self.fixed

    def covers(self, version: str | None) -> bool:
        """Whether the reading holds at `version`; None asks for the newest, without an upper end."""
        if version is None:
            return self.before is None
        numbers = release(version)
        return (self.since is None or numbers >= release(self.since)) and (
            self.before is None or numbers < release(self.before)
        )


def strength(text: str) -> str:
    """MUST, SHOULD or OPEN: the last of these words in a point's text; ValueError if there is none."""
    words = _STRENGTH.findall(text)
    if not words:
        raise ValueError(f"a point must say MUST, SHOULD or OPEN, this one does not: {text!r}")
    return str(words[-1])


READINGS: dict[str, list[Reading]] = {}


def reading(
    clause: str,
    dialect: str,
    *,
    source: Source | tuple[Source, ...],
    since: str | None = None,
    before: str | None = None,
    **fixed: Any,
) -> Callable[[Function], Function]:
    """Register the decorated function as the reading of `clause` in `dialect`.

    fixed: keyword-only parameters of the function by which dialects differ whose law has the same words.
    The reading is then a function of its own, with these values as defaults.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"{clause}: there is no dialect {dialect!r}")
    sources = source if isinstance(source, tuple) else (source,)

    def register(function: Function) -> Function:
        """Append the reading to those of its clause, and give the function back as it is."""
        own = _with_defaults(function, **fixed) if fixed else function
        held = Reading(clause, dialect, since, before, sources, own, frozenset(fixed))
        READINGS.setdefault(clause, []).append(held)
        return function

    return register


@cache
def _with_defaults(function: Callable[..., Any], **values: Any) -> Callable[..., Any]:
    """A second function of the same code, with defaults of keyword-only parameters; one for equal values."""
    assert isinstance(function, FunctionType)
    if strange := sorted(values.keys() - set(inspect.getfullargspec(function).kwonlyargs)):
        raise TypeError(f"{function.__name__} has no keyword-only parameter {', '.join(strange)}")
    given = (function.__code__, function.__globals__, function.__name__, function.__defaults__)
    second = FunctionType(*given, function.__closure__)
    second.__kwdefaults__ = {**(function.__kwdefaults__ or {}), **values}
    return second


def clauses() -> tuple[str, ...]:
    """The ids of all clauses, chapter by chapter as the book has them; those of others' chapters last."""
    from reference import CHAPTERS

    def place(clause: str) -> int:
        """The number of the chapter in the book; behind all of them for a chapter of others."""
        chapter = clause.partition(".")[0]
        return CHAPTERS.index(chapter) if chapter in CHAPTERS else len(CHAPTERS)

    return tuple(sorted(READINGS, key=place))


def find(clause: str, dialect: str, version: str | None = None) -> Reading | None:
    """The reading of `clause` in `dialect` at `version`, or None if the dialect does not state it.

    A dialect inherits the newest reading of its nearest ancestor that states the clause.
    A clause that `suite` alone states is what people want of every backend: it holds for each dialect.
    """
    for ancestor in lineage(dialect):
        wanted = version if ancestor == dialect else None
        own = [r for r in READINGS.get(clause, ()) if r.dialect == ancestor]
        for candidate in own:
            if candidate.covers(wanted):
                return candidate
        if own:
            return None
    stating = READINGS.get(clause, ())
    return stating[0] if stating and all(r.dialect == "suite" for r in stating) else None
