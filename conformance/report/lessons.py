"""Lessons: a small net that is trained a few steps, what each formula predicts of it, and what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.figures import figures, lesson
from conformance.judge import says
from conformance.report.columns import Column
from conformance.report.ledger import Ledger, sentence
from conformance.strategies.augmenting import LESSON
from conformance.verdict import Figure
from reference.clause import READINGS
from reference.dialects import DIALECTS
from reference.outcomes import Setting

CLAUSE = "batches.weights"


@dataclass(frozen=True)
class Came:
    """What a backend gave: a number, the largest error of what belongs to it, and the bound there."""

    value: str
    error: str
    bound: str


@dataclass(frozen=True)
class Lesson:
    """The figures of a law.

    formulas: names of the readings that predict the same, one text for each prediction.
    rows: a name, what each formula predicts, and what each column gave, None for nothing.
    weights: of the samples.
    """

    clause: str
    claim: str
    weights: tuple[str, ...]
    formulas: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[str, ...], tuple[Came | None, ...]], ...]


def lessons_of(ledger: Ledger) -> tuple[Lesson, ...]:
    """The lesson of the net on discs, if a run holds its figures."""
    told: dict[str, dict[str, Figure]] = {}
    claim = ""
    for column in ledger.columns:
        for verdict in ledger.verdicts.get((CLAUSE, column.key), ()):
            if verdict.figures:
                claim = sentence(verdict.law)
                told[column.key] = {figure[0]: figure for figure in verdict.figures}
    if not told:
        return ()
    columns = tuple(column for column in ledger.columns if column.key in told)
    formulas = _predicted()
    names = list(next(iter(formulas.values())))
    rows = tuple(
        (
            name,
            tuple(_written(predicted[name]) for predicted in formulas.values()),
            tuple(_came(told[column.key].get(name)) for column in columns),
        )
        for name in names
    )
    weights = tuple(f"{weight:g}" for weight in _cases()[0]["weights"])
    return (Lesson(CLAUSE, claim, weights, tuple(formulas), columns, rows),)


def _cases() -> list[dict[str, Any]]:
    return LESSON.cases(1)


def _predicted() -> dict[str, dict[str, float]]:
    """What the readings predict of each figure; those that predict the same have one entry together."""
    found: dict[tuple[tuple[str, float], ...], list[str]] = {}
    order = list(DIALECTS)
    for reading in sorted(READINGS[CLAUSE], key=lambda one: order.index(one.dialect)):
        numbers = [
            (figure[0], figure[1])
            for case in _cases()
            for figure in _of(lesson(case, says(reading, case, Setting())))
        ]
        found.setdefault(tuple(numbers), []).append(reading.name)
    return {", ".join(names): dict(numbers) for numbers, names in found.items()}


def _of(said: dict[str, Any]) -> list[Figure]:
    """The figures of what was said, as if it had come."""
    return figures(said, {name: one.value for name, one in said.items()}, False)


def _came(figure: Figure | None) -> Came | None:
    if figure is None:
        return None
    _, _, value, error, bound = figure
    return Came(_written(value), f"{error:.1g}", f"{bound:.1g}")


def _written(value: float) -> str:
    return f"{value:.7f}".replace("-", "−")
