"""The laws of the chapter composition: models that are called."""

from __future__ import annotations

from hypothesis import given

from conformance.law import law
from conformance.strategies.composition import calls
from conformance.strategies.composition.graphs import Graph
from conformance.trial import Trial


@law("composition.call", "composed", "outputs", "nested", "batch")
@given(structure=calls.composed)
def test_a_model_gives_what_its_layers_give_in_turn(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)


@law("composition.call", "nested", "composed", structures=100)
@given(structure=calls.nested)
def test_models_inside_models_do_what_their_layers_do(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)


@law("composition.call", "batch", structures=30)
@given(structure=calls.batches)
def test_a_batch_may_be_empty_or_of_one(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)


@law("composition.call", "key", "extra", structures=60)
@given(structure=calls.named)
def test_the_tensors_of_a_dict_go_by_name(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)


@law("composition.call", "missing", structures=20)
@given(structure=calls.missing)
def test_a_missing_input_is_refused(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)


@law("composition.call", "position", "sorted", structures=100)
@given(structure=calls.listed)
def test_the_tensors_of_a_list_go_by_position(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)


@law("composition.call", "tuple", "position", structures=40)
@given(structure=calls.tuples)
def test_the_tensors_of_a_tuple_go_by_position(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)


@law("composition.call", "composed", "nested", "outputs", structures=40)
@given(structure=calls.by_class)
def test_a_model_of_a_class_gives_what_its_layers_give(backend: Trial, structure: Graph) -> None:
    backend.agrees(structure)
