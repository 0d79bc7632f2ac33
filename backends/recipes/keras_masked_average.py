"""A masked average for Keras 3, on every engine: over a list of tensors, and along axes of one.

>>> embed = keras.layers.Embedding(1000, 8, mask_zero=True)
>>> first, second = keras.Input((None,)), keras.Input((None,))
>>> average = MaskedAverage()([embed(first), embed(second)])
>>> sentence = MaskedAverageOverAxis(axes=1)(average)
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="recipes")
class MaskedAverage(keras.layers.Layer):
    """The mean over the inputs that are not masked at a position; where all are, 0, and masked."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        total, count = 0, 0
        for x, valid in self._pairs(inputs, mask):
            total = total + ops.where(valid, x, 0)  # selects: NaN * 0 would be NaN
            count = count + ops.cast(valid, x.dtype)
        return total / ops.maximum(count, 1)

    def compute_mask(self, inputs, mask=None):
        if mask is None or any(m is None for m in mask):
            return None
        merged = False
        for _, valid in self._pairs(inputs, mask):
            merged = ops.logical_or(merged, valid)
        return ops.squeeze(merged, -1)

    def _pairs(self, inputs, mask):
        """Each input with its validity (batch, ..., 1), all of one rank: unit axes behind the batch."""
        rank = max(len(x.shape) for x in inputs)
        for x, m in zip(inputs, mask or [None] * len(inputs), strict=True):
            x = ops.cast(x, self.compute_dtype)
            valid = ops.ones_like(x[..., :1], dtype="bool") if m is None else ops.expand_dims(m, -1)
            for _ in range(rank - len(x.shape)):
                x, valid = ops.expand_dims(x, 1), ops.expand_dims(valid, 1)
            yield x, valid


@keras.saving.register_keras_serializable(package="recipes")
class MaskedAverageOverAxis(keras.layers.Layer):
    """The mean along axes over what is not masked; where nothing is valid, 0, and masked."""

    def __init__(self, axes, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.axes = (axes,) if isinstance(axes, int) else tuple(axes)
        self.keepdims = keepdims
        self.supports_masking = True

    def call(self, inputs, mask=None):
        x = ops.cast(inputs, self.compute_dtype)
        valid = ops.ones_like(x, dtype="bool")
        if mask is not None:
            valid = ops.logical_and(valid, ops.expand_dims(mask, -1))
        total = ops.sum(ops.where(valid, x, 0), axis=self.axes, keepdims=self.keepdims)
        count = ops.sum(ops.cast(valid, "int32"), axis=self.axes, keepdims=self.keepdims)
        return total / ops.cast(ops.maximum(count, 1), x.dtype)

    def compute_mask(self, inputs, mask=None):
        rank = len(inputs.shape)
        axes = tuple(axis % rank for axis in self.axes if axis % rank != rank - 1)
        if mask is None or not axes:
            return mask
        return ops.any(mask, axis=axes, keepdims=self.keepdims)

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "keepdims": self.keepdims}
