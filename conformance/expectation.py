"""Expectations: known divergences that we accept, as reviewed data with a closed set of keys.

One TOML file a backend, `NAME.toml`, with one table `[[expectation]]` a divergence. Beside it, in
the folder NAME, lie the counterexamples, as records. A counterexample is replayed before the search:
an expectation that the backend no longer bears out fails as loudly as a new divergence.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.codec import Malformed, from_json
from conformance.behaviors import BEHAVIORS
from conformance.judge import Judge, says
from reference.clause import clauses, find
from reference.dialects import DIALECTS, release
from reference.errors import Refused

KEYS = {"clause", "point", "versions", "device", "kind", "counterexample", "behaves-as", "reason", "link"}
KINDS = ("upstream", "by-design", "adapter")


class BrokenExpectation(ValueError):
    """An expectations file that cannot be used; the message names the file, the entry and the fix."""


@dataclass(frozen=True)
class Expectation:
    """A known divergence.

    versions: (from, before), either end None. device: a kind of device, or "any".
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

    def covers(self, version: str | None, device: str) -> bool:
        """Whether it speaks of this version and this kind of device."""
        since, before = self.versions
        numbers = release(version or "")
        return (
            (self.device in ("any", device))
            and (since is None or numbers >= release(since))
            and (before is None or numbers < release(before))
        )

    def behavior(self, clause: str, inputs: dict[str, Any], judge: Judge) -> Any:
        """What the backend gives, so the expectation says, in a reading's terms."""
        if self.behaves_as in BEHAVIORS:
            try:
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
    except FileNotFoundError:
        raise BrokenExpectation(f"{path}: there is no such expectations file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenExpectation(f"{path}: not TOML: {error}; correct it, or restore the file") from None
    entries = data.get("expectation", [])
    if set(data) - {"expectation"} or not isinstance(entries, list):
        raise BrokenExpectation(f"{path}: the file holds tables [[expectation]] and nothing else")
    return [_entry(path, number, entry, backend) for number, entry in enumerate(entries, 1)]


def _entry(path: Path, number: int, entry: Any, backend: str) -> Expectation:
    where = f"{path}, expectation {number}"
    if not isinstance(entry, dict):
        raise BrokenExpectation(f"{where}: {entry!r} is no table; write it as [[expectation]] and its keys")
    if wrong := set(entry) ^ KEYS:
        names = ", ".join(sorted(wrong))
        raise BrokenExpectation(
            f"{where}: its keys must be {', '.join(sorted(KEYS))}; wrong or absent: {names}"
        )
    if bad := [key for key in sorted(KEYS) if not isinstance(entry[key], str) or not entry[key].strip()]:
        raise BrokenExpectation(f"{where}: {bad[0]!r} must be a text that is not empty; fill in the true one")
    if entry["kind"] not in KINDS:
        raise BrokenExpectation(f"{where}: kind {entry['kind']!r} must be one of {', '.join(KINDS)}")
    if entry["clause"] not in clauses():
        there = ", ".join(clauses())
        raise BrokenExpectation(f"{where}: there is no clause {entry['clause']!r}; choose from {there}")
    dialect = entry["behaves-as"].partition("@")[0]
    if entry["behaves-as"] not in BEHAVIORS and dialect not in DIALECTS:
        choices = ", ".join([*BEHAVIORS, *DIALECTS])
        raise BrokenExpectation(f"{where}: behaves-as {entry['behaves-as']!r} must be one of {choices}")
    return Expectation(
        backend,
        entry["clause"],
        entry["point"],
        _versions(where, entry["versions"]),
        entry["device"],
        entry["kind"],
        _case(where, path.parent / entry["counterexample"]),
        entry["behaves-as"],
        entry["reason"],
        entry["link"],
        str(path),
    )


def _versions(where: str, text: str) -> tuple[str | None, str | None]:
    """The text "any", ">=3.4", "<3.4" or ">=3.4,<3.13" as (from, before)."""
    since = before = None
    for part in [] if text == "any" else text.split(","):
        if part.startswith(">="):
            since = part[2:]
        elif part.startswith("<"):
            before = part[1:]
        else:
            raise BrokenExpectation(f'{where}: versions {text!r} is neither "any" nor like ">=3.4,<3.13"')
    return since, before


def _case(where: str, path: Path) -> dict[str, Any]:
    try:
        case = from_json(json.loads(path.read_text(encoding="utf-8"))["case"])
    except FileNotFoundError:
        raise BrokenExpectation(f"{where}: its counterexample {path} does not exist") from None
    except (ValueError, KeyError, TypeError, Malformed, OSError) as error:
        raise BrokenExpectation(f"{where}: its counterexample {path} is no record: {error}") from None
    if not isinstance(case, dict):
        raise BrokenExpectation(f"{where}: its counterexample {path} holds no case")
    return case
