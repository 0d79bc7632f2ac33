"""What a backend did at each of its releases, from the runs of a matrix, and why it changed.

The data of a backend is one small file, `reports/history/BACKEND.json`. The explanations of its
changes are written by people, in `explanations.toml` beside it; they are held to the data both ways.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from packaging.version import Version

from conformance.run import Run
from conformance.verdict import State, Verdict
from reference.clause import clauses

SCHEMA = 1
LONGEST = 240
"""Characters that are kept of a reason or an outcome."""
UNKNOWN = "not run"
"""The word of a line at a release that was run without it, as a matrix of some laws leaves others out."""
_PLACE = re.compile(r"(?<![\w.])/(?:[^\s/:]+/)+")


Key = tuple[str, str, str]
"""Clause, kind and name of a line."""


class BrokenHistory(ValueError):
    """A history file that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Release:
    """A release that was asked for; `not_run` is the reason if it was not run."""

    version: str
    cases: int
    not_run: str = ""


@dataclass(frozen=True)
class Span:
    """From `since` on, until the next span, the same: a verdict with its reading, or an outcome.

    word: the verdict, or the class of the outcome. reading: empty for an outcome.
    said: the reason at `since`.
    """

    since: str
    word: str
    reading: str = ""
    said: str = ""

    @property
    def verdict(self) -> str:
        """The verdict, expected or not."""
        return self.word.removeprefix("expected ")


@dataclass(frozen=True)
class Line:
    """A law, or a pinned case of the survey (`kind` "law" or "case"), through the releases."""

    clause: str
    kind: str
    name: str
    spans: tuple[Span, ...]

    def at(self, version: str, order: list[str]) -> Span | None:
        """The span that a release lies in."""
        place = order.index(version)
        return next((s for s in reversed(self.spans) if order.index(s.since) <= place), None)

    def known(self, order: list[str]) -> dict[str, Span]:
        """Its span at each release that was run with it."""
        spans = {version: self.at(version, order) for version in order}
        return {version: span for version, span in spans.items() if span and span.word != UNKNOWN}


@dataclass(frozen=True)
class Step:
    """What changed of one line: the words before and after, or the readings if the words are the same."""

    kind: str
    name: str
    before: str
    after: str
    said: str


@dataclass(frozen=True)
class Change:
    """A clause that does otherwise at a release than at the one `before` it."""

    backend: str
    clause: str
    release: str
    before: str
    steps: tuple[Step, ...]


@dataclass
class History:
    """A backend through its releases, oldest first. beside: the other packages, the same at every release."""

    backend: str
    package: str
    dialect: str
    suite: str
    beside: dict[str, str]
    releases: list[Release]
    lines: list[Line] = field(default_factory=list)

    @property
    def ran(self) -> list[str]:
        """The releases that were run."""
        return [release.version for release in self.releases if not release.not_run]

    def changes(self) -> list[Change]:
        """Every clause that changed, release by release, in the order of the book.

        A line is compared with the last release that was run with it.
        """
        found: dict[tuple[str, str], list[Step]] = {}
        last: dict[tuple[str, str], str] = {}
        order, book = self.ran, [*clauses()]
        for line in self.lines:
            for (before, was), (at, now) in pairwise(line.known(order).items()):
                same = was.verdict == now.verdict
                if same and was.reading == now.reading:
                    continue  # nothing, or only our own expectation, begins or ends here
                words = (was.reading, now.reading) if same else (was.word, now.word)
                step = Step("reading" if same else line.kind, line.name, *words, now.said)
                found.setdefault((at, line.clause), []).append(step)
                last[at, line.clause] = max(before, last.get((at, line.clause), before), key=order.index)
        return [
            Change(self.backend, clause, at, last[at, clause], tuple(steps))
            for (at, clause), steps in sorted(
                found.items(), key=lambda item: (order.index(item[0][0]), _place(book, item[0][1]))
            )
        ]


def _place(book: list[str], clause: str) -> int:
    return book.index(clause) if clause in book else len(book)


def gather(backend: str, package: str, runs: Iterable[Run]) -> History:
    """The history in runs of a backend at several releases; of two verdicts of a release the last counts."""
    by_version: dict[str, list[Run]] = {}
    for run in runs:
        for name in run.header["backends"]:
            plain, _, pins = str(name).partition("@")
            numbers = dict(pin.split("==") for pin in pins.split("+") if "==" in pin)
            if plain == backend and package in numbers:
                by_version.setdefault(numbers[package], []).append(run)
    order = sorted(by_version, key=Version)
    releases = [_release(version, by_version[version]) for version in order]
    history = History(backend, package, "", "", {}, releases)
    found: dict[Key, dict[str, Span]] = {}
    for version in history.ran:
        for run in by_version[version]:
            _describe(history, run)
        for key, span in _entries(version, by_version[version]).items():
            found.setdefault(key, {})[version] = span
    history.lines += _lines(found, history.ran)
    return history


def _lines(found: dict[Key, dict[str, Span]], order: list[str]) -> Iterator[Line]:
    """A line for each law and pinned case, in the order of the book, from what it gave at each release."""
    book = [*clauses()]
    for key in sorted(found, key=lambda key: (_place(book, key[0]), key[1:])):
        spans: list[Span] = []
        for version in order:
            span = found[key].get(version, Span(version, UNKNOWN))
            if not spans or (spans[-1].word, spans[-1].reading) != (span.word, span.reading):
                spans.append(replace(span, since=version))
        yield Line(*key, tuple(spans))


def _release(version: str, runs: list[Run]) -> Release:
    reasons = [str((run.footer or {"not_run": "the run was cut off"}).get("not_run") or "") for run in runs]
    return Release(version, int(runs[0].header["cases"]), "" if "" in reasons else _short(reasons[0]))


def _describe(history: History, run: Run) -> None:
    for line in run.identities.values():
        identity = line["identity"]
        history.dialect, history.suite = identity["dialect"], run.header["suite"]
        history.beside = {p: v for p, v in identity["packages"].items() if p != history.package}


def _entries(version: str, runs: list[Run]) -> dict[Key, Span]:
    """One span a law and a pinned case of a release."""
    found: dict[Key, Span] = {}
    for run in runs:
        for verdict in run.verdicts:
            reading = verdict.reading or ""
            said = "" if verdict.state is State.NOT_APPLICABLE else _short(verdict.reason)
            span = Span(version, _word(verdict), reading, said)
            found[verdict.clause, "law", verdict.law] = span
        for line in run.surveys:
            found[line["clause"], "case", line["name"]] = Span(version, _short(line["outcome"]))
    return found


def _word(verdict: Verdict) -> str:
    return f"expected {verdict.state}" if verdict.expected else str(verdict.state)


def _short(text: str) -> str:
    """A text on one line, without the folders of this machine, cut where it is long."""
    line = " ".join(_PLACE.sub("", text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def together(before: History, now: History) -> History:
    """A history with what one before knows of other releases and laws, if the rest was the same beside them.

    A release that was not run now, and was before, keeps its lines.
    """
    if before.beside != now.beside:
        return now
    releases = {one.version: one for one in before.releases}
    releases |= {
        one.version: one for one in now.releases if one.version in now.ran or one.version not in releases
    }
    both = replace(now, releases=sorted(releases.values(), key=lambda one: Version(one.version)), lines=[])
    found: dict[Key, dict[str, Span]] = {}
    for history in (before, now):
        for line in history.lines:
            known = line.known(history.ran)
            found.setdefault((line.clause, line.kind, line.name), {}).update(known)
    both.lines += _lines(found, both.ran)
    return both


def write(history: History, folder: Path) -> Path:
    """Write the data of a backend; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{history.backend}.json"
    data = {"schema": SCHEMA, **asdict(history)}
    lines = [json.dumps(_packed(line), ensure_ascii=False) for line in data.pop("lines")]
    head = json.dumps(data, indent=1, ensure_ascii=False).removesuffix("\n}")
    body = ",\n  ".join(lines)
    path.write_text(f'{head},\n "lines": [\n  {body}\n ]\n}}\n', encoding="utf-8")
    return path


def _packed(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "spans": [[s["since"], s["word"], s["reading"], s["said"]] for s in line["spans"]]}


def read(path: Path) -> History:
    """The history in a file; BrokenHistory says what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("schema") != SCHEMA:
            raise BrokenHistory(f"{path}: its schema is not {SCHEMA}; make it anew with conformance history")
        data["releases"] = [Release(**release) for release in data["releases"]]
        data["lines"] = [
            Line(**{**line, "spans": tuple(Span(*span) for span in line["spans"])}) for line in data["lines"]
        ]
        return History(**data)
    except OSError as error:
        raise BrokenHistory(f"{path}: the history cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenHistory(f"{path}: this is no history: {error}") from None


def read_all(folder: Path) -> list[History]:
    """Every history in a folder, by the name of its backend; BrokenHistory if there is none."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise BrokenHistory(f"{folder}: no history lies there; make one with conformance matrix")
    return [read(path) for path in paths]
