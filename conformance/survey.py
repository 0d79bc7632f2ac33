"""The survey: pinned cases of OPEN points, run on every backend for the record.

What a dialect leaves open is never tested as if it were defined, but people rely on it all the
same. The class of each outcome is written down, so that a change from one release to the next, and
a difference between backends of one dialect, can be seen.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from backends.base import Outcome
from backends.codec import to_json
from conformance.divergence import literal
from conformance.examine import Options
from conformance.handle import Handle, Lost

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Pinned:
    """A pinned case of an OPEN point: a name for people, and the inputs."""

    clause: str
    point: str
    name: str
    inputs: dict[str, Any]


PINNED: list[Pinned] = []


def pin(clause: str, point: str, name: str, **inputs: Any) -> None:
    """Add a case to the survey."""
    PINNED.append(Pinned(clause, point, name, inputs))


def pinned() -> list[Pinned]:
    """Every case of the survey, chapter by chapter."""
    package = importlib.import_module("conformance.surveys")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"conformance.surveys.{module.name}")
    return PINNED


def surveyed(test: Test) -> Test:
    """Mark the test that runs the survey."""
    test.surveyed = True  # type: ignore[attr-defined]
    return test


def survey(handle: Handle, options: Options) -> Iterator[dict[str, Any]]:
    """Run every pinned case that the backend's dialect states and its adapter can do; lines of a run.

    Lost if the backend is; what came before is a line each.
    """
    judge = options.judge(handle)
    operations = handle.choice.operations()
    for case in pinned():
        if judge.reading(case.clause) is None or case.clause not in operations:
            continue
        (outcome,) = handle.perform(case.clause, [case.inputs])
        if outcome.kind == "fault":
            raise Lost(f"{case.clause}, {case.name}, broke in {handle.choice.name}: {outcome.message}")
        yield {
            "type": "survey",
            "backend": handle.choice.name,
            "dialect": handle.choice.adapter.dialect,
            "clause": case.clause,
            "point": case.point,
            "name": case.name,
            "case": to_json(case.inputs),
            "outcome": outcome_class(outcome),
        }


def outcome_class(outcome: Outcome) -> str:
    """The class of an outcome: the refusal's first class, or the value."""
    if outcome.kind == "value":
        value = outcome.value
        if isinstance(value, np.ndarray) and value.dtype.kind == "V":
            value = value.astype(np.float32)
        return f"value: {literal(value)}"
    return f"{outcome.kind}: {outcome.error[0] if outcome.error else outcome.message}"
