"""The operations of the chapter losses, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase

_GRADIENT = """\
target = tensor(y_true)
value, gradient = function_gradient(
    lambda p: keras.losses.{}(target, p{}), tensor(y_pred), tensor(upstream)
)
actual = numpy(value), numpy(gradient)"""


class KerasLosses(KerasBase):
    """keras.losses.mean_squared_error and its kin, as functions.

    huber_dtype: the dtype in which huber answers, None for that of the predictions.
    """

    huber_dtype: str | None = None

    def with_gradient(self, function: Callable[[Any], Any], y_pred: Array, upstream: Array) -> Any:
        """The function's value at the predictions, and the gradient of its product with upstream."""
        engine = self.tensors
        with self.place():
            value, gradients = engine.gradient(function, [engine.tensor(y_pred)], engine.tensor(upstream))
        return engine.array(value), engine.array(gradients[0])

    def _loss(self, name: str, y_true: Array, y_pred: Array, upstream: Array, **options: Any) -> Any:
        loss, target = getattr(self.keras.losses, name), self.tensors.tensor(y_true)
        return self.with_gradient(lambda p: loss(target, p, **options), y_pred, upstream)

    @operation(
        "losses.distance",
        script=_GRADIENT.format("get(loss)", ""),
    )
    def distance(self, loss: str, y_true: Array, y_pred: Array, upstream: Array) -> Any:
        """mean_squared_error or mean_absolute_error."""
        return self._loss(loss, y_true, y_pred, upstream)

    @operation("losses.huber", script=_GRADIENT.format("huber", ", delta=delta"))
    def huber(self, y_true: Array, y_pred: Array, upstream: Array, delta: float) -> Any:
        """Huber."""
        arriving = upstream.astype(self.huber_dtype or upstream.dtype)
        return self._loss("huber", y_true, y_pred, arriving, delta=delta)

    @operation("losses.log-cosh", script=_GRADIENT.format("log_cosh", ""))
    def log_cosh(self, y_true: Array, y_pred: Array, upstream: Array) -> Any:
        """log_cosh."""
        return self._loss("log_cosh", y_true, y_pred, upstream)

    @operation("losses.hinge", script=_GRADIENT.format("hinge", ""))
    def hinge(self, y_true: Array, y_pred: Array, upstream: Array) -> Any:
        """Hinge."""
        return self._loss("hinge", y_true, y_pred, upstream)

    @operation("losses.kl-divergence", script=_GRADIENT.format("kl_divergence", ""))
    def kl_divergence(self, y_true: Array, y_pred: Array, upstream: Array) -> Any:
        """kl_divergence."""
        return self._loss("kl_divergence", y_true, y_pred, upstream)

    @operation(
        "losses.cosine",
        script="actual = numpy(keras.losses.cosine_similarity(tensor(y_true), tensor(y_pred)))",
    )
    def cosine(self, y_true: Array, y_pred: Array) -> Any:
        """cosine_similarity."""
        target, prediction = self.tensors.tensor(y_true), self.tensors.tensor(y_pred)
        with self.place():
            return self.tensors.array(self.keras.losses.cosine_similarity(target, prediction))

    @operation(
        "losses.binary", script=_GRADIENT.format("binary_crossentropy", ", from_logits, label_smoothing")
    )
    def binary(
        self, y_true: Array, y_pred: Array, upstream: Array, from_logits: bool, label_smoothing: float
    ) -> Any:
        """binary_crossentropy."""
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        return self._loss("binary_crossentropy", y_true, y_pred, upstream, **options)

    @operation(
        "losses.categorical",
        script=_GRADIENT.format("categorical_crossentropy", ", from_logits, label_smoothing, axis"),
    )
    def categorical(
        self,
        y_true: Array,
        y_pred: Array,
        upstream: Array,
        from_logits: bool,
        label_smoothing: float,
        axis: int,
    ) -> Any:
        """categorical_crossentropy."""
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        return self._loss("categorical_crossentropy", y_true, y_pred, upstream, **options)

    @operation(
        "losses.sparse",
        script=_GRADIENT.format(
            "sparse_categorical_crossentropy", ", from_logits, ignore_class=ignore_class, axis=axis"
        ),
    )
    def sparse(
        self,
        y_true: Array,
        y_pred: Array,
        upstream: Array,
        from_logits: bool,
        ignore_class: int | None,
        axis: int,
    ) -> Any:
        """sparse_categorical_crossentropy."""
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        return self._loss("sparse_categorical_crossentropy", y_true, y_pred, upstream, **options)
