"""A behavior of the chapter composition: how tf_keras brings back the flags that held when it compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.behaviors.composition import each_way
from reference.composition.actions import GROWING, LOSING
from reference.composition.flags import bare, set_inside
from reference.composition.learning import KERAS_2, Order, advance, state
from reference.composition.machine import Flags, Layers
from reference.composition.order import depths
from reference.errors import Refused
from reference.outcomes import ORACLE


def actions_restore_models_last(**inputs: Any) -> Any:
    """If a flag has changed since a model was compiled, a step sets those of then, layer by layer, and
    afterwards those of now: a model inside that comes after a layer that it uses sets its own on it.

    An optimizer is built for what the first step trains that trains anything, or for what a loaded model
    trains, and refuses other weights.
    """
    layers, actions = inputs["layers"], inputs["actions"]
    models = [inputs["model"], *(names[0] for action, *names in actions if action in GROWING)]
    orders = dict.fromkeys(order for one in models for order in KERAS_2.orders_of(layers, one))
    kinds = {action for action, *_ in actions}
    losing = dict.fromkeys(frozenset(kinds & {*some}) for some in LOSING)
    ways = [(order, lost, anew) for order in orders for lost in losing for anew in (False, True)]
    return each_way(_acted, [{**inputs, "order": o, "lost": lost, "anew": anew} for o, lost, anew in ways])


def _acted(
    layers: Layers,
    model: str,
    data: Any,
    targets: Any,
    options: Any,
    actions: list[list[str]],
    order: Order,
    lost: frozenset[str],
    anew: bool,
) -> Any:
    machine, said = KERAS_2.machine(layers, ORACLE, order), []
    flags = compiled = KERAS_2.flags(layers, [])
    known: list[str] | None = None
    optimizer = KERAS_2.optimizer("momentum", options)
    for action, *names in actions:
        if action in ("freeze", "unfreeze"):
            flags = set_inside(layers, flags, names[0], action == "unfreeze")
        elif action in GROWING:
            model = names[0]
        elif action in ("compile", "reload"):
            if action == "compile" or (anew and compiled != flags):
                optimizer = KERAS_2.optimizer("momentum", options)
            compiled, known = flags, None if action == "compile" else KERAS_2.view(layers, flags, model)
        elif action == "step":
            now, own = flags, (model, *_listed(layers, model))
            changed = any(now[name] != compiled[name] for name in own)
            if changed:
                flags = _set_in_turn(layers, model, flags, compiled)
            trains = KERAS_2.view(layers, flags, model)
            known = known if known is not None else trains or None
            if known is not None and set(trains) - set(known):
                raise Refused("a variable that the optimizer does not know", shows_as=("KeyError",))
            advance(machine, KERAS_2, [model], data, targets, flags, optimizer)
            if changed:
                flags = _set_in_turn(layers, model, flags, now)
        if action in lost:
            flags, compiled = bare(layers, flags), bare(layers, compiled)
        said.append({"trains": KERAS_2.view(layers, flags, model), "weights": state(machine, [model])})
    return said


def _set_in_turn(layers: Layers, model: str, flags: Flags, values: Flags) -> Flags:
    """The flags after each layer of a model got its value, and gave it to what is inside it."""
    for name in dict.fromkeys((model, *_listed(layers, model))):
        flags = set_inside(layers, flags, name, values[name])
    return flags


def _listed(layers: Layers, model: str) -> list[str]:
    """The layers below a model in the order of its list, each before those that it lists itself."""
    return [one for name in _by_depth(layers[model]) for one in (name, *_listed(layers, name))]


def _by_depth(model: dict[str, Any]) -> list[str]:
    """The layers of a functional model, the deepest first, then as they are met from the outputs.

    Source: tf_keras@v2.21.0 engine/functional.py _map_graph_network.
    """
    if "calls" not in model:
        return []
    makes = {name: call for call in model["calls"] for name in call[0]}
    met: dict[str, None] = {}
    seen: set[str] = set()

    def visit(tensor: str) -> None:
        if tensor in makes and tensor not in seen:
            seen.add(tensor)
            met.setdefault(makes[tensor][1])
            for argument in makes[tensor][2]:
                visit(argument)

    for output in model["outputs"]:
        visit(output)
    found = depths(model)
    deepest = {name: max(found[n] for n in found if model["calls"][n][1] == name) for name in met}
    return sorted(met, key=lambda name: -deepest[name])


BEHAVIORS: dict[str, Callable[..., Any]] = {"actions-restore-models-last": actions_restore_models_last}
"""Every behavior, by the name that an expectation uses."""
