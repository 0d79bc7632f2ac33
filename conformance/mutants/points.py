"""Whether every point has a law that fails when the point's line is broken.

A point is broken, reading by reading, in the ways of `conformance.mutants.breaks`, the nearest first, and
judged by the laws that are bound to it alone, until one of them fails. Where a point is OPEN, what is
broken may only allow less than the point does; then a backend which does the rest would fail, and that is
looked at as well, on the cases of the same laws ("less"). What no way and no law does stays in the list of
points without a law that would see them broken.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import conformance
from conformance.mutants.breaks import KINDS, breaks, places
from conformance.mutants.judging import LOOK, Court
from conformance.mutants.looking import allows_less
from conformance.mutants.plan import Mutant
from conformance.mutants.units import Unit, units
from conformance.mutants.work import digest
from conformance.teeth.scoped import today
from reference.clause import Reading, clauses

WAYS = (*KINDS, "less")
"""How a point can be seen broken."""

TRIES = 40
"""How many mutants of one kind are tried, at most, for one point."""


@dataclass(frozen=True)
class Broken:
    """What became of a point of a reading whose line was broken.

    how: one of `WAYS`, nothing if no law saw any. law: who saw it. mutant: what was changed.
    tried: how many mutants it took, or all.
    """

    clause: str
    reading: str
    point: str
    strength: str
    how: str = ""
    law: str = ""
    mutant: str = ""
    tried: int = 0


def measure(
    scope: Sequence[str], structures: int, seed: int, jobs: int, path: Path, tell: Callable[[str], None]
) -> list[Broken]:
    """Break every point of the clauses and chapters; what the file holds of such a run is not done again."""
    header = {"suite": conformance.__version__, "of": digest(), "structures": structures, "seed": seed}
    kept = _read(path, header)
    wanted = [c for c in clauses() if not scope or c in scope or c.partition(".")[0] in scope]
    _UNITS[:] = units(structures, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        if not kept and not path.stat().st_size:
            file.write(json.dumps(header) + "\n")
        for clause, found in _by_clause([c for c in wanted if c not in kept], jobs):
            kept[clause] = found
            file.write(json.dumps([clause, [asdict(one) for one in found]], ensure_ascii=False) + "\n")
            file.flush()
            tell(f"{len(kept)} of {len(wanted)} clauses, the latest {clause}")
    return [one for clause in wanted for one in kept[clause]]


def _read(path: Path, header: dict[str, Any]) -> dict[str, list[Broken]]:
    """What a file holds, by clause; nothing if it is of another run, which is then written anew."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if not lines or json.loads(lines[0]) != header:
        path.unlink(missing_ok=True)
        return {}
    found = {}
    for line in lines[1:]:
        try:
            clause, points = json.loads(line)
        except json.JSONDecodeError:  # the run was killed while it wrote
            continue
        found[clause] = [Broken(**one) for one in points]
    return found


_UNITS: list[Unit] = []


def _by_clause(wanted: Sequence[str], jobs: int) -> Iterator[tuple[str, list[Broken]]]:
    if jobs == 1:
        yield from map(_of_clause, wanted)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:  # forked, so that the units are there
        yield from pool.imap_unordered(_of_clause, wanted)


def _of_clause(clause: str) -> tuple[str, list[Broken]]:
    """The points of a clause's readings; a function that dialects share counts once, as the units do."""
    by_reading: dict[Reading, list[Unit]] = defaultdict(list)
    for unit in _UNITS:
        if unit.reading.clause == clause:
            by_reading[unit.reading].append(unit)
    found = [one for reading, its in by_reading.items() for one in broken(reading, its)]
    for its in by_reading.values():
        for unit in its:
            unit.forget()
    return clause, found


def broken(reading: Reading, units: Sequence[Unit]) -> list[Broken]:
    """What became of each point of a reading, judged by those of the units whose laws are bound to it."""
    court, found = Court(units, [set() for _ in units]), []
    where = places(reading)
    for point in reading.points:
        held = (reading.clause, reading.name, point.label, point.strength)
        bound = [number for number, unit in enumerate(units) if point.label in unit.law.points]
        ways = [way for place in where.get(point.label, ()) for way in breaks(place)]
        tried = [way for kind in KINDS for way in [w for w in ways if w[0] == kind][:TRIES]]
        if point.strength == "OPEN":
            tried += [("less", mutant) for kind, mutant in ways if kind in ("own", "left out")]
        for number, (kind, mutant) in enumerate(tried, 1):
            killer = next((one for one in bound if _sees(court, one, kind, mutant)), None)
            if killer is not None:
                found.append(Broken(*held, kind, units[killer].law.name, mutant.id, number))
                break
        else:
            found.append(Broken(*held, tried=len(tried)))
    return found


def _sees(court: Court, number: int, kind: str, mutant: Mutant) -> bool:
    if kind == "less":
        return allows_less(court.units[number], mutant, LOOK)
    return court.killed_by(number, mutant, at_times=kind == "at times")


def summarize(found: Sequence[Broken], structures: int, seed: int) -> dict[str, Any]:
    """The figures clause by clause, and each point that no law sees broken."""
    rows: dict[str, list[Broken]] = defaultdict(list)
    for one in found:
        rows[one.clause].append(one)
    measured = {"measured": today(), "structures": structures, "seed": seed}
    return {
        "suite": conformance.__version__,
        "rows": [
            {"clause": clause, **measured, **{k: sum(b.how == k for b in its) for k in ("", *WAYS)}}
            for clause, its in rows.items()
        ],
        "unseen": [asdict(one) for one in found if not one.how],
    }
