"""The operations of the chapter batches, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers import batches_scripts as scripts
from backends.keras_layers.weighting import KerasWeighting

Options = dict[str, Any]

_PRIVATE = (
    "outside TensorFlow, Keras 3 keeps ImageDataGenerator only in its private keras.src.legacy; "
    "keras.utils.PyDataset and layers such as RandomRotation are what replaces it"
)
_GENERATED = ("batches.flow", "batches.subset", "batches.order", "batches.augmentation", "batches.pair")

WITHOUT_GENERATORS = dict.fromkeys(_GENERATED, _PRIVATE)


class KerasBatches(KerasWeighting):
    """Model.fit, with a part of the arrays for validation, and over weighted batches."""

    def weighted_batches(self, images: Array, y: Array, weights: Array | None, batch: int) -> Any:
        """What fit is given: as many batches of (x, y) or (x, y, weights), in order, as an epoch has."""
        return self.dataset((images, y) if weights is None else (images, y, weights), batch)

    @operation("batches.validation-split", script=scripts.VALIDATION_SPLIT)
    def validation_split(
        self, x: Array, y: Array, weights: Array | None, share: float, batch: int, shuffle: bool, own: bool
    ) -> Any:
        """The losses that fit reports of a model that gives back its input."""
        with self.place():
            model = self._identity(x.shape[1:], 0.0, weights)
            told = model.fit(
                x,
                y,
                sample_weight=weights,
                batch_size=batch,
                shuffle=shuffle,
                validation_split=share,
                validation_data=(x[:1], y[:1]) if own else None,
                verbose=0,
            ).history
        return tuple(np.asarray(told[n][0], np.float32) if n in told else None for n in ("loss", "val_loss"))

    @operation("batches.weights", kind="composed", script=scripts.WEIGHTS)
    def weights_in_batches(
        self,
        images: Array,
        y: Array,
        weights: Array | None,
        kernels: list[Array],
        net: str,
        batch: int,
        epochs: int,
        rate: float,
    ) -> Any:
        """The losses that fit reports over batches that carry their weights, and the kernels at the end."""
        key = ("net", net, images.shape[1:], y.shape[1:], kernels[0].shape, rate, weights is None)
        with self.place():
            model = self.layer(key, lambda: self._net(net, images.shape[1:], kernels[0].shape[-1], rate))
            model.set_weights(kernels)
            # Without steps_per_epoch, for which Keras before 3.7 takes a batch away at a model's first fit.
            told = model.fit(
                self.weighted_batches(images, y, weights, batch), epochs=epochs, shuffle=False, verbose=0
            )
            return [np.asarray(loss, np.float32) for loss in told.history["loss"]], model.get_weights()

    @operation("batches.pixels", kind="composed", script='net = "image"\n' + scripts.WEIGHTS)
    def pixels(
        self,
        images: Array,
        y: Array,
        weights: Array | None,
        kernels: list[Array],
        batch: int,
        epochs: int,
        rate: float,
    ) -> Any:
        """The same of a net whose output is an image."""
        return self.weights_in_batches(images, y, weights, kernels, "image", batch, epochs, rate)

    def _net(self, net: str, shape: tuple[int, ...], filters: int, rate: float) -> Any:
        keras, layers = self.keras, self.keras.layers
        model = keras.Sequential([keras.Input(shape)])
        if net == "dense":
            model.add(layers.Flatten())
            model.add(layers.Dense(1, use_bias=False))
        else:
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", use_bias=False))
            model.add(layers.Conv2D(1, 1, use_bias=False))
        if net == "flat":
            model.add(layers.Flatten())
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.SGD(rate), loss=loss)
        return model


class KerasGenerators(KerasBatches):
    """ImageDataGenerator."""

    @property
    def image_functions(self) -> Any:
        """The module preprocessing.image."""
        raise NotImplementedError

    def dataset(self, given: tuple[Array, ...], batch: int) -> Any:
        tf: Any = self.tensors.tf  # type: ignore[attr-defined]
        return tf.data.Dataset.from_tensor_slices(given).batch(batch)

    def weighted_batches(self, images: Array, y: Array, weights: Array | None, batch: int) -> Any:
        return self._generator().flow(images, y, sample_weight=weights, batch_size=batch, shuffle=False)

    def _generator(self, **options: Any) -> Any:
        return self.image_functions.ImageDataGenerator(**options)

    @operation("batches.flow", script=scripts.FLOW)
    def flow(
        self,
        images: Array,
        extra: Array | None,
        y: Array | None,
        weights: Array | None,
        batch: int,
        shuffle: bool,
        seed: int | None,
        epochs: int,
        route: str,
    ) -> Any:
        """The batches of some epochs."""
        x = images if extra is None else (images, extra)
        flow = self._generator().flow(
            x, y, sample_weight=weights, batch_size=batch, shuffle=shuffle, seed=seed
        )
        return list(_ROUTES[route](flow, epochs))

    @operation("batches.subset", script=scripts.SUBSET)
    def subset(
        self,
        images: Array,
        y: Array | None,
        weights: Array | None,
        share: float,
        part: str,
        batch: int,
        shuffle: bool,
        seed: int,
        ignore: bool,
    ) -> Any:
        """The batches of one epoch of a part."""
        flow = self._generator(validation_split=share).flow(
            images,
            y,
            sample_weight=weights,
            batch_size=batch,
            shuffle=shuffle,
            seed=seed,
            subset=part,
            ignore_class_split=ignore,
        )
        return list(islice(flow, len(flow)))

    @operation("batches.order", script=scripts.ORDER)
    def order(self, epochs: int, seed: int) -> Any:
        """The first of two labels, epoch by epoch."""
        np.random.seed(seed)  # the generator's documented source of randomness
        images, labels = np.zeros((2, 1, 1, 1), np.float32), np.arange(2)
        flow = self._generator().flow(images, labels, batch_size=1)
        return [np.concatenate([y for _, y in islice(flow, 0, 2 * epochs, 2)])]

    @operation("batches.augmentation", script=scripts.AUGMENTATION)
    def augmentation(
        self,
        images: Array,
        y: Array | None,
        weights: Array | None,
        options: Options,
        batch: int,
        shuffle: bool,
        seed: int,
        steps: int,
    ) -> Any:
        """Some batches of transformed images."""
        flow = self._generator(**options).flow(
            images, y, sample_weight=weights, batch_size=batch, shuffle=shuffle, seed=seed
        )
        return list(islice(flow, steps))

    @operation("batches.pair", script=scripts.PAIR)
    def pair(
        self,
        images: Array,
        masks: Array,
        options: Options,
        batch: int,
        shuffle: bool,
        seeds: tuple[int, int],
        steps: int,
    ) -> Any:
        """Some batches of two generators, as zip gives them."""
        flows = (
            self._generator(**options).flow(given, batch_size=batch, shuffle=shuffle, seed=seed)
            for given, seed in zip((images, masks), seeds, strict=True)
        )
        return list(islice(zip(*flows, strict=True), steps))


def _in_turn(flow: Any, epochs: int) -> Iterator[Any]:
    return islice(flow, epochs * len(flow))


def _item_by_item(flow: Any, epochs: int) -> Iterator[Any]:
    for _ in range(epochs):
        yield from (flow[step] for step in range(len(flow)))
        flow.on_epoch_end()


_ROUTES: dict[str, Callable[[Any, int], Iterator[Any]]] = {"next": _in_turn, "index": _item_by_item}
