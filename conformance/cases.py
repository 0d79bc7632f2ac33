"""Cases from outside a law: a pinned case of the survey, a record in a file, a divergence of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.base import Outcome
from backends.codec import Malformed, from_json, to_json
from conformance.run import BrokenRun, read_run
from conformance.survey import outcome_class, pinned
from reference.clause import READINGS


class NoCase(ValueError):
    """What was named holds no case; the message says what does."""


@dataclass(frozen=True)
class Case:
    """One concrete input of a clause, and a name for it."""

    clause: str
    name: str
    inputs: dict[str, Any]


def cases_of(text: str) -> list[Case]:
    """The cases behind a clause, a JSON record, or a run; "RUN#LAW[BACKEND]" for one divergence of it.

    A record is an object with "clause" and "case", as in a divergence or a counterexample.
    """
    if text in READINGS:
        found = [Case(text, one.name, one.inputs) for one in pinned() if one.clause == text]
        if not found:
            raise NoCase(
                f"{text} leaves no point open, so no case of it is pinned; name a divergence instead"
            )
        return found
    place, _, id = text.partition("#")
    path = Path(place)
    if not path.exists():
        raise NoCase(f"{text!r} is no clause and no file; name a clause, a record, or RUN#LAW[BACKEND]")
    return _of_run(path, id) if path.is_dir() or path.suffix == ".jsonl" else [_of_record(path)]


def _of_record(path: Path) -> Case:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        inputs = from_json(data["case"])
        clause = str(data["clause"])
    except (ValueError, KeyError, TypeError, Malformed) as error:
        raise NoCase(f"{path}: no record with a clause and a case: {error!r}") from None
    if clause not in READINGS:
        raise NoCase(f"{path}: there is no clause {clause!r}; see conformance list")
    return Case(clause, path.stem, inputs)


def _of_run(path: Path, id: str) -> list[Case]:
    try:
        run = read_run(path)
    except BrokenRun as error:
        raise NoCase(str(error)) from None
    found = {
        f"{verdict.law}[{verdict.backend}]": Case(
            verdict.clause, verdict.law, from_json(verdict.divergence["case"])
        )
        for verdict in run.verdicts
        if verdict.divergence
    }
    if id and id not in found:
        raise NoCase(f"{run.path} has no divergence {id!r}; it has {', '.join(found) or 'none'}")
    if not found:
        raise NoCase(f"{run.path} has no divergence")
    return [found[id]] if id else [*found.values()]


def said(outcome: Outcome) -> str:
    """An outcome so that equal texts are equal outcomes."""
    text = outcome_class(outcome)
    if outcome.changed:
        text += f", and {', '.join(outcome.changed)} changed in place"
    if outcome.kind == "value" and len(text) > 200:
        return json.dumps(to_json(outcome.value))
    return text
