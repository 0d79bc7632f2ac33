"""What the adapters of Keras 3 and of Keras 2 have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from backends.base import Inputs, Outcome
from backends.engines.adapter import EngineBackend


class KerasBase(EngineBackend):
    """An adapter of a Keras: `keras` is the module, layers are built once and used again."""

    keras: Any

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._layers: dict[tuple[Any, ...], Any] = {}
        self._used: set[tuple[Any, ...]] = set()

    def perform(self, id: str, inputs: Inputs) -> Outcome:
        """Do one operation on one case; a layer in which an error was raised is not used again.

        A step that is broken off leaves a model as no later operation may find it: on JAX without the
        state of its optimizer, which Model.fit takes away while it runs.
        """
        self._used.clear()
        outcome = super().perform(id, inputs)
        if outcome.kind in ("refusal", "fault"):
            for key in self._used:
                self._layers.pop(key, None)
        return outcome

    def place(self) -> AbstractContextManager[Any]:
        """A context in which new variables and tensors are made on the device."""
        return self.tensors.place()

    def one_hot(self, ids: Any, vocabulary: int, dtype: str) -> Any:
        """The ids as one-hot rows, by the framework's own function."""
        raise NotImplementedError

    def matmul(self, left: Any, right: Any) -> Any:
        """The matrix product, by the framework's own function."""
        raise NotImplementedError

    @staticmethod
    def zeros(shape: tuple[int, ...]) -> Any:
        """Zeros in the default dtype of Keras."""
        return np.zeros(shape, np.float32)

    def layer(self, key: tuple[Any, ...], build: Callable[[], Any]) -> Any:
        """The layer of `key`, built at the first use."""
        self._used.add(key)
        if key not in self._layers:
            with self.place():
                self._layers[key] = build()
        return self._layers[key]
