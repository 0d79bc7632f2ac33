"""Miniatures of the chapter composition: models that are called, and models that are made."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.behaviors.composition import extra_keys_taken
from conformance.miniatures import Miniature
from reference.composition import calling, connectivity
from reference.composition.arithmetic import Numbers
from reference.composition.machine import Machine, Tensor, dtype_of, tensors
from reference.errors import Refused
from reference.outcomes import AnyOf

Layers = dict[str, Any]
BY_NAME = "test_the_tensors_of_a_dict_go_by_name"
IN_TURN = "test_a_model_gives_what_its_layers_give_in_turn"
POSITION = "test_the_tensors_of_a_list_go_by_position"
BATCH = "test_a_batch_may_be_empty_or_of_one"
REACH = "test_a_model_is_made_of_what_its_inputs_reach"
INNER = "test_a_model_may_begin_at_an_inner_tensor"
NEEDED = "test_a_model_without_an_input_that_it_needs_is_refused"


def names_of(layers: Layers, model: str) -> list[str]:
    """The names of a model's inputs, in its order."""
    return [name for name, _, _ in layers[model]["inputs"]]


class _Call(Miniature):
    """The base: Keras 3, wrong in composition.call."""

    dialect = "keras-3"
    clause = "composition.call"
    law = BY_NAME


class SortedKeys(_Call):
    """The tensors of a dict become the inputs in the sorted order of their keys."""

    notice = "two inputs trade places as soon as they are named against the alphabet"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        if isinstance(data, dict) and set(data) == set(names_of(layers, model)):
            data = dict(zip(names_of(layers, model), [data[key] for key in sorted(data)], strict=True))
        return calling.call_keras_3(layers, model, data)


class GivenOrder(_Call):
    """The tensors of a dict become the inputs in the order in which the dict has them."""

    notice = "a data loader that builds its dict in another order feeds the wrong inputs"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        if isinstance(data, dict) and set(data) == set(names_of(layers, model)):
            data = dict(zip(names_of(layers, model), data.values(), strict=True))
        return calling.call_keras_3(layers, model, data)


class ExtraKey(_Call):
    """A key that is no input is taken for one."""

    notice = "a column that no one uses, left in the batch, becomes the first input"

    @operation("composition.call")
    def called(self, **inputs: Any) -> Any:
        return extra_keys_taken(**inputs)


class ExtraRefused(_Call):
    """A key that is no input is refused."""

    notice = "a batch with a column more than the model needs cannot be used"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        if isinstance(data, dict) and set(data) - set(names_of(layers, model)):
            raise Refused("unexpected keys")
        return calling.call_keras_3(layers, model, data)


class MissingZeros(_Call):
    """An input that is missing in a dict is taken to be zero."""

    law = "test_a_missing_input_is_refused"
    notice = "a misspelled key goes unnoticed, and the model learns without that input"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        shapes = {name: shape for name, shape, _ in layers[model]["inputs"]}
        if isinstance(data, dict):
            size = len(next(iter(data.values())))
            zeros = {name: np.zeros((size, *shape), np.float32) for name, shape in shapes.items()}
            data = zeros | data
        return calling.call_keras_3(layers, model, data)


class DeclaredKeys(_Call):
    """A model made of a dict takes a list in the order in which its keys were written."""

    dialect = "keras-2"
    law = POSITION
    notice = "what worked with Keras 3.6 binds other inputs"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        if isinstance(data, list):
            data = dict(zip(names_of(layers, model), data, strict=True))
        return calling.call_keras_2(layers, model, data)


class SortedList(_Call):
    """The tensors of a list become the inputs in the sorted order of the inputs' names."""

    law = POSITION
    notice = "renaming an input changes what the model computes"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        if isinstance(data, list) and layers[model]["form"] == "list":
            data = dict(zip(sorted(names_of(layers, model)), data, strict=True))
        return calling.call_keras_3(layers, model, data)


class TupleTurned(_Call):
    """The tensors of a tuple become the inputs from the last to the first."""

    law = "test_the_tensors_of_a_tuple_go_by_position"
    notice = "a pair that came out of a data set trades places"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        return calling.call_keras_3(layers, model, data[::-1] if isinstance(data, tuple) else data)


class TupleTaken(_Call):
    """In Keras 2.2, a tuple is taken for a list."""

    dialect = "keras-2.2"
    law = "test_the_tensors_of_a_tuple_go_by_position"
    notice = "code that was written for the release after seems to run"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        lists = {
            name: layer | {"form": "list"} if layer.get("form") == "tuple" else layer
            for name, layer in layers.items()
        }
        return calling.call_keras_2_2(lists, model, list(data) if isinstance(data, tuple) else data)


class ClassedOutputs(_Call):
    """A model of a class of its own gives the first of its outputs alone."""

    law = "test_a_model_of_a_class_gives_what_its_layers_give"
    notice = "the second head of a model that was written as a class is never trained"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        said = calling.call_keras_3(layers, model, data)
        first = layers[model].get("style") == "subclassed" and isinstance(said, list)
        return said[0] if first else said


class AnyKeys(_Call):
    """A model made of a dict takes a list although its keys are not in sorted order."""

    law = POSITION
    notice = "a list is bound to inputs by a rule that nobody sees"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        return calling.call_keras_2(layers, model, data)


class NoEmptyBatch(_Call):
    """An empty batch is refused."""

    law = BATCH
    notice = "the last shard of a distributed evaluation, which is empty, ends the job"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        given = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list) else [data]
        if not len(given[0]):
            raise Refused("the batch is empty")
        return calling.call_keras_3(layers, model, data)


class OneInAList(_Call):
    """A single output comes in a list."""

    law = IN_TURN
    notice = "predict returns a list of one array"

    @operation("composition.call")
    def called(self, **inputs: Any) -> Any:
        said = calling.call_keras_3(**inputs)
        return said if isinstance(said, list) else [said]


class OutputsTurned(_Call):
    """Several outputs come in the reverse of the model's order."""

    law = IN_TURN
    notice = "the losses of two heads are computed on each other's outputs"

    @operation("composition.call")
    def called(self, **inputs: Any) -> Any:
        said = calling.call_keras_3(**inputs)
        return said[::-1] if isinstance(said, list) else said


class _Once(Machine):
    """A machine that runs a model inside a model once, and gives the same again at its next use."""

    def run(self, name: str, inputs: list[Tensor]) -> list[Tensor]:
        depth = getattr(self, "depth", 0)
        kept = self.__dict__.setdefault("kept", {})
        if depth and name in kept and self.layers[name]["kind"] == "Model":
            return kept[name]  # type: ignore[no-any-return]
        self.depth = depth + 1
        said = super().run(name, inputs)
        self.depth = depth
        kept[name] = said
        return said


class SharedModelOnce(_Call):
    """A model that is used twice inside a model gives at its second use what it gave at its first."""

    law = "test_models_inside_models_do_what_their_layers_do"
    notice = "the two towers of a siamese network agree on everything"

    @operation("composition.call")
    def called(self, layers: Layers, model: str, data: Any) -> Any:
        calling.call_keras_3(layers, model, data)  # its refusals
        if isinstance(data, dict):
            data = [data[name] for name in names_of(layers, model)]
        numbers = Numbers(dtype_of(layers))
        outputs = _Once(numbers, layers).run(
            model, tensors(numbers, data if isinstance(data, list) else [data])
        )
        said = [numbers.measured(output.value) for output in outputs]
        return said if len(said) > 1 else said[0]


class _Made(Miniature):
    """The base: Keras 3, wrong in composition.connectivity."""

    dialect = "keras-3"
    clause = "composition.connectivity"
    law = REACH


class FoundAtCall(_Made):
    """A model with an output that its inputs do not suffice for is made, and fails when it is called."""

    law = NEEDED
    notice = "the error comes from the first training step, far from the line that is wrong"
    report = "https://github.com/keras-team/keras/blob/v3.13.0/keras/src/ops/function.py"

    @operation("composition.connectivity")
    def made(self, **inputs: Any) -> Any:
        return connectivity.connectivity_keras_3(**inputs)


class QuestionAccepted(_Made):
    """A tensor of another model is taken for an input that needs no declaring."""

    law = "test_the_generator_and_discriminator_of_the_question_need_an_input_more"
    notice = "the discriminator of the question is made, with an input that nobody feeds"

    @operation("composition.connectivity")
    def made(self, layers: Layers, model: str) -> Any:
        if "scope" in layers[model]:
            return connectivity.connectivity_keras_3(layers, model)
        return connectivity.connectivity_keras_3_14(layers, model)


class _Refuses(_Made):
    """The base: one kind of input too many is refused."""

    def wrong(self, layer: dict[str, Any], declared: list[str], names: list[str]) -> bool:
        """Whether the model is refused."""
        raise NotImplementedError

    @operation("composition.connectivity")
    def made(self, layers: Layers, model: str) -> Any:
        said, layer = connectivity.connectivity_keras_3_14(layers, model), layers[model]
        names = names_of(layers, model)
        if not isinstance(said, AnyOf) and self.wrong(layer, layer.get("declared", names), names):
            raise Refused("refused")
        return said


class UnusedRefused(_Refuses):
    """An input that no output needs is refused."""

    notice = "an optional input has to be taken out of the model, and of every data set"

    def wrong(self, layer: dict[str, Any], declared: list[str], names: list[str]) -> bool:
        return "z" in declared


class InnerRefused(_Refuses):
    """A tensor that a layer gave is refused as an input."""

    law = INNER
    notice = "the features of a trained model cannot be fed to its head"

    def wrong(self, layer: dict[str, Any], declared: list[str], names: list[str]) -> bool:
        return not set(declared) <= set(names)


class TwiceRefused(_Refuses):
    """The same tensor given twice as an input is refused, as in Keras 2."""

    notice = "a model that Keras 3 makes is refused"

    def wrong(self, layer: dict[str, Any], declared: list[str], names: list[str]) -> bool:
        return len(set(declared)) < len(declared)


class IdentityRefused(_Refuses):
    """A model whose output is its input is refused."""

    notice = "a branch that passes its input on has to be given a layer that does nothing"

    def wrong(self, layer: dict[str, Any], declared: list[str], names: list[str]) -> bool:
        return bool(set(layer["outputs"]) & set(declared))


class OneNameTwice(_Made):
    """Two layers of one name are accepted."""

    law = "test_two_layers_of_one_name_are_refused"
    notice = "weights that are loaded by name go to one of them"

    @operation("composition.connectivity")
    def made(self, layers: Layers, model: str) -> Any:
        plain = {name: {k: v for k, v in layer.items() if k != "name"} for name, layer in layers.items()}
        return connectivity.connectivity_keras_3_14(plain, model)


class UpstreamCounted(_Made):
    """A model from an inner tensor on has the layers before that tensor, too."""

    law = INNER
    notice = "a head that is fed features saves and trains the whole network"

    @operation("composition.connectivity")
    def made(self, layers: Layers, model: str) -> Any:
        said = connectivity.connectivity_keras_3_14(layers, model)
        whole = {name: value for name, value in layers[model].items() if name != "declared"}
        if isinstance(said, AnyOf):
            return said
        return said | {
            "weighted": connectivity.connectivity_keras_3(layers | {model: whole}, model)["weighted"]
        }
