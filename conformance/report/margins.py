"""Margins: how near the errors came to their bounds, a clause and backend, and how near they came before.

A margin is error ÷ bound of a case that agreed. Drift shows as a distribution that moves to the right
long before anything fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.report.columns import Column
from conformance.report.ledger import Ledger
from conformance.run import Run
from conformance.verdict import Verdict


@dataclass(frozen=True)
class Distribution:
    """How many bounded cases had a margin in each tenth, and the largest margin."""

    counts: tuple[int, ...]
    worst: float

    @property
    def total(self) -> int:
        """How many cases were bounded."""
        return sum(self.counts)

    @property
    def heights(self) -> tuple[int, ...]:
        """A bar for each tenth, as a share of the highest in hundredths; a case is never invisible."""
        top = max(self.counts)
        return tuple(max(4, round(100 * n / top)) if n else 0 for n in self.counts)


@dataclass(frozen=True)
class MarginView:
    """A clause on a column, in this run and, if there is one, in the run before."""

    clause: str
    column: Column
    now: Distribution
    before: Distribution | None


def margins_of(ledger: Ledger, before: Iterable[Run]) -> tuple[MarginView, ...]:
    """Every clause and column with bounded cases, clause by clause."""
    columns = {column.key: column for column in ledger.columns}
    earlier: dict[tuple[str, str], list[Verdict]] = {}
    for run in before:
        for verdict in run.verdicts:
            earlier.setdefault((verdict.clause, verdict.backend), []).append(verdict)
    found = []
    for (clause, key), verdicts in ledger.verdicts.items():
        now = _distribution(verdicts)
        if now is not None:
            column = columns[key]
            found.append(
                MarginView(clause, column, now, _distribution(earlier.get((clause, column.name), [])))
            )
    return tuple(found)


def _distribution(verdicts: list[Verdict]) -> Distribution | None:
    bounded = [v for v in verdicts if v.margin is not None and any(v.margins)]
    if not bounded:
        return None
    counts = tuple(sum(v.margins[tenth] for v in bounded) for tenth in range(10))
    return Distribution(counts, max(v.margin for v in bounded if v.margin is not None))
