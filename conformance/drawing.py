"""What a law draws and would do with a backend, written down without one.

For those who look at the structures of laws instead of judging a backend by them: rivals and mutants.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis

from conformance.law import Law
from conformance.structure import Structure

Call = tuple[str, Structure, tuple[Any, ...]]
"""How a law asks a backend: the method of the trial, the structure, and what else it is given."""

METHODS = frozenset(
    {"agrees", "agrees_at_each_step", "agrees_in_figures", "gives", "same_after", "follows", "draws"}
)


class _Recorder:
    """Stands for a trial while a law draws its structures."""

    def __init__(self, judge: Any) -> None:
        self.judge = judge
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS:
            raise AttributeError(name)

        def note(structure: Structure, *rest: Any) -> None:
            self.calls.append((name, structure, rest))

        return note


def recorded(law: Law, structures: int, seed: str, judge: Any = None) -> list[Call]:
    """What a law does, structure by structure. judge: what `backend.judge` is in the law."""
    recorder = _Recorder(judge)
    with _settings(law, structures):
        hypothesis.seed(zlib.crc32(seed.encode()))(law.test)
        law.test(backend=recorder)
    return recorder.calls


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
