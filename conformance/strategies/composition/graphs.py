"""Graphs of layers, as Hypothesis draws them: tables of layers whose weights are still to be filled in.

A table is drawn from small choices that shrink toward one Dense layer on one input: the number of
layers, their kinds, which tensors they take, whether one that is there already is called again.
Widths are 2 nearly always, so that what is there already fits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS, Few

Layers = dict[str, Any]
Shape = tuple[int, ...]

VOCABULARY = 3
KINDS = ("Dense", "Add", "Concatenate", "Activation", "Multiply", "Reshape", "Dropout")
NORMALIZED = (*KINDS, "BatchNormalization")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
POWER = 8
"""The highest power of its inputs that a graph computes; higher ones may leave the range of float32."""


@dataclass
class Sketch:
    """A table on its way, and the shapes of the inputs and outputs of its layers.

    spread: a layer of a model inside the outermost model is called by the outermost as well.
    """

    draw: Any
    kinds: tuple[str, ...]
    depth: int
    most: int = 4
    forms: tuple[str, ...] = ("list", "dict")
    spread: bool = False

    def __post_init__(self) -> None:
        self.layers: Layers = {}
        self.takes: dict[str, list[Shape]] = {}
        self.gives: dict[str, list[Shape]] = {}

    def pick(self, *choices: Any) -> Any:
        """One of the choices; the first is the simplest."""
        return choices[self.draw(st.integers(0, len(choices) - 1))] if len(choices) > 1 else choices[0]

    def chance(self) -> bool:
        """A coin that shrinks to False."""
        return bool(self.draw(st.booleans()))

    def name(self, kind: str) -> str:
        """A name for a layer that tells its kind."""
        short = kind.lower()[:5] if kind != "Model" else "model"
        return f"{short}{sum(name.startswith(short) for name in self.layers)}"

    def model(self, depth: int) -> str:
        """Add a model to the table, what it uses first; its name."""
        shapes: list[Shape] = [(2,)] * self.pick(1, 2, 3)
        outermost = depth == self.depth
        if outermost and not self.spread and self.chance():
            shapes[-1] = self.pick((1,), (2, 2), (3,))
        known: dict[str, Shape] = {LETTERS[i]: shape for i, shape in enumerate(shapes)}
        inputs = list(known)
        if len(inputs) > 1 and self.chance():
            inputs.reverse()  # names in other than the sorted order
        calls: list[list[Any]] = []
        ids = self.words(known, calls) if outermost and "Embedding" in self.kinds else []
        if outermost and self.spread:
            self.share(known, calls, depth)
        else:
            for _ in range(self.draw(st.integers(1, self.most))):
                self.call(known, calls, depth)
        outputs = [calls[-1][0][-1]]
        others = [output for call in calls for output in call[0] if output != outputs[0]]
        if others and self.chance():
            outputs.insert(0, self.pick(*others))
        calls = _alive(calls, outputs)
        name = self.name("Model")
        self.takes[name], self.gives[name] = [known[i] for i in inputs], [known[o] for o in outputs]
        form = "single" if len(inputs) + len(ids) == 1 else self.pick(*self.forms)
        self.layers[name] = {
            "kind": "Model",
            "inputs": [[one, list(known[one]), "float32"] for one in inputs] + ids,
            "form": form,
            "calls": calls,
            "outputs": outputs,
        }
        if self.straight(name) and self.chance():
            self.layers[name]["style"] = "sequential"
        return name

    def words(self, known: dict[str, Shape], calls: list[list[Any]]) -> list[list[Any]]:
        """Perhaps an input of ids, and an embedding that makes a tensor of it: what is to be declared."""
        if not self.chance():
            return []
        name = self.name("Embedding")
        self.layers[name] = {"kind": "Embedding", "sizes": [[VOCABULARY, 2]]}
        self.takes[name], known["t0"] = [(-1,)], (2, 2)
        calls.append([["t0"], name, ["ids"]])
        return [["ids", [2], "int32"]]

    def straight(self, name: str) -> bool:
        """Whether a model is a chain of different layers."""
        layer = self.layers[name]
        called = [one for _, one, _ in layer["calls"]]
        chain = [layer["inputs"][0][0], *(outputs[0] for outputs, _, _ in layer["calls"])]
        follow = all(
            len(outputs) == 1 and arguments == [before]
            for before, (outputs, _, arguments) in zip(chain, layer["calls"], strict=False)
        )
        one_output = layer["outputs"] == [chain[-1]]
        return layer["form"] == "single" and follow and one_output and len(set(called)) == len(called)

    def call(self, known: dict[str, Shape], calls: list[list[Any]], depth: int) -> None:
        """Add a call of a layer, of one that is there already or of a new one."""
        fitting = [name for name in self.layers if self.fits(name, known)]
        if fitting and self.chance():
            name = self.pick(*reversed(fitting))
        elif depth > 0 and (2,) in known.values() and self.chance():
            name = self.model(depth - 1)
        else:
            name = self.leaf(known)
        self.add(known, calls, name, self.arguments(name, known))

    def share(self, known: dict[str, Shape], calls: list[list[Any]], depth: int) -> None:
        """Add a call of a model, and on what it gives a call of one of the layers that it uses."""
        name = self.model(depth - 1)
        self.add(known, calls, name, self.arguments(name, known))
        given = calls[-1][0][-1]
        used = [one for _, one, _ in self.layers[name]["calls"] if "sizes" in self.layers[one]]
        self.add(known, calls, self.pick(*used), [given])

    def add(self, known: dict[str, Shape], calls: list[list[Any]], name: str, arguments: list[str]) -> None:
        """Add a call of a layer that is in the table."""
        taken = self.gives.get(name) or [self.shape(name, [known[one] for one in arguments])]
        outputs = [self.fresh(known, i) for i in range(len(taken))]
        known |= zip(outputs, taken, strict=True)
        calls.append([outputs, name, arguments])

    @staticmethod
    def fresh(known: dict[str, Shape], offset: int) -> str:
        """The next name of a tensor."""
        return f"t{len(known) + offset}"

    def fits(self, name: str, known: dict[str, Shape]) -> bool:
        """Whether there are tensors of the shapes that a layer takes."""
        return set(self.takes[name]) <= set(known.values())

    def arguments(self, name: str, known: dict[str, Shape]) -> list[str]:
        """Tensors of the shapes that a layer takes."""
        fitting = [[one for one, has in known.items() if has == shape] for shape in self.takes[name]]
        return [self.pick(*reversed(each)) for each in fitting]

    def leaf(self, known: dict[str, Shape]) -> str:
        """Add a layer that is no model, and fits a tensor that is there."""
        kind = self.pick(*[one for one in self.kinds if one != "Embedding"])
        shape = known[self.pick(*reversed(list(known)))]
        if kind == "BatchNormalization" and len(shape) > 1:
            kind = "Dense"
        name, count = self.name(kind), 1
        layer: dict[str, Any] = {"kind": kind}
        if kind == "Dense":
            layer["sizes"] = [[shape[-1], 2], [2]]
        elif kind == "BatchNormalization":
            layer |= {"sizes": [[shape[-1]]] * 4, "epsilon": 0.125, "momentum": 0.5}
        elif kind == "Activation":
            layer["function"] = self.pick("relu", "tanh", "linear")
        elif kind == "Reshape":
            layer["shape"] = (
                [2, shape[0] // 2] if len(shape) == 1 and shape[0] % 2 == 0 else [int(np.prod(shape))]
            )
        elif kind in ("Add", "Concatenate", "Multiply"):
            count = 2 + self.chance()
        self.layers[name] = layer
        self.takes[name] = [shape] * count
        return name

    def shape(self, name: str, shapes: list[Shape]) -> Shape:
        """What a layer that is no model gives on inputs of these shapes."""
        layer = self.layers[name]
        if layer["kind"] == "Dense":
            return (*shapes[0][:-1], layer["sizes"][0][1])
        if layer["kind"] == "Concatenate":
            return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))
        return tuple(layer["shape"]) if layer["kind"] == "Reshape" else shapes[0]


def _alive(calls: list[list[Any]], outputs: list[str]) -> list[list[Any]]:
    """The calls that an output needs."""
    needed, kept = set(outputs), []
    for call in reversed(calls):
        if needed & set(call[0]):
            kept.append(call)
            needed |= set(call[2])
    return kept[::-1]


def needed(layers: Layers, model: str) -> Layers:
    """The table without the layers that a model does not use."""
    found, waiting = set(), [model]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting += [called for _, called, _ in layers[one].get("calls", ())]
    return {name: layer for name, layer in layers.items() if name in found}


def power(layers: Layers, name: str, given: list[int]) -> list[int]:
    """The power of a model's inputs in each output of a layer that takes them to the powers `given`."""
    layer = layers[name]
    if layer["kind"] != "Model":
        return [sum(given) if layer["kind"] == "Multiply" else max(given)]
    known = dict(zip((one[0] for one in layer["inputs"]), given, strict=True))
    for outputs, inner, arguments in layer["calls"]:
        known.update(zip(outputs, power(layers, inner, [known[one] for one in arguments]), strict=True))
    return [known[one] for one in layer["outputs"]]


def fill_weights(random: np.random.Generator, layers: Layers) -> Layers:
    """The table with weights in the place of their sizes."""
    filled: Layers = {}
    for name, layer in layers.items():
        filled[name] = {key: value for key, value in layer.items() if key != "sizes"}
        if "sizes" in layer:
            weights = [fills.floats(random, tuple(size), "float32") for size in layer["sizes"]]
            if layer["kind"] == "BatchNormalization":
                weights[3] = np.abs(weights[3]) + np.float32(0.5)
            filled[name]["weights"] = weights
    return filled


def fill_inputs(
    random: np.random.Generator, layers: Layers, model: str, batch: int
) -> dict[str, np.ndarray[Any, Any]]:
    """A tensor for each input of a model, by name."""
    given = {}
    for name, shape, dtype in layers[model]["inputs"]:
        if dtype == "float32":
            given[name] = fills.floats(random, (batch, *shape), dtype)
        else:
            given[name] = fills.ids(random, (batch, *shape), VOCABULARY, dtype)
    return given


@dataclass(frozen=True)
class Graph(Few):
    """A table of layers, as JSON without its weights, and which of them is the model.

    batch: samples. data: how the inputs are given: "form" as the model declares them, or "tuple", "list"
    (for a model made of a dict in the sorted order of its keys), "dict", "reversed" (a dict in another
    order), "extra", "missing".
    """

    table: str
    model: str
    batch: int
    data: str = "form"

    @property
    def layers(self) -> Layers:
        """The table."""
        layers: Layers = json.loads(self.table)
        return layers

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        layers = fill_weights(random, self.layers)
        given = fill_inputs(random, layers, self.model, self.batch)
        return {"layers": layers, "model": self.model, "data": self.arranged(layers, given)}

    def arranged(self, layers: Layers, given: dict[str, Any]) -> Any:
        """The inputs as the case gives them."""
        form = layers[self.model]["form"] if self.data == "form" else self.data
        if form == "single":
            return next(iter(given.values()))
        names = list(given)
        if form == "tuple":
            return tuple(given.values())
        if form == "list":
            return [
                given[name] for name in (sorted(names) if layers[self.model]["form"] == "dict" else names)
            ]
        if form == "reversed":
            names.reverse()
        if form == "missing":
            del names[0]
        extra = {"zz": next(iter(given.values())), "A": given[names[-1]]} if form == "extra" else {}
        return {
            **{k: v for k, v in extra.items() if k < "a"},
            **{name: given[name] for name in names},
            **extra,
        }


@st.composite
def tables(
    draw: Any,
    kinds: tuple[str, ...] = KINDS,
    depth: int = 2,
    most: int = 4,
    forms: tuple[str, ...] = ("list", "dict"),
    spread: bool = False,
) -> tuple[str, str]:
    """A table of layers as JSON, and the name of its model, the last."""
    sketch = Sketch(draw, kinds, depth, most, forms, spread)
    model = sketch.model(depth)
    return json.dumps(needed(sketch.layers, model)), model


def graphs(data: st.SearchStrategy[str], batch: st.SearchStrategy[int], **options: Any) -> Any:
    """Structures of a table and inputs."""
    return st.builds(
        lambda seed, table, batch, data: Graph(seed, table[0], table[1], batch, data),
        SEEDS,
        tables(**options).filter(_in_range),
        batch,
        data,
    )


def _in_range(drawn: tuple[str, str]) -> bool:
    layers, model = json.loads(drawn[0]), drawn[1]
    return max(power(layers, model, [1] * len(layers[model]["inputs"]))) <= POWER
