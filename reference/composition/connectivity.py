"""Connectivity: what a model is made of, and when it cannot be made."""

from __future__ import annotations

from typing import Any

from reference.clause import reading
from reference.composition.machine import Layers, weighted
from reference.composition.origins import FUNCTIONAL_2, FUNCTIONAL_3, GRAPH, NETWORK_2_2
from reference.errors import Refused
from reference.outcomes import AnyOf
from reference.sources import keras


class GraphDisconnected(Refused):
    """An output that cannot be computed from the declared inputs."""


@reading("composition.connectivity", "keras-2.2", source=NETWORK_2_2)
def connectivity_keras_2_2(layers: Layers, model: str) -> dict[str, Any]:
    """A model is made of what lies between its inputs and its outputs, or it is refused.

    layers: the table of layers. model: name of the one that is made, with the tensors that it declares
    as inputs ("declared"), and another model whose tensors it may name as well ("scope").
    Returns the number of its inputs, and the names of its layers with weights.

    [closed] A model with an output that its declared inputs do not suffice for MUST be refused.
    [inner] A tensor that a layer gave MUST be refused as an input, if what it comes from is not declared.
    [twice] The same tensor given twice as an input MUST be refused.
    [names] Two layers of one name MUST be refused.
    [unused] An input that no output needs MUST be accepted.
    [identity] A model whose output is its input MUST be accepted.
    [layers] The model MUST have the layers on the way from its inputs to its outputs, and no others.
    """
    declared, found, missing, inner, _ = _walk(layers, model)
    _distinct(declared)  # [twice]
    if missing or inner:
        raise GraphDisconnected(f"the inputs {declared} do not reach the outputs")  # [closed] [inner]
    return _made(layers, declared, found)  # [unused] [identity] [layers] [names]


@reading("composition.connectivity", "keras-2", source=FUNCTIONAL_2)
def connectivity_keras_2(layers: Layers, model: str) -> Any:
    """A model is made of what lies between its inputs and its outputs, or it is refused.

    layers: the table of layers. model: name of the one that is made, with the tensors that it declares
    as inputs ("declared"), and another model whose tensors it may name as well ("scope").
    Returns the number of its inputs, and the names of its layers with weights.

    [closed] A model with an output that its declared inputs do not suffice for MUST be refused.
    [inner] A tensor that a layer gave MUST be accepted as an input: what it comes from stays outside.
    [both] Whether such a tensor may be an output as well, or come from a layer that is called on the way
        too, or stand beside an input that no output needs, is OPEN.
    [twice] The same tensor given twice as an input MUST be refused.
    [names] Two layers of one name MUST be refused.
    [unused] An input that no output needs MUST be accepted.
    [identity] A model whose output is its input MUST be accepted.
    [layers] The model MUST have the layers on the way from its inputs to its outputs, and no others.
    """
    declared, found, missing, inner, split = _walk(layers, model)
    _distinct(declared)  # [twice]
    if missing:
        raise GraphDisconnected(f"the outputs need {missing}, beside {declared}")  # [closed]
    apart = split or (inner and _unused(layers, model, declared))
    return _accepted(
        layers, model, declared, found, apart
    )  # [inner] [both] [unused] [identity] [layers] [names]


@reading("composition.connectivity", "keras-3", source=FUNCTIONAL_3, since="3.14")
def connectivity_keras_3_14(layers: Layers, model: str) -> Any:
    """A model is made of what lies between its inputs and its outputs, or it is refused.

    layers: the table of layers. model: name of the one that is made, with the tensors that it declares
    as inputs ("declared"), and another model whose tensors it may name as well ("scope").
    Returns the number of its inputs, and the names of its layers with weights.

    [closed] A model with an output that its declared inputs do not suffice for MUST be refused.
    [inner] A tensor that a layer gave MUST be accepted as an input: what it comes from stays outside.
    [both] Whether such a tensor may be an output as well, or come from a layer that is called on the way
        too, is OPEN.
    [twice] The same tensor given twice as an input MUST be accepted.
    [names] Two layers of one name MUST be refused.
    [unused] An input that no output needs MUST be accepted.
    [identity] A model whose output is its input MUST be accepted.
    [layers] The model MUST have the layers on the way from its inputs to its outputs, and no others.
    """
    declared, found, missing, _, split = _walk(layers, model)
    if missing:
        raise GraphDisconnected(f"the outputs need {missing}, beside {declared}")  # [closed]
    return _accepted(
        layers, model, declared, found, split
    )  # [inner] [both] [twice] [unused] [identity] [layers] [names]


@reading(
    "composition.connectivity",
    "keras-3",
    source=(
        keras("v3.13.0", "ops/function.py", "Function.__init__"),
        keras("v3.13.0", "ops/function.py", "map_graph"),
    ),
    since="3.10",
    before="3.14",
)
def connectivity_keras_3_10(layers: Layers, model: str) -> Any:
    """A model is made of what lies between its inputs and its outputs; each input has to feed some layer.

    layers: the table of layers. model: name of the one that is made, with the tensors that it declares
    as inputs ("declared"), and another model whose tensors it may name as well ("scope").
    Returns the number of its inputs, and the names of its layers with weights.

    [closed] A model with an output that its declared inputs do not suffice for MUST be accepted, if every
        input feeds a layer; what is missing shows when it runs.
    [inner] A tensor that a layer gave MUST be accepted as an input: what it comes from stays outside.
    [both] Whether such a tensor may be an output as well, or come from a layer that is called on the way
        too, is OPEN.
    [twice] The same tensor given twice as an input MUST be accepted.
    [names] Two layers of one name MUST be refused.
    [unused] An input that no layer takes MUST be refused; one that a layer takes which no output needs
        MUST be accepted.
    [identity] A model whose output is its input MUST be refused, unless a layer takes that input.
    [layers] The model MUST have the layers on the way from its inputs to its outputs, and no others.
    """
    for one in _models(layers, model):
        if idle := _idle(layers, one):
            raise GraphDisconnected(f"no layer takes the inputs {idle} of {one}")  # [unused] [identity]
    return connectivity_keras_3(layers, model)  # [closed] [inner] [both] [twice] [names] [layers]


@reading(
    "composition.connectivity",
    "keras-3",
    source=keras("v3.9.2", "ops/function.py", "map_graph"),
    since="3.1",
    before="3.10",
)
def connectivity_keras_3(layers: Layers, model: str) -> Any:
    """A model is made of what lies between its inputs and its outputs; what is missing shows when it runs.

    layers: the table of layers. model: name of the one that is made, with the tensors that it declares
    as inputs ("declared"), and another model whose tensors it may name as well ("scope").
    Returns the number of its inputs, and the names of its layers with weights.

    [closed] A model with an output that its declared inputs do not suffice for MUST be accepted.
    [inner] A tensor that a layer gave MUST be accepted as an input: what it comes from stays outside.
    [both] Whether such a tensor may be an output as well, or come from a layer that is called on the way
        too, is OPEN.
    [twice] The same tensor given twice as an input MUST be accepted.
    [names] Two layers of one name MUST be refused.
    [unused] An input that no output needs MUST be accepted.
    [identity] A model whose output is its input MUST be accepted.
    [layers] The model MUST have the layers on the way from its inputs to its outputs, and no others.
    """
    declared, found, _, _, split = _walk(layers, model)
    return _accepted(
        layers, model, declared, found, split
    )  # [closed] [inner] [both] [twice] [unused] [identity] [layers] [names]


@reading("composition.connectivity", "torch", source=GRAPH)
def connectivity_torch(layers: Layers, model: str) -> dict[str, Any]:
    """A graph is made of all its calls, and each of them needs nodes of this very graph.

    layers: the table of layers. model: name of the one that is made, with the nodes that it declares
    as placeholders ("declared"), and another model whose nodes it may name as well ("scope").
    Returns the number of its inputs, and the names of its layers with weights.

    [closed] A graph with a call on a node that is none of its own MUST be refused.
    [twice] The same name given twice MUST be refused, since it becomes two arguments of one name.
    [unused] A placeholder that no output needs MUST be accepted.
    [identity] A graph whose output is its placeholder MUST be accepted.
    [layers] The module MUST have every layer that a call names.
    """
    layer = layers[model]
    declared = layer.get("declared", [name for name, _, _ in layer["inputs"]])
    own = {*declared, *(output for outputs, _, _ in layer["calls"] for output in outputs)}
    wanted = [*layer["outputs"], *(one for _, _, arguments in layer["calls"] for one in arguments)]
    if strange := [one for one in wanted if one not in own]:
        raise Refused(f"{strange} are nodes of another graph", shows_as=("RuntimeError",))  # [closed]
    if len(set(declared)) < len(declared):
        raise Refused(
            f"{declared} name an argument twice", shows_as=("SyntaxError", "RuntimeError")
        )  # [twice]
    called = [name for _, name, _ in layer["calls"]]
    return {
        "inputs": len(declared),
        "weighted": _with_weights(layers, called),
    }  # [unused] [identity] [layers]


def _calls(layers: Layers, model: str) -> list[Any]:
    """The calls whose tensors a model may name, those of its scope first."""
    return [*layers.get(layers[model].get("scope", ""), {}).get("calls", ()), *layers[model]["calls"]]


def _walk(layers: Layers, model: str) -> tuple[list[str], list[str], list[str], bool, bool]:
    """Declared inputs, layers on the way, Inputs that are missing, whether a needed input is inner, and
    whether it comes from a layer on the way.
    """
    layer, calls = layers[model], _calls(layers, model)
    made_by = {output: call for call in calls for output in call[0]}
    declared = list(layer.get("declared", [name for name, _, _ in layer["inputs"]]))
    waiting, seen, found, missing = list(layer["outputs"]), set(), [], []
    while waiting:
        tensor = waiting.pop()
        if tensor in seen or tensor in declared:
            continue
        seen.add(tensor)
        if tensor not in made_by:
            missing.append(tensor)
            continue
        _, called, arguments = made_by[tensor]
        found.append(called)
        waiting += arguments
    makers = [made_by[one][1] for one in declared if one in made_by]
    return declared, found, missing, bool(makers), any(maker in found for maker in makers)


def _models(layers: Layers, model: str) -> list[str]:
    """A model, and the models that are made on the way to it."""
    found, waiting = [], [model, *filter(None, [layers[model].get("scope")])]
    while waiting:
        one = waiting.pop()
        if layers[one]["kind"] == "Model" and one not in found:
            found.append(one)
            waiting += [called for _, called, _ in layers[one]["calls"]]
    return found


def _idle(layers: Layers, model: str) -> list[str]:
    """The declared tensors of a model whose makers, Inputs or layers, give nothing that a layer takes."""
    layer, calls = layers[model], _calls(layers, model)
    made_by = {output: called for outputs, called, _ in calls for output in outputs}
    fed = {made_by.get(one, one) for _, _, arguments in calls for one in arguments}
    declared = layer.get("declared", [name for name, _, _ in layer["inputs"]])
    return [one for one in declared if made_by.get(one, one) not in fed]


def _unused(layers: Layers, model: str, declared: list[str]) -> bool:
    """Whether some declared tensor is needed by no output: all is the same without it."""
    whole = _walk(layers, model)[1:3]
    for one in declared:
        rest = layers[model] | {"declared": [other for other in declared if other != one]}
        if _walk(layers | {model: rest}, model)[1:3] == whole:
            return True
    return False


def _distinct(declared: list[str]) -> None:
    if len(set(declared)) < len(declared):
        raise Refused(f"the inputs {declared} name a tensor twice")  # [twice]


def _made(layers: Layers, declared: list[str], found: list[str]) -> dict[str, Any]:
    names = [layers[one].get("name", one) for one in dict.fromkeys(found)]
    if len(set(names)) < len(names):
        raise Refused(f"two of the layers {sorted(names)} have one name")  # [names]
    return {"inputs": len(declared), "weighted": _with_weights(layers, found)}  # [layers]


def _accepted(layers: Layers, model: str, declared: list[str], found: list[str], split: bool) -> Any:
    made = _made(layers, declared, found)
    layer = layers[model]
    inputs = [name for name, _, _ in layer["inputs"]]
    both = [one for one in layer["outputs"] if one in declared and one not in inputs]
    if both or split:
        # Keras before 3.10 leaves out the layers that the declared tensors come from.
        makers = {called for outputs, called, _ in _calls(layers, model) if {*outputs} & {*declared}}
        without = _with_weights(layers, [one for one in found if one not in makers])
        # Keras 2 takes the calls that gave the outputs as on the way, whatever is declared.
        rest = layer | {"declared": [one for one in declared if one not in both]}
        within = _with_weights(layers, _walk(layers | {model: rest}, model)[1])
        # tf_keras may also trip over an assertion of its own, `node_index == 0`.
        said = f"of {declared} some are outputs of needed calls"
        refused = GraphDisconnected(said, shows_as=("ValueError", "AssertionError"))
        weights = [without, within, []]
        return AnyOf((made, *({**made, "weighted": one} for one in weights), refused))  # [both]
    return made


def _with_weights(layers: Layers, called: list[str]) -> list[str]:
    inside = {name for one in called for name in weighted(layers, one)}
    return [name for name in layers if name in inside]
