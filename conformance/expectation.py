"""Expectations: known divergences that we accept, as reviewed data with a closed set of keys.

One TOML file a backend, `NAME.toml`, with one table `[[expectation]]` a divergence. Beside it, in
the folder NAME, lie the counterexamples, as records. A counterexample is replayed before the search:
an expectation that the backend no longer bears out fails as loudly as a new divergence.
"""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backends.codec import Malformed, from_json
from conformance.behaviors import BEHAVIORS
from conformance.judge import Judge, says
from reference.clause import READINGS, clauses, find
from reference.dialects import DIALECTS, release
from reference.errors import Refused

SUITE = Path(__file__).resolve().parent.parent
KEYS = {"clause", "point", "versions", "device", "kind", "counterexample", "behaves-as", "reason", "link"}
KINDS = ("upstream", "by-design", "adapter")
DEVICES = ("any", "cpu", "gpu")
_VERSION = re.compile(r"\d+(\.\d+)*")


class BrokenExpectation(ValueError):
    """An expectations file that cannot be used; the message names the file, the entry and the fix."""


@dataclass(frozen=True)
class Expectation:
    """A known divergence.

    versions: (from, before), either end None. device: one of DEVICES; all but the CPU are "gpu".
    behaves_as: a dialect, "dialect@version", or the name of a function in `conformance.behaviors`.
    case: the counterexample's inputs. origin: the file it came from.
    """

    backend: str
    clause: str
    point: str
    versions: tuple[str | None, str | None]
    device: str
    kind: str
    case: dict[str, Any]
    behaves_as: str
    reason: str
    link: str
    origin: str

    @property
    def file(self) -> str:
        """Where it came from; of those that ship, their place in the suite."""
        path = Path(self.origin).absolute()
        return path.relative_to(SUITE).as_posix() if path.is_relative_to(SUITE) else self.origin

    def covers(self, version: str | None, device: str) -> bool:
        """Whether it speaks of this version and this kind of device."""
        since, before = self.versions
        numbers = release(version or "")
        return (
            self.device in ("any", "cpu" if device == "cpu" else "gpu")
            and (since is None or numbers >= release(since))
            and (before is None or numbers < release(before))
        )

    def behavior(self, clause: str, inputs: dict[str, Any], judge: Judge) -> Any:
        """What the backend gives, so the expectation says, in a reading's terms."""
        if self.behaves_as in BEHAVIORS:
            try:
                # What a comparison with NaN warns of depends on the dtype; its result does not.
                with np.errstate(all="ignore"):
                    return BEHAVIORS[self.behaves_as](**inputs)
            except Refused as refusal:
                return refusal
        dialect, _, version = self.behaves_as.partition("@")
        reading = find(clause, dialect, version or None)
        assert reading is not None, f"{self.origin}: {dialect} does not state {clause}"
        return says(reading, inputs, judge.setting)


def load(folder: Path, backend: str) -> list[Expectation]:
    """The expectations of a backend in a folder; none if it has no file there."""
    path = folder / f"{backend}.toml"
    return load_file(path, backend) if path.exists() else []


def load_file(path: Path, backend: str) -> list[Expectation]:
    """The expectations in a file; BrokenExpectation says what is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BrokenExpectation(f"{path}: the expectations file cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenExpectation(f"{path}: not TOML: {error}; correct it, or restore the file") from None
    entries = data.get("expectation", [])
    if set(data) - {"expectation"} or not isinstance(entries, list):
        raise BrokenExpectation(f"{path}: the file holds tables [[expectation]] and nothing else")
    return [_entry(path, number, entry, backend) for number, entry in enumerate(entries, 1)]


def _entry(path: Path, number: int, entry: Any, backend: str) -> Expectation:
    where = f"{path}, expectation {number}"
    if not isinstance(entry, dict):
        raise BrokenExpectation(f"{where}: it must be a table [[expectation]], it is {entry!r:.80}")
    if wrong := set(entry) ^ KEYS:
        names = ", ".join(sorted(wrong))
        raise BrokenExpectation(
            f"{where}: its keys must be {', '.join(sorted(KEYS))}; wrong or absent: {names}"
        )
    if bad := [key for key in sorted(KEYS) if not isinstance(entry[key], str) or not entry[key].strip()]:
        raise BrokenExpectation(f"{where}: {bad[0]!r} must be a text that is not empty; fill in the true one")
    clause = entry["clause"]
    _one_of(where, "clause", clause, clauses())
    _one_of(where, "point", entry["point"], [p.label for r in READINGS[clause] for p in r.points])
    _one_of(where, "kind", entry["kind"], KINDS)
    _one_of(where, "device", entry["device"], DEVICES)
    case = _case(where, path.parent / entry["counterexample"])
    taken = READINGS[clause][0].parameters - {"setting", "working"}
    if set(case) != taken:
        raise BrokenExpectation(
            f"{where}: its counterexample has the inputs {', '.join(sorted(case)) or 'none'}, "
            f"and {clause} takes {', '.join(sorted(taken))}"
        )
    _check_behavior(where, clause, entry["behaves-as"], taken)
    return Expectation(
        backend,
        clause,
        entry["point"],
        _versions(where, entry["versions"]),
        entry["device"],
        entry["kind"],
        case,
        entry["behaves-as"],
        entry["reason"],
        entry["link"],
        str(path),
    )


def _one_of(where: str, key: str, value: str, choices: Iterable[str]) -> None:
    if value not in (known := list(dict.fromkeys(choices))):
        raise BrokenExpectation(f"{where}: {key} {value!r} is none of {', '.join(known)}")


def _check_behavior(where: str, clause: str, text: str, inputs: Iterable[str]) -> None:
    """That `behaves-as` names a behavior of the clause's inputs, or a dialect that states the clause."""
    if text in BEHAVIORS:
        taken = inspect.signature(BEHAVIORS[text]).parameters
        takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())
        if not takes_any and set(taken) != set(inputs):
            raise BrokenExpectation(f"{where}: the behavior {text!r} is none of {clause}; name another")
        return
    dialect, at, version = text.partition("@")
    _one_of(where, "behaves-as", dialect, [*BEHAVIORS, *DIALECTS])
    if at and not _VERSION.fullmatch(version):
        raise BrokenExpectation(
            f"{where}: behaves-as {text!r} has no version after the @, such as keras-3@3.3"
        )
    if find(clause, dialect, version or None) is None:
        raise BrokenExpectation(f"{where}: behaves-as {text!r}: that dialect does not state {clause}")


def _versions(where: str, text: str) -> tuple[str | None, str | None]:
    """The text "any", ">=3.4", "<3.4" or ">=3.4,<3.13" as (from, before)."""
    ends: dict[str, str] = {}
    for part in [] if text == "any" else text.split(","):
        sign, version = (part[:2], part[2:]) if part.startswith(">=") else (part[:1], part[1:])
        if sign not in (">=", "<") or sign in ends or not _VERSION.fullmatch(version):
            raise BrokenExpectation(f'{where}: versions {text!r} is neither "any" nor like ">=3.4,<3.13"')
        ends[sign] = version
    return ends.get(">="), ends.get("<")


def _case(where: str, path: Path) -> dict[str, Any]:
    try:
        case = from_json(json.loads(path.read_text(encoding="utf-8"))["case"])
    except OSError as error:
        raise BrokenExpectation(
            f"{where}: its counterexample {path} cannot be read: {error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError, Malformed) as error:
        raise BrokenExpectation(f"{where}: its counterexample {path} is no record: {error}") from None
    if not isinstance(case, dict) or not all(isinstance(name, str) for name in case):
        raise BrokenExpectation(f"{where}: its counterexample {path} holds no case")
    return case
