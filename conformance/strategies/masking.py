"""Structures for the chapter masking: masks, and layers as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.structure import Structure
from conformance.tolerance import finfo
from reference.masking.nesting import MODELS
from reference.masking.traveling import KEEPING, KEEPING_FROM_3, LOSING, OPERATORS, RECURRENT

Array = np.ndarray[Any, Any]
Layer = dict[str, Any]

PATTERNS = ("any", "any", "right", "left", "all", "row", "none masked", "absent")
"""How a mask lies: anywhere, padding on the right or left, everything masked, one row wholly masked …"""

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


def mask_of(random: np.random.Generator, batch: int, time: int, pattern: str) -> Array | None:
    """A mask (batch, time) of a pattern."""
    if pattern == "absent":
        return None
    if pattern in ("all", "none masked"):
        return np.full((batch, time), pattern == "none masked")
    if pattern in ("right", "left"):
        lengths = random.integers(0, time + 1, (batch, 1))
        mask = np.arange(time) < lengths
        return mask if pattern == "right" else mask[:, ::-1].copy()
    mask = fills.booleans(random, (batch, time))
    if pattern == "row" and batch:
        mask[random.integers(batch)] = False
    return mask


@dataclass(frozen=True)
class Features(Structure):
    """Features for Masking, many of them equal to the mask value.

    mask_value: a number by name, or "vector". rank: of x. subnormal: whether there are such numbers.
    """

    batch: int
    time: int
    features: int
    rank: int
    dtype: str
    mask_value: str
    subnormal: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        kind = dtype_named(self.dtype)
        shape = (self.batch, self.time, *[2] * (self.rank - 3), self.features)
        value: Any
        if self.mask_value == "vector":
            value = random.integers(0, 3, self.features).astype(kind)
        else:
            value = float(self.mask_value) if kind.kind in "fV" else int(self.mask_value)
        sought = np.asarray(value).astype(kind)
        if kind.kind in "fV":
            other = fills.floats(random, shape, self.dtype, edges=True)
            with np.errstate(invalid="ignore"):
                tiny = (other != 0) & (np.abs(other) < finfo(kind).smallest_normal)
            other = np.where(tiny, np.ones((), kind), other)
            if self.subnormal:
                some = random.random(shape) < 0.3
                other = np.where(some, np.asarray(finfo(kind).smallest_subnormal, kind), other)
        else:
            other = random.integers(0, 4, shape).astype(kind)
        share = random.choice([0.3, 0.7, 0.9])
        x = np.where(random.random(shape) < share, sought, other)
        whole = random.random(shape[:-1]) < 0.3
        x = np.where(whole[..., None], sought, x).astype(kind)
        if kind.kind in "fV":
            x = np.where((x == 0) & (random.random(shape) < 0.5), -x, x).astype(kind)
        return {"x": x, "mask_value": value}


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


@dataclass(frozen=True)
class Explicit(Structure):
    """A mask that is attached, and one that is an argument: "present", "none" or "absent"."""

    batch: int
    time: int
    attached: bool
    argument: str
    supports: bool

    @property
    def fillable(self) -> bool:
        return self.attached or self.argument == "present"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        shape = (self.batch, self.time)
        attached = fills.booleans(random, shape) if self.attached else None
        argument = fills.booleans(random, shape) if self.argument == "present" else None
        given = self.argument != "absent"
        return {"attached": attached, "explicit": argument, "given": given, "supports": self.supports}


@dataclass(frozen=True)
class Pooling(Structure):
    """Features and a mask. spoiled: whether NaN and infinities stand at the masked steps."""

    batch: int
    time: int
    features: int
    dtype: str
    pattern: str
    data_format: str
    keepdims: bool
    spoiled: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        x = fills.floats(random, (self.batch, self.time, self.features), self.dtype)
        mask = mask_of(random, self.batch, self.time, self.pattern)
        if self.spoiled and mask is not None:
            x = spoil(random, x, mask)
        if self.data_format == "channels_first":
            x = np.ascontiguousarray(np.swapaxes(x, 1, 2))
        return {"x": x, "mask": mask, "data_format": self.data_format, "keepdims": self.keepdims}


def spoil(random: np.random.Generator, x: Array, mask: Array) -> Array:
    """Features with NaN, infinities and other values at the masked steps."""
    values = np.array([np.nan, np.inf, -np.inf, 7.0])[random.integers(0, 4, x.shape)].astype(x.dtype)
    return np.where(mask[..., None], x, values)


_batches = st.sampled_from((2, 3, 1))
_times = st.sampled_from((3, 2, 1, 4))
_patterns = st.sampled_from(PATTERNS)
_routes = st.sampled_from(("eager", "functional"))
_numbers = {
    "float32": ("0.0", "-0.0", "-1.0", "9.0", "nan", "0.1", "inf", "vector"),
    "float64": ("0.0", "-0.0", "-1.0", "nan", "vector"),
    "float16": ("0.0", "-0.0", "-1.0", "nan", "-inf"),
    "bfloat16": ("0.0", "-0.0", "-1.0", "nan"),
    "int32": ("0", "-1", "2", "vector"),
    "int8": ("0", "-1"),
    "uint8": ("0", "2"),
}


def _features(infinite: bool, subnormal: bool = False) -> st.SearchStrategy[Features]:
    pairs = [(d, v) for d, values in _numbers.items() for v in values if ("inf" in v) == infinite]
    pairs = [pair for pair in pairs if not subnormal or "float" in pair[0]]
    return st.sampled_from(pairs).flatmap(
        lambda pair: st.builds(
            Features,
            seed=SEEDS,
            batch=st.sampled_from((2, 1, 3, 0)),
            time=st.sampled_from((3, 1, 2, 0)),
            features=st.sampled_from((2, 1, 3)),
            rank=st.sampled_from((3, 3, 4)),
            dtype=st.just(pair[0]),
            mask_value=st.just(pair[1]),
            subnormal=st.just(subnormal),
        )
    )


features = _features(infinite=False)


def _apart(dtypes: tuple[str, ...], values: tuple[str, ...]) -> st.SearchStrategy[Features]:
    """Dtypes on which backends of one dialect part, in laws of their own."""
    return st.builds(
        Features,
        seed=SEEDS,
        batch=st.sampled_from((2, 1)),
        time=st.sampled_from((3, 2)),
        features=st.sampled_from((1, 2)),
        rank=st.just(3),
        dtype=st.sampled_from(dtypes),
        mask_value=st.sampled_from(values),
    )


doubles = _apart(("float64",), ("0.1", "0.3"))
halves = _apart(("float16", "bfloat16"), ("0.1", "0.3"))
wide_integers = _apart(("int64",), ("0", "-1", "4294967296"))
infinite_features = _features(infinite=True)
subnormal_features = _features(infinite=False, subnormal=True)


def _traveling(
    layers: list[tuple[str, tuple[tuple[str, Any], ...], Any]],
    times: st.SearchStrategy[int] = _times,
) -> st.SearchStrategy[Traveling]:
    return st.sampled_from(layers).flatmap(
        lambda layer: st.builds(
            Traveling,
            seed=SEEDS,
            layer=st.just(layer[0]),
            options=st.just(layer[1]),
            inner=st.just(layer[2]),
            batch=_batches,
            time=times,
            pattern=_patterns,
            route=_routes,
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
        batch=_batches,
        time=st.sampled_from((3, 2, 1)),
        pattern=_patterns,
    )


nested_models = _nested(_kinds, ("Supporting", "Dense", "Masking"))
subclassed_models = _nested(
    st.lists(st.sampled_from(MODELS), min_size=1, max_size=3).map(lambda kinds: ("Subclass", *kinds[1:])),
    ("Supporting", "Dense", "Masking"),
)

_distributed: dict[str, Any] = {
    "seed": SEEDS,
    "batch": _batches,
    "steps": st.sampled_from((2, 3, 1)),
    "time": st.sampled_from((2, 3, 1)),
    "rank": st.sampled_from((2, 3)),
    "pattern": _patterns,
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

explicit_masks = st.builds(
    Explicit,
    seed=SEEDS,
    batch=_batches,
    time=_times,
    attached=st.booleans(),
    argument=st.sampled_from(("present", "present", "absent", "none")),
    supports=st.booleans(),
)

_pooling: dict[str, Any] = {
    "seed": SEEDS,
    "batch": _batches,
    "time": st.sampled_from((3, 4, 1, 2)),
    "features": st.sampled_from((2, 3, 1)),
    "dtype": st.sampled_from([name for name in fills.FLOATS if name != "float64"]),
    "pattern": st.sampled_from(("any", "right", "left", "row", "none masked", "absent")),
    "data_format": st.sampled_from(("channels_last", "channels_last", "channels_first")),
    "keepdims": st.booleans(),
}
poolings = st.builds(Pooling, **_pooling)
double_poolings = st.builds(Pooling, **(_pooling | {"dtype": st.just("float64")}))
spoiled_poolings = st.builds(
    Pooling, **(_pooling | {"pattern": st.sampled_from(("any", "right", "left"))}), spoiled=st.just(True)
)
# The simplest comes first: beside a row without a valid step it has others, which tell right from wrong.
masked_poolings = st.builds(Pooling, **(_pooling | {"pattern": st.sampled_from(("row", "all"))}))
