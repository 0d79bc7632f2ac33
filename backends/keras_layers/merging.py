"""The operations of the chapter merging, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.keras_layers.base import KerasBase


class KerasMerging(KerasBase):
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
