"""Structures for the chapter embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

ID_SHAPES = ((1,), (2, 3), (3, 3), (), (0,), (1, 1), (4, 1), (2, 0), (1, 5), (2, 2, 2), (2, 1, 2, 1))
ID_DTYPES = (
    "int32",
    "int64",
    "uint8",
    "int8",
    "int16",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "float32",
    "float64",
    "float16",
)


@dataclass(frozen=True)
class Table(Structure):
    """The sizes and the dtype of a table."""

    vocabulary: int
    dimension: int
    dtype: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary, "dimension": self.dimension, "dtype": self.dtype}

    @property
    def fillable(self) -> bool:
        return False


@dataclass(frozen=True)
class Lookup(Table):
    """A table and ids. outside: None for legal ids, or a few ids from there: "above" or "below"."""

    shape: tuple[int, ...]
    ids_dtype: str
    outside: str | None = None

    @property
    def fillable(self) -> bool:
        return 0 not in self.shape

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = fills.floats(random, (self.vocabulary, self.dimension), self.dtype, edges=True)
        ids = fills.ids(random, self.shape, self.vocabulary, self.ids_dtype)
        if self.outside and ids.size:
            strange = {"above": self.vocabulary, "below": -1, "far below": -self.vocabulary - 1}[self.outside]
            ids.flat[random.integers(ids.size)] = strange
        return {"table": table, "ids": ids}


@dataclass(frozen=True)
class LargeIds(Structure):
    """Ids that a float rounds: odd ones, beyond 2^11 for float16 and beyond 2^24 for float32.

    The table has one column, holds small whole numbers, and differs between neighbors.
    """

    above: int
    ids_dtype: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        vocabulary = self.above + 8
        table = (np.arange(vocabulary, dtype=np.int32) % 7).astype(np.float16)[:, None]
        ids = np.array([1, 3, 5]) + self.above
        return {"table": table, "ids": ids.astype(self.ids_dtype)}

    @property
    def fillable(self) -> bool:
        return False


@dataclass(frozen=True)
class Upstream(Table):
    """A finite table, legal ids, and a finite gradient that arrives at the output, or `ones`."""

    shape: tuple[int, ...]
    ids_dtype: str
    route: str | None = None
    ones: bool = False

    @property
    def fillable(self) -> bool:
        return 0 not in self.shape

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = fills.floats(random, (self.vocabulary, self.dimension), self.dtype)
        ids = fills.ids(random, self.shape, self.vocabulary, self.ids_dtype)
        upstream = fills.floats(random, (*self.shape, self.dimension), self.dtype)
        if self.ones:
            upstream = np.ones_like(upstream)
        route = {} if self.route is None else {"route": self.route}
        return {"table": table, "ids": ids, "upstream": upstream, **route}

    def without_upstream(self) -> Lookup:
        """The same table and ids alone."""
        return Lookup(self.seed, self.vocabulary, self.dimension, self.dtype, self.shape, self.ids_dtype)


@dataclass(frozen=True)
class MaskedIds(Structure):
    """Ids for `mask_zero`: zeros, negative ids and fractions among them."""

    shape: tuple[int, ...]
    ids_dtype: str
    mask_zero: bool

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        kind = np.dtype(self.ids_dtype)
        low = -3 if kind.kind in "if" else 0
        ids = random.integers(low, 2 if kind.kind == "b" else 4, self.shape).astype(kind)
        if kind.kind == "f":
            ids = (ids + random.choice([0.0, 0.5], self.shape)).astype(kind)
        ids = np.where(random.random(self.shape) < 0.4, np.zeros((), kind), ids)
        return {"ids": ids, "mask_zero": self.mask_zero}


_sizes = {
    "vocabulary": st.sampled_from((1, 2, 3, 4, 7)),
    "dimension": st.sampled_from((1, 2, 3)),
    "dtype": st.sampled_from(fills.FLOATS),
}
_index_dtypes = st.sampled_from(("int32", "int64"))

tables = st.builds(Table, seed=st.just(0), **_sizes)
# Half of the ids are of a dtype that every dialect takes, so that their rows are looked at often.
lookups = st.builds(
    Lookup,
    seed=SEEDS,
    **_sizes,
    shape=st.sampled_from(ID_SHAPES),
    ids_dtype=st.one_of(_index_dtypes, st.sampled_from(ID_DTYPES)),
)
outside_lookups = st.builds(
    Lookup,
    seed=SEEDS,
    **_sizes,
    shape=st.sampled_from([shape for shape in ID_SHAPES if 0 not in shape]),
    ids_dtype=_index_dtypes,
    outside=st.sampled_from(("above", "below", "far below")),
)
gradients = st.builds(
    Upstream, seed=SEEDS, **_sizes, shape=st.sampled_from(ID_SHAPES), ids_dtype=_index_dtypes
)
whole_gradients = st.builds(
    Upstream,
    seed=SEEDS,
    **_sizes,
    shape=st.sampled_from(ID_SHAPES),
    ids_dtype=_index_dtypes,
    ones=st.just(True),
)
routes = st.builds(
    Upstream,
    seed=SEEDS,
    **_sizes,
    shape=st.sampled_from([shape for shape in ID_SHAPES if shape]),
    ids_dtype=_index_dtypes,
    route=st.sampled_from(("lookup", "one-hot", "dense")),
)
large_ids = st.builds(
    LargeIds, seed=st.just(0), above=st.sampled_from((2**11, 2**24)), ids_dtype=_index_dtypes
)
masked_ids = st.builds(
    MaskedIds,
    seed=SEEDS,
    shape=st.sampled_from([shape for shape in ID_SHAPES if shape]),
    ids_dtype=st.sampled_from(ID_DTYPES),
    mask_zero=st.booleans(),
)
