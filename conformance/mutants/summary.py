"""What came of the mutants, in figures: a row a clause, a column an operator."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from conformance.mutants.equivalents import KINDS, Proof
from conformance.mutants.judging import Result
from conformance.mutants.looking import KILLS
from conformance.mutants.operators import OPERATORS
from conformance.teeth.scoped import SAMPLE, today

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
    """The figures of the clauses that were run, as `conformance.teeth.scoped` keeps them."""
    rows: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        rows[result.clause].append(result)
    measured = {"measured": today(), "structures": header["structures"], "seed": header["seed"]}
    return {
        "suite": header["suite"],
        "operators": header["operators"],
        "sample": _sample([result for result in results if result.state == "killed"]),
        "rows": [{"clause": clause, **measured, **_row(some, listed)} for clause, some in rows.items()],
        "survivors": [
            {"id": r.id, "clause": r.clause, "laws": r.laws, "seen": r.seen or "same"}
            for r in results
            if standing(r, listed) == "survived"
        ],
        "proofs": [
            {"id": r.id, "clause": r.clause, "kind": listed[r.id].kind, "proof": listed[r.id].text}
            for r in results
            if standing(r, listed) in KINDS
        ],
    }


def _row(results: Sequence[Result], listed: dict[str, Proof]) -> dict[str, Any]:
    """What became of the mutants of one clause, by operator; who killed them, how soon."""
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        cells[result.operator][standing(result, listed)] += 1
    killed = [result for result in results if result.state == "killed"]
    killers = sorted(Counter(result.law for result in killed).items(), key=lambda one: -one[1])
    return {
        "cells": {
            operator: [cells[operator][word] for word in STANDINGS]
            for operator in OPERATORS
            if operator in cells
        },
        "hung": sum(result.how == "hang" for result in killed),
        "wider": sum(result.how == "open" for result in killed),
        "alarmed": sum(result.how == "alarm" for result in killed),
        "spent": round(sum(result.seconds for result in results), 1),
        "killers": {law: _killer([r for r in killed if r.law == law]) for law, _ in killers},
    }


def _killer(killed: Sequence[Result]) -> dict[str, dict[str, int]]:
    """How many cases and seconds a law took, with how often each."""
    cases = Counter(str(result.cases) for result in killed)
    seconds = Counter(f"{result.seconds:.1g}" for result in killed)
    return {"cases": dict(cases), "seconds": dict(seconds)}


def _sample(killed: Sequence[Result]) -> list[dict[str, str]]:
    """Some of the killed of each chapter, with their killers: what the tests judge every time."""
    chosen: dict[str, list[dict[str, str]]] = defaultdict(list)
    for result in sorted(killed, key=lambda r: zlib.crc32(r.id.encode())):
        of_chapter = chosen[result.clause.partition(".")[0]]
        if len(of_chapter) < SAMPLE and result.seconds < 1.0 and result.how not in KILLS:
            of_chapter.append(
                {"id": result.id, "clause": result.clause, "law": result.law, "reading": result.dialect}
            )
    return [one for some in chosen.values() for one in some]


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
