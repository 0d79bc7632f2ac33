"""Structures of what an embedding layer builds, and of the tables of whole models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS, Few
from conformance.strategies.embedding.lookup import ID_SHAPES, INDEX_DTYPES, SIZES, Lookup, Table
from conformance.structure import Structure

_POLICIES = ("float32", "float64", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")


@dataclass(frozen=True)
class Initialized(Few, Table):
    """The sizes of a table, and the value that it starts with."""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        start = np.asarray(random.choice([1.0, -0.5, 0.0, 3.0])).astype(dtype_named(self.dtype))
        return {"vocabulary": self.vocabulary, "dimension": self.dimension, "start": start}

    @property
    def fillable(self) -> bool:
        return True


@dataclass(frozen=True)
class Regularized(Few, Table):
    """A table, batches of ids, and the factor of a regularizer."""

    shapes: tuple[tuple[int, ...], ...]
    factor: float

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {
            "table": fills.floats(random, (self.vocabulary, self.dimension), self.dtype),
            "ids": [fills.ids(random, shape, self.vocabulary, "int32") for shape in self.shapes],
            "factor": self.factor,
        }

    @property
    def fillable(self) -> bool:
        return True


@dataclass(frozen=True)
class Settings(Structure):
    """What `trainable` is set to, one after another, and when the layer is built."""

    settings: tuple[bool, ...]
    build_after: int

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {"settings": list(self.settings), "build_after": self.build_after}

    @property
    def fillable(self) -> bool:
        return False


@dataclass(frozen=True)
class Given(Few, Table):
    """A table with special values; `sizes` of a layer: as the table has them, turned, or a row too many."""

    sizes: str | None = None
    freeze: tuple[bool | None, ...] = ()

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = fills.floats(random, (self.vocabulary, self.dimension), self.dtype, edges=True)
        if self.sizes is None:
            return {"table": table, "freeze": self.freeze[0]}
        vocabulary, dimension = {
            "same": table.shape,
            "turned": table.shape[::-1],
            "more": (len(table) + 1, table.shape[1]),
        }[self.sizes]
        return {"table": table, "vocabulary": vocabulary, "dimension": dimension}

    @property
    def fillable(self) -> bool:
        return True


@dataclass(frozen=True)
class Policed(Lookup):
    """A table in the variable dtype of a policy, legal ids, and the policy."""

    policy: str = "float32"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        mixed = self.policy.startswith("mixed_")
        shape = (self.vocabulary, self.dimension)
        table = fills.floats(random, shape, "float32" if mixed else self.policy)
        ids = fills.ids(random, self.shape, self.vocabulary, self.ids_dtype)
        unit = np.ones((), dtype_named(self.policy.removeprefix("mixed_")))
        return {"table": table, "ids": ids, "policy": self.policy, "unit": unit}


@dataclass(frozen=True)
class Resized(Few):
    """A table of a model, its new size, and whether the output shares it."""

    vocabulary: int
    dimension: int
    more: tuple[tuple[str, Any], ...]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        table = fills.floats(random, (self.vocabulary, self.dimension), "float32")
        return {"table": table, **dict(self.more)}


tables = st.builds(Table, seed=st.just(0), **SIZES)
odd_tables = st.one_of(
    st.builds(
        Table,
        seed=st.just(0),
        vocabulary=st.sampled_from((0, -1, True, False, 2.0, 2.5)),
        dimension=st.sampled_from((2, 1)),
        dtype=st.just("float32"),
    ),
    st.builds(
        Table,
        seed=st.just(0),
        vocabulary=st.sampled_from((2, 1)),
        dimension=st.sampled_from((0, -1, True, False, 2.0, 2.5)),
        dtype=st.just("float32"),
    ),
)
initialized = st.builds(Initialized, seed=SEEDS, **SIZES)
regularized = st.builds(
    Regularized,
    seed=SEEDS,
    **SIZES,
    shapes=st.lists(st.sampled_from(((2, 2), (1, 1), (3, 1))), max_size=3).map(tuple),
    factor=st.sampled_from((0.5, 1.0, 0.25)),
)
settings = st.lists(st.booleans(), min_size=1, max_size=3).flatmap(
    lambda drawn: st.builds(
        Settings, seed=st.just(0), settings=st.just(tuple(drawn)), build_after=st.integers(1, len(drawn))
    )
)
given_tables = st.builds(Given, seed=SEEDS, **SIZES, sizes=st.sampled_from(("same", "turned", "more")))
pretrained = st.builds(
    Given, seed=SEEDS, **SIZES, freeze=st.sampled_from((None, True, False)).map(lambda said: (said,))
)
policed = st.builds(
    Policed,
    seed=SEEDS,
    **SIZES,
    shape=st.sampled_from([shape for shape in ID_SHAPES if shape]),
    ids_dtype=INDEX_DTYPES,
    policy=st.sampled_from(_POLICIES),
)
_models: dict[str, Any] = {
    "seed": SEEDS,
    "vocabulary": st.sampled_from((3, 1, 5)),
    "dimension": st.sampled_from((2, 1, 4)),
}
resized = st.builds(
    Resized,
    **_models,
    more=st.tuples(
        st.sampled_from((1, 3, 6)).map(lambda size: ("size", size)),
        st.booleans().map(lambda tied: ("tied", tied)),
    ),
)
tied = st.builds(Resized, **_models, more=st.booleans().map(lambda tie: (("tie", tie),)))
