"""A masked average for tf_keras (Keras 2): over a list of tensors, and along axes of one.

>>> embed = keras.layers.Embedding(1000, 8, mask_zero=True)
>>> first, second = keras.Input((None,)), keras.Input((None,))
>>> average = MaskedAverage()([embed(first), embed(second)])
>>> sentence = MaskedAverageOverAxis(axes=1)(average)
"""

import tensorflow as tf
import tf_keras as keras


@keras.saving.register_keras_serializable(package="recipes")
class MaskedAverage(keras.layers.Layer):
    """The mean over the inputs that are not masked at a position; where all are, 0, and masked."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        total, count = 0, 0
        for x, valid in self._pairs(inputs, mask):
            total = total + tf.where(valid, x, tf.zeros_like(x))  # selects: NaN * 0 would be NaN
            count = count + tf.cast(valid, x.dtype)
        return total / tf.maximum(count, 1)

    def compute_mask(self, inputs, mask=None):
        if mask is None or any(m is None for m in mask):
            return None
        merged = False
        for _, valid in self._pairs(inputs, mask):
            merged = tf.logical_or(merged, valid)
        return tf.squeeze(merged, -1)

    def _pairs(self, inputs, mask):
        """Each input with its validity (batch, ..., 1), all of one rank: unit axes behind the batch."""
        rank = max(len(x.shape) for x in inputs)
        for x, m in zip(inputs, mask or [None] * len(inputs), strict=True):
            x = tf.cast(x, self.compute_dtype)
            valid = tf.ones_like(x[..., :1], tf.bool) if m is None else tf.expand_dims(m, -1)
            for _ in range(rank - len(x.shape)):
                x, valid = tf.expand_dims(x, 1), tf.expand_dims(valid, 1)
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
        x = tf.cast(inputs, self.compute_dtype)
        valid = tf.ones_like(x, tf.bool)
        if mask is not None:
            valid = tf.logical_and(valid, tf.expand_dims(mask, -1))
        total = tf.reduce_sum(tf.where(valid, x, tf.zeros_like(x)), self.axes, self.keepdims)
        count = tf.reduce_sum(tf.cast(valid, tf.int32), self.axes, self.keepdims)
        return total / tf.cast(tf.maximum(count, 1), x.dtype)

    def compute_mask(self, inputs, mask=None):
        rank = len(inputs.shape)
        axes = tuple(axis % rank for axis in self.axes if axis % rank != rank - 1)
        if mask is None or not axes:
            return mask
        return tf.reduce_any(mask, axes, self.keepdims)

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "keepdims": self.keepdims}
