"""JAX as an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from backends.base import MissingDevice
from backends.engines.base import Array, Engine


class JaxEngine(Engine):
    """JAX with its defaults, 64-bit types off; "cpu:1" is a second logical CPU device."""

    name = "jax"

    def __init__(self, device: str) -> None:
        super().__init__(device)
        import jax

        self.jax = jax
        kind, _, number = device.partition(":")
        index = int(number or 0)
        if kind == "cpu" and index:
            jax.config.update("jax_num_cpu_devices", index + 1)
        try:
            self.jax_device = jax.devices(kind)[index]
        except (RuntimeError, IndexError):
            there = ", ".join(f"{d.platform}:{d.id}" for d in jax.devices())
            raise MissingDevice(f"jax has no device {device!r}; the devices here are {there}") from None

    def place(self) -> AbstractContextManager[Any]:
        return self.jax.default_device(self.jax_device)  # type: ignore[no-any-return]

    def to_tensor(self, array: Array) -> Any:
        # On a CPU an array that is aligned to 64 bytes is not copied, and so this one is nobody else's.
        return self.jax.device_put(array.copy(), self.jax_device)

    @property
    def device_of_record(self) -> str:
        return f"{self.jax_device.platform}:{self.jax_device.id}"

    def where(self, tensor: Any) -> str:
        return ", ".join(sorted(f"{d.platform}:{d.id}" for d in tensor.devices()))

    def to_numpy(self, tensor: Any) -> Array:
        return np.array(tensor)

    def gradient(
        self, function: Callable[..., Any], values: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        output, pull = self.jax.vjp(function, *values)
        return output, list(pull(self._like(upstream, output)))  # JAX takes no other dtype

    def _like(self, upstream: Any, output: Any) -> Any:
        """What arrives, in the dtypes of the outputs: JAX takes no others."""
        return self.jax.tree.map(lambda arriving, one: arriving.astype(one.dtype), upstream, output)

    def layer_gradient(
        self, layer: Callable[..., Any], inputs: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        fixed = [v.value for v in layer.non_trainable_variables]  # type: ignore[attr-defined]

        def call(*weights: Any) -> Any:
            return layer.stateless_call(list(weights), fixed, *inputs)[0]  # type: ignore[attr-defined]

        weights = [v.value for v in layer.trainable_variables]  # type: ignore[attr-defined]
        return self.gradient(call, weights, upstream)

    def identity(self) -> dict[str, Any]:
        config = self.jax.config
        return {
            "device": self.device_of_record,
            "device_name": self.jax_device.device_kind,
            "modes": {
                "jax_enable_x64": bool(config.jax_enable_x64),
                "jax_default_matmul_precision": str(config.jax_default_matmul_precision),
            },
        }
