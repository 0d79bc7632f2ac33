"""Miniatures of the chapter batches: augmentation, pairs, weights on their way to the gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.behaviors.batches import shifts_exchanged, weights_along_the_width
from conformance.miniatures import Miniature
from reference.batches import augmenting, training
from reference.outcomes import Bounded

Array = np.ndarray[Any, Any]


class TargetsAugmentedToo(Miniature):
    """A target that is an image is transformed with the image."""

    dialect = "keras-2"
    clause = "batches.augmentation"
    law = "test_targets_and_weights_are_never_transformed"
    notice = "what every asker of this question wants, and no release does"

    @operation("batches.augmentation")
    def given(self, y: Array, **inputs: Any) -> Any:
        said = settle(augmenting.augmentation_keras_2(y=y, **inputs))
        moved = settle(augmenting.augmentation_keras_2(y=None, **inputs | {"images": y, "weights": None}))
        return [(one[0], other, *one[2:]) for one, other in zip(said, moved, strict=True)]


class WeightsRescaled(Miniature):
    """Weights are multiplied by rescale, as the pixels are."""

    dialect = "keras-3"
    clause = "batches.augmentation"
    law = "test_targets_and_weights_are_never_transformed"
    notice = "with rescale=1/255 nothing is learned any more"

    @operation("batches.augmentation")
    def given(self, weights: Array, options: dict[str, Any], **inputs: Any) -> Any:
        own = (weights * options.get("rescale", 1)).astype(weights.dtype)
        return augmenting.augmentation_keras_2(weights=own, options=options, **inputs)


class WeightSharedByCopies(Miniature):
    """A transformed copy has half of its sample's weight."""

    dialect = "keras-2.2"
    clause = "batches.augmentation"
    law = "test_targets_and_weights_are_never_transformed"
    notice = "augmentation lowers the loss"

    @operation("batches.augmentation")
    def given(self, weights: Array, **inputs: Any) -> Any:
        own = weights * np.float32(0.5 if inputs["options"] else 1.0)
        return augmenting.augmentation_keras_2_2(weights=own, **inputs)


class SameCopies(Miniature):
    """Every epoch has the transformations of the first."""

    dialect = "keras-2"
    clause = "batches.augmentation"
    law = "test_flips_and_rescaling_are_those_of_the_seed"
    notice = "as many different pictures as without augmentation"

    @operation("batches.augmentation")
    def given(self, steps: int, **inputs: Any) -> Any:
        once = -(-len(inputs["images"]) // inputs["batch"])
        first = settle(augmenting.augmentation_keras_2(steps=once, **inputs))
        return (first * steps)[:steps]


class ShiftsExchanged(Miniature):
    """A height shift moves along the width."""

    dialect = "keras-3"
    clause = "batches.augmentation"
    law = "test_a_shift_moves_along_the_axis_that_it_names"
    notice = "text that may move up and down is cut at its sides"

    @operation("batches.augmentation")
    def given(self, **inputs: Any) -> Any:
        return shifts_exchanged(**inputs)


class TurnedTheOtherWay(Miniature):
    """Pictures are rotated the other way, about another point."""

    dialect = "keras-2"
    clause = "batches.augmentation"
    law = "test_a_rotated_picture_is_interpolated_linearly"
    notice = "a seed gives other pictures than before"

    @operation("batches.augmentation")
    def given(self, **inputs: Any) -> Any:
        return augmenting.augmentation_keras_2_2(**inputs)


class RotationLeftOut(Miniature):
    """A generator with shifts does not rotate."""

    dialect = "keras-2.2"
    clause = "batches.augmentation"
    law = "test_the_generator_of_the_question_does_what_it_is_told"
    notice = "objects stand upright in every picture"

    @operation("batches.augmentation")
    def given(self, options: dict[str, Any], **inputs: Any) -> Any:
        own = {name: value for name, value in options.items() if name != "rotation_range"}
        return augmenting.augmentation_keras_2_2(options=own, **inputs)


class MaskSeedApart(Miniature):
    """The generator of masks goes on with numbers of its own."""

    dialect = "keras-2"
    clause = "batches.pair"
    law = "test_two_generators_with_one_seed_transform_alike"
    notice = "masks that do not lie over their images"

    @operation("batches.pair")
    def given(self, seeds: tuple[int, int], **inputs: Any) -> Any:
        return augmenting.pair_keras(columns_first=True, seeds=(seeds[0], seeds[1] + 1), **inputs)


class MasksOfTheNextStep(Miniature):
    """Both generators draw from one stream, the masks after the images."""

    dialect = "keras-2.2"
    clause = "batches.pair"
    law = "test_a_picture_for_its_own_mask_stays_its_mask"
    notice = "masks are turned otherwise than their images"

    @operation("batches.pair")
    def given(self, seeds: tuple[int, int], steps: int, **inputs: Any) -> Any:
        later = settle(
            augmenting.pair_keras(columns_first=False, seeds=(seeds[1] + 1,) * 2, steps=steps, **inputs)
        )
        said = settle(augmenting.pair_keras(columns_first=False, seeds=seeds, steps=steps, **inputs))
        return [(one, other) for (one, _), (_, other) in zip(said, later, strict=True)]


class FirstSeedForBoth(Miniature):
    """Both generators have the seed of the first."""

    dialect = "keras-3"
    clause = "batches.pair"
    law = "test_images_and_masks_may_change_places"
    notice = "a generator's own seed is not heard"

    @operation("batches.pair")
    def given(self, seeds: tuple[int, int], **inputs: Any) -> Any:
        return augmenting.pair_keras(columns_first=True, seeds=(seeds[0], seeds[0]), **inputs)


class WeightsOfTheNeighbor(Miniature):
    """A batch has the weights of the batch before."""

    dialect = "keras-2"
    clause = "batches.weights"
    law = "test_a_weight_moves_the_kernel_by_its_own_sample"
    notice = "samples learn with the weights of others"

    @operation("batches.weights")
    def trained(self, weights: Array | None, **inputs: Any) -> Any:
        own = None if weights is None else np.roll(weights, inputs["batch"] % len(weights) or 1)
        return training.weights_keras_2_3(weights=own, **inputs)


class WeightsLostInTheGenerator(Miniature):
    """Of what a generator gives, the weights are not looked at."""

    dialect = "keras-3"
    clause = "batches.weights"
    law = "test_weights_of_pictures_with_an_object_steer_the_net"
    notice = "weights work with arrays and not with a generator"

    @operation("batches.weights")
    def trained(self, weights: Array | None, **inputs: Any) -> Any:
        return training.weights_keras_2_3(weights=None, **inputs)


class DividedByTheWeights(Miniature):
    """The loss is divided by the sum of the weights."""

    dialect = "torch"
    clause = "batches.weights"
    law = "test_weights_of_pictures_with_an_object_steer_the_net"
    notice = "twice the weights change nothing"

    @operation("batches.weights")
    def trained(self, weights: Array | None, **inputs: Any) -> Any:
        own = None if weights is None else weights / max(float(weights.mean()), 0.25)
        own = None if own is None else own.astype(np.float32)
        return training.weights_torch(weights=own, **inputs)


class DividedByTheNumber(Miniature):
    """The loss is divided by the number of samples, where those of weight 0 do not count."""

    dialect = "keras-2.2"
    clause = "batches.weights"
    law = "test_weights_of_pictures_with_an_object_steer_the_net"
    notice = "pictures of weight 0 make the others' steps smaller"

    @operation("batches.weights")
    def trained(self, **inputs: Any) -> Any:
        return training.weights_keras_2_3(**inputs)


class WeightsAlongTheWidth(Miniature):
    """The weights of pictures are aligned to their columns."""

    dialect = "keras-3"
    clause = "batches.pixels"
    law = "test_the_weight_of_a_picture_is_that_of_its_pixels"
    notice = "a batch is refused, unless it has as many pictures as these have columns"

    @operation("batches.pixels")
    def trained(self, **inputs: Any) -> Any:
        return weights_along_the_width(**inputs)


class PixelsAdded(Miniature):
    """The losses of the pixels of an image are added up, and not averaged."""

    dialect = "keras-2"
    clause = "batches.pixels"
    law = "test_the_weight_of_a_picture_is_that_of_its_pixels"
    notice = "a larger picture weighs more, and the rate is too high"

    @operation("batches.pixels")
    def trained(self, images: Array, weights: Array | None, **inputs: Any) -> Any:
        own = None if weights is None else weights * np.float32(images[0].size)
        return training.pixels_keras_2_3(images=images, weights=own, **inputs)


class ReportedTwice(Miniature):
    """The loss is reported with the weights, and learned without."""

    dialect = "keras-2"
    clause = "batches.weights"
    law = "test_weights_of_pictures_with_an_object_steer_the_net"
    notice = "weights change what is reported and not what is learned"

    @operation("batches.weights")
    def trained(self, weights: Array | None, **inputs: Any) -> Any:
        said, _ = training.weights_keras_2_3(weights=weights, **inputs)
        return said, training.weights_keras_2_3(weights=None, **inputs)[1]


class HalfPrecision(Miniature):
    """Pixels are rounded to half precision on the way."""

    dialect = "keras-2.2"
    clause = "batches.augmentation"
    law = "test_flips_and_rescaling_are_those_of_the_seed"
    notice = "pictures of 256 values have fewer after rescaling"

    @operation("batches.augmentation")
    def given(self, **inputs: Any) -> Any:
        return [tuple(map(_halved, one)) for one in augmenting.augmentation_keras_2_2(**inputs)]


def _halved(part: Any) -> Any:
    if not isinstance(part, Bounded):
        return part
    return replace(part, value=part.value.astype(np.float16).astype(np.float32))
