"""Masks on tensors by public API alone: a layer that attaches one, and a layer that shows it."""

from __future__ import annotations

import inspect
from typing import Any


def mask_layers(keras: Any) -> tuple[Any, Any]:
    """The layers Attach, from [tensor, mask] to the tensor that carries it, and Show, to its mask."""

    @keras.saving.register_keras_serializable(package="conformance")
    class Attach(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            return inputs[0]

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return inputs[1]

    @keras.saving.register_keras_serializable(package="conformance")
    class Show(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True
            self.masked = False

        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.masked = mask is not None
            return mask if self.masked else inputs

    return Attach, Show


MASK_LAYERS = (
    "from typing import Any\n\n\n"
    + inspect.getsource(mask_layers)
    + """

Attach, Show = mask_layers(keras)


def attached(array, mask):
    if mask is None:
        return tensor(array)
    return Attach(dtype=array.dtype.name)([tensor(array), tensor(mask)])


def shown(value):
    show = Show(dtype=value.dtype)
    mask = show(value)
    return numpy(mask) if show.masked else None


"""
)
"""The start of a reproduction that needs masks on tensors."""
