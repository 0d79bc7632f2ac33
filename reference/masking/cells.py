"""One step of a recurrent layer: SimpleRNN, LSTM and GRU, with the error of the step.

A cell takes a row (batch, features) and its states, each (batch, units), and gives new states, of
which the first is the output. kernel: (features, gates · units). recurrent: (units, gates · units).
biases: for each, (gates · units).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.rounded import Arithmetic, Rounded

Array = np.ndarray[Any, Any]
States = list[Rounded]


@dataclass(frozen=True)
class Weights:
    """The weights of a cell. input_biases belong to the kernel, recurrent_biases to the recurrent one."""

    kernel: Array
    recurrent: Array
    input_biases: tuple[Array, ...] = ()
    recurrent_biases: tuple[Array, ...] = ()

    @property
    def units(self) -> int:
        """Size of a state."""
        return len(self.recurrent)

    def gate(self, index: int) -> Weights:
        """The weights of one gate."""
        part = np.s_[..., index * self.units : (index + 1) * self.units]
        return Weights(
            self.kernel[part],
            self.recurrent[part],
            tuple(bias[part] for bias in self.input_biases),
            tuple(bias[part] for bias in self.recurrent_biases),
        )

    def apply(self, arithmetic: Arithmetic, row: Rounded, state: Rounded) -> Rounded:
        """The sum row · kernel + state · recurrent + biases."""
        return arithmetic.affine(
            [(row, self.kernel), (state, self.recurrent)], [*self.input_biases, *self.recurrent_biases]
        )


Cell = Callable[[Arithmetic, Weights, Rounded, States], States]


def simple(arithmetic: Arithmetic, weights: Weights, row: Rounded, states: States) -> States:
    """One step: h' = tanh(x W + h U + b)."""
    return [arithmetic.tanh(weights.apply(arithmetic, row, states[0]))]


def linear(arithmetic: Arithmetic, weights: Weights, row: Rounded, states: States) -> States:
    """One step: h' = x W + h U + b."""
    return [weights.apply(arithmetic, row, states[0])]


def lstm(arithmetic: Arithmetic, weights: Weights, row: Rounded, states: States) -> States:
    """One step: c' = f c + i g, h' = o tanh(c'), with the gates i, f, g, o in this order of the columns."""
    hidden, carry = states
    i, f, g, o = (weights.gate(index).apply(arithmetic, row, hidden) for index in range(4))
    kept = arithmetic.times(arithmetic.sigmoid(f), carry)
    added = arithmetic.times(arithmetic.sigmoid(i), arithmetic.tanh(g))
    new_carry = arithmetic.plus(kept, added)
    return [arithmetic.times(arithmetic.sigmoid(o), arithmetic.tanh(new_carry)), new_carry]


def gru(order: str, reset_after: bool) -> Cell:
    """One step: h' = z h + (1 - z) n.

    order: the gates in the order of the columns: z update, r reset, n new.
    reset_after: n = tanh(x W + b + r (h U + b')); otherwise n = tanh(x W + (r h) U + b).
    """

    def step(arithmetic: Arithmetic, weights: Weights, row: Rounded, states: States) -> States:
        """The state after a step of the GRU whose gates stand in `order`: the one state, (batch, units)."""
        (hidden,) = states
        gates = {name: weights.gate(order.index(name)) for name in order}
        z = arithmetic.sigmoid(gates["z"].apply(arithmetic, row, hidden))
        r = arithmetic.sigmoid(gates["r"].apply(arithmetic, row, hidden))
        n = gates["n"]
        if reset_after:
            from_input = arithmetic.affine([(row, n.kernel)], n.input_biases)
            from_state = arithmetic.affine([(hidden, n.recurrent)], n.recurrent_biases)
            new = arithmetic.tanh(arithmetic.plus(from_input, arithmetic.times(r, from_state)))
        else:
            new = arithmetic.tanh(n.apply(arithmetic, row, arithmetic.times(r, hidden)))
        kept = arithmetic.times(z, hidden)
        return [arithmetic.plus(kept, arithmetic.times(arithmetic.complement(z), new))]

    return step


@dataclass(frozen=True)
class Run:
    """What a recurrence gives: the outputs step by step, as they were computed, and the last states."""

    outputs: list[Rounded]
    states: States


def run(
    arithmetic: Arithmetic,
    cell: Cell,
    weights: Weights,
    x: Array,
    mask: Array,
    initial: list[Array],
) -> Run:
    """The cell over (batch, time, features): where the mask (batch, time) is False nothing moves.

    A masked step's output is the output before it, and zero before the first.
    """
    states = [arithmetic.exact(state) for state in initial]
    output = arithmetic.exact(np.zeros(initial[0].shape))
    outputs: list[Rounded] = []
    for t in range(x.shape[1]):
        valid = mask[:, t, None]
        # What stands at a masked step is left out here: a selection afterwards would do, but NaN warns.
        row = np.where(valid, x[:, t], np.zeros((), x.dtype))
        new = cell(arithmetic, weights, arithmetic.exact(row), states)
        states = [arithmetic.where(valid, one, other) for one, other in zip(new, states, strict=True)]
        output = arithmetic.where(valid, new[0], output)
        outputs.append(output)
    return Run(outputs, states)
