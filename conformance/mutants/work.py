"""The work on mutants: planned, shared out, written down as it goes, and taken up again."""

from __future__ import annotations

import hashlib
import inspect
import json
import multiprocessing
import resource
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import conformance
from conformance.mutants import operators
from conformance.mutants.judging import Court, Result
from conformance.mutants.plan import Mutant, modules, plan
from conformance.mutants.swap import functions, is_of
from conformance.mutants.units import Line, Unit, units
from reference import CHAPTERS
from reference.clause import READINGS

MEMORY = 12 * 2**30
"""Bytes that a process may take, so that a mutant which wants all there is ends itself alone."""


class Unlike(Exception):
    """Results of another run stand where these should go; the message says what to do."""


@dataclass(frozen=True)
class Task:
    """Which mutants, and how they are judged.

    scope: clauses and chapters, all if there are none; "*" is what several chapters share.
    sample: so many mutants, chosen by the seed; of each chapter, with `per_chapter`.
    again: whether those that survived before are judged anew.
    """

    scope: tuple[str, ...] = ()
    structures: int = 100
    seed: int = 0
    sample: int | None = None
    per_chapter: bool = False
    again: bool = False

    def header(self) -> dict[str, Any]:
        """The first line of the results: what must be the same for a run to be taken up again."""
        return {
            "suite": conformance.__version__,
            "operators": list(operators.OPERATORS),
            "structures": self.structures,
            "seed": self.seed,
        }


class Work:
    """All units, what they reach, and the mutants of the functions that are reached."""

    def __init__(self, task: Task, folder: Path | None, tell: Callable[[str], None]) -> None:
        self.task = task
        self.units = units(task.structures, task.seed)
        if task.scope:
            self.units = [u for u in self.units if _touches(u, task.scope)]
        self.reached = self._reached(folder, tell)
        self.places = {
            name: (f.__code__.co_firstlineno, _last_line(f.__code__)) for name, f in functions().items()
        }
        self.court = Court(self.units, self.reached)

    def mutants(self) -> list[Mutant]:
        """Those of the scope that a reading reaches; of these the sample, if one is asked for."""
        lines = set().union(*self.reached) if self.reached else set()
        chosen = [
            m for m in plan() if self._is_reached(m, lines) and _in_scope(self.clause(m), self.task.scope)
        ]
        if self.task.sample is None:
            return chosen
        shuffled = sorted(chosen, key=lambda m: zlib.crc32(f"{self.task.seed}/{m.id}".encode()))
        if not self.task.per_chapter:
            return shuffled[: self.task.sample]
        groups = {
            chapter: [m for m in shuffled if _chapter(self.clause(m)) == chapter] for chapter in CHAPTERS
        }
        return [m for group in groups.values() for m in group[: self.task.sample]]

    def _is_reached(self, mutant: Mutant, lines: set[Line]) -> bool:
        first, last = self.places[mutant.function]
        return any((mutant.module, line) in lines for line in range(first + 1, last + 1))

    def clause(self, mutant: Mutant) -> str:
        """Where a mutant counts: at the clause of its function; a helper's, at its chapter as a whole."""
        function = functions()[mutant.function]
        for clause, readings in READINGS.items():
            if any(is_of(inspect.unwrap(reading.function), function) for reading in readings):
                return clause
        chapter = mutant.module.split(".")[1]
        return f"{chapter}.*" if chapter in CHAPTERS else "*"

    def judge(self, mutant: Mutant) -> Result:
        """What becomes of a mutant."""
        return self.court.judge(mutant, self.clause(mutant), *self.places[mutant.function])

    def _reached(self, folder: Path | None, tell: Callable[[str], None]) -> list[set[Line]]:
        """Which lines each unit reaches: the first, cheap pass, kept in the folder."""
        path = folder / "reached.json" if folder is not None else None
        kept = json.loads(path.read_text()) if path is not None and path.exists() else {}
        found = []
        for number, unit in enumerate(self.units):
            parts = (
                digest(),
                unit.structures,
                unit.seed,
                unit.law.id,
                unit.reading.clause,
                unit.judged,
            )
            key = " ".join(map(str, parts))
            if key not in kept:
                if number % 20 == 0:
                    tell(f"looking which lines the laws reach: {number} of {len(self.units)}")
                kept[key] = sorted(unit.reached())
            found.append({(str(name), int(line)) for name, line in kept[key]})
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(kept))
        return found


def run(
    task: Task, path: Path, jobs: int, tell: Callable[[str], None], done: Callable[[int, int, Result], None]
) -> list[Result]:
    """Judge every mutant of the task that has no result yet; all results of the task."""
    kept = read(path, task)
    if task.again:
        kept = {id: result for id, result in kept.items() if result.state == "killed"}
    work = Work(task, path.parent, tell)
    mutants = work.mutants()
    left = [m for m in mutants if m.id not in kept]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(json.dumps(task.header()) + "\n")
    tell(f"{len(mutants)} mutants, {len(mutants) - len(left)} of them judged before")
    with path.open("a", encoding="utf-8") as file:
        for result in _judged(work, left, jobs):
            kept[result.id] = result
            file.write(json.dumps(result.to_json(), ensure_ascii=False) + "\n")
            file.flush()
            done(len(kept), len(mutants), result)
    return [kept[m.id] for m in mutants]


def read(path: Path, task: Task) -> dict[str, Result]:
    """The results that a file holds, by the mutant's id; Unlike if they are of another run."""
    if not path.exists():
        return {}
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    if json.loads(first) != json.loads(json.dumps(task.header())):
        raise Unlike(
            f"{path} holds results of another run ({first}), this one is {json.dumps(task.header())}: "
            "name another folder with --work, or delete it"
        )
    found = {}
    for line in lines:
        try:
            result = Result(**json.loads(line))
        except json.JSONDecodeError:  # the run was killed while it wrote
            continue
        found[result.id] = result
    return found


_WORK: list[Work] = []


def _judged(work: Work, mutants: Sequence[Mutant], jobs: int) -> Iterator[Result]:
    if jobs == 1:
        _limit()
        for mutant in mutants:
            yield work.judge(mutant)
        return
    # Forked, so that each process has the plan and what was reached; it is told a mutant's number alone.
    _WORK[:] = [work]
    context = multiprocessing.get_context("fork")
    numbers = {m.id: n for n, m in enumerate(plan())}
    with context.Pool(jobs, _limit) as pool:
        yield from pool.imap_unordered(_judge_number, [numbers[m.id] for m in mutants], chunksize=8)


def _judge_number(number: int) -> Result:
    return _WORK[0].judge(plan()[number])


def _limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))


def _touches(unit: Unit, scope: Sequence[str]) -> bool:
    return any(_chapter(unit.reading.clause) == _chapter(one) for one in scope) or "*" in scope


def _in_scope(clause: str, scope: Sequence[str]) -> bool:
    return not scope or any(clause == one or _chapter(clause) == one for one in scope)


def _chapter(clause: str) -> str:
    return clause.partition(".")[0]


def _last_line(code: CodeType) -> int:
    lines = [line for _, _, line in code.co_lines() if line is not None]
    inner = [_last_line(part) for part in code.co_consts if isinstance(part, CodeType)]
    return max([*lines, *inner])


def digest() -> str:
    """What changes when the reference or a law does."""
    if not _DIGEST:
        import conformance.laws
        import conformance.strategies

        folders = [Path(str(p.__file__)).parent for p in (conformance.laws, conformance.strategies)]
        texts = [p.read_text() for folder in folders for p in sorted(folder.rglob("*.py"))]
        texts += [inspect.getsource(module) for module in modules().values()]
        _DIGEST.append(hashlib.sha256("".join(texts).encode()).hexdigest()[:12])
    return _DIGEST[0]


_DIGEST: list[str] = []
