"""The porting guide as the page shows it: between two stations, what differs, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.divergence import literal, plain, text_of
from conformance.porting import STATIONS, Change, Example, Station, changes, held, instead
from conformance.report.clauses import ClauseView
from conformance.report.marks import EXPECTED, PASS
from conformance.report.values import OutcomeView, Shown, outcome_view, show
from reference.clause import Point, Reading

MOST_EXAMPLES = 2
"""Examples of a change that the page shows; conformance porting shows all."""

MOST_DRAWN = 160
"""Characters of a value that is drawn; of a longer one the beginning stands as text."""


@dataclass(frozen=True)
class Side:
    """One of the two readings of an example: the point that decides, and what it says of the case."""

    point: Point | None
    outcome: OutcomeView


@dataclass(frozen=True)
class ExampleView:
    """A case on which the readings part; `strict` unless one leaves open what the other defines."""

    case: tuple[Shown, ...]
    sides: tuple[Side, Side]
    strict: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the points that decide."""
        return tuple(dict.fromkeys(side.point.label for side in self.sides if side.point))


@dataclass(frozen=True)
class ReadingSide:
    """A reading of a change: its name, its law, its stations by number, and the backends that hold it."""

    name: str
    law: str
    stations: tuple[int, ...]
    confirmed: tuple[str, ...]


@dataclass(frozen=True)
class ChangeView:
    """A clause that two stations read differently. advice: by number of the station one goes to."""

    clause: str
    readings: tuple[ReadingSide, ReadingSide]
    examples: tuple[ExampleView, ...]
    advice: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class PortingView:
    """The guide: the stations in order, and every change between any two of them."""

    stations: tuple[Station, ...]
    changes: tuple[ChangeView, ...]


def porting_of(clauses: tuple[ClauseView, ...]) -> PortingView:
    """The guide, with the backends of the page's runs that hold each reading."""
    views = {clause.id: clause for clause in clauses}
    told = [change for change in changes() if change.examples]
    return PortingView(STATIONS, tuple(_change(change, views[change.clause]) for change in told))


def _change(change: Change, clause: ClauseView) -> ChangeView:
    sides = (_side(change.first, change.clause, clause), _side(change.second, change.clause, clause))
    said: dict[str, list[int]] = {}
    for number in (*sides[0].stations, *sides[1].stations):
        if text := instead(change.clause, STATIONS[number]):
            said.setdefault(text, []).append(number)
    return ChangeView(
        clause=change.clause,
        readings=sides,
        examples=tuple(_example(example, change) for example in change.examples[:MOST_EXAMPLES]),
        advice=tuple((text, tuple(numbers)) for text, numbers in said.items()),
    )


def _side(reading: Reading, clause_id: str, clause: ClauseView) -> ReadingSide:
    stations = []
    for number, station in enumerate(STATIONS):
        here = held(clause_id, station)
        if here is not None and here.function is reading.function:
            stations.append(number)
    confirmed = [
        f"{cell.column.name} {cell.column.version}".strip()
        for cell in clause.cells
        if reading.name in cell.readings and cell.mark in (PASS, EXPECTED) and cell.cases
    ]
    return ReadingSide(reading.name, reading.law, tuple(stations), tuple(dict.fromkeys(confirmed)))


def _example(example: Example, change: Change) -> ExampleView:
    sides = []
    for reading, label in zip((change.first, change.second), example.points, strict=True):
        point = next((point for point in reading.points if point.label == label), None)
        sides.append(Side(point, _outcome(example.says(reading))))
    case = tuple(_shown(name, value) for name, value in example.case.items())
    return ExampleView(case, (sides[0], sides[1]), example.strict)


def _shown(name: str, value: Any) -> Shown:
    """An input: a few elements as they are, a model or a large array in outline."""
    text = literal(value)
    return show(name, value) if len(text) <= MOST_DRAWN else Shown(name, text=text[:MOST_DRAWN] + " …")


def _outcome(said: Any) -> OutcomeView:
    """An outcome: drawn if it is small."""
    outcome = plain(said)
    text = text_of(outcome)
    return outcome_view(outcome) if len(text) <= MOST_DRAWN else OutcomeView(text[:MOST_DRAWN] + " …")
