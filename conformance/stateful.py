"""Laws whose structures are led to by the rules of a state machine of Hypothesis."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import hypothesis
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from conformance.structure import Structure

Test = Callable[..., None]

STEPS = 8
"""Rules that a machine follows before what they have led to is judged."""


class Driven(RuleBasedStateMachine):
    """Rules that write down what is to be done.

    The backend is asked once, when no more rules follow: a sequence is one message, and it shrinks as
    its rules do.
    """

    judge: Callable[[Structure], None]

    def structure(self) -> Structure:
        """What the rules have led to."""
        raise NotImplementedError

    def teardown(self) -> None:
        """Judge the structure, unless Hypothesis has given the sequence up."""
        if sys.exception() is None:
            self.judge(self.structure())


def driven(machine: type[Driven]) -> Callable[[Test], Test]:
    """As `hypothesis.given(structure=…)`, with the structures that the rules of `machine` lead to."""

    def bind(test: Test) -> Test:
        @functools.wraps(test)
        def run(backend: Any) -> None:
            def begun() -> Driven:
                """A machine that has followed no rule."""
                one = machine()
                one.judge = lambda structure: test(backend=backend, structure=structure)
                return one

            made: Any = run
            settings = hypothesis.settings(made._hypothesis_internal_use_settings, stateful_step_count=STEPS)
            run_state_machine_as_test(
                hypothesis.seed(made._hypothesis_internal_use_seed)(begun),  # type: ignore[arg-type]
                settings=settings,
            )

        return _as_given(run, test)

    return bind


def _as_given(run: Any, test: Test) -> Test:
    """With what Hypothesis puts on a test that `given` has decorated."""
    del run.__wrapped__  # pytest is to see that it takes a backend, and nothing else
    run.is_hypothesis_test = True
    run.hypothesis = SimpleNamespace(inner_test=test)
    run._hypothesis_internal_use_settings = hypothesis.settings.default
    run._hypothesis_internal_use_seed = None
    made: Test = run
    return made
