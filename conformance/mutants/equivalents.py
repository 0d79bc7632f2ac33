"""Mutants that no law can kill, since they do what the reading does: a reviewed list, each with its proof.

The list is strict both ways: an entry for a mutant that there is no more is refused, and so is one for a
mutant that a law has killed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from conformance.mutants.judging import Result
from conformance.mutants.plan import plan

LIST = Path(__file__).with_name("equivalents.toml")


class BrokenList(ValueError):
    """The list of equivalent mutants cannot be used; the message says which entry, and why."""


@cache
def equivalents(path: Path = LIST) -> dict[str, str]:
    """The proof of each mutant of the list, by its id."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    except tomllib.TOMLDecodeError as error:
        raise BrokenList(f"{path}: {error}") from None
    planned = {mutant.id for mutant in plan()}
    found: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{path.name}: entry {number}"
        proof, mutants = entry.get("proof", ""), entry.get("mutants", [])
        if set(entry) != {"proof", "mutants"} or not mutants or not proof.endswith("."):
            raise BrokenList(f"{where}: write mutants = [ids] and proof, a sentence; it has {sorted(entry)}")
        for id in mutants:
            if id not in planned:
                raise BrokenList(
                    f"{where}: there is no mutant {id!r}: take it out, or look what it is called now"
                )
            if id in found:
                raise BrokenList(f"{where}: {id!r} stands in the list twice")
            found[id] = proof
    return found


def contradictions(results: Iterable[Result], listed: dict[str, str]) -> list[str]:
    """A sentence for every mutant that is said to be equivalent and was killed."""
    return [
        f"{result.id}: it is listed as equivalent, and {result.law} has killed it: take it out"
        for result in results
        if result.state == "killed" and result.id in listed
    ]
