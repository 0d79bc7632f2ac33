"""Which backends can hold a reading: without one, no run can confirm what it says."""

from __future__ import annotations

from functools import cache

from backends import BUILT_IN, load
from reference.clause import READINGS, Reading, find


@cache
def holders(reading: Reading) -> tuple[str, ...]:
    """The built-in backends that the reading judges, at some release that the suite has run."""
    return tuple(
        name
        for name, target in BUILT_IN.items()
        if name != "numpy"
        and reading.clause in load(target).operations
        and any(
            find(reading.clause, load(target).dialect, at) is reading for at in _releases(target, reading)
        )
    )


def _releases(target: str, reading: Reading) -> list[str | None]:
    """Releases of a backend that tell the readings of the clause apart."""
    oldest = load(target).oldest
    firsts = [
        one.since for one in READINGS[reading.clause] if one.since and _number(one.since) > _number(oldest)
    ]
    return [oldest, *firsts, None]


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
