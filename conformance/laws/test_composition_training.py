"""The laws of the chapter composition: models that are trained."""

from __future__ import annotations

from hypothesis import example, given

from conformance.law import law
from conformance.stateful import driven
from conformance.strategies.composition import gans, repeating, training
from conformance.strategies.composition.gans import Gan
from conformance.strategies.composition.growing import Growing
from conformance.strategies.composition.training import Trained
from conformance.trial import Trial


@law("composition.step", "sgd", "momentum", "adam", "shared", structures=40)
@given(structure=training.plain_steps)
def test_a_step_moves_every_weight_by_its_gradient(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.step", "frozen", "nothing", "shared", "repeated", structures=40)
@given(structure=repeating.steps)
def test_a_step_leaves_frozen_weights_alone(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.step", "statistics", structures=30)
@given(structure=training.normalized_steps)
def test_a_frozen_batch_normalization_does_what_the_reading_says(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.gan", "real", "fake", "through", "apart", "compiled", structures=10)
@given(structure=gans.gans)
def test_a_generator_and_a_discriminator_learn_in_turn(backend: Trial, structure: Gan) -> None:
    backend.agrees(structure)


@law("composition.gan", "real", "fake", "through", "apart", structures=4)
@given(structure=gans.conditional_gans)
def test_a_discriminator_may_see_what_the_generator_made_its_image_from(
    backend: Trial, structure: Gan
) -> None:
    backend.agrees(structure)


@law("composition.gan", "kept", "apart", structures=6)
@given(structure=gans.resumed_gans)
def test_a_generator_and_a_discriminator_go_on_from_files(backend: Trial, structure: Gan) -> None:
    backend.agrees(structure)


@law("composition.gan", "real", "through", structures=1)
@given(structure=gans.long_gans)
def test_fifty_rounds_on_images_of_digits_stay_within_the_bound(backend: Trial, structure: Gan) -> None:
    backend.agrees_at_each_step(structure)


@law("composition.actions", "compiled", "flags", "nothing", structures=25)
@given(structure=repeating.freezes)
def test_flags_count_in_a_step_as_the_reading_says(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.actions", "reload", "clone", "repeated", structures=15)
@given(structure=training.returns)
def test_training_goes_on_after_a_file_or_a_clone(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.actions", "compiled", "reload", "clone", "flags", "own-flag", structures=20)
@given(structure=training.sequences)
@example(structure=repeating.loaded_under_other_flags)
def test_any_sequence_of_actions_leads_where_the_reading_says(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.actions", "grown", "compiled", "flags", "reload", "clone", "nothing", structures=60)
@driven(Growing)
def test_a_model_may_grow_between_any_two_actions(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)
