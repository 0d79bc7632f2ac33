"""What each command of the command line does."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import reference
from backends import UnknownBackend, choose, known
from backends.base import MissingDevice
from conformance.divergence import literal
from conformance.handle import Lost, WorkerHandle
from reference.clause import READINGS, Reading, clauses
from reference.dialects import DIALECTS

if TYPE_CHECKING:
    from conformance.run import Run

assert reference  # importing it fills the registry of readings


class WrongUse(Exception):
    """A command that cannot be carried out as given; the message says what to do instead."""


def list_clauses(asked: argparse.Namespace, rest: list[str]) -> int:
    """Every clause with the points of its readings and the number of its laws."""
    from conformance.law import load_laws

    laws = load_laws().values()
    for clause in clauses():
        points = dict.fromkeys(point.label for reading in READINGS[clause] for point in reading.points)
        count = sum(law.clause == clause for law in laws)
        labels = " ".join(f"[{label}]" for label in points)
        print(f"{clause:28} {count:2} law{'s' if count != 1 else ' '}  {labels}")
    print(f"{len(clauses())} clauses, {len(laws)} laws; conformance explain CLAUSE says more")
    return 0


def explain(asked: argparse.Namespace, rest: list[str]) -> int:
    """The law of a clause, as each dialect reads it, with sources and laws."""
    from conformance.holders import holders
    from conformance.law import load_laws

    if asked.clause not in READINGS:
        near = [clause for clause in clauses() if asked.clause.partition(".")[0] in clause]
        raise WrongUse(f"there is no clause {asked.clause!r}; there are {', '.join(near or clauses())}")
    print(asked.clause)
    by_function: dict[Callable[..., Any], list[Reading]] = {}
    for reading in sorted(
        READINGS[asked.clause], key=lambda r: (list(DIALECTS).index(r.dialect), r.since or "")
    ):
        by_function.setdefault(reading.function, []).append(reading)
    for readings in by_function.values():
        print(f"\n{' and '.join(reading.name for reading in readings)}")
        print(textwrap.indent(readings[0].docstring, "    "))
        if alone := [reading.name for reading in readings if not holders(reading)]:
            print(f"    not confirmed by a run: no backend holds {' and '.join(alone)}")
        for source in dict.fromkeys(source for reading in readings for source in reading.sources):
            print(f"    source: {source.link}  {source.symbol}")
    inheriting = [name for name in DIALECTS if name not in {r.dialect for r in READINGS[asked.clause]}]
    others = ", ".join(inheriting) or "none"
    print(f"\nEvery other dialect inherits from its parent, or does not state it: {others}.")
    print("\nlaws")
    for law in load_laws().values():
        if law.clause == asked.clause:
            print(f"    {law.id}  {' '.join(f'[{point}]' for point in law.points)}")
    return 0


def list_backends(asked: argparse.Namespace, rest: list[str]) -> int:
    """Every backend that is known, with version, dialect and device, or why it is not available."""
    for name in known():
        try:
            choice = choose(name)
        except UnknownBackend as error:
            print(f"{name:12} not available: {error}")
            continue
        if choice.missing:
            print(f"{name:12} not available: {', '.join(choice.missing)} not installed")
            continue
        packages = ", ".join(f"{package} {number}" for package, number in choice.versions().items())
        where = asked.device if asked.device == "cpu" else _device(choice.name, asked.device)
        print(f"{name:12} {choice.adapter.dialect:13} {where:10} {packages}")
    return 0


def _device(name: str, device: str) -> str:
    """The device as the backend itself names it, or why it is not there."""
    handle = WorkerHandle(choose(name), device)
    try:
        return str(handle.start()["device"])
    except (MissingDevice, Lost) as error:
        return f"not available: {error};"
    finally:
        handle.close()


def smoke(asked: argparse.Namespace, rest: list[str]) -> int:
    """Check an adapter: round trips of every dtype and of None, the device, weights that stay."""
    try:
        choice = choose(asked.backend)
    except UnknownBackend as error:
        raise WrongUse(str(error)) from None
    if choice.missing:
        raise WrongUse(f"{asked.backend} needs {', '.join(choice.missing)}, which this Python does not have")
    handle = WorkerHandle(choice, asked.device)
    failed = 0
    try:
        identity = handle.start()
        print(f"{choice.name}: {identity['packages']}, device {identity['device']}")
        for what, given, got in handle.smoke():
            good = _same(given, got)
            failed += not good
            print(
                f"  {'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": gave {given!r}, got {got!r}")
            )
    except MissingDevice as error:
        raise WrongUse(str(error)) from None
    except Lost as lost:
        print(f"  FAIL {lost}")
        return 1
    finally:
        handle.close()
    return 1 if failed else 0


def _same(given: Any, got: Any) -> bool:
    if isinstance(given, np.ndarray) and isinstance(got, np.ndarray):
        return given.dtype == got.dtype and given.shape == got.shape and given.tobytes() == got.tobytes()
    return type(given) is type(got) and bool(given == got)


def run(asked: argparse.Namespace, rest: list[str]) -> int:
    """Run pytest on the laws that ship with the suite."""
    import pytest

    return int(pytest.main(["--pyargs", "conformance.laws", *rest]))


def _read(path: Path) -> Run:
    from conformance.run import BrokenRun, read_run

    try:
        return read_run(path)
    except BrokenRun as error:
        raise WrongUse(str(error)) from None


def report(asked: argparse.Namespace, rest: list[str]) -> int:
    """Make the HTML page from runs, and beside it a summary for a CI job and a badge."""
    from conformance.baseline import read_baselines
    from conformance.report import write_report
    from conformance.run import BrokenRun
    from conformance.summary import badge, markdown

    runs = [_read(path) for path in asked.runs]
    names = list(dict.fromkeys(name for run in runs for name in run.header.get("backends", ())))
    try:
        accepted = list(read_baselines(asked.baseline, names).values())
    except BrokenRun as error:
        print(f"margins are drawn without a baseline: {error}")
        accepted = []
    path = write_report(runs, asked.output, [_read(path) for path in asked.before], accepted)
    (asked.output / "summary.md").write_text(markdown(runs), encoding="utf-8")
    (asked.output / "badge.json").write_text(json.dumps(badge(runs)) + "\n", encoding="utf-8")
    print(
        f"wrote {path} ({path.stat().st_size // 1024} KB) from {len(runs)} run{'s' if len(runs) != 1 else ''}"
    )
    return 0


def baseline(asked: argparse.Namespace, rest: list[str]) -> int:
    """Keep a run as the baseline of each of its backends."""
    from conformance.baseline import write_baselines
    from conformance.run import BrokenRun

    try:
        written = write_baselines(_read(asked.run), asked.output)
    except BrokenRun as error:
        raise WrongUse(str(error)) from None
    print(f"wrote {', '.join(map(str, written))}")
    return 0


def merge(asked: argparse.Namespace, rest: list[str]) -> int:
    """Merge shards into the whole run; 1 if the gate objects to it."""
    from conformance.run import BrokenRun
    from conformance.shards import merge as merged

    try:
        run, found, remarks = merged(
            [_read(path) for path in asked.runs],
            asked.output,
            asked.baseline or Path("reports/baselines"),
            asked=asked.baseline is not None,
        )
    except BrokenRun as error:
        raise WrongUse(str(error)) from None
    for sentence in [*found, *remarks]:
        print(sentence)
    print(f"wrote {run.path}: {len(run.verdicts)} verdicts of {len(asked.runs)} shards")
    return 1 if found else 0


def diff(asked: argparse.Namespace, rest: list[str]) -> int:
    """Print what has happened between two runs; 1 if anything has become worse."""
    from conformance.compare import compare

    found = compare([_read(asked.before)], [_read(asked.after)])
    for title, sentences in vars(found).items():
        if sentences:
            print(f"{title.replace('_', ' ')} ({len(sentences)})")
            for sentence in sentences:
                print(f"    {sentence}")
    if not any(vars(found).values()):
        print("no difference")
    return 1 if found.worse else 0


def reproduce(asked: argparse.Namespace, rest: list[str]) -> int:
    """Write the reproduction of a divergence from a run, and run it; its exit status. Or of every one."""
    from conformance.reproduction import surroundings
    from conformance.upstream import write_issue

    run = _read(asked.run)
    if asked.id is None:
        return _replay(run)
    name = asked.id.rpartition("::")[2]
    diverging = {f"{v.law}[{v.backend}]": v for v in run.verdicts if v.divergence}
    if name not in diverging:
        raise WrongUse(f"{run.path} has no divergence {name!r}; it has {', '.join(diverging) or 'none'}")
    script = (diverging[name].divergence or {}).get("script")
    if script is None:
        raise WrongUse(f"{name} has no reproduction: its adapter gives no script for the operation")
    path = run.path.parent / "reproductions" / f"{name.removeprefix('test_')}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(script, encoding="utf-8")
    write_issue(path, diverging[name], run.identity(diverging[name].backend))
    print(f"wrote {path}, and beside it the text of an issue, {path.with_suffix('.md').name}")
    around = surroundings(choose(diverging[name].backend))
    return subprocess.run([sys.executable, str(path)], env=around, check=False).returncode


def _replay(run: Run) -> int:
    from conformance.replay import replay

    found = replay(run, print)
    print(f"{sum(found.values())} of {len(found)} reproductions show their divergence")
    return 0 if all(found.values()) else 1


def porting(asked: argparse.Namespace, rest: list[str]) -> int:
    """Every clause that two stations read differently: the cases, both outcomes, what to write instead."""
    from conformance.divergence import plain, text_of
    from conformance.porting import between, instead, lost, station

    try:
        before, after = station(asked.before), station(asked.after)
    except LookupError as error:
        raise WrongUse(str(error.args[0])) from None
    found = between(before, after)
    for change in found:
        print(f"\n{change.clause}")
        for example in change.examples:
            for name, value in example.case.items():
                print(f"    {name} = {literal(value)}")
            for reading in change.sides(before):
                print(f"        {reading.name}: {text_of(plain(example.says(reading)))}")
        if text := instead(change.clause, after):
            print(textwrap.fill(f"instead: {text}", 100, initial_indent="    ", subsequent_indent="    "))
    if gone := lost(before, after):
        print(f"\n{after.title} does not state: {', '.join(gone)}")
    print(f"\n{len(found)} clauses differ between {before.title} and {after.title}")
    return 0


def _of_teeth(name: str) -> Callable[[argparse.Namespace, list[str]], int]:
    """A command that tries the suite itself."""

    def command(asked: argparse.Namespace, rest: list[str]) -> int:
        from conformance.teeth import commands

        try:
            status: int = getattr(commands, name)(asked)
        except commands.Refusal as error:
            raise WrongUse(str(error)) from None
        return status

    return command


COMMANDS: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
    "list": list_clauses,
    "explain": explain,
    "backends": list_backends,
    "smoke": smoke,
    "run": run,
    "report": report,
    "baseline": baseline,
    "merge": merge,
    "diff": diff,
    "reproduce": reproduce,
    "porting": porting,
    **{n: _of_teeth(n) for n in ("mutants", "points", "soak", "flakes", "coverage", "gallery", "speed")},
}
