"""Finds the release in which what a backend does with a case has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backends import choose
from backends.base import Outcome
from backends.codec import to_json
from conformance.examine import Options, examine
from conformance.handle import Lost, WorkerHandle
from conformance.law import load_laws
from conformance.releases import between, released
from conformance.survey import outcome_class

Case = dict[str, Any]


@dataclass
class Change:
    """Where an outcome has changed: the last release with the old one, the first with the new one."""

    law: str
    case: Case
    before: str
    old: str
    after: str
    new: str
    skipped: list[str] = field(default_factory=list)


@dataclass
class Bisection:
    """Evaluates cases on releases, each release once, and halves the range between two of them."""

    clause: str
    backend: str
    say: Callable[[str], None]
    evaluated: dict[str, list[str] | None] = field(default_factory=dict)

    def run(self, good: str, bad: str) -> list[Change]:
        """One change for each law of the clause that tells the two releases apart."""
        package = choose(self.backend).adapter.packages[0]
        versions = between(released(package), good, bad)
        laws = self._telling(good, bad)
        cases = [case for _, case in laws]
        for end in (good, bad):
            self._evaluate(end, cases)
        return [self._halve(versions, cases, index, law) for index, (law, _) in enumerate(laws)]

    def _pinned(self, release: str) -> WorkerHandle:
        package = choose(self.backend).adapter.packages[0]
        return WorkerHandle(choose(f"{self.backend}@{package}=={release}"), "cpu")

    def _telling(self, good: str, bad: str) -> list[tuple[str, Case]]:
        """The laws by which the bad release differs from the reading of the good one, with their cases."""
        handle = self._pinned(bad)
        options = Options(seed=1, against=f"{handle.choice.adapter.dialect}@{good}", shrinking=20.0)
        found: list[tuple[str, Case]] = []
        try:
            for law in load_laws().values():
                if law.clause != self.clause:
                    continue
                cases: list[Case] = []
                verdict, _ = examine(law, handle, options, found=cases.append)
                found += [(law.name, case) for case in cases]
                self.say(f"{law.name} on {bad}, by the reading of {good}: {verdict.state}")
        finally:
            handle.close()
        return found

    def _evaluate(self, release: str, cases: list[Case]) -> list[str] | None:
        """The outcome of every case on a release; None if it cannot be run."""
        if release not in self.evaluated:
            handle = self._pinned(release)
            try:
                outcomes = handle.perform(self.clause, cases)
                self.evaluated[release] = [_text(outcome) for outcome in outcomes]
                self.say(f"{release}: {'; '.join(self.evaluated[release] or [])}")
            except Lost as lost:
                self.evaluated[release] = None
                self.say(f"{release} was not run: {lost}")
            finally:
                handle.close()
        return self.evaluated[release]

    def _halve(self, versions: list[str], cases: list[Case], index: int, law: str) -> Change:
        low, high = 0, len(versions) - 1
        old, new = (self._evaluate(versions[end], cases) for end in (low, high))
        if old is None or new is None:
            raise Lost(f"one of the ends, {versions[0]} and {versions[-1]}, cannot be run")
        skipped: list[str] = []
        while high - low > 1:
            between_them = range(low + 1, high)
            middle = min(between_them, key=lambda at: (versions[at] in skipped, abs(at - (low + high) / 2)))
            if versions[middle] in skipped:
                break
            outcomes = self._evaluate(versions[middle], cases)
            if outcomes is None:
                skipped.append(versions[middle])
            elif outcomes[index] == old[index]:
                low = middle
            else:
                high = middle
        last = self.evaluated[versions[high]] or new
        return Change(law, cases[index], versions[low], old[index], versions[high], last[index], skipped)


def _text(outcome: Outcome) -> str:
    """An outcome so that equal texts are equal outcomes."""
    if outcome.kind == "value":
        return outcome_class(outcome) if _short(outcome) else json.dumps(to_json(outcome.value))
    return outcome_class(outcome)


def _short(outcome: Outcome) -> bool:
    return len(outcome_class(outcome)) < 200
