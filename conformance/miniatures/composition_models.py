"""Miniatures of the chapter composition: what is shared, frozen and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backends.base import operation
from conformance.behaviors.composition import inner_calls_taken
from conformance.miniatures import Miniature
from reference.composition import flags, freezing, persistence, sharing
from reference.composition.learning import KERAS_3
from reference.composition.machine import Flags, Layers, used, weighted
from reference.outcomes import AnyOf, Measured

FORMATS = "test_weights_alone_and_folders_keep_what_the_reading_says"


def calls_of(layers: Layers, model: str) -> dict[str, int]:
    """How often each layer is called when a model is."""
    found = {model: 1}
    for name in reversed(used(layers, model)):
        for _, called, _ in layers[name].get("calls", ()):
            found[called] = found.get(called, 0) + found.get(name, 0)
    return found


def without(layer: dict[str, Any], key: str) -> dict[str, Any]:
    """A layer's description without one entry."""
    return {name: value for name, value in layer.items() if name != key}


def times(one: Measured, number: int) -> Measured:
    """A result times a number."""
    return replace(one, value=one.value * number, spread=one.spread * number)


class _Shared(Miniature):
    """The base: Keras 3, wrong in composition.sharing."""

    dialect = "keras-3"
    clause = "composition.sharing"
    law = "test_a_layer_that_is_used_twice_is_one_layer"


class CountedPerUse(_Shared):
    """A layer counts once for each of its uses."""

    notice = "the summary of a siamese network shows twice its parameters"

    @operation("composition.sharing")
    def counted(self, layers: Layers, model: str, **inputs: Any) -> Any:
        said, calls = sharing.sharing_keras(layers, model, rules=KERAS_3, **inputs), calls_of(layers, model)
        own = weighted(layers, model)
        total = sum(w.size * calls[name] for name in own for w in layers[name]["weights"])
        return said | {"parameters": int(total)}


class GradientPerUse(_Shared):
    """The gradient of a shared weight counts each use as often as there are uses."""

    notice = "shared layers learn too fast"

    @operation("composition.sharing")
    def counted(self, layers: Layers, model: str, **inputs: Any) -> Any:
        said, calls = sharing.sharing_keras(layers, model, rules=KERAS_3, **inputs), calls_of(layers, model)
        pulled = {name: [times(g, calls[name]) for g in each] for name, each in said["gradients"].items()}
        return said | {"gradients": pulled}


class MeanGradient(_Shared):
    """The gradient of a shared weight is the mean over its uses."""

    notice = "a layer that is used ten times learns at a tenth of the rate"

    @operation("composition.sharing")
    def counted(self, layers: Layers, model: str, **inputs: Any) -> Any:
        said, calls = sharing.sharing_keras(layers, model, rules=KERAS_3, **inputs), calls_of(layers, model)
        gradients = {
            name: [replace(g, value=g.value / calls[name], spread=g.spread / calls[name]) for g in each]
            for name, each in said["gradients"].items()
        }
        return said | {"gradients": gradients}


class RegularizedPerUse(_Shared):
    """A regularizer adds the loss of its weight once for each use of the layer."""

    notice = "sharing a layer makes its decay stronger"

    @operation("composition.sharing")
    def counted(self, layers: Layers, model: str, **inputs: Any) -> Any:
        calls = calls_of(layers, model)
        wrong = {
            n: layer | {"l2": layer["l2"] * calls.get(n, 1)} if "l2" in layer else layer
            for n, layer in layers.items()
        }
        said = sharing.sharing_keras(layers, model, rules=KERAS_3, **inputs)
        return said | {"losses": sharing.sharing_keras(wrong, model, rules=KERAS_3, **inputs)["losses"]}


class ActivityOnce(_Shared):
    """An activity regularizer adds the loss of a layer's last output, however often the layer is called."""

    notice = "one tower of a siamese network is free to grow"

    @operation("composition.sharing")
    def counted(self, layers: Layers, model: str, **inputs: Any) -> Any:
        calls = calls_of(layers, model)
        said = sharing.sharing_keras(layers, model, rules=KERAS_3, **inputs)
        once = {n: without(one, "activity") if calls.get(n, 1) > 1 else one for n, one in layers.items()}
        less = sharing.sharing_keras(once, model, rules=KERAS_3, **inputs)["losses"]
        return said | {"losses": less}


class ActivityOfBatch(_Shared):
    """An activity regularizer adds up over the batch, as in Keras 2.2 and Keras 3 before 3.14."""

    notice = "a larger batch regularizes more"

    @operation("composition.sharing")
    def counted(self, **inputs: Any) -> Any:
        return sharing.sharing_keras(rules=replace(KERAS_3, divided=False), **inputs)


class BuffersCounted(_Shared):
    """Only the first parameter of a module is counted."""

    dialect = "torch"
    notice = "biases are left out of the optimizer"

    @operation("composition.sharing")
    def counted(self, layers: Layers, model: str, **inputs: Any) -> Any:
        said = sharing.sharing_torch(layers, model, **inputs)
        return said | {"weights": len(weighted(layers, model))}


class _Flags(Miniature):
    """The base: wrong in composition.freezing."""

    dialect = "keras-3"
    clause = "composition.freezing"
    law = "test_flags_decide_which_weights_a_model_trains"
    set_flag = staticmethod(flags.set_inside)
    view = staticmethod(flags.of_weights)

    @operation("composition.freezing")
    def flagged(self, layers: Layers, model: str, flags: list[list[Any]]) -> Any:
        now = dict.fromkeys(layers, True)
        for name, value in flags:
            now = self.set_flag(layers, now, name, value)
        return freezing._views(layers, model, now, self.view)


class FlagAlone(_Flags):
    """A flag that is set on a model is not set inside it, as in Keras 2.2."""

    notice = "a frozen base model thaws as soon as it is put into another"
    set_flag = staticmethod(flags.set_alone)


class FlagInside(_Flags):
    """In Keras 2.2, a flag that is set on a model is set inside it."""

    dialect = "keras-2.2"
    notice = "the discriminator can no longer be trained on its own once the pair is frozen"
    view = staticmethod(flags.along_paths)


class PathIgnored(_Flags):
    """In Keras 2, a layer inside a frozen model is trained if its own flag is True."""

    dialect = "keras-2"
    law = "test_a_layer_that_is_thawed_inside_a_frozen_model_is_seen_as_the_reading_says"
    notice = "one layer of a frozen model goes on learning"


class OuterOverrides(_Flags):
    """A model that is trainable trains everything inside it."""

    notice = "fine-tuning the head destroys the frozen base"
    view = staticmethod(lambda layers, flags, model: weighted(layers, model) if flags[model] else [])


class NeverThaws(_Flags):
    """Setting a flag back to True has no effect on what is inside."""

    notice = "a base model that was frozen for the first epochs stays frozen"

    @staticmethod
    def set_flag(layers: Layers, now: Flags, name: str, value: bool) -> Flags:
        return (flags.set_alone if value else flags.set_inside)(layers, now, name, value)


class _Kept(Miniature):
    """The base: Keras 3, wrong in composition.persistence."""

    dialect = "keras-3"
    clause = "composition.persistence"
    law = "test_a_model_that_is_kept_is_the_same_model"


class SharingLost(_Kept):
    """A loaded model has a layer of its own for each use."""

    notice = "a tied model, loaded and trained on, comes apart"

    @operation("composition.persistence")
    def loaded(self, layers: Layers, model: str, **inputs: Any) -> Any:
        said, calls = (
            persistence.persistence_keras(layers, model, rules=KERAS_3, **inputs),
            calls_of(layers, model),
        )
        own = weighted(layers, model)
        total = sum(w.size * calls[name] for name in own for w in layers[name]["weights"])
        return said if isinstance(said, AnyOf) else said | {"parameters": int(total)}


class FlagsLost(_Kept):
    """A loaded model trains everything."""

    notice = "a fine-tuning that is resumed from a file moves the base model, too"

    @operation("composition.persistence")
    def loaded(self, layers: Layers, model: str, flags: Any, **inputs: Any) -> Any:
        return persistence.persistence_keras(layers, model, rules=KERAS_3, flags=[], **inputs)


class FreshClone(_Kept):
    """A clone whose weights are set computes with weights of its own."""

    notice = "a clone for evaluation is untrained"

    @operation("composition.persistence")
    def loaded(self, layers: Layers, model: str, **inputs: Any) -> Any:
        said = persistence.persistence_keras(layers, model, rules=KERAS_3, **inputs)
        if inputs["way"] != "clone" or isinstance(said, AnyOf):
            return said
        return said | {"outputs": [replace(one, value=one.value + 1) for one in said["outputs"]]}


class WeightForgotten(_Kept):
    """A file of weights, when it is loaded, leaves the last layer as it was made."""

    law = FORMATS
    notice = "the head of a model that was restored is untrained"

    @operation("composition.persistence")
    def loaded(self, layers: Layers, model: str, **inputs: Any) -> Any:
        if inputs["way"] == "weights":
            last = weighted(layers, model)[-1]
            blank = [weight * 0 for weight in layers[last]["weights"]]
            layers = layers | {last: layers[last] | {"weights": blank}}
        return persistence.persistence_keras(layers, model, rules=KERAS_3, **inputs)


class FolderTaken(_Kept):
    """A path without an extension is taken for that of a folder, as in Keras 2."""

    law = FORMATS
    notice = "what only the release before could write seems to have been saved"

    @operation("composition.persistence")
    def loaded(self, **inputs: Any) -> Any:
        return persistence.persistence_keras(rules=replace(KERAS_3, folders=True), **inputs)


class InnerCalls(_Kept):
    """A layer that two models use is called, after a file of HDF5, where the inner one calls it."""

    dialect = "keras-2"
    law = "test_a_layer_of_two_models_computes_the_same_after_hdf5"
    notice = "a siamese model that was loaded compares a picture with itself"
    report = "https://github.com/keras-team/tf-keras/blob/v2.21.0/tf_keras/engine/functional.py"

    @operation("composition.persistence")
    def loaded(self, **inputs: Any) -> Any:
        return inner_calls_taken(**inputs)


class DeepCloneShares(_Kept):
    """A clone shares the layers of a model inside a model inside it with the model."""

    law = "test_what_is_kept_has_weights_of_its_own_however_deep"
    notice = "training the clone trains the original, two levels down"

    @operation("composition.persistence")
    def loaded(self, layers: Layers, model: str, **inputs: Any) -> Any:
        said = persistence.persistence_keras(layers, model, rules=KERAS_3, **inputs)
        deep = [model]
        for _ in range(3):
            deep = [called for one in deep for _, called, _ in layers[one].get("calls", ())]
        weights = sum(len(layers[name].get("weights", ())) for name in set(deep))
        shares = inputs["way"] == "clone" and not isinstance(said, AnyOf)
        return said | {"common": weights} if shares else said


class FrozenByState(_Kept):
    """A state dict carries which parameters require a gradient."""

    dialect = "torch"
    notice = "a checkpoint of a frozen model cannot be fine-tuned"

    @operation("composition.persistence")
    def loaded(self, way: str, **inputs: Any) -> Any:
        return persistence.persistence_torch(way="clone", **inputs)
