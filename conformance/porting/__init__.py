"""The porting guide: what changes for someone who goes from one dialect, at one version, to another.

For every clause whose readings differ between two stations: the smallest case that tells them apart,
found by the reference alone, what each says of it, and what to write instead. The cases are kept in
`cases.json`, which `python -m conformance.porting` makes anew; the advice in `advice.toml` is written
by people.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import reference
from backends.codec import from_json
from conformance.judge import says
from reference.clause import READINGS, Reading, find
from reference.outcomes import Setting

assert reference  # importing it fills the registry of readings

Pair = tuple[Reading, Reading]

HERE = Path(__file__).parent
CASES = HERE / "cases.json"
ADVICE = HERE / "advice.toml"


@dataclass(frozen=True)
class Station:
    """A dialect at a release from which, or to which, people port; `name` is how a command line says it."""

    name: str
    title: str
    dialect: str
    version: str


STATIONS = (
    Station("keras-2.2", "Keras 2.2.5", "keras-2.2", "2.2.5"),
    Station("keras-2.3", "Keras 2.3.1", "keras-2.3", "2.3.1"),
    Station("tf.keras-2", "tf.keras 2.15", "keras-2", "2.15.0"),
    Station("keras-3.0", "Keras 3.0", "keras-3", "3.0.5"),
    Station("keras-3.4", "Keras 3.4", "keras-3", "3.4.0"),
    Station("keras-3", "Keras 3.15", "keras-3", "3.15.1"),
    Station("torch", "PyTorch 2.13", "torch", "2.13.0"),
    Station("transformers", "transformers 5.23", "transformers", "5.23.0"),
)


@dataclass(frozen=True)
class Example:
    """The smallest case on which a point of one reading and a point of another part.

    points: their labels. strict: whether no outcome that one allows is allowed by the other;
    otherwise one leaves open what the other defines.
    """

    points: tuple[str, str]
    strict: bool
    case: dict[str, Any]

    def says(self, reading: Reading) -> Any:
        """What a reading says of the case."""
        return says(reading, self.case, Setting())


@dataclass(frozen=True)
class Change:
    """Two readings of a clause that stations hold, and the examples that tell them apart.

    Without examples the readings say the same in other words, so far as the laws have looked.
    """

    clause: str
    first: Reading
    second: Reading
    examples: tuple[Example, ...]

    def sides(self, before: Station) -> Pair:
        """The readings, that of the station one leaves first."""
        left = held(self.clause, before)
        forward = left is not None and left.function is self.first.function
        return (self.first, self.second) if forward else (self.second, self.first)


def held(clause: str, station: Station) -> Reading | None:
    """The reading of a clause that holds at a station, None if its dialect does not state it."""
    return find(clause, station.dialect, station.version)


def pairs(clause: str) -> list[Pair]:
    """Every two readings of a clause, by different functions, that two stations hold."""
    readings = {id(r.function): r for r in _held(clause)}
    return list(combinations(readings.values(), 2))


def _held(clause: str) -> list[Reading]:
    return [r for station in STATIONS if (r := held(clause, station)) is not None]


@cache
def changes() -> tuple[Change, ...]:
    """Every change between two stations, clause by clause."""
    kept = {
        (entry["clause"], *entry["readings"]): entry
        for entry in json.loads(CASES.read_text(encoding="utf-8"))
    }
    found = []
    for clause in READINGS:
        for first, second in pairs(clause):
            entry = kept.get((clause, first.name, second.name))
            if entry is None:
                raise LookupError(
                    f"{CASES}: no entry for {clause}, {first.name} and {second.name}; "
                    "make it with python -m conformance.porting"
                )
            examples = tuple(
                Example(tuple(e["points"]), e["strict"], from_json(e["case"])) for e in entry["examples"]
            )
            found.append(Change(clause, first, second, examples))
    return tuple(found)


def between(before: Station, after: Station) -> list[Change]:
    """The changes that someone meets who goes from one station to another."""
    met = []
    for change in changes():
        one, other = held(change.clause, before), held(change.clause, after)
        functions = {r.function for r in (one, other) if r is not None}
        if functions == {change.first.function, change.second.function} and change.examples:
            met.append(change)
    return met


def lost(before: Station, after: Station) -> list[str]:
    """The clauses that the one dialect states and the other does not."""
    return [c for c in READINGS if held(c, before) is not None and held(c, after) is None]


@cache
def advice() -> dict[str, dict[str, str]]:
    """What to write instead, by clause and by the dialect to which one goes; `any` speaks of every one."""
    return tomllib.loads(ADVICE.read_text(encoding="utf-8"))


def instead(clause: str, after: Station) -> str:
    """What to write at a station instead; empty if nothing is to be written otherwise."""
    said = advice().get(clause, {})
    return said.get(after.name) or said.get(after.dialect) or said.get("any", "")


def station(name: str) -> Station:
    """The station of a name; LookupError names them all."""
    for candidate in STATIONS:
        if candidate.name == name:
            return candidate
    raise LookupError(f"there is no station {name!r}; choose from {', '.join(s.name for s in STATIONS)}")
