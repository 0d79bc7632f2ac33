"""The readings of a clause, side by side: what the reference says, with its sources and its code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

import reference
from conformance.holders import holders
from reference.clause import READINGS, Point, Reading, find
from reference.dialects import DIALECTS
from reference.sources import Source

assert reference  # importing it fills the registry of readings


@dataclass(frozen=True)
class ReadingView:
    """A reading with every dialect and range of versions that it is stated for.

    given: the values by which it differs from other readings of the same code.
    unconfirmed: for names that no run on the page was judged by, what to say of it.
    """

    names: tuple[str, ...]
    inherited: tuple[str, ...]
    law: str
    terms: str
    points: tuple[Point, ...]
    sources: tuple[Source, ...]
    code: str
    given: str
    unconfirmed: dict[str, str]


@dataclass(frozen=True)
class PointRow:
    """A label across the readings of a clause: one text a reading, None where it is not stated."""

    label: str
    texts: tuple[Point | None, ...]

    @property
    def alike(self) -> bool:
        """Whether all readings say the same."""
        return len(set(self.texts)) == 1


def readings_of(clause: str, judged: frozenset[str] = frozenset()) -> tuple[ReadingView, ...]:
    """The readings of a clause, oldest dialect first; readings of one function are one view.

    judged: the names of readings that runs on the page were judged by.
    """
    order = list(DIALECTS)
    groups: dict[Callable[..., Any], list[Reading]] = {}
    for reading in sorted(READINGS.get(clause, ()), key=lambda r: order.index(r.dialect)):
        groups.setdefault(reading.function, []).append(reading)
    return tuple(_view(clause, group, judged) for group in groups.values())


def _view(clause: str, group: list[Reading], judged: frozenset[str]) -> ReadingView:
    first = group[0]
    stated = {r.dialect for r in READINGS[clause]}
    heirs = [name for name in DIALECTS if name not in stated and find(clause, name) in group]
    return ReadingView(
        names=tuple(r.name for r in group),
        inherited=tuple(heirs),
        law=first.law,
        terms=_terms(first),
        points=first.points,
        sources=tuple(dict.fromkeys(source for r in group for source in r.sources)),
        code=_source(first.function),
        given=_given(first),
        unconfirmed={
            r.name: "not confirmed by a run on this page"
            if holders(r)
            else "not confirmed by a run: no backend"
            for r in group
            if r.name not in judged
        },
    )


def _given(reading: Reading) -> str:
    """The parameters that the dialect fixes, with their values."""
    values = inspect.getfullargspec(reading.function).kwonlydefaults or {}
    return ", ".join(f"{name} = {values[name]!r}" for name in sorted(reading.fixed))


def point_rows(readings: tuple[ReadingView, ...]) -> tuple[PointRow, ...]:
    """The points of all readings by label, in the order in which they are first met."""
    by_reading = [{point.label: point for point in reading.points} for reading in readings]
    labels = dict.fromkeys(point.label for reading in readings for point in reading.points)
    return tuple(PointRow(label, tuple(points.get(label) for points in by_reading)) for label in labels)


def _terms(reading: Reading) -> str:
    """The part of the docstring between the law and the points: the terms with their shapes."""
    lines = reading.docstring.splitlines()[1:]
    labels = tuple(f"[{point.label}]" for point in reading.points)
    until = next((i for i, line in enumerate(lines) if labels and line.startswith(labels)), len(lines))
    return "\n".join(lines[:until]).strip()


def shared_code(chapter: str) -> str:
    """The functions of a chapter that its readings call, each once."""
    stated = _stated()
    pending = [f for f in stated if f.__module__.split(".")[:2] == ["reference", chapter]]
    seen = set(pending)
    found: list[Callable[..., Any]] = []
    while pending:
        for helper in _helpers(pending.pop()):
            if helper not in seen:
                seen.add(helper)
                pending.append(helper)
                found.append(helper)
    found.sort(key=lambda f: (f.__module__, f.__code__.co_firstlineno))
    return "\n\n\n".join(map(_source, found))


@lru_cache(maxsize=1024)
def _source(function: Callable[..., Any]) -> str:
    """The source of one function; of a reading without what the page shows as the law and its sources."""
    try:
        source = inspect.getsource(function).rstrip()
    except (OSError, TypeError):
        return f"# the source of {getattr(function, '__qualname__', function)} is not at hand"
    return _bare(source) if function in _stated() else source


@lru_cache(maxsize=1)
def _stated() -> frozenset[Callable[..., Any]]:
    return frozenset(reading.function for readings in READINGS.values() for reading in readings)


def _bare(source: str) -> str:
    """A function without its decorators and its docstring."""
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    first = function.body[0]
    lines = source.splitlines()
    if ast.get_docstring(function) is None or first.end_lineno is None:
        return "\n".join(lines[function.lineno - 1 :])
    return "\n".join([*lines[function.lineno - 1 : first.lineno - 1], *lines[first.end_lineno :]])


def _helpers(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The functions of the same chapter, in whichever of its modules, that a function's code mentions."""
    if not isinstance(function, FunctionType):
        return []
    chapter = function.__module__.split(".")[:2]
    named = (function.__globals__.get(name) for name in function.__code__.co_names)
    return [n for n in named if isinstance(n, FunctionType) and n.__module__.split(".")[:2] == chapter]
