"""A trial: one law on one backend. It is what a law's `backend` argument is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backends.base import Outcome
from backends.numpy_control import settle
from conformance.agreement import Agreement, Changes, Disagreement, agree, growth
from conformance.expectation import Expectation
from conformance.figures import figures
from conformance.handle import Handle, Lost
from conformance.judge import Judge
from conformance.law import Law
from conformance.statistics import FAMILIES, POWER, level_of, power_of
from conformance.structure import Structure
from conformance.verdict import Verdict
from reference.errors import Refused
from reference.outcomes import Coins

Inputs = dict[str, Any]
Rule = Callable[[Inputs], Any]

FILLS = 8
"""Cases that are made of one structure."""

SHRINKING = 30.0
"""Seconds that Hypothesis may go on shrinking a structure after the first divergence."""


class Divergence(AssertionError):
    """A backend's outcome is not what it should be, for one case.

    retry: does the operation on other inputs of the same kind; the Divergence, or None if it agrees.
    """

    def __init__(
        self,
        operation: str,
        inputs: Inputs,
        expected: Any,
        actual: Outcome,
        disagreement: Disagreement,
        retry: Callable[[Inputs], Divergence | None],
    ) -> None:
        super().__init__(f"{operation}: {disagreement}")
        self.operation = operation
        self.inputs = inputs
        self.expected = expected
        self.actual = actual
        self.disagreement = disagreement
        self.retry = retry


@dataclass(repr=False)
class Trial:
    """One law on one backend: does operations, compares, counts.

    handle: the backend. judge: the dialect and version whose readings judge.
    expectations: the divergences that are known for this clause.
    structure: the latest whose cases were sent. found: the latest divergence.
    """

    handle: Handle
    judge: Judge
    law: Law
    verdict: Verdict
    expectations: list[Expectation] = field(default_factory=list)
    fills: int = FILLS
    shrinking: float = SHRINKING

    def __post_init__(self) -> None:
        self._seen: set[Any] = set()
        self._decisive = 0
        self._failed: set[Any] = set()
        self._first_failure: float | None = None
        self.structure: Structure | None = None
        self.found: Divergence | None = None

    @property
    def decisive(self) -> bool:
        """Whether any case could have told a wrong backend from a right one."""
        return self._decisive > 0

    def agrees(self, structure: Structure) -> None:
        """Every case of the structure MUST come out as the reading says."""
        for inputs, outcome in self._performed(structure):
            self._compare(structure, inputs, lambda case: (case, self._reading(case)), outcome)

    def agrees_at_each_step(self, structure: Structure) -> None:
        """Every case MUST come out as the reading says, which is a list of what is there after each step.

        How error and bound grow from step to step, in the last case, is kept with the verdict.
        """
        for inputs, outcome in self._performed(structure):
            pair, known = (inputs, self._reading(inputs)), self.verdict.known_cases
            self._compare(structure, inputs, lambda case: (case, self._reading(case)), outcome, pair)
            if self.verdict.known_cases == known:
                self.verdict.growth = growth(pair[1], outcome.value)

    def agrees_in_figures(self, structure: Structure, named: Callable[[Inputs, Any], dict[str, Any]]) -> None:
        """Every case MUST come out as the reading says.

        What `named(inputs, outcome)` picks, of what was said and of what came, is kept with the verdict.
        """
        self.verdict.figures = []
        for inputs, outcome in self._performed(structure):
            pair, known = (inputs, self._reading(inputs)), self.verdict.known_cases
            self._compare(structure, inputs, lambda case: (case, self._reading(case)), outcome, pair)
            if self.verdict.known_cases == known:
                came = named(inputs, outcome.value)
                self.verdict.figures += figures(named(inputs, pair[1]), came, self.judge.flushes)

    def gives(self, structure: Structure, rule: Rule) -> None:
        """Every case of the structure MUST come out as `rule(inputs)` says, in a reading's terms."""

        def pair(inputs: Inputs) -> tuple[Inputs, Any]:
            agree(rule(inputs), self._said(inputs))
            return inputs, rule(inputs)

        for inputs, outcome in self._performed(structure):
            self._compare(structure, inputs, pair, outcome, (inputs, rule(inputs)))

    def same_after(self, structure: Structure, change: Callable[[Inputs], Inputs]) -> None:
        """What comes out of `change(inputs)` MUST be what comes out of the inputs, exactly."""
        self.follows(structure, change, lambda before, after: before)

    def follows(
        self, structure: Structure, change: Callable[[Inputs], Inputs], relation: Callable[[Any, Any], Any]
    ) -> None:
        """What comes out of `change(inputs)` MUST be `relation(before, after)`, exactly.

        before, after: the values that come out of the inputs and of the changed ones. If either is a
        refusal, what comes after MUST be what came before.
        """

        def related(plain: Outcome, changed: Outcome) -> Any:
            if plain.kind != "value" or changed.kind != "value":
                return _as_expected(plain)
            return relation(plain.value, changed.value)

        def pair(inputs: Inputs) -> tuple[Inputs, Any]:
            said, then = self._said(inputs), self._said(change(inputs))
            agree(related(said, then), then)
            (plain,), (changed,) = self._perform([inputs]), self._perform([change(inputs)])
            return change(inputs), related(plain, changed)

        for inputs, plain in self._performed(structure):
            (outcome,) = self._perform([change(inputs)])
            self._compare(structure, inputs, pair, outcome, (change(inputs), related(plain, outcome)))

    def draws(self, structure: Structure, family: str) -> None:
        """The draws of a structure MUST be the coins of the reading, by one of `statistics.FAMILIES`.

        The law states its number of structures, by which it shares its chance of a false alarm. A
        structure whose draws are too few for the stated power decides nothing.
        """
        assert self.law.structures, "a law on random outcomes states its number of structures"
        level = level_of(self.law.structures)
        for inputs, outcome in self._performed(structure):
            known = self.verdict.known_cases
            self._compare(structure, inputs, lambda case: (case, self._reading(case)), outcome)
            coins = self._reading(inputs)
            if isinstance(coins, Coins) and self.verdict.known_cases == known:
                self._judge_draws(structure, family, level, inputs, coins, outcome)

    def _judge_draws(
        self, structure: Structure, family: str, level: float, inputs: Inputs, coins: Coins, outcome: Outcome
    ) -> None:
        upper = _upper(coins, outcome)
        comparisons = FAMILIES[family](coins, upper, level)
        powers = power_of(family, coins, upper.size, level, len(comparisons))
        self._weigh(len(comparisons), upper.size, level, powers)
        refused = [comparison for comparison in comparisons if comparison.refused]
        if not refused:
            return
        worst = min(refused, key=lambda comparison: comparison.chance)
        self._failed.add(_identity(structure))
        self._first_failure = self._first_failure or time.monotonic()
        disagreement = Disagreement("", str(worst))
        raise Divergence(self.law.clause, inputs, coins, outcome, disagreement, lambda case: None)

    def _weigh(self, comparisons: int, draws: int, level: float, powers: dict[str, float]) -> None:
        """Count what the draws of a structure decide, and at which rates."""
        least = min(powers.values())
        chance = self.verdict.chance
        chance["draws"] = chance.get("draws", 0) + draws
        chance["comparisons"] = chance.get("comparisons", 0) + comparisons
        chance["false_alarm"] = chance.get("false_alarm", 0.0) + level
        chance["power"] = min(chance.get("power", 1.0), least)
        self._decisive += least >= POWER

    def _reading(self, inputs: Inputs) -> Any:
        return self.judge.expects(self.law.clause, inputs)

    def _said(self, inputs: Inputs) -> Outcome:
        """The reading's own outcome. A law that it does not keep on some inputs does not speak of them."""
        try:
            return Outcome("value", settle(self._reading(inputs)))
        except Refused as refusal:
            return Outcome("refusal", error=refusal.shows_as, message=str(refusal))

    def _performed(self, structure: Structure) -> Iterator[tuple[Inputs, Outcome]]:
        """The cases of a structure with their outcomes, those apart that the backend cannot take."""
        if self._spent(structure):
            return
        self.structure = structure
        self._seen.add(structure.key)
        self.verdict.structures += 1
        self.verdict.distinct = len(self._seen)
        cases = structure.cases(self.fills)
        for inputs, outcome in zip(cases, self._perform(cases), strict=True):
            if outcome.kind == "unsupported":
                self.verdict.unsupported_cases += 1
                self.verdict.unsupported_reason = self.verdict.unsupported_reason or outcome.message
            else:
                self.verdict.cases += 1
                yield inputs, outcome

    def _perform(self, cases: list[Inputs]) -> list[Outcome]:
        start = time.perf_counter()
        outcomes = self.handle.perform(self.law.clause, cases)
        elapsed = time.perf_counter() - start
        self.verdict.backend_seconds += min(elapsed, sum(outcome.seconds for outcome in outcomes))
        for outcome in outcomes:
            if outcome.kind == "fault":
                raise Lost(f"{self.law.clause} broke in {self.handle.choice.name}: {outcome.message}")
        return outcomes

    def _compare(
        self,
        structure: Structure,
        inputs: Inputs,
        prepare: Callable[[Inputs], tuple[Inputs, Any]],
        outcome: Outcome,
        prepared: tuple[Inputs, Any] | None = None,
    ) -> None:
        shown, expected = prepared or prepare(inputs)
        try:
            self._count(self._agree(expected, outcome))
        except Disagreement as disagreement:
            if self._is_known(shown, outcome):
                self.verdict.known_cases += 1
                return
            self._failed.add(_identity(structure))
            self._first_failure = self._first_failure or time.monotonic()

            def retry(candidate: Inputs) -> Divergence | None:
                try:
                    performed, wanted = prepare(candidate)
                except Disagreement:  # the law does not speak of the candidate
                    return None
                (got,) = self._perform([performed])
                if got.kind == "unsupported":
                    return None
                try:
                    self._agree(wanted, got)
                except Disagreement as again:
                    if not self._is_known(performed, got):
                        return Divergence(self.law.clause, performed, wanted, got, again, retry)
                return None

            self.found = Divergence(self.law.clause, shown, expected, outcome, disagreement, retry)
            raise self.found from None

    def _agree(self, expected: Any, outcome: Outcome) -> Agreement:
        if isinstance(expected, Changes) and expected.names == outcome.changed:
            return agree(expected.outcome, outcome, flushes=self.judge.flushes)
        if isinstance(expected, Changes):
            raise Disagreement("", f"the operation did not change {', '.join(expected.names)} in place")
        if outcome.changed:
            raise Disagreement("", f"the operation changed its input {', '.join(outcome.changed)} in place")
        return agree(expected, outcome, flushes=self.judge.flushes)

    def _count(self, agreement: Agreement) -> None:
        self._decisive += agreement.decisive
        if agreement.margin is not None:
            self.verdict.margin = max(self.verdict.margin or 0.0, agreement.margin)
            tenth = min(int(agreement.margin * 10), 9)
            self.verdict.margins[tenth] += 1
            kept = self.verdict.by_dtype.setdefault(agreement.dtype, [0.0] + [0] * 10)
            kept[0], kept[tenth + 1] = max(kept[0], agreement.margin), kept[tenth + 1] + 1

    def _is_known(self, inputs: Inputs, outcome: Outcome) -> bool:
        """Whether an expectation says that the backend does just this."""
        for expectation in self.expectations:
            try:
                self._agree(expectation.behavior(self.law.clause, inputs, self.judge), outcome)
                return True
            except Disagreement:
                continue
        return False

    def _spent(self, structure: Structure) -> bool:
        """Whether the time for shrinking is over and this structure is none that has failed."""
        return (
            self._first_failure is not None
            and time.monotonic() - self._first_failure > self.shrinking
            and _identity(structure) not in self._failed
        )


def _upper(coins: Coins, outcome: Outcome) -> np.ndarray[Any, Any]:
    """Which entries are the upper value: bool (calls, *shape)."""
    stacked = np.stack(outcome.value)
    return np.asarray(stacked == np.array(coins.values[1]).astype(stacked.dtype))


def _identity(structure: Structure) -> Any:
    return structure.key, structure.seed


def _as_expected(outcome: Outcome) -> Any:
    """An outcome in the terms of a reading."""
    if outcome.kind == "refusal":
        return Refused(outcome.message, shows_as=(outcome.error[0],))
    return outcome.value
