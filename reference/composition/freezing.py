"""Freezing: which weights are left to training, after flags were set."""

from __future__ import annotations

from collections.abc import Callable

from reference.clause import reading
from reference.composition.flags import (
    all_true,
    along_paths,
    of_parameters,
    of_weights,
    set_alone,
    set_inside,
)
from reference.composition.machine import Flags, Layers, used
from reference.composition.origins import LAYER_2, LAYER_3, MODULE, NETWORK_2_2
from reference.sources import keras

View = Callable[[Layers, Flags, str], list[str]]


@reading("composition.freezing", "keras-2.2", source=NETWORK_2_2)
def freezing_keras_2_2(layers: Layers, model: str, flags: list[list[object]]) -> dict[str, list[str]]:
    """A weight is trained if every layer on a way down to it is trainable; a model's flag is its own.

    layers: the table of layers. model: name of the outermost. flags: names and values, set in this order.
    Returns, for every model inside and itself, the names of the layers whose weights it trains.

    [setter] A flag that is set on a model MUST leave the flags inside it as they are.
    [view] A model trains a weight iff on some way down to it every flag is True: this MUST hold.
    [shared] A layer that several models use has one flag, which MUST count in each of them.
    [undone] Setting the flag back MUST restore what was trained before.
    """
    now = all_true(layers)
    for name, value in flags:
        now = set_alone(layers, now, str(name), bool(value))  # [setter] [shared] [undone]
    return _views(layers, model, now, along_paths)  # [view]


@reading("composition.freezing", "keras-2", source=LAYER_2)
def freezing_keras_2(layers: Layers, model: str, flags: list[list[object]]) -> dict[str, list[str]]:
    """A weight is trained if every layer on a way down to it is trainable; a flag goes down to every layer.

    layers: the table of layers. model: name of the outermost. flags: names and values, set in this order.
    Returns, for every model inside and itself, the names of the layers whose weights it trains.

    [setter] A flag that is set on a model MUST be set on everything inside it.
    [view] A model trains a weight iff on some way down to it every flag is True: this MUST hold.
    [shared] A layer that several models use has one flag, which MUST count in each of them.
    [undone] Setting a model's flag back to True MUST make every layer inside trainable.
    """
    now = all_true(layers)
    for name, value in flags:
        now = set_inside(layers, now, str(name), bool(value))  # [setter] [shared] [undone]
    return _views(layers, model, now, along_paths)  # [view]


@reading(
    "composition.freezing",
    "keras-3",
    source=(LAYER_3, keras("v3.15.1", "layers/layer.py", "Layer.trainable_variables")),
)
def freezing_keras_3(layers: Layers, model: str, flags: list[list[object]]) -> dict[str, list[str]]:
    """A weight is trained if the model that is asked and the weight's own layer are trainable.

    layers: the table of layers. model: name of the outermost. flags: names and values, set in this order.
    Returns, for every model inside and itself, the names of the layers whose weights it trains.

    [setter] A flag that is set on a model MUST be set on everything inside it.
    [view] A model trains a weight iff its own flag and that of the weight's layer are True, whatever
        the models in between say: this MUST hold.
    [shared] A layer that several models use has one flag, which MUST count in each of them.
    [undone] Setting a model's flag back to True MUST make every layer inside trainable.
    """
    now = all_true(layers)
    for name, value in flags:
        now = set_inside(layers, now, str(name), bool(value))  # [setter] [shared] [undone]
    return _views(layers, model, now, of_weights)  # [view]


@reading("composition.freezing", "torch", source=MODULE)
def freezing_torch(layers: Layers, model: str, flags: list[list[object]]) -> dict[str, list[str]]:
    """A parameter is trained if it requires a gradient; `requires_grad_` reaches all that a module holds.

    layers: the table of layers. model: name of the outermost. flags: names and values for
    `requires_grad_`, called in this order; a layer without parameters takes it and does nothing.
    Returns, for every module of a graph inside and itself, the names of the layers that it trains.

    [setter] `requires_grad_` of a module MUST be set on every parameter inside it.
    [view] A parameter is trained iff it requires a gradient, whoever is asked: this MUST hold.
    [shared] A parameter that several modules hold has one flag, which MUST count in each of them.
    [undone] Setting it back to True MUST make every parameter inside trainable.
    """
    now = all_true(layers)
    for name, value in flags:
        now = set_inside(layers, now, str(name), bool(value))  # [setter] [shared] [undone]
    return _views(layers, model, now, of_parameters)  # [view]


def _views(layers: Layers, model: str, flags: Flags, view: View) -> dict[str, list[str]]:
    models = [one for one in used(layers, model) if layers[one]["kind"] == "Model"]
    return {one: view(layers, flags, one) for one in models}
