"""The operations of recurrent layers under masks, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase

_LAYER = """\
def make(cell, weights, x, options):
    given = {key: value for key, value in options.items() if value and key != "reset_after"}
    own = {"reset_after": options["reset_after"]} if cell == "GRU" else {}
    return getattr(keras.layers, "SimpleRNN" if cell == "linear" else cell)(
        len(weights[1]), activation="linear" if cell == "linear" else "tanh", dtype=x.dtype.name,
        kernel_initializer="zeros", recurrent_initializer="zeros", **given, **own)


def optional(array):
    return None if array is None else tensor(array)


"""


class KerasRecurrent(KerasBase):
    """SimpleRNN, LSTM and GRU, alone and in both directions."""

    def _recurrent(self, cell: str, units: int, dtype: str, options: dict[str, Any]) -> Any:
        """A layer that is not built; an option that is off is left out, since Keras 2.2 lacks some."""
        given = {key: value for key, value in options.items() if value and key != "reset_after"}
        given |= {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}  # the weights are given
        if cell == "GRU":
            given["reset_after"] = options["reset_after"]
        name = "SimpleRNN" if cell == "linear" else cell
        activation = "linear" if cell == "linear" else "tanh"
        return getattr(self.keras.layers, name)(units, activation=activation, dtype=dtype, **given)

    @operation(
        "masking.recurrent",
        script=_LAYER + "layer = make(cell, weights, x, options)\n"
        "layer.build((None, *x.shape[1:]))\nlayer.set_weights(weights)\n"
        "states = None if initial is None else [tensor(state) for state in initial]\n"
        "output = layer(tensor(x), mask=optional(mask), initial_state=states)\n"
        "actual = [numpy(one) for one in (output if isinstance(output, (list, tuple)) else [output])]",
    )
    def recurrent_output(
        self,
        cell: str,
        weights: list[Array],
        x: Array,
        mask: Array | None,
        options: dict[str, Any],
        initial: list[Array] | None,
    ) -> Any:
        """The output, and the states if they are asked for."""
        units, dtype = len(weights[1]), x.dtype.name

        def build() -> Any:
            layer = self._recurrent(cell, units, dtype, options)
            layer.build((None, *x.shape[1:]))
            return layer

        key = ("recurrent", cell, units, dtype, x.shape[1:], *options.values())
        layer = self.layer(key, build)
        layer.set_weights(weights)
        tensor = self.tensors.tensor
        states = None if initial is None else [tensor(state) for state in initial]
        with self.place():
            output = layer(tensor(x), mask=tensor(mask), initial_state=states)
        outputs = output if isinstance(output, (list, tuple)) else [output]
        return [self.tensors.array(one) for one in outputs]

    @operation(
        "masking.bidirectional",
        script=_LAYER + "inner = make(cell, forward, x, options)\n"
        "layer = keras.layers.Bidirectional(inner, merge_mode=merge_mode, dtype=x.dtype.name)\n"
        "layer.build((None, *x.shape[1:]))\nlayer.set_weights([*forward, *backward])\n"
        "output = layer(tensor(x), mask=optional(mask))\n"
        "actual = [numpy(one) for one in (output if isinstance(output, (list, tuple)) else [output])]",
    )
    def bidirectional_output(
        self,
        cell: str,
        forward: list[Array],
        backward: list[Array],
        x: Array,
        mask: Array | None,
        options: dict[str, Any],
        merge_mode: str | None,
    ) -> Any:
        """The output or, if they are not merged, the two outputs."""
        units, dtype = len(forward[1]), x.dtype.name

        def build() -> Any:
            inner = self._recurrent(cell, units, dtype, options)
            layer = self.keras.layers.Bidirectional(inner, merge_mode=merge_mode, dtype=dtype)
            layer.build((None, *x.shape[1:]))
            return layer

        key = ("bidirectional", cell, units, dtype, x.shape[1:], merge_mode, *options.values())
        layer = self.layer(key, build)
        layer.set_weights([*forward, *backward])
        with self.place():
            output = layer(self.tensors.tensor(x), mask=self.tensors.tensor(mask))
        outputs = output if isinstance(output, (list, tuple)) else [output]
        return [self.tensors.array(one) for one in outputs]
