"""Miniatures of the chapter embedding: containers, one-hot products, lazy steps and places."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import embedding
from reference.outcomes import Setting

Array = np.ndarray[Any, Any]
Options = dict[str, float]


class ListsTaken(Miniature):
    """Ids in a list are looked up as if they came in a tensor."""

    dialect = "keras-3"
    clause = "embedding.containers"
    law = "test_ids_in_an_array_or_a_list_are_what_the_reading_says"
    notice = "a list of inputs and a list of ids are taken for each other"

    @operation("embedding.containers")
    def contained(self, table: Array, ids: Array, container: str) -> Any:
        return embedding.containers_keras_3(table, ids, "tensor")


class ArraysTaken(Miniature):
    """Ids in an array are looked up where only tensors are taken."""

    dialect = "torch"
    clause = "embedding.containers"
    law = "test_ids_in_an_array_or_a_list_are_what_the_reading_says"
    notice = "ids are copied to the device one call at a time, and nothing says so"

    @operation("embedding.containers")
    def contained(self, table: Array, ids: Array, container: str) -> Any:
        taken = "tensor" if container == "array" else container
        return embedding.containers_torch(table, ids, taken, setting=Setting())


class ProductInHalf(Miniature):
    """The one-hot product is computed in float16."""

    dialect = "keras-3"
    clause = "embedding.equivalence"
    law = "test_lookup_one_hot_product_and_dense_are_one_function"
    notice = "a model that was moved from one-hot rows to a lookup scores otherwise"

    @operation("embedding.equivalence")
    def routed(self, table: Array, ids: Array, upstream: Array, route: str) -> Any:
        rows, gradient = embedding.equivalence(table, ids, upstream, route)
        value = rows.value.astype(rows.dtype)
        if route == "lookup":
            return value, gradient
        with np.errstate(over="ignore"):
            return value.astype(np.float16).astype(rows.dtype), gradient


class DenseOverwrites(Miniature):
    """The gradient of a product with one-hot rows keeps the last of several equal ids."""

    dialect = "torch"
    clause = "embedding.equivalence"
    law = "test_lookup_one_hot_product_and_dense_are_one_function"
    notice = "frequent tokens learn more slowly on one route than on another"

    @operation("embedding.equivalence")
    def routed(self, table: Array, ids: Array, upstream: Array, route: str) -> Any:
        rows, gradient = embedding.equivalence(table, ids, upstream, route)
        if route == "lookup" or _outside(table, ids).any():
            return embedding.equivalence_torch(table, ids, upstream, route, setting=Setting())
        last = np.zeros(gradient.value.shape, gradient.dtype)
        last[ids.reshape(-1)] = upstream.reshape(-1, table.shape[1])
        return rows, last


class OneHotWraps(Miniature):
    """A negative id sets the one of its one-hot row from the end."""

    dialect = "keras-2"
    clause = "embedding.equivalence"
    law = "test_an_id_outside_the_table_has_no_one_hot_row"
    notice = "an id of -1, meant as nothing, trains the last row"

    @operation("embedding.equivalence")
    def routed(self, table: Array, ids: Array, upstream: Array, route: str) -> Any:
        near = (ids < 0) & (ids >= -len(table))
        return embedding.equivalence(table, np.where(near, ids + len(table), ids), upstream, route)


class OutsideIsZeros(Miniature):
    """An id outside the table has a one-hot row of zeros where it should be refused."""

    dialect = "torch"
    clause = "embedding.equivalence"
    law = "test_an_id_outside_the_table_has_no_one_hot_row"
    notice = "a tokenizer that is too large for the model goes unnoticed"

    @operation("embedding.equivalence")
    def routed(self, table: Array, ids: Array, upstream: Array, route: str) -> Any:
        return embedding.equivalence(table, ids, upstream, route)


class DenseForLazy(Miniature):
    """The lazy step moves rows that only an earlier step has named."""

    dialect = "torch"
    clause = "embedding.lazy-step"
    law = "test_a_lazy_step_changes_only_the_rows_that_it_names"
    notice = "every step touches the whole of a large table"

    @operation("embedding.lazy-step")
    def stepped(self, table: Array, ids: list[Array], upstream: list[Array], options: Options) -> Any:
        return embedding.step_keras(table, ids, upstream, "adam", options)


class PlacedNeverLearns(Miniature):
    """A table that is built under the name of a device is a constant."""

    dialect = "keras-3"
    clause = "embedding.place"
    law = "test_a_layer_built_under_the_name_of_a_device_learns"
    notice = "the loss stands still once a layer is placed by hand"

    @operation("embedding.place")
    def stepped(
        self, table: Array, ids: Array, upstream: Array, learning_rate: float, place: str | None
    ) -> Any:
        rate = learning_rate if place is None else 0.0
        return embedding.place(table, ids, upstream, rate, place)


def _outside(table: Array, ids: Array) -> Array:
    return np.asarray((ids < 0) | (ids >= len(table)))
