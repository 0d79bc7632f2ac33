"""Layers, models and wrappers through which a mask travels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.common import SEEDS
from conformance.strategies.masking import Layer, batches, mask_of, patterns, routes, times
from conformance.structure import Structure
from reference.masking.nesting import MODELS
from reference.masking.traveling import KEEPING, KEEPING_FROM_3, LOSING, OPERATORS, RECURRENT

OPTIONS: dict[str, dict[str, Any]] = {
    "Dense": {"units": 2},
    "Dropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "Activation": {"activation": "relu"},
    "Rescaling": {"scale": 0.5},
    "Reshape": {"target_shape": [2, 3]},
    "Permute": {"dims": [2, 1]},
    "RepeatVector": {"n": 2},
    "Conv1D": {"filters": 2, "kernel_size": 1},
}
"""What a layer must be made with."""


@dataclass(frozen=True)
class Traveling(Structure):
    """A layer as plain data, and a mask that comes to it."""

    layer: str
    options: tuple[tuple[str, Any], ...]
    inner: Any
    batch: int
    time: int
    pattern: str
    route: str

    @property
    def fillable(self) -> bool:
        """Layers that are slow to call get one mask a structure."""
        slow = self.layer in (*RECURRENT, "Bidirectional")
        return not slow and self.pattern in ("any", "right", "left", "row")

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        layer: Layer = {"layer": self.layer, "options": OPTIONS.get(self.layer, {}) | dict(self.options)}
        if self.inner is not None:
            name, options = self.inner
            layer["inner"] = {"layer": name, "options": dict(options)}
        if self.layer == "Reshape":
            layer["options"] = {"target_shape": [3, self.time]}
        if self.layer == "Cropping1D":
            layer["options"] = {"cropping": [0, 0]}
        if self.layer in ("MaxPooling1D", "AveragePooling1D"):
            layer["options"] = {"pool_size": 1}
        mask = mask_of(random, self.batch, self.time, self.pattern)
        x = random.integers(0, 2, (self.batch, self.time, 3)).astype(np.float32)
        return {"layer": layer, "x": x, "mask": mask, "route": self.route}


@dataclass(frozen=True)
class Nested(Structure):
    """A model as plain data: a shape of nesting with layers that keep masks, probes among them."""

    kinds: tuple[str, ...]
    places: tuple[int, ...]
    first: str
    middle: str
    last: str
    batch: int
    time: int
    pattern: str

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        """The innermost model has the middle layer between two probes; each outer one goes around it."""
        model: Layer = {
            "layer": self.kinds[0],
            "layers": [{"layer": "Probe"}, _leaf(self.middle), {"layer": "Probe"}],
        }
        for kind, place in zip(self.kinds[1:], self.places, strict=False):
            around: list[Layer] = [_leaf("Dense"), _leaf("Supporting")]
            around.insert(place, model)
            model = {"layer": kind, "layers": around}
        model["layers"] = [_leaf(self.first), *model["layers"], _leaf(self.last)]
        x = random.integers(0, 2, (self.batch, self.time, 2)).astype(np.float32)
        return {"model": model, "x": x, "mask": mask_of(random, self.batch, self.time, self.pattern)}


LEAVES: dict[str, Layer] = {
    "Masking": {"layer": "Masking", "options": {"mask_value": 0.0}},
    "Dense": {"layer": "Dense", "options": {"units": 2}},
    "Supporting": {"layer": "Supporting", "options": {}},
    "Dropout": {"layer": "Dropout", "options": {"rate": 0.5}},
    "Activation": {"layer": "Activation", "options": {"activation": "relu"}},
    "sequences": {"layer": "SimpleRNN", "options": {"units": 2, "return_sequences": True}},
    "Lambda": {"layer": "Lambda", "options": {}},
    "last": {"layer": "SimpleRNN", "options": {"units": 2}},
    "mean": {"layer": "GlobalAveragePooling1D", "options": {}},
}


def _leaf(name: str) -> Layer:
    return LEAVES[name]


@dataclass(frozen=True)
class Distributed(Structure):
    """A layer inside TimeDistributed. rank: of the mask, 2 or 3."""

    inner: str
    options: tuple[tuple[str, Any], ...]
    batch: int
    steps: int
    time: int
    rank: int
    pattern: str

    @property
    def fillable(self) -> bool:
        return self.inner not in RECURRENT

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inner = {"layer": self.inner, "options": OPTIONS.get(self.inner, {}) | dict(self.options)}
        if self.rank == 2:
            mask = mask_of(random, self.batch, self.steps, self.pattern)
        else:
            mask = mask_of(random, self.batch, self.steps * self.time, self.pattern)
            mask = None if mask is None else mask.reshape(self.batch, self.steps, self.time)
        x = random.integers(0, 2, (self.batch, self.steps, self.time, 2)).astype(np.float32)
        return {"inner": inner, "x": x, "mask": mask}


def _traveling(
    layers: list[tuple[str, tuple[tuple[str, Any], ...], Any]],
    times: st.SearchStrategy[int] = times,
) -> st.SearchStrategy[Traveling]:
    return st.sampled_from(layers).flatmap(
        lambda layer: st.builds(
            Traveling,
            seed=SEEDS,
            layer=st.just(layer[0]),
            options=st.just(layer[1]),
            inner=st.just(layer[2]),
            batch=batches,
            time=times,
            pattern=patterns,
            route=routes,
        )
    )


def _plain(*names: str) -> list[tuple[str, tuple[tuple[str, Any], ...], Any]]:
    return [(name, (), None) for name in names]


_RNN = [
    (name, (("units", 2), *(((option, True),) if option else ()), *extra), None)
    for name in ("SimpleRNN", "LSTM", "GRU")
    for option in ("return_sequences", "")
    for extra in ((), (("return_state", True),))
]
keeping_layers = _traveling(_plain(*KEEPING, "Supporting", "Supporting"))
newly_keeping_layers = _traveling(_plain(*KEEPING_FROM_3))
shortening_layers = _traveling(_plain("Shortening"), st.sampled_from((3, 2, 4)))
recurrent_layers = _traveling(_RNN)
backward_layers = _traveling(
    [
        (name, (("units", 2), ("go_backwards", True), *rest), None)
        for name in ("SimpleRNN", "GRU")
        for rest in ((), (("return_sequences", True),))
    ]
)
bidirectional_layers = _traveling(
    [
        ("Bidirectional", (("merge_mode", mode),), (name, (("units", 2), *rest)))
        for mode in ("concat", "sum", None)
        for name in ("SimpleRNN", "LSTM")
        for rest in ((), (("return_sequences", True),), (("return_sequences", True), ("return_state", True)))
    ]
)
other_layers = _traveling(
    [
        *_plain("GlobalAveragePooling1D", "Lambda"),
        ("Lambda", (("mask", "handed on"),), None),
        ("Masking", (("mask_value", 0.0),), None),
        ("Masking", (("mask_value", 1.0),), None),
    ]
)
losing_layers = _traveling(_plain(*[name for name in LOSING if name != "RepeatVector"]))
operators = _traveling(_plain(*OPERATORS), st.sampled_from((3, 2, 4)))
_kinds = st.lists(
    st.sampled_from([kind for kind in MODELS if kind != "Subclass"]), min_size=1, max_size=3
).map(tuple)


def _nested(kinds: st.SearchStrategy[Any], first: tuple[str, ...]) -> st.SearchStrategy[Nested]:
    return st.builds(
        Nested,
        seed=SEEDS,
        kinds=kinds,
        places=st.tuples(*[st.integers(0, 2)] * 2),
        first=st.sampled_from(first),
        middle=st.sampled_from(("Dense", "sequences", "Dropout", "Supporting", "Lambda")),
        last=st.sampled_from(("Activation", "Dense", "mean", "last")),
        batch=batches,
        time=st.sampled_from((3, 2, 1)),
        pattern=patterns,
    )


nested_models = _nested(_kinds, ("Supporting", "Dense", "Masking"))
subclassed_models = _nested(
    st.lists(st.sampled_from(MODELS), min_size=1, max_size=3).map(lambda kinds: ("Subclass", *kinds[1:])),
    ("Supporting", "Dense", "Masking"),
)
_distributed: dict[str, Any] = {
    "seed": SEEDS,
    "batch": batches,
    "steps": st.sampled_from((2, 3, 1)),
    "time": st.sampled_from((2, 3, 1)),
    "rank": st.sampled_from((2, 3)),
    "pattern": patterns,
}


def _distribute(
    layers: list[tuple[str, tuple[tuple[str, Any], ...]]], **fixed: Any
) -> st.SearchStrategy[Distributed]:
    return st.sampled_from(layers).flatmap(
        lambda layer: st.builds(
            Distributed, inner=st.just(layer[0]), options=st.just(layer[1]), **(_distributed | fixed)
        )
    )


distributed_layers = _distribute([("Masking", (("mask_value", 0.0),)), ("Dense", ()), ("Dropout", ())])
distributed_recurrence = _distribute(
    [("SimpleRNN", (("units", 2),)), ("LSTM", (("units", 2), ("return_sequences", True)))],
    rank=st.just(3),
    batch=st.sampled_from((2, 1)),  # in nearly every such mask a step is valid in part
    time=st.sampled_from((3, 2, 3, 2, 1)),
    pattern=st.sampled_from(("any", "any", "any", "right", "absent")),
)
distributed_losing = _distribute([("Flatten", ()), ("Custom", ())], rank=st.just(2))
