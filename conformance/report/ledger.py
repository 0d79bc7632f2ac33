"""The verdicts of all runs, found by clause and column; what was selected and has none is found too."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from conformance.report.columns import Column, columns_of
from conformance.report.marks import NOT_RUN, Mark, mark_of, worst
from conformance.run import Run
from conformance.verdict import Verdict


@dataclass
class Ledger:
    """What is known of every clause on every column.

    verdicts: by clause and key of the column.
    missing: laws that were selected and have no verdict, by clause and key of the column.
    laws: the laws of a clause with the points they are bound to.
    unplaced: selected ids without a verdict whose law no run has a verdict of.
    """

    columns: list[Column]
    verdicts: dict[tuple[str, str], list[Verdict]] = field(default_factory=lambda: defaultdict(list))
    missing: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    laws: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=lambda: defaultdict(dict))
    unplaced: list[str] = field(default_factory=list)

    def marks(self, clause: str, column: Column) -> list[Mark]:
        """The marks of a clause on a column, one a law."""
        at = (clause, column.key)
        return [mark_of(v) for v in self.verdicts.get(at, ())] + [NOT_RUN] * len(self.missing.get(at, ()))

    def worst(self, clause: str, column: Column) -> Mark:
        """The worst mark of a clause on a column."""
        return worst(self.marks(clause, column))


def ledger_of(runs: list[Run]) -> Ledger:
    """Enter every verdict, and every selected law without one."""
    ledger = Ledger(columns_of(runs))
    clause_of: dict[str, str] = {}
    for run in runs:
        for verdict in run.verdicts:
            clause_of.setdefault(verdict.law, verdict.clause)
            ledger.laws[verdict.clause].setdefault(verdict.law, verdict.points)
    for number, run in enumerate(runs, 1):
        keys = {column.name: column.key for column in ledger.columns if column.run == number}
        done: set[tuple[str, str]] = set()
        for verdict in run.verdicts:
            ledger.verdicts[verdict.clause, keys[verdict.backend]].append(verdict)
            done.add((verdict.law, verdict.backend))
        for selected in [*run.header.get("selected", ()), *(run.footer or {}).get("selected", ())]:
            law, backend = parse_id(selected)
            if (law, backend) in done:
                continue
            if law in clause_of and backend in keys:
                ledger.missing[clause_of[law], keys[backend]].append(law)
            else:
                ledger.unplaced.append(selected)
    return ledger


def parse_id(selected: str) -> tuple[str, str]:
    """The law and the backend of an id such as `test_merging.py::test_a_law[tf]`."""
    law, _, backend = selected.rpartition("::")[2].partition("[")
    return law, backend.removesuffix("]")


def sentence(law: str) -> str:
    """A law's claim, from the name of its test."""
    words = law.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:]
