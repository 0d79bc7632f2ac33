"""Judging a mutant: the laws that reach the changed lines, the likeliest first, until one fails."""

from __future__ import annotations

import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from conformance.handle import Lost
from conformance.mutants.looking import KILLS, looked_at
from conformance.mutants.plan import Mutant
from conformance.mutants.swap import Hang
from conformance.mutants.units import Line, Unit
from conformance.trial import Divergence, Trial

STAGES = (3, 15, 10**9)
"""All laws get a few structures first, then more, then all of theirs: a likely killer is found early."""

LOOK = 100
"""Structures of each law, at most, on which what a survivor allows is compared with what the reading does."""

SEEN = ("same", "bound", "within")
"""What can be seen of a survivor, the least telling first."""


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    state: "killed" or "survived". how: of a killed one: "divergence", "hang", "fault", "broke"; "open" if it
    leaves open what the reading does not, in its outcomes or by a wider bound, which shows when all that it
    allows is laid beside what the reading allows; "alarm" if as the oracle it refuses the control.
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
        done, seen = 0, SEEN[0]
        for stop in STAGES:
            for number in found:
                how = self._run(number, trials[number], mutant, done, stop)
                if how:
                    before[number] += 1
                    return self._killed(mutant, clause, how, number, trials[number], start, len(found))
            shown, number = self._seen(mutant, found, min(done, LOOK), min(stop, LOOK))
            if shown in KILLS:
                return self._killed(mutant, clause, shown, number, trials[number], start, len(found))
            done, seen = stop, max(seen, shown, key=SEEN.index)
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

    def killed_by(self, number: int, mutant: Mutant, at_times: bool = False) -> bool:
        """Whether one law, with all of its structures, kills a mutant; one that is there at times alone."""
        unit = self.units[number]
        unit.handle.at_times = at_times
        try:
            return bool(self._run(number, unit.trial(), mutant, 0, STAGES[-1]))
        finally:
            unit.handle.at_times = False

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

    def _seen(self, mutant: Mutant, found: list[int], start: int, stop: int) -> tuple[str, int]:
        """What can be seen of a survivor at all, and by which unit: the most telling of what they show."""
        seen = SEEN[0]
        for number in found:
            shown = looked_at(self.units[number], mutant, start, stop)
            if shown in KILLS:
                return shown, number
            seen = max(seen, shown, key=SEEN.index)
        return seen, -1
