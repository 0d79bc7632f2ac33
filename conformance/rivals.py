"""Rivals: readings of one clause that differ, and the smallest case on which they do.

Found by the reference alone, from the structures that the clause's own laws draw: no backend runs.
It is what a porting guide shows, and it measures the laws: a law that never meets a case on which
two readings part could not tell a backend of one dialect from a backend of the other.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import hypothesis
import numpy as np

from backends.base import Outcome
from backends.numpy_control import settle
from conformance.agreement import Disagreement, agree
from conformance.judge import says
from conformance.law import Law, load_laws
from conformance.minimize import simplify
from conformance.structure import Structure
from reference.clause import READINGS, Reading
from reference.errors import Refused
from reference.outcomes import AnyOf, Setting

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Rivals:
    """Two readings of one clause and the smallest case found on which they part.

    law: name of the law whose structures the case came from.
    """

    clause: str
    first: Reading
    second: Reading
    law: str
    case: Inputs


class _Met(AssertionError):
    """A law met a case on which two readings part."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__("the readings part")
        self.inputs = inputs


@dataclass
class _Watch:
    """What a law is given instead of a trial: it looks at structures, and no backend is asked.

    look: is called with every structure. fills: cases of one structure.
    """

    look: Callable[[Structure], None]
    fills: int = field(default=12)

    def agrees(self, structure: Structure) -> None:
        self.look(structure)

    def gives(self, structure: Structure, *rest: Any) -> None:
        self.look(structure)

    same_after = gives
    follows = gives


def parted(first: Reading, second: Reading, inputs: Inputs, setting: Setting | None = None) -> bool:
    """Whether no outcome that one reading allows is allowed by the other."""
    setting = setting or Setting()
    one, other = says(first, inputs, setting), says(second, inputs, setting)
    return not (_meet(one, other) or _meet(other, one))


def pairs(clause: str) -> Iterator[tuple[Reading, Reading]]:
    """Every two readings of a clause that are stated by different functions."""
    for first, second in combinations(READINGS[clause], 2):
        if first.function is not second.function:
            yield first, second


def smallest(clause: str, structures: int = 200, seed: int = 0) -> list[Rivals]:
    """For every two readings of a clause that part: the smallest case that its laws' structures hold."""
    found = []
    for first, second in pairs(clause):
        candidates = [(law.name, case) for law, case in _searched(clause, first, second, structures, seed)]
        if candidates:
            law, case = min(candidates, key=lambda pair: _size(pair[1]))
            found.append(Rivals(clause, first, second, law, case))
    return found


def meetings(law: Law, first: Reading, second: Reading, structures: int = 100, seed: int = 0) -> tuple[int, int]:
    """How many of the structures that a law draws hold a case on which two readings part, and of how many."""
    met: list[bool] = []
    watch = _Watch(lambda structure: met.append(_first_case(structure, first, second, watch.fills) is not None))
    _drawn(law, watch, structures, seed)
    return sum(met[:structures]), len(met[:structures])


def _searched(
    clause: str, first: Reading, second: Reading, structures: int, seed: int
) -> Iterator[tuple[Law, Inputs]]:
    for law in (law for law in load_laws().values() if law.clause == clause):
        watch = _Watch(lambda structure: _raise_if_met(structure, first, second))
        try:
            _drawn(law, watch, structures, seed)
        except _Met as met:
            yield law, simplify(met.inputs, lambda case: case if parted(first, second, case) else None)


def _raise_if_met(structure: Structure, first: Reading, second: Reading) -> None:
    case = _first_case(structure, first, second, 12)
    if case is not None:
        raise _Met(case)


def _first_case(structure: Structure, first: Reading, second: Reading, fills: int) -> Inputs | None:
    return next((case for case in structure.cases(fills) if parted(first, second, case)), None)


def _drawn(law: Law, watch: _Watch, structures: int, seed: int) -> None:
    """Run the law's strategies, with the watch in the place of a backend."""
    with _settings(law, structures):
        hypothesis.seed(zlib.crc32(f"{seed}/{law.id}".encode()))(law.test)
        law.test(backend=watch)


@contextmanager
def _settings(law: Law, structures: int) -> Iterator[None]:
    # As in conformance.examine: the number of structures is known only now.
    test: Any = law.test
    before = test._hypothesis_internal_use_settings
    test._hypothesis_internal_use_settings = hypothesis.settings(
        max_examples=structures,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        yield
    finally:
        test._hypothesis_internal_use_settings = before


def _meet(said: Any, other: Any) -> bool:
    """Whether a concrete outcome of `said` is allowed by `other`."""
    alternatives = said.allowed if isinstance(said, AnyOf) else (said,)
    for alternative in alternatives:
        if isinstance(alternative, Refused):
            outcome = Outcome("refusal", error=alternative.shows_as, message=str(alternative))
        else:
            outcome = Outcome("value", value=settle(alternative))
        try:
            agree(other, outcome)
            return True
        except Disagreement:
            continue
    return False


def _size(value: Any) -> tuple[int, int]:
    """How large a case is: elements of arrays, then everything else."""
    if isinstance(value, np.ndarray):
        return value.size, value.ndim
    if isinstance(value, dict):
        return _size(list(value.values()))
    if isinstance(value, (list, tuple)):
        sizes = [_size(item) for item in value]
        return sum(size[0] for size in sizes), sum(size[1] for size in sizes) + len(sizes)
    return 0, 0
