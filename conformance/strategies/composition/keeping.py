"""Structures of models that are kept: models in models, and in HDF5 a layer that two models use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.common import SEEDS, Few
from conformance.strategies.composition.graphs import Layers
from conformance.strategies.composition.training import small


@dataclass(frozen=True)
class Between(Few):
    """A layer that a model calls once, and a model inside it once: which of them first, and on what.

    name: of the input of the model inside; one that the outer model has, too, or another.
    """

    name: str
    first: bool
    of_layer: str
    of_model: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        def model(inputs: list[str], calls: list[list[Any]], outputs: list[str]) -> dict[str, Any]:
            declared = [[name, [2], "float32"] for name in inputs]
            form = "list" if len(inputs) > 1 else "single"
            return {"kind": "Model", "inputs": declared, "form": form, "calls": calls, "outputs": outputs}

        calls = [[["t0"], "dense", [self.of_layer]], [["t1"], "inner", [self.of_model]]]
        layers: Layers = {
            "dense": {"kind": "Dense", "weights": [small(random, (2, 2)), small(random, (2,))]},
            "inner": model([self.name], [[["u"], "dense", [self.name]]], ["u"]),
        }
        calls = calls if self.first else calls[::-1]
        layers["outer"] = model(["a", "b"], calls, [output for (output,), _, _ in calls])
        data = [small(random, (2, 2)) for _ in "ab"]
        return {"layers": layers, "model": "outer", "data": data, "flags": [], "way": "h5"}


@dataclass(frozen=True)
class Deep(Few):
    """Models in models, so many levels down, each of which calls a layer of its own before the next one.

    way: of keeping. style: of the models, "sequential" or "" for functional.
    """

    levels: int
    way: str
    style: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        layers: Layers = {}
        for level in range(self.levels + 1):
            name, inner = f"dense{level}", [[["u"], f"model{level - 1}", ["t"]]] if level else []
            layers[name] = {"kind": "Dense", "weights": [small(random, (2, 2)), small(random, (2,))]}
            layers[f"model{level}"] = {
                "kind": "Model",
                "inputs": [["x", [2], "float32"]],
                "form": "single",
                "calls": [[["t"], name, ["x"]], *inner],
                "outputs": ["u" if level else "t"],
                **({"style": self.style} if self.style else {}),
            }
        data = [small(random, (2, 2))]
        return {"layers": layers, "model": f"model{self.levels}", "data": data, "flags": [], "way": self.way}


def _between(first: bool) -> Any:
    inputs, name = st.sampled_from(("a", "b")), st.sampled_from(("a", "b", "a", "b", "c"))
    either = st.sampled_from(("a", "b", "t0" if first else "t1"))
    return st.builds(
        Between,
        SEEDS,
        name,
        st.just(first),
        inputs if first else either,
        either if first else inputs,
    )


between = st.one_of(_between(True), _between(False), _between(True))
deep = st.builds(
    Deep,
    SEEDS,
    st.integers(1, 3),
    st.sampled_from(("clone", "file", "clone", "h5")),
    st.sampled_from(("", "sequential")),
)
