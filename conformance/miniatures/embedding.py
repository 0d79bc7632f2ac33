"""Miniatures of the chapter embedding."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import embedding
from reference.errors import IndexOutOfRange
from reference.outcomes import Setting

Array = np.ndarray[Any, Any]


class IdsWrapped(Miniature):
    """A negative id counts from the end of the table."""

    dialect = "torch"
    clause = "embedding.lookup"
    law = "test_an_id_outside_the_table_does_what_the_reading_says"
    notice = "a padding id of -1 silently looks up the last token"

    @operation("embedding.lookup")
    def looked_up(self, table: Array, ids: Array) -> Any:
        wrapped = np.where(ids < 0, ids + len(table), ids).astype(ids.dtype)
        return embedding.lookup_torch(table, wrapped, setting=Setting())


class IdsClipped(Miniature):
    """An id outside the table looks up the nearest row."""

    dialect = "keras-2"
    clause = "embedding.lookup"
    law = "test_an_id_outside_the_table_does_what_the_reading_says"
    notice = "unknown tokens silently become the last one"

    @operation("embedding.lookup")
    def looked_up(self, table: Array, ids: Array) -> Any:
        return np.take(table, ids.astype(np.int64), axis=0, mode="clip")


class DuplicatesOverwrite(Miniature):
    """The gradient of a row is what arrived at its last position, not the sum."""

    dialect = "torch"
    clause = "embedding.gradient"
    law = "test_the_gradient_of_a_row_is_the_sum_over_its_positions"
    notice = "frequent tokens learn as slowly as rare ones"

    @operation("embedding.gradient")
    def derived(self, table: Array, ids: Array, upstream: Array) -> Any:
        gradient = np.zeros_like(table)
        gradient[ids.reshape(-1)] = upstream.reshape(-1, table.shape[1])
        return gradient


class IdsThroughFloat16(Miniature):
    """Ids are cast to float16 on their way to the table."""

    dialect = "torch"
    clause = "embedding.lookup"
    law = "test_large_ids_are_not_rounded"
    notice = "odd ids above 2048 look up a neighbor under mixed precision"

    @operation("embedding.lookup")
    def looked_up(self, table: Array, ids: Array) -> Any:
        return _through(np.float16, table, ids)


class IdsThroughFloat32(Miniature):
    """Ids are cast to float32 on their way to the table."""

    dialect = "torch"
    clause = "embedding.lookup"
    law = "test_large_ids_are_not_rounded"
    notice = "odd ids above 2^24 look up a neighbor"

    @operation("embedding.lookup")
    def looked_up(self, table: Array, ids: Array) -> Any:
        return _through(np.float32, table, ids)


def _through(dtype: Any, table: Array, ids: Array) -> Any:
    if ids.dtype not in (np.int32, np.int64):
        return embedding.lookup_torch(table, ids, setting=Setting())
    with np.errstate(over="ignore"):
        cast = ids.astype(dtype)
    rounded = np.where(np.isfinite(cast), cast, ids).astype(ids.dtype)
    if ((rounded < 0) | (rounded >= len(table))).any():
        raise IndexOutOfRange("an id outside the table")
    return np.take(table, rounded, axis=0)


class MaskFromPositiveIds(Miniature):
    """`mask_zero` masks every id that is not above 0."""

    dialect = "keras-2"
    clause = "embedding.mask"
    law = "test_mask_zero_masks_just_the_ids_that_are_zero"
    notice = "negative ids are masked as if they were padding"

    @operation("embedding.mask")
    def masked(self, ids: Array, mask_zero: bool, incoming: Array | None) -> Any:
        said = embedding.mask(ids, mask_zero, incoming)
        return np.asarray(ids > 0) if isinstance(said, np.ndarray) else said


class TableTransposed(Miniature):
    """The table is read as (dimension, vocabulary) where both are equal."""

    dialect = "torch"
    clause = "embedding.lookup"
    law = "test_lookup_gives_the_rows_of_the_reading"
    notice = "square tables give columns"

    @operation("embedding.lookup")
    def looked_up(self, table: Array, ids: Array) -> Any:
        square = table.shape[0] == table.shape[1]
        return embedding.lookup_torch(table.T.copy() if square else table, ids, setting=Setting())


class InputsChanged(Miniature):
    """The table is scaled in place while it is looked up."""

    dialect = "torch"
    clause = "embedding.lookup"
    law = "test_lookup_gives_the_rows_of_the_reading"
    notice = "a lookup changes the weights"

    @operation("embedding.lookup")
    def looked_up(self, table: Array, ids: Array) -> Any:
        rows = embedding.lookup_torch(table, ids, setting=Setting())
        table += np.ones_like(table)
        return rows


class IdsThroughInt32(Miniature):
    """Ids of int64 lose the upper half of their bits."""

    dialect = "keras-2"
    clause = "embedding.lookup"
    law = "test_an_id_far_beyond_the_table_counts_with_all_its_bits"
    notice = "a hash that was meant to be refused looks up some row"

    @operation("embedding.lookup")
    def looked_up(self, table: Array, ids: Array) -> Any:
        narrow = ids.astype(np.int32) if ids.dtype == np.int64 else ids
        return embedding.lookup_keras_2(table, narrow, setting=Setting())


class MaskAfterCast(Miniature):
    """The mask is computed from the ids as they are looked up, after a cast to int32."""

    dialect = "keras-3"
    clause = "embedding.mask"
    law = "test_no_id_but_zero_passes_for_zero"
    notice = "ids that are multiples of 2**32 are masked"

    @operation("embedding.mask")
    def masked(self, ids: Array, mask_zero: bool, incoming: Array | None) -> Any:
        wide = ids.dtype.kind in "iu" and ids.dtype.itemsize == 8
        return embedding.mask(ids.astype(np.int32) if wide else ids, mask_zero, incoming)


class IncomingMaskMerged(Miniature):
    """A mask that the ids already carry is merged with the layer's own."""

    dialect = "keras-3"
    clause = "embedding.mask"
    law = "test_an_incoming_mask_changes_nothing"
    notice = "positions that an earlier layer masked stay masked"

    @operation("embedding.mask")
    def masked(self, ids: Array, mask_zero: bool, incoming: Array | None) -> Any:
        said = embedding.mask(ids, mask_zero, incoming)
        return said if incoming is None or not isinstance(said, np.ndarray) else said & incoming
