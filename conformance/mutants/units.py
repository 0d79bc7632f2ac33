"""Units: a law on a reading, with the structures that it draws, ready to be run again and again.

What a law does with a backend is written down once, a structure at a time, and done again with each
mutant: the same structures, in the same order, as `--cases` would draw with the same seed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any

from backends.base import Outcome
from conformance.drawing import Call, recorded
from conformance.examine import Options, _not_applicable
from conformance.judge import Judge
from conformance.law import Law, load_laws
from conformance.mutants.plan import modules
from conformance.mutants.swap import Swapped, forget
from conformance.structure import Structure
from conformance.trial import Trial
from conformance.verdict import Verdict
from reference.clause import READINGS, Reading, clauses
from reference.outcomes import Setting

Line = tuple[str, int]


class Prepared(Structure):
    """A structure whose cases have been made."""

    def __init__(self, base: Structure, fills: int) -> None:
        vars(self).update(seed=base.seed, made=base.cases(fills), known=base.key)

    def cases(self, fills: int) -> list[dict[str, Any]]:
        """The cases, the very same objects each time."""
        made: list[dict[str, Any]] = vars(self)["made"]
        return made

    @property
    def key(self) -> Any:
        """That of the structure."""
        return vars(self)["known"]


@dataclass
class Remembering:
    """A judge that asks the reading once for each prepared case."""

    judge: Judge
    said: dict[int, Any] = field(default_factory=dict)
    flushes: bool = False

    def expects(self, clause: str, inputs: dict[str, Any]) -> Any:
        """What the reading says."""
        if id(inputs) not in self.said:
            return self.judge.expects(clause, inputs)
        if self.said[id(inputs)] is None:
            self.said[id(inputs)] = (self.judge.expects(clause, inputs),)
        return self.said[id(inputs)][0]

    def reading(self, clause: str) -> Reading | None:
        """The reading of a clause."""
        return self.judge.reading(clause)


SETTINGS = (Setting(), Setting(device="gpu"), Setting(engine="jax"))
"""Where a reading that asks is judged: each answer that some reading tells from the others."""


class Unit:
    """One law on one reading, at a version at which the reading holds, and in a setting."""

    def __init__(
        self, law: Law, reading: Reading, structures: int, seed: int, setting: Setting = SETTINGS[0]
    ) -> None:
        self.law, self.reading, self.setting = law, reading, setting
        self.structures, self.seed = law.structures or structures, seed
        self.judge = Judge(reading.dialect, version_of(reading), setting)

    @property
    def name(self) -> str:
        """The law and what it judges, for people."""
        return f"{self.law.name} ({self.judged})"

    @property
    def judged(self) -> str:
        """The reading and the setting, if it is not the plain one."""
        plain = SETTINGS[0]
        device = "" if self.setting.device == plain.device else f" on {self.setting.device}"
        engine = "" if self.setting.engine == plain.engine else f" over {self.setting.engine}"
        return f"{self.reading.name}{device}{engine}"

    @cached_property
    def calls(self) -> list[Call]:
        """What the law does with a backend, structure by structure."""
        seed = f"{self.seed}/{self.law.id}/numpy:{self.reading.dialect}"
        return recorded(self.law, self.structures, seed, self.judge)

    @cached_property
    def prepared(self) -> list[Call]:
        """The same with the cases made."""
        return [(how, Prepared(structure, Options.fills), rest) for how, structure, rest in self.calls]

    @cached_property
    def remembering(self) -> Remembering:
        """The judge with its memory of the prepared cases."""
        made = [case for _, structure, _ in self.prepared for case in structure.cases(Options.fills)]
        return Remembering(self.judge, {id(case): None for case in made})

    @cached_property
    def handle(self) -> Swapped:
        """The control of the reading."""
        return Swapped(self.reading, self.setting)

    @cached_property
    def plain(self) -> dict[int, tuple[Outcome, int, int]]:
        """By the id of a case: the control's outcome, and what tells it, and what is said, from others."""
        return {}

    def forget(self) -> None:
        """Let go of everything that can be made again."""
        for name in ("calls", "prepared", "remembering", "handle", "plain"):
            vars(self).pop(name, None)

    def trial(self) -> Trial:
        """A new trial of the law."""
        verdict = Verdict(self.law.name, self.law.clause, self.law.points, "mutant", self.judge.dialect)
        return Trial(self.handle, self.remembering, self.law, verdict, shrinking=0.0)  # type: ignore[arg-type]

    def run(self, trial: Trial, start: int, stop: int) -> None:
        """Do the structures from `start` on and before `stop`; Divergence if one shows a difference."""
        self.handle.control.turn = start
        for how, structure, rest in self.prepared[start:stop]:
            # A law that lays two outcomes side by side may expect the same choice of open ones in both.
            self.handle.control.turning = how == "agrees"
            getattr(trial, how)(structure, *rest)

    def reached(self, cases: int = 2) -> set[Line]:
        """The lines of the reference that the control and the oracle run through, on the first cases."""
        lines: set[Line] = set()
        for _, structure, _ in self.calls:
            forget()
            with traced(lines):
                for case in structure.cases(min(cases, Options.fills)):
                    self.handle.perform(self.law.clause, [case])
                    self.judge.expects(self.law.clause, case)
        return lines


def units(structures: int, seed: int) -> list[Unit]:
    """Every law on every reading of its clause that it speaks of; a function that dialects share once.

    A reading that asks for its setting is judged in every one of `SETTINGS`.
    """
    laws = list(load_laws().values())
    found = []
    for clause in clauses():
        seen: set[Any] = set()
        for reading in READINGS[clause]:
            if reading.function in seen:
                continue
            seen.add(reading.function)
            judge = Judge(reading.dialect, version_of(reading), Setting())
            assert judge.reading(clause) == reading, f"{clause}: {reading.name} is not found"
            settings = SETTINGS if "setting" in reading.parameters else SETTINGS[:1]
            found += [
                Unit(law, reading, structures, seed, setting)
                for law in laws
                if law.clause == clause and not _not_applicable(law, judge)
                for setting in settings
            ]
    return found


def version_of(reading: Reading) -> str | None:
    """A version at which a reading holds; None if it is the newest."""
    return reading.since or "0" if reading.before is not None else None


@contextmanager
def traced(lines: set[Line]) -> Iterator[None]:
    """Note the lines of the reference that are run."""
    files = {str(module.__file__): name for name, module in modules().items()}

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        name = files.get(frame.f_code.co_filename)
        if name is None:
            return None

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            lines.add((name, frame.f_lineno))
            return line

        return line

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)
