"""Miniatures of the chapter embedding: gradients, steps, norms, and what a layer builds."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import embedding
from reference.outcomes import Bounded

Array = np.ndarray[Any, Any]
Options = dict[str, float]


class DuplicatesAveraged(Miniature):
    """The gradient of a row is the mean over its positions where the sum was asked for."""

    dialect = "torch"
    clause = "embedding.gradient"
    law = "test_the_gradient_of_a_row_is_the_sum_over_its_positions"
    notice = "the learning rate of a token falls with its frequency"

    @operation("embedding.gradient")
    def derived(self, table: Array, ids: Array, upstream: Array) -> Any:
        return embedding.frequency(table, ids, upstream, None, False)


class GradientInHalf(Miniature):
    """Gradients are accumulated in float16."""

    dialect = "torch"
    clause = "embedding.gradient"
    law = "test_the_gradient_of_a_row_is_the_sum_over_its_positions"
    notice = "small updates of frequent tokens are lost"

    @operation("embedding.gradient")
    def derived(self, table: Array, ids: Array, upstream: Array) -> Any:
        with np.errstate(over="ignore"):
            said = embedding.gradient(table, ids, upstream.astype(np.float16))
        return said.value.astype(table.dtype)


class PaddingIsZero(Miniature):
    """A padding position is answered with zeros, whatever row the table holds there."""

    dialect = "torch"
    clause = "embedding.padding"
    law = "test_the_padding_row_is_looked_up_and_learns_nothing"
    notice = "a padding vector that was set by hand is ignored"

    @operation("embedding.padding")
    def padded(self, table: Array, ids: Array, upstream: Array, padding_idx: int) -> Any:
        output, gradient = embedding.padding(table, ids, upstream, padding_idx)
        output[ids == padding_idx % len(table)] = 0
        return output, gradient


class PaddingLearns(Miniature):
    """A padding row that is counted from the end is not recognized, and learns."""

    dialect = "torch"
    clause = "embedding.padding"
    law = "test_a_padding_row_may_be_counted_from_the_end"
    notice = "the padding vector drifts once padding_idx is negative"

    @operation("embedding.padding")
    def padded(self, table: Array, ids: Array, upstream: Array, padding_idx: int) -> Any:
        output, gradient = embedding.padding(table, ids, upstream, padding_idx)
        return output, gradient if padding_idx >= 0 else embedding.gradient(table, ids, upstream)


class SparseNotSummed(Miniature):
    """A sparse gradient keeps the last entry of each row when it is made dense."""

    dialect = "torch"
    clause = "embedding.sparse"
    law = "test_a_sparse_gradient_made_dense_is_the_gradient"
    notice = "gradient accumulation has no effect on sparse tables"

    @operation("embedding.sparse")
    def sparsely(self, table: Array, ids: Array, upstream: Array, padding_idx: int | None, times: int) -> Any:
        return embedding.sparse(table, ids, upstream, padding_idx, 1)


class FrequencyWithoutPadding(Miniature):
    """The frequency that scales a gradient is the number of all ids, and not that of the row's own."""

    dialect = "torch"
    clause = "embedding.frequency"
    law = "test_a_gradient_scaled_by_frequency_is_a_mean"
    notice = "longer batches learn more slowly"

    @operation("embedding.frequency")
    def scaled(self, table: Array, ids: Array, upstream: Array, padding_idx: int | None, sparse: bool) -> Any:
        _, total = embedding.sparse(table, ids, upstream, padding_idx, 1)
        return (total.value / max(ids.size, 1)).astype(table.dtype)


class NormOfEveryRow(Miniature):
    """Rows that were not looked up are scaled down as well."""

    dialect = "torch"
    clause = "embedding.max-norm"
    law = "test_only_long_rows_that_are_looked_up_are_scaled_down"
    notice = "rare tokens shrink without being used"

    @operation("embedding.max-norm")
    def renormalized(self, table: Array, ids: Array, max_norm: float, norm_type: float) -> Any:
        output, _ = embedding.max_norm(table, ids, max_norm, norm_type)
        _, after = embedding.max_norm(table, np.arange(len(table)), max_norm, norm_type)
        return output, after


class NormNotStored(Miniature):
    """The output is scaled down and the table is not."""

    dialect = "torch"
    clause = "embedding.max-norm"
    law = "test_only_long_rows_that_are_looked_up_are_scaled_down"
    notice = "the saved table differs from the one that was used"

    @operation("embedding.max-norm")
    def renormalized(self, table: Array, ids: Array, max_norm: float, norm_type: float) -> Any:
        output, _ = embedding.max_norm(table, ids, max_norm, norm_type)
        return output, table.copy()


class SquaresBeforeSums(Miniature):
    """Adam squares the gradient at each position and sums over equal ids afterwards."""

    dialect = "keras-3"
    clause = "embedding.step"
    law = "test_a_step_of_adam_changes_only_rows_that_were_named_so_far"
    notice = "tokens that repeat in a batch take other steps than on another framework"

    @operation("embedding.step")
    def stepped(
        self, table: Array, ids: list[Array], upstream: list[Array], optimizer: str, options: Options
    ) -> Any:
        from conformance.behaviors.embedding import squares_before_sums

        return squares_before_sums(table, ids, upstream, optimizer, options)


class LazyForDense(Miniature):
    """Adam leaves out the rows that the present step does not name."""

    dialect = "keras-2"
    clause = "embedding.step"
    law = "test_a_step_of_adam_changes_only_rows_that_were_named_so_far"
    notice = "momentum of a token stops as soon as a batch lacks it"

    @operation("embedding.step")
    def stepped(
        self, table: Array, ids: list[Array], upstream: list[Array], optimizer: str, options: Options
    ) -> Any:
        if optimizer == "sgd":
            return embedding.step_keras(table, ids, upstream, optimizer, options)
        return embedding.lazy_step(table, ids, upstream, options)


class EveryRowDecays(Miniature):
    """A step shrinks every row a little, named or not."""

    dialect = "torch"
    clause = "embedding.step"
    law = "test_a_step_of_sgd_changes_only_the_rows_that_it_names"
    notice = "weight decay reaches tokens that no batch has"

    @operation("embedding.step")
    def stepped(
        self, table: Array, ids: list[Array], upstream: list[Array], optimizer: str, options: Options
    ) -> Any:
        said = embedding.step_torch(table, ids, upstream, optimizer, options)
        return Bounded(said.value * (1 - 1e-4), said.magnitude, said.roundings, said.dtype)


class ConstraintWhereNamed(Miniature):
    """A constraint reaches only the rows that the step has changed."""

    dialect = "keras-3"
    clause = "embedding.constraint"
    law = "test_a_constraint_reaches_rows_that_were_not_looked_up"
    notice = "rare tokens keep negative weights under a constraint that forbids them"

    @operation("embedding.constraint")
    def constrained(self, table: Array, ids: Array, upstream: Array, learning_rate: float) -> Any:
        said = embedding.constraint(table, ids, upstream, learning_rate).value.astype(table.dtype)
        named = np.isin(np.arange(len(table)), ids)[:, None]
        return np.where(named, said, table)


class LossPerCall(Miniature):
    """Every call of a layer adds the loss of its regularizer once more."""

    dialect = "keras-3"
    clause = "embedding.regularizer"
    law = "test_the_regularizer_adds_one_loss_of_the_whole_table"
    notice = "shared layers are regularized once a use"

    @operation("embedding.regularizer")
    def regularized(self, table: Array, ids: list[Array], factor: float) -> Any:
        _, total = embedding.regularizer(table, ids, factor)
        calls = max(1, len(ids))
        return calls, Bounded(total.value * calls, total.magnitude * calls, total.roundings, total.dtype)


class LossOfUsedRows(Miniature):
    """The regularizer sees only the rows that were looked up."""

    dialect = "keras-2"
    clause = "embedding.regularizer"
    law = "test_the_regularizer_adds_one_loss_of_the_whole_table"
    notice = "rare tokens are not regularized"

    @operation("embedding.regularizer")
    def regularized(self, table: Array, ids: list[Array], factor: float) -> Any:
        used = np.concatenate([np.zeros(0, np.int64), *(batch.reshape(-1) for batch in ids)])
        return embedding.regularizer(
            np.where(np.isin(np.arange(len(table)), used)[:, None], table, 0), [], factor
        )


class TruncatedUnderPolicy(Miniature):
    """Under a mixed policy to bfloat16 the output is cut off and not rounded."""

    dialect = "keras-3"
    clause = "embedding.policy"
    law = "test_under_a_policy_the_table_keeps_its_dtype_and_the_output_is_rounded"
    notice = "activations are biased toward zero under mixed precision"

    @operation("embedding.policy")
    def under_policy(self, table: Array, ids: Array, policy: str, unit: Array) -> Any:
        if policy == "mixed_bfloat16":
            table = (table.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
        return embedding.policy(table, ids, policy, unit)
