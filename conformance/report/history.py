"""The page of backends through their releases: clause × release, and why each change came."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from conformance.explanation import Explanation, explained
from conformance.history import Change, History, Line
from conformance.report.marks import EXPECTED, MARKS, NOT_RUN, Mark, worst

FILE_NAME = "history.html"


@dataclass(frozen=True)
class Cell:
    """A clause at a release: the worst mark of its laws, and the change that begins there, if any."""

    release: str
    mark: Mark
    change: Change | None


@dataclass(frozen=True)
class Row:
    """A clause through the releases."""

    clause: str
    cells: tuple[Cell, ...]

    @property
    def chapter(self) -> str:
        """The first part of its id."""
        return self.clause.partition(".")[0]

    @property
    def name(self) -> str:
        """The rest of its id."""
        return self.clause.partition(".")[2]

    @property
    def changed(self) -> bool:
        """Whether anything of it changed."""
        return any(cell.change for cell in self.cells)


@dataclass(frozen=True)
class Arrival:
    """What changed at one release: causes with their changes, then changes that nothing explains."""

    release: str
    before: str
    causes: tuple[tuple[Explanation, tuple[Change, ...]], ...]
    unexplained: tuple[Change, ...]


@dataclass(frozen=True)
class Story:
    """One backend on the page."""

    history: History
    rows: tuple[Row, ...]
    arrivals: tuple[Arrival, ...]
    counts: tuple[tuple[str, int], ...]

    @property
    def missing(self) -> list[tuple[str, str]]:
        """The releases that were not run, with the reasons."""
        return [(release.version, release.not_run) for release in self.history.releases if release.not_run]


def write_page(histories: list[History], explanations: list[Explanation], folder: Path) -> Path:
    """Write `folder/history.html`, and return its path."""
    from conformance.report.render import render_history

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    text = render_history([story(history, explanations) for history in histories])
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def story(history: History, explanations: list[Explanation]) -> Story:
    """What the page says of a backend."""
    changes = history.changes()
    at = {(change.clause, change.release): change for change in changes}
    lines: dict[str, list[Line]] = {}
    for line in history.lines:
        lines.setdefault(line.clause, []).append(line)
    rows = tuple(
        Row(
            clause,
            tuple(
                Cell(release, _mark(of_clause, release, history.ran), at.get((clause, release)))
                for release in history.ran
            ),
        )
        for clause, of_clause in lines.items()
    )
    arrivals = tuple(
        _arrival([change for change in changes if change.release == release], explanations)
        for release in history.ran
        if any(change.release == release for change in changes)
    )
    counts = Counter(step.kind for change in changes for step in change.steps)
    return Story(history, rows, arrivals, tuple(sorted(counts.items())))


def _arrival(changes: list[Change], explanations: list[Explanation]) -> Arrival:
    causes: dict[Explanation, list[Change]] = {}
    unexplained = []
    for change in changes:
        reasons = explained(change, explanations)
        for reason in reasons:
            causes.setdefault(reason, []).append(change)
        if not reasons:
            unexplained.append(change)
    first = changes[0]
    pairs = tuple((cause, tuple(of_cause)) for cause, of_cause in causes.items())
    return Arrival(first.release, first.before, pairs, tuple(unexplained))


def _mark(lines: list[Line], release: str, order: list[str]) -> Mark:
    """The worst mark of the laws of a clause that a release was run with."""
    spans = [line.known(order).get(release) for line in lines if line.kind == "law"]
    return worst(_of_word(span.word) for span in spans if span is not None)


def _of_word(word: str) -> Mark:
    if word.startswith("expected"):
        return EXPECTED
    return next((mark for mark in MARKS if mark.word == word), NOT_RUN)
