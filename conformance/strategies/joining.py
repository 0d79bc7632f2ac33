"""Structures for Concatenate and Dot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.merging import DTYPES as NARROW
from conformance.strategies.merging import Shape
from conformance.structure import Structure


@dataclass(frozen=True)
class Concatenation(Structure):
    """Inputs for Concatenate. upstream: whether a gradient arrives."""

    dtype: str
    axis: int
    shapes: tuple[Shape, ...]
    upstream: bool = False

    @property
    def fillable(self) -> bool:
        return any(0 not in shape for shape in self.shapes)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = [fills.floats(random, shape, self.dtype, edges=not self.upstream) for shape in self.shapes]
        case = {"inputs": inputs, "axis": self.axis}
        if self.upstream:
            shape = np.concatenate(inputs, axis=self.axis).shape
            case["upstream"] = fills.floats(random, shape, self.dtype)
        return case


@dataclass(frozen=True)
class ConcatenatedMasks(Structure):
    """Masks for Concatenate. how: "right", or "no masks", "masks", "tuple" or "length" for a misuse."""

    axis: int
    shapes: tuple[Shape, ...]
    present: tuple[bool, ...]
    how: str = "right"

    @property
    def fillable(self) -> bool:
        return any(self.present)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = [np.zeros(shape, np.float32) for shape in self.shapes]
        pairs = zip(self.shapes, self.present, strict=True)
        masks: Any = [fills.booleans(random, shape[:-1]) if there else None for shape, there in pairs]
        if self.how == "no masks":
            masks = None
        elif self.how == "masks":
            masks = fills.booleans(random, self.shapes[0][:-1])
        elif self.how == "tuple":
            masks = tuple(masks)
        elif self.how == "length":
            masks = masks[:-1]
        return {"inputs": inputs, "masks": masks, "axis": self.axis}


@dataclass(frozen=True)
class Product(Structure):
    """Inputs for Dot. zeros: whether a vector of zeros is among them. normalize: None leaves it out."""

    dtype: str
    axes: Any
    shapes: tuple[Shape, ...]
    normalize: bool | None = False
    zeros: bool = False
    upstream: Shape | None = None

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = [fills.spread(random, shape, self.dtype) for shape in self.shapes]
        if self.zeros:
            inputs = [np.zeros_like(inputs[0]), *inputs[1:]]
        case = {"inputs": inputs, "axes": self.axes}
        if self.normalize is not None:
            case["normalize"] = self.normalize
        if self.upstream is not None:
            case["upstream"] = fills.spread(random, self.upstream, self.dtype)
        return case

    @property
    def key(self) -> Any:
        return (*super().key[:2], str(self.axes), *super().key[3:])


_JOINED: tuple[tuple[int, tuple[Shape, ...]], ...] = (
    (-1, ((2, 2, 1), (2, 2, 1))),
    (-1, ((2, 3, 1), (2, 3, 2))),
    (2, ((1, 2, 2), (1, 2, 2), (1, 2, 1))),
    (1, ((2, 1, 2), (2, 2, 2))),
    (-2, ((2, 2, 1), (2, 2, 1))),
    (1, ((2, 2), (2, 1))),
    (-1, ((2, 2, 2, 1), (2, 2, 2, 2))),
    (2, ((2, 1, 2, 1), (2, 1, 1, 1))),
)
_MASKED = _JOINED
_EDGES: tuple[tuple[int, tuple[Shape, ...]], ...] = (
    (0, ((1, 2), (2, 2))),
    (1, ((0, 2, 1), (0, 1, 1))),
    (1, ((2, 0, 1), (2, 2, 1))),
)
_ALONE = ((-1, ((2, 2, 1),)), (1, ((2, 1, 2),)))
_UNFIT = (
    (1, ((2, 2, 2), (2, 2, 1))),
    (-1, ((2, 2, 1), (2, 3, 1))),
    (-1, ((2, 2), (2, 2, 1))),
    (1, ((2, 2, 1), (1, 2, 1))),
)
_DOTS: tuple[tuple[Any, tuple[Shape, Shape], Shape], ...] = (
    (1, ((2, 3), (2, 3)), (2, 1)),
    (-1, ((2, 2), (2, 2)), (2, 1)),
    (2, ((2, 3, 2), (2, 2, 2)), (2, 3, 2)),
    ((1, 2), ((2, 3, 2), (2, 2, 3)), (2, 2, 2)),
    ((2, 1), ((2, 2, 2), (2, 2, 2)), (2, 2, 2)),
    ([-1, 1], ((1, 2, 3), (1, 3, 1)), (1, 2, 1)),
    (-1, ((2, 2, 3), (2, 3)), (2, 2)),
    ((1, 1), ((2, 3), (2, 3, 2)), (2, 2)),
    ((2, 3), ((2, 1, 2, 3), (2, 1, 3, 2)), (2, 1, 3, 1, 3)),
)


def _concatenations(choices: Any, **more: Any) -> st.SearchStrategy[Concatenation]:
    return st.builds(
        lambda chosen, **rest: Concatenation(axis=chosen[0], shapes=chosen[1], **rest, **more),
        st.sampled_from(choices),
        seed=SEEDS,
        dtype=st.sampled_from(fills.FLOATS),
    )


@st.composite
def _masks(draw: Any, misused: bool = False) -> ConcatenatedMasks:
    axis, shapes = draw(st.sampled_from(_MASKED))
    how = draw(st.sampled_from(("tuple", "no masks", "masks", "tuple", "length"))) if misused else "right"
    present = tuple(draw(st.sampled_from((True, True, False))) for _ in shapes)
    return ConcatenatedMasks(draw(SEEDS), axis, shapes, present, how)


def _products(
    *, upstream: bool = False, dtypes: tuple[str, ...] = NARROW, **more: Any
) -> st.SearchStrategy[Product]:
    def make(chosen: Any, seed: int, dtype: str, normalize: bool) -> Product:
        axes, shapes, merged = chosen
        if upstream:
            return Product(seed, dtype, axes, shapes, None, upstream=merged)
        return Product(seed, dtype, axes, shapes, **({"normalize": normalize} | more))

    return st.builds(make, st.sampled_from(_DOTS), SEEDS, st.sampled_from(dtypes), st.booleans())


concatenations = _concatenations((*_JOINED, *_EDGES))
alone = _concatenations(_ALONE)
unfit = _concatenations(_UNFIT)
concatenation_gradients = _concatenations(_JOINED, upstream=True)
masks = _masks()
misused_masks = _masks(misused=True)
products = _products()
zero_products = _products(normalize=True, zeros=True)
product_gradients = _products(upstream=True)
wide_products = _products(dtypes=("float64",))
wide_product_gradients = _products(upstream=True, dtypes=("float64",))
misused_products = st.builds(
    lambda misuse, seed: Product(seed, "float32", *misuse),
    st.sampled_from(
        (
            ("1", ((2, 3), (2, 3))),
            ((1, 1, 1), ((2, 3), (2, 3))),
            ((1.0, 1), ((2, 3), (2, 3))),
            (1, ((2, 3), (2, 3), (2, 3))),
            (0, ((2, 3), (2, 3))),
            ((1, 0), ((2, 2, 1), (2, 2))),
            ((1, 0), ((2, 2, 2), (2, 2, 2))),
            (1, ((2, 3), (2, 2))),
            (1, ((2, 3), (3, 3))),
        )
    ),
    SEEDS,
)
