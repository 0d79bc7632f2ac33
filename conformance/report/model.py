"""The page as plain data: everything that the templates say, computed from runs and the reference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from conformance.compare import compare
from conformance.report.alike import Group, groups_of
from conformance.report.answers import AnswerView, answers_of
from conformance.report.clauses import Cell, ChapterView, ClauseView, chapters_of
from conformance.report.columns import Column
from conformance.report.divergences import DivergenceView, divergences_of
from conformance.report.facts import Chances, Fact, RunView, chances_of, facts_of, runs_of
from conformance.report.growth import growths_of
from conformance.report.ledger import Ledger, ledger_of
from conformance.report.lessons import lessons_of
from conformance.report.margins import MarginView, margins_of
from conformance.report.marks import ERROR, FAIL, INCONCLUSIVE, MARKS, NOT_RUN, Mark
from conformance.report.porting import PortingView, porting_of
from conformance.report.surveys import SurveyView, surveys_of
from conformance.run import Run


@dataclass(frozen=True)
class Trouble:
    """A cell that wants a reader: a new divergence, an error, or what could not be decided."""

    clause: str
    cell: Cell


@dataclass(frozen=True)
class Page:
    """The whole page.

    counts: how many cells of the matrix have each mark.
    groups: the divergences, those that are alike on several columns together.
    gaps: sentences that say what was not run.
    before: the runs that these are compared with, and `difference` what has happened between them.
    facts: by law: its clause, its claim and its facts.
    chances: what the laws on random outcomes used up, None if none ran.
    """

    runs: tuple[RunView, ...]
    columns: tuple[Column, ...]
    chapters: tuple[ChapterView, ...]
    counts: tuple[tuple[Mark, int], ...]
    answers: tuple[AnswerView, ...]
    porting: PortingView
    troubles: tuple[Trouble, ...]
    gaps: tuple[str, ...]
    divergences: tuple[DivergenceView, ...]
    groups: tuple[Group, ...]
    surveys: tuple[SurveyView, ...]
    facts: tuple[tuple[str, str, tuple[Fact, ...]], ...]
    chances: Chances | None
    margins: MarginView
    before: tuple[str, ...]
    difference: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def clauses(self) -> tuple[ClauseView, ...]:
        """All clauses, chapter by chapter."""
        return tuple(clause for chapter in self.chapters for clause in chapter.clauses)


def build(runs: list[Run], before: list[Run] | None = None, accepted: list[Run] | None = None) -> Page:
    """The page about `runs`, beside the runs `before` them if there are any, or their baselines."""
    earlier = before or []
    ledger = ledger_of(runs)
    divergences = divergences_of(ledger, runs)
    chapters = chapters_of(ledger)
    clauses = [clause for chapter in chapters for clause in chapter.clauses]
    cells = [(clause.id, cell) for clause in clauses for cell in clause.cells]
    counted = Counter(cell.mark for _, cell in cells)
    views = runs_of(runs, ledger.columns)
    facts = facts_of(ledger)
    grouped = groupby(facts, key=lambda fact: (fact.clause, fact.law))
    return Page(
        runs=views,
        columns=tuple(ledger.columns),
        chapters=chapters,
        counts=tuple((mark, counted[mark]) for mark in MARKS),
        answers=answers_of(tuple(clauses), growths_of(ledger), lessons_of(ledger)),
        porting=porting_of(tuple(clauses)),
        troubles=tuple(
            Trouble(id, cell)
            for mark in (FAIL, ERROR, INCONCLUSIVE)
            for id, cell in cells
            if cell.mark is mark
        ),
        gaps=tuple(_gaps(views, ledger, clauses, counted[NOT_RUN])),
        divergences=divergences,
        groups=groups_of(divergences),
        surveys=surveys_of(runs, ledger.columns),
        facts=tuple((clause, law, tuple(of_law)) for (clause, law), of_law in grouped),
        chances=chances_of(facts),
        margins=margins_of(ledger, earlier or accepted or [], "run before" if earlier else "baseline"),
        before=tuple(f"{run.path.parent.name}/{run.path.name}" for run in earlier),
        difference=_difference(earlier, runs),
    )


def _difference(before: list[Run], after: list[Run]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not before:
        return ()
    found = vars(compare(before, after))
    return tuple((name.replace("_", " ").capitalize(), tuple(said)) for name, said in found.items())


def _gaps(runs: tuple[RunView, ...], ledger: Ledger, clauses: list[ClauseView], not_run: int) -> list[str]:
    """What was not run, a sentence each."""
    said: list[str] = []
    if not runs:
        said.append("No run was given, so nothing was run.")
    for run in runs:
        which = "The run" if len(runs) == 1 else f"Run {run.number}"
        if not run.complete:
            said.append(f"{which} is incomplete: it has no footer, so it was killed or is still going.")
        if not run.whole:
            said.append(f"{which} is a selection of the laws: {run.selection or 'not said which'}.")
    silent = [column.name for column in ledger.columns if not column.started]
    said += [f"The backend {name} was asked for and never said who it is." for name in silent]
    if not_run:
        said.append(f"{not_run} of {len(clauses) * len(ledger.columns)} cells of the matrix are not run.")
    if ledger.unplaced:
        some = ", ".join(ledger.unplaced[:5]) + (" …" if len(ledger.unplaced) > 5 else "")
        said.append(f"{len(ledger.unplaced)} selected laws have no verdict on any backend: {some}.")
    return said
