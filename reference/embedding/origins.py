"""The sources that the readings of this chapter share, and two helpers."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.errors import IndexOutOfRange
from reference.sources import Source, keras, tensorflow, tf_keras, torch

Array = np.ndarray[Any, Any]

KERAS_2_2 = keras("2.2.5", "layers/embeddings.py", "Embedding")
KERAS_2 = (
    keras("v2.15.0", "layers/core/embedding.py", "Embedding"),
    tf_keras("layers/core/embedding.py", "Embedding"),
)
KERAS_3 = keras("v3.15.1", "layers/core/embedding.py", "Embedding")
GATHER = tensorflow("python/ops/array_ops.py", "gather")
TORCH = (
    torch("nn/modules/sparse.py", "Embedding"),
    torch("nn/functional.py", "embedding"),
)
TORCH_BAG = (
    torch("nn/functional.py", "embedding_bag"),
    torch("nn/modules/sparse.py", "EmbeddingBag"),
)


def native(path: str, symbol: str) -> Source:
    """A source among the kernels of PyTorch, at the release that this suite runs."""
    return Source("pytorch/pytorch", "v2.13.0", f"aten/src/ATen/native/{path}", symbol)


def rows_of(table: Array, rows: Array) -> Array:
    """The rows of the table, always a copy: plain indexing with a scalar would give a view."""
    return np.take(table, rows, axis=0)


def outside_of(table: Array, ids: Array) -> Array:
    """Where an id is below 0 or from vocabulary on: bool, shape of the ids."""
    return np.asarray((ids < 0) | (ids >= len(table)))


def out_of_range(table: Array, ids: Array, **names: Any) -> IndexOutOfRange:
    """The refusal of the first id outside the table, with the legal range."""
    strange = ids[outside_of(table, ids)].flat[0]
    return IndexOutOfRange(f"id {strange} is outside 0 … {len(table) - 1}", **names)
