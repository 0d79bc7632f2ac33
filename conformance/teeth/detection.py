"""How soon each miniature is caught: cases and seconds, at the default number of structures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from backends import choose
from conformance import minimize
from conformance.examine import Options, examine
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.miniatures import Miniature, gallery
from conformance.verdict import State


def detection(
    seeds: Iterable[int],
    tell: Callable[[str], None] = lambda sentence: None,
    scope: tuple[str, ...] = (),
) -> dict[str, list[list[float]]]:
    """For each miniature of the scope and seed: cases and seconds until its law failed, if it did."""
    laws = {law.name: law for law in load_laws().values()}
    tries, minimize.TRIES = minimize.TRIES, 0  # that it is caught is all that counts here
    found: dict[str, list[list[float]]] = {}
    try:
        for miniature in gallery():
            if scope and not {miniature.clause, miniature.clause.partition(".")[0]} & set(scope):
                continue
            law = laws[miniature.law]
            caught = found[name_of(miniature)] = []
            for seed in seeds:
                handle = LocalHandle(choose(miniature.target()), "cpu")
                verdict, _ = examine(law, handle, Options(seed=seed, shrinking=0.0))
                if verdict.state is State.FAIL:
                    caught.append([verdict.cases, round(verdict.seconds, 3)])
            tell(f"{name_of(miniature)}: {caught}")
    finally:
        minimize.TRIES = tries
    return found


def name_of(miniature: type[Miniature]) -> str:
    """How the gallery names a miniature: the file of its chapter, and its class."""
    return f"{miniature.__module__.rpartition('.')[2]}.{miniature.__name__}"


def entries(measured: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The gallery as data: fault, clause, law, what a user would notice, report, and the worst detection."""
    found = []
    times = (measured or {}).get("miniatures", {})
    for miniature in sorted(gallery(), key=lambda m: m.clause):
        caught = times.get(name_of(miniature), [])
        found.append(
            {
                "name": name_of(miniature),
                "clause": miniature.clause,
                "fault": miniature.fault(),
                "law": miniature.law,
                "notice": " ".join(miniature.notice.split()),
                "report": miniature.report,
                "cases": max((int(cases) for cases, _ in caught), default=None),
                "seconds": max((seconds for _, seconds in caught), default=None),
                "seeds": len(caught),
            }
        )
    return found


def markdown(measured: dict[str, Any] | None) -> str:
    """The gallery as documentation, chapter by chapter."""
    lines = [
        "# Miniatures",
        "",
        "Backends that are wrong on purpose, each with one fault, and the law that catches it.",
    ]
    chapter = ""
    for one in entries(measured):
        if one["clause"].partition(".")[0] != chapter:
            chapter = one["clause"].partition(".")[0]
            lines += ["", f"## {chapter}"]
        lines += ["", f"### {one['name']}: {one['clause']}", "", one["fault"]]
        lines += ["", f"A user would notice: {one['notice']}", "", f"Caught by `{one['law']}`"]
        if one["cases"] is not None:
            took = f"{one['cases']} cases and {one['seconds']:.2f} s"
            lines[-1] += f" within {took}, the slowest of {one['seeds']} seeds"
        lines[-1] += "."
        if one["report"]:
            lines += ["", f"Modeled on {one['report']}"]
    return "\n".join(lines) + "\n"
