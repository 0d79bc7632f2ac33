"""The operations of the chapter masking, on Keras 2 and Keras 3 alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.base import KerasBase
from backends.keras_layers.custom import SCRIPT, define

_GIVEN = SCRIPT + "given = None if mask is None else tensor(mask)\n"
_TRAVEL = (
    _GIVEN
    + """\
thing = custom.make(layer, seen)
if route == "eager":
    _, lists = custom.travel(thing, tensor(x), given)
else:
    model, lists = custom.traveler(thing, x.shape[1:], mask is not None)
    model(tensor(x) if mask is None else [tensor(x), given])
actual = [numpy(one[-1]) for one in lists]"""
)


class KerasMasking(KerasBase):
    """Masks made, handed on and looked at."""

    @property
    def custom(self) -> Any:
        """Layers that users write."""
        return self.layer(("custom",), lambda: define(self.keras))

    @operation(
        "masking.produce",
        script=SCRIPT + "layer = keras.layers.Masking(mask_value, dtype=x.dtype.name)\n"
        "output = layer(tensor(x))\ncustom.Probe(seen)(output)\nactual = numpy(output), numpy(seen[0])",
    )
    def produced_mask(self, x: Array, mask_value: Any) -> Any:
        """The layer's output, and the mask that a layer behind it sees."""
        seen: list[Any] = []
        with self.place():
            output = self.keras.layers.Masking(mask_value, dtype=_floating(x))(self.tensors.tensor(x))
            self.custom.Probe(seen)(output)
        return self.tensors.array(output), self.tensors.array(seen[0])

    @operation("masking.propagate", script=_TRAVEL)
    def propagated_mask(self, layer: dict[str, Any], x: Array, mask: Array | None, route: str) -> Any:
        """What probes behind the layer see, one an output."""
        if route == "eager":
            return self._travel(self._thing(layer, x.shape[1:]), x, mask)
        key = ("functional", repr(layer), x.shape[1:], mask is None)
        make, traveler = self.custom.make, self.custom.traveler
        model, lists = self.layer(key, lambda: traveler(make(layer, []), x.shape[1:], mask is not None))
        tensor = self.tensors.tensor
        with self.place():
            model(tensor(x) if mask is None else [tensor(x), tensor(mask)])
        return [self.tensors.array(seen[-1]) for seen in lists]

    @operation("masking.unsupported", script=_TRAVEL)
    def unsupported_mask(self, layer: dict[str, Any], x: Array, mask: Array | None, route: str) -> Any:
        """What probes behind the layer see, one an output."""
        return self.propagated_mask(layer, x, mask, route)

    @operation(
        "masking.nested",
        script=_GIVEN + "nest = custom.make(model, seen, x.shape[1:])\n"
        "custom.travel(nest, tensor(x), given)  # the first call builds\nseen.clear()\n"
        "_, lists = custom.travel(nest, tensor(x), given)\n"
        "actual = [numpy(one) for one in (*seen, lists[0][-1])]",
    )
    def nested_mask(self, model: dict[str, Any], x: Array, mask: Array | None) -> Any:
        """What the probes inside see, and one behind the model."""

        def build() -> tuple[Any, list[Any]]:
            seen: list[Any] = []
            nest = self.custom.make(model, seen, x.shape[1:])
            self._travel(nest, x, mask)  # the first call builds, and may call the probes more than once
            return nest, seen

        nest, seen = self.layer(("nested", repr(model), x.shape, mask is None), build)
        seen.clear()
        behind = self._travel(nest, x, mask)
        return [*(self.tensors.array(one) for one in seen), *behind]

    @operation(
        "masking.time-distributed",
        script=_GIVEN + "layer = keras.layers.TimeDistributed(custom.make(inner, seen))\n"
        "_, lists = custom.travel(layer, tensor(x), given)\n"
        "actual = [numpy(one[-1]) for one in lists]",
    )
    def time_distributed_mask(self, inner: dict[str, Any], x: Array, mask: Array | None) -> Any:
        """What a probe behind TimeDistributed sees."""
        layer = {"layer": "TimeDistributed", "options": {}, "inner": inner}
        return self._travel(self._thing(layer, x.shape[1:]), x, mask)

    @operation(
        "masking.explicit",
        script=SCRIPT + "shape = next((m.shape for m in (attached, explicit) if m is not None), (1, 1))\n"
        'x = tensor(np.zeros((*shape, 1), "float32"))\n'
        "if attached is not None:\n    x = custom.Attach()([x, tensor(attached)])\n"
        'arguments = {"mask": None if explicit is None else tensor(explicit)} if given else {}\n'
        "custom.Probe(seen)(custom.Probe(seen, supports)(x, **arguments))\n"
        "actual = tuple(numpy(one) for one in seen)",
    )
    def explicit_mask(
        self, attached: Array | None, explicit: Array | None, given: bool, supports: bool
    ) -> Any:
        """What the call of a probe sees, and what a probe behind it sees."""
        shape = next((mask.shape for mask in (attached, explicit) if mask is not None), (1, 1))
        seen: list[Any] = []
        with self.place():
            x = self._masked(np.zeros((*shape, 1), np.float32), attached)
            arguments = {"mask": self.tensors.tensor(explicit)} if given else {}
            self.custom.Probe(seen)(self.custom.Probe(seen, supports)(x, **arguments))
        return tuple(self.tensors.array(mask) for mask in seen)

    @operation(
        "masking.pooling",
        script='options = {"data_format": data_format, "keepdims": keepdims, "dtype": x.dtype.name}\n'
        "layer = keras.layers.GlobalAveragePooling1D(**options)\n"
        "actual = numpy(layer(tensor(x), mask=None if mask is None else tensor(mask)))",
    )
    def pooled(self, x: Array, mask: Array | None, data_format: str, keepdims: bool) -> Any:
        """The layer's output."""
        options = {"data_format": data_format, "keepdims": keepdims, "dtype": x.dtype.name}
        layer = self.layer(
            ("pooling", *options.values()), lambda: self.keras.layers.GlobalAveragePooling1D(**options)
        )
        with self.place():
            return self.tensors.array(layer(self.tensors.tensor(x), mask=self.tensors.tensor(mask)))

    def _thing(self, layer: dict[str, Any], shape: tuple[int, ...] = ()) -> Any:
        """The layer that is written as plain data, made once for inputs of a shape."""
        return self.layer(("thing", repr(layer), shape), lambda: self.custom.make(layer, []))

    def _travel(self, thing: Any, x: Array, mask: Array | None) -> list[Any]:
        """The masks that probes see behind the thing."""
        with self.place():
            _, lists = self.custom.travel(thing, self.tensors.tensor(x), self.tensors.tensor(mask))
        return [self.tensors.array(seen[-1]) for seen in lists]

    def _masked(self, x: Array, mask: Array | None) -> Any:
        """A tensor that bears the mask."""
        tensor = self.tensors.tensor(x)
        return tensor if mask is None else self.custom.Attach()([tensor, self.tensors.tensor(mask)])


def _floating(x: Array) -> str | None:
    """The dtype of a layer for x: its own if it is floating; integers pass every layer as they are."""
    return x.dtype.name if x.dtype.kind in "fV" else None
