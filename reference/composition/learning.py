"""One step of training, as each dialect makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reference.composition.arithmetic import Array, Numbers
from reference.composition.flags import (
    all_true,
    along_paths,
    of_parameters,
    of_weights,
    set_alone,
    set_inside,
)
from reference.composition.kinds import Layer
from reference.composition.machine import (
    Call,
    Flags,
    Layers,
    Machine,
    dtype_of,
    in_turn,
    normalizing,
    tensors,
    weighted,
)
from reference.composition.optimizers import Optimizer
from reference.composition.order import deepest_first, reordered
from reference.outcomes import Measured, Working

Options = dict[str, float]
Order = Callable[[Layer], list[Call]]


@dataclass(frozen=True)
class Rules:
    """What a dialect does with flags, with batch normalizations in training, and in Adam.

    set_flag: the flags after one was set. view: the layers whose weights a model trains.
    normalize: which batch normalizations take the statistics of the batch, by flags: "trainable", "all".
    move: whose moving statistics move, of those: "trainable" or "all".
    orders: in which the calls of a model may run, where it shows.
    rescaled, bessel: as `Optimizer` and `Machine` have them.
    divided: whether the loss of an activity is divided by the batch size.
    folders: whether there is a format for a path without an extension, as Keras 2 has SavedModel.
    """

    set_flag: Callable[[Layers, Flags, str, bool], Flags]
    view: Callable[[Layers, Flags, str], list[str]]
    normalize: str = "trainable"
    move: str = "trainable"
    orders: tuple[Order, ...] = (in_turn, deepest_first)
    rescaled: bool = False
    bessel: bool = False
    divided: bool = True
    folders: bool = True

    def flags(self, layers: Layers, given: list[list[Any]]) -> Flags:
        """The flags after all of them were set in turn."""
        now = all_true(layers)
        for name, value in given:
            now = self.set_flag(layers, now, name, value)
        return now

    def optimizer(self, name: str, options: Options) -> Optimizer:
        """An optimizer that has made no step."""
        return Optimizer(name, options, self.rescaled)

    def machine(self, layers: Layers, working: Working, order: Order = in_turn) -> Machine:
        """The layers with their given weights."""
        return Machine(Numbers(dtype_of(layers), working), layers, bessel=self.bessel, order=order)

    def orders_of(self, layers: Layers, model: str) -> tuple[Order, ...]:
        """The orders that must be told apart for a model: one, where they show no difference."""
        return self.orders if reordered(layers, model) else (in_turn,)


KERAS_2_2 = Rules(set_alone, along_paths, normalize="all", divided=False)
KERAS_2 = Rules(set_inside, along_paths, move="all")
KERAS_3 = Rules(set_inside, of_weights, move="all", folders=False)
TORCH = Rules(
    set_inside, of_parameters, normalize="all", move="all", orders=(in_turn,), rescaled=True, bessel=True
)


def advance(
    machine: Machine,
    rules: Rules,
    models: list[str],
    data: list[Array],
    targets: list[Array],
    flags: Flags,
    optimizer: Optimizer,
) -> None:
    """One step on the sum of the mean squared errors of all outputs.

    models: called one after another; the weights that any of them trains are moved.
    """
    layers = machine.layers
    trained = list(dict.fromkeys(name for model in models for name in rules.view(layers, flags, model)))
    norms = [name for model in models for name in normalizing(layers, model)]
    awake = [name for name in norms if rules.normalize == "all" or flags[name]]
    still = [name for name in awake if rules.move != "all" and name not in trained]
    before = {name: [weight.value for weight in machine.weights[name]] for name in still}
    machine.trains = frozenset(awake)
    x = tensors(machine.numbers, data)
    for model in models:
        x = machine.run(model, x)
    arriving = []
    for output, target in zip(x, targets, strict=True):
        away = machine.numbers.subtract(output.value, machine.numbers.given(target))
        arriving.append((output, machine.numbers.scale(away, 2 / target.size)))
    machine.pull(arriving)
    for name, values in before.items():
        for weight, value in zip(machine.weights[name], values, strict=True):
            weight.value = value
    optimizer.step(machine, trained)
    rest(machine)


def rest(machine: Machine) -> None:
    """Forget the gradients, and leave training mode."""
    machine.trains = frozenset()
    for weights in machine.weights.values():
        for weight in weights:
            weight.gradient = None


def state(machine: Machine, models: list[str]) -> dict[str, list[Measured]]:
    """The weights of models by layer, in the order of the table."""
    own = {name for model in models for name in weighted(machine.layers, model)}
    measured = machine.numbers.measured
    return {
        name: [measured(weight.value) for weight in machine.weights[name]]
        for name in machine.layers
        if name in own
    }
