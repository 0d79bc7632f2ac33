"""Structures for the chapter initializers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

SHAPES = ((4, 3), (), (1,), (5,), (3, 3), (3, 4, 2), (1, 1), (2, 1, 3, 2))
LARGE_SHAPES = ((640, 640), (40, 100, 100))
GRIDS = ((8, (16, 12)), (16, (6, 5, 4)), (256, (5,)), (2, (32, 33)), (512, ()), (2, (1, 16, 32)))
DTYPES = ("float32", "float64", "float16", "bfloat16", "int32", "int8", "uint8", "bool")
SIGNED = ("float32", "float64", "float16", "bfloat16", "int32", "int8")
ROUTES = ("categorical", "binomial", "uniform")
NAMES = ("uniform", "normal", "truncated normal", "glorot uniform", "he normal", "orthogonal", "binary")


@dataclass(frozen=True)
class Binary(Structure):
    """Calls of a binary initializer. The seed is the framework's, so every fill is the same."""

    shape: tuple[int, ...]
    dtype: str
    values: tuple[int, int]
    probability: float
    route: str
    calls: int

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        names = ("shape", "dtype", "values", "probability", "route", "calls", "seed")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Recipe(Structure):
    """A shape for the function of the seed's answer."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {"shape": self.shape, "dtype": self.dtype, "seed": self.seed}


@dataclass(frozen=True)
class Kernel(Structure):
    """A layer with a binary initializer."""

    layer: str
    sizes: tuple[int, int, int]
    dtype: str
    values: tuple[int, int]
    probability: float

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {
            "layer": self.layer,
            "sizes": self.sizes if self.layer == "Conv1D" else self.sizes[1:],
            "dtype": self.dtype,
            "values": self.values,
            "probability": self.probability,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Given(Structure):
    """What a layer gets for an initializer."""

    given: str
    shape: tuple[int, int]
    dtype: str

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {"given": self.given, "shape": self.shape, "dtype": self.dtype}


@dataclass(frozen=True)
class Returned(Structure):
    """What an initializer returns: zeros and ones, of the right shape and dtype or of others."""

    shape: tuple[int, int]
    dtype: str
    returned_shape: tuple[int, ...]
    returned_dtype: str
    holder: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        returned = random.integers(0, 2, self.returned_shape)
        return {
            "shape": self.shape,
            "dtype": self.dtype,
            "returned": np.asarray(returned).astype(dtype_named(self.returned_dtype)),
            "holder": self.holder,
        }


@dataclass(frozen=True)
class Draws(Structure):
    """Two draws, of many entries so that chance cannot make them equal."""

    initializer: str
    own_seed: int | None
    plan: str
    shape: tuple[int, int]

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {
            "initializer": self.initializer,
            "seed": self.own_seed,
            "plan": self.plan,
            "shape": self.shape,
            "dtype": "float32",
        }


_probabilities = st.sampled_from((0.5, 0.3, 0.9))
_routes = st.sampled_from(ROUTES)
_of_values = st.one_of(
    st.tuples(st.just((0, 1)), st.sampled_from(DTYPES)), st.tuples(st.just((-1, 1)), st.sampled_from(SIGNED))
)
_both_values = st.sampled_from(((0, 1), (-1, 1)))


def _binary(
    of_shape: st.SearchStrategy[Any],
    of_values: st.SearchStrategy[Any],
    probabilities: st.SearchStrategy[float] = _probabilities,
) -> st.SearchStrategy[Binary]:
    """Structures of (calls, shape), (values, dtype) and probabilities."""
    return st.builds(
        lambda seed, drawn, pair, probability, route: Binary(
            seed, drawn[1], pair[1], pair[0], probability, route, drawn[0]
        ),
        SEEDS,
        of_shape,
        of_values,
        probabilities,
        _routes,
    )


_float32 = st.tuples(_both_values, st.just("float32"))
binaries = _binary(st.tuples(st.sampled_from((1, 2)), st.sampled_from(SHAPES)), _of_values)
large_binaries = _binary(st.tuples(st.just(1), st.sampled_from(LARGE_SHAPES)), _float32)
grids = _binary(st.sampled_from(GRIDS), _float32, st.sampled_from((0.5, 0.3)))
recipes = st.builds(
    Recipe,
    seed=SEEDS,
    shape=st.sampled_from(((4, 3), (5,), (1, 5), (3, 3), (), (5,), (3, 4, 2), (3, 4, 2, 2))),
    dtype=st.sampled_from(("float32", "float64", "float16", "bfloat16", "int32")),
)
large_recipes = st.builds(
    Recipe, seed=SEEDS, shape=st.just((640, 640)), dtype=st.sampled_from(("float32", "int32"))
)
kernels = st.builds(
    lambda seed, layer, sizes, dtype, values, probability: Kernel(
        seed, layer, sizes, "float32" if layer == "Conv1D" else dtype, values, probability
    ),
    SEEDS,
    st.sampled_from(("Dense", "Conv1D", "Embedding")),
    st.sampled_from(((3, 4, 2), (2, 3, 3), (1, 1, 5))),
    st.sampled_from(("float32", "float64", "float16")),
    _both_values,
    _probabilities,
)
givens = st.builds(
    Given,
    seed=st.just(0),
    given=st.sampled_from(("function", "instance", "class", "no dtype", "array", "name", "number")),
    shape=st.sampled_from(((3, 2), (1, 4))),
    dtype=st.sampled_from(("float32", "float16", "float64", "bfloat16")),
)
kept_returns = st.builds(
    lambda seed, shape, dtype, holder: Returned(seed, shape, dtype, shape, dtype, holder),
    SEEDS,
    st.sampled_from(((3, 2), (2, 2), (1, 4))),
    st.sampled_from(("float32", "float16", "float64")),
    st.sampled_from(("tensor", "array")),
)
odd_returns = st.builds(
    Returned,
    seed=SEEDS,
    shape=st.just((3, 2)),
    dtype=st.sampled_from(("float32", "float16", "float64")),
    returned_shape=st.sampled_from(((3, 2), (2, 3), (3, 1), (), (6,), (1, 3, 2))),
    returned_dtype=st.sampled_from(("float32", "float64", "float16", "bfloat16", "int32", "bool")),
    holder=st.sampled_from(("tensor", "array")),
)
_draw_shapes = st.sampled_from(((16, 16), (20, 12)))
seeded_draws = st.builds(
    lambda initializer, own_seed, plan, shape: Draws(
        0, initializer, None if initializer == "binary" else own_seed, plan, shape
    ),
    st.sampled_from(NAMES),
    st.sampled_from((None, 0, 7)),
    st.sampled_from(("one object", "two objects", "other seed", "global", "two layers")),
    _draw_shapes,
)
generator_draws = st.builds(
    Draws,
    seed=st.just(0),
    initializer=st.sampled_from(NAMES[:-1]),
    own_seed=st.sampled_from((0, 7)),
    plan=st.sampled_from(("one generator", "two generators")),
    shape=_draw_shapes,
)
