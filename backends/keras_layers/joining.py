"""The operations of the chapter merging, on Keras 2 and Keras 3 alike: Concatenate and Dot."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.merging import GRADIENTS, KerasMasks

_CALL = "call = lambda *x: merge(list(x))\n"
_TENSORS = "tensors = [tensor(array) for array in inputs]\n"


class KerasJoining(KerasMasks):
    """keras.layers.Concatenate and keras.layers.Dot."""

    def _call(self, merge: Any, inputs: list[Array]) -> Any:
        with self.place():
            return self.tensors.array(merge([self.tensors.tensor(array) for array in inputs]))

    def _gradients(self, merge: Any, inputs: list[Array], upstream: Array) -> list[Any]:
        engine = self.tensors
        with self.place():
            tensors = [engine.tensor(array) for array in inputs]
            _, gradients = engine.gradient(lambda *x: merge(list(x)), tensors, engine.tensor(upstream))
        return [engine.array(gradient) for gradient in gradients]

    @operation(
        "merging.concatenate",
        script=_TENSORS
        + "actual = numpy(keras.layers.Concatenate(axis, dtype=inputs[0].dtype.name)(tensors))",
    )
    def concatenated(self, inputs: list[Array], axis: int) -> Any:
        """The layer's output."""
        return self._call(self.merge("Concatenate", inputs, axis=axis), inputs)

    @operation(
        "merging.concatenate-gradient",
        script="merge = keras.layers.Concatenate(axis, dtype=inputs[0].dtype.name)\n" + _CALL + GRADIENTS,
    )
    def concatenated_gradient(self, inputs: list[Array], axis: int, upstream: Array) -> Any:
        """The gradients of the layer's inputs."""
        return self._gradients(self.merge("Concatenate", inputs, axis=axis), inputs, upstream)

    @operation(
        "merging.concatenate-mask",
        script=_TENSORS + "if isinstance(masks, (list, tuple)):\n"
        "    masks = type(masks)(None if mask is None else tensor(mask) for mask in masks)\n"
        "elif masks is not None:\n"
        "    masks = tensor(masks)\n"
        "actual = numpy(keras.layers.Concatenate(axis).compute_mask(tensors, masks))",
    )
    def concatenated_mask(self, inputs: list[Array], masks: Any, axis: int) -> Any:
        """What the layer computes from its inputs' masks."""
        merge, tensor = self.merge("Concatenate", inputs, axis=axis), self.tensors.tensor
        with self.place():
            many = isinstance(masks, (list, tuple))
            given = type(masks)(map(tensor, masks)) if many else tensor(masks)
            return self.tensors.array(merge.compute_mask([tensor(array) for array in inputs], given))

    @operation(
        "merging.dot",
        script=_TENSORS + "dot = keras.layers.Dot(axes, normalize=normalize, dtype=inputs[0].dtype.name)\n"
        "actual = numpy(dot(tensors))",
    )
    def dotted(self, inputs: list[Array], axes: Any, normalize: bool) -> Any:
        """The layer's output."""
        return self._call(self.merge("Dot", inputs, axes=axes, normalize=normalize), inputs)

    @operation(
        "merging.dot-gradient",
        script="merge = keras.layers.Dot(axes, dtype=inputs[0].dtype.name)\n" + _CALL + GRADIENTS,
    )
    def dotted_gradient(self, inputs: list[Array], axes: Any, upstream: Array) -> Any:
        """The gradients of the layer's inputs."""
        return self._gradients(self.merge("Dot", inputs, axes=axes), inputs, upstream)
