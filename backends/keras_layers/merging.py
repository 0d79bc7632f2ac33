"""The operations of the chapter merging, on Keras 2 and Keras 3 alike: the elementwise layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase
from backends.keras_layers.masks import MASK_LAYERS, mask_layers

_MERGE = "merge = getattr(keras.layers, layer)(dtype=inputs[0].dtype.name)\n"


CARRYING = """\
def call(*tensors):
    if all(mask is None for mask in masks):
        return merge(list(tensors))
    attach = Attach(dtype=inputs[0].dtype.name)
    pairs = zip(tensors, masks)
    return merge([x if mask is None else attach([x, tensor(mask)]) for x, mask in pairs])


"""
GRADIENTS = "actual = [numpy(one) for one in gradients(call, [tensor(x) for x in inputs], tensor(upstream))]"


class KerasMasks(KerasBase):
    """Masks attached to tensors, and read off them."""

    _mask_layers: tuple[Any, Any] | None = None

    def attached(self, tensor: Any, mask: Array | None, dtype: str) -> Any:
        """The tensor with a mask attached, or as it is."""
        if mask is None:
            return tensor
        attach = self.layer(("attach", dtype), lambda: self._mask_classes()[0](dtype=dtype))
        return attach([tensor, self.tensors.tensor(mask)])

    def shown(self, tensor: Any, dtype: str) -> Any:
        """The mask that a layer is given which is called on the tensor."""
        show = self._mask_classes()[1](dtype=dtype)
        mask = show(tensor)
        return self.tensors.array(mask) if show.masked else None

    def _mask_classes(self) -> tuple[Any, Any]:
        if self._mask_layers is None:
            self._mask_layers = mask_layers(self.keras)
        return self._mask_layers

    def merge(self, layer: str, arrays: Sequence[Array], **options: Any) -> Any:
        """A merge layer for arrays of these shapes and this dtype; options must be hashable as text."""
        dtype = arrays[0].dtype.name
        key = (layer, dtype, tuple(array.shape for array in arrays), repr(options))
        return self.layer(key, lambda: getattr(self.keras.layers, layer)(dtype=dtype, **options))


class KerasMerging(KerasMasks):
    """keras.layers.Add and its kin."""

    @operation(
        "merging.mask",
        script="def tensors(value):\n"
        "    if isinstance(value, (list, tuple)):\n"
        "        return type(value)(None if v is None else tensor(v) for v in value)\n"
        "    return None if value is None else tensor(value)\n\n\n"
        "merge = getattr(keras.layers, layer)()\n"
        "actual = numpy(merge.compute_mask(tensors(inputs), tensors(masks)))",
    )
    def merged_mask(self, layer: str, inputs: Any, masks: Any) -> Any:
        """What the layer computes from its inputs' masks."""
        merge = self.layer((layer,), getattr(self.keras.layers, layer))
        with self.place():
            return self.tensors.array(merge.compute_mask(self._tensors(inputs), self._tensors(masks)))

    def _tensors(self, value: Any) -> Any:
        """Lists stay lists and tuples stay tuples."""
        if isinstance(value, (list, tuple)):
            return type(value)(self.tensors.tensor(item) for item in value)
        return self.tensors.tensor(value)

    @operation(
        "merging.delivery",
        script=MASK_LAYERS + "merge = getattr(keras.layers, layer)(**options)\n"
        "actual = shown(merge(list(map(attached, inputs, masks))))",
    )
    def delivered_mask(self, layer: str, options: dict[str, Any], inputs: list[Array], masks: Any) -> Any:
        """The mask that a layer gets which is called on the output."""
        with self.place():
            output = self.merge(layer, inputs, **options)(self._attached(inputs, masks))
            return self.shown(output, inputs[0].dtype.name)

    def _attached(self, inputs: list[Array], masks: list[Array | None]) -> list[Any]:
        pairs = zip(inputs, masks, strict=True)
        return [self.attached(self.tensors.tensor(x), m, x.dtype.name) for x, m in pairs]

    @operation(
        "merging.value",
        script=MASK_LAYERS + _MERGE + "actual = numpy(merge(list(map(attached, inputs, masks))))",
    )
    def merged_value(self, layer: str, inputs: list[Array], masks: list[Array | None]) -> Any:
        """The layer's output."""
        with self.place():
            return self.tensors.array(self.merge(layer, inputs)(self._attached(inputs, masks)))

    @operation(
        "merging.shape",
        script="tensors = [keras.Input(shape=shape[1:], batch_size=shape[0]) for shape in shapes]\n"
        "promised = getattr(keras.layers, layer)(**options)(tensors).shape\n"
        'zeros = [tensor(np.zeros(shape, "float32")) for shape in shapes]\n'
        "actual = tuple(promised), tuple(getattr(keras.layers, layer)(**options)(zeros).shape)",
    )
    def merged_shape(self, layer: str, options: dict[str, Any], shapes: list[Any]) -> Any:
        """The shape of a symbolic output, and of a real one."""
        kind = getattr(self.keras.layers, layer)
        with self.place():
            symbols = [self.keras.Input(shape=shape[1:], batch_size=shape[0]) for shape in shapes]
            promised = kind(**options)(symbols).shape
            zeros = [self.tensors.tensor(self.zeros(shape)) for shape in shapes]
            return tuple(promised), self.tensors.array(kind(**options)(zeros)).shape

    @operation("merging.gradient", script=MASK_LAYERS + _MERGE + CARRYING + GRADIENTS)
    def merged_gradient(
        self, layer: str, inputs: list[Array], masks: list[Array | None], upstream: Array
    ) -> Any:
        """The gradients of the layer's inputs."""
        merge, engine = self.merge(layer, inputs), self.tensors

        def call(*tensors: Any) -> Any:
            pairs = zip(tensors, masks, strict=True)
            return merge([self.attached(tensor, mask, inputs[0].dtype.name) for tensor, mask in pairs])

        with self.place():
            tensors = [engine.tensor(array) for array in inputs]
            _, gradients = engine.gradient(call, tensors, engine.tensor(upstream))
        return [engine.array(gradient) for gradient in gradients]
