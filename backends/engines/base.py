"""The interface of an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from backends.base import Fault

Array = np.ndarray[Any, Any]


class Engine:
    """Tensors in and out, the device, and gradients; one instance a process.

    name: as `reference.outcomes.Setting` has it. device: as asked for, "cpu", "cpu:1", "cuda:0" …
    """

    name: str

    def __init__(self, device: str) -> None:
        """Import the framework and take the device; `backends.base.MissingDevice` if it is not there."""
        self.device = device
        self.made: list[tuple[Array, Any]] = []

    def place(self) -> AbstractContextManager[Any]:
        """A context in which new tensors are made on the device."""
        raise NotImplementedError

    def tensor(self, array: Any) -> Any:
        """The array as a tensor on the device; None stays None.

        The pair is remembered, so that a change of the tensor in place can be seen.
        """
        if array is None:
            return None
        tensor = self.to_tensor(array)
        self.made.append((array, tensor))
        return tensor

    def to_tensor(self, array: Array) -> Any:
        """The array as a new tensor on the device."""
        raise NotImplementedError

    def altered(self, array: Array) -> bool:
        """Whether a tensor that was made from this very array holds other values by now."""
        for source, tensor in self.made:
            if source is array:
                now = self.to_numpy(tensor)
                if now.tobytes() != array.astype(now.dtype, copy=False).tobytes():
                    return True
        return False

    def array(self, tensor: Any) -> Any:
        """The tensor as an array, after a check that it was on the device; None stays None."""
        if tensor is None:
            return None
        where = self.where(tensor)
        if where != self.device_of_record:
            raise Fault(f"a result is on {where}, and {self.device_of_record} was asked for")
        return self.to_numpy(tensor)

    @property
    def device_of_record(self) -> str:
        """The device in the notation of `where`."""
        raise NotImplementedError

    def where(self, tensor: Any) -> str:
        """The device that the tensor itself names."""
        raise NotImplementedError

    def to_numpy(self, tensor: Any) -> Array:
        """The tensor's values."""
        raise NotImplementedError

    def gradient(
        self, function: Callable[..., Any], values: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        """The function's output at `values`, and the product of `upstream` with its derivative by each.

        Sparse gradients are returned dense; a value that is not reached gives None or zeros.
        """
        raise NotImplementedError

    def layer_gradient(
        self, layer: Callable[..., Any], inputs: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        """The layer's output, and the product of `upstream` with its derivative by each trainable weight.

        Sparse gradients are returned dense.
        """
        raise NotImplementedError

    def identity(self) -> dict[str, Any]:
        """The name of the device and the modes that change results."""
        raise NotImplementedError
