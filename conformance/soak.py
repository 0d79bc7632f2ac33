"""A soak: the control of every reading, case after case, to find false alarms and loose bounds.

The control computes in the dtype under test, its sums in another order than the oracle. It is right by
construction, so a law that refuses it has raised a false alarm; and the largest share of a bound that
it ever uses says how sharp the bound is. Every round draws anew. What was done is written down law by
law, so that a soak which was killed goes on where it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import conformance
from backends.numpy_control import _dtype_under_test
from conformance.agreement import Agreement
from conformance.mutants.units import Unit, units
from conformance.structure import Structure
from conformance.teeth.scoped import today
from conformance.trial import Divergence, Trial

LOOSE = 0.01
"""A bound of which never more than this share is used is too loose, or wants a reason."""


class _Soaked(Trial):
    """A trial that keeps the margins of each dtype apart."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.kinds: dict[str, list[float]] = {}
        self._kind = ""

    def _compare(self, structure: Structure, inputs: dict[str, Any], *rest: Any) -> None:
        self._kind = _dtype_under_test(inputs).name
        super()._compare(structure, inputs, *rest)

    def _count(self, agreement: Agreement) -> None:
        super()._count(agreement)
        cases, bounded, worst = self.kinds.setdefault(self._kind, [0, 0, 0.0])
        if agreement.margin is not None:
            bounded, worst = bounded + 1, max(worst, agreement.margin)
        self.kinds[self._kind] = [cases + 1, bounded, worst]


@dataclass
class Soak:
    """What a soak has seen.

    cases, seconds: in all. margins: by clause and dtype, cases, bounded cases and the worst margin.
    alarms: what each was, with the law, the reading and the seed that show it again.
    parts: by clause, how many cases and rounds, and the alarms.
    """

    cases: int = 0
    seconds: float = 0.0
    margins: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, line: dict[str, Any]) -> None:
        """Count what one law has done."""
        self.cases += line["cases"]
        self.seconds += line["seconds"]
        part = self.parts.setdefault(line["clause"], {"cases": 0, "rounds": 0, "alarms": []})
        part["cases"] += line["cases"]
        part["rounds"] = max(part["rounds"], line["round"] + 1)
        kinds = self.margins.setdefault(line["clause"], {})
        for kind, (cases, bounded, worst) in line["kinds"].items():
            before = kinds.get(kind, [0, 0, 0.0])
            kinds[kind] = [before[0] + cases, before[1] + bounded, max(before[2], worst)]
        if line["alarm"]:
            self.alarms.append(line["alarm"])
            part["alarms"].append(line["alarm"])

    @property
    def worst(self) -> dict[str, float]:
        """The largest margin of every clause that has bounded cases."""
        found = {
            clause: max((worst for _, bounded, worst in kinds.values() if bounded), default=-1.0)
            for clause, kinds in self.margins.items()
        }
        return {clause: worst for clause, worst in found.items() if worst >= 0}

    @property
    def loose(self) -> list[str]:
        """Clauses whose bounds are never used beyond a hundredth, though their results were bounded."""
        return [clause for clause, worst in self.worst.items() if worst < LOOSE]

    def to_json(self) -> dict[str, Any]:
        """What was seen of each clause, as `conformance.teeth.scoped` keeps it."""
        return {
            "suite": conformance.__version__,
            "clauses": {
                clause: {
                    "measured": today(),
                    **part,
                    "margins": {
                        kind: [int(n), int(b), float(f"{w:.3g}")]
                        for kind, (n, b, w) in sorted(self.margins[clause].items())
                    },
                }
                for clause, part in self.parts.items()
            },
        }


def soak(
    scope: tuple[str, ...],
    path: Path,
    *,
    cases: int | None,
    seconds: float | None,
    structures: int = 100,
    tell: Callable[[Soak], None] = lambda soak: None,
) -> Soak:
    """Go on until so many cases, or seconds, are reached, with what the file holds counted in."""
    kept, done = read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for number, unit in _rounds(scope, structures):
            if (cases is not None and kept.cases >= cases) or (
                seconds is not None and kept.seconds >= seconds
            ):
                return kept
            if (number, _key(unit)) in done:
                continue
            line = _run(unit, number)
            kept.add(line)
            file.write(json.dumps(line) + "\n")
            file.flush()
            tell(kept)
    return kept


def read(path: Path) -> tuple[Soak, set[tuple[int, str]]]:
    """What a file holds, and which laws of which rounds are done."""
    kept, done = Soak(), set()
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:  # the soak was killed while it wrote
            continue
        kept.add(line)
        done.add((line["round"], line["unit"]))
    return kept, done


def _rounds(scope: tuple[str, ...], structures: int) -> Iterator[tuple[int, Unit]]:
    """Every law on every reading, round after round, each round with a seed of its own."""
    number = 0
    while True:
        for unit in units(structures, number):
            clause = unit.reading.clause
            if not scope or clause in scope or clause.partition(".")[0] in scope:
                yield number, unit
        number += 1


def _key(unit: Unit) -> str:
    return f"{unit.law.id} {unit.reading.name}"


def _run(unit: Unit, number: int) -> dict[str, Any]:
    start = time.perf_counter()
    plain = unit.trial()
    trial = _Soaked(plain.handle, plain.judge, plain.law, plain.verdict, shrinking=0.0)
    alarm = ""
    try:
        unit.run(trial, 0, len(unit.prepared))
    except Divergence as divergence:
        alarm = f"{unit.name}, seed {number}: {divergence}"
    unit.forget()
    return {
        "round": number,
        "unit": _key(unit),
        "clause": unit.reading.clause,
        "cases": trial.verdict.cases,
        "seconds": round(time.perf_counter() - start, 3),
        "kinds": trial.kinds,
        "alarm": alarm,
    }
