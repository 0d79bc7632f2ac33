"""The page about the suite itself: mutants, false alarms, flakes and miniatures, from committed figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.mutants.operators import OPERATORS
from conformance.mutants.points import WAYS
from conformance.teeth import RESULTS, results
from conformance.teeth.coverage import sentences
from conformance.teeth.detection import entries
from conformance.teeth.scoped import shares
from reference import CHAPTERS


@dataclass(frozen=True)
class Tally:
    """Mutants of a clause or of all: killed, equivalent, allowed, alive."""

    killed: int = 0
    equivalent: int = 0
    allowed: int = 0
    survived: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(one + two for one, two in zip(self.counts, other.counts, strict=True)))

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The four numbers."""
        return self.killed, self.equivalent, self.allowed, self.survived

    @property
    def made(self) -> int:
        """All."""
        return sum(self.counts)

    @property
    def raw(self) -> float:
        """The share of all that was killed."""
        return self.killed / self.made if self.made else 1.0

    @property
    def told(self) -> float:
        """The share of those that can be killed."""
        told = self.killed + self.survived
        return self.killed / told if told else 1.0


@dataclass(frozen=True)
class ClauseTally:
    """A row of the matrix: a clause, its tally by operator, and in all, when it was judged.

    killers: the laws that killed, how many each, in how many cases at most and seconds; empty if not kept.
    left: how many of its mutants were not judged.
    """

    clause: str
    cells: tuple[Tally | None, ...]
    total: Tally
    measured: str
    structures: int
    killers: tuple[Killer, ...]
    left: int = 0


@dataclass(frozen=True)
class Killer:
    """A law that killed mutants of a clause: cases and seconds, half of them and all."""

    law: str
    killed: int
    cases: dict[str, float]
    seconds: dict[str, float]


@dataclass(frozen=True)
class PointTally:
    """Points of a clause or of all by how their line was broken so that a law saw it; "" if none did.

    measured: when it was; nothing for all.
    """

    clause: str
    ways: dict[str, int]
    measured: str = ""

    @property
    def made(self) -> int:
        """All."""
        return sum(self.ways.values())

    @property
    def seen(self) -> int:
        """Those that a law saw broken."""
        return self.made - self.ways[""]


@dataclass(frozen=True)
class TeethView:
    """Everything that the page says; None for what was never run."""

    operators: tuple[str, ...]
    rows: tuple[ClauseTally, ...]
    columns: tuple[Tally, ...]
    total: Tally
    mutants: dict[str, Any] | None
    points: tuple[PointTally, ...]
    all_points: PointTally
    unseen: list[dict[str, Any]]
    coverage: dict[str, Any] | None
    missed: tuple[str, ...]
    soak: dict[str, Any] | None
    kinds: tuple[str, ...]
    flakes: list[dict[str, Any]]
    gallery: list[dict[str, Any]]

    @property
    def timed(self) -> Killer:
        """All killed mutants of which cases and seconds are kept, as if one law had killed them."""
        parts = [
            law for row in (self.mutants or {}).get("rows", []) for law in row.get("killers", {}).values()
        ]
        return _killer("", parts)

    @property
    def wider(self) -> int:
        """How many killed mutants gave what their reading gives, and allowed more beside it."""
        return sum(row.get("wider", 0) for row in (self.mutants or {}).get("rows", []))

    @property
    def alarmed(self) -> int:
        """How many killed mutants gave what their reading gives, and refuse the control as the oracle."""
        return sum(row.get("alarmed", 0) for row in (self.mutants or {}).get("rows", []))

    @property
    def missing(self) -> tuple[str, ...]:
        """The chapters whose mutants were not run."""
        run = {row.clause.partition(".")[0] for row in self.rows}
        return tuple(chapter for chapter in CHAPTERS if chapter not in run)


def teeth_of(folder: Path = RESULTS) -> TeethView:
    """The page as data, from the figures in a folder."""
    mutants, soak, covered, broken = (
        results(kind, folder) for kind in ("mutants", "soak", "coverage", "points")
    )
    points = tuple(
        PointTally(row["clause"], {way: row[way] for way in ("", *WAYS)}, row["measured"])
        for row in (broken or {}).get("rows", [])
    )
    rows = tuple(_row(row) for row in (mutants or {}).get("rows", []))
    used = {kind for part in (soak or {}).get("clauses", {}).values() for kind in part["margins"]}
    return TeethView(
        operators=tuple(OPERATORS),
        rows=rows,
        columns=tuple(
            sum((cell for row in rows if (cell := row.cells[place]) is not None), Tally())
            for place in range(len(OPERATORS))
        ),
        total=sum((row.total for row in rows), Tally()),
        mutants=mutants,
        points=points,
        all_points=PointTally("", {way: sum(row.ways[way] for row in points) for way in ("", *WAYS)}),
        unseen=(broken or {}).get("unseen", []),
        coverage=covered,
        missed=tuple(sentences(covered)) if covered else (),
        soak=soak,
        kinds=tuple(kind for kind in ("float16", "bfloat16", "float32", "float64") if kind in used),
        flakes=[one | {"most": shares(one["structures"])} for one in results("flakes", folder) or []],
        gallery=entries(results("detection", folder)),
    )


def _row(row: dict[str, Any]) -> ClauseTally:
    cells = tuple(Tally(*row["cells"][name]) if name in row["cells"] else None for name in OPERATORS)
    total = sum((cell for cell in cells if cell is not None), Tally())
    killers = tuple(_killer(law, [counts]) for law, counts in row.get("killers", {}).items())
    left = row.get("left", 0)
    return ClauseTally(row["clause"], cells, total, row["measured"], row["structures"], killers, left)


def _killer(law: str, parts: list[dict[str, dict[str, int]]]) -> Killer:
    cases, seconds = Counter[str](), Counter[str]()
    for part in parts:
        cases.update(part["cases"])
        seconds.update(part["seconds"])
    return Killer(law, cases.total(), shares(cases), shares(seconds))
