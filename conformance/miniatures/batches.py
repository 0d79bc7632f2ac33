"""Miniatures of the chapter batches: order, alignment, parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.behaviors.batches import weightless_drawn_too, weights_of_the_front
from conformance.miniatures import Miniature
from reference.batches import flowing, loading, splitting

Array = np.ndarray[Any, Any]


def rolled(array: Array | None) -> Array | None:
    """The rows of an array, each in the place of the next."""
    return None if array is None else np.roll(array, 1, axis=0)


class WeightsStay(Miniature):
    """Images and targets are shuffled, and the weights stay in the order of the arrays."""

    dialect = "keras-2"
    clause = "batches.flow"
    law = "test_a_generator_gives_every_sample_once_an_epoch"
    notice = "with shuffle=True samples learn with the weights of others"

    @operation("batches.flow")
    def given(self, **inputs: Any) -> Any:
        said = flowing.flow(**inputs)
        plain = settle(flowing.flow(**inputs | {"shuffle": False, "seed": 0}))
        if not isinstance(said, list):
            return said
        full = [isinstance(one, tuple) and len(one) == 3 for one in said]
        return [
            (*one[:2], other[2]) if whole else one
            for one, other, whole in zip(said, plain, full, strict=True)
        ]


class WeightsShuffledOtherwise(Miniature):
    """The weights are shuffled too, with a seed of their own."""

    dialect = "keras-3"
    clause = "batches.flow"
    law = "test_what_belongs_to_a_sample_comes_with_it_in_any_order"
    notice = "every weight comes once an epoch, with another sample"

    @operation("batches.flow")
    def given(self, weights: Array | None, **inputs: Any) -> Any:
        own = rolled(weights) if inputs["shuffle"] else weights
        return flowing.flow(weights=own, **inputs)


class LastBatchLeftOut(Miniature):
    """A last batch that is not full is left out."""

    dialect = "keras-2"
    clause = "batches.flow"
    law = "test_a_generator_gives_every_sample_once_an_epoch"
    notice = "some samples of every epoch are never seen"

    @operation("batches.flow")
    def given(self, **inputs: Any) -> Any:
        batches = settle(flowing.flow(**inputs))
        steps = -(-len(inputs["images"]) // inputs["batch"])
        short = len(inputs["images"]) % inputs["batch"] != 0
        return [one for number, one in enumerate(batches) if not short or (number + 1) % steps]


class OneOrderForAll(Miniature):
    """Every epoch has the order of the first."""

    dialect = "keras-2.2"
    clause = "batches.flow"
    law = "test_a_generator_gives_every_sample_once_an_epoch"
    notice = "batches are made of the same samples all the time"

    @operation("batches.flow")
    def given(self, epochs: int, **inputs: Any) -> Any:
        return settle(flowing.flow(epochs=1, **inputs)) * epochs


class WeightsWithoutTargets(Miniature):
    """Without targets, weights are given beside the images."""

    dialect = "keras-3"
    clause = "batches.flow"
    law = "test_a_generator_gives_every_sample_once_an_epoch"
    notice = "fit takes the weights for targets"

    @operation("batches.flow")
    def given(self, y: Array | None, weights: Array | None, **inputs: Any) -> Any:
        if y is None and weights is not None:
            return flowing.flow(y=weights, weights=None, **inputs)
        return flowing.flow(y=y, weights=weights, **inputs)


class WeightsNormalized(Miniature):
    """Weights are divided by their largest on the way."""

    dialect = "keras-2"
    clause = "batches.flow"
    law = "test_weights_change_nothing_but_themselves"
    notice = "a weight of 2 is one of 1"

    @operation("batches.flow")
    def given(self, weights: Array | None, **inputs: Any) -> Any:
        own = None if weights is None else weights / weights.max()
        return flowing.flow(weights=own, **inputs)


class ShorterCutsAll(Miniature):
    """Arrays of other lengths are cut to the shortest."""

    dialect = "keras-2.2"
    clause = "batches.flow"
    law = "test_arrays_of_other_lengths_are_refused"
    notice = "a weight too few goes unseen"

    @operation("batches.flow")
    def given(self, images: Array, extra: Any, y: Any, weights: Any, **inputs: Any) -> Any:
        arrays = (images, extra, y, weights)
        least = min(len(array) for array in arrays if array is not None)
        cut = [None if array is None else array[:least] for array in arrays]
        return flowing.flow(cut[0], cut[1], cut[2], cut[3], **inputs)  # type: ignore[arg-type]


class SubsetFromTheEnd(Miniature):
    """A generator keeps the last samples for validation, as fit does."""

    dialect = "keras-2"
    clause = "batches.subset"
    law = "test_a_generator_keeps_the_first_samples_for_validation"
    notice = "samples that a model was validated on before are learned"

    @operation("batches.subset")
    def given(self, images: Array, y: Any, weights: Any, share: float, **inputs: Any) -> Any:
        first = len(images) - int(len(images) * share)
        turn = [None if a is None else np.roll(a, -first, axis=0) for a in (images, y, weights)]
        return flowing.subset(turn[0], turn[1], turn[2], share, **inputs)  # type: ignore[arg-type]


class SubsetAfterTheShuffle(Miniature):
    """A generator shuffles first, and keeps a part of that for validation."""

    dialect = "keras-3"
    clause = "batches.subset"
    law = "test_a_generator_keeps_the_first_samples_for_validation"
    notice = "with two seeds the parts overlap: validation data are learned"

    @operation("batches.subset")
    def given(self, images: Array, y: Any, weights: Any, shuffle: bool, seed: int, **inputs: Any) -> Any:
        order = np.random.RandomState(seed).permutation(len(images)) if shuffle else np.arange(len(images))
        mixed = [None if array is None else array[order] for array in (images, y, weights)]
        rest = {"shuffle": shuffle, "seed": seed, **inputs}
        return flowing.subset(mixed[0], mixed[1], mixed[2], **rest)  # type: ignore[arg-type]


class SubsetWeightsUncut(Miniature):
    """The weights are not cut for a subset, so that training has those of the front."""

    dialect = "keras-2"
    clause = "batches.subset"
    law = "test_a_sample_keeps_its_weight_in_either_part"
    notice = "empty pictures have the weights that were meant for those with an object"

    @operation("batches.subset")
    def given(self, **inputs: Any) -> Any:
        return weights_of_the_front(**inputs)


class SortedLabelsAccepted(Miniature):
    """Parts of other classes are accepted."""

    dialect = "keras-2"
    clause = "batches.subset"
    law = "test_parts_of_other_classes_are_refused"
    notice = "sorted labels: a model is validated on a class that it has never seen"

    @operation("batches.subset")
    def given(self, ignore: bool, **inputs: Any) -> Any:
        return flowing.subset(ignore=True, **inputs)


class AnyShare(Miniature):
    """Any share is taken for the nearest that is one."""

    dialect = "keras-3"
    clause = "batches.subset"
    law = "test_a_share_or_a_part_that_is_none_is_refused"
    notice = "validation_split=20, meant for percent, goes unseen"

    @operation("batches.subset")
    def given(self, share: float, **inputs: Any) -> Any:
        return flowing.subset(share=min(max(share, 0.1), 0.9), **inputs)


class AlternatingOrder(Miniature):
    """Each epoch has the order of the one before, turned round."""

    dialect = "keras-2"
    clause = "batches.order"
    law = "test_every_epoch_is_shuffled_anew"
    notice = "every sample comes first in just every other epoch"

    @operation("batches.order")
    def given(self, epochs: int, seed: int) -> Any:
        return [np.resize(np.array([0, 1]), epochs)]


class SplitFromTheFront(Miniature):
    """fit keeps the first samples for validation, as a generator does."""

    dialect = "keras-3"
    clause = "batches.validation-split"
    law = "test_fit_keeps_the_last_samples_for_validation"
    notice = "the newest samples of a series are learned, and the oldest judged"

    @operation("batches.validation-split")
    def told(self, x: Array, y: Array, weights: Array | None, share: float, **inputs: Any) -> Any:
        turn = len(x) - int(len(x) * (1.0 - share))
        moved = [None if array is None else np.roll(array, -turn, axis=0) for array in (x, y, weights)]
        return splitting.split_keras_2(moved[0], moved[1], moved[2], share, **inputs)  # type: ignore[arg-type]


class SplitAfterTheShuffle(Miniature):
    """fit shuffles first, and keeps a part of that for validation."""

    dialect = "keras-2"
    clause = "batches.validation-split"
    law = "test_fit_keeps_the_last_samples_for_validation"
    notice = "a second call of fit learns what the first was validated on"

    @operation("batches.validation-split")
    def told(self, x: Array, y: Array, weights: Array | None, shuffle: bool, **inputs: Any) -> Any:
        order = np.random.default_rng(1).permutation(len(x)) if shuffle else np.arange(len(x))
        own = None if weights is None else weights[order]
        return splitting.split_keras_2(x[order], y[order], own, shuffle=shuffle, **inputs)


class ValidationWeightsLost(Miniature):
    """The validation part loses its weights."""

    dialect = "keras-2.2"
    clause = "batches.validation-split"
    law = "test_fit_keeps_the_last_samples_for_validation"
    notice = "loss and validation loss cannot be compared"

    @operation("batches.validation-split")
    def told(self, weights: Array | None, **inputs: Any) -> Any:
        said = settle(splitting.split_keras_2_2(weights=weights, **inputs))
        plain = settle(splitting.split_keras_2_2(weights=None, **inputs))
        return said[0], plain[1]


class SplitRounded(Miniature):
    """The number of training samples is rounded up."""

    dialect = "keras-2"
    clause = "batches.validation-split"
    law = "test_a_share_that_leaves_a_part_empty_is_none"
    notice = "a sample more, or less, than another release has"

    @operation("batches.validation-split")
    def told(self, x: Array, share: float, **inputs: Any) -> Any:
        up = int(np.ceil(len(x) * (1.0 - share)))
        return splitting.split_keras_2(x=x, share=1.0 - (up + 0.5) / len(x) if share else 0.0, **inputs)


class TargetsNotCut(Miniature):
    """A subset takes the rows of the first tensor, and the first rows of the others."""

    dialect = "torch"
    clause = "batches.loader"
    law = "test_a_loader_gives_every_sample_in_order"
    notice = "a Subset mixes samples and targets"

    @operation("batches.loader")
    def given(self, tensors: list[Array], chosen: list[int] | None, **inputs: Any) -> Any:
        said = settle(loading.loader(tensors, chosen, **inputs))
        first = None if chosen is None else [index % len(tensors[0]) for index in range(len(chosen))]
        other = settle(loading.loader(tensors, first, **inputs))
        return [[one[0], *two[1:]] for one, two in zip(said, other, strict=True)]


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
