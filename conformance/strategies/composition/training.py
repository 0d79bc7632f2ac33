"""Structures of training: graphs with flags, optimizers, actions.

Weights, inputs and targets are small, so that a few steps do not run away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.composition.graphs import (
    NORMALIZED,
    VOCABULARY,
    Graph,
    Layers,
    tables,
)

RATE = 2.0**-6
OPTIONS = {
    "sgd": {"learning_rate": RATE},
    "momentum": {"learning_rate": RATE, "momentum": 0.5},
    "adam": {"learning_rate": RATE, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 2.0**-10},
}
Flags = tuple[tuple[str, bool], ...]


def small(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Numbers below 3/4, a few of them 0."""
    values = random.uniform(-0.75, 0.75, shape) * (random.random(shape) < 0.9)
    return values.astype(np.float32)


def filled(random: np.random.Generator, layers: Layers) -> Layers:
    """The table with small weights in the place of their sizes."""
    done: Layers = {}
    for name, layer in layers.items():
        done[name] = {key: value for key, value in layer.items() if key != "sizes"}
        if "sizes" in layer:
            done[name]["weights"] = [small(random, tuple(size)) for size in layer["sizes"]]
            if layer["kind"] == "BatchNormalization":
                done[name]["weights"][3] = np.abs(done[name]["weights"][3]) + np.float32(0.5)
    return done


def shapes_of(layers: Layers, model: str) -> dict[str, tuple[int, ...]]:
    """The shapes of a model's outputs, by name: what its layers give on its inputs."""

    def run(name: str, given: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        layer = layers[name]
        if layer["kind"] == "Model":
            known = {one[0]: shape for one, shape in zip(layer["inputs"], given, strict=True)}
            for outputs, called, arguments in layer["calls"]:
                known |= zip(outputs, run(called, [known[one] for one in arguments]), strict=True)
            return [known[one] for one in layer["outputs"]]
        if layer["kind"] == "Dense":
            return [(*given[0][:-1], layer["sizes"][1][0])]
        if layer["kind"] == "Embedding":
            return [(*given[0], layer["sizes"][0][1])]
        if layer["kind"] == "Concatenate":
            return [(*given[0][:-1], sum(shape[-1] for shape in given))]
        return [tuple(layer["shape"])] if layer["kind"] == "Reshape" else [given[0]]

    shapes = run(model, [tuple(shape) for _, shape, _ in layers[model]["inputs"]])
    return dict(zip(layers[model]["outputs"], shapes, strict=True))


@dataclass(frozen=True)
class Trained(Graph):
    """A table, with `flags` to be set, and what else a case needs.

    purpose: "sharing", "freezing", "step", "persistence" or "actions".
    how: the name of the optimizer, or the way of keeping. steps: how many. decay: whether Dense layers
    have regularizers, of the kernel and of the activity. actions: what is done.
    """

    purpose: str = "step"
    flags: Flags = ()
    how: str = "sgd"
    steps: int = 1
    decay: bool = False
    actions: tuple[tuple[str, ...], ...] = ()

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        sizes = self.layers
        layers = filled(random, sizes)
        batch = self.batch
        data = [
            small(random, (batch, *shape))
            if dtype == "float32"
            else fills.ids(random, (batch, *shape), VOCABULARY, dtype)
            for _, shape, dtype in layers[self.model]["inputs"]
        ]
        targets = [small(random, (batch, *shape)) for shape in shapes_of(sizes, self.model).values()]
        case: dict[str, Any] = {"layers": layers, "model": self.model}
        flags = {"flags": [list(flag) for flag in self.flags]}
        if self.purpose == "freezing":
            return {**case, **flags}
        if self.purpose == "sharing":
            for layer in layers.values() if self.decay else ():
                if layer["kind"] == "Dense":
                    layer |= {"l2": 0.5, "activity": 0.25}
            return {**case, "data": data, "upstream": targets}
        if self.purpose == "persistence":
            return {**case, "data": data, **flags, "way": self.how}
        case |= {"data": data, "targets": targets}
        if self.purpose == "actions":
            actions = [list(action) for action in self.actions]
            return {**case, "options": OPTIONS["momentum"], "actions": actions}
        return {**case, **flags, "optimizer": self.how, "options": OPTIONS[self.how], "steps": self.steps}

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(1 if self.purpose == "freezing" else min(fills, 2))


_LISTS = ("list",)


def _learns(drawn: tuple[str, str]) -> bool:
    """Whether every output depends on weights, and some output on each of them."""
    layers = json.loads(drawn[0])

    def run(name: str, given: list[set[str]]) -> list[set[str]]:
        layer = layers[name]
        if layer["kind"] != "Model":
            return [set().union(*given) | ({name} if "sizes" in layer else set())]
        known = {one[0]: below for one, below in zip(layer["inputs"], given, strict=True)}
        for outputs, called, arguments in layer["calls"]:
            known |= zip(outputs, run(called, [known[one] for one in arguments]), strict=True)
        return [known[one] for one in layer["outputs"]]

    weighted = {name for name, layer in layers.items() if "sizes" in layer}
    below = run(drawn[1], [set() for _ in layers[drawn[1]]["inputs"]])
    return all(below) and weighted == set().union(*below)


def across(layers: Layers) -> bool:
    """Whether two models use one layer, which it is OPEN whether a file or a clone keeps."""
    users = [(called, name) for name, layer in layers.items() for _, called, _ in layer.get("calls", ())]
    return len({called for called, _ in users}) < len(set(users))


def _within(structure: Trained) -> bool:
    """Whether every layer belongs to one model."""
    return not across(structure.layers)


def _inner(layers: Layers, model: str) -> list[str]:
    """The models inside a model that call a layer with weights themselves."""
    holding = {name for name, layer in layers.items() if "sizes" in layer}
    inside = [n for n, layer in layers.items() if layer["kind"] == "Model" and n != model]
    return [n for n in inside if holding & {called for _, called, _ in layers[n]["calls"]}]


@st.composite
def flagged(
    draw: Any, /, most: int = 4, calls: int = 3, thaw: bool = False, still: bool = False, **options: Any
) -> tuple[str, str, Flags]:
    """A table, a model, flags.

    thaw: there is a model inside, and first a layer in it is set apart from it: it is thawed after the
    model is frozen, or frozen before the model is frozen and thawed. still: first, a norm is frozen.
    """
    drawn = tables(forms=_LISTS, most=calls, **options).filter(_learns)
    if thaw:
        drawn = drawn.filter(lambda one: bool(_inner(json.loads(one[0]), one[1])))
    if still:
        drawn = drawn.filter(lambda one: "BatchNormalization" in one[0])
    table, model = draw(drawn)
    layers = json.loads(table)
    names = [n for n, layer in layers.items() if layer["kind"] == "Model" or "sizes" in layer]
    choice = st.tuples(st.sampled_from(names), st.booleans())
    first: Flags = ()
    if thaw:
        one = draw(st.sampled_from(_inner(layers, model)))
        below = draw(st.sampled_from([n for _, n, _ in layers[one]["calls"] if "sizes" in layers[n]]))
        plots: tuple[Flags, ...] = (
            ((one, False), (below, True)),
            ((below, False), (one, False), (one, True)),
        )
        first = draw(st.sampled_from(plots))
    if still:
        norms = [one for one in names if layers[one]["kind"] == "BatchNormalization"]
        first = ((norms[0], False),)
    return table, model, (*first, *draw(st.lists(choice, max_size=most)))


def trained(
    purpose: str,
    how: Any = None,
    most: int = 3,
    decay: Any = None,
    batches: tuple[int, ...] = (2, 3),
    **options: Any,
) -> Any:
    """Structures for a purpose."""
    return st.builds(
        lambda seed, drawn, how, batch, decay, steps: Trained(
            seed, drawn[0], drawn[1], batch, "form", purpose, drawn[2], how, steps, decay
        ),
        SEEDS,
        flagged(most=most, **options),
        how if how is not None else st.just("sgd"),
        st.sampled_from(batches),
        decay if decay is not None else st.just(False),
        st.sampled_from((1, 2, 2)),
    )


_ACTS = ("step", "freeze", "compile", "unfreeze", "step", "reload", "clone", "step")


def _nests(drawn: tuple[str, str]) -> bool:
    """Whether a model that learns has another inside it."""
    return _learns(drawn) and sum(layer["kind"] == "Model" for layer in json.loads(drawn[0]).values()) > 1


@st.composite
def acted(
    draw: Any, /, kinds: tuple[str, ...] = _ACTS, longest: int = 6, plot: tuple[str, ...] = (), **options: Any
) -> Trained:
    """A table, and actions: compiled at first, and again after a clone before the next step.

    plot: kinds of actions to begin with, all on one layer; "thaw" unfreezes one inside it, a model.
    """
    good = _nests if "thaw" in plot else _learns
    table, model = draw(tables(forms=_LISTS, **options).filter(good))
    layers = json.loads(table)
    names = [n for n, layer in layers.items() if layer["kind"] in ("Dense", "Model", "BatchNormalization")]
    done: list[tuple[str, ...]] = [("compile",)]
    ready = True
    inner = [n for n in names if layers[n]["kind"] == "Model" and n != model]
    one = draw(st.sampled_from(inner if "thaw" in plot else names))
    drawn = draw(st.lists(st.sampled_from(kinds), min_size=0 if plot else 1, max_size=longest))
    for number, action in enumerate((*plot, *drawn)):
        if action == "step" and not ready:
            done.append(("compile",))
        ready = action != "clone" and (ready or action in ("compile", "step"))
        target = one if number < len(plot) else draw(st.sampled_from(names))
        named = (target,) if action in ("freeze", "unfreeze") else ()
        if action == "thaw":
            below = [called for _, called, _ in layers[target].get("calls", ()) if called in names]
            action, named = "unfreeze", (draw(st.sampled_from(below or [target])),)
        done.append((action, *named))
    seed, batch = draw(SEEDS), draw(st.sampled_from((2, 3)))
    return Trained(seed, table, model, batch, "form", "actions", actions=tuple(done))


OPTIMIZERS = st.sampled_from(("sgd", "momentum", "adam", "momentum"))
_SHARED = ("Dense", "Embedding", "Add", "Activation")
shared = st.one_of(
    *(
        trained("sharing", kinds=one, decay=st.booleans(), most=0, batches=(2, 3, 1), depth=2)
        for one in (_SHARED, (*_SHARED, "BatchNormalization"))
    )
)
frozen = st.one_of(
    trained("freezing", kinds=("Dense",), most=4, depth=1, calls=2),
    trained("freezing", kinds=("Dense", "BatchNormalization", "Add"), most=6, depth=3),
)
thawed = trained("freezing", kinds=("Dense",), most=0, depth=1, calls=3, thaw=True)
steps = st.one_of(
    trained("step", OPTIMIZERS, kinds=NORMALIZED, depth=2),
    trained("step", OPTIMIZERS, kinds=("Dense", "BatchNormalization"), most=0, depth=1, calls=2, thaw=True),
)
plain_steps = trained(
    "step", OPTIMIZERS, kinds=("Dense", "Add", "Activation", "Concatenate"), most=0, depth=2
)
normalized_steps = trained(
    "step", kinds=("BatchNormalization", "Dense"), depth=1, most=1, calls=2, still=True
)
_WAYS = st.sampled_from(("file", "h5", "clone"))
kept = st.one_of(
    trained("persistence", _WAYS, kinds=("Dense", "Add", "Embedding", "BatchNormalization"), depth=2),
    trained("persistence", _WAYS, kinds=("Dense",), most=0, depth=1, calls=2, thaw=True),
)
own = kept.filter(_within)
formats = trained(
    "persistence",
    st.sampled_from(("weights", "folder")),
    kinds=("Dense", "BatchNormalization"),
    depth=1,
    calls=2,
).filter(lambda structure: structure.how == "weights" or _within(structure))
spread = trained(
    "persistence",
    st.sampled_from(("file", "clone")),
    kinds=("Dense", "BatchNormalization"),
    depth=1,
    most=2,
    spread=True,
)
sequences = st.one_of(
    acted(kinds=_ACTS, depth=1, most=2),
    acted(kinds=_ACTS, plot=("freeze", "compile", "reload", "step"), longest=3, depth=1, most=2),
).filter(_within)
_FREEZING = ("step", "freeze", "unfreeze", "step", "compile")
freezes = st.one_of(
    acted(kinds=_FREEZING, depth=2, most=2),
    acted(kinds=_FREEZING, plot=("freeze", "compile", "unfreeze", "step"), longest=2, depth=2, most=2),
    acted(kinds=_FREEZING, plot=("freeze", "thaw", "compile", "step"), longest=2, depth=1, most=2),
)
_RETURNING = ("step", "reload", "clone", "step")
returns = st.one_of(
    acted(kinds=_RETURNING, longest=4, depth=1, most=2),
    acted(kinds=_RETURNING, plot=("step", "reload", "step"), longest=2, depth=1, most=2),
).filter(_within)
