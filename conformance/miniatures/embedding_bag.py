"""Miniatures of the chapter embedding: bags."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import embedding

Array = np.ndarray[Any, Any]


class EmptyBagIsNan(Miniature):
    """The mean of an empty bag is 0 ÷ 0."""

    dialect = "torch"
    clause = "embedding.bag"
    law = "test_a_bag_is_the_sum_the_mean_or_the_largest_of_its_rows"
    notice = "one empty bag makes the loss NaN"
    report = "https://github.com/pytorch/pytorch/issues/4169"

    @operation("embedding.bag")
    def bagged(self, **inputs: Any) -> Any:
        said = embedding.bag(**inputs)
        empty = said.roundings[:, 0] == 0
        zeros = (said.value == 0).all(axis=1)
        value = said.value.astype(said.dtype)
        if inputs["mode"] == "mean":
            value[empty & zeros] = np.nan
        return value


class PaddingCounts(Miniature):
    """Positions of the padding row are left out of a mean's sum and counted in its divisor."""

    dialect = "torch"
    clause = "embedding.bag"
    law = "test_a_bag_is_the_sum_the_mean_or_the_largest_of_its_rows"
    notice = "the mean of a bag falls with its padding"

    @operation("embedding.bag")
    def bagged(self, **inputs: Any) -> Any:
        row = inputs["padding_idx"]
        if inputs["mode"] == "mean" and row is not None:
            table = inputs["table"].copy()
            table[row] = 0
            return embedding.bag(**{**inputs, "table": table, "padding_idx": None})
        return embedding.bag(**inputs)


class LastOffsetIgnored(Miniature):
    """A last offset that ends the last bag begins one more."""

    dialect = "torch"
    clause = "embedding.bag"
    law = "test_the_last_offset_ends_the_last_bag"
    notice = "a row too many, of zeros"

    @operation("embedding.bag")
    def bagged(self, **inputs: Any) -> Any:
        return embedding.bag(**{**inputs, "include_last_offset": False})


class FirstNanAlone(Miniature):
    """The largest of a bag loses NaN unless it comes first."""

    dialect = "torch"
    clause = "embedding.bag"
    law = "test_the_largest_of_a_bag_with_nan_is_nan"
    notice = "a broken row of the table goes unnoticed"

    @operation("embedding.bag")
    def bagged(self, **inputs: Any) -> Any:
        from conformance.behaviors.embedding import first_nan_alone

        return first_nan_alone(**inputs)


class FrequencyOfANeighbor(Miniature):
    """A gradient is divided by the frequency of another row."""

    dialect = "torch"
    clause = "embedding.bag-gradient"
    law = "test_the_frequency_that_divides_a_gradient_is_that_of_its_own_row"
    notice = "rare tokens learn as slowly as frequent ones"
    report = "https://github.com/pytorch/pytorch/issues/190063"

    @operation("embedding.bag-gradient")
    def derived(self, **inputs: Any) -> Any:
        from conformance.behaviors.embedding import frequency_of_a_neighbor

        if inputs["scale_grad_by_freq"] and not inputs["sparse"]:
            return frequency_of_a_neighbor(**inputs)
        return embedding.bag_gradient(**inputs)


class WeightsSquared(Miniature):
    """The gradient of the table is multiplied by the weights twice."""

    dialect = "torch"
    clause = "embedding.bag-gradient"
    law = "test_the_gradient_of_a_bag_goes_to_the_rows_that_made_it"
    notice = "small weights hardly learn"

    @operation("embedding.bag-gradient")
    def derived(self, **inputs: Any) -> Any:
        said = embedding.bag_gradient(**inputs)
        if inputs["weights"] is None or not isinstance(said, tuple):
            return said
        weights = inputs["weights"]
        with np.errstate(over="ignore"):
            twice = embedding.bag_gradient(**{**inputs, "weights": weights * weights})
        assert isinstance(twice, tuple)
        return twice[0], said[1]


class HollowRowsDropped(Miniature):
    """Rows without ids make no bags."""

    dialect = "torch"
    clause = "embedding.bag"
    law = "test_rows_without_ids_are_empty_bags"
    notice = "a batch of empty texts has fewer outputs than inputs"

    @operation("embedding.bag")
    def bagged(self, **inputs: Any) -> Any:
        said = embedding.bag(**inputs)
        hollow = inputs["ids"].ndim == 2 and inputs["ids"].shape[1] == 0
        return said.value[:0].astype(said.dtype) if hollow else said


class FirstOffsetTaken(Miniature):
    """Ids before the first offset are left out without a word."""

    dialect = "torch"
    clause = "embedding.bag"
    law = "test_bags_that_make_no_sense_are_refused"
    notice = "offsets that are one too large lose the first token"

    @operation("embedding.bag")
    def bagged(self, **inputs: Any) -> Any:
        offsets = inputs["offsets"]
        if offsets is None or not offsets.size or inputs["ids"].ndim != 1:
            return embedding.bag(**inputs)
        first = offsets[0]
        return embedding.bag(**{**inputs, "ids": inputs["ids"][first:], "offsets": offsets - first})


class WeightsOfAnyMode(Miniature):
    """Weights are left out of a mean and of a maximum where they should be refused."""

    dialect = "torch"
    clause = "embedding.bag"
    law = "test_bags_that_make_no_sense_are_refused"
    notice = "a weighted mean is not weighted"

    @operation("embedding.bag")
    def bagged(self, **inputs: Any) -> Any:
        return embedding.bag(**{**inputs, "weights": inputs["weights"] if inputs["mode"] == "sum" else None})
