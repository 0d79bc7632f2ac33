"""The survey: what backends do where the reference leaves a point OPEN."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from conformance.report.columns import Column
from conformance.report.values import Shown, show_case
from conformance.run import Run
from reference.clause import READINGS


@dataclass(frozen=True)
class SurveyRow:
    """One pinned case: the class of its outcome on every column, None where it was not surveyed."""

    name: str
    case: tuple[Shown, ...]
    outcomes: tuple[str | None, ...]

    @property
    def differs(self) -> bool:
        """Whether the backends that were surveyed do not all do the same."""
        return len({outcome for outcome in self.outcomes if outcome is not None}) > 1


@dataclass(frozen=True)
class SurveyView:
    """An OPEN point: its texts, each with its readings, and its pinned cases on the surveyed columns."""

    clause: str
    point: str
    texts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[SurveyRow, ...]


def surveys_of(runs: list[Run], columns: list[Column]) -> tuple[SurveyView, ...]:
    """Every OPEN point of the reference, and every point that a run has surveyed."""
    texts: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for clause, readings in READINGS.items():
        for reading in readings:
            for point in reading.points:
                if point.strength == "OPEN":
                    texts[clause, point.label][point.text].append(reading.name)
    outcomes: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    cases: dict[tuple[str, str, str], tuple[Shown, ...]] = {}
    keys = {(column.run, column.name): column.key for column in columns}
    for number, run in enumerate(runs, 1):
        for line in run.surveys:
            at = str(line.get("clause")), str(line.get("point"))
            name = str(line.get("name") or "")
            key = keys.get((number, str(line.get("backend"))))
            if key is None:
                continue
            outcomes[at][name][key] = str(line.get("outcome"))
            cases.setdefault((*at, name), show_case(line.get("case")))
    views = []
    for at in dict.fromkeys([*texts, *outcomes]):
        by_name = outcomes.get(at, {})
        asked = {key for found in by_name.values() for key in found}
        shown = tuple(column for column in columns if column.key in asked)
        rows = tuple(
            SurveyRow(name, cases[(*at, name)], tuple(found.get(column.key) for column in shown))
            for name, found in by_name.items()
        )
        said = tuple((", ".join(names), text) for text, names in texts.get(at, {}).items())
        views.append(SurveyView(*at, texts=said, columns=shown, rows=rows))
    return tuple(views)
