"""A dialect of the reference as a backend: the control.

It runs the very readings, in the dtype under test and with the sums in another order, so that a
bound which raises a false alarm shows. It is also what a bare `pytest` judges.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import reference
from backends.base import Backend, Operation, Outcome
from backends.codec import dtype_named
from reference.clause import Reading, clauses, find
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Codes, Coins, Measured, Setting, Shuffled, Working, picked

assert reference  # importing it fills the registry of readings


class NumpyControl(Backend):
    """The readings of one dialect, at its newest version."""

    name = "numpy"
    dialect = "keras-2.2"
    setting = Setting()

    def __init__(self, device: str = "cpu", dialect: str | None = None) -> None:
        super().__init__(device)
        if dialect is not None:
            self.dialect = dialect  # type: ignore[misc]  # one class serves every dialect
            self.name = f"numpy:{dialect}"  # type: ignore[misc]
        self.readings = _readings(self.dialect)
        self.operations = self.offers(self.dialect)  # type: ignore[misc]

    @classmethod
    def offers(cls, option: str | None) -> dict[str, Operation]:
        """Its own operations, and one for every other clause that the dialect states."""
        read = {
            clause: Operation(clause, "native", "read", "") for clause in _readings(option or cls.dialect)
        }
        return read | cls.operations

    @classmethod
    def version(cls) -> str | None:
        return None

    def perform(self, id: str, inputs: dict[str, Any]) -> Outcome:
        """Do one operation on one case; a refusal bears the names that dialects document for it."""
        self._shown: tuple[str, ...] = ()
        outcome = super().perform(id, inputs)
        return replace(outcome, error=(*outcome.error, *self._shown))

    def do(self, operation: Operation, inputs: dict[str, Any]) -> Any:
        """One concrete answer, of the reading or of the method that stands in for it."""
        try:
            if operation.method != "read":
                return settle(super().do(operation, inputs))
            return settle(self.read(self.readings[operation.id], inputs))
        except Refused as refusal:
            self._shown = refusal.shows_as
            raise

    def read(self, reading: Reading, inputs: dict[str, Any]) -> Any:
        """What the reading says, in the dtype under test and with its sums in another order."""
        extra = {"setting": self.setting, "working": Working(_dtype_under_test(inputs), reverse=True)}
        return reading.function(**inputs, **{k: v for k, v in extra.items() if k in reading.parameters})


def _readings(dialect: str) -> dict[str, Reading]:
    """The newest reading of every clause that the dialect states."""
    found = {clause: find(clause, dialect) for clause in clauses()}
    return {clause: reading for clause, reading in found.items() if reading is not None}


def settle(said: Any) -> Any:
    """One concrete answer: the value in its dtype, the first allowed outcome of an OPEN one."""
    if isinstance(said, (Bounded, Measured)):
        with np.errstate(over="ignore"):
            return said.value.astype(said.dtype)
    if isinstance(said, AnyOf):
        return settle(said.allowed[0])
    if isinstance(said, Coins):
        return throw(said)
    if isinstance(said, Codes):
        return [said.low + hash(word) % (said.high - said.low + 1) for word in said.words]
    if isinstance(said, Shuffled):
        return shuffle(said)
    if isinstance(said, Refused):
        raise said
    if isinstance(said, (list, tuple)):
        return type(said)(settle(item) for item in said)
    if isinstance(said, dict):
        return {name: settle(item) for name, item in said.items()}
    return said


def throw(coins: Coins) -> list[np.ndarray[Any, Any]]:
    """The coins of a random outcome, thrown with its seed."""
    random = np.random.default_rng(coins.seed)
    values = np.array(coins.values).astype(dtype_named(coins.dtype))
    upper = [random.random(coins.shape) < coins.probability for _ in range(coins.calls)]
    return [np.asarray(np.where(one, values[1], values[0])) for one in upper]


def shuffle(shuffled: Shuffled) -> list[Any]:
    """The batches of a random order, shuffled with its seed."""
    random = np.random.default_rng(shuffled.seed)
    first = shuffled.form
    while isinstance(first, (list, tuple)):
        first = first[0]
    ends = np.cumsum(shuffled.sizes)
    return [
        picked(shuffled.form, order[end - size : end])
        for order in (random.permutation(len(first)) for _ in range(shuffled.epochs))
        for size, end in zip(shuffled.sizes, ends, strict=True)
    ]


def _dtype_under_test(inputs: dict[str, Any]) -> np.dtype[Any]:
    """The dtype of the first floating array of the case, float64 if there is none."""
    for value in inputs.values():
        inside = value.values() if isinstance(value, dict) else value
        for item in inside if isinstance(value, (dict, list, tuple)) else (value,):
            if isinstance(item, np.ndarray) and item.dtype.kind in "fV":
                dtype: np.dtype[Any] = item.dtype
                return dtype
    return np.dtype(np.float64)
