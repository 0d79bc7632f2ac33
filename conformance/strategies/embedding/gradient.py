"""Structures of gradients: a table, ids, and what arrives at the output; with the options of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.embedding.lookup import ID_SHAPES, INDEX_DTYPES, SIZES, Lookup, Table
from conformance.structure import Structure


@dataclass(frozen=True)
class Upstream(Table):
    """A finite table, legal ids, and a finite gradient that arrives at the output, or `ones`."""

    shape: tuple[int, ...]
    ids_dtype: str
    route: str | None = None
    ones: bool = False
    outside: bool = False

    @property
    def fillable(self) -> bool:
        return 0 not in self.shape

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = fills.floats(random, (self.vocabulary, self.dimension), self.dtype)
        ids = fills.ids(random, self.shape, self.vocabulary, self.ids_dtype)
        upstream = fills.floats(random, (*self.shape, self.dimension), self.dtype)
        if self.ones:
            upstream = np.ones_like(upstream)
        if self.outside and ids.size:
            ids.flat[random.integers(ids.size)] = random.choice([-1, self.vocabulary, -self.vocabulary - 1])
        route = {} if self.route is None else {"route": self.route}
        return {"table": table, "ids": ids, "upstream": upstream, **route}

    def without_upstream(self) -> Lookup:
        """The same table and ids alone."""
        return Lookup(self.seed, self.vocabulary, self.dimension, self.dtype, self.shape, self.ids_dtype)


@dataclass(frozen=True)
class Padded(Upstream):
    """As `Upstream`, with a padding row: a legal one from either end, none, or an illegal one."""

    padding: str = "row"
    more: tuple[tuple[str, Any], ...] = ()

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = super().fill(random)
        row = {
            "none": None,
            "row": int(random.integers(self.vocabulary)),
            "used": int(random.choice(inputs["ids"].reshape(-1))) if inputs["ids"].size else 0,
            "from the end": -1 - int(random.integers(self.vocabulary)),
            "above": self.vocabulary,
            "below": -self.vocabulary - 1,
        }[self.padding]
        return {**inputs, "padding_idx": row, **dict(self.more)}


@dataclass(frozen=True)
class PaddedTable(Structure):
    """The size of a new table, and its padding row or None."""

    vocabulary: int
    padding_idx: int | None

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary, "padding_idx": self.padding_idx}

    @property
    def fillable(self) -> bool:
        return False


@dataclass(frozen=True)
class Norms(Table):
    """A table of small whole numbers, ids, and a largest norm that no rounding confuses with a row's."""

    shape: tuple[int, ...]
    ids_dtype: str
    norm_type: float
    max_norm: float

    @property
    def fillable(self) -> bool:
        return True

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = random.integers(-3, 4, (self.vocabulary, self.dimension))
        return {
            "table": table.astype(dtype_named(self.dtype)),
            "ids": fills.ids(random, self.shape, self.vocabulary, self.ids_dtype),
            "max_norm": self.max_norm,
            "norm_type": self.norm_type,
        }


gradients = st.builds(Upstream, seed=SEEDS, **SIZES, shape=st.sampled_from(ID_SHAPES), ids_dtype=INDEX_DTYPES)
whole_gradients = st.builds(
    Upstream,
    seed=SEEDS,
    **SIZES,
    shape=st.sampled_from(ID_SHAPES),
    ids_dtype=INDEX_DTYPES,
    ones=st.just(True),
)
routes = st.builds(
    Upstream,
    seed=SEEDS,
    **SIZES,
    shape=st.sampled_from([shape for shape in ID_SHAPES if shape]),
    ids_dtype=INDEX_DTYPES,
    route=st.sampled_from(("lookup", "one-hot", "dense")),
)
outside_routes = st.builds(
    Upstream,
    seed=SEEDS,
    **SIZES,
    shape=st.sampled_from([shape for shape in ID_SHAPES if shape and 0 not in shape]),
    ids_dtype=INDEX_DTYPES,
    route=st.sampled_from(("one-hot", "dense")),
    outside=st.just(True),
)
_padded: dict[str, Any] = {
    "seed": SEEDS,
    **SIZES,
    "shape": st.sampled_from(ID_SHAPES),
    "ids_dtype": INDEX_DTYPES,
}
padded = st.builds(
    Padded, **_padded, padding=st.sampled_from(("used", "row", "from the end", "above", "below"))
)
legally_padded = st.builds(Padded, **_padded, padding=st.sampled_from(("used", "row", "from the end")))
frequencies = st.builds(
    Padded,
    **_padded,
    padding=st.sampled_from(("none", "used", "from the end")),
    more=st.sampled_from(((("sparse", False),), (("sparse", True),))),
)
sparse_gradients = st.builds(
    Padded,
    **_padded,
    padding=st.sampled_from(("none", "used", "from the end")),
    more=st.sampled_from(((("times", 1),), (("times", 2),), (("times", 3),))),
)
padded_tables = st.integers(1, 7).flatmap(
    lambda vocabulary: st.builds(
        PaddedTable,
        seed=st.just(0),
        vocabulary=st.just(vocabulary),
        padding_idx=st.none() | st.integers(-vocabulary, vocabulary - 1),
    )
)
_norms: dict[str, Any] = {**_padded, "dimension": st.sampled_from((1, 2, 3, 4))}
norms = st.one_of(
    st.builds(
        Norms,
        **_norms,
        norm_type=st.sampled_from((2.0, 1.0, 3.0, float("inf"))),
        max_norm=st.sampled_from((1.3, 2.7, 0.5)),
    ),
    st.builds(
        Norms,
        **_norms,
        norm_type=st.sampled_from((2.0, 1.0, float("inf"))),
        max_norm=st.sampled_from((2.0, 1.0)),
    ),
)
