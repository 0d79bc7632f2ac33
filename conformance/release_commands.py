"""What the commands on releases do: matrix, history, bisect, survey, cache."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from backends import UnknownBackend
from conformance.cases import NoCase, cases_of
from conformance.commands import WrongUse
from conformance.divergence import literal
from conformance.handle import Lost
from conformance.releases import NoRelease
from reference.clause import READINGS

HISTORY = Path("reports/history")
"""Where the history is kept."""


def stamped(text: str) -> None:
    """Print a word of progress with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def matrix(asked: argparse.Namespace, rest: list[str]) -> int:
    """Run the laws on each release; 1 if any could not be run."""
    from conformance import releases
    from conformance.matrix import Matrix, jobs_that_fit, parted

    try:
        backend, package = parted(asked.backend)
        if asked.versions:
            versions = [text.strip() for text in asked.versions.split(",") if text.strip()]
        elif asked.first:
            versions = releases.between(releases.released(package), asked.first, asked.last, asked.each)
        else:
            raise WrongUse("name the releases: --from 3.3.3 --to latest, or --versions 3.3.3,3.15.1")
    except (NoRelease, UnknownBackend) as error:
        raise WrongUse(str(error)) from None
    for name, number in (("cases", asked.cases), ("jobs", asked.jobs or 1)):
        if number < 1:
            raise WrongUse(f"--{name} {number} would do nothing; choose 1 or more")
    run = Matrix(
        backend,
        package,
        asked.output,
        asked.cases,
        asked.seed,
        asked.keyword or "",
        asked.reproductions,
        say=stamped,
    )
    ended = run.run(versions, asked.jobs or jobs_that_fit())
    for one in ended:
        print(f"{one.version:10} {one.how:8} {one.said}")
    print(f"the runs are in {asked.output}; conformance history {asked.output} makes the history of them")
    return int(any(one.how == "not run" for one in ended))


def history(asked: argparse.Namespace, rest: list[str]) -> int:
    """Gather the runs of matrices into the history, if any are given, and make its page.

    Runs of some laws, or of some releases, leave what the history has of the others.
    1 if a change has no explanation, or an explanation no change.
    """
    from conformance import explanation
    from conformance import history as data
    from conformance.report.history import write_page
    from conformance.run import FILE_NAME, BrokenRun, read_run

    try:
        runs = [read_run(path) for folder in asked.runs for path in sorted(folder.rglob(FILE_NAME))]
        names = sorted({str(name).partition("@")[0] for run in runs for name in run.header["backends"]})
        for backend in names:
            from backends import choose

            gathered = data.gather(backend, choose(backend).adapter.packages[0], runs)
            if (asked.data / f"{backend}.json").exists():
                gathered = data.together(data.read(asked.data / f"{backend}.json"), gathered)
            print(f"wrote {data.write(gathered, asked.data)}: {len(gathered.ran)} releases")
        histories = data.read_all(asked.data)
        explanations = explanation.load(asked.data)
    except (BrokenRun, data.BrokenHistory, UnknownBackend) as error:
        raise WrongUse(str(error)) from None
    path = write_page(histories, explanations, asked.output)
    found = explanation.problems(histories, explanations)
    for sentence in found:
        print(sentence)
    print(f"wrote {path} ({path.stat().st_size // 1024} KB) of {len(histories)} backends")
    return 1 if found else 0


def bisect(asked: argparse.Namespace, rest: list[str]) -> int:
    """Print, for every case that tells two releases apart, where its outcome has changed."""
    from conformance.bisect import Bisection

    search = Bisection(asked.backend, print, asked.output / "reproductions")
    clauses = asked.case.split(",")
    try:
        if all(clause in READINGS for clause in clauses):
            cases = search.telling(clauses, asked.good, asked.bad, every=asked.every_law)
        else:
            cases = cases_of(asked.case)
        changes = search.run(cases, asked.good, asked.bad) if cases else []
    except (NoRelease, NoCase, UnknownBackend, Lost) as error:
        raise WrongUse(str(error)) from None
    for change in changes:
        print(f"\n{change.case.clause}, {change.case.name}\n    changed in {change.after}")
        for name, value in change.case.inputs.items():
            print(f"        {name} = {literal(value)}")
        print(f"    {change.before}: {change.old}\n    {change.after}: {change.new}")
        for path, last in change.scripts:
            print(f"    reproduction: {path or 'none'}: {last}")
        if change.skipped:
            print(f"    not run in between: {', '.join(change.skipped)}")
    between = sum(outcomes is not None for outcomes in search.evaluated.values()) - 2
    if changes:
        print(f"\nreleases evaluated beside the two ends: {between}")
    else:
        print(f"no case of {asked.case} tells {asked.good} and {asked.bad} apart")
    return 0 if changes else 1


def survey(asked: argparse.Namespace, rest: list[str]) -> int:
    """Print a table in Markdown: each case on every backend and release that is at hand."""
    from conformance.side_by_side import at_hand, rows

    try:
        cases = cases_of(asked.case)
        names = asked.backends.split(",") if asked.backends else None
        for case in cases:
            print(f"\n### {case.clause}: {case.name}\n")
            for name, value in case.inputs.items():
                print(f"    {name} = {literal(value)}")
            print("\n| backend | releases | outcome | its reading says |\n|---|---|---|---|")
            for cells in rows(case, names or at_hand(case.clause)):
                print(f"| {' | '.join(cells)} |", flush=True)
    except (NoCase, UnknownBackend) as error:
        raise WrongUse(str(error)) from None
    return 0


def cache(asked: argparse.Namespace, rest: list[str]) -> int:
    """Say where other releases are kept, with their sizes, or delete them."""
    from conformance import releases

    if asked.clear:
        print(f"deleted {releases.empty_cache()} releases from {releases.cache()}")
        return 0
    print(releases.cache())
    for name, size, whole in releases.listed():
        print(f"{size / 1e6:7.1f} MB  {name}{'' if whole else '  half-made, will be made again'}")
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
    "matrix": matrix,
    "history": history,
    "bisect": bisect,
    "survey": survey,
    "cache": cache,
}
