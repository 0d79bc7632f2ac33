"""Clauses as the page shows them: a row of the matrix, and a section with all that is known."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass

from conformance.report.columns import Column
from conformance.report.ledger import Ledger, sentence
from conformance.report.marks import MARKS, NOT_RUN, Mark, mark_of
from conformance.report.readings import PointRow, ReadingView, point_rows, readings_of, shared_code
from conformance.verdict import State, Verdict
from reference.clause import clauses


@dataclass(frozen=True)
class Note:
    """Something said of a backend, and the laws that it is said of; no laws means all of them."""

    text: str
    laws: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A clause on a column: the worst mark of its laws, and how many of them have it."""

    column: Column
    mark: Mark
    having: int
    laws: int
    kind: str
    readings: tuple[str, ...]
    structures: int
    cases: int
    margin: float | None
    notes: tuple[Note, ...]
    divergences: int


@dataclass(frozen=True)
class LawView:
    """A law with its verdicts, the columns grouped by mark, the worst first."""

    name: str
    sentence: str
    points: tuple[str, ...]
    groups: tuple[tuple[Mark, tuple[Column, ...]], ...]
    structures: int
    cases: int
    margin: float | None


@dataclass(frozen=True)
class ClauseView:
    """One clause: what it says and what came of it."""

    id: str
    chapter: str
    name: str
    readings: tuple[ReadingView, ...]
    points: tuple[PointRow, ...]
    cells: tuple[Cell, ...]
    laws: tuple[LawView, ...]

    @property
    def summary(self) -> str:
        """The law in a line; if the readings differ in it, that they do."""
        sentences = {reading.law for reading in self.readings}
        if len(sentences) == 1:
            return sentences.pop()
        return f"{len(self.readings)} readings: the dialects differ" if sentences else ""


@dataclass(frozen=True)
class ChapterView:
    """The clauses of one chapter, what it is about, and the code that its readings share."""

    name: str
    about: str
    code: str
    clauses: tuple[ClauseView, ...]


def chapters_of(ledger: Ledger) -> tuple[ChapterView, ...]:
    """Every clause of the reference, and those that only a run speaks of, by chapter."""
    chapters: dict[str, list[ClauseView]] = defaultdict(list)
    for id in dict.fromkeys([*clauses(), *(clause for clause, _ in ledger.verdicts)]):
        chapters[id.partition(".")[0]].append(_clause(id, ledger))
    return tuple(
        ChapterView(name, _about(name), shared_code(name), tuple(found)) for name, found in chapters.items()
    )


def _about(chapter: str) -> str:
    module = sys.modules.get(f"reference.{chapter}")
    return " ".join((getattr(module, "__doc__", None) or "").strip().split())


def _clause(id: str, ledger: Ledger) -> ClauseView:
    chapter, _, name = id.partition(".")
    judged = (v.reading for column in ledger.columns for v in ledger.verdicts.get((id, column.key), ()))
    readings = readings_of(id, frozenset(name for name in judged if name))
    return ClauseView(
        id=id,
        chapter=chapter,
        name=name or chapter,
        readings=readings,
        points=point_rows(readings),
        cells=tuple(_cell(id, column, ledger) for column in ledger.columns),
        laws=tuple(_law(id, law, points, ledger) for law, points in ledger.laws.get(id, {}).items()),
    )


def _cell(clause: str, column: Column, ledger: Ledger) -> Cell:
    verdicts = ledger.verdicts.get((clause, column.key), [])
    marks = ledger.marks(clause, column)
    mark = ledger.worst(clause, column)
    return Cell(
        column=column,
        mark=mark,
        having=marks.count(mark),
        laws=len(marks),
        kind=_kind(clause, column),
        readings=tuple(dict.fromkeys(v.reading for v in verdicts if v.reading)),
        structures=sum(v.structures for v in verdicts),
        cases=sum(v.cases for v in verdicts),
        margin=_worst_margin(verdicts),
        notes=_notes(verdicts, ledger.missing.get((clause, column.key), [])),
        divergences=sum(v.divergence is not None for v in verdicts),
    )


def _kind(clause: str, column: Column) -> str:
    """Whether the operation is the framework's own or assembled by the adapter; empty if not said."""
    if clause in column.operations:
        return column.operations[clause]
    return "absent" if clause in column.without else ""


def _notes(verdicts: list[Verdict], missing: list[str]) -> tuple[Note, ...]:
    """The reasons of all verdicts that have one, each said once; an expected divergence says its own."""
    said: dict[str, list[str]] = defaultdict(list)
    for verdict in verdicts:
        if (
            verdict.reason
            and verdict.state is not State.PASS
            and not (verdict.expected and verdict.divergence)
        ):
            said[verdict.reason].append(verdict.law)
        if verdict.unsupported_cases:
            said[f"{verdict.unsupported_cases} cases unsupported: {verdict.unsupported_reason}"].append(
                verdict.law
            )
        if verdict.known_cases:
            said[f"{verdict.known_cases} cases diverged just as an expectation says"].append(verdict.law)
    for law in missing:
        said["selected, and the run holds no verdict of it"].append(law)
    total = len(verdicts) + len(missing)
    return tuple(
        Note(text, () if len(laws) == total else tuple(sentence(law) for law in laws))
        for text, laws in said.items()
    )


def _law(clause: str, law: str, points: tuple[str, ...], ledger: Ledger) -> LawView:
    found: list[Verdict] = []
    groups: dict[Mark, list[Column]] = defaultdict(list)
    for column in ledger.columns:
        own = [v for v in ledger.verdicts.get((clause, column.key), ()) if v.law == law]
        found.extend(own)
        for mark in dict.fromkeys(map(mark_of, own)) or {NOT_RUN: None}:
            groups[mark].append(column)
    return LawView(
        name=law,
        sentence=sentence(law),
        points=points,
        groups=tuple((mark, tuple(groups[mark])) for mark in MARKS if mark in groups),
        structures=sum(v.structures for v in found),
        cases=sum(v.cases for v in found),
        margin=_worst_margin(found),
    )


def _worst_margin(verdicts: list[Verdict]) -> float | None:
    return max((v.margin for v in verdicts if v.margin is not None), default=None)
