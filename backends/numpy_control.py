"""A dialect of the reference as a backend: the control.

It runs the very readings, in the dtype under test and with the sums in another order, so that a
bound which raises a false alarm shows. It is also what a bare `pytest` judges.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reference
from backends.base import Backend, Operation, Outcome, Unsupported, classes, operation
from reference.clause import Reading, clauses, find
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Setting, Working

assert reference  # importing it fills the registry of readings


class NumpyControl(Backend):
    """The readings of one dialect, at its newest version."""

    name = "numpy"
    dialect = "keras-2.2"

    def __init__(self, device: str = "cpu", dialect: str | None = None) -> None:
        super().__init__(device)
        if dialect is not None:
            self.dialect = dialect  # type: ignore[misc]  # one class serves every dialect
            self.name = f"numpy:{dialect}"  # type: ignore[misc]
        self.readings: dict[str, Reading] = {}
        own = dict(type(self).operations)
        for clause in clauses():
            reading = find(clause, self.dialect)
            if reading is not None:
                self.readings[clause] = reading
                own.setdefault(clause, Operation(clause, "native", "read", ""))
        self.operations = own  # type: ignore[misc]
        self._current = ""

    @classmethod
    def version(cls) -> str | None:
        return None

    def perform(self, id: str, inputs: dict[str, Any]) -> Outcome:
        """Do one operation on one case."""
        self._current = id
        outcome = super().perform(id, inputs)
        if outcome.kind == "refusal" and "Refused" in outcome.error:
            return Outcome(**{**vars(outcome), "error": (*outcome.error, *self._shown)})
        return outcome

    def read(self, **inputs: Any) -> Any:
        """The reading's answer, as a backend would give it."""
        reading = self.readings[self._current]
        working = Working(_dtype_under_test(inputs), reverse=True)
        extra = {"setting": Setting(), "working": working}
        try:
            said = reading.function(**inputs, **{k: v for k, v in extra.items() if k in reading.parameters})
            return settle(said)
        except Refused as refusal:
            self._shown = refusal.shows_as
            raise

    _shown: tuple[str, ...] = ()


def settle(said: Any) -> Any:
    """One concrete answer: the value in its dtype, the first allowed outcome of an OPEN one."""
    if isinstance(said, Bounded):
        return said.value.astype(said.dtype)
    if isinstance(said, AnyOf):
        return settle(said.allowed[0])
    if isinstance(said, Refused):
        raise said
    if isinstance(said, tuple):
        return tuple(settle(item) for item in said)
    return said


def _dtype_under_test(inputs: dict[str, Any]) -> np.dtype[Any]:
    """The dtype of the first floating array of the case, float64 if there is none."""
    for value in inputs.values():
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(item, np.ndarray) and item.dtype.kind in "fV":
                return item.dtype
    return np.dtype(np.float64)


__all__ = ["NumpyControl", "Unsupported", "classes", "operation", "settle"]
