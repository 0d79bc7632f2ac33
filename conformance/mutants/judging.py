"""Judging a mutant: the laws that reach the changed lines, the likeliest first, until one fails."""

from __future__ import annotations

import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backends.base import Outcome
from conformance.handle import Lost
from conformance.mutants.plan import Mutant
from conformance.mutants.swap import Hang
from conformance.mutants.units import Line, Unit
from conformance.mutants.wider import wider
from conformance.rivals import within
from conformance.trial import FILLS, Divergence, Trial
from reference.outcomes import AnyOf

STAGES = (3, 15, 10**9)
"""All laws get a few structures first, then more, then all of theirs: a likely killer is found early."""

LOOK = 100
"""Structures of each law, at most, on which what a survivor allows is compared with what the reading does."""


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    state: "killed" or "survived". how: of a killed one: "divergence", "hang", "fault", "broke", or "open" if
    it leaves open what the reading does not, in its outcomes or by a wider bound, which shows when all that
    it allows is laid beside what the reading allows.
    law, dialect: who killed it. cases: how many of that law's it took. seconds: all that was spent on it.
    laws: how many laws reach it. seen: of a survivor, "same" if no outcome differed from the control's,
    "bound" if only what the reading allows beside it did, its bound or its open outcomes, "within" if
    values did, and were allowed.
    """

    id: str
    clause: str
    operator: str
    state: str
    how: str = ""
    law: str = ""
    dialect: str = ""
    cases: int = 0
    seconds: float = 0.0
    laws: int = 0
    seen: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a line of the results."""
        return {key: value for key, value in asdict(self).items() if value not in ("", 0)}


class Court:
    """Judges mutants: the units, which lines each reaches, and who has killed what before."""

    def __init__(self, units: Sequence[Unit], reached: Sequence[set[Line]]) -> None:
        self.units, self.reached = units, reached
        self.kills: dict[str, Counter[int]] = defaultdict(Counter)
        self.pace: dict[int, float] = {}

    def reaching(self, mutant: Mutant, first: int, last: int) -> list[int]:
        """The units that run through the changed lines; through the function, if none does."""
        own = {(mutant.module, line) for line in range(mutant.lines[0], mutant.lines[1] + 1)}
        found = [number for number, lines in enumerate(self.reached) if lines & own]
        if found:
            return found
        body = {(mutant.module, line) for line in range(first, last + 1)}
        return [number for number, lines in enumerate(self.reached) if lines & body]

    def judge(self, mutant: Mutant, clause: str, first: int, last: int) -> Result:
        """Run the laws on a mutant until one fails. first, last: the lines of its function."""
        start = time.perf_counter()
        found = self.reaching(mutant, first, last)
        before = self.kills[mutant.function]
        found.sort(key=lambda number: (-before[number], self.pace.get(number, 0.0)))
        trials = {number: self.units[number].trial() for number in found}
        done = 0
        for stop in STAGES:
            for number in found:
                how = self._run(number, trials[number], mutant, done, stop)
                if how:
                    before[number] += 1
                    return self._killed(mutant, clause, how, number, trials[number], start, len(found))
            seen, number = self._seen(mutant, found, min(stop, LOOK))
            if seen == "open":
                break
            done = stop
        if seen == "open":
            return self._killed(mutant, clause, seen, number, trials[number], start, len(found))
        spent = round(time.perf_counter() - start, 3)
        return Result(
            mutant.id, clause, mutant.operator, "survived", seconds=spent, laws=len(found), seen=seen
        )

    def _killed(
        self, mutant: Mutant, clause: str, how: str, number: int, trial: Trial, start: float, laws: int
    ) -> Result:
        """The result of a mutant that a law has killed."""
        unit, spent = self.units[number], round(time.perf_counter() - start, 3)
        state = (mutant.id, clause, mutant.operator, "killed", how, unit.law.name, unit.judged)
        return Result(*state, max(1, trial.verdict.cases), spent, laws)

    def killed_by(self, number: int, mutant: Mutant) -> bool:
        """Whether one law, with all of its structures, kills a mutant."""
        return bool(self._run(number, self.units[number].trial(), mutant, 0, STAGES[-1]))

    def _run(self, number: int, trial: Trial, mutant: Mutant, start: int, stop: int) -> str:
        """How a law kills a mutant with some of its structures, nothing if it does not."""
        unit = self.units[number]
        unit.handle.mutant = mutant
        begun, cases = time.perf_counter(), trial.verdict.cases
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                unit.run(trial, start, stop)
        except Divergence:
            return "divergence"
        except Hang:
            return "hang"
        except (Lost, MemoryError):
            return "fault"
        except Exception:  # an outcome that is no data, over which the comparison itself breaks
            return "broke"
        finally:
            unit.handle.mutant = None
        if trial.verdict.cases > cases:
            self.pace[number] = (time.perf_counter() - begun) / (trial.verdict.cases - cases)
        return ""

    def _seen(self, mutant: Mutant, found: list[int], look: int) -> tuple[str, int]:
        """What can be seen of a survivor at all: the most telling of what single cases show.

        "open", and by which law, if something that it allows is not allowed by the reading.
        """
        seen = 0
        for number in found:
            unit = self.units[number]
            unit.handle.control.turning = False
            for _, structure, _ in unit.prepared[:look]:
                for inputs in structure.cases(FILLS):
                    plain, changed = (_looked_at(unit, one, inputs) for one in (None, mutant))
                    if _form(plain[1]) == _form(changed[1]) and plain[0] == changed[0]:
                        continue
                    if isinstance(changed[1], AnyOf) and not within(changed[1], _right(unit, inputs)):
                        return "open", number
                    if wider(changed[1], plain[1]):
                        return "open", number
                    seen = max(seen, 2 if plain[0] != changed[0] else 1)
        return ("same", "bound", "within")[seen], -1


def _right(unit: Unit, inputs: dict[str, Any]) -> Any:
    """What the oracle says of a case."""
    return unit.remembering.expects(unit.law.clause, inputs)


def _looked_at(unit: Unit, mutant: Mutant | None, inputs: dict[str, Any]) -> tuple[Any, Any]:
    """An outcome in a form that can be compared, and what the reading said."""
    unit.handle.mutant = mutant
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            (outcome,) = unit.handle.perform(unit.law.clause, [inputs])
    finally:
        unit.handle.mutant = None
    return _form(_plain(outcome)), unit.handle.control.said


def _plain(outcome: Outcome) -> Any:
    return outcome.kind, outcome.value, outcome.error[:1], outcome.changed


def _form(value: Any) -> Any:
    """Something that is equal for equal data, arrays and what readings say included."""
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), value.tobytes()
    if isinstance(value, (list, tuple)):
        return [_form(item) for item in value]
    if isinstance(value, dict):
        return [(key, _form(item)) for key, item in value.items()]
    if isinstance(value, BaseException):
        return type(value).__name__
    if hasattr(value, "__dataclass_fields__"):
        return type(value).__name__, _form(vars(value))
    return repr(value)
