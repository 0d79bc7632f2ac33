"""Rivals: readings of one clause that differ, and the smallest case on which they do.

Found by the reference alone, from the structures that the clause's own laws draw: no backend runs.
It is what a porting guide shows, and it measures the laws: a law that never meets a case on which
two readings part could not tell a backend of one dialect from a backend of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from backends.base import Outcome
from backends.numpy_control import settle
from conformance.agreement import Disagreement, agree
from conformance.drawing import recorded
from conformance.judge import says
from conformance.law import Law, load_laws
from conformance.minimize import simplify
from conformance.structure import Structure
from conformance.trial import FILLS
from reference.clause import READINGS, Reading
from reference.errors import NotStated, Refused
from reference.outcomes import AnyOf, Setting

Inputs = dict[str, Any]
Pair = tuple[Reading, Reading]
Apart = Callable[[Reading, Reading, Inputs], bool]


@dataclass(frozen=True)
class Rivals:
    """Two readings of one clause, and where they part.

    law: name of the law whose structures the smallest case came from. case: that case, None if no law
    met any. met: for each law the share of its structures that hold a case on which they part.
    """

    clause: str
    first: Reading
    second: Reading
    law: str
    case: Inputs | None
    met: dict[str, float]


def pairs(clause: str) -> list[Pair]:
    """Every two readings of a clause that are stated by different functions."""
    return [pair for pair in combinations(READINGS[clause], 2) if pair[0].function is not pair[1].function]


def parted(first: Reading, second: Reading, inputs: Inputs, setting: Setting | None = None) -> bool:
    """Whether no outcome that one reading allows is allowed by the other."""
    setting = setting or Setting()
    try:
        one, other = says(first, inputs, setting), says(second, inputs, setting)
    except NotStated:
        return False
    return not (_meet(one, other) or _meet(other, one))


def unlike(first: Reading, second: Reading, inputs: Inputs, setting: Setting | None = None) -> bool:
    """Whether one reading allows an outcome that the other does not: one may leave open what one defines."""
    setting = setting or Setting()
    try:
        one, other = says(first, inputs, setting), says(second, inputs, setting)
    except NotStated:
        return False
    return not (within(one, other) and within(other, one))


def rivals(
    clause: str,
    structures: int = 100,
    seed: int = 0,
    fills: int = FILLS,
    apart: Apart = parted,
) -> list[Rivals]:
    """For every two readings of a clause: the smallest case on which they part, and who meets such.

    apart: what parting means, `parted` (the default) or the weaker `unlike`.
    """
    smallest: dict[Pair, tuple[str, Inputs]] = {}
    met: dict[Pair, dict[str, float]] = {}
    for law in (law for law in load_laws().values() if law.clause == clause):
        structures_drawn = drawn(law, structures, seed)
        for pair in pairs(clause):
            cases = [
                case for s in structures_drawn if (case := _first_case(s, *pair, fills, apart)) is not None
            ]
            met.setdefault(pair, {})[law.name] = len(cases) / max(len(structures_drawn), 1)
            for case in cases:
                if pair not in smallest or size(case) < size(smallest[pair][1]):
                    smallest[pair] = law.name, case
    found = []
    for pair, shares in met.items():
        name, case = smallest.get(pair, ("", None))
        plain = case if case is None else _simplified(case, *pair, apart)
        found.append(Rivals(clause, *pair, name, plain, shares))
    return found


def _simplified(case: Inputs, first: Reading, second: Reading, apart: Apart) -> Inputs:
    return simplify(case, lambda simpler: simpler if apart(first, second, simpler) else None)


def _first_case(
    structure: Structure, first: Reading, second: Reading, fills: int, apart: Apart
) -> Inputs | None:
    return next((case for case in structure.cases(fills) if apart(first, second, case)), None)


def drawn(law: Law, structures: int, seed: int) -> list[Structure]:
    """What the law's strategies draw; no backend is asked.

    Not of laws of many steps: they are dear, and those of a few steps tell readings apart as well.
    """
    calls = recorded(law, structures, f"{seed}/{law.id}")
    return [structure for method, structure, _ in calls if method != "agrees_at_each_step"]


def _meet(said: Any, other: Any) -> bool:
    """Whether a concrete outcome of `said` is allowed by `other`."""
    return any(allows(other, outcome) for outcome in _outcomes(said))


def within(said: Any, other: Any) -> bool:
    """Whether every concrete outcome of `said` is allowed by `other`."""
    return all(allows(other, outcome) for outcome in _outcomes(said))


def _outcomes(said: Any) -> Iterator[Outcome]:
    if isinstance(said, AnyOf):
        for alternative in said.allowed:
            yield from _outcomes(alternative)
    elif isinstance(said, Refused):
        yield Outcome("refusal", error=said.shows_as, message=str(said))
    else:
        yield Outcome("value", value=settle(said))


def allows(said: Any, outcome: Outcome) -> bool:
    """Whether what a reading says allows a backend's outcome."""
    try:
        agree(said, outcome)
    except Disagreement:
        return False
    return True


def size(value: Any) -> tuple[int, int]:
    """How large a case is: elements of arrays, then everything else."""
    if isinstance(value, np.ndarray):
        return value.size, value.ndim
    if isinstance(value, dict):
        return size(list(value.values()))
    if isinstance(value, (list, tuple)):
        sizes = [size(item) for item in value]
        return sum(size[0] for size in sizes), sum(size[1] for size in sizes) + len(sizes)
    return 0, 0
