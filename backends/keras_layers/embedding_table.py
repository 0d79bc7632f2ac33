"""The operations of the chapter embedding that look at what a layer builds, on Keras 2 and 3 alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase


class KerasEmbeddingTable(KerasBase):
    """keras.layers.Embedding and the options of its constructor."""

    def fresh_embedding(self, *sizes: Any, **options: Any) -> Any:
        """A new layer, built."""
        with self.place():
            layer = self.keras.layers.Embedding(*sizes, **options)
            layer.build(None)
        return layer

    @operation(
        "embedding.build",
        script="layer = keras.layers.Embedding(vocabulary, dimension, dtype=dtype)\n"
        "layer.build(None)\n"
        "weights = layer.get_weights()\n"
        'actual = {"shapes": [w.shape for w in weights], "dtype": weights[0].dtype.name}',
    )
    def build(self, vocabulary: Any, dimension: Any, dtype: str) -> dict[str, Any]:
        """The shapes of all weights and the dtype of the first."""
        weights = self.fresh_embedding(vocabulary, dimension, dtype=dtype).get_weights()
        return {"shapes": [w.shape for w in weights], "dtype": weights[0].dtype.name}

    @operation(
        "embedding.initializer",
        script="asked = []\n\n\n"
        "def initialize(shape, dtype=None, **kwargs):\n"
        "    asked.append((tuple(shape), getattr(dtype, 'name', dtype)))\n"
        "    return tensor(np.full(shape, start, start.dtype))\n\n\n"
        "options = {'embeddings_initializer': initialize, 'dtype': start.dtype.name}\n"
        "layer = keras.layers.Embedding(vocabulary, dimension, **options)\n"
        "layer.build(None)\n"
        "actual = (len(asked), *asked[0], layer.get_weights()[0])",
    )
    def initialized(self, vocabulary: int, dimension: int, start: Array) -> Any:
        """How often an initializer is called, what it is asked for, and the table."""
        asked: list[Any] = []

        def initialize(shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
            asked.append((tuple(shape), getattr(dtype, "name", dtype)))
            return self.tensors.to_tensor(np.full(shape, start, start.dtype))

        layer = self.fresh_embedding(
            vocabulary, dimension, embeddings_initializer=initialize, dtype=start.dtype.name
        )
        return (len(asked), *asked[0], layer.get_weights()[0])

    @operation(
        "embedding.regularizer",
        script="layer = keras.layers.Embedding(\n"
        "    *table.shape, embeddings_regularizer=keras.regularizers.L2(factor), dtype=table.dtype.name\n)\n"
        "layer.build(None)\n"
        "layer.set_weights([table])\n"
        "for batch in ids:\n"
        "    layer(tensor(batch))\n"
        "actual = len(layer.losses), numpy(sum(layer.losses))",
    )
    def regularized(self, table: Array, ids: list[Array], factor: float) -> Any:
        """The number of the layer's losses after some calls, and their sum."""
        regularizer = self.keras.regularizers.L2(factor)
        layer = self.fresh_embedding(*table.shape, embeddings_regularizer=regularizer, dtype=table.dtype.name)
        layer.set_weights([table])
        with self.place():
            for batch in ids:
                layer(self.tensors.tensor(batch))
            return len(layer.losses), self.tensors.array(sum(layer.losses))

    @operation(
        "embedding.trainable",
        script="layer = keras.layers.Embedding(2, 1, trainable=settings[0])\n"
        "for count, setting in enumerate(settings, 1):\n"
        "    layer.trainable = setting\n"
        "    if count == build_after:\n"
        "        layer.build(None)\n"
        "actual = len(layer.trainable_weights), len(layer.non_trainable_weights)",
    )
    def set_trainable(self, settings: list[bool], build_after: int) -> Any:
        """How many weights are trainable, and how many are not."""
        with self.place():
            layer = self.keras.layers.Embedding(2, 1, trainable=settings[0])
            for count, setting in enumerate(settings, 1):
                layer.trainable = setting
                if count == build_after:
                    layer.build(None)
        return len(layer.trainable_weights), len(layer.non_trainable_weights)

    @operation(
        "embedding.weights",
        script="options = {'weights': [table], 'dtype': table.dtype.name}\n"
        "layer = keras.layers.Embedding(vocabulary, dimension, **options)\n"
        "layer(tensor(np.zeros(1, np.int32)))\n"
        "actual = layer.get_weights()[0]",
    )
    def with_weights(self, table: Array, vocabulary: int, dimension: int) -> Any:
        """The table after the first call of a layer that was given one."""
        with self.place():
            layer = self.keras.layers.Embedding(
                vocabulary, dimension, weights=[table], dtype=table.dtype.name
            )
            layer(self.tensors.to_tensor(np.zeros(1, np.int32)))
        return layer.get_weights()[0]

    @operation(
        "embedding.pretrained",
        script="options = {} if freeze is None else {'trainable': not freeze}\n"
        "layer = keras.layers.Embedding(*table.shape, weights=[table], dtype=table.dtype.name, **options)\n"
        "layer(tensor(np.zeros(1, np.int32)))\n"
        "actual = layer.get_weights()[0], len(layer.trainable_weights) == 1",
    )
    def pretrained(self, table: Array, freeze: bool | None) -> Any:
        """The table of a layer that was given one, and whether it is trainable."""
        options = {} if freeze is None else {"trainable": not freeze}
        with self.place():
            layer = self.keras.layers.Embedding(
                *table.shape, weights=[table], dtype=table.dtype.name, **options
            )
            layer(self.tensors.to_tensor(np.zeros(1, np.int32)))
        return layer.get_weights()[0], len(layer.trainable_weights) == 1

    @operation(
        "embedding.policy",
        script="layer = keras.layers.Embedding(*table.shape, dtype=policy)\n"
        "layer.build(None)\n"
        "layer.set_weights([table])\n"
        "actual = layer.get_weights()[0].dtype.name, numpy(layer(tensor(ids)))",
    )
    def under_policy(self, table: Array, ids: Array, policy: str, unit: Array) -> Any:
        """The dtype of the table, and the output, under a dtype policy."""
        key = ("embedding under", *table.shape, policy)
        layer = self.layer(key, lambda: self.fresh_embedding(*table.shape, dtype=policy))
        layer.set_weights([table])
        with self.place():
            return layer.get_weights()[0].dtype.name, self.tensors.array(layer(self.tensors.tensor(ids)))
