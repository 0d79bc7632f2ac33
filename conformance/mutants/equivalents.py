"""Mutants that no law can kill: a reviewed list, each with its proof, in two parts.

An equivalent mutant does what the reading does: no outcome differs. An allowed one differs within what
the reading leaves open or within its bound, so that the law itself says that it is right.

The list is strict: an entry for a mutant that there is no more is refused; so is one for a mutant that a
law has killed; so is an equivalent one of which an outcome was seen to differ, and an allowed one of which
none was, since then no law meets what it changes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.mutants.judging import Result
from conformance.mutants.plan import plan

LIST = Path(__file__).with_name("equivalents.toml")

KINDS = ("equivalent", "allowed")

CONTRARY = {
    ("equivalent", "bound"): "what it allows differs from what the reading allows",
    ("equivalent", "within"): "an outcome of it was not the control's",
    (
        "allowed",
        "same",
    ): "no outcome of it differed, so that it is equivalent, or no law meets what it changes",
}
"""What must not be seen of a survivor on the list."""


class BrokenList(ValueError):
    """The list of equivalent mutants cannot be used; the message says which entry, and why."""


@dataclass(frozen=True)
class Proof:
    """Why a mutant cannot be killed. kind: one of `KINDS`."""

    kind: str
    text: str


@cache
def equivalents(path: Path = LIST) -> dict[str, Proof]:
    """The proof of each mutant of the list, by its id."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BrokenList(f"{path}: {error}") from None
    if strange := set(entries) - set(KINDS):
        raise BrokenList(f"{path.name}: write [[equivalent]] or [[allowed]], not {sorted(strange)}")
    planned = {mutant.id for mutant in plan()}
    found: dict[str, Proof] = {}
    for kind in KINDS:
        for number, entry in enumerate(entries.get(kind, []), 1):
            where = f"{path.name}: {kind} {number}"
            proof, mutants = entry.get("proof", ""), entry.get("mutants", [])
            if set(entry) != {"proof", "mutants"} or not mutants or not proof.endswith("."):
                raise BrokenList(f"{where}: write mutants = [ids] and proof, a sentence, not {sorted(entry)}")
            for id in mutants:
                if id not in planned:
                    raise BrokenList(
                        f"{where}: there is no mutant {id!r}: take it out, or look what it is called now"
                    )
                if id in found:
                    raise BrokenList(f"{where}: {id!r} stands in the list twice")
                found[id] = Proof(kind, proof)
    return found


def contradictions(results: Iterable[Result], listed: dict[str, Proof]) -> list[str]:
    """A sentence for every mutant of the list of which the run shows something else."""
    found = []
    for result in results:
        if result.id not in listed:
            continue
        kind = listed[result.id].kind
        if result.state == "killed":
            found.append(f"{result.id}: it is listed as {kind}, and {result.law} has killed it: take it out")
        elif (kind, result.seen) in CONTRARY:
            found.append(f"{result.id}: it is listed as {kind}, but {CONTRARY[kind, result.seen]}")
    return found
