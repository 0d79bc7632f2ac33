"""The laws of the chapter composition: what models are made of, share, and keep."""

from __future__ import annotations

from hypothesis import given

from conformance.law import law
from conformance.strategies.composition import connections, keeping, training
from conformance.strategies.composition.connections import Connected, Question
from conformance.strategies.composition.keeping import Between, Deep
from conformance.strategies.composition.training import Trained
from conformance.trial import Trial


@law("composition.connectivity", "closed", "inner", "both", "twice", "unused", "identity", "layers")
@given(structure=connections.connected)
def test_a_model_is_made_of_what_its_inputs_reach(backend: Trial, structure: Connected) -> None:
    backend.agrees(structure)


@law("composition.connectivity", "closed", structures=30)
@given(structure=connections.missing)
def test_a_model_without_an_input_that_it_needs_is_refused(backend: Trial, structure: Connected) -> None:
    backend.agrees(structure)


@law("composition.connectivity", "inner", "both", "layers", structures=120)
@given(structure=connections.inners)
def test_a_model_may_begin_at_an_inner_tensor(backend: Trial, structure: Connected) -> None:
    backend.agrees(structure)


@law("composition.connectivity", "names", structures=40)
@given(structure=connections.twins)
def test_two_layers_of_one_name_are_refused(backend: Trial, structure: Connected) -> None:
    backend.agrees(structure)


@law("composition.connectivity", "closed", "layers", structures=4)
@given(structure=connections.questions)
def test_the_generator_and_discriminator_of_the_question_need_an_input_more(
    backend: Trial, structure: Question
) -> None:
    backend.agrees(structure)


@law("composition.sharing", "count", "gradient", "regularizer", "activity", structures=60)
@given(structure=training.shared)
def test_a_layer_that_is_used_twice_is_one_layer(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.freezing", "setter", "view", "shared", "undone")
@given(structure=training.frozen)
def test_flags_decide_which_weights_a_model_trains(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.freezing", "view", "setter", structures=60)
@given(structure=training.thawed)
def test_a_layer_that_is_thawed_inside_a_frozen_model_is_seen_as_the_reading_says(
    backend: Trial, structure: Trained
) -> None:
    backend.agrees(structure)


@law("composition.persistence", "outputs", "shared", "flags", structures=30)
@given(structure=training.own)
def test_a_model_that_is_kept_is_the_same_model(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.persistence", "across", "outputs", structures=12)
@given(structure=training.spread)
def test_a_layer_of_two_models_is_kept_or_copied_or_refused(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.persistence", "weights", "folder", "outputs", structures=8)
@given(structure=training.formats)
def test_weights_alone_and_folders_keep_what_the_reading_says(backend: Trial, structure: Trained) -> None:
    backend.agrees(structure)


@law("composition.persistence", "called", structures=20)
@given(structure=keeping.between)
def test_a_layer_of_two_models_computes_the_same_after_hdf5(backend: Trial, structure: Between) -> None:
    backend.agrees(structure)


@law("composition.persistence", "apart", "outputs", structures=16)
@given(structure=keeping.deep)
def test_what_is_kept_has_weights_of_its_own_however_deep(backend: Trial, structure: Deep) -> None:
    backend.agrees(structure)
