"""Calling a model: what comes out, and which tensor becomes which input."""

from __future__ import annotations

from typing import Any

from reference.clause import reading
from reference.composition.arithmetic import Array, Numbers
from reference.composition.machine import Layers, Machine, dtype_of, tensors, used
from reference.composition.origins import FUNCTIONAL_2, FUNCTIONAL_3, GRAPH, LAYER_2_2, MODULE, NETWORK_2_2
from reference.errors import Refused
from reference.outcomes import ORACLE, Working
from reference.sources import keras

Data = Array | list[Array] | tuple[Array, ...] | dict[str, Array]


@reading("composition.call", "keras-2.2", source=(NETWORK_2_2, LAYER_2_2))
def call_keras_2_2(layers: Layers, model: str, data: Data, *, working: Working = ORACLE) -> Any:
    """A model that is called gives what its layers give, called in turn.

    layers: the table of layers. model: name of the one that is called.
    data: a tensor (batch, …), or a list of them; None of the inputs is left out.
    Returns the output, a list if the model has several.

    [composed] The output MUST be that of the model's layers, each applied to what its call names.
    [nested] A model inside the model MUST do what its own layers do, however deep it lies.
    [position] The tensors of a list MUST become the inputs in the order in which the model names them.
    [outputs] One output MUST come alone, several as a list in the model's order.
    [batch] A batch of any size, 0 and 1 included, MUST be computed sample by sample.
    [key] A model is neither made of a dict nor called on one: both MUST be refused.
    [tuple] A model that is called on a tuple, inside a model or from without, MUST be refused.
    """
    made_of_dicts = [one for one in used(layers, model) if layers[one].get("form") == "dict"]
    tuples = [one for one in used(layers, model) if layers[one].get("form") == "tuple" and one != model]
    if isinstance(data, tuple) or tuples:
        shows_as = ("ValueError", "TypeError", "AttributeError")
        raise Refused("a tuple is taken for one tensor", shows_as=shows_as)  # [tuple]
    if isinstance(data, dict) or made_of_dicts:
        shows_as = ("ValueError", "TypeError", "AttributeError")
        raise Refused("a model takes a tensor or a list of tensors", shows_as=shows_as)  # [key]
    ordered = data if isinstance(data, list) else [data]  # [position]
    return _run(layers, model, ordered, working)  # [composed] [nested] [outputs] [batch]


@reading(
    "composition.call",
    "keras-3",
    source=keras("v3.7.0", "models/functional.py", "Functional._standardize_inputs"),
    since="3.7",
    before="3.8",
)
@reading("composition.call", "keras-2", source=FUNCTIONAL_2)
def call_keras_2(layers: Layers, model: str, data: Data, *, working: Working = ORACLE) -> Any:
    """A model that is called gives what its layers give, called in turn; tensors in a dict go by name.

    layers: the table of layers. model: name of the one that is called.
    data: a tensor (batch, …), a list or tuple of them, or a dict by name.
    Returns the output, a list if the model has several.

    [composed] The output MUST be that of the model's layers, each applied to what its call names.
    [nested] A model inside the model MUST do what its own layers do, however deep it lies.
    [position] The tensors of a list MUST become the inputs in the order in which the model names them.
    [tuple] The tensors of a tuple MUST do so as well, whether the model was made of a tuple or of a list.
    [sorted] For a model made of a dict of inputs, a list MUST be in the sorted order of the keys.
    [key] The tensors of a dict MUST become the inputs of the same names, in whatever order they stand.
    [extra] A name that is no input MUST be ignored.
    [missing] A dict in which an input is missing MUST be refused.
    [outputs] One output MUST come alone, several as a list in the model's order.
    [batch] A batch of any size, 0 and 1 included, MUST be computed sample by sample.
    """
    names = _names(layers, model)
    if isinstance(data, dict):
        ordered = _by_name(names, data)  # [key] [extra] [missing]
    elif layers[model]["form"] == "dict":
        ordered = [dict(zip(sorted(names), _list(data), strict=True))[name] for name in names]  # [sorted]
    else:
        ordered = _list(data)  # [position] [tuple]
    return _run(layers, model, ordered, working)  # [composed] [nested] [outputs] [batch]


@reading("composition.call", "keras-3", source=FUNCTIONAL_3, since="3.8")
def call_keras_3(layers: Layers, model: str, data: Data, *, working: Working = ORACLE) -> Any:
    """A model that is called gives what its layers give, called in turn; tensors in a dict go by name.

    layers: the table of layers. model: name of the one that is called.
    data: a tensor (batch, …), a list or tuple of them, or a dict by name.
    Returns the output, a list if the model has several.

    [composed] The output MUST be that of the model's layers, each applied to what its call names.
    [nested] A model inside the model MUST do what its own layers do, however deep it lies.
    [position] The tensors of a list MUST become the inputs in the order in which the model names them.
    [tuple] The tensors of a tuple MUST do so as well, whether the model was made of a tuple or of a list.
    [sorted] A model made of a dict takes a list if its keys were in sorted order, and MUST refuse it
        otherwise.
    [key] The tensors of a dict MUST become the inputs of the same names, in whatever order they stand.
    [extra] A name that is no input MUST be ignored.
    [missing] A dict in which an input is missing MUST be refused.
    [outputs] One output MUST come alone, several as a list in the model's order.
    [batch] A batch of any size, 0 and 1 included, MUST be computed sample by sample.
    """
    names = _names(layers, model)
    if isinstance(data, dict):
        ordered = _by_name(names, data)  # [key] [extra] [missing]
    elif layers[model]["form"] == "dict" and names != sorted(names):
        raise Refused(f"a list was given for the keys {names}, which are not in sorted order")  # [sorted]
    else:
        ordered = _list(data)  # [position] [tuple]
    return _run(layers, model, ordered, working)  # [composed] [nested] [outputs] [batch]


@reading("composition.call", "torch", source=(MODULE, *GRAPH))
def call_torch(layers: Layers, model: str, data: Data, *, working: Working = ORACLE) -> Any:
    """A module that is called gives what its submodules give, called in turn, with Python's arguments.

    layers: the table of layers. model: name of the one that is called: a module of a graph.
    data: a tensor (batch, …), a list or tuple of positional arguments, or a dict of keyword
    arguments.
    Returns the output, a list if the model has several.

    [composed] The output MUST be that of the model's layers, each applied to what its call names.
    [nested] A module inside the module MUST do what its own layers do, however deep it lies.
    [position] Positional arguments MUST become the inputs in the order of the module's signature.
    [key] Keyword arguments MUST become the inputs of the same names, in whatever order they stand.
    [extra] A keyword that is no input MUST be refused.
    [missing] An input that is missing MUST be refused.
    [outputs] One output MUST come alone, several as a list in the model's order.
    [batch] A batch of any size, 0 and 1 included, MUST be computed sample by sample.
    """
    names = _names(layers, model)
    if isinstance(data, dict):
        if strange := sorted(set(data) - set(names)):
            raise Refused(f"unexpected arguments {strange}", shows_as=("TypeError",))  # [extra]
        if set(names) - set(data):
            raise Refused("an argument is missing", shows_as=("TypeError",))  # [missing]
        ordered = [data[name] for name in names]  # [key]
    else:
        ordered = _list(data)  # [position]
    return _run(layers, model, ordered, working)  # [composed] [nested] [outputs] [batch]


def _names(layers: Layers, model: str) -> list[str]:
    return [name for name, _, _ in layers[model]["inputs"]]


def _list(data: Any) -> list[Array]:
    return list(data) if isinstance(data, (list, tuple)) else [data]


def _by_name(names: list[str], data: dict[str, Array]) -> list[Array]:
    if absent := [name for name in names if name not in data]:
        raise Refused(f"no tensor for the input {absent[0]!r}; there are {list(data)}")  # [missing]
    return [data[name] for name in names]  # [key] [extra]


def _run(layers: Layers, model: str, ordered: list[Array], working: Working) -> Any:
    numbers = Numbers(dtype_of(layers), working)
    outputs = Machine(numbers, layers).run(model, tensors(numbers, ordered))
    said = [numbers.measured(output.value) for output in outputs]
    return said[0] if len(said) == 1 else said
