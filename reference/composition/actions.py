"""Actions: what is done to a model, one thing after another, and what it is after each."""

from __future__ import annotations

from typing import Any

from reference.clause import reading
from reference.composition.arithmetic import Array
from reference.composition.flags import bare
from reference.composition.learning import (
    KERAS_2,
    KERAS_2_2,
    KERAS_3,
    TORCH,
    Options,
    Order,
    Rules,
    advance,
    state,
)
from reference.composition.machine import Flags, Layers, in_turn
from reference.composition.origins import GUIDE_3, LAYER_2, NETWORK_2_2
from reference.errors import Refused
from reference.outcomes import ORACLE, AnyOf, Working
from reference.sources import keras, tf_keras, torch

Actions = list[list[str]]
GROWING = ("add", "share", "nest")
"""Actions that go on with a new model, made of the layers of the model and perhaps of a layer more."""
LOSING: tuple[tuple[str, ...], ...] = ((), ("reload",), ("clone",), ("reload", "clone"))
"""What may lose the flags that models bear themselves: nothing, a file, a clone, or both."""
States = list[dict[str, Any]]


@reading(
    "composition.actions",
    "keras-2.2",
    source=(NETWORK_2_2, keras("2.2.5", "engine/training.py", "Model._check_trainable_weights_consistency")),
    rules=KERAS_2_2,
)
@reading(
    "composition.actions",
    "keras-2",
    source=(LAYER_2, tf_keras("engine/training_utils.py", "RespectCompiledTrainableState")),
    rules=KERAS_2,
)
@reading("composition.actions", "keras-3", source=GUIDE_3, rules=KERAS_3)
def actions_keras(
    layers: Layers,
    model: str,
    data: list[Array],
    targets: list[Array],
    options: Options,
    actions: Actions,
    *,
    rules: Rules,
    working: Working = ORACLE,
) -> States | AnyOf:
    """Whatever is done to a model, a step moves the weights that were trainable when it was compiled.

    layers: the table of layers. model: name of the one that is acted on, trained on `data` and `targets`.
    options: of an SGD with momentum, of which each "compile" makes a new one.
    actions: ["freeze", layer], ["unfreeze", layer], ["compile"], ["step"], ["reload"], which saves the model
    to a file and goes on with what is loaded, ["clone"], which goes on with a clone whose weights are set
    and that is not compiled, and ["add", model], ["share", model] and ["nest", model], which go on with a
    new model of the table that is made of the layers as they are then, and not compiled. What is not
    compiled is compiled before a step.
    rules: what the dialect does with flags of layers and models.
    Returns after each action what the model trains, and its weights.

    [compiled] The flags that held at the last "compile" MUST hold in every step until the next.
    [flags] What the model trains MUST follow the flags at once.
    [reload] A loaded model MUST have the weights, the flags of layers and the optimizer's state of the one
        saved, and is compiled as it is loaded. If other flags hold then than at the last "compile", whether
        the optimizer has its state is OPEN.
    [clone] A clone MUST have the flags of layers and, once they are set, the weights; what is done to it
        MUST not reach the model.
    [grown] A model that is made of another one's layers, with a layer more, with one of them called again,
        or around that model itself, MUST have their weights and their flags as they are.
    [own-flag] Whether a loaded model or a clone has the flags that models bear themselves is OPEN.
    [repeated] Where a batch normalization is called more than once, the order in which its averages move,
        that of the calls or by depth, is OPEN.
    """
    given = (layers, model, data, targets, options, actions, working)
    kinds = {action for action, *_ in actions}
    frozen = [layer for action, *names in actions if action == "freeze" for layer in names]
    losable = bool(kinds & {"reload", "clone"}) and any("calls" in layers[name] for name in frozen)
    models = [model, *(names[0] for action, *names in actions if action in GROWING)]
    orders = dict.fromkeys(order for one in models for order in rules.orders_of(layers, one))
    losing = dict.fromkeys(frozenset(kinds & {*some}) for some in LOSING) if losable else [frozenset[str]()]
    forgetful = {False, _is_loaded_with_other_flags(rules, layers, actions)}
    ways = [(order, lost, anew) for order in orders for lost in losing for anew in forgetful]
    said = [_acted(rules, *given, order=o, lost=lost, anew=anew) for o, lost, anew in ways]
    # [own-flag] [repeated]
    return AnyOf(tuple(said)) if len(said) > 1 else said[0]  # [compiled] [flags] [reload] [clone] [grown]


@reading(
    "composition.actions",
    "torch",
    source=(torch("optim/optimizer.py", "Optimizer"), torch("nn/modules/module.py", "Module.requires_grad_")),
)
def actions_torch(
    layers: Layers,
    model: str,
    data: list[Array],
    targets: list[Array],
    options: Options,
    actions: Actions,
    *,
    working: Working = ORACLE,
) -> States:
    """Whatever is done to a module, a step moves the parameters that require a gradient when it is made.

    layers: the table of layers. model: name of the one that is acted on, trained on `data` and `targets`.
    options: of an SGD with momentum; "compile" makes a new one over all parameters.
    actions: as in Keras; "freeze" and "unfreeze" call `requires_grad_`, "reload" loads the state dicts of
    the module and of its optimizer into a new module and optimizer, "clone" goes on with a deep copy, "add",
    "share" and "nest" with a new module that has the same submodules.
    Returns after each action what the module trains, and its weights.

    [compiled] A step MUST move the parameters that require a gradient then, whenever that was set.
    [flags] What the module trains MUST follow the flags at once.
    [reload] What is loaded MUST have the weights and the optimizer's state, and require every gradient.
    [clone] A deep copy MUST have the flags and the weights; what is done to it MUST not reach the module.
    [grown] A module that is made of another one's submodules, or around it, MUST have their parameters as
        they are.
    [nothing] A step of a module without a parameter that requires a gradient MUST be refused.
    """
    given = (layers, model, data, targets, options, actions, working)
    return _acted(TORCH, *given, late=True)  # [compiled] [flags] [reload] [clone] [grown] [nothing]


def _acted(
    rules: Rules,
    layers: Layers,
    model: str,
    data: list[Array],
    targets: list[Array],
    options: Options,
    actions: Actions,
    working: Working,
    late: bool = False,
    order: Order = in_turn,
    lost: frozenset[str] = frozenset(),
    anew: bool = False,
) -> States:
    machine, said = rules.machine(layers, working, order), []
    flags = rules.flags(layers, [])
    compiled: Flags = flags
    optimizer = rules.optimizer("momentum", options)
    for action, *layer in actions:
        if action in ("freeze", "unfreeze"):
            flags = rules.set_flag(layers, flags, layer[0], action == "unfreeze")  # [flags] [clone]
        elif action in GROWING:
            model = layer[0]  # [grown]
        elif action == "compile":
            compiled, optimizer = flags, rules.optimizer("momentum", options)  # [compiled]
        elif action == "reload":
            flags = rules.flags(layers, []) if late else flags  # [reload]
            if anew and compiled != flags:
                optimizer = rules.optimizer("momentum", options)
            compiled = flags
        elif action == "step":
            held = flags if late else compiled  # [compiled]
            if late and not rules.view(layers, held, model):
                raise Refused("no parameter requires a gradient", shows_as=("RuntimeError",))  # [nothing]
            advance(machine, rules, [model], data, targets, held, optimizer)
        if action in lost:
            flags, compiled = bare(layers, flags), bare(layers, compiled)  # [own-flag]
        said.append({"trains": rules.view(layers, flags, model), "weights": state(machine, [model])})
    return said


def _is_loaded_with_other_flags(rules: Rules, layers: Layers, actions: Actions) -> bool:
    """Whether a model is saved when other flags hold than when it was compiled."""
    flags = compiled = rules.flags(layers, [])
    for action, *layer in actions:
        if action in ("freeze", "unfreeze"):
            flags = rules.set_flag(layers, flags, layer[0], action == "unfreeze")
        elif action == "compile":
            compiled = flags
        elif action == "reload" and compiled != flags:
            return True
    return False
