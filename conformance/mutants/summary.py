"""What came of the mutants, in figures: a row a clause, a column an operator."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from conformance.mutants.equivalents import KINDS, Proof
from conformance.mutants.judging import Result
from conformance.mutants.operators import OPERATORS

SAMPLE = 8
"""How many mutants of each chapter the tests of the suite judge every time."""

SEEN = {
    "": "not looked at",
    "same": "no outcome differed from the control's",
    "bound": "only what it allows beside its answer differed",
    "within": "its values differed, and were allowed",
}
"""What was seen of a survivor, in words."""

STANDINGS = ("killed", "equivalent", "allowed", "survived")
"""What becomes of a mutant. Equivalent and allowed are those that the list names, with a proof."""


def standing(result: Result, listed: dict[str, Proof]) -> str:
    """One of `STANDINGS`."""
    if result.state == "killed":
        return "killed"
    return listed[result.id].kind if result.id in listed else "survived"


def summarize(results: Sequence[Result], listed: dict[str, Proof], header: dict[str, Any]) -> dict[str, Any]:
    """The figures, as the report and the README have them."""
    rows: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for result in results:
        rows[result.clause][result.operator][standing(result, listed)] += 1
    killed = [result for result in results if result.state == "killed"]
    killers: dict[str, int] = Counter(result.law for result in killed)
    return {
        **header,
        "made": len(results),
        "killed": len(killed),
        "equivalent": sum(standing(r, listed) == "equivalent" for r in results),
        "allowed": sum(standing(r, listed) == "allowed" for r in results),
        "hung": sum(r.how == "hang" for r in killed),
        "laws": len(killers),
        "cases": _shares([r.cases for r in killed]),
        "seconds": _shares([r.seconds for r in killed]),
        "spent": round(sum(r.seconds for r in results)),
        "sample": _sample(killed),
        "rows": [
            {
                "clause": clause,
                "cells": {
                    operator: [cells[operator][word] for word in STANDINGS]
                    for operator in OPERATORS
                    if operator in cells
                },
            }
            for clause, cells in rows.items()
        ],
        "survivors": [
            {"id": r.id, "clause": r.clause, "laws": r.laws, "seen": r.seen or "same"}
            for r in results
            if standing(r, listed) == "survived"
        ],
        "proofs": [
            {"id": r.id, "kind": listed[r.id].kind, "proof": listed[r.id].text}
            for r in results
            if standing(r, listed) in KINDS
        ],
    }


def _sample(killed: Sequence[Result]) -> list[dict[str, str]]:
    """Some of the killed of each chapter, with their killers: what the tests judge every time."""
    chosen: dict[str, list[dict[str, str]]] = defaultdict(list)
    for result in sorted(killed, key=lambda r: zlib.crc32(r.id.encode())):
        of_chapter = chosen[result.clause.partition(".")[0]]
        if len(of_chapter) < SAMPLE and result.seconds < 1.0 and result.how != "open":
            of_chapter.append({"id": result.id, "law": result.law, "reading": result.dialect})
    return [one for some in chosen.values() for one in some]


def _shares(numbers: list[float]) -> dict[str, float]:
    """The median, the nine tenths and the largest of some numbers."""
    if not numbers:
        return {}
    ordered = sorted(numbers)
    return {
        "half": ordered[len(ordered) // 2],
        "nine tenths": ordered[len(ordered) * 9 // 10],
        "all": ordered[-1],
    }


def table(summary: dict[str, Any]) -> list[str]:
    """The figures as lines of text: per row how many were killed, raw and of those that can be."""
    lines = []
    for row in summary["rows"]:
        total = [sum(cell[place] for cell in row["cells"].values()) for place in range(4)]
        lines.append(f"{row['clause']:30} {rates(*total)}")
    return lines


def rates(killed: int, equivalent: int, allowed: int, survived: int) -> str:
    """A row in words."""
    made = killed + equivalent + allowed + survived
    told = killed + survived
    without = f"{killed / told:6.1%}" if told else "     –"
    return (
        f"{killed:5} of {made:5} killed {killed / made:6.1%}; without {equivalent} equivalent and "
        f"{allowed} allowed {without}; {survived} survive"
    )
