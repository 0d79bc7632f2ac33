"""One case on every backend and release that is at hand, for a discussion upstream."""

from __future__ import annotations

from collections.abc import Iterator

from backends import BUILT_IN, UnknownBackend, choose
from backends.base import MissingDevice, Outcome
from conformance.agreement import Disagreement
from conformance.cases import Case, said
from conformance.divergence import plain, text_of
from conformance.examine import Options
from conformance.handle import Lost, WorkerHandle
from conformance.law import load_laws
from conformance.releases import DONE, cache
from conformance.trial import Trial
from conformance.verdict import Verdict

LONGEST = 160
"""Characters of an outcome in a table."""


def at_hand(clause: str) -> list[str]:
    """Every installed backend that has the operation, and each release of its first package in the cache."""
    kept = [path.parent.name for path in sorted(cache().glob(f"*/{DONE}"))]
    found: list[str] = []
    for name in BUILT_IN:
        choice = choose(name)
        if name == "numpy" or choice.missing or clause not in choice.operations():
            continue
        found.append(name)
        package = choice.adapter.packages[0]
        pins = [one.rpartition("-")[0] for one in kept if one.startswith(f"{package}==") and "+" not in one]
        found += [f"{name}@{pin}" for pin in sorted(pins, key=_numbers)]
    return found


def _numbers(pin: str) -> list[int]:
    return [int(part) for part in pin.partition("==")[2].split(".") if part.isdecimal()]


def rows(case: Case, names: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """For each backend its name, its releases, its outcome, and whether its reading says the same."""
    for name in names:
        choice = choose(name)
        if choice.missing:
            raise UnknownBackend(f"{name} needs {', '.join(choice.missing)}, which this Python does not have")
        handle = WorkerHandle(choice, "cpu")
        releases = ", ".join(f"{package} {number}" for package, number in choice.versions().items())
        try:
            (outcome,) = handle.perform(case.clause, [case.inputs])
            yield (
                choice.name.partition("@")[0],
                releases,
                _cell(said(outcome)),
                _reading(case, handle, outcome),
            )
        except (Lost, MissingDevice) as lost:
            yield choice.name.partition("@")[0], releases, _cell(f"not run: {lost}"), ""
        finally:
            handle.close()


def _reading(case: Case, handle: WorkerHandle, outcome: Outcome) -> str:
    judge = Options().judge(handle)
    if judge.reading(case.clause) is None:
        return f"not stated by {judge.dialect}"
    if outcome.kind == "unsupported":
        return ""
    law = next(law for law in load_laws().values() if law.clause == case.clause)
    trial = Trial(handle, judge, law, Verdict(law.name, law.clause, law.points, "", judge.dialect))
    expected = judge.expects(case.clause, case.inputs)
    try:
        trial._agree(expected, outcome)
    except Disagreement:
        return _cell(f"otherwise: {text_of(plain(expected))}")
    return "the same"


def _cell(text: str) -> str:
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
