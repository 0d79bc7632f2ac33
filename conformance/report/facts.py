"""The facts of the runs: who ran, what was counted, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.report.columns import Column
from conformance.report.ledger import Ledger, sentence
from conformance.report.marks import ERROR, MARKS, Mark, mark_of
from conformance.run import Run


@dataclass(frozen=True)
class RunView:
    """One run, from its header and its footer."""

    number: int
    path: str
    suite: str
    started: str
    ended: str
    seed: str
    cases: str
    device: str
    against: str
    selection: str
    whole: bool
    complete: bool
    exit: str
    counts: tuple[tuple[str, int], ...]
    objections: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Fact:
    """What was counted for a law on a column."""

    clause: str
    law: str
    column: Column
    mark: Mark
    structures: int
    distinct: int
    cases: int
    seconds: float
    backend_seconds: float
    margin: float | None
    chance: dict[str, float]


@dataclass(frozen=True)
class Chances:
    """What the laws on random outcomes used up: draws, comparisons, false alarms, and their power.

    trials: laws on columns. false_alarm: a bound on the chance that a correct backend was refused.
    missed: the largest chance with which a law would miss a wrong distribution that it names.
    """

    trials: int
    draws: int
    comparisons: int
    false_alarm: float
    missed: float


def chances_of(facts: tuple[Fact, ...]) -> Chances | None:
    """The sum over all laws on random outcomes, None if none ran."""
    found = [fact.chance for fact in facts if fact.chance]
    if not found:
        return None
    return Chances(
        trials=len(found),
        draws=int(sum(c["draws"] for c in found)),
        comparisons=int(sum(c["comparisons"] for c in found)),
        false_alarm=sum(c["false_alarm"] for c in found),
        missed=1 - min(c["power"] for c in found),
    )


def runs_of(runs: list[Run], columns: list[Column]) -> tuple[RunView, ...]:
    """The runs in the order in which they were given."""
    return tuple(_run(number, run, columns) for number, run in enumerate(runs, 1))


def _run(number: int, run: Run, columns: list[Column]) -> RunView:
    header, footer = run.header, run.footer or {}
    selection = header.get("selection") or {}
    return RunView(
        number=number,
        path=_short(run.path),
        suite=str(header.get("suite", "unknown")),
        started=_moment(header.get("started")),
        ended=_moment(footer.get("ended")),
        seed=str(header.get("seed", "unknown")),
        cases=str(header.get("cases", "unknown")),
        device=str(header.get("device") or "unknown"),
        against=str(header.get("against") or ""),
        selection=_selection(selection),
        whole=bool(selection.get("whole", True)),
        complete=run.complete,
        exit=str(footer.get("exit", "")),
        counts=tuple((footer.get("verdicts") or {}).items()),
        objections=tuple(map(str, footer.get("objections") or ())),
        columns=tuple(column for column in columns if column.run == number),
    )


def _short(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _moment(text: Any) -> str:
    """A moment as people write it; a text that is no moment stays as it is."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text or "unknown")
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".strip()


def _selection(selection: dict[str, Any]) -> str:
    """How the laws were chosen, in words; empty if nothing was said of it."""
    words = [f"-k {selection['keyword']!r}"] if selection.get("keyword") else []
    words += [f"-m {selection['marker']!r}"] if selection.get("marker") else []
    return ", ".join([*words, *map(str, selection.get("paths") or ())])


def facts_of(ledger: Ledger) -> tuple[Fact, ...]:
    """One fact a verdict, by clause and law."""
    keys = {column.key: column for column in ledger.columns}
    found = [
        Fact(
            clause,
            sentence(v.law),
            keys[key],
            mark_of(v),
            v.structures,
            v.distinct,
            v.cases,
            v.seconds,
            v.backend_seconds,
            v.margin,
            v.chance,
        )
        for (clause, key), verdicts in ledger.verdicts.items()
        for v in verdicts
    ]
    order = {column.key: i for i, column in enumerate(ledger.columns)}
    return tuple(sorted(found, key=lambda f: (f.clause, f.law, order[f.column.key])))


def counts_of(
    laws: tuple[tuple[str, str, tuple[Fact, ...]], ...], columns: tuple[Column, ...]
) -> dict[str, Any]:
    """What the page's script makes the table of counts from: by clause and law a row a column.

    A row: number of the column, number of the mark, structures, distinct, cases, seconds, seconds inside
    the backend, margin. A law that drew nothing has no row, unless it ended in an error.
    """
    place = {column.key: number for number, column in enumerate(columns)}
    told = [
        [clause, law, [_row(fact, place) for fact in facts if fact.structures or fact.mark is ERROR]]
        for clause, law, facts in laws
    ]
    return {
        "columns": [column.key for column in columns],
        "marks": [f"{mark.sign} {mark.word}" for mark in MARKS],
        "laws": [one for one in told if one[2]],
    }


def _row(fact: Fact, place: dict[str, int]) -> list[Any]:
    times = [round(seconds, 3) for seconds in (fact.seconds, fact.backend_seconds)]
    margin = None if fact.margin is None else float(f"{fact.margin:.2g}")
    counts = [fact.structures, fact.distinct, fact.cases]
    return [place[fact.column.key], MARKS.index(fact.mark), *counts, *times, margin]
