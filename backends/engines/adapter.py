"""The base of every adapter that stands on an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from backends.base import Backend, Inputs, Outcome
from backends.codec import dtype_named
from backends.engines.base import Engine


class EngineBackend(Backend):
    """An adapter whose tensors, device and gradients are an engine's."""

    tensors: Engine

    def identity(self) -> dict[str, Any]:
        """Who runs, with the engine's device and modes."""
        return super().identity() | self.tensors.identity()

    def perform(self, id: str, inputs: Inputs) -> Outcome:
        """Do one operation on one case, with fresh tensors."""
        self.tensors.made.clear()
        return super().perform(id, inputs)

    def changed(self, inputs: Inputs, before: dict[str, Any]) -> tuple[str, ...]:
        """Names of the inputs whose arrays, or the tensors made from them, were changed."""
        altered = tuple(
            name
            for name, value in inputs.items()
            if any(self.tensors.altered(array) for array in _arrays(value))
        )
        return altered or super().changed(inputs, before)

    def smoke(self) -> Iterable[tuple[str, Any, Any]]:
        """Round trips of every dtype and of None, on the device that was asked for; memory is not shared."""
        engine = self.tensors
        for name in (*self.dtypes, "int32", "bool"):
            given = np.array([0, 1, 1], dtype_named(name))
            yield f"round trip of {name}", given, engine.array(engine.tensor(given))
        yield "round trip of None", None, engine.array(engine.tensor(None))
        given = _aligned(4)
        kept, tensor = given.copy(), engine.to_tensor(given)
        given[:] = 2
        yield "a tensor whose array was overwritten", kept, engine.array(tensor)
        engine.array(tensor)[:] = 2
        yield "a tensor whose result was overwritten", kept, engine.array(tensor)
        where = engine.where(engine.tensor(np.zeros(1, np.float32)))
        yield "device of a tensor", engine.device_of_record, where


def _aligned(size: int) -> np.ndarray[Any, Any]:
    """Zeros (size,) of float32 that begin at a multiple of 64 bytes, where JAX shares memory."""
    room = np.zeros(size + 16, np.float32)
    start = -room.ctypes.data % 64 // room.itemsize
    return room[start : start + size]


def _arrays(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Every array inside a case's input."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))
