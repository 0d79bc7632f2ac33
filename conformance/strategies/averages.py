"""Structures for the averages of what is not masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.merging import ALONE, DTYPES, EMPTY, EQUAL, RANKS, STRETCHED, UNFIT, Shape
from conformance.structure import Structure

WILD = (np.nan, np.inf, -np.inf, 1e4)


def wild_where_masked(
    random: np.random.Generator, shape: Shape, dtype: str, mask: np.ndarray[Any, Any] | None
) -> np.ndarray[Any, Any]:
    """Values around 1; NaN, infinities and large ones at masked positions; whole numbers for integers."""
    if dtype.startswith("int"):
        return random.integers(-100, 100, shape).astype(dtype)
    values = fills.spread(random, shape, dtype, (0.0, 1.0))
    if mask is None:
        return values
    strange = np.array(WILD)[random.integers(0, len(WILD), shape)].astype(values.dtype)
    return np.where(mask[..., None] | (random.random(shape) < 0.3), values, strange)


@dataclass(frozen=True)
class Averaged(Structure):
    """Inputs and their masks for the masked average over a list. route: None leaves it out."""

    dtype: str
    shapes: tuple[Shape, ...]
    present: tuple[bool, ...]
    route: str | None = "called"
    upstream: Shape | None = None

    @property
    def fillable(self) -> bool:
        return all(0 not in shape for shape in self.shapes)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        pairs = zip(self.shapes, self.present, strict=True)
        masks = [fills.booleans(random, shape[:-1]) if there else None for shape, there in pairs]
        inputs = [
            wild_where_masked(random, s, self.dtype, m) for s, m in zip(self.shapes, masks, strict=True)
        ]
        case: dict[str, Any] = {"inputs": inputs, "masks": masks}
        if self.route is not None:
            case["route"] = self.route
        if self.upstream is not None:
            case["upstream"] = fills.spread(random, self.upstream, self.dtype)
        return case


@dataclass(frozen=True)
class AveragedAxis(Structure):
    """An array and its mask for the masked average along axes. upstream: whether a gradient arrives."""

    dtype: str
    shape: Shape
    axes: tuple[int, ...]
    keepdims: bool
    masked: bool
    route: str = "called"
    upstream: bool = False

    @property
    def fillable(self) -> bool:
        return 0 not in self.shape

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        mask = fills.booleans(random, self.shape[:-1]) if self.masked else None
        x = wild_where_masked(random, self.shape, self.dtype, mask)
        case: dict[str, Any] = {"x": x, "mask": mask, "axes": self.axes}
        if self.upstream:
            shape = np.zeros(self.shape).sum(axis=self.axes).shape
            case["upstream"] = fills.spread(random, shape, self.dtype)
            return case
        return case | {"keepdims": self.keepdims, "route": self.route}


@dataclass(frozen=True)
class Pooled(Structure):
    """An array (batch, time, features) for global pooling. first: whether the first step is valid."""

    dtype: str
    shape: Shape
    masked: bool
    keepdims: bool
    first: bool = False
    wild: bool = True

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        mask = fills.booleans(random, self.shape[:-1]) if self.masked else None
        if mask is not None and self.first:
            mask[:, 0] = True
        x = wild_where_masked(random, self.shape, self.dtype, mask if self.wild else None)
        return {"x": x, "mask": mask, "keepdims": self.keepdims}


_NARROW = st.sampled_from(DTYPES)
_FLOATS = st.sampled_from(fills.FLOATS)
_DTYPES = st.sampled_from((*fills.FLOATS, *fills.FLOATS, "int32", "int64"))
_AXES: tuple[tuple[Shape, tuple[int, ...]], ...] = (
    ((2, 3, 2), (1,)),
    ((2, 2, 2), (-2,)),
    ((2, 3, 1), (0,)),
    ((2, 3, 2), (2,)),
    ((2, 3, 2), (0, 1)),
    ((1, 2, 2), (-1, 1)),
    ((2, 2, 2), (0, 1, 2)),
    ((3, 2), (0,)),
    ((2, 2, 2, 1), (1, 2)),
    ((2, 0, 1), (1,)),
    ((0, 2, 1), (1,)),
)


@st.composite
def _averaged(
    draw: Any,
    shapes: Any,
    *,
    upstream: bool = False,
    route: Any = "called",
    masked: str = "some",
    dtypes: Any = _DTYPES,
) -> Averaged:
    chosen = draw(st.sampled_from(shapes))
    rank = max(map(len, chosen))
    merged: Shape | None = None
    if upstream:
        merged = tuple(np.broadcast_shapes(*((s[0], *(1,) * (rank - len(s)), *s[1:]) for s in chosen)))
    return Averaged(
        draw(SEEDS),
        draw(dtypes),
        chosen,
        tuple(masked == "all" or draw(st.sampled_from((True, True, True, False))) for _ in chosen),
        None if upstream else draw(st.sampled_from(route if isinstance(route, tuple) else (route,))),
        merged,
    )


def _along(shapes: Any, **more: Any) -> st.SearchStrategy[AveragedAxis]:
    def make(chosen: Any, **rest: Any) -> AveragedAxis:
        return AveragedAxis(shape=chosen[0], axes=chosen[1], **(rest | more))

    return st.builds(
        make,
        st.sampled_from(shapes),
        seed=SEEDS,
        dtype=_FLOATS if "upstream" in more else _DTYPES,
        keepdims=st.booleans(),
        masked=st.sampled_from((True, True, True, False)),
    )


averaged = _averaged((*EQUAL, *ALONE, *EMPTY))
averaged_fully_masked = _averaged(EQUAL, masked="all", dtypes=_FLOATS)
averaged_stretched = _averaged((*STRETCHED, *RANKS))
averaged_unfit = _averaged(UNFIT[1:], dtypes=_FLOATS)
averaged_routes = _averaged((EQUAL[0], EQUAL[2], RANKS[0]), route=("model", "reloaded"))
averaged_gradients = _averaged((*EQUAL, *STRETCHED, *RANKS), upstream=True, dtypes=_FLOATS)
along = _along(_AXES)
along_routes = st.one_of(_along(_AXES[:5], route="model"), _along(_AXES[:5], route="reloaded"))
along_gradients = _along(_AXES, upstream=True)
along_one = _along((((2, 3, 2), (1,)), ((2, 2, 2), (1,)), ((2, 3, 1), (0,))))


def _pools(dtype: st.SearchStrategy[str] = _NARROW, **more: Any) -> st.SearchStrategy[Pooled]:
    return st.builds(
        Pooled,
        seed=SEEDS,
        dtype=dtype,
        shape=st.sampled_from(((2, 3, 2), (2, 2, 2), (1, 2, 1), (3, 1, 2))),
        **({"masked": st.just(True), "keepdims": st.booleans()} | more),
    )


pooled_tame = _pools(masked=st.sampled_from((True, True, False)), first=st.just(True), wild=st.just(False))
pooled_somewhere = _pools(first=st.just(True))
pooled_anywhere = _pools(wild=st.just(False))
pooled_wide = _pools(st.just("float64"), masked=st.booleans(), first=st.just(True), wild=st.just(False))
