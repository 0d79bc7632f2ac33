"""What the adapters of Keras 3 and of Keras 2 have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from backends.engines.adapter import EngineBackend


class KerasBase(EngineBackend):
    """An adapter of a Keras: `keras` is the module, layers are built once and used again."""

    keras: Any

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._layers: dict[tuple[Any, ...], Any] = {}

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
        if key not in self._layers:
            with self.place():
                self._layers[key] = build()
        return self._layers[key]
