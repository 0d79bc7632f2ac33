"""Divergences: the record behind a fail, as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from conformance.report.columns import Column
from conformance.report.ledger import Ledger, sentence
from conformance.report.marks import Mark, mark_of
from conformance.report.values import OutcomeView, Shown, path_of, show_case, show_outcome
from conformance.run import Run
from conformance.upstream import PLACE, PLACE_OF_VERSIONS, Issue, issue_of
from conformance.verdict import Verdict
from reference.clause import READINGS


@dataclass(frozen=True)
class Expectation:
    """Why a divergence is accepted, and the file that says so."""

    reason: str
    kind: str
    link: str
    behaves_as: str
    file: str

    @property
    def shipped(self) -> bool:
        """Whether the file ships with the suite, as most do."""
        return self.file.startswith("backends/expectations/")


@dataclass(frozen=True)
class DivergenceView:
    """One divergence on one column. reading: the one that judged, if the reference states it."""

    id: str
    clause: str
    point: str
    laws: tuple[str, ...]
    column: Column
    mark: Mark
    reason: str
    explanation: str
    case: tuple[Shown, ...]
    expected: OutcomeView
    actual: OutcomeView
    where: str
    expected_by: str
    reading: str
    own_reading: str
    script: str
    script_path: str
    issue: Issue | None
    expectation: Expectation | None
    reproduced: bool | None


def divergences_of(ledger: Ledger, runs: list[Run]) -> tuple[DivergenceView, ...]:
    """Every divergence of every run, those that nothing accounts for first.

    An expected one that several laws meet stands once, with all of them.
    """
    keys = {column.key: column for column in ledger.columns}
    found: dict[Any, DivergenceView] = {}
    for (_, key), verdicts in ledger.verdicts.items():
        column = keys[key]
        for verdict in verdicts:
            data = verdict.divergence
            if data is None:
                continue
            view = _view(verdict, data, column, runs[column.run - 1])
            same = (key, view.clause, repr(data.get("case"))) if verdict.expected else view.id
            if same in found:
                view = replace(found[same], laws=(*found[same].laws, *view.laws))
            found[same] = view
    return tuple(sorted(found.values(), key=lambda d: (d.mark.key == "expected", d.clause)))


def _view(verdict: Verdict, data: dict[str, Any], column: Column, run: Run) -> DivergenceView:
    where = str(data.get("where") or "")
    return DivergenceView(
        id=f"{verdict.clause}/{column.key}/{verdict.law}",
        clause=verdict.clause,
        point=str(data.get("point") or ""),
        laws=(sentence(verdict.law),),
        column=column,
        mark=mark_of(verdict),
        reason=verdict.reason,
        explanation=str(data.get("explanation") or ""),
        case=show_case(data.get("case")),
        expected=show_outcome(data.get("expected"), path_of(where)),
        actual=show_outcome(data.get("actual"), path_of(where)),
        where=where,
        expected_by=str(data.get("expected_by") or ""),
        reading=_stated(verdict),
        own_reading=str(data.get("own_reading") or ""),
        script=str(data.get("script") or ""),
        script_path=str(data.get("script_path") or ""),
        issue=issue_of(verdict, run.identity(verdict.backend), PLACE, PLACE_OF_VERSIONS),
        expectation=_expectation(data.get("expectation")),
        # A new divergence is kept with its path only after its script has shown it.
        reproduced=run.reproduced.get(
            f"{verdict.law}[{verdict.backend}]", bool(data.get("script_path")) or None
        ),
    )


def _stated(verdict: Verdict) -> str:
    """The name of the reading that judged, empty if this reference has no such reading."""
    names = [reading.name for reading in READINGS.get(verdict.clause, ())]
    return verdict.reading if verdict.reading in names and verdict.reading else ""


def _expectation(data: Any) -> Expectation | None:
    if not isinstance(data, dict):
        return None
    said = {key: str(data.get(key) or "") for key in ("reason", "kind", "link", "behaves_as", "file")}
    return Expectation(**said)
