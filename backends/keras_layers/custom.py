"""Layers and models that users write, in the public interface of every Keras.

The functions stand in reproductions too, so that they take nothing but `keras`.
"""

from __future__ import annotations

import inspect
from typing import Any


def define_classes(keras: Any) -> Any:
    """Layers that treat masks in one way each, and a subclassed model, for one Keras."""
    from types import SimpleNamespace

    class Attach(keras.layers.Layer):  # type: ignore[misc]
        """Gives the first of its inputs the second as its mask."""

        def call(self, inputs: Any) -> Any:
            return inputs[0] * 1

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return inputs[1]

    class Custom(keras.layers.Layer):  # type: ignore[misc]
        """Says nothing about masks."""

        def call(self, inputs: Any) -> Any:
            return inputs * 2

    class Supporting(Custom):
        """Says that it supports masking."""

        def __init__(self) -> None:
            super().__init__()
            self.supports_masking = True

    class Shortening(keras.layers.Layer):  # type: ignore[misc]
        """Leaves out the first step, and computes the mask that goes with it."""

        def call(self, inputs: Any) -> Any:
            return inputs[:, 1:]

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return None if mask is None else mask[:, 1:]

    class Probe(keras.layers.Layer):  # type: ignore[misc]
        """Looks at the mask that reaches it, and adds it to a list."""

        def __init__(self, seen: Any, supports: Any = True) -> None:
            super().__init__(autocast=False)  # before 3.14 a cast loses the mask of its tensor
            self.supports_masking = supports
            self.look = seen.append

        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.look(mask)
            return inputs * 1

    class Chain(keras.Model):  # type: ignore[misc]
        """A subclassed model that calls its layers one after the other."""

        def __init__(self, parts: Any) -> None:
            super().__init__()
            self.parts = parts

        def call(self, inputs: Any) -> Any:
            for part in self.parts:
                inputs = part(inputs)
            return inputs

    return SimpleNamespace(
        Attach=Attach,
        Custom=Custom,
        Supporting=Supporting,
        Shortening=Shortening,
        Probe=Probe,
        Chain=Chain,
    )


def define_making(keras: Any, own: Any) -> Any:
    """The function that makes what is written as plain data, of Keras' layers and of the own classes."""
    operators: dict[str, Any] = {
        "x + x": lambda x: x + x,
        "x * 2": lambda x: x * 2,
        "x[:, 1:]": lambda x: x[:, 1:],
        "x[:, -1]": lambda x: x[:, -1],
    }
    classes: dict[str, Any] = {name: getattr(own, name) for name in ("Custom", "Supporting", "Shortening")}

    def make(layer: Any, seen: Any, shape: Any = ()) -> Any:
        """The layer, operator or model that is written as plain data."""
        name, options = layer["layer"], layer.get("options", {})
        if name in operators:
            return operators[name]
        if name in classes:
            return classes[name]()
        if name == "Probe":
            return own.Probe(seen)
        if name == "Lambda":
            handed_on = {"mask": lambda inputs, mask: mask} if "mask" in options else {}
            return keras.layers.Lambda(lambda x: x * 2, **handed_on)
        if "inner" in layer:
            return getattr(keras.layers, name)(make(layer["inner"], seen), **options)
        if "layers" in layer:
            return model(name, [make(part, seen, shape) for part in layer["layers"]], shape)
        return getattr(keras.layers, name)(**options)

    def model(kind: Any, parts: Any, shape: Any) -> Any:
        """A model of the parts, one after the other."""
        if kind == "Subclass":
            return own.Chain(parts)
        if kind == "Sequential":
            return keras.Sequential(parts)
        if kind == "Sequential with Input":
            return keras.Sequential([keras.Input(shape), *parts])
        first = last = keras.Input(shape)
        for part in parts:
            last = part(last)
        return keras.Model(first, last)

    return make


def define(keras: Any) -> Any:
    """What writes and calls layers and models, for one Keras: two of the classes, and three functions.

    make: the layer, operator or model that is written as plain data. travel: calls it with a mask.
    traveler: the same as a functional model.
    """
    from types import SimpleNamespace

    own = define_classes(keras)

    def travel(thing: Any, x: Any, mask: Any) -> Any:
        """Calls the thing on x with this mask, and a probe on each output: the last outputs, and the
        list of each probe, whose last entry is the mask that it saw.
        """
        came = thing(x if mask is None else own.Attach()([x, mask]))
        outputs = list(came) if isinstance(came, (list, tuple)) else [came]
        lists: list[list[Any]] = [[] for _ in outputs]
        return [own.Probe(seen)(output) for seen, output in zip(lists, outputs)], lists  # noqa: B905

    def traveler(thing: Any, shape: Any, masked: Any) -> Any:
        """The same as a functional model of x, or of x and its mask."""
        x = keras.Input(shape)
        mask = keras.Input(shape[:1], dtype="bool") if masked else None
        outputs, lists = travel(thing, x, mask)
        return keras.Model([x, mask] if masked else x, outputs), lists

    make = define_making(keras, own)
    return SimpleNamespace(Attach=own.Attach, Probe=own.Probe, make=make, travel=travel, traveler=traveler)


SCRIPT = "\n\n".join(
    [
        "from typing import Any\n",
        *(inspect.getsource(part) for part in (define_classes, define_making, define)),
        "custom = define(keras)\nseen = []\n",
    ]
)
"""The same as the beginning of a reproduction."""
