"""The operations of the chapter merging, on Keras 2 and Keras 3 alike: averages of what is valid."""

from __future__ import annotations

import importlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from backends.base import operation
from backends.engines.base import Array
from backends.keras_layers.masks import MASK_LAYERS
from backends.keras_layers.merging import CARRYING, GRADIENTS, KerasMasks

_RECIPE = "# the recipe\n"


class KerasAverages(KerasMasks):
    """The recipes' layers, and keras.layers.GlobalAveragePooling1D.

    recipe: name of the module of `backends.recipes` for this Keras.
    """

    recipe: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.recipe:
            text = (Path(__file__).parents[1] / "recipes" / f"{cls.recipe}.py").read_text(encoding="utf-8")
            cls.operations = {
                id: replace(entry, script=entry.script.replace(_RECIPE, text))
                for id, entry in cls.operations.items()
            }

    def _recipe(self, name: str, key: tuple[Any, ...], **options: Any) -> Any:
        """A layer of the recipe."""
        module = importlib.import_module(f"backends.recipes.{self.recipe}")
        return self.layer((name, *key, repr(options)), lambda: getattr(module, name)(**options))

    @operation(
        "merging.average-masked",
        kind="composed",
        script=_RECIPE
        + "\n\n"
        + MASK_LAYERS
        + 'dtype = inputs[0].dtype.name if inputs[0].dtype.kind == "f" else "float32"\n'
        "average = MaskedAverage(dtype=dtype)(list(map(attached, inputs, masks)))\n"
        "actual = numpy(average), shown(average)",
    )
    def average_masked(self, inputs: list[Array], masks: list[Array | None], route: str) -> Any:
        """The output of the recipe's layer, and the mask that the next layer gets."""
        dtype = computed(inputs[0])
        with self.place():
            layer = self._recipe("MaskedAverage", tuple(array.shape for array in inputs), dtype=dtype)
            if route == "called":
                output = layer(self._carrying(inputs, masks))
                return self.tensors.array(output), self.shown(output, dtype)
            return self._in_model(layer, inputs, masks, route, dtype)

    @operation(
        "merging.average-masked-gradient",
        kind="composed",
        script=_RECIPE
        + "\n\n"
        + MASK_LAYERS
        + 'dtype = inputs[0].dtype.name if inputs[0].dtype.kind == "f" else "float32"\n'
        + "merge = MaskedAverage(dtype=dtype)\n"
        + CARRYING
        + GRADIENTS,
    )
    def average_masked_gradient(self, inputs: list[Array], masks: list[Array | None], upstream: Array) -> Any:
        """The gradients of the inputs of the recipe's layer."""
        engine, dtype = self.tensors, computed(inputs[0])
        layer = self._recipe("MaskedAverage", tuple(array.shape for array in inputs), dtype=dtype)

        def call(*tensors: Any) -> Any:
            return layer([self.attached(x, m, dtype) for x, m in zip(tensors, masks, strict=True)])

        with self.place():
            _, gradients = engine.gradient(call, [engine.tensor(x) for x in inputs], engine.tensor(upstream))
        return [engine.array(gradient) for gradient in gradients]

    @operation(
        "merging.average-axis",
        kind="composed",
        script=_RECIPE + "\n\n" + MASK_LAYERS + 'dtype = x.dtype.name if x.dtype.kind == "f" else "float32"\n'
        "average = MaskedAverageOverAxis(axes, keepdims, dtype=dtype)(attached(x, mask))\n"
        "actual = numpy(average), shown(average)",
    )
    def average_axis(self, x: Array, mask: Array | None, axes: Any, keepdims: bool, route: str) -> Any:
        """The output of the recipe's layer, and the mask that the next layer gets."""
        dtype = computed(x)
        with self.place():
            layer = self._recipe(
                "MaskedAverageOverAxis", (x.ndim,), axes=axes, keepdims=keepdims, dtype=dtype
            )
            if route == "called":
                output = layer(self._carrying([x], [mask])[0])
                return self.tensors.array(output), self.shown(output, dtype)
            return self._in_model(layer, [x], [mask], route, dtype)

    @operation(
        "merging.average-axis-gradient",
        kind="composed",
        script=_RECIPE + "\n\n" + MASK_LAYERS + "average = MaskedAverageOverAxis(axes, dtype=x.dtype.name)\n"
        "attach = Attach(dtype=x.dtype.name)\n"
        "call = lambda value: average(value if mask is None else attach([value, tensor(mask)]))\n"
        "actual = numpy(gradients(call, [tensor(x)], tensor(upstream))[0])",
    )
    def average_axis_gradient(self, x: Array, mask: Array | None, axes: Any, upstream: Array) -> Any:
        """The gradient of the input of the recipe's layer."""
        engine, dtype = self.tensors, computed(x)
        layer = self._recipe("MaskedAverageOverAxis", (x.ndim,), axes=axes, dtype=dtype)
        with self.place():
            _, (gradient,) = engine.gradient(
                lambda tensor: layer(self.attached(tensor, mask, dtype)),
                [engine.tensor(x)],
                engine.tensor(upstream),
            )
        return engine.array(gradient)

    @operation(
        "merging.pooling",
        script="pool = keras.layers.GlobalAveragePooling1D(keepdims=keepdims, dtype=x.dtype.name)\n"
        "actual = numpy(pool(tensor(x), mask=None if mask is None else tensor(mask)))",
    )
    def pooling(self, x: Array, mask: Array | None, keepdims: bool) -> Any:
        """The output of GlobalAveragePooling1D."""
        build = self.keras.layers.GlobalAveragePooling1D
        dtype = x.dtype.name
        layer = self.layer(("pooling", keepdims, dtype), lambda: build(keepdims=keepdims, dtype=dtype))
        with self.place():
            return self.tensors.array(layer(self.tensors.tensor(x), mask=self.tensors.tensor(mask)))

    def _carrying(self, inputs: list[Array], masks: list[Array | None]) -> list[Any]:
        pairs = zip(inputs, masks, strict=True)
        return [self.attached(self.tensors.tensor(x), m, computed(x)) for x, m in pairs]

    def _in_model(
        self, layer: Any, inputs: list[Array], masks: list[Array | None], route: str, dtype: str
    ) -> Any:
        """Output and mask of the layer inside a functional model, saved and loaded again if so asked."""
        given = [array for array in (*inputs, *masks) if array is not None]
        kinds = ((array.shape, array.dtype.name) for array in given)
        key = ("model", route, layer.name, *kinds, tuple(mask is None for mask in masks))
        model, masked = self.layer(key, lambda: self._model(layer, inputs, masks, route, dtype))
        outputs = model([self.tensors.tensor(array) for array in given])
        if not masked:
            return self.tensors.array(outputs), None
        return self.tensors.array(outputs[0]), self.tensors.array(outputs[1])

    def _model(
        self, layer: Any, inputs: list[Array], masks: list[Array | None], route: str, dtype: str
    ) -> Any:
        keras, (attach, show) = self.keras, self._mask_classes()
        tensors = [keras.Input(shape=x.shape[1:], dtype=x.dtype.name) for x in inputs]
        symbols = [None if m is None else keras.Input(shape=m.shape[1:], dtype="bool") for m in masks]
        pairs = zip(tensors, symbols, strict=True)
        carrying = [x if m is None else attach(dtype=dtype)([x, m]) for x, m in pairs]
        output = layer(carrying if hasattr(layer, "_pairs") else carrying[0])
        shower = show(dtype=dtype)
        mask = shower(output)
        ends = [output, mask] if shower.masked else output
        model = keras.Model([*tensors, *(m for m in symbols if m is not None)], ends)
        if route == "reloaded":
            with tempfile.TemporaryDirectory() as folder:
                path = str(Path(folder) / "model.keras")
                model.save(path)
                model = keras.saving.load_model(path)
        return model, shower.masked


def computed(array: Array) -> str:
    """The dtype that an average of the array has: its own if it is floating, float32 otherwise."""
    return "float32" if array.dtype.kind in "iub" else array.dtype.name
