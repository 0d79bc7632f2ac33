"""Finds the release in which what a backend does with a case has changed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from backends import choose
from backends.base import Outcome
from conformance.cases import Case, said
from conformance.examine import Options, examine
from conformance.handle import Lost, WorkerHandle
from conformance.law import load_laws
from conformance.releases import between, released
from conformance.reproduction import expecting, surroundings

SHRINKING = 5.0
"""Seconds to look for the smallest case that tells two releases apart."""


@dataclass
class Change:
    """Where an outcome has changed: the last release with the old one, the first with the new one.

    scripts: one a release, which expects the outcome of `before`; what each printed last.
    """

    case: Case
    before: str
    old: str
    after: str
    new: str
    skipped: list[str] = field(default_factory=list)
    scripts: list[tuple[Path | None, str]] = field(default_factory=list)


@dataclass
class Bisection:
    """Evaluates cases on releases, each release once, and halves the range between two of them.

    backend: such as "keras-torch"; the releases are those of its first package. say: told each step.
    folder: gets the reproductions.
    """

    backend: str
    say: Callable[[str], None]
    folder: Path
    evaluated: dict[str, list[Outcome] | None] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The package whose releases are searched."""
        return choose(self.backend).adapter.packages[0]

    def run(self, cases: list[Case], good: str, bad: str) -> list[Change]:
        """One change for each case on which the two releases differ."""
        versions = between(released(self.package), good, bad)
        with ThreadPoolExecutor(2) as pool:
            ends = [*pool.map(lambda end: self._evaluate(end, cases), (versions[0], versions[-1]))]
        if None in ends:
            raise Lost(f"one of the ends, {versions[0]} and {versions[-1]}, cannot be run")
        changes = []
        for index, case in enumerate(cases):
            old, new = (said(outcomes[index]) for outcomes in ends if outcomes)
            if old != new:
                changes.append(self._halve(versions, cases, index))
            else:
                self.say(f"{case.clause}, {case.name}: the same at both ends: {old}")
        return changes

    def telling(self, clauses: list[str], good: str, bad: str, *, every: bool = False) -> list[Case]:
        """Cases by which the bad release breaks the reading of the good one, or the good that of the bad.

        One a clause, of the first law that tells them apart; of every law if `every`.
        """
        found: list[Case] = []
        for runs, reads in ((bad, good), (good, bad)):
            missing = [clause for clause in clauses if clause not in {case.clause for case in found}]
            handle = self._pinned(runs)
            options = Options(
                structures=30,
                seed=1,
                against=f"{handle.choice.adapter.dialect}@{reads}",
                shrinking=SHRINKING,
            )
            try:
                for law in load_laws().values():
                    if law.clause not in missing or (not every and law.clause in {c.clause for c in found}):
                        continue
                    cases: list[Case] = []
                    verdict, _ = examine(
                        law,
                        handle,
                        options,
                        found=lambda inputs, law=law, cases=cases: cases.append(  # type: ignore[misc]
                            Case(law.clause, law.name, inputs)
                        ),
                    )
                    found += cases
                    self.say(f"{law.name} on {runs}, by the reading of {reads}: {verdict.state}")
            finally:
                handle.close()
            if {case.clause for case in found} == set(clauses):
                break
        return found

    def _pinned(self, release: str) -> WorkerHandle:
        return WorkerHandle(choose(f"{self.backend}@{self.package}=={release}"), "cpu")

    def _evaluate(self, release: str, cases: list[Case]) -> list[Outcome] | None:
        """The outcome of every case on a release; None if it cannot be run."""
        if release not in self.evaluated:
            handle, start = self._pinned(release), time.monotonic()
            try:
                outcomes = [handle.perform(case.clause, [case.inputs])[0] for case in cases]
                self.evaluated[release] = outcomes
                texts = "; ".join(map(said, outcomes))
                self.say(f"{release} ({time.monotonic() - start:.0f} s): {texts:.200}")
            except Lost as lost:
                self.evaluated[release] = None
                self.say(f"{release} was not run: {lost}")
            finally:
                handle.close()
        return self.evaluated[release]

    def _halve(self, versions: list[str], cases: list[Case], index: int) -> Change:
        low, high = 0, len(versions) - 1
        old = said((self.evaluated[versions[low]] or [])[index])
        skipped: list[str] = []
        while high - low > 1:
            middle = min(
                range(low + 1, high), key=lambda at: (versions[at] in skipped, abs(at - (low + high) / 2))
            )
            if versions[middle] in skipped:
                break
            outcomes = self._evaluate(versions[middle], cases)
            if outcomes is None:
                skipped.append(versions[middle])
            elif said(outcomes[index]) == old:
                low = middle
            else:
                high = middle
        last = (self.evaluated[versions[high]] or [])[index]
        change = Change(cases[index], versions[low], old, versions[high], said(last), skipped)
        first = (self.evaluated[versions[low]] or [])[index]
        # Written one after the other, since Python 3.11 does not parse in two threads at once.
        written = [self._script(change, release, first) for release in (change.before, change.after)]
        with ThreadPoolExecutor(2) as pool:
            change.scripts = [*pool.map(self._ran, (change.before, change.after), written)]
        return change

    def _script(self, change: Change, release: str, expected: Outcome) -> Path | None:
        """Write the script of a release, if there is one; it expects what `before` gave."""
        choice = choose(f"{self.backend}@{self.package}=={release}")
        case = change.case
        text = expecting(choice, case.clause, case.inputs, expected, f"{self.package} {change.before}")
        path = self.folder / f"{self.backend}-{release}-{case.name.removeprefix('test_')}.py"
        if text is None:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def _ran(self, release: str, path: Path | None) -> tuple[Path | None, str]:
        """A script, and the last line that it printed on its release."""
        if path is None:
            return None, "the adapter gives no script for the operation"
        choice = choose(f"{self.backend}@{self.package}=={release}")
        done = subprocess.run(
            [sys.executable, str(path.absolute())],
            capture_output=True,
            text=True,
            env=surroundings(choice),
            check=False,
        )
        return path, (done.stdout.strip().splitlines() or ["it printed nothing"])[-1]
