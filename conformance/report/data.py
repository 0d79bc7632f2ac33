"""The report as data: the machine-readable twin of the page, by the published schema beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.report.clauses import Cell, ClauseView
from conformance.report.columns import Column
from conformance.report.divergences import DivergenceView
from conformance.report.model import Page
from conformance.run import Run

SCHEMA = Path(__file__).parent / "report.schema.json"
VERSION = 1


def data_of(page: Page, runs: list[Run]) -> dict[str, Any]:
    """The page's runs, backends, clauses, divergences and open points."""
    return {
        "schema": VERSION,
        "suite": __version__,
        "runs": [_run(run) for run in runs],
        "not_run": list(page.gaps),
        "backends": [_backend(column) for column in page.columns],
        "clauses": [_clause(clause) for clause in page.clauses],
        "divergences": [_divergence(one) for one in page.divergences],
        "difference": {title: list(sentences) for title, sentences in page.difference},
    }


def _run(run: Run) -> dict[str, Any]:
    header = run.header
    return {
        "file": run.path.name,
        "complete": run.complete,
        **{key: header.get(key) for key in ("suite", "started", "seed", "cases", "device", "against")},
    }


def _backend(column: Column) -> dict[str, Any]:
    return {
        "key": column.key,
        "name": column.name,
        "run": column.run,
        "version": column.version,
        "dialect": column.dialect,
        "device": column.device,
        "packages": column.identity.get("packages") or {},
    }


def _clause(clause: ClauseView) -> dict[str, Any]:
    return {
        "id": clause.id,
        "chapter": clause.chapter,
        "readings": [
            {"names": list(reading.names), "law": reading.law, "sources": [s.link for s in reading.sources]}
            for reading in clause.readings
        ],
        "laws": [law.name for law in clause.laws],
        "verdicts": [_cell(cell) for cell in clause.cells],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "backend": cell.column.key,
        "verdict": cell.mark.word,
        "operation": cell.kind,
        "laws": cell.laws,
        "structures": cell.structures,
        "cases": cell.cases,
        "margin": cell.margin,
        "notes": [note.text for note in cell.notes],
    }


def _divergence(one: DivergenceView) -> dict[str, Any]:
    return {
        "id": one.id,
        "clause": one.clause,
        "point": one.point,
        "laws": list(one.laws),
        "backend": one.column.key,
        "expected": one.expectation is not None,
        "explanation": one.explanation or one.reason,
        "expected_by": one.expected_by,
        "reason": one.expectation.reason if one.expectation else "",
        "link": one.expectation.link if one.expectation else "",
        "reproduction": one.script,
        "reproduced": one.reproduced,
    }
