"""The laws of the chapter batches: augmentation, pairs, and weights on their way to the gradient."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from conformance.figures import lesson
from conformance.law import law
from conformance.strategies import augmenting
from conformance.strategies.augmenting import Augmented, Pair, Training
from conformance.trial import Trial


@law("batches.augmentation", "images-only", "weights", structures=24)
@given(structure=augmenting.untouched)
def test_targets_and_weights_are_never_transformed(backend: Trial, structure: Augmented) -> None:
    backend.agrees(structure)


@law("batches.augmentation", "copies", "draws", "flips", "rescale", structures=40)
@given(structure=augmenting.flipped)
def test_flips_and_rescaling_are_those_of_the_seed(backend: Trial, structure: Augmented) -> None:
    backend.agrees(structure)


@law("batches.augmentation", "height", "width", structures=40)
@given(structure=augmenting.shifted)
def test_a_shift_moves_along_the_axis_that_it_names(backend: Trial, structure: Augmented) -> None:
    backend.agrees(structure)


@law("batches.augmentation", "rotation", "between", structures=40)
@given(structure=augmenting.turned)
def test_a_rotated_picture_is_interpolated_linearly(backend: Trial, structure: Augmented) -> None:
    backend.agrees(structure)


@law("batches.augmentation", "weights", "height", "rotation", structures=20)
@given(structure=augmenting.as_in_the_question)
def test_the_generator_of_the_question_does_what_it_is_told(backend: Trial, structure: Augmented) -> None:
    """The options of the question itself: rotation, shifts, zoom, flip, reflection and rescaling."""
    backend.agrees(structure)


@law("batches.pair", "alike", "apart", structures=30)
@given(structure=augmenting.pairs)
def test_two_generators_with_one_seed_transform_alike(backend: Trial, structure: Pair) -> None:
    backend.agrees(structure)


@law("batches.pair", "alike", structures=30)
@given(structure=augmenting.pairs_of_the_question)
def test_a_picture_for_its_own_mask_stays_its_mask(backend: Trial, structure: Pair) -> None:
    """With the options of the question, and the pictures in the place of the masks."""

    def twice(inputs: dict[str, Any]) -> dict[str, Any]:
        return inputs | {"masks": inputs["images"]}

    backend.follows(structure, twice, lambda before, after: [(one, one) for one, _ in after])


@law("batches.pair", "alike", structures=30)
@given(structure=augmenting.pairs)
def test_images_and_masks_may_change_places(backend: Trial, structure: Pair) -> None:
    """Neither generator disturbs the other: exchanged inputs and seeds give exchanged batches."""

    def exchanged(inputs: dict[str, Any]) -> dict[str, Any]:
        first, second = inputs["seeds"]
        places = {"images": inputs["masks"], "masks": inputs["images"], "seeds": (second, first)}
        return inputs | places

    backend.follows(structure, exchanged, lambda before, after: [(b, a) for a, b in before])


@law("batches.weights", "own", "divisor", "step", "epoch", structures=8)
@given(structure=augmenting.dense)
def test_a_weight_moves_the_kernel_by_its_own_sample(backend: Trial, structure: Training) -> None:
    """Batches of uneven sizes, one or two epochs."""
    backend.agrees(structure)


@law("batches.weights", "own", "divisor", "step", structures=6)
@given(structure=augmenting.flat_discs)
def test_weights_of_pictures_with_an_object_steer_the_net(backend: Trial, structure: Training) -> None:
    """Discs and rectangles, most masks empty, weights that favor the others: loss and steps of a net."""
    backend.agrees(structure)


@law("batches.weights", "own", "divisor", "step", structures=1)
@given(structure=augmenting.lessons)
def test_four_steps_of_a_small_net_on_discs_are_those_that_the_formula_predicts(
    backend: Trial, structure: Training
) -> None:
    """Pictures with an object weigh 2 or 3, empty ones nothing; the report shows the numbers."""
    backend.agrees_in_figures(structure, lesson)


@law("batches.pixels", "sample", "divisor", structures=6)
@given(structure=augmenting.image_discs)
def test_the_weight_of_a_picture_is_that_of_its_pixels(backend: Trial, structure: Training) -> None:
    """The same net with masks as images: a loss for each pixel, and a weight for each picture."""
    backend.agrees(structure)
