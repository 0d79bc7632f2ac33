"""The operations of the chapter merging, on torch: averages of what is valid, by recipe."""

from __future__ import annotations

import importlib
import io
from pathlib import Path
from typing import Any

from backends.base import operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine

_RECIPE = (Path(__file__).parents[1] / "recipes" / "torch_masked_average.py").read_text(
    encoding="utf-8"
) + "\n\n"
_ANSWER = "actual = numpy(average), None if merged is None else numpy(merged)"


class TorchAverages(EngineBackend):
    """The recipes' modules."""

    tensors: TorchEngine

    def _module(self, name: str, route: str, **options: Any) -> Any:
        """A module of the recipe, saved and loaded again if so asked; in a model it is called alike."""
        torch = self.tensors.torch
        module = getattr(importlib.import_module("backends.recipes.torch_masked_average"), name)(**options)
        if route == "reloaded":
            buffer = io.BytesIO()
            torch.save(module, buffer)
            buffer.seek(0)
            module = torch.load(buffer, weights_only=False)
        return module

    def _pair(self, answer: tuple[Any, Any]) -> tuple[Any, Any]:
        return self.tensors.array(answer[0]), self.tensors.array(answer[1])

    @operation(
        "merging.average-masked",
        kind="composed",
        script=_RECIPE + "masks = [None if mask is None else tensor(mask) for mask in masks]\n"
        "average, merged = MaskedAverage()([tensor(x) for x in inputs], masks)\n" + _ANSWER,
    )
    def average_masked(self, inputs: list[Array], masks: list[Array | None], route: str) -> Any:
        """What the recipe's module returns."""
        tensor = self.tensors.tensor
        return self._pair(self._module("MaskedAverage", route)([*map(tensor, inputs)], [*map(tensor, masks)]))

    @operation(
        "merging.average-masked-gradient",
        kind="composed",
        script=_RECIPE + "leaves = [tensor(array).requires_grad_() for array in inputs]\n"
        "output, _ = MaskedAverage()(leaves, [None if mask is None else tensor(mask) for mask in masks])\n"
        "output.backward(tensor(upstream))\n"
        "actual = [numpy(leaf.grad) for leaf in leaves]",
    )
    def average_masked_gradient(self, inputs: list[Array], masks: list[Array | None], upstream: Array) -> Any:
        """The gradients of the inputs of the recipe's module."""
        engine, module = self.tensors, self._module("MaskedAverage", "called")
        fixed = [engine.tensor(mask) for mask in masks]
        tensors = [engine.tensor(array) for array in inputs]
        _, gradients = engine.gradient(lambda *x: module(list(x), fixed)[0], tensors, engine.tensor(upstream))
        return [engine.array(gradient) for gradient in gradients]

    @operation(
        "merging.average-axis",
        kind="composed",
        script=_RECIPE + "given = None if mask is None else tensor(mask)\n"
        "average, merged = MaskedAverageOverDim(axes, keepdims)(tensor(x), given)\n" + _ANSWER,
    )
    def average_axis(self, x: Array, mask: Array | None, axes: Any, keepdims: bool, route: str) -> Any:
        """What the recipe's module returns."""
        module = self._module("MaskedAverageOverDim", route, dim=axes, keepdim=keepdims)
        return self._pair(module(self.tensors.tensor(x), self.tensors.tensor(mask)))

    @operation(
        "merging.average-axis-gradient",
        kind="composed",
        script=_RECIPE + "leaf = tensor(x).requires_grad_()\n"
        "output, _ = MaskedAverageOverDim(axes)(leaf, None if mask is None else tensor(mask))\n"
        "output.backward(tensor(upstream))\n"
        "actual = numpy(leaf.grad)",
    )
    def average_axis_gradient(self, x: Array, mask: Array | None, axes: Any, upstream: Array) -> Any:
        """The gradient of the input of the recipe's module."""
        engine, module = self.tensors, self._module("MaskedAverageOverDim", "called", dim=axes)
        given = engine.tensor(mask)
        _, (gradient,) = engine.gradient(
            lambda tensor: module(tensor, given)[0], [engine.tensor(x)], engine.tensor(upstream)
        )
        return engine.array(gradient)
