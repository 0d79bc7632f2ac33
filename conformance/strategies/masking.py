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

Array = np.ndarray[Any, Any]
Layer = dict[str, Any]
PATTERNS = ("any", "any", "right", "left", "all", "row", "none masked", "absent")
"""How a mask lies: anywhere, padding on the right or left, everything masked, one row wholly masked …"""


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
                least, most = finfo(kind).smallest_subnormal, 0.75 * float(finfo(kind).smallest_normal)
                other = np.where(some, np.asarray(random.choice([least, most])).astype(kind), other)
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


batches = st.sampled_from((2, 3, 1))
times = st.sampled_from((3, 2, 1, 4))
patterns = st.sampled_from(PATTERNS)
routes = st.sampled_from(("eager", "functional"))
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
explicit_masks = st.builds(
    Explicit,
    seed=SEEDS,
    batch=batches,
    time=times,
    attached=st.sampled_from((True, True, False)),
    argument=st.sampled_from(("present", "present", "present", "absent", "none")),
    supports=st.booleans(),
)
_pooling: dict[str, Any] = {
    "seed": SEEDS,
    "batch": batches,
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
