"""Lookup: ids in, rows out."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from reference.clause import reading
from reference.embedding.origins import (
    GATHER,
    KERAS_2,
    KERAS_2_2,
    KERAS_3,
    TORCH,
    Array,
    out_of_range,
    outside_of,
    rows_of,
)
from reference.errors import TypeRefused
from reference.outcomes import AnyOf, Setting
from reference.sources import jax, keras, tf_keras


@reading("embedding.lookup", "keras-2.2", source=(KERAS_2_2, GATHER))
def lookup_keras_2_2(table: Array, ids: Array, *, setting: Setting) -> Array | AnyOf:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, integer, bool or floating.
    Returns an array of shape ids.shape + (dimension,).

    [cast] Ids of any dtype other than int32 MUST be cast to int32 first, toward zero.
    [width] An integer id MUST lose the bits that int32 has no place for.
    [huge] What NaN gives, and a floating id that int32 cannot hold, is OPEN: a refusal, a row of
        zeros or of NaN, or the first or the last row.
    [range] On a CPU an id below 0 or from vocabulary on MUST be refused.
    [device] On a GPU such an id MUST give a row of zeros.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    if (huge := _beyond_int32(ids)).any():
        return _any_edge(table, ids, huge)  # [huge]
    rows = ids.astype(np.int32)  # [cast] [width]
    return _gather_as_tensorflow(table, rows, setting)


@reading("embedding.lookup", "keras-2", source=(*KERAS_2, GATHER))
def lookup_keras_2(table: Array, ids: Array, *, setting: Setting) -> Array | AnyOf:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, integer, bool or floating.
    Returns an array of shape ids.shape + (dimension,).

    [cast] Ids of int32 and int64 MUST stay; all others MUST be cast to int32, toward zero.
    [width] An id of int64 MUST count with all its bits: 2**32 + 1 is not row 1. An id of uint32 or
        uint64 MUST lose the bits that int32 has no place for.
    [huge] What NaN gives, and a floating id that int32 cannot hold, is OPEN: a refusal, a row of
        zeros or of NaN, or the first or the last row.
    [range] On a CPU an id below 0 or from vocabulary on MUST be refused.
    [device] On a GPU such an id MUST give a row of zeros.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    if (huge := _beyond_int32(ids)).any():
        return _any_edge(table, ids, huge)  # [huge]
    rows = _cast_unless_index(ids)  # [cast] [width]
    return _gather_as_tensorflow(table, rows, setting)


def _gather_as_tensorflow(table: Array, rows: Array, setting: Setting) -> Array:
    """tf.gather on axis 0: refuses on a CPU, stores zeros on a GPU, as its documentation says."""
    outside = outside_of(table, rows)
    if outside.any() and setting.device == "cpu":
        raise out_of_range(table, rows)  # [range]
    legal = np.where(outside, 0, rows)
    gathered = rows_of(table, legal)  # [gather] [shape] [dtype]
    gathered[outside] = 0  # [device]
    return gathered


@reading(
    "embedding.lookup",
    "keras-3",
    source=(KERAS_3, GATHER, jax("_src/numpy/indexing.py", "take")),
)
def lookup_keras_3(table: Array, ids: Array) -> Array | AnyOf:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, integer, bool or floating.
    Returns an array of shape ids.shape + (dimension,).

    [cast] Ids of int32 and int64 MUST stay; all others MUST be cast to int32, toward zero.
    [width] An id of int64 MUST count with all its bits: 2**32 + 1 is not row 1. An id of uint32 or
        uint64 MUST lose the bits that int32 has no place for.
    [huge] What NaN gives, and a floating id that int32 cannot hold, is OPEN: a refusal, a row of
        zeros or of NaN, or the first or the last row.
    [range] What an id below 0 or from vocabulary on gives is OPEN: the engine below decides.
        A refusal, a row of zeros, a row of NaN, the row at the nearest legal id, or, for an id
        of -vocabulary … -1, the row counted from the end; alike for all ids on the same side.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    if (huge := _beyond_int32(ids)).any():
        return _any_edge(table, ids, huge)  # [huge]
    rows = _cast_unless_index(ids)  # [cast] [width]
    vocabulary = len(table)
    sides = [
        side
        for side in (rows >= vocabulary, (rows < 0) & (rows >= -vocabulary), rows < -vocabulary)
        if side.any()
    ]
    if not sides:
        return rows_of(table, rows)  # [gather] [shape] [dtype]
    allowed: list[Any] = [out_of_range(table, rows)]  # [range]
    for manners in product(("zeros", "nan", "nearest", "from the end"), repeat=len(sides)):
        gathered = rows_of(table, np.clip(rows, 0, vocabulary - 1))
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


@reading("embedding.lookup", "torch", source=TORCH)
def lookup_torch(table: Array, ids: Array, *, setting: Setting) -> Array | AnyOf:
    """The output at a position is the row of the table that the id there names.

    table: floating (vocabulary, dimension). ids: any shape, int32 or int64.
    Returns an array of shape ids.shape + (dimension,).

    [ids-dtype] Ids of a dtype other than int32 and int64 MUST be refused.
    [width] An id of int64 MUST count with all its bits: 2**32 + 1 is not row 1.
    [range] On a CPU an id below 0 or from vocabulary on MUST be refused.
    [device] On another device what such an id gives is OPEN: a refusal, or a row of NaN or zeros.
    [gather] Every output row MUST equal the table's row bit for bit, whatever other rows hold.
    [shape] The shape MUST be ids.shape + (dimension,), for a scalar and for no ids as well.
    [dtype] The dtype MUST be the dtype of the table.
    """
    if ids.dtype not in (np.int32, np.int64):
        raise TypeRefused(f"ids are int32 or int64, these are {ids.dtype}")  # [ids-dtype]
    outside = outside_of(table, ids)  # [width]
    if not outside.any():
        return rows_of(table, ids)  # [gather] [shape] [dtype]
    refusal = out_of_range(table, ids, shows_as=("IndexError",))
    if setting.device == "cpu":
        raise refusal  # [range]
    zeros, nans = (rows_of(table, np.where(outside, 0, ids)) for _ in range(2))
    zeros[outside], nans[outside] = 0, np.nan
    return AnyOf((refusal, zeros, nans))  # [device]


def _cast_unless_index(ids: Array) -> Array:
    """int32 and int64 as they are, everything else as int32, truncated toward zero."""
    return ids if ids.dtype in (np.int32, np.int64) else ids.astype(np.int32)


def _beyond_int32(ids: Array) -> Array:
    """Where a floating id is NaN or nothing that int32 holds: bool, shape of the ids."""
    if ids.dtype.kind != "f":
        return np.zeros(ids.shape, bool)
    limits, values = np.iinfo(np.int32), ids.astype(np.float64)
    return np.asarray(~((values > limits.min - 1.0) & (values < limits.max + 1.0)))


def _any_edge(table: Array, ids: Array, huge: Array) -> AnyOf:
    """A refusal, or rows of which those at `huge` are all zeros, all NaN, the first or the last."""
    allowed: list[Any] = [out_of_range(table, np.where(huge, -1, ids))]
    for edge in (np.zeros_like(table[0]), np.full_like(table[0], np.nan), table[0], table[-1]):
        gathered = rows_of(table, np.where(huge, 0, ids).astype(np.int32))
        gathered[huge] = edge
        allowed.append(gathered)
    return AnyOf(tuple(allowed))


@reading("embedding.containers", "keras-2.2", source=KERAS_2_2)
@reading(
    "embedding.containers", "keras-2", source=(*KERAS_2, tf_keras("engine/base_layer.py", "Layer.__call__"))
)
def containers_keras_2(table: Array, ids: Array, container: str, *, setting: Setting) -> Any:
    """Ids that come in an array are looked up as if they came in a tensor.

    table: floating (vocabulary, dimension). ids: legal ids, of any shape and dtype, not empty.
    container: "tensor", "array" (numpy), or "list" (nested Python lists of numbers).
    Returns an array of shape ids.shape + (dimension,).

    [list] What a list gives is OPEN: a refusal, or the rows.
    [array] An array MUST give what a tensor of the same dtype gives.
    """
    rows = lookup_keras_2(table, ids, setting=setting)
    if container == "list":
        return AnyOf((_not_a_tensor(container), rows))  # [list]
    return rows  # [array]


@reading(
    "embedding.containers",
    "keras-3",
    source=(KERAS_3, keras("v3.15.1", "layers/layer.py", "Layer.__call__")),
)
def containers_keras_3(table: Array, ids: Array, container: str) -> Any:
    """Ids that come in an array are looked up as if they came in a tensor; lists are refused.

    table: floating (vocabulary, dimension). ids: legal ids, of any shape and dtype, not empty.
    container: "tensor", "array" (numpy), or "list" (nested Python lists of numbers).
    Returns an array of shape ids.shape + (dimension,).

    [list] A list of numbers MUST be refused: only tensors are positional arguments of a layer.
    [array] An array MUST give what a tensor of the same dtype gives.
    """
    if container == "list":
        raise _not_a_tensor(container)  # [list]
    return lookup_keras_3(table, ids)  # [array]


@reading("embedding.containers", "torch", source=TORCH)
def containers_torch(table: Array, ids: Array, container: str, *, setting: Setting) -> Any:
    """Ids come in tensors alone.

    table: floating (vocabulary, dimension). ids: legal ids, of any shape and dtype, not empty.
    container: "tensor", "array" (numpy), or "list" (nested Python lists of numbers).
    Returns an array of shape ids.shape + (dimension,).

    [list] A list MUST be refused.
    [array] An array MUST be refused.
    """
    if container != "tensor":
        raise _not_a_tensor(container)  # [list] [array]
    return lookup_torch(table, ids, setting=setting)


def _not_a_tensor(container: str) -> TypeRefused:
    return TypeRefused(
        f"ids come in a tensor, not in a {container}", shows_as=("TypeError", "ValueError", "AttributeError")
    )
