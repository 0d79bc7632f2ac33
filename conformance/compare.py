"""Compares two runs, or two sets of runs: what has become worse, better, other, new, or is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.baseline import digest_of
from conformance.run import Run
from conformance.verdict import State, Verdict

Key = tuple[str, str]


@dataclass
class Comparison:
    """Sentences, by what has happened to a law on a backend, or to a case of the survey."""

    newly_failing: list[str] = field(default_factory=list)
    newly_passing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    @property
    def worse(self) -> bool:
        """Whether anything fails that did not, or is gone."""
        return bool(self.newly_failing or self.vanished)


def compare(before: Iterable[Run], after: Iterable[Run]) -> Comparison:
    """What has happened between two sets of runs; of two verdicts on one law and backend the last counts."""
    old_runs, new_runs = list(before), list(after)
    old, new = _verdicts(old_runs), _verdicts(new_runs)
    found = Comparison()
    for key in sorted(old.keys() | new.keys()):
        name = f"{key[0]}[{key[1]}]"
        was, now = old.get(key), new.get(key)
        if was is None and now is not None:
            found.new.append(f"{name}: {_word(now)}")
        elif now is None and was is not None:
            found.vanished.append(f"{name}: was {_word(was)}")
        elif was is not None and now is not None:
            _place(found, name, was, now)
    _surveys(found, old_runs, new_runs)
    return found


def _verdicts(runs: list[Run]) -> dict[Key, Verdict]:
    return {(verdict.law, verdict.backend): verdict for run in runs for verdict in run.verdicts}


def _word(verdict: Verdict) -> str:
    return f"expected {verdict.state}" if verdict.expected else str(verdict.state)


def _place(found: Comparison, name: str, was: Verdict, now: Verdict) -> None:
    """Put what has happened to one law on one backend where it belongs."""
    if _word(was) != _word(now):
        sentence = f"{name}: {_word(was)} before, {_word(now)} now"
        bad = now.state in (State.FAIL, State.ERROR) and not now.expected
        good = now.state is State.PASS
        (found.newly_failing if bad else found.newly_passing if good else found.changed).append(sentence)
    elif was.divergence and now.divergence and digest_of(was.divergence) != digest_of(now.divergence):
        found.changed.append(f"{name}: diverges otherwise than before")


def _surveys(found: Comparison, before: list[Run], after: list[Run]) -> None:
    was = {(s["clause"], s["name"], s["backend"]): s["outcome"] for run in before for s in run.surveys}
    for run in after:
        for line in run.surveys:
            key = (line["clause"], line["name"], line["backend"])
            if was.get(key, line["outcome"]) != line["outcome"]:
                where = f"{key[0]} on {key[2]}, {key[1]}"
                found.changed.append(f"{where}: {was[key]} before, {line['outcome']} now")
