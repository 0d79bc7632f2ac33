"""Miniatures of the chapter batches: order and alignment."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.miniatures import Miniature
from reference.batches import flowing

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


class AlternatingOrder(Miniature):
    """Each epoch has the order of the one before, turned round."""

    dialect = "keras-2"
    clause = "batches.order"
    law = "test_every_epoch_is_shuffled_anew"
    notice = "every sample comes first in just every other epoch"

    @operation("batches.order")
    def given(self, epochs: int, seed: int) -> Any:
        return [np.resize(np.array([0, 1]), epochs)]
