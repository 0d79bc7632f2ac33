"""Miniatures of the chapter embedding: what a layer builds, and the tables of models."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import embedding

Array = np.ndarray[Any, Any]


class BiasBuilt(Miniature):
    """The layer holds a bias beside its table."""

    dialect = "torch"
    clause = "embedding.build"
    law = "test_an_embedding_holds_one_table_and_nothing_else"
    notice = "a state dict has one entry more than another framework's"

    @operation("embedding.build")
    def built(self, vocabulary: Any, dimension: Any, dtype: str) -> Any:
        said = embedding.build_torch(vocabulary, dimension, dtype)
        if not isinstance(said, dict):
            return said
        return {**said, "shapes": [*said["shapes"], (dimension,)]}


class TableBuiltTransposed(Miniature):
    """The table is built as (dimension, vocabulary)."""

    dialect = "keras-2"
    clause = "embedding.build"
    law = "test_an_embedding_holds_one_table_and_nothing_else"
    notice = "pretrained tables do not fit"

    @operation("embedding.build")
    def built(self, vocabulary: Any, dimension: Any, dtype: str) -> Any:
        said = embedding.build_keras_2(vocabulary, dimension, dtype)
        return {**said, "shapes": [(dimension, vocabulary)]} if isinstance(said, dict) else said


class AlwaysFloat32Table(Miniature):
    """The table is float32, whatever dtype the layer was given."""

    dialect = "keras-3"
    clause = "embedding.build"
    law = "test_an_embedding_holds_one_table_and_nothing_else"
    notice = "a model in float16 takes twice the memory that was planned"

    @operation("embedding.build")
    def built(self, vocabulary: Any, dimension: Any, dtype: str) -> Any:
        return embedding.build_keras_3_15(vocabulary, dimension, "float32")


class SizesMadeWhole(Miniature):
    """A size is cast to int, so that True is 1 and 2.5 is 2."""

    dialect = "keras-3"
    clause = "embedding.build"
    law = "test_a_size_that_is_no_positive_int_does_what_the_reading_says"
    notice = "a vocabulary that was computed by a division is one row short"

    @operation("embedding.build")
    def built(self, vocabulary: Any, dimension: Any, dtype: str) -> Any:
        return embedding.build_keras_3_15(int(vocabulary), int(dimension), dtype)


class ZeroSizeBuilt(Miniature):
    """A size of 0 is accepted, and the table is empty."""

    dialect = "keras-2"
    clause = "embedding.build"
    law = "test_a_size_that_is_no_positive_int_does_what_the_reading_says"
    notice = "an empty vocabulary shows only at the first lookup"

    @operation("embedding.build")
    def built(self, vocabulary: Any, dimension: Any, dtype: str) -> Any:
        if 0 in (vocabulary, dimension) and vocabulary >= 0 and dimension >= 0:
            return {"shapes": [(int(vocabulary), int(dimension))], "dtype": dtype}
        return embedding.build_keras_2(vocabulary, dimension, dtype)


class InitializedRowByRow(Miniature):
    """The initializer is called once a row."""

    dialect = "keras-3"
    clause = "embedding.initializer"
    law = "test_the_initializer_is_asked_once_for_the_whole_table"
    notice = "an initializer that scales by the shape sees another one"

    @operation("embedding.initializer")
    def initialized(self, vocabulary: int, dimension: int, start: Array) -> Any:
        _, _, dtype, table = embedding.initializer(vocabulary, dimension, start)
        return vocabulary, (1, dimension), dtype, table


class InitializedInFloat32(Miniature):
    """The initializer is asked for float32, whatever the dtype of the table."""

    dialect = "keras-2"
    clause = "embedding.initializer"
    law = "test_the_initializer_is_asked_once_for_the_whole_table"
    notice = "a table of float64 starts with values of float32"

    @operation("embedding.initializer")
    def initialized(self, vocabulary: int, dimension: int, start: Array) -> Any:
        calls, shape, _, table = embedding.initializer(vocabulary, dimension, start)
        return calls, shape, "float32", table


class FirstSettingStays(Miniature):
    """What `trainable` is set to after the layer was built has no effect."""

    dialect = "keras-3"
    clause = "embedding.trainable"
    law = "test_the_last_setting_of_trainable_decides"
    notice = "a table that was to be unfrozen for fine-tuning never learns"

    @operation("embedding.trainable")
    def counted(self, settings: list[bool], build_after: int) -> Any:
        return embedding.trainable(settings[:build_after], build_after)


class FrozenIsNoWeight(Miniature):
    """A table that is not trainable is no longer counted among the weights."""

    dialect = "keras-2"
    clause = "embedding.trainable"
    law = "test_the_last_setting_of_trainable_decides"
    notice = "a frozen table is missing from the saved weights"

    @operation("embedding.trainable")
    def counted(self, settings: list[bool], build_after: int) -> Any:
        return (1, 0) if settings[-1] else (0, 0)


class GivenTableIgnored(Miniature):
    """A table that is given to the constructor is dropped, and the layer starts with zeros."""

    dialect = "keras-3"
    clause = "embedding.weights"
    law = "test_a_table_given_to_the_constructor_is_the_table"
    notice = "pretrained vectors have no effect, and nothing says so"

    @operation("embedding.weights")
    def given(self, table: Array, vocabulary: int, dimension: int) -> Any:
        return np.zeros_like(embedding.weights(table, vocabulary, dimension))


class GivenTableFitted(Miniature):
    """A table of another shape is repeated and cut until it fits."""

    dialect = "keras-2"
    clause = "embedding.weights"
    law = "test_a_table_given_to_the_constructor_is_the_table"
    notice = "pretrained vectors of another model are accepted"

    @operation("embedding.weights")
    def given(self, table: Array, vocabulary: int, dimension: int) -> Any:
        rows, columns = np.arange(vocabulary) % len(table), np.arange(dimension) % table.shape[1]
        return table[rows][:, columns]


class PretrainedLearns(Miniature):
    """A given table learns if nothing is said."""

    dialect = "torch"
    clause = "embedding.pretrained"
    law = "test_a_given_table_learns_or_not_as_the_dialect_says"
    notice = "pretrained vectors drift"

    @operation("embedding.pretrained")
    def started(self, table: Array, freeze: bool | None) -> Any:
        return table.copy(), not freeze


class PretrainedFrozen(Miniature):
    """A given table is frozen if nothing is said."""

    dialect = "keras-3"
    clause = "embedding.pretrained"
    law = "test_a_given_table_learns_or_not_as_the_dialect_says"
    notice = "fine-tuning leaves the table as it was"

    @operation("embedding.pretrained")
    def started(self, table: Array, freeze: bool | None) -> Any:
        return table.copy(), freeze is False


class PaddingRowRandom(Miniature):
    """A padding row that is counted from the end starts as random as the others."""

    dialect = "torch"
    clause = "embedding.padding-row"
    law = "test_a_new_table_is_zero_in_its_padding_row_alone"
    notice = "padding adds noise to every sum of embeddings"

    @operation("embedding.padding-row")
    def zeros(self, vocabulary: int, padding_idx: int | None) -> Any:
        counted = padding_idx is None or padding_idx >= 0
        return embedding.padding_row(vocabulary, padding_idx if counted else None)


class FirstRowPads(Miniature):
    """The first row is zero, although there is no padding."""

    dialect = "torch"
    clause = "embedding.padding-row"
    law = "test_a_new_table_is_zero_in_its_padding_row_alone"
    notice = "the first token of the vocabulary starts without a vector"

    @operation("embedding.padding-row")
    def zeros(self, vocabulary: int, padding_idx: int | None) -> Any:
        return embedding.padding_row(vocabulary, padding_idx or 0)


class ResizedAnew(Miniature):
    """A model that is resized starts with a new table."""

    dialect = "transformers"
    clause = "embedding.resize"
    law = "test_a_resized_model_keeps_the_rows_that_it_had"
    notice = "one added token undoes the training of all others"

    @operation("embedding.resize")
    def resized(self, table: Array, size: int, tied: bool) -> Any:
        said = embedding.resize(table, size, tied)
        return {**said, "kept": np.zeros_like(said["kept"])}


class OutputNotResized(Miniature):
    """The table of an output that is not tied keeps its size."""

    dialect = "transformers"
    clause = "embedding.resize"
    law = "test_a_resized_model_keeps_the_rows_that_it_had"
    notice = "the model can read a new token and never write it"

    @operation("embedding.resize")
    def resized(self, table: Array, size: int, tied: bool) -> Any:
        said = embedding.resize(table, size, tied)
        return said if tied else {**said, "output": table.shape}


class TiedByCopy(Miniature):
    """A tied model has two tables that start alike."""

    dialect = "transformers"
    clause = "embedding.tied"
    law = "test_a_tied_model_has_one_table"
    notice = "input and output part with the first step"

    @operation("embedding.tied")
    def tables(self, table: Array, tie: bool) -> Any:
        return False, 2


class AlwaysTied(Miniature):
    """A model is tied, whatever its configuration says."""

    dialect = "transformers"
    clause = "embedding.tied"
    law = "test_a_tied_model_has_one_table"
    notice = "an output table from a checkpoint is overwritten"

    @operation("embedding.tied")
    def tables(self, table: Array, tie: bool) -> Any:
        return embedding.tied(table, True)
