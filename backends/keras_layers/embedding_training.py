"""The operations of the chapter embedding that train, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

import contextlib
from typing import Any

from backends.base import Unsupported, operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase

_MODEL = """\
model = keras.Sequential([keras.layers.Embedding(*table.shape, dtype=table.dtype.name{option})])
model.compile(optimizer={optimizer}, loss=product, run_eagerly=True)
model.build((None, None))
model.set_weights([table])
"""


class KerasEmbeddingTraining(KerasBase):
    """A model of one embedding layer, trained with a loss whose gradient is the one that is asked for."""

    def product(self, left: Any, right: Any) -> Any:
        """The sum of the elementwise product: its gradient by one factor is the other."""
        raise NotImplementedError

    def trained(self, table: Array, optimizer: Any, **options: Any) -> Any:
        """A model of one embedding layer, compiled."""
        layer = self.keras.layers.Embedding(*table.shape, dtype=table.dtype.name, **options)
        model = self.keras.Sequential([layer])
        model.compile(optimizer=optimizer, loss=self.product, run_eagerly=True)
        model.build((None, None))
        model.set_weights([table])
        return model

    @operation(
        "embedding.step",
        script=_MODEL.format(
            option="",
            optimizer='{"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[optimizer](**options)',
        )
        + "for batch, arriving in zip(ids, upstream):\n"
        "    model.train_on_batch(tensor(batch), tensor(arriving))\n"
        "actual = model.get_weights()[0]",
    )
    def stepped(
        self, table: Array, ids: list[Array], upstream: list[Array], optimizer: str, options: dict[str, float]
    ) -> Any:
        """The table after one training step for each batch."""
        optimizers = {"sgd": self.keras.optimizers.SGD, "adam": self.keras.optimizers.Adam}
        with self.place():
            model = self.trained(table, optimizers[optimizer](**options))
            for batch, arriving in zip(ids, upstream, strict=True):
                model.train_on_batch(self.tensors.tensor(batch), self.tensors.tensor(arriving))
        return model.get_weights()[0]

    @operation(
        "embedding.constraint",
        script=_MODEL.format(
            option=', embeddings_constraint="non_neg"', optimizer="keras.optimizers.SGD(learning_rate)"
        )
        + "model.train_on_batch(tensor(ids), tensor(upstream))\n"
        "actual = model.get_weights()[0]",
    )
    def constrained(self, table: Array, ids: Array, upstream: Array, learning_rate: float) -> Any:
        """The table after one step, under the constraint that nothing is negative."""
        with self.place():
            optimizer = self.keras.optimizers.SGD(learning_rate)
            model = self.trained(table, optimizer, embeddings_constraint="non_neg")
            model.train_on_batch(self.tensors.tensor(ids), self.tensors.tensor(upstream))
        return model.get_weights()[0]

    @operation(
        "embedding.place",
        script="import contextlib\n\n"
        "with contextlib.nullcontext() if place is None else keras.device(place):\n"
        "    model = keras.Sequential([keras.layers.Embedding(*table.shape, dtype=table.dtype.name)])\n"
        "    model.build((None, None))\n"
        "model.compile(keras.optimizers.SGD(learning_rate), product, run_eagerly=True)\n"
        "model.set_weights([table])\n"
        "model.train_on_batch(tensor(ids), tensor(upstream))\n"
        "actual = model.get_weights()[0]",
    )
    def placed(
        self, table: Array, ids: Array, upstream: Array, learning_rate: float, place: str | None
    ) -> Any:
        """The table of a layer that was built under a device's name, after one step."""
        if not self.device.startswith("cpu"):
            raise Unsupported("the names of places are those of a CPU")
        with contextlib.nullcontext() if place is None else self.keras.device(place):
            model = self.keras.Sequential([self.keras.layers.Embedding(*table.shape, dtype=table.dtype.name)])
            model.build((None, None))
        model.compile(self.keras.optimizers.SGD(learning_rate), self.product, run_eagerly=True)
        model.set_weights([table])
        model.train_on_batch(self.tensors.tensor(ids), self.tensors.tensor(upstream))
        return model.get_weights()[0]
