"""The commands that try the suite itself: mutants, points, soak, flakes, coverage, gallery, speed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import conformance
from backends import Choice, UnknownBackend, choose
from conformance.teeth import keep, results, scoped
from reference import CHAPTERS
from reference.clause import clauses


class Refusal(Exception):
    """A command that cannot be carried out as given; the message says what to do instead."""


def mutants(asked: argparse.Namespace) -> int:
    """Judge mutants of the reference; 1 if one is not what the list of proofs says."""
    from conformance.mutants import operators
    from conformance.mutants.equivalents import BrokenList, contradictions, equivalents
    from conformance.mutants.summary import SEEN, standing, summarize, table
    from conformance.mutants.work import Task, Unlike, run

    if asked.operators:
        print((operators.__doc__ or "").strip())
        return 0
    _check_scope(asked.scope, "*")
    if asked.write and asked.sample is not None:
        raise Refusal("the figures of a sample are not kept: leave out --sample or --write")
    task = Task(tuple(asked.scope), asked.cases, asked.seed, asked.sample, asked.each_chapter, asked.again)
    say = _progress()
    try:
        listed = equivalents()
        found = run(
            task,
            asked.work / "results.jsonl",
            asked.jobs,
            say,
            lambda n, all_, result: say(f"{n} of {all_} judged, the latest in {result.seconds:.1f} s"),
        )
    except (Unlike, BrokenList) as error:
        raise Refusal(str(error)) from None
    summary = scoped.mutants(None, summarize(found, listed, task.header()))
    for result in found:
        if standing(result, listed) == "survived":
            print(f"survivor: {result.id} (met by {result.laws} laws; {SEEN[result.seen]})")
    print("\n".join(table(summary)))
    print(
        f"{summary['killed']} of {summary['made']} killed, {summary['equivalent']} equivalent, "
        f"{summary['allowed']} allowed, {len(summary['survivors'])} survive"
    )
    if asked.write:
        print(f"wrote {keep('mutants', scoped.mutants(results('mutants'), summary, asked.scope))}")
    wrong = contradictions(found, listed)
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


def points(asked: argparse.Namespace) -> int:
    """Break the line of every point; 1 if no law that is bound to it sees one."""
    from conformance.mutants.points import measure, summarize

    _check_scope(asked.scope)
    found = measure(
        tuple(asked.scope), asked.cases, asked.seed, asked.jobs, asked.work / "points.jsonl", _progress()
    )
    unseen = [one for one in found if not one.how]
    for one in unseen:
        print(
            f"unseen: {one.clause} [{one.point}] of {one.reading}, {one.strength}, broken in {one.tried} ways"
        )
    for one in found if asked.each else ():
        print(f"{one.clause} [{one.point}] of {one.reading}: {one.how or 'unseen'}, {one.law}: {one.mutant}")
    print(
        f"{len(found) - len(unseen)} of {len(found)} points have a law that fails when their line is broken"
    )
    if asked.write:
        summary = summarize(found, asked.cases, asked.seed)
        print(f"wrote {keep('points', scoped.points(results('points'), summary))}")
    return 1 if unseen else 0


def soak(asked: argparse.Namespace) -> int:
    """Run the control on and on; 1 if a law refuses it."""
    from conformance.soak import soak as go_on

    _check_scope(asked.scope)
    if asked.cases is None and asked.seconds is None:
        raise Refusal("say when it ends: --cases N or --seconds S")
    say = _progress()
    found = go_on(
        tuple(asked.scope),
        asked.work / "soak.jsonl",
        cases=asked.cases,
        seconds=asked.seconds,
        tell=lambda s: say(f"{s.cases} cases in {s.seconds:.0f} s, {len(s.alarms)} alarms"),
    )
    for clause, worst in found.worst.items():
        kinds = found.margins[clause].items()
        each = ", ".join(f"{kind} {worst:.2g}" for kind, (_, bounded, worst) in sorted(kinds) if bounded)
        print(f"{clause:30} worst margin {worst:.2g} ({each})")
    for clause in found.loose:
        print(f"{clause}: its bound is never used beyond a hundredth")
    for alarm in found.alarms:
        print(f"false alarm: {alarm}")
    print(f"{found.cases} cases, {found.seconds:.0f} s of laws, {len(found.alarms)} false alarms")
    if asked.write:
        print(f"wrote {keep('soak', scoped.soaks(results('soak'), found.to_json()))}")
    return 1 if found.alarms else 0


def flakes(asked: argparse.Namespace) -> int:
    """Run a backend's laws under many seeds; 1 if a verdict changes."""
    from conformance.flakes import flakes as look

    if strange := set(asked.scope) - set(CHAPTERS):
        raise Refusal(f"there is no chapter {min(strange)!r}; there are {', '.join(CHAPTERS)}")
    _choice(asked.backend)
    path, scope = asked.work / f"flakes-{asked.backend}.jsonl", tuple(asked.scope)
    found = look(asked.backend, asked.seeds, asked.cases, path, _progress(), scope)
    for sentence in found.sentences():
        print(sentence)
    print(
        f"{asked.backend}: {len(found.verdicts)} laws under {found.seeds} seeds, at most "
        f"{asked.cases} structures a law, {found.cases} cases: {len(found.changed)} verdicts changed"
    )
    if asked.write:
        kept = {one["backend"]: one for one in results("flakes") or []}
        kept[asked.backend] = scoped.flakes(kept.get(asked.backend), found.to_json())
        data = [kept[backend] for backend in sorted(kept)]
        print(f"wrote {keep('flakes', data)}")
    return 1 if found.changed else 0


def coverage(asked: argparse.Namespace) -> int:
    """Measure which branches of the reference the laws run through; 1 if they miss one."""
    from conformance.teeth.coverage import NoCoverage, measure, sentences

    _check_scope(asked.scope)
    try:
        found = measure(asked.cases, asked.seed, tuple(asked.scope))
    except NoCoverage as problem:
        raise Refusal(str(problem)) from None
    for sentence in sentences(found):
        print(f"missed: {sentence}")
    (lines, statements), (taken, branches) = found["lines"], found["branches"]
    print(f"{lines} of {statements} lines, {taken} of {branches} branches, by {found['cases']} cases of laws")
    if asked.write:
        print(f"wrote {keep('coverage', found)}")
    return 1 if found["missed"] else 0


def gallery(asked: argparse.Namespace) -> int:
    """Print the gallery of miniatures; with --measure, catch each of them in five seeds first."""
    from conformance.miniatures import gallery as miniatures
    from conformance.teeth.detection import detection, markdown, name_of

    measured: dict[str, Any] | None = results("detection")
    missed: list[str] = []
    if asked.measure:
        _check_scope(asked.scope)
        caught = detection(range(5), _progress(), tuple(asked.scope))
        anew = {"suite": conformance.__version__, "seeds": 5, "miniatures": caught}
        measured = scoped.detections(measured, anew, {name_of(one) for one in miniatures()})
        missed = [name for name, seeds in caught.items() if len(seeds) < 5]
        print(f"wrote {keep('detection', measured)}", file=sys.stderr)
    print(markdown(measured), end="")
    for name in missed:
        print(f"{name} was not caught in every seed", file=sys.stderr)
    return 1 if missed else 0


def speed(asked: argparse.Namespace) -> int:
    """Measure cases a second, law by law, on one core."""
    from conformance.examine import Options
    from conformance.handle import Lost, WorkerHandle
    from conformance.speed import one_core, paces

    if asked.clause not in clauses():
        _check_scope([asked.clause])
        raise Refusal(f"{asked.clause} is a chapter; name one of its clauses, such as {asked.clause}.…")
    choices = [_choice(name) for name in asked.backend.split(",")]
    with one_core():
        for choice in choices:
            handle = WorkerHandle(choice, "cpu")
            try:
                for pace in paces(handle, asked.clause, Options(asked.cases, asked.seed)):
                    print(f"{choice.name}: {pace}", flush=True)
            except Lost as error:
                raise Refusal(str(error)) from None
            finally:
                handle.close()
    return 0


def _choice(name: str) -> Choice:
    try:
        choice = choose(name)
    except UnknownBackend as error:
        raise Refusal(str(error)) from None
    if choice.missing:
        raise Refusal(f"{name} needs {', '.join(choice.missing)}, which this Python does not have")
    return choice


def _check_scope(scope: list[str], *more: str) -> None:
    for one in scope:
        if one not in (*CHAPTERS, *clauses(), *more):
            near = [clause for clause in clauses() if one.partition(".")[0] in clause]
            raise Refusal(f"there is no chapter or clause {one!r}; there are {', '.join(near or CHAPTERS)}")


def _progress() -> Callable[[str], None]:
    """Says a sentence on standard error, once in a few seconds."""
    last = [0.0]

    def say(sentence: str) -> None:
        if time.monotonic() - last[0] > 5:
            last[0] = time.monotonic()
            print(sentence, file=sys.stderr, flush=True)

    return say
