"""Why a backend changed at a release: reviewed sentences, one entry a cause, strict both ways."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.history import BrokenHistory, Change, History

FILE_NAME = "explanations.toml"
KINDS = {
    "backends": list,
    "release": str,
    "clauses": list,
    "since": str,
    "documented": bool,
    "upstream": str,
    "read": bool,
    "text": str,
}
"""The keys of an entry, all of them needed."""

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Explanation:
    """One cause of changes.

    backends, release, clauses: the changes that it explains; `release` is the first that was run with it.
    since: the release that brought it, empty where it was not looked for between the two that were run.
    documented: whether upstream says so. upstream: a link to where, or to the change in the sources.
    read: whether that change was read and does this, and is not named by its title or its place alone.
    """

    backends: tuple[str, ...]
    release: str
    clauses: tuple[str, ...]
    since: str
    documented: bool
    upstream: str
    read: bool
    text: str

    @property
    def keys(self) -> list[Key]:
        """The changes that it explains."""
        return [(backend, clause, self.release) for backend in self.backends for clause in self.clauses]


def load(folder: Path) -> list[Explanation]:
    """The explanations in a folder; BrokenHistory says which entry is wrong, and how."""
    path = folder / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenHistory(f"{path}: not TOML: {error}") from None
    if set(data) - {"change"}:
        raise BrokenHistory(f"{path}: the file holds tables [[change]] and nothing else")
    return [
        _entry(f"{path}, change {number}", entry) for number, entry in enumerate(data.get("change", ()), 1)
    ]


def _entry(where: str, entry: dict[str, Any]) -> Explanation:
    if wrong := set(entry) ^ set(KINDS):
        raise BrokenHistory(f"{where}: its keys must be {', '.join(KINDS)}; wrong or absent: {sorted(wrong)}")
    for key, kind in KINDS.items():
        if type(entry[key]) is not kind:
            raise BrokenHistory(f"{where}: {key} must be a {kind.__name__}, it is {entry[key]!r:.60}")
    if not entry["text"].strip() or not entry["backends"] or not entry["clauses"]:
        raise BrokenHistory(f"{where}: an explanation needs a text, backends and clauses")
    return Explanation(**{**entry, "backends": tuple(entry["backends"]), "clauses": tuple(entry["clauses"])})


def explained(change: Change, explanations: list[Explanation]) -> list[Explanation]:
    """The explanations of a change."""
    return [one for one in explanations if (change.backend, change.clause, change.release) in one.keys]


def problems(histories: list[History], explanations: list[Explanation]) -> list[str]:
    """A sentence for each change that nothing explains, and for each explanation of what did not change."""
    changes = Counter(
        (change.backend, change.clause, change.release) for h in histories for change in h.changes()
    )
    said = Counter(key for one in explanations for key in one.keys)
    missing = [
        f"{clause} on {backend} changed at {at}, and nothing explains it"
        for backend, clause, at in changes
        if not said[backend, clause, at]
    ]
    idle = [
        f"{clause} on {backend} is said to change at {at}, and it does not"
        for backend, clause, at in said
        if not changes[backend, clause, at]
    ]
    return missing + idle
