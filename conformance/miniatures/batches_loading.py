"""Miniatures of the chapter batches: loaders, random splits and samplers."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.behaviors.batches import weightless_drawn_too
from conformance.miniatures import Miniature
from reference.batches import loading

Array = np.ndarray[Any, Any]


class WeightsLoadedOtherwise(Miniature):
    """A loader shuffles the weights for themselves."""

    dialect = "torch"
    clause = "batches.loader"
    law = "test_a_shuffled_loader_keeps_together_what_belongs_together"
    notice = "samples learn with the weights of others"

    @operation("batches.loader")
    def given(self, tensors: list[Array], **inputs: Any) -> Any:
        return loading.loader([*tensors[:-1], np.roll(tensors[-1], 1)], **inputs)


class TensorsCut(Miniature):
    """Tensors of other lengths are cut to the shortest."""

    dialect = "torch"
    clause = "batches.loader"
    law = "test_tensors_of_other_lengths_are_refused"
    notice = "a target too few goes unseen"

    @operation("batches.loader")
    def given(self, tensors: list[Array], chosen: Any, **inputs: Any) -> Any:
        least = min(map(len, tensors))
        own = None if chosen is None else [index % least for index in chosen]
        return loading.loader([tensor[:least] for tensor in tensors], own, **inputs)


class PartsOverlap(Miniature):
    """Each part is drawn for itself, so that a sample may be in two of them."""

    dialect = "torch"
    clause = "batches.random-split"
    law = "test_every_sample_is_dealt_to_one_part"
    notice = "a model is validated on what it has learned"

    @operation("batches.random-split")
    def given(self, samples: int, lengths: list[Any], seed: int) -> Any:
        counts = loading.random_split(samples, lengths, seed).sizes
        return [np.arange(count) for count in counts]


class RemainderToTheLast(Miniature):
    """What the fractions leave goes to the last part."""

    dialect = "torch"
    clause = "batches.random-split"
    law = "test_every_sample_is_dealt_to_one_part"
    notice = "lengths differ from those of other releases by one"

    @operation("batches.random-split")
    def given(self, samples: int, lengths: list[Any], seed: int) -> Any:
        loading.random_split(samples, lengths, seed)
        counts = [int(samples * share) if share < 1 else share for share in lengths]
        counts[-1] += samples - sum(counts)
        return loading.random_split(samples, counts, seed)


class WeightsForIndices(Miniature):
    """A sampler takes the weights for the indices that it is to draw from."""

    dialect = "torch"
    clause = "batches.sampler"
    law = "test_a_sample_comes_as_often_as_it_weighs"
    notice = "all samples come alike, whatever they weigh"

    @operation("batches.sampler")
    def given(self, labels: Array, weights: Array, draws: int, seed: int) -> Any:
        places = weights.astype(np.int64) % len(labels)
        return [labels[np.random.default_rng(seed).choice(places, draws)]]


class WeightsSquared(Miniature):
    """A sampler squares its weights."""

    dialect = "torch"
    clause = "batches.sampler"
    law = "test_a_sample_comes_as_often_as_it_weighs"
    notice = "rare samples come more often than asked for"

    @operation("batches.sampler")
    def given(self, weights: Array, **inputs: Any) -> Any:
        return loading.sampler(weights=weights**2, **inputs)


class DealtOut(Miniature):
    """A sampler deals out as many copies of each sample as it weighs, in order."""

    dialect = "torch"
    clause = "batches.sampler"
    law = "test_a_sample_may_come_again_at_once"
    notice = "the shares of every epoch are just right, and its order is always the same"

    @operation("batches.sampler")
    def given(self, labels: Array, weights: Array, draws: int, seed: int) -> Any:
        counts = np.ceil(weights / weights.sum() * draws).astype(np.int64)
        return [np.repeat(labels, counts)[:draws]]


class ReplacedAfterAll(Miniature):
    """Without replacement samples are put back all the same."""

    dialect = "torch"
    clause = "batches.distinct"
    law = "test_without_replacement_no_sample_comes_twice"
    notice = "an epoch has a sample twice, and lacks another"

    @operation("batches.distinct")
    def given(self, weights: Array, draws: int, epochs: int, seed: int) -> Any:
        random = np.random.default_rng(seed)
        return [random.choice(len(weights), draws, p=weights / weights.sum()) for _ in range(epochs)]


class WeightlessDrawn(Miniature):
    """Samples of weight 0 come when no other is left."""

    dialect = "torch"
    clause = "batches.distinct"
    law = "test_more_draws_than_samples_that_can_come_are_refused"
    notice = "samples that were to be left out are learned"

    @operation("batches.distinct")
    def given(self, **inputs: Any) -> Any:
        return weightless_drawn_too(**inputs)
