"""Divergences: the record behind a fail, as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.report.columns import Column
from conformance.report.ledger import Ledger, sentence
from conformance.report.marks import Mark, mark_of
from conformance.report.values import OutcomeView, Shown, path_of, show_case, show_outcome
from conformance.verdict import Verdict


@dataclass(frozen=True)
class Expectation:
    """Why a divergence is accepted."""

    reason: str
    kind: str
    link: str
    behaves_as: str


@dataclass(frozen=True)
class DivergenceView:
    """One divergence on one column."""

    id: str
    clause: str
    point: str
    law: str
    column: Column
    mark: Mark
    reason: str
    explanation: str
    case: tuple[Shown, ...]
    expected: OutcomeView
    actual: OutcomeView
    where: str
    expected_by: str
    own_reading: str
    script: str
    script_path: str
    expectation: Expectation | None


def divergences_of(ledger: Ledger) -> tuple[DivergenceView, ...]:
    """Every divergence of every run, those that nothing accounts for first."""
    keys = {column.key: column for column in ledger.columns}
    found = [
        _view(verdict, verdict.divergence, keys[key])
        for (_, key), verdicts in ledger.verdicts.items()
        for verdict in verdicts
        if verdict.divergence is not None
    ]
    return tuple(sorted(found, key=lambda d: (d.mark.key == "expected", d.clause)))


def _view(verdict: Verdict, data: dict[str, Any], column: Column) -> DivergenceView:
    where = str(data.get("where") or "")
    return DivergenceView(
        id=f"{verdict.clause}/{column.key}/{verdict.law}",
        clause=verdict.clause,
        point=str(data.get("point") or ""),
        law=sentence(verdict.law),
        column=column,
        mark=mark_of(verdict),
        reason=verdict.reason,
        explanation=str(data.get("explanation") or ""),
        case=show_case(data.get("case")),
        expected=show_outcome(data.get("expected"), path_of(where)),
        actual=show_outcome(data.get("actual"), path_of(where)),
        where=where,
        expected_by=str(data.get("expected_by") or ""),
        own_reading=str(data.get("own_reading") or ""),
        script=str(data.get("script") or ""),
        script_path=str(data.get("script_path") or ""),
        expectation=_expectation(data.get("expectation")),
    )


def _expectation(data: Any) -> Expectation | None:
    if not isinstance(data, dict):
        return None
    said = {key: str(data.get(key) or "") for key in ("reason", "kind", "link", "behaves_as")}
    return Expectation(**said)
