"""Training: one step of a model, and the alternating steps of a generator and a discriminator."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.composition.arithmetic import Array
from reference.composition.learning import KERAS_2, KERAS_2_2, KERAS_3, TORCH, Options, Rules, advance, state
from reference.composition.machine import Layers, normalizing
from reference.composition.origins import GUIDE_3, LAYER_2, NETWORK_2_2
from reference.errors import Refused
from reference.outcomes import ORACLE, AnyOf, Working
from reference.sources import keras, tf_keras, torch

Flags = list[list[Any]]

_STEP_2_2 = (
    keras("2.2.5", "optimizers.py", "Optimizer.get_updates"),
    keras("2.2.5", "engine/training.py", "Model._make_train_function"),
    keras("2.2.5", "layers/normalization.py", "BatchNormalization.call"),
)
_STEP_2 = (
    tf_keras("engine/training.py", "Model.train_step"),
    tf_keras("layers/normalization/batch_normalization.py", "BatchNormalizationBase"),
    tf_keras("engine/base_layer.py", "Layer.add_update"),
)
_STEP_3 = (
    GUIDE_3,
    keras("v3.15.1", "optimizers/base_optimizer.py", "BaseOptimizer.apply"),
    keras("v3.15.1", "layers/normalization/batch_normalization.py", "BatchNormalization"),
)
_STEP_TORCH = (
    torch("optim/optimizer.py", "Optimizer"),
    torch("nn/modules/batchnorm.py", "_BatchNorm"),
)


@reading("composition.step", "keras-2.2", source=_STEP_2_2)
def step_keras_2_2(
    layers: Layers,
    model: str,
    data: list[Array],
    targets: list[Array],
    flags: Flags,
    optimizer: str,
    options: Options,
    steps: int,
    *,
    working: Working = ORACLE,
) -> Any:
    """A step of an optimizer moves the trainable weights of a model, flat or composite, by their gradients.

    layers: the table of layers. model: name of the one that is trained on the lists `data` and `targets`.
    flags: names and values of `trainable`, set in this order before compiling.
    optimizer: "sgd", "momentum" or "adam". options: its learning_rate, and momentum, or beta_1, beta_2 and
    epsilon. steps: how many. The loss is the sum of the mean squared errors of all outputs.
    Returns the weights of every layer that has any.

    [sgd] With SGD, each trainable weight MUST lose learning_rate times its gradient.
    [momentum] With momentum, it MUST move by the velocity: momentum times the last, less rate times gradient.
    [adam] With Adam, it MUST lose alpha · m ÷ (√v + epsilon), alpha = learning_rate · √(1 − beta_2^t) ÷
        (1 − beta_1^t), m and v the moving averages of the gradient and of its square.
    [shared] A weight that is used more than once MUST move once, by the sum of its gradients.
    [frozen] A weight that is not trainable MUST stay as it is, and let gradients through.
    [statistics] A frozen batch normalization MUST normalize with the batch, and leave its averages alone.
    [repeated] Where a batch normalization is called more than once, the order in which its averages move,
        that of the calls or by depth, is OPEN.
    """
    given = (layers, model, data, targets, flags, optimizer, options, steps, working)
    # [sgd] [momentum] [adam] [shared] [frozen] [statistics] [repeated]
    return _stepped(KERAS_2_2, *given)


@reading("composition.step", "keras-2", source=_STEP_2, rules=KERAS_2)
@reading("composition.step", "keras-3", source=_STEP_3, rules=KERAS_3)
def step_keras(
    layers: Layers,
    model: str,
    data: list[Array],
    targets: list[Array],
    flags: Flags,
    optimizer: str,
    options: Options,
    steps: int,
    *,
    rules: Rules,
    working: Working = ORACLE,
) -> Any:
    """A step of an optimizer moves the trainable weights of a model, flat or composite, by their gradients.

    The arguments and what is returned are those of keras-2.2.
    rules: what the dialect does with flags, and with batch normalizations in training.

    [sgd] With SGD, each trainable weight MUST lose learning_rate times its gradient.
    [momentum] With momentum, it MUST move by the velocity: momentum times the last, less rate times gradient.
    [adam] With Adam, it MUST lose alpha · m ÷ (√v + epsilon), alpha = learning_rate · √(1 − beta_2^t) ÷
        (1 − beta_1^t), m and v the moving averages of the gradient and of its square.
    [shared] A weight that is used more than once MUST move once, by the sum of its gradients.
    [frozen] A weight that is not trainable MUST stay as it is, and let gradients through.
    [statistics] A frozen batch normalization MUST use its moving averages, and leave them alone; its own
        flag decides, whatever the models around it say.
    [repeated] Where a batch normalization is called more than once, the order in which its averages move,
        that of the calls or by depth, is OPEN.
    """
    given = (layers, model, data, targets, flags, optimizer, options, steps, working)
    # [sgd] [momentum] [adam] [shared] [frozen] [statistics] [repeated]
    return _stepped(rules, *given)


@reading("composition.step", "torch", source=_STEP_TORCH)
def step_torch(
    layers: Layers,
    model: str,
    data: list[Array],
    targets: list[Array],
    flags: Flags,
    optimizer: str,
    options: Options,
    steps: int,
    *,
    working: Working = ORACLE,
) -> Any:
    """A step of an optimizer moves the parameters of a module that have a gradient, by it.

    layers: the table of layers. model: name of the one that is trained on the lists `data` and `targets`.
    flags: names and values for `requires_grad_`, called in this order before the optimizer is made.
    optimizer: "sgd", "momentum" or "adam". options: its learning_rate, and momentum, or beta_1, beta_2 and
    epsilon. steps: how many, in training mode. The loss is the sum of the mean squared errors.
    Returns the weights of every layer that has any.

    [sgd] With SGD, each trainable parameter MUST lose learning_rate times its gradient.
    [momentum] With momentum, it MUST lose learning_rate times the velocity: momentum times the last, plus
        the gradient.
    [adam] With Adam, it MUST lose learning_rate · m̂ ÷ (√v̂ + epsilon), m̂ and v̂ the moving averages of the
        gradient and of its square, divided by 1 − beta_1^t and 1 − beta_2^t.
    [shared] A parameter that is used more than once MUST move once, by the sum of its gradients.
    [frozen] A parameter that requires no gradient MUST stay as it is, and let gradients through.
    [statistics] A batch normalization without gradients MUST normalize with the batch, and move its
        averages, by the variance with n − 1 below: `requires_grad` does not end its training mode.
    [nothing] A loss that reaches no parameter that requires a gradient MUST be refused.
    """
    rules = TORCH
    if not rules.view(layers, rules.flags(layers, flags), model):
        raise Refused(
            "no parameter requires a gradient", shows_as=("RuntimeError", "ValueError")
        )  # [nothing]
    given = (layers, model, data, targets, flags, optimizer, options, steps, working)
    return _stepped(rules, *given)  # [sgd] [momentum] [adam] [shared] [frozen] [statistics]


@reading("composition.gan", "keras-2.2", source=(NETWORK_2_2, *_STEP_2_2))
@reading("composition.gan", "keras-2", source=(LAYER_2, *_STEP_2))
@reading("composition.gan", "keras-3", source=_STEP_3)
def gan_keras(
    layers: Layers,
    generator: str,
    discriminator: str,
    images: list[Array],
    noise: list[Array],
    optimizer: str,
    options: Options,
    recipe: str,
    *,
    working: Working = ORACLE,
) -> list[dict[str, Any]]:
    """A discriminator and a generator take turns: each learns while the other stays as it is.

    layers: the table of layers, with the two models, which share none. images: (batch, …), real ones, for
    each round. noise: what the generator makes as many images from; a discriminator of two inputs is
    given that first, beside a real image or beside the one that was made from it.
    optimizer, options: as composition.step has them, one optimizer for each of the two.
    recipe: "compiled-once", before freezing, as the known recipe has it, "compiled-anew" for each step, or
    "reloaded", which before each round but the first saves each of the two, compiled with its optimizer and
    trainable, goes on with what is loaded, and compiles anew for each step.
    The losses are mean squared errors to 1 for real and 0 for fake.
    Returns, after each of the three steps of each round, the weights of all layers and whether the one
    that does not learn has stayed bit for bit.

    [real] The discriminator MUST make a step on real images.
    [fake] It MUST make a second step on what the generator gives, of which the generator learns nothing.
    [through] The generator MUST make a step on what the frozen discriminator says of its images.
    [apart] Each step MUST leave the weights of the other as they are, bit for bit.
    [compiled] The flags that held when a model was compiled MUST hold in its steps, whatever is set later.
    [kept] Each of the two, saved alone and loaded, MUST go on as if it had not been, its optimizer as well.
    """
    given = (layers, generator, discriminator, images, noise, optimizer, options, working)
    return _alternated(KERAS_2, *given)  # [real] [fake] [through] [apart] [compiled] [kept]


@reading("composition.gan", "torch", source=_STEP_TORCH)
def gan_torch(
    layers: Layers,
    generator: str,
    discriminator: str,
    images: list[Array],
    noise: list[Array],
    optimizer: str,
    options: Options,
    recipe: str,
    *,
    working: Working = ORACLE,
) -> list[dict[str, Any]]:
    """A discriminator and a generator take turns: each learns while the other stays as it is.

    layers: the table of layers, with the two models, which share none. images: (batch, …), real ones, for
    each round. noise: what the generator makes as many images from; a discriminator of two inputs is
    given that first, beside a real image or beside the one that was made from it.
    optimizer, options: as composition.step has them, one optimizer for the parameters of each of the two.
    recipe: "reloaded" for state dicts of the two and of their optimizers, loaded into new ones before each
    round but the first; any other is of Keras. The losses are mean squared errors to 1 for real and 0 for
    fake.
    Returns, after each of the three steps of each round, the weights of all layers and whether the one
    that does not learn has stayed bit for bit.

    [real] The discriminator MUST make a step on real images.
    [fake] It MUST make a second step on the detached images of the generator, which learns nothing.
    [through] The generator MUST make a step on what the discriminator says of its images.
    [apart] Each optimizer MUST move the parameters that it was made with, and no others.
    [kept] Each of the two, saved alone and loaded, MUST go on as if it had not been, its optimizer as well.
    """
    given = (layers, generator, discriminator, images, noise, optimizer, options, working)
    return _alternated(TORCH, *given)  # [real] [fake] [through] [apart] [kept]


def _stepped(
    rules: Rules,
    layers: Layers,
    model: str,
    data: list[Array],
    targets: list[Array],
    flags: Flags,
    optimizer: str,
    options: Options,
    steps: int,
    working: Working,
) -> Any:
    now, said = rules.flags(layers, flags), []
    for order in rules.orders_of(layers, model):  # [repeated]
        machine = rules.machine(layers, working, order)
        rule = rules.optimizer(optimizer, options)  # [sgd] [momentum] [adam]
        for _ in range(steps):
            advance(machine, rules, [model], data, targets, now, rule)  # [shared] [frozen] [statistics]
        said.append(state(machine, [model]))
    return AnyOf(tuple(said)) if len(said) > 1 else said[0]


def _alternated(
    rules: Rules,
    layers: Layers,
    generator: str,
    discriminator: str,
    images: list[Array],
    noise: list[Array],
    optimizer: str,
    options: Options,
    working: Working,
) -> list[dict[str, Any]]:
    assert not normalizing(layers, generator) + normalizing(layers, discriminator)
    pair, both, said = "generator and discriminator", [generator, discriminator], []
    beside = ["code"] if len(layers[discriminator]["inputs"]) > 1 else []
    calls = [[["made"], generator, ["code"]], [["said"], discriminator, [*beside, "made"]]]
    whole = {"kind": "Model", "inputs": [["code"]], "calls": calls, "outputs": ["said"]}
    layers = layers | {pair: whole}
    machine = rules.machine(layers, working)
    of_generator, of_discriminator = (rules.optimizer(optimizer, options) for _ in range(2))
    free = rules.flags(layers, [])
    frozen = rules.flags(layers, [[discriminator, False]])
    asleep = rules.flags(layers, [[generator, False]])
    for real, code in zip(images, noise, strict=True):
        ones, zeros = np.ones((len(real), 1), real.dtype), np.zeros((len(real), 1), real.dtype)
        seen = [code, real] if beside else [real]
        advance(machine, rules, [discriminator], seen, [ones], free, of_discriminator)  # [real]
        said.append({"weights": state(machine, both), "stayed": True})
        advance(machine, rules, [pair], [code], [zeros], asleep, of_discriminator)  # [fake]
        said.append({"weights": state(machine, both), "stayed": True})
        advance(machine, rules, [pair], [code], [ones], frozen, of_generator)  # [through] [compiled]
        said.append({"weights": state(machine, both), "stayed": True})  # [apart]
    return said
