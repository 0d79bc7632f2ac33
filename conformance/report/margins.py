"""Margins: how near the errors came to their bounds, by clause, dtype and backend, and how near before.

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

BARS = " ▁▂▃▄▅▆▇█"
"""A bar for each height, from none to the highest."""


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
    def bars(self) -> str:
        """A bar for each tenth, up to the last one that has cases; a case is never invisible."""
        top = max(self.counts)
        return (
            "".join(BARS[-(-8 * count // top)] for count in self.counts)
            .rstrip()
            .replace(" ", "\N{FIGURE SPACE}")
        )


@dataclass(frozen=True)
class MarginCell:
    """A clause and a dtype on one column, in this run and, if there is one, in an earlier one."""

    now: Distribution | None
    before: Distribution | None

    @property
    def risen(self) -> bool:
        """Whether the largest margin lies two tenths or more above what it was."""
        return bool(self.now and self.before and int(10 * self.now.worst) - int(10 * self.before.worst) >= 2)


@dataclass(frozen=True)
class MarginRow:
    """A clause and a dtype of results on every column. dtype: empty for a run that did not keep it."""

    clause: str
    dtype: str
    cells: tuple[MarginCell, ...]


@dataclass(frozen=True)
class MarginView:
    """The columns that have bounded cases, and a row for each clause and dtype.

    beside: what the earlier distributions are of, "baseline" or "run before"; empty if there are none.
    """

    columns: tuple[Column, ...]
    rows: tuple[MarginRow, ...]
    beside: str

    @property
    def risen(self) -> int:
        """How many largest margins have risen by two tenths."""
        return sum(cell.risen for row in self.rows for cell in row.cells)


Found = dict[tuple[str, str], dict[str, Distribution]]
"""The distribution of each dtype, by clause and column or backend."""


def margins_of(ledger: Ledger, before: Iterable[Run], beside: str) -> MarginView:
    """Every clause, dtype and column with bounded cases, clause by clause; before: called `beside`."""
    now: Found = {at: _by_dtype(verdicts) for at, verdicts in ledger.verdicts.items()}
    earlier: dict[tuple[str, str], list[Verdict]] = {}
    for run in before:
        for verdict in run.verdicts:
            earlier.setdefault((verdict.clause, verdict.backend), []).append(verdict)
    then: Found = {at: _by_dtype(verdicts) for at, verdicts in earlier.items()}
    bounded = {key for (_, key), found in now.items() if found}
    columns = tuple(column for column in ledger.columns if column.key in bounded)
    rows = dict.fromkeys((clause, dtype) for (clause, _), found in now.items() for dtype in found)
    return MarginView(
        columns,
        tuple(
            MarginRow(
                clause,
                dtype,
                tuple(
                    MarginCell(
                        now.get((clause, column.key), {}).get(dtype),
                        then.get((clause, column.name), {}).get(dtype),
                    )
                    for column in columns
                ),
            )
            for clause, dtype in sorted(rows)
        ),
        beside if any(then.values()) else "",
    )


def _by_dtype(verdicts: list[Verdict]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    for verdict in verdicts:
        kept = verdict.by_dtype
        if not kept and verdict.margin is not None and any(verdict.margins):
            kept = {"": [verdict.margin, *verdict.margins]}
        for dtype, (worst, *counts) in kept.items():
            before = found.get(dtype, Distribution((0,) * 10, 0.0))
            both = tuple(int(a + b) for a, b in zip(before.counts, counts, strict=True))
            found[dtype] = Distribution(both, max(worst, before.worst))
    return found
