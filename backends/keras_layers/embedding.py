"""The operations of the chapter embedding, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backends.base import operation
from backends.codec import dtype_named
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase

_LAYER = """\
layer = keras.layers.Embedding(*table.shape, dtype=table.dtype.name)
layer.build(None)
layer.set_weights([table])
"""

_GRADIENT = (
    _LAYER
    + """\
output, gradient = layer_gradient(layer, tensor(ids), tensor(upstream))
"""
)

_EQUIVALENCE = """\
given, arriving = tensor(ids), tensor(upstream)
hot = None if route == "lookup" else one_hot(given, len(table), table.dtype.name)
if route == "one-hot":
    output, gradient = function_gradient(lambda weights: matmul(hot, weights), tensor(table), arriving)
else:
    kind = keras.layers.Embedding if route == "lookup" else keras.layers.Dense
    sizes = table.shape if route == "lookup" else table.shape[1:]
    options = {} if route == "lookup" else {"use_bias": False}
    layer = kind(*sizes, dtype=table.dtype.name, **options)
    layer.build(None if route == "lookup" else (None, len(table)))
    layer.set_weights([table])
    output, gradient = layer_gradient(layer, given if route == "lookup" else hot, arriving)
actual = numpy(output), numpy(gradient)
"""


class KerasEmbedding(KerasBase):
    """keras.layers.Embedding."""

    def _embedding(self, vocabulary: int, dimension: int, dtype: str, mask_zero: bool = False) -> Any:
        def build() -> Any:
            layer = self.keras.layers.Embedding(vocabulary, dimension, mask_zero=mask_zero, dtype=dtype)
            layer.build(None)
            return layer

        return self.layer(("embedding", vocabulary, dimension, dtype, mask_zero), build)

    def _with_table(self, table: Array) -> Any:
        layer = self._embedding(table.shape[0], table.shape[1], table.dtype.name)
        layer.set_weights([table])
        return layer

    @operation("embedding.lookup", script=_LAYER + "actual = numpy(layer(tensor(ids)))")
    def lookup(self, table: Array, ids: Array) -> Any:
        """The layer's output."""
        with self.place():
            return self.tensors.array(self._with_table(table)(self.tensors.tensor(ids)))

    @operation(
        "embedding.containers",
        script=_LAYER
        + "given = {'tensor': tensor, 'array': np.array, 'list': np.ndarray.tolist}[container](ids)\n"
        "actual = numpy(layer(given))",
    )
    def contained(self, table: Array, ids: Array, container: str) -> Any:
        """The layer's output for ids in a tensor, an array or a list."""
        put: dict[str, Callable[[Array], Any]] = {
            "tensor": self.tensors.tensor,
            "array": np.array,
            "list": np.ndarray.tolist,
        }
        with self.place():
            return self.tensors.array(self._with_table(table)(put[container](ids)))

    @operation(
        "embedding.mask",
        script="layer = keras.layers.Embedding(2, 1, mask_zero=mask_zero)\n"
        "actual = numpy(layer.compute_mask(tensor(ids), None if incoming is None else tensor(incoming)))",
    )
    def mask(self, ids: Array, mask_zero: bool, incoming: Array | None) -> Any:
        """The layer's own mask of the ids, which may carry one already."""
        layer = self._embedding(2, 1, "float32", mask_zero)
        with self.place():
            return self.tensors.array(
                layer.compute_mask(self.tensors.tensor(ids), self.tensors.tensor(incoming))
            )

    @operation("embedding.gradient", script=_GRADIENT + "actual = numpy(gradient)")
    def gradient(self, table: Array, ids: Array, upstream: Array) -> Any:
        """The gradient of the layer's table."""
        return self.equivalence(table, ids, upstream, "lookup")[1]

    @operation("embedding.equivalence", kind="composed", script=_EQUIVALENCE)
    def equivalence(self, table: Array, ids: Array, upstream: Array, route: str) -> Any:
        """Output and gradient of the table by one of three routes."""
        engine = self.tensors
        given, arriving = engine.tensor(ids), engine.tensor(upstream)
        with self.place():
            if route == "lookup":
                output, gradients = engine.layer_gradient(self._with_table(table), [given], arriving)
            else:
                one_hot = self.one_hot(given, len(table), table.dtype.name)
                if route == "dense":
                    dense = self._dense_without_bias(table)
                    output, gradients = engine.layer_gradient(dense, [one_hot], arriving)
                else:
                    output, gradients = engine.gradient(
                        lambda weights: self.matmul(one_hot, weights), [engine.tensor(table)], arriving
                    )
        return engine.array(output), engine.array(gradients[0])

    def _dense_without_bias(self, table: Array) -> Any:
        vocabulary, dimension = table.shape

        def build() -> Any:
            layer = self.keras.layers.Dense(dimension, use_bias=False, dtype=table.dtype.name)
            layer.build((None, vocabulary))
            return layer

        layer = self.layer(("dense", vocabulary, dimension, table.dtype.name), build)
        layer.set_weights([table])
        return layer

    def smoke(self) -> Any:
        """Round trips, and a layer that keeps the weights that it is given, where it was asked to."""
        yield from super().smoke()
        for name in self.dtypes:
            table = np.array([[1, 2], [3, 4]], dtype_named(name))
            yield f"weights of {name}", table, self._with_table(table).get_weights()[0]
