"""Models of this chapter as plain data, and the machine that runs them forward and backward.

A model is a table of layers by name, in an order in which each one comes after those that it uses:

    {"d": {"kind": "Dense", "weights": [kernel, bias]},
     "m": {"kind": "Model", "inputs": [["x", [2], "float32"]], "form": "single",
           "calls": [[["y"], "d", ["x"]]], "outputs": ["y"]}}

A model is a layer of the table as any other. Its inputs have a name, a shape without the batch, and a
dtype; they are given as one tensor, as a list, a tuple or a dict: its form. A call names the tensors that
come out, the layer, and the tensors that go in. A layer that is called twice is one layer.
How a model is made, its "style", changes nothing: as a graph, as a sequence or by subclassing.
"trainable": False in a layer's description is set on it as soon as it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.composition.arithmetic import Array, Numbers
from reference.composition.kinds import KINDS, Layer, batch_normalization

Layers = dict[str, Layer]
Flags = dict[str, bool]
Call = list[Any]


def in_turn(model: Layer) -> list[Call]:
    """The calls of a model in the order in which they were made."""
    calls: list[Call] = model["calls"]
    return calls


@dataclass(eq=False)
class Tensor:
    """A value on its way through a model, and the gradient of the loss by it, None for none so far."""

    value: Array
    gradient: Array | None = None

    def receive(self, part: Array, numbers: Numbers) -> None:
        """Add a part of the gradient."""
        self.gradient = part if self.gradient is None else numbers.add(self.gradient, part)


@dataclass(eq=False)
class Machine:
    """The layers of a table with their weights, and what was computed with them.

    trains: names of the layers that are in training mode, of those that differ in it.
    moved: the statistics of batch normalizations after this pass, by layer: moving mean and variance.
    order: the calls of a model in the order in which they run.
    calls: the layers called so far, in order, with their outputs.
    """

    numbers: Numbers
    layers: Layers
    trains: frozenset[str] = frozenset()
    bessel: bool = False
    order: Callable[[Layer], list[Call]] = in_turn
    weights: dict[str, list[Tensor]] = field(init=False)
    calls: list[tuple[str, Tensor]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._back: list[Callable[[], None]] = []
        self.weights = {
            name: [Tensor(self.numbers.given(weight)) for weight in layer["weights"]]
            for name, layer in self.layers.items()
            if layer.get("weights")
        }

    def run(self, name: str, inputs: list[Tensor]) -> list[Tensor]:
        """The outputs of a layer, a model or any other, on inputs in their order."""
        layer = self.layers[name]
        if layer["kind"] != "Model":
            return [self._call(name, layer, inputs)]
        known = {given[0]: tensor for given, tensor in zip(layer["inputs"], inputs, strict=True)}
        for outputs, called, arguments in self.order(layer):
            known |= zip(outputs, self.run(called, [known[one] for one in arguments]), strict=True)
        return [known[output] for output in layer["outputs"]]

    def _call(self, name: str, layer: Layer, inputs: list[Tensor]) -> Tensor:
        weights = self.weights.get(name, [])
        values = [weight.value for weight in weights], [tensor.value for tensor in inputs]
        if layer["kind"] == "BatchNormalization" and name in self.trains:
            value, pull, mean, variance = batch_normalization(self.numbers, layer, *values)
            self._move(layer, weights, mean, variance, inputs[0].value.shape[1])
        else:
            value, pull = KINDS[layer["kind"]](self.numbers, layer, *values)
        output = Tensor(value)
        self.calls.append((name, output))

        def back() -> None:
            """Hand the gradient of this call's output, if any arrived, on to its inputs and weights."""
            if output.gradient is None:
                return
            by_inputs, by_weights = pull(output.gradient)
            for tensor, part in zip([*inputs, *weights], [*by_inputs, *by_weights], strict=True):
                if part is not None:
                    tensor.receive(part, self.numbers)

        self._back.append(back)
        return output

    def _move(self, layer: Layer, weights: list[Tensor], mean: Array, variance: Array, count: int) -> None:
        """Moving statistics keep a share of what they were."""
        keep = layer["momentum"]
        if self.bessel:
            variance = variance * self.numbers.kind.type(count / (count - 1))
        for weight, new in zip(weights[2:], (mean, variance), strict=True):
            kept, fresh = self.numbers.scale(weight.value, keep), self.numbers.scale(new, 1 - keep)
            weight.value = self.numbers.add(kept, fresh)

    def pull(self, arriving: Iterable[tuple[Tensor, Array]]) -> None:
        """Carry gradients that arrive at tensors back to everything that they were computed from."""
        for tensor, part in arriving:
            tensor.receive(part, self.numbers)
        for back in reversed(self._back):
            back()
        self._back.clear()


def tensors(numbers: Numbers, data: Iterable[Array]) -> list[Tensor]:
    """The inputs of a model: floating ones as numbers, ids as they are."""
    return [Tensor(numbers.given(a) if a.dtype.kind == "f" else a) for a in data]


def used(layers: Layers, name: str) -> list[str]:
    """The layers that a model uses, itself included, each once, in the order of the table."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [called for _, called, _ in layers[one].get("calls", ())]
    return [one for one in layers if one in found]


def weighted(layers: Layers, name: str) -> list[str]:
    """Those of them that hold weights of their own."""
    return [one for one in used(layers, name) if layers[one].get("weights")]


def normalizing(layers: Layers, name: str) -> list[str]:
    """Those of them that are batch normalizations."""
    return [one for one in used(layers, name) if layers[one]["kind"] == "BatchNormalization"]


def dtype_of(layers: Layers) -> np.dtype[Any]:
    """The dtype of the weights, float32 if there are none."""
    for layer in layers.values():
        for weight in layer.get("weights", ()):
            dtype: np.dtype[Any] = weight.dtype
            return dtype
    return np.dtype(np.float32)
