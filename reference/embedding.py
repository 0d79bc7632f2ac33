"""Embedding: a table and an index.

An embedding layer holds one table (vocabulary, dimension) and answers ids with rows of it.
It equals a matrix product with one-hot rows, and is neither an autoencoder nor trained apart.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import IndexOutOfRange, TypeRefused
from reference.outcomes import ORACLE, AnyOf, Bounded, Setting, Working
from reference.sources import jax, keras, tensorflow, tf_keras, torch

Array = np.ndarray[Any, Any]

_KERAS_2_2 = keras("2.2.5", "layers/embeddings.py", "Embedding")
_KERAS_2 = (
    keras("v2.15.0", "layers/core/embedding.py", "Embedding"),
    tf_keras("layers/core/embedding.py", "Embedding"),
)
_KERAS_3 = keras("v3.15.1", "layers/core/embedding.py", "Embedding")
_GATHER = tensorflow("python/ops/array_ops.py", "gather")
_TORCH = (
    torch("nn/modules/sparse.py", "Embedding"),
    torch("nn/functional.py", "embedding"),
)


@reading("embedding.build", "keras-2.2", source=_KERAS_2_2)
@reading("embedding.build", "torch", source=_TORCH)
def build(vocabulary: int, dimension: int, dtype: str) -> dict[str, Any]:
    """An embedding layer holds exactly one weight, the table (vocabulary, dimension).

    vocabulary, dimension: int > 0. dtype: name of the floating dtype that the layer was given.
    Returns the shapes of all weights and the dtype of the table.

    [one] There MUST be exactly one weight: no bias, no decoder.
    [shape] Its shape MUST be (vocabulary, dimension), whatever the shape of the ids.
    [dtype] Its dtype MUST be the dtype that the layer was given.
    """
    table_shape = (vocabulary, dimension)  # [shape]
    return {"shapes": [table_shape], "dtype": dtype}  # [one] [dtype]


@reading("embedding.lookup", "keras-2.2", source=(_KERAS_2_2, _GATHER))
def lookup_keras_2_2(table: Array, ids: Array, *, setting: Setting) -> Array:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, integer, bool or floating.
    Returns an array of shape ids.shape + (dimension,).

    [cast] Ids of any dtype other than int32 MUST be cast to int32 first, toward zero.
    [range] On a CPU an id below 0 or from vocabulary on MUST be refused.
    [device] On a GPU such an id MUST give a row of zeros.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    rows = ids.astype(np.int32)  # [cast]
    return _gather_as_tensorflow(table, rows, setting)


@reading("embedding.lookup", "keras-2", source=(*_KERAS_2, _GATHER))
def lookup_keras_2(table: Array, ids: Array, *, setting: Setting) -> Array:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, integer, bool or floating.
    Returns an array of shape ids.shape + (dimension,).

    [cast] Ids of int32 and int64 MUST stay; all others MUST be cast to int32, toward zero.
    [range] On a CPU an id below 0 or from vocabulary on MUST be refused.
    [device] On a GPU such an id MUST give a row of zeros.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    rows = _cast_unless_index(ids)  # [cast]
    return _gather_as_tensorflow(table, rows, setting)


def _gather_as_tensorflow(table: Array, rows: Array, setting: Setting) -> Array:
    """tf.gather on axis 0: refuses on a CPU, stores zeros on a GPU, as its documentation says."""
    outside = (rows < 0) | (rows >= len(table))
    if outside.any() and setting.device == "cpu":
        raise IndexOutOfRange(_outside(rows, outside, table))  # [range]
    legal = np.where(outside, 0, rows)
    gathered = _rows(table, legal)  # [gather] [shape] [dtype]
    gathered[outside] = 0  # [device]
    return gathered


@reading(
    "embedding.lookup",
    "keras-3",
    source=(_KERAS_3, _GATHER, jax("_src/numpy/indexing.py", "take")),
)
def lookup_keras_3(table: Array, ids: Array) -> Array | AnyOf:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, integer, bool or floating.
    Returns an array of shape ids.shape + (dimension,).

    [cast] Ids of int32 and int64 MUST stay; all others MUST be cast to int32, toward zero.
    [range] What an id below 0 or from vocabulary on gives is OPEN: the engine below decides.
        A refusal, a row of zeros, a row of NaN, the row at the nearest legal id, or, for an id
        of -vocabulary … -1, the row counted from the end; alike for all ids on the same side.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    rows = _cast_unless_index(ids)  # [cast]
    vocabulary = len(table)
    sides = [
        side
        for side in (rows >= vocabulary, (rows < 0) & (rows >= -vocabulary), rows < -vocabulary)
        if side.any()
    ]
    if not sides:
        return _rows(table, rows)  # [gather] [shape] [dtype]
    allowed: list[Any] = [IndexOutOfRange(_outside(rows, sides[0], table))]  # [range]
    for manners in product(("zeros", "nan", "nearest", "from the end"), repeat=len(sides)):
        gathered = _rows(table, np.clip(rows, 0, vocabulary - 1))
        for side, manner in zip(sides, manners, strict=True):
            if manner == "from the end":
                gathered[side] = table[rows[side] % vocabulary]
            elif manner != "nearest":
                gathered[side] = 0 if manner == "zeros" else np.nan
        if all(
            _wraps_once(rows, side, vocabulary)
            for side, manner in zip(sides, manners, strict=True)
            if manner == "from the end"
        ):
            allowed.append(gathered)
    return AnyOf(tuple(allowed))


def _wraps_once(rows: Array, side: Array, vocabulary: int) -> bool:
    """Whether the ids on a side are those that counting from the end gives a row."""
    return bool(((rows[side] < 0) & (rows[side] >= -vocabulary)).all())


@reading("embedding.lookup", "torch", source=_TORCH)
def lookup_torch(table: Array, ids: Array, *, setting: Setting) -> Array | AnyOf:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, int32 or int64.
    Returns an array of shape ids.shape + (dimension,).

    [ids-dtype] Ids of a dtype other than int32 and int64 MUST be refused.
    [range] On a CPU an id below 0 or from vocabulary on MUST be refused.
    [device] On another device what such an id gives is OPEN: a refusal, or a row of NaN or zeros.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    if ids.dtype not in (np.int32, np.int64):
        raise TypeRefused(f"ids are int32 or int64, these are {ids.dtype}")  # [ids-dtype]
    outside = (ids < 0) | (ids >= len(table))
    if not outside.any():
        return _rows(table, ids)  # [gather] [shape] [dtype]
    refusal = IndexOutOfRange(_outside(ids, outside, table), shows_as=("IndexError",))
    if setting.device == "cpu":
        raise refusal  # [range]
    zeros, nans = (_rows(table, np.where(outside, 0, ids)) for _ in range(2))
    zeros[outside], nans[outside] = 0, np.nan
    return AnyOf((refusal, zeros, nans))  # [device]


def _rows(table: Array, rows: Array) -> Array:
    """The rows of the table, always a copy: plain indexing with a scalar would give a view."""
    return np.take(table, rows, axis=0)


def _cast_unless_index(ids: Array) -> Array:
    """int32 and int64 as they are, everything else as int32, truncated toward zero."""
    return ids if ids.dtype in (np.int32, np.int64) else ids.astype(np.int32)


def _outside(rows: Array, outside: Array, table: Array) -> str:
    """The message of a refusal: which id, and the legal range."""
    return f"id {rows[outside].flat[0]} is outside 0 … {len(table) - 1}"


@reading("embedding.equivalence", "keras-2.2", source=_KERAS_2_2)
@reading("embedding.equivalence", "torch", source=_TORCH)
def equivalence(
    table: Array, ids: Array, upstream: Array, route: str, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded]:
    """Lookup, the one-hot product and a Dense layer without bias on one-hot rows are one function.

    table: finite (vocabulary, dimension). ids: legal ids, int32 or int64, any shape.
    upstream: finite, ids.shape + (dimension,), the gradient that arrives at the output.
    route: "lookup", "one-hot" or "dense", the way the backend goes.
    Returns the output, and the gradient of the table, in the dtype of the table.

    [value] On every route the output MUST equal the rows that the ids name, up to the sign of zero.
    [gradient] On every route the gradient of the table MUST be the sum of the outer products of
        the one-hot rows and the upstream gradient, which is the sum over equal ids.
    """
    rows = _rows(table, ids).astype(working.dtype)
    value = Bounded(rows, np.abs(rows), np.zeros((), np.int64), table.dtype)  # [value]
    return value, gradient(table, ids, upstream, working=working)  # [gradient]


@reading("embedding.gradient", "keras-2.2", source=(_KERAS_2_2, _GATHER))
@reading("embedding.gradient", "torch", source=_TORCH)
def gradient(table: Array, ids: Array, upstream: Array, *, working: Working = ORACLE) -> Bounded:
    """The gradient of the table collects, row by row, what arrives at the positions of that id.

    table: (vocabulary, dimension). ids: legal ids, int32 or int64, any shape.
    upstream: ids.shape + (dimension,), the gradient that arrives at the output.
    Returns the gradient of the table, (vocabulary, dimension), in the dtype of the table.

    [duplicates] A row MUST get the sum over all positions that name it: not the mean, not the last.
    [untouched] A row that no position names MUST get exactly zero.
    """
    dimension = table.shape[1]
    flat_ids = ids.reshape(-1)
    order = working.order(flat_ids.size)
    arriving = upstream.reshape(-1, dimension).astype(working.dtype)
    total = np.zeros(table.shape, working.dtype)  # [untouched]
    np.add.at(total, flat_ids[order], arriving[order])  # [duplicates]
    magnitude = np.zeros(table.shape, working.dtype)
    np.add.at(magnitude, flat_ids, np.abs(arriving))
    uses = np.bincount(flat_ids, minlength=len(table))
    return Bounded(total, magnitude, np.maximum(uses - 1, 0)[:, None], table.dtype)


@reading("embedding.mask", "keras-2.2", source=_KERAS_2_2)
def mask(ids: Array, mask_zero: bool) -> Array | AnyOf | None:
    """With `mask_zero` an embedding layer masks the positions whose id is 0.

    ids: (batch, ...), integer, bool or floating. mask_zero: the layer's option.
    Returns a mask of the shape of the ids, or None.

    [off] Without `mask_zero` the mask MUST be None.
    [zero] With it the mask MUST be False where the id is 0 and True elsewhere, negative ids included.
    [as-received] The ids MUST be compared as they were given, before any cast: 0.5 is valid,
        although it looks up row 0.
    [bool] What bool ids give is OPEN: a refusal, or False where the id is False.
    """
    if not mask_zero:
        return None  # [off]
    valid = np.asarray(ids != 0)  # [zero] [as-received]
    if ids.dtype == np.bool_:
        return AnyOf((TypeRefused("ids are numbers, these are bool"), valid))  # [bool]
    return valid
