"""Examines a backend by a law: from the first case to the verdict."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis.errors import Flaky, HypothesisException

from backends.base import MissingDevice
from backends.codec import Malformed
from conformance.agreement import Disagreement
from conformance.divergence import describe, record, where_of
from conformance.expectation import Expectation
from conformance.handle import Handle, Lost
from conformance.judge import Judge
from conformance.law import Law
from conformance.minimize import minimize
from conformance.reproduction import NotReproduced, reproduce, script_of
from conformance.trial import FILLS, SHRINKING, Divergence, Trial
from conformance.upstream import write_issue
from conformance.verdict import State, Verdict
from reference.outcomes import Setting


@dataclass
class Options:
    """How laws are run.

    structures: structures a law. seed: of the whole run. against: "dialect" or "dialect@version"
    that judges instead of the backend's own. folder: where reproductions go, None for none.
    """

    structures: int = 100
    seed: int = 0
    against: str | None = None
    folder: Path | None = None
    fills: int = FILLS
    shrinking: float = SHRINKING
    expectations: dict[str, list[Expectation]] = field(default_factory=dict)

    def judge(self, handle: Handle) -> Judge:
        """The judge of a backend that runs or, if it does not run yet, that is installed."""
        adapter = handle.choice.adapter
        dialect, version = adapter.dialect, handle.version()
        if handle.choice.option is not None:
            dialect = handle.choice.option
        if self.against is not None:
            dialect, _, wanted = self.against.partition("@")
            version = wanted or None
        kind = handle.device.partition(":")[0]
        return Judge(
            dialect, version, Setting(adapter.engine, "cpu" if kind == "cpu" else "gpu"), adapter.flushes
        )


def examine(
    law: Law,
    handle: Handle,
    options: Options,
    test: Callable[[Trial], None] | None = None,
    found: Callable[[dict[str, Any]], None] = lambda case: None,
) -> tuple[Verdict, str]:
    """Run a law on a backend: the verdict, and the story of a divergence, empty without one.

    test: calls the law with a trial, if it needs more arguments than the trial.
    found: told the smallest case of a divergence.
    """
    judge = options.judge(handle)
    verdict = Verdict(law.name, law.clause, law.points, handle.choice.name, judge.dialect)
    reading = judge.reading(law.clause)
    if reason := _not_applicable(law, judge):
        verdict.state, verdict.reason = State.NOT_APPLICABLE, reason
        return verdict, ""
    assert reading is not None
    verdict.reading = reading.name
    if law.clause not in handle.choice.operations():
        without = handle.choice.adapter.without
        verdict.state = State.UNSUPPORTED
        verdict.reason = without.get(
            law.clause, f"the adapter {handle.choice.name} has no operation {law.clause}"
        )
        return verdict, ""
    trial = Trial(handle, judge, law, verdict, [], options.fills, options.shrinking)
    start = time.perf_counter()
    try:
        trial.expectations = _covering(law, handle, options)
        story = _replay(trial) or _search(law, trial, options, test, found)
    except (Lost, MissingDevice, Malformed) as end:
        story = _broken_off(trial, end)
    verdict.seconds = time.perf_counter() - start
    return verdict, story


def _broken_off(trial: Trial, end: BaseException) -> str:
    """The error of a law whose backend was lost; its last structure and its last divergence are kept."""
    verdict = trial.verdict
    verdict.state, verdict.reason = State.ERROR, str(end)
    if isinstance(end, Malformed):
        verdict.reason = f"the adapter {verdict.backend} returned what is no data: {end}"
    if trial.structure is not None and trial.handle.identity is not None:
        verdict.reason += f"; the law was at {trial.structure!r}"
    if trial.found is not None and isinstance(end, Lost):
        verdict.reason += f"; a divergence had been found before: {trial.found}"
        verdict.divergence = record(trial, trial.found.inputs, trial.found.actual, divergence=trial.found)
    return verdict.reason


def _not_applicable(law: Law, judge: Judge) -> str:
    """Why a law does not speak of a dialect, or an empty text."""
    reading = judge.reading(law.clause)
    if reading is None:
        return f"the dialect {judge.dialect} does not state {law.clause}"
    labels = {point.label for point in reading.points}
    if not labels & set(law.points):
        return f"{reading.name} has no point {' or '.join(law.points)} in {law.clause}"
    return ""


def _covering(law: Law, handle: Handle, options: Options) -> list[Expectation]:
    """The expectations of the law's clause and points that speak of what runs here."""
    if options.against is not None:
        return []
    known = options.expectations.get(handle.choice.name.partition("@")[0], [])
    version, kind = handle.version(), handle.device.partition(":")[0]
    mine = [e for e in known if e.clause == law.clause and e.point in law.points]
    return [e for e in mine if e.covers(version, kind)]


def _replay(trial: Trial) -> str:
    """Replay the counterexample of each expectation: it must diverge, and just as expected."""
    for expectation in trial.expectations:
        (outcome,) = trial.handle.perform(trial.law.clause, [expectation.case])
        try:
            trial._agree(trial.judge.expects(trial.law.clause, expectation.case), outcome)
            problem = "no longer diverges: take the expectation out"
        except Disagreement:
            if trial._is_known(expectation.case, outcome):
                continue
            problem = f"diverges, but not as {expectation.behaves_as}: look again and write a new expectation"
        trial.verdict.state = State.FAIL
        where = f"{expectation.clause} [{expectation.point}]"
        trial.verdict.reason = f"{expectation.origin}: the counterexample for {where} {problem}"
        return trial.verdict.reason
    return ""


def _search(
    law: Law,
    trial: Trial,
    options: Options,
    test: Callable[[Trial], None] | None,
    found: Callable[[dict[str, Any]], None],
) -> str:
    """Let Hypothesis look for a divergence."""
    verdict = trial.verdict
    try:
        with _settings(law, options, trial.handle.choice.name):
            (test or (lambda t: law.test(backend=t)))(trial)
    except Divergence as divergence:
        smallest = minimize(divergence)
        found(smallest.inputs)
        return _fail(smallest, trial, options)
    except (Flaky, HypothesisException) as error:
        verdict.state, verdict.reason = State.ERROR, f"{type(error).__name__}: {_first_line(error)}"
        return verdict.reason
    _conclude(trial)
    return ""


def _conclude(trial: Trial) -> None:
    """The verdict of a search that found no new divergence."""
    verdict = trial.verdict
    if trial.expectations:
        verdict.state, verdict.expected = State.FAIL, True
        verdict.reason = "; ".join(e.reason for e in trial.expectations)
        first = trial.expectations[0]
        (outcome,) = trial.handle.perform(trial.law.clause, [first.case])
        expected = trial.judge.expects(trial.law.clause, first.case)
        where = where_of(expected, outcome, trial.judge.flushes)
        script = script_of(trial, first.case, expected, where, outcome.kind == "refusal")
        verdict.divergence = record(trial, first.case, outcome, expectation=first, script=script, where=where)
    elif verdict.cases == 0 and verdict.unsupported_cases:
        verdict.state, verdict.reason = State.UNSUPPORTED, verdict.unsupported_reason
    elif verdict.cases == 0:
        verdict.state, verdict.reason = State.ERROR, "the law ran no case"
    elif not trial.decisive:
        verdict.state = State.INCONCLUSIVE
        verdict.reason = (
            f"{verdict.chance['draws']} draws are too few for the stated power"
            if verdict.chance
            else "in no case was the bound narrow enough to tell a wrong result from a right one"
        )
    else:
        verdict.state = State.PASS


def _fail(divergence: Divergence, trial: Trial, options: Options) -> str:
    verdict = trial.verdict
    verdict.state, verdict.reason = State.FAIL, str(divergence)
    script: str | None = None
    path: Path | None = None
    if options.folder is not None:
        try:
            script, path = reproduce(divergence, trial, options.folder)
        except NotReproduced as problem:
            verdict.state, verdict.reason = State.ERROR, str(problem)
            script, path = problem.script, None
    verdict.divergence = record(
        trial, divergence.inputs, divergence.actual, divergence=divergence, script=script, path=path
    )
    if path is not None:
        write_issue(path, verdict, trial.handle.identity or {})
    return describe(verdict, trial.handle.identity or {})


@contextmanager
def _settings(law: Law, options: Options, backend: str) -> Iterator[None]:
    """The number of structures, the seed, and no memory of earlier runs."""
    number = law.structures or options.structures
    settings = hypothesis.settings(
        max_examples=number,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        derandomize=False,
        # The backend is slow, not the strategy; and the trial is one for the law on purpose.
        suppress_health_check=[
            hypothesis.HealthCheck.too_slow,
            hypothesis.HealthCheck.function_scoped_fixture,
            hypothesis.HealthCheck.nested_given,
        ],
    )
    # Hypothesis reads a test's settings when the test is decorated, and the number of structures
    # is known only now, so the attribute that `settings` itself would set is set here.
    test: Any = law.test
    before = test._hypothesis_internal_use_settings
    test._hypothesis_internal_use_settings = settings
    plain = backend.partition("@")[0]  # all releases of a backend are shown the same structures
    hypothesis.seed(zlib.crc32(f"{options.seed}/{law.id}/{plain}".encode()))(test)
    try:
        yield
    finally:
        test._hypothesis_internal_use_settings = before


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
