"""Adapters that tell where their tensors are, and that put some where nobody asked for them.

`embedding.build` gives the devices of a layer's weights, of a tensor made by the engine and of a
result. `merging.mask` computes on the other device and hands its result to the engine's check.
"""

from __future__ import annotations

from typing import Any

from backends.base import MissingDevice, operation
from backends.engines.base import Array
from backends.engines.torch import TorchEngine
from backends.keras_layers import KerasJax, Tf
from backends.torch_nn import Torch


class Telling:
    """What both adapters of Keras have in common."""

    @operation("embedding.build")
    def build(self: Any, table: Array, ids: Array) -> dict[str, str]:
        """Where the weights, the ids and the output of a lookup are."""
        engine = self.tensors
        with self.place():
            layer = self._with_table(table)
            given = engine.tensor(ids)
            output = layer(given)
        return {
            "weights": engine.where(_tensor(layer.embeddings)),
            "ids": engine.where(given),
            "output": engine.where(output),
        }


class TellingTf(Telling, Tf):
    @operation("merging.mask")
    def merged_mask(self, masks: list[Array]) -> Any:
        with self.tensors.tf.device("/device:CPU:0"):
            return self.tensors.array(self.tensors.tf.constant(masks[0]))


class TellingJax(Telling, KerasJax):
    @operation("merging.mask")
    def merged_mask(self, masks: list[Array]) -> Any:
        jax = self.tensors.jax
        return self.tensors.array(jax.device_put(masks[0], jax.devices("cpu")[0]))


class TellingTorch(Torch):
    """torch has one CPU device; its device "meta", which holds no values, serves as the wrong one."""

    @operation("embedding.build")
    def build(self, devices: list[str]) -> list[str]:
        """What the engine says of devices that are not there."""
        said = []
        for device in devices:
            try:
                said.append(f"{TorchEngine(device).torch_device} is there")
            except MissingDevice as missing:
                said.append(str(missing))
        return said

    @operation("merging.mask")
    def merged_mask(self, masks: list[Array]) -> Any:
        return self.tensors.array(self.tensors.tensor(masks[0]).to("meta"))


def _tensor(variable: Any) -> Any:
    """The tensor of a Keras variable."""
    return getattr(variable, "value", variable)
