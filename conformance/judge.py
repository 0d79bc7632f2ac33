"""Which readings judge a backend, and what they say of a case."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import reference
from reference.clause import Reading, find
from reference.errors import Refused
from reference.outcomes import ORACLE, Setting

assert reference  # importing it fills the registry of readings


@dataclass(frozen=True)
class Judge:
    """A dialect at a version, and where the backend runs.

    version: None for the newest readings. flushes: whether the backend flushes subnormals.
    """

    dialect: str
    version: str | None
    setting: Setting
    flushes: bool = False

    def reading(self, clause: str) -> Reading | None:
        """The reading of a clause, None if the dialect does not state it."""
        return _find(clause, self.dialect, self.version)

    def expects(self, clause: str, inputs: dict[str, Any]) -> Any:
        """What the reading says of a case: a value, Bounded, AnyOf, or the refusal."""
        reading = self.reading(clause)
        if reading is None:
            raise LookupError(f"{self.dialect} does not state {clause}")
        return says(reading, inputs, self.setting)


def says(reading: Reading, inputs: dict[str, Any], setting: Setting) -> Any:
    """What a reading says of a case, a refusal returned instead of raised."""
    extra: dict[str, Any] = {}
    if "setting" in reading.parameters:
        extra["setting"] = setting
    if "working" in reading.parameters:
        extra["working"] = ORACLE
    try:
        return reading.function(**inputs, **extra)
    except Refused as refusal:
        return refusal


_find = cache(find)
