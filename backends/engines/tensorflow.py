"""TensorFlow as an engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from backends.base import MissingDevice
from backends.engines.base import Array, Engine


class TensorFlowEngine(Engine):
    """TensorFlow in eager mode; "cpu:1" is a second logical CPU device."""

    name = "tensorflow"

    def __init__(self, device: str) -> None:
        super().__init__(device)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        self.tf = tf
        kind, _, number = device.partition(":")
        kind = "gpu" if kind == "cuda" else kind
        index = int(number or 0)
        if kind == "cpu" and index:
            configuration = [tf.config.LogicalDeviceConfiguration()] * (index + 1)
            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices("CPU")[0], configuration
            )
        there = {d.name.removeprefix("/device:").lower() for d in tf.config.list_logical_devices()}
        if f"{kind}:{index}" not in there:
            raise MissingDevice(
                f"tensorflow has no device {device!r}; the devices here are {', '.join(sorted(there))}"
            )
        self.short = f"{kind.upper()}:{index}"

    def place(self) -> AbstractContextManager[Any]:
        return self.tf.device(f"/device:{self.short}")  # type: ignore[no-any-return]

    def to_tensor(self, array: Array) -> Any:
        with self.place():
            return self.tf.identity(self.tf.constant(array))

    @property
    def device_of_record(self) -> str:
        return self.short

    def where(self, tensor: Any) -> str:
        return str(tensor.device).rpartition("device:")[2]

    def to_numpy(self, tensor: Any) -> Array:
        return np.asarray(tensor.numpy())

    def gradient(
        self, function: Callable[..., Any], values: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        with self.place(), self.tf.GradientTape() as tape:
            tape.watch(values)
            output = function(*values)
        return output, self._pull(tape, output, values, upstream)

    def layer_gradient(
        self, layer: Callable[..., Any], inputs: Sequence[Any], upstream: Any
    ) -> tuple[Any, list[Any]]:
        with self.place(), self.tf.GradientTape() as tape:
            output = layer(*inputs)
        variables = layer.trainable_variables  # type: ignore[attr-defined]
        weights = [v if isinstance(v, self.tf.Variable) else v.value for v in variables]
        return output, self._pull(tape, output, weights, upstream)

    def _pull(self, tape: Any, output: Any, sources: Sequence[Any], upstream: Any) -> list[Any]:
        with self.place():
            gradients = tape.gradient(output, list(sources), output_gradients=upstream)
            return [g if g is None else self.tf.convert_to_tensor(g) for g in gradients]

    def identity(self) -> dict[str, Any]:
        tf = self.tf
        details = [
            tf.config.experimental.get_device_details(d).get("device_name", "")
            for d in tf.config.list_physical_devices("GPU")
        ]
        return {
            "device": self.device_of_record.lower(),
            "device_name": ", ".join(details) if self.short.startswith("GPU") else "",
            "modes": {
                "tensor_float_32": bool(tf.config.experimental.tensor_float_32_execution_enabled()),
                "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
            },
        }
