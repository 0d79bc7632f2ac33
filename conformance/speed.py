"""Speed: how many cases a second a backend does, and how many its reading says, law by law.

A case of the chapter composition is a graph that is built and run, or trained. What is measured is the
time inside the backend, without drawing, comparing and the way to the worker and back; and the time in
the reading, as the oracle computes it. The first structure of each law warms up and does not count.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.drawing import recorded
from conformance.examine import Options, _not_applicable
from conformance.handle import Handle
from conformance.judge import Judge
from conformance.law import Law, load_laws


@dataclass(frozen=True)
class Pace:
    """What one law took: cases, the seconds inside the backend, and those in the reading."""

    law: Law
    cases: int
    backend: float
    reading: float

    def __str__(self) -> str:
        return (
            f"{self.cases / self.backend:8.1f} cases a second, the reading {self.cases / self.reading:8.1f}"
            f"  ({self.cases} cases, {self.law.name})"
        )


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and those that it starts meanwhile, to one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def paces(handle: Handle, clause: str, options: Options) -> Iterator[Pace]:
    """The pace of every law of a clause on a backend; nothing for what it does not state or have."""
    judge = options.judge(handle)
    for law in [law for law in load_laws().values() if law.clause == clause]:
        if clause in handle.choice.operations() and not _not_applicable(law, judge):
            yield _pace(law, handle, judge, options)


def _pace(law: Law, handle: Handle, judge: Judge, options: Options) -> Pace:
    fewer = min(law.structures or options.structures, options.structures)
    (_, first, _), *rest = recorded(law, fewer + 1, f"{options.seed}/{law.id}", judge)
    handle.perform(law.clause, first.cases(options.fills))
    cases, backend, reading = 0, 0.0, 0.0
    for _, structure, _ in rest:
        made = structure.cases(options.fills)
        outcomes = handle.perform(law.clause, made)
        cases, backend = cases + len(made), backend + sum(outcome.seconds for outcome in outcomes)
        start = time.perf_counter()
        for case in made:
            judge.expects(law.clause, case)
        reading += time.perf_counter() - start
    return Pace(law, cases, backend, reading)
