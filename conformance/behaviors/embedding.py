"""Behaviors of the chapter embedding."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from conformance.tolerance import unit_roundoff
from reference.embedding import (
    bag,
    bag_gradient,
    constraint,
    containers_keras_3,
    equivalence_keras_3,
    gradient,
    lookup_keras_3,
    mask,
    sparse,
    step_keras,
)
from reference.embedding import place as place_of_layer
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded

Array = np.ndarray[Any, Any]


def products_in_float32(table: Array, ids: Array, upstream: Array, route: str) -> Any:
    """Matrix products of float64 operands are computed in float32, and their result stays float32.

    The output is float32; the gradient of the table goes through float32 and is float64 again.
    """
    said = equivalence_keras_3(table, ids, upstream, route)
    if table.dtype != np.float64 or route == "lookup":
        return said
    refusals, (value, gradient) = (
        (said.allowed[:1], said.allowed[1]) if isinstance(said, AnyOf) else ((), said)
    )
    single = np.dtype(np.float32)
    ratio = unit_roundoff(single) / unit_roundoff(np.dtype(np.float64))
    product = (
        Bounded(value.value, value.magnitude, np.ones((), np.int64), single),
        Bounded(gradient.value, gradient.magnitude * ratio, gradient.roundings + 1, gradient.dtype),
    )
    return AnyOf((*refusals, product)) if refusals else product


def ids_through_int32(table: Array, ids: Array) -> Any:
    """Ids of int64 are cast to int32 as all others are, so that 2**32 + 1 is row 1."""
    return lookup_keras_3(table, ids.astype(np.int32))


def ids_compared_in_32_bits(ids: Array, mask_zero: bool, incoming: Array | None) -> Any:
    """Ids of 64 bits lose the upper half before they are compared with 0."""
    narrow = {"int64": np.int32, "uint64": np.uint32}.get(ids.dtype.name, ids.dtype)
    return mask(ids.astype(narrow), mask_zero, incoming)


def subnormal_ids_are_zero(ids: Array, mask_zero: bool, incoming: Array | None) -> Any:
    """Floating ids below the normal numbers of their dtype are flushed to 0 before they are compared."""
    flushed = np.where(np.abs(ids) < np.finfo(ids.dtype).tiny, np.zeros((), ids.dtype), ids)
    return mask(flushed, mask_zero, incoming)


def no_uint64_arrays(table: Array, ids: Array, container: str) -> Any:
    """A numpy array of uint64 is refused."""
    if container == "array" and ids.dtype == np.uint64:
        raise Refused("Keras on torch has no uint64")
    return containers_keras_3(table, ids, container)


def no_training_in_a_place(
    table: Array, ids: Array, upstream: Array, learning_rate: float, place: str | None
) -> Any:
    """A layer that was built under the name of a device cannot be trained: it finds no gradients."""
    if place is not None:
        raise Refused("there are no gradients for any variable")
    return place_of_layer(table, ids, upstream, learning_rate, place)


def no_bags_without_columns(**inputs: Any) -> Any:
    """Ids of the shape (bags, 0) are refused where each row is an empty bag."""
    if inputs["ids"].ndim == 2 and inputs["ids"].shape[1] == 0:
        raise Refused("a step of 0", shows_as=("RuntimeError",))
    return bag(**inputs)


def first_nan_alone(**inputs: Any) -> Any:
    """The largest of a bag takes a later value only if it compares greater, which NaN never does."""
    table, ids, offsets = inputs["table"], inputs["ids"], inputs["offsets"]
    ends = [*offsets, ids.size]
    rows = []
    for begin, end in pairwise(ends):
        largest = table[ids[begin]].copy()
        for id in ids[begin:end]:
            largest = np.where(table[id] > largest, table[id], largest)
        rows.append(largest)
    return np.stack(rows)


def frequency_of_a_neighbor(**inputs: Any) -> Any:
    """The gradient of the n-th row in use is divided by the count of the n-th id in ascending order."""
    said = bag_gradient(**{**inputs, "scale_grad_by_freq": False})
    assert isinstance(said, tuple)
    plain, of_weights = said
    ascending = np.sort(inputs["ids"].reshape(-1))
    names, counts = np.unique(ascending, return_counts=True)
    divisors = np.ones((len(inputs["table"]), 1))
    for number, name in enumerate(names):
        divisors[name] = counts[np.searchsorted(names, ascending[number])]
    scaled = Bounded(plain.value / divisors, plain.magnitude / divisors, plain.roundings + 2, plain.dtype)
    return scaled, of_weights


def no_sum_of_sparse_halves(
    table: Array, ids: Array, upstream: Array, padding_idx: int | None, times: int
) -> Any:
    """A sparse gradient of float16 cannot be accumulated."""
    if table.dtype == np.float16 and times > 1:
        raise Refused("sparse tensors of float16 cannot be added", shows_as=("NotImplementedError",))
    return sparse(table, ids, upstream, padding_idx, times)


def no_sparse_scalars(table: Array, ids: Array, upstream: Array, padding_idx: int | None, times: int) -> Any:
    """A sparse gradient of ids of shape () is refused where there is a padding row."""
    if ids.ndim == 0 and padding_idx is not None:
        raise Refused("a scalar has no positions", shows_as=("IndexError",))
    return sparse(table, ids, upstream, padding_idx, times)


def squares_before_sums(
    table: Array, ids: list[Array], upstream: list[Array], optimizer: str, options: dict[str, float]
) -> Any:
    """Adam's average of squares takes the square at each position, and sums over equal ids afterwards."""
    said = step_keras(table, ids, upstream, optimizer, options)
    if optimizer == "sgd":
        return said
    decay_1, decay_2 = options["beta_1"], options["beta_2"]
    value, mean, square = table.astype(np.float64), np.zeros(table.shape), np.zeros(table.shape)
    magnitude = np.abs(value)
    for time, (batch, arriving) in enumerate(zip(ids, upstream, strict=True), 1):
        mean = decay_1 * mean + (1 - decay_1) * gradient(table, batch, arriving).value
        square = decay_2 * square + (1 - decay_2) * gradient(table, batch, arriving**2).value
        rate = options["learning_rate"] * np.sqrt(1 - decay_2**time) / (1 - decay_1**time)
        update = rate * mean / (np.sqrt(square) + options["epsilon"])
        value, magnitude = value - update, magnitude + np.abs(update)
    return Bounded(value, magnitude, said.roundings, said.dtype)


def constraint_in_float32(table: Array, ids: Array, upstream: Array, learning_rate: float) -> Any:
    """A constraint on a table of float64 rounds all of it to float32."""
    said = constraint(table, ids, upstream, learning_rate)
    if table.dtype != np.float64:
        return said
    ratio = unit_roundoff(np.dtype(np.float32)) / unit_roundoff(np.dtype(np.float64))
    return Bounded(said.value, said.magnitude * ratio, said.roundings + 1, said.dtype)


def constraint_needs_float32(table: Array, ids: Array, upstream: Array, learning_rate: float) -> Any:
    """A constraint that no element is negative is refused for a table of another dtype than float32."""
    if table.dtype != np.float32:
        raise Refused("a mask of float32 does not go with another dtype", shows_as=("InvalidArgumentError",))
    return constraint(table, ids, upstream, learning_rate)


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "products-in-float32": products_in_float32,
    "ids-through-int32": ids_through_int32,
    "ids-compared-in-32-bits": ids_compared_in_32_bits,
    "subnormal-ids-are-zero": subnormal_ids_are_zero,
    "no-uint64-arrays": no_uint64_arrays,
    "no-training-in-a-place": no_training_in_a_place,
    "no-bags-without-columns": no_bags_without_columns,
    "first-nan-alone": first_nan_alone,
    "frequency-of-a-neighbor": frequency_of_a_neighbor,
    "no-sparse-scalars": no_sparse_scalars,
    "squares-before-sums": squares_before_sums,
    "constraint-in-float32": constraint_in_float32,
    "constraint-needs-float32": constraint_needs_float32,
    "no-sum-of-sparse-halves": no_sum_of_sparse_halves,
}
