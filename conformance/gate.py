"""The gate: whether a run is accepted, and every reason why not.

It objects to: a new divergence, an expectation that no longer holds, any error, a selected law
without a verdict, and, against a baseline, a law that is newly unsupported or inconclusive. That
nothing has vanished is asked of a run without selection alone; that no survey has changed, only
against a baseline that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.run import Run
from conformance.verdict import State, Verdict

WORSE = (State.UNSUPPORTED, State.INCONCLUSIVE, State.NOT_APPLICABLE)


def objections(
    verdicts: Mapping[str, Verdict],
    selected: Iterable[str],
    baselines: Mapping[str, Run],
    *,
    whole: bool,
    structures: int = 0,
    surveys: list[dict[str, Any]] | None = None,
) -> list[str]:
    """One sentence for each reason not to accept a run; none if it is accepted.

    verdicts: by the test's id. selected: ids of the laws that should have run. baselines: by backend.
    whole: whether nothing was deselected. structures: of a law in this run; with fewer than the baseline
    had, what draws have decided is not held against it. surveys: of this run, if they are to be compared.
    """
    found = [sentence for verdict in verdicts.values() if (sentence := _alone(verdict))]
    found.extend(f"{id} was selected and has no verdict" for id in sorted(set(selected) - set(verdicts)))
    now = {(v.law, v.backend): v for v in verdicts.values()}
    for backend, baseline in baselines.items():
        if not baseline.complete:
            found.append(f"the baseline {baseline.path} has no footer, so it did not end; make it anew")
        for before in baseline.verdicts:
            fewer = structures < int(baseline.header.get("cases") or 0)
            found.extend(_against(before, now.get((before.law, backend)), whole, fewer))
        if surveys is not None:
            found.extend(_changed(backend, baseline.surveys, surveys, whole))
    return found


def _alone(verdict: Verdict) -> str:
    """What is wrong with a verdict, whatever went before."""
    name = f"{verdict.law}[{verdict.backend}]"
    match verdict.state:
        case State.FAIL if not verdict.expected:
            return f"{name} diverges: {_line(verdict.reason)}"
        case State.ERROR:
            return f"{name} ended in an error: {_line(verdict.reason)}"
        case State.NOT_RUN:
            return f"{name} was not run"
    return ""


def _against(before: Verdict, now: Verdict | None, whole: bool, fewer: bool) -> Iterable[str]:
    """What has become worse since the baseline, which draws alone may do if there were fewer of them."""
    name = f"{before.law}[{before.backend}]"
    told_apart = before.state in (State.PASS, State.FAIL)
    if now is None:
        if whole:
            yield f"{name} has vanished: it is in the baseline, and a run of all laws does not have it"
    elif now.state in WORSE and told_apart and not (fewer and _drawn(now)):
        yield f"{name} is newly {now.state}; it was {before.state} in the baseline: {_line(now.reason)}"


def _drawn(verdict: Verdict) -> bool:
    """Whether other cases might have led to another verdict."""
    return verdict.state is State.INCONCLUSIVE or verdict.unsupported_cases > 0


def _changed(
    backend: str, before: list[dict[str, Any]], now: list[dict[str, Any]], whole: bool
) -> Iterable[str]:
    """Survey outcomes that are no longer what they were."""
    was, today = (
        {(s["clause"], s["name"]): s["outcome"] for s in lines if s["backend"] == backend}
        for lines in (before, now)
    )
    for (clause, name), outcome in was.items():
        where = f"{clause}, {name}, on {backend}"
        if (clause, name) not in today:
            if whole:
                yield f"changed: {where} was {outcome} and is surveyed no more"
        elif today[clause, name] != outcome:
            yield f"changed: {where} was {outcome} and is {today[clause, name]}"


def _line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()
