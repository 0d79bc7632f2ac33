"""The operations of the chapter weighting, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backends.base import Unsupported, operation
from backends.engines.base import Array
from backends.keras_layers import weighting_scripts as scripts
from backends.keras_layers.losses import KerasLosses


class KerasWeighting(KerasLosses):
    """Loss objects, and models that give back their input, compiled as a user would."""

    def loss_object(self, reduction: str | None, dtype: str) -> Any:
        """keras.losses.MeanSquaredError with a reduction, "default" for none, in a dtype."""
        raise NotImplementedError

    def dataset(self, given: tuple[Array, ...], batch: int) -> Any:
        """Arrays in batches, in the order that they have, as the engine's own kind of dataset."""
        raise NotImplementedError

    def masked(self, prediction: Any, mask: Any) -> Any:
        """The prediction, carrying a mask as the output of a layer does."""
        if mask is None:
            return prediction
        layer = self.layer(("mask",), lambda: _mask_layer(self.keras))
        layer.told = _Told(mask)
        return layer(prediction)

    @operation("weighting.weighted", script=scripts.WEIGHTED)
    def weighted(self, y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None) -> Any:
        """A loss object, called with sample_weight, on predictions with a mask; and its gradient."""
        engine, loss = self.tensors, self.loss_object("default", y_pred.dtype.name)
        target, given, valid = engine.tensor(y_true), engine.tensor(weights), engine.tensor(mask)

        def call(prediction: Any) -> Any:
            return loss(target, self.masked(prediction, valid), sample_weight=given)

        return self.with_gradient(call, y_pred, np.ones((), y_pred.dtype))

    @operation("weighting.reduction", script=scripts.REDUCTION)
    def reduction(
        self, y_true: Array, y_pred: Array, weights: Array | None, mask: Array | None, reduction: str | None
    ) -> Any:
        """A loss object with a reduction, called with sample_weight, on predictions with a mask."""
        engine = self.tensors
        with self.place():
            loss = self.loss_object(reduction, y_pred.dtype.name)
            prediction = self.masked(engine.tensor(y_pred), engine.tensor(mask))
            return engine.array(loss(engine.tensor(y_true), prediction, sample_weight=engine.tensor(weights)))

    def _identity(
        self, shape: tuple[int, ...], rate: float, weights: Array | None, flat: bool = False, **metrics: Any
    ) -> Any:
        """A compiled model that gives back its input, a kernel set anew.

        One for each rank of weights and of targets, as a user has it: TensorFlow relaxes the shapes of a
        model that was given several, to an unknown rank at last.
        """

        def build() -> Any:
            layers, inputs = self.keras.layers, self.keras.Input(shape)
            outputs = layers.Dense(shape[-1], use_bias=False)(inputs)
            model = self.keras.Model(inputs, outputs)
            model.compile(optimizer=self.keras.optimizers.SGD(rate), loss="mse", **metrics)
            return model

        rank = None if weights is None else weights.ndim
        model = self.layer(("identity", shape, rate, rank, flat, *metrics), build)
        model.set_weights([np.eye(shape[-1], dtype=np.float32)])
        model.reset_metrics()
        return model

    @operation("weighting.paths", script=scripts.PATHS)
    def paths(self, x: Array, y: Array, weights: Array | None, batch: int, route: str) -> Any:
        """The loss that a route reports."""
        with self.place():
            if route == "call":
                return self.reduction(y, x, weights, None, "default")
            model = self._identity(x.shape[1:], 0.0, weights, y.ndim == 1)
            kind, _, data = route.partition("-")
            if data == "dataset":
                given = self.dataset((x, y) if weights is None else (x, y, weights), batch)
                return np.asarray(_GIVEN[kind](model, given), np.float32)
            return np.asarray(_ROUTES[route](model, x, y, weights, batch), np.float32)

    @operation("weighting.step", script=scripts.STEP)
    def step(self, x: Array, y: Array, weights: Array | None, rate: float) -> Any:
        """What train_on_batch reports, and the kernel afterwards."""
        with self.place():
            model = self._identity(x.shape[1:], rate, weights)
            loss = model.train_on_batch(x, y, sample_weight=weights)
        return np.asarray(loss, np.float32), model.get_weights()[0]

    @operation("weighting.metrics", script=scripts.METRICS)
    def metrics(self, x: Array, y: Array, weights: Array, batch: int) -> Any:
        """Loss, metric and weighted metric, as evaluate reports them."""
        kinds = self.keras.metrics.MeanSquaredError
        with self.place():
            plain, weighted = [kinds(name="plain")], [kinds(name="weighted")]
            model = self._identity(x.shape[1:], 0.0, weights, metrics=plain, weighted_metrics=weighted)
            told = model.evaluate(x, y, sample_weight=weights, batch_size=batch, verbose=0, return_dict=True)
        return tuple(np.asarray(told[name], np.float32) for name in ("loss", "plain", "weighted"))

    @operation("weighting.outputs", script=scripts.OUTPUTS)
    def outputs(
        self, x: Array, targets: list[Array], weights: list[Array] | None, loss_weights: list[float] | None
    ) -> Any:
        """What test_on_batch reports of a model with two outputs."""

        def build() -> Any:
            inputs = self.keras.Input(x.shape[1:])
            both = [self.keras.layers.Dense(1, use_bias=False, name=name)(inputs) for name in ("one", "two")]
            model = self.keras.Model(inputs, both)
            model.compile(optimizer="sgd", loss=["mse", "mse"], loss_weights=loss_weights)
            return model

        with self.place():
            model = self.layer(("outputs", x.shape[1:], repr(loss_weights)), build)
            model.set_weights([np.ones((1, 1), np.float32)] * 2)
            model.reset_metrics()
            told = model.test_on_batch(x, targets, sample_weight=weights)
        if not isinstance(told, list):
            raise Unsupported("before Keras 3.5 the loss of each output is not reported")
        return tuple(np.asarray(value, np.float32) for value in told)

    @operation("weighting.class-weight", script=scripts.CLASS_WEIGHT)
    def class_weight(
        self, y_true: Array, y_pred: Array, class_weight: dict[int, float], sample_weight: Array | None
    ) -> Any:
        """What fit reports of one batch with class weights."""
        with self.place():
            model = self._identity(y_pred.shape[1:], 0.0, sample_weight)
            told = model.fit(
                y_pred,
                y_true,
                class_weight=class_weight,
                sample_weight=sample_weight,
                batch_size=len(y_pred),
                shuffle=False,
                verbose=0,
            )
        return np.asarray(told.history["loss"][0], np.float32)


class _Told:
    """Something that no Keras takes for a variable to track."""

    def __init__(self, mask: Any) -> None:
        self.mask = mask


def _mask_layer(keras: Any) -> Any:
    """A layer that gives its output the mask that it was told."""

    class Mask(keras.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return inputs

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return self.told.mask

    layer = Mask(autocast=False)
    layer.supports_masking = True
    return layer


def _generator(x: Array, y: Array, weights: Array | None, batch: int) -> Iterator[tuple[Array, ...]]:
    """Batches as a user's generator yields them."""
    for start in range(0, len(x), batch):
        part = slice(start, start + batch)
        yield (x[part], y[part]) if weights is None else (x[part], y[part], weights[part])


_GIVEN: dict[str, Callable[[Any, Any], Any]] = {
    "evaluate": lambda model, data: model.evaluate(data, verbose=0),
    "fit": lambda model, data: model.fit(data, verbose=0).history["loss"][0],
}
"""What is done with a generator or a dataset."""

Route = Callable[[Any, Array, Array, Array | None, int], Any]

_ROUTES: dict[str, Route] = {
    "train_on_batch": lambda model, x, y, w, batch: model.train_on_batch(x, y, sample_weight=w),
    "test_on_batch": lambda model, x, y, w, batch: model.test_on_batch(x, y, sample_weight=w),
    "evaluate": lambda model, x, y, w, batch: model.evaluate(
        x, y, sample_weight=w, batch_size=batch, verbose=0
    ),
    "evaluate-generator": lambda model, x, y, w, batch: _GIVEN["evaluate"](model, _generator(x, y, w, batch)),
    "fit": lambda model, x, y, w, batch: model.fit(
        x, y, sample_weight=w, batch_size=batch, shuffle=False, verbose=0
    ).history["loss"][0],
    "fit-generator": lambda model, x, y, w, batch: _GIVEN["fit"](model, _generator(x, y, w, batch)),
    "validation": lambda model, x, y, w, batch: model.fit(
        x[:1],
        y[:1],
        validation_data=(x, y) if w is None else (x, y, w),
        validation_batch_size=batch,
        verbose=0,
    ).history["val_loss"][0],
}
