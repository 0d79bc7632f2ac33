"""What a step of an optimizer does to weights: SGD, SGD with momentum, and Adam."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.composition.arithmetic import Array, Numbers
from reference.composition.machine import Machine, Tensor

Place = tuple[str, int]


@dataclass(eq=False)
class Optimizer:
    """An optimizer with its state.

    name: "sgd", "momentum" or "adam". options: learning_rate, and momentum, or beta_1, beta_2, epsilon.
    rescaled: whether epsilon stands beside the corrected √v̂, as in PyTorch, or beside √v, as in Keras.
    slots: for each weight its moments, and how many steps it has made; that is how many the optimizer has
    made, too, since what it trains has a gradient in every step.
    """

    name: str
    options: dict[str, float]
    rescaled: bool = False
    slots: dict[Place, list[Any]] = field(default_factory=dict)

    def step(self, machine: Machine, layers: list[str]) -> None:
        """Move the weights of some layers by their gradients; a weight without one stays."""
        for name in layers:
            for number, weight in enumerate(machine.weights[name]):
                if weight.gradient is not None:
                    self._move(machine.numbers, (name, number), weight, weight.gradient)

    def _move(self, numbers: Numbers, place: Place, weight: Tensor, gradient: Array) -> None:
        rate = self.options["learning_rate"]
        if self.name == "sgd":
            weight.value = numbers.subtract(weight.value, numbers.scale(gradient, rate))
        elif self.name == "momentum":
            (velocity,) = self.slots.get(place, [np.zeros_like(weight.value)])
            kept = numbers.scale(velocity, self.options["momentum"])
            velocity = numbers.subtract(kept, numbers.scale(gradient, rate))
            self.slots[place] = [velocity]
            weight.value = numbers.add(weight.value, velocity)
        else:
            self._adam(numbers, place, weight, gradient)

    def _adam(self, numbers: Numbers, place: Place, weight: Tensor, gradient: Array) -> None:
        rate, epsilon = self.options["learning_rate"], self.options["epsilon"]
        first, second = self.options["beta_1"], self.options["beta_2"]
        nothing = np.zeros_like(weight.value)
        mean, square, before = self.slots.get(place, [nothing, nothing, 0])
        mean = numbers.add(numbers.scale(mean, first), numbers.scale(gradient, 1 - first))
        squared = numbers.multiply(gradient, gradient)
        square = numbers.add(numbers.scale(square, second), numbers.scale(squared, 1 - second))
        time = before + 1
        self.slots[place] = [mean, square, time]
        scale, root = 1 - first**time, (1 - second**time) ** 0.5
        deviation = numbers.root(square)
        if self.rescaled:
            below = numbers.scale(deviation, 1 / root) + numbers.kind.type(epsilon)
            update = numbers.scale(numbers.divide(mean, numbers.shaken(below)), rate / scale)
        else:
            below = numbers.shaken(deviation + numbers.kind.type(epsilon))
            update = numbers.scale(numbers.divide(mean, below), rate * root / scale)
        weight.value = numbers.subtract(weight.value, numbers.shaken(update, roundings=4.0))
