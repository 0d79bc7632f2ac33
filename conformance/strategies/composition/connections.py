"""Structures of models that are made, and not called: with inputs that suffice for them, and without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.common import SEEDS
from conformance.strategies.composition.graphs import Graph, Layers, fill_weights, tables
from conformance.structure import Structure

CHANGES = ("plain", "missing", "inner", "twice", "unused", "identity", "names")


@dataclass(frozen=True)
class Connected(Graph):
    """A table whose outermost model declares inputs in one way or another.

    change: "last" is a model of the last call alone, of whatever it is made on.
    """

    change: str = "plain"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        layers = fill_weights(random, self.layers)
        layer = layers[self.model]
        declared = [name for name, _, _ in layer["inputs"]]
        inner = [output for outputs, _, _ in layer["calls"] for output in outputs]
        if self.change == "missing":
            declared = declared[1:] or [inner[0]]
        elif self.change == "inner":
            declared = [inner[0], *declared[1:]]
        elif self.change == "last":
            *_, (outputs, _, arguments) = layer["calls"]
            declared = list(dict.fromkeys(arguments))
            layer["outputs"] = outputs[-1:]
        elif self.change == "twice":
            declared = [*declared, declared[0]]
        elif self.change == "unused":
            layer["inputs"].append(["z", [1], "float32"])
            declared.append("z")
        elif self.change == "identity":
            layer["outputs"] = [declared[-1]]
        elif self.change == "names":
            same = [called for _, called, _ in layer["calls"] if layers[called]["kind"] == "Dense"]
            for one in dict.fromkeys(same):  # with one Dense layer alone, this changes nothing
                layers[one]["name"] = same[0]
        if self.change != "plain":
            layer |= {"declared": declared, "form": "single" if len(declared) == 1 else "list"}
            layer.pop("style", None)
        return {"layers": layers, "model": self.model}

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(1)  # the values of the weights do not matter


@dataclass(frozen=True)
class Question(Structure):
    """The generator and the discriminator of the question, on images of side by side pixels.

    Five layers down and five up with concatenations, then a discriminator that concatenates what the
    generator gives with an image. A Dense layer on the channels is a convolution with a kernel of 1 by 1.
    repaired: whether the discriminator has an input of its own for it, and is called on it as a layer.
    """

    side: int
    repaired: bool

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        image = [self.side, self.side, 3]
        layers: Layers = {}
        calls, last, skips = [], "picture", []
        for i in range(5):
            layers[f"down{i}"] = {"kind": "Dense", "sizes": [[3 if i == 0 else 2, 2], [2]]}
            calls.append([[f"d{i}"], f"down{i}", [last]])
            last = f"d{i}"
            skips.append(last)
        for i in range(5):
            joined = i > 0
            if joined:
                layers[f"join{i}"] = {"kind": "Concatenate"}
                calls.append([[f"j{i}"], f"join{i}", [last, skips[4 - i]]])
                last = f"j{i}"
            layers[f"up{i}"] = {
                "kind": "Dense",
                "sizes": [[4 if joined else 2, 3 if i == 4 else 2], [3 if i == 4 else 2]],
            }
            calls.append([[f"u{i}"], f"up{i}", [last]])
            last = f"u{i}"
        picture = [["picture", image, "float32"]]
        generator = {"kind": "Model", "inputs": picture, "form": "single", "calls": calls, "outputs": [last]}
        layers["Generator"] = generator
        layers |= {"beside": {"kind": "Concatenate"}, "verdict": {"kind": "Dense", "sizes": [[6, 1], [1]]}}
        given = "made" if self.repaired else last
        judged = [[["pair"], "beside", [given, "image"]], [["said"], "verdict", ["pair"]]]
        inputs = [["image", image, "float32"]]
        discriminator: Layers = {"kind": "Model", "form": "single", "calls": judged, "outputs": ["said"]}
        if self.repaired:
            inputs.append(["made", image, "float32"])
            layers["Discriminator"] = discriminator | {"inputs": inputs, "form": "list"}
            both = [[["fake"], "Generator", ["picture"]], [["said"], "Discriminator", ["image", "fake"]]]
            whole = {"kind": "Model", "inputs": [*picture, inputs[0]], "form": "list", "calls": both}
            layers["Together"] = whole | {"outputs": ["said"]}
            return {"layers": fill_weights(random, layers), "model": "Together"}
        layers["Discriminator"] = discriminator | {"inputs": inputs, "scope": "Generator"}
        return {"layers": fill_weights(random, layers), "model": "Discriminator"}


def _connected(change: Any, **options: Any) -> Any:
    plain: dict[str, Any] = {"forms": ("list",), "depth": 1, "most": 3}
    return st.builds(
        lambda seed, table, change: Connected(seed, table[0], table[1], 1, "form", change),
        SEEDS,
        tables(**(plain | options)),
        change,
    )


connected = _connected(st.sampled_from(CHANGES[:-1]))
twins = _connected(st.just("names"), kinds=("Dense",), depth=0, most=4)
inners = _connected(st.sampled_from(("last", "inner")), kinds=("Dense", "Add"), most=4)
missing = _connected(st.just("missing"))
questions = st.builds(Question, SEEDS, st.sampled_from((2, 4)), st.booleans())
