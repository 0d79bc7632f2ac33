"""Miniatures of the chapter batches: parts for validation."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.behaviors.batches import weights_of_the_front
from conformance.miniatures import Miniature
from reference.batches import flowing, loading, splitting

Array = np.ndarray[Any, Any]


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
