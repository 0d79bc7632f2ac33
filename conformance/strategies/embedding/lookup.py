"""Structures of lookups: a table and ids, legal and strange."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

Array = np.ndarray[Any, Any]

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
    """A table and ids. outside: None for legal ids, or where one lies; "mixed" for half of them anywhere."""

    shape: tuple[int, ...]
    ids_dtype: str
    outside: str | None = None

    @property
    def fillable(self) -> bool:
        return 0 not in self.shape

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = fills.floats(random, (self.vocabulary, self.dimension), self.dtype, edges=True)
        ids = fills.ids(random, self.shape, self.vocabulary, self.ids_dtype)
        size = self.vocabulary
        if self.outside == "mixed":
            strange = random.choice([size, size + 2, -1, -size, -size - 1, -size - 3], self.shape)
            ids = np.where(random.random(self.shape) < 0.5, strange, ids).astype(ids.dtype)
        elif self.outside and ids.size:
            places = {"above": size, "below": -1, "far below": -size - 1}
            ids.flat[random.integers(ids.size)] = places[self.outside]
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
class FarIds(Structure):
    """One legal id, and one far beyond the table, that some cast takes for a legal or a negative one."""

    ids_dtype: str
    far: float

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
        return {"table": table, "ids": np.array([2, self.far], self.ids_dtype)}

    @property
    def fillable(self) -> bool:
        return False


@dataclass(frozen=True)
class Contained(Lookup):
    """A table and legal ids in a tensor, an array or a list."""

    container: str = "tensor"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {**super().fill(random), "container": self.container}


@dataclass(frozen=True)
class MaskedIds(Structure):
    """Ids for `mask_zero`: zeros, negative ids and fractions among them."""

    shape: tuple[int, ...]
    ids_dtype: str
    mask_zero: bool
    incoming: bool
    edges: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        kind = np.dtype(self.ids_dtype)
        low = -3 if kind.kind in "if" else 0
        ids = random.integers(low, 2 if kind.kind == "b" else 4, self.shape).astype(kind)
        if kind.kind == "f":
            ids = (ids + random.choice([0.0, 0.5], self.shape)).astype(kind)
        ids = np.where(random.random(self.shape) < 0.4, np.zeros((), kind), ids)
        if ids.size and self.edges:
            ids.flat[random.integers(ids.size)] = random.choice(_strange_ids(kind))
        incoming = fills.booleans(random, self.shape) if self.incoming else None
        return {"ids": ids, "mask_zero": self.mask_zero, "incoming": incoming}


def _strange_ids(kind: np.dtype[Any]) -> Array:
    """Ids that a careless cast or comparison takes for 0, or 0 in another guise."""
    if kind.kind == "f":
        values = [-0.0, np.nan, np.inf, -np.inf, float(np.finfo(kind).tiny), float(np.finfo(kind).eps)]
        return np.array(values).astype(kind)
    widest = 0 if kind.kind == "b" else np.iinfo(kind).bits - (kind.kind == "i")
    return np.array([2**bits for bits in (8, 16, 32) if bits < widest] or [1]).astype(kind)


SIZES = {
    "vocabulary": st.sampled_from((1, 2, 3, 4, 7)),
    "dimension": st.sampled_from((1, 2, 3)),
    "dtype": st.sampled_from(fills.FLOATS),
}
INDEX_DTYPES = st.sampled_from(("int32", "int64"))

# Half of the ids are of a dtype that every dialect takes, so that their rows are looked at often.
_any_ids: dict[str, Any] = {
    "shape": st.sampled_from(ID_SHAPES),
    "ids_dtype": st.one_of(INDEX_DTYPES, st.sampled_from(ID_DTYPES)),
}
lookups = st.one_of(
    st.builds(Lookup, seed=SEEDS, **SIZES, **_any_ids),
    *(
        st.builds(
            Lookup,
            seed=SEEDS,
            vocabulary=st.just(size),
            dimension=st.just(size),
            dtype=SIZES["dtype"],
            shape=_any_ids["shape"],
            ids_dtype=INDEX_DTYPES,
        )
        for size in (2, 3)
    ),
)
outside_lookups = st.builds(
    Lookup,
    seed=SEEDS,
    **SIZES,
    shape=st.sampled_from([shape for shape in ID_SHAPES if 0 not in shape]),
    ids_dtype=INDEX_DTYPES,
    outside=st.sampled_from(("above", "below", "far below", "mixed", "mixed")),
)
large_ids = st.builds(
    LargeIds, seed=st.just(0), above=st.sampled_from((2**11, 2**16, 2**24)), ids_dtype=INDEX_DTYPES
)
_masked: dict[str, Any] = {
    "seed": SEEDS,
    "shape": st.sampled_from([shape for shape in ID_SHAPES if shape]),
    "incoming": st.booleans(),
}
masked_ids = st.builds(MaskedIds, **_masked, ids_dtype=st.sampled_from(ID_DTYPES), mask_zero=st.booleans())
edges_of_masks = st.builds(
    MaskedIds,
    **_masked,
    ids_dtype=st.sampled_from([name for name in ID_DTYPES if name != "bool"]),
    mask_zero=st.just(True),
    edges=st.just(True),
)
far_ids = st.one_of(
    st.builds(
        FarIds,
        seed=st.just(0),
        ids_dtype=st.just("int64"),
        far=st.sampled_from((2**31, 2**32 + 1, 2**53 + 1, -(2**31) - 1, -(2**32) + 1, 2**16 + 1, 2**62)),
    ),
    st.builds(
        FarIds, seed=st.just(0), ids_dtype=st.just("int32"), far=st.sampled_from((2**16, 2**31 - 1, -(2**31)))
    ),
    st.builds(
        FarIds,
        seed=st.just(0),
        ids_dtype=st.just("uint32"),
        far=st.sampled_from((2**32 - 1, 2**31, 2**31 + 1)),
    ),
    st.builds(
        FarIds,
        seed=st.just(0),
        ids_dtype=st.just("uint64"),
        far=st.sampled_from((2**32 + 1, 2**64 - 2048, 2**63)),
    ),
    st.builds(
        FarIds,
        seed=st.just(0),
        ids_dtype=st.sampled_from(("float32", "float64")),
        far=st.sampled_from((np.nan, np.inf, -np.inf, 2.0**31, 2.0**40, -(2.0**33), -(2.0**31))),
    ),
    # The last ones that int32 holds, and the first that it does not, which float32 does not tell apart.
    st.builds(
        FarIds,
        seed=st.just(0),
        ids_dtype=st.just("float64"),
        far=st.sampled_from((2.0**31 - 1, 2.0**31 - 0.5, -(2.0**31) - 0.5, -(2.0**31) - 1)),
    ),
)
contained = st.builds(
    Contained,
    seed=SEEDS,
    **SIZES,
    shape=st.sampled_from([shape for shape in ID_SHAPES if shape and 0 not in shape]),
    ids_dtype=st.sampled_from(ID_DTYPES),
    container=st.sampled_from(("array", "list", "tensor")),
)
