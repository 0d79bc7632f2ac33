"""The gradient of the table, and the products that have the same one."""

from __future__ import annotations

import numpy as np

from reference.clause import reading
from reference.embedding.origins import (
    GATHER,
    KERAS_2,
    KERAS_2_2,
    KERAS_3,
    TORCH,
    Array,
    native,
    outside_of,
    rows_of,
)
from reference.errors import IndexOutOfRange, Refused, TypeRefused
from reference.outcomes import ORACLE, AnyOf, Bounded, Setting, Working
from reference.sources import keras, tensorflow, torch

_ONE_HOT_REFUSALS = ("RuntimeError", "IndexError", "InvalidArgumentError", "ValueError")


@reading(
    "embedding.equivalence",
    "keras-2.2",
    source=(KERAS_2_2, keras("2.2.5", "backend/tensorflow_backend.py", "one_hot")),
)
@reading(
    "embedding.equivalence", "keras-2", source=(*KERAS_2, tensorflow("python/ops/array_ops.py", "one_hot"))
)
def equivalence(
    table: Array, ids: Array, upstream: Array, route: str, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded]:
    """Lookup, the one-hot product and a Dense layer without bias on one-hot rows are one function.

    table: finite (vocabulary, dimension). ids: int32 or int64, any shape; legal on the route "lookup".
    upstream: finite, ids.shape + (dimension,), the gradient that arrives at the output.
    route: "lookup", "one-hot" or "dense", the way the backend goes.
    Returns the output, and the gradient of the table, in the dtype of the table.

    [value] On every route the output MUST equal the rows that the ids name, up to the sign of zero.
    [gradient] On every route the gradient of the table MUST be the sum of the outer products of
        the one-hot rows and the upstream gradient, which is the sum over equal ids.
    [outside] An id outside the table has a one-hot row of zeros: on the routes "one-hot" and
        "dense" it MUST give a row of zeros and no gradient. Here a lookup cannot agree.
    """
    outside = outside_of(table, ids)
    rows = rows_of(table, np.where(outside, 0, ids)).astype(working.dtype)
    rows[outside] = 0  # [outside]
    value = Bounded(rows, np.abs(rows), np.zeros((), np.int64), table.dtype)  # [value]
    return value, gradient(table, ids[~outside], upstream[~outside], working=working)  # [gradient]


@reading("embedding.equivalence", "keras-3", source=(KERAS_3, keras("v3.15.1", "ops/nn.py", "one_hot")))
def equivalence_keras_3(
    table: Array, ids: Array, upstream: Array, route: str, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded] | AnyOf:
    """Lookup, the one-hot product and a Dense layer without bias on one-hot rows are one function.

    table: finite (vocabulary, dimension). ids: int32 or int64, any shape; legal on the route "lookup".
    upstream: finite, ids.shape + (dimension,), the gradient that arrives at the output.
    route: "lookup", "one-hot" or "dense", the way the backend goes.
    Returns the output, and the gradient of the table, in the dtype of the table.

    [value] On every route the output MUST equal the rows that the ids name, up to the sign of zero.
    [gradient] On every route the gradient of the table MUST be the sum of the outer products of
        the one-hot rows and the upstream gradient, which is the sum over equal ids.
    [outside] What an id outside the table gives on the routes "one-hot" and "dense" is OPEN: a
        refusal, or a row of zeros and no gradient. Here a lookup cannot agree.
    """
    product = equivalence(table, ids, upstream, route, working=working)
    if outside_of(table, ids).any():
        return AnyOf(
            (IndexOutOfRange("an id has no one-hot row", shows_as=_ONE_HOT_REFUSALS), product)
        )  # [outside]
    return product  # [value] [gradient]


@reading(
    "embedding.equivalence",
    "torch",
    source=(*TORCH, torch("nn/functional.py", "one_hot"), native("Onehot.cpp", "one_hot")),
)
def equivalence_torch(
    table: Array, ids: Array, upstream: Array, route: str, *, setting: Setting, working: Working = ORACLE
) -> tuple[Bounded, Bounded] | AnyOf:
    """Lookup, the one-hot product and a Dense layer without bias on one-hot rows are one function.

    table: finite (vocabulary, dimension). ids: int32 or int64, any shape; legal on the route "lookup".
    upstream: finite, ids.shape + (dimension,), the gradient that arrives at the output.
    route: "lookup", "one-hot" or "dense", the way the backend goes.
    Returns the output, and the gradient of the table, in the dtype of the table.

    [value] On every route the output MUST equal the rows that the ids name, up to the sign of zero.
    [gradient] On every route the gradient of the table MUST be the sum of the outer products of
        the one-hot rows and the upstream gradient, which is the sum over equal ids.
    [outside] On a CPU an id outside the table MUST be refused on every route: it has no one-hot row.
    [device] On another device such an id is OPEN: a refusal, or a row of zeros and no gradient.
    """
    if outside_of(table, ids).any():
        refusal = IndexOutOfRange("an id has no one-hot row", shows_as=_ONE_HOT_REFUSALS)
        if setting.device == "cpu":
            raise refusal  # [outside]
        return AnyOf((refusal, equivalence(table, ids, upstream, route, working=working)))  # [device]
    return equivalence(table, ids, upstream, route, working=working)  # [value] [gradient]


@reading("embedding.gradient", "keras-2.2", source=(KERAS_2_2, GATHER))
@reading("embedding.gradient", "keras-2", source=(*KERAS_2, GATHER))
@reading("embedding.gradient", "keras-3", source=(KERAS_3, GATHER))
@reading("embedding.gradient", "torch", source=TORCH)
def gradient(table: Array, ids: Array, upstream: Array, *, working: Working = ORACLE) -> Bounded:
    """The gradient of the table collects, row by row, what arrives at the positions of that id.

    table: (vocabulary, dimension). ids: legal ids, int32 or int64, any shape.
    upstream: ids.shape + (dimension,), the gradient that arrives at the output.
    Returns the gradient of the table, (vocabulary, dimension), in the dtype of the table.

    [duplicates] A row MUST get the sum over all positions that name it: not the mean, not the last.
    [untouched] A row that no position names MUST get exactly zero.

    >>> up = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> gradient(np.zeros((4, 1)), np.array([1, 1, 3, 0, 1]), up).value.ravel()
    array([4., 8., 0., 3.])
    """
    dimension = table.shape[1]
    flat_ids = ids.reshape(-1)
    order = working.order(flat_ids.size)
    arriving = upstream.reshape(-1, dimension).astype(working.dtype)
    total = np.zeros(table.shape, working.dtype)  # [untouched]
    np.add.at(total, flat_ids[order], arriving[order])  # [duplicates]
    magnitude = np.zeros(table.shape, working.dtype)
    np.add.at(magnitude, flat_ids, np.abs(arriving))
    return Bounded(total, magnitude, np.maximum(uses(table, ids) - 1, 0)[:, None], table.dtype)


def uses(table: Array, ids: Array) -> Array:
    """How many positions name each row: int64 (vocabulary,)."""
    return np.bincount(ids.reshape(-1).astype(np.int64), minlength=len(table))


@reading("embedding.padding", "torch", source=TORCH)
def padding(
    table: Array, ids: Array, upstream: Array, padding_idx: int, *, working: Working = ORACLE
) -> tuple[Array, Bounded]:
    """The padding row is looked up like any other, and learns nothing.

    table: finite (vocabulary, dimension). ids: legal ids. upstream: ids.shape + (dimension,).
    padding_idx: a row; below 0 it counts from the end.
    Returns the output, and the gradient of the table.

    [refused] A padding row outside -vocabulary … vocabulary - 1 MUST be refused.
    [forward] The output at a padding position MUST be the row that the table holds there, not zeros.
    [gradient] The gradient of the padding row MUST be exactly zero.
    [others] All other rows MUST get the sum over their positions.

    >>> up = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> padding(np.ones((4, 1)), np.array([1, 1, 3, 0, 1]), up, -3)[1].value.ravel()
    array([4., 0., 0., 3.])
    """
    row = _padding_row(table, padding_idx)  # [refused]
    learns = ids != row
    return rows_of(table, ids), gradient(
        table, ids[learns], upstream[learns], working=working
    )  # [forward] [gradient] [others]


def _padding_row(table: Array, padding_idx: int) -> int:
    """The row that a padding id names; a refusal if there is none."""
    if not -len(table) <= padding_idx < len(table):
        raise Refused(f"padding row {padding_idx} is no row of {len(table)}", shows_as=("AssertionError",))
    return padding_idx % len(table)


@reading("embedding.padding-row", "torch", source=TORCH)
def padding_row(vocabulary: int, padding_idx: int | None) -> Array:
    """A new table is random but for its padding row, which is zero.

    vocabulary: int > 0. padding_idx: a legal row, below 0 counted from the end, or None.
    Returns which rows hold nothing but zeros: bool (vocabulary,).

    [zero] The padding row MUST be all zeros.
    [random] No other row MUST be all zeros, nor any row if there is no padding.
    """
    rows = np.arange(vocabulary)
    if padding_idx is None:
        return rows < 0  # [random]
    return np.asarray(rows == padding_idx % vocabulary)  # [zero] [random]


@reading(
    "embedding.frequency", "torch", source=(*TORCH, native("Embedding.cpp", "embedding_dense_backward_cpu"))
)
def frequency(
    table: Array,
    ids: Array,
    upstream: Array,
    padding_idx: int | None,
    sparse: bool,
    *,
    working: Working = ORACLE,
) -> Bounded | AnyOf:
    """With `scale_grad_by_freq` the gradient of a row is the mean over the positions that name it.

    table: finite (vocabulary, dimension). ids: legal ids. upstream: ids.shape + (dimension,).
    padding_idx: a legal row, or None. sparse: whether the gradient is asked for as a sparse tensor.
    Returns the gradient of the table.

    [mean] A row's gradient MUST be the sum over its positions, divided by their number in all ids.
    [padding] The gradient of the padding row MUST be exactly zero.
    [untouched] A row that no position names MUST get exactly zero.
    [sparse] What `sparse` gives besides is OPEN: a refusal, or the same gradient.

    >>> up = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> frequency(np.ones((4, 1)), np.array([1, 1, 3, 0, 1]), up, None, False).value.ravel().round(3)
    array([4.   , 2.667, 0.   , 3.   ])
    """
    learns = ids != (-1 if padding_idx is None else padding_idx % len(table))  # [padding]
    total = gradient(table, ids[learns], upstream[learns], working=working)
    times = np.maximum(uses(table, ids), 1)[:, None]
    shares = times.astype(working.dtype)
    roundings = np.where(times > 1, total.roundings + 2, total.roundings)
    mean = Bounded(
        total.value / shares, total.magnitude / shares, roundings, table.dtype
    )  # [mean] [untouched]
    if sparse:
        return AnyOf((TypeRefused("a sparse gradient is not scaled"), mean))  # [sparse]
    return mean


@reading("embedding.sparse", "torch", source=TORCH)
def sparse(
    table: Array,
    ids: Array,
    upstream: Array,
    padding_idx: int | None,
    times: int,
    *,
    working: Working = ORACLE,
) -> tuple[bool, Bounded]:
    """A sparse gradient, made dense, is the dense gradient, also when it was accumulated.

    table: finite (vocabulary, dimension). ids: legal ids. upstream: ids.shape + (dimension,).
    padding_idx: a legal row, or None. times: how often the same gradient is accumulated.
    Returns whether the gradient is sparse, and the gradient made dense.

    [sparse] The gradient MUST be a sparse tensor.
    [dense] Made dense it MUST be the sum over the positions of each row; the padding row gets zero.
    [accumulated] Accumulated, it MUST be the sum over all backward passes.
    """
    learns = ids != (-1 if padding_idx is None else padding_idx % len(table))
    again = [np.concatenate([part[learns]] * times) for part in (ids, upstream)]
    return True, gradient(table, *again, working=working)  # [sparse] [dense] [accumulated]
