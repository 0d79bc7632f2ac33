"""Recurrent layers look at the mask: a masked step does not happen."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import TypeRefused
from reference.masking import cells
from reference.masking.cells import Cell, Run, Weights
from reference.outcomes import ORACLE, AnyOf, Bounded, Working
from reference.rounded import Arithmetic, Rounded
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]
Option = dict[str, Any]


@reading(
    "masking.recurrent",
    "keras-2.2",
    source=(
        keras("2.2.5", "backend/tensorflow_backend.py", "rnn"),
        keras("2.2.5", "layers/recurrent.py", "RNN"),
    ),
)
def recurrent_keras_2_2(
    cell: str,
    weights: list[Array],
    x: Array,
    mask: Array | None,
    options: Option,
    initial: list[Array] | None,
    *,
    working: Working = ORACLE,
) -> list[Bounded]:
    """A masked step does not happen: the state stays, and the output is the one before.

    cell: "SimpleRNN", "linear" (SimpleRNN with a linear activation), "LSTM" or "GRU".
    weights: kernel (features, gates · units), recurrent kernel (units, gates · units), bias.
    x: (batch, time, features), time > 0. mask: bool (batch, time) or None.
    options: return_sequences, return_state, go_backwards, unroll, zero_output_for_mask, reset_after.
    initial: the states to begin with, each (batch, units), or None for zeros.
    Returns the output, (batch, time, units) with return_sequences and else (batch, units), and with
    return_state the last states.

    [step] At a valid step the new states MUST be what the cell makes of the row and the states.
    [precision] They MUST be computed in the dtype of x.
    [carried] At a masked step every state MUST stay, for each row of the batch by itself.
    [repeated] The output at a masked step MUST be the output of the step before.
    [leading] Before the first valid step the output MUST be zero, whatever the initial state is.
    [option] The option zero_output_for_mask MUST be refused, there is none.
    [last] Without return_sequences the output MUST be that of the last valid step.
    [all-masked] A row that is wholly masked MUST give zero and its initial states.
    [backwards] With go_backwards x and mask MUST be reversed together; the outputs stand in the order
        in which they were computed.
    [states] With return_state the last states MUST follow the output.
    [unrolled] unroll MUST change nothing.
    [no-influence] What stands in x at a masked step, NaN and infinities included, MUST NOT matter.
    [no-mask] Without a mask every step MUST be valid.
    """
    if options["zero_output_for_mask"]:
        raise TypeRefused("there is no option zero_output_for_mask")  # [option]
    # [step] [precision] [carried] [repeated] [leading] [last]
    # [all-masked] [backwards] [unrolled] [no-influence] [no-mask]
    ran = run_layer(cell, weights, x, mask, options, initial, working)
    return _result(ran, x, options)  # [states]


@reading(
    "masking.recurrent",
    "keras-2",
    source=(
        keras("v2.15.0", "layers/rnn/base_rnn.py", "RNN"),
        keras("v2.15.0", "backend.py", "rnn"),
        tf_keras("layers/rnn/base_rnn.py", "RNN"),
        tf_keras("backend.py", "rnn"),
    ),
)
def recurrent_keras_2(
    cell: str,
    weights: list[Array],
    x: Array,
    mask: Array | None,
    options: Option,
    initial: list[Array] | None,
    *,
    working: Working = ORACLE,
) -> list[Bounded]:
    """A masked step does not happen: the state stays, and the output is the one before, or zero.

    The arguments and what is returned are those of keras-2.2.

    [step] At a valid step the new states MUST be what the cell makes of the row and the states.
    [precision] They MUST be computed in the dtype of x.
    [carried] At a masked step every state MUST stay, for each row of the batch by itself.
    [repeated] The output at a masked step MUST be the output of the step before.
    [leading] Before the first valid step the output MUST be zero, whatever the initial state is: the
        source says that a tensor of zeros stands for the output before the first.
    [zero-output] With zero_output_for_mask and return_sequences the output at a masked step MUST be zero.
    [last] Without return_sequences the output MUST be that of the last valid step.
    [sequences-only] So it MUST with zero_output_for_mask, which is documented to be used only when
        return_sequences is True.
    [all-masked] A row that is wholly masked MUST give zero and its initial states.
    [backwards] With go_backwards x and mask MUST be reversed together; the outputs stand in the order
        in which they were computed.
    [states] With return_state the last states MUST follow the output.
    [unrolled] unroll MUST change nothing.
    [no-influence] What stands in x at a masked step, NaN and infinities included, MUST NOT matter.
    [no-mask] Without a mask every step MUST be valid.
    """
    # [step] [precision] [carried] [repeated] [leading] [last]
    # [all-masked] [backwards] [unrolled] [no-influence] [no-mask]
    ran = run_layer(cell, weights, x, mask, options, initial, working)
    if (
        mask is not None and options["zero_output_for_mask"] and options["return_sequences"]
    ):  # [sequences-only]
        ran = zero_where_masked(ran, mask, options)  # [zero-output]
    return _result(ran, x, options)  # [states]


@reading(
    "masking.recurrent",
    "keras-3",
    source=(
        keras("v3.15.1", "layers/rnn/rnn.py", "RNN"),
        keras("v3.15.1", "backend/tensorflow/rnn.py", "rnn"),
        keras("v3.15.1", "backend/torch/rnn.py", "rnn"),
        keras("v3.15.1", "backend/jax/rnn.py", "rnn"),
    ),
)
def recurrent_keras_3(
    cell: str,
    weights: list[Array],
    x: Array,
    mask: Array | None,
    options: Option,
    initial: list[Array] | None,
    *,
    working: Working = ORACLE,
) -> list[Bounded] | AnyOf:
    """A masked step does not happen: the state stays, and the output is the one before, or zero.

    The arguments and what is returned are those of keras-2.2.

    [step] At a valid step the new states MUST be what the cell makes of the row and the states.
    [precision] They MUST be computed in the dtype of x.
    [carried] At a masked step every state MUST stay, for each row of the batch by itself.
    [repeated] The output at a masked step MUST be the output of the step before.
    [leading] Before the first valid step the output is the initial one, which is OPEN: zero, or the first
        of the initial states, which is the output if one takes the state for the output before.
    [zero-output] With zero_output_for_mask and return_sequences the output at a masked step MUST be zero.
    [last] Without return_sequences the output MUST be that of the last valid step.
    [sequences-only] So it MUST with zero_output_for_mask, which is documented to be used only when
        return_sequences is True.
    [all-masked] A row that is wholly masked MUST give its initial states, and the initial output.
    [backwards] With go_backwards x and mask MUST be reversed together; the outputs stand in the order
        in which they were computed.
    [states] With return_state the last states MUST follow the output.
    [unrolled] unroll MUST change nothing.
    [no-influence] What stands in x at a masked step, NaN and infinities included, MUST NOT matter.
    [no-mask] Without a mask every step MUST be valid.
    """
    ran = run_layer(
        cell, weights, x, mask, options, initial, working
    )  # [step] [precision] [carried] [repeated] [all-masked]
    # [last] [backwards] [unrolled] [no-influence] [no-mask]
    if (
        mask is not None and options["zero_output_for_mask"] and options["return_sequences"]
    ):  # [sequences-only]
        ran = zero_where_masked(ran, mask, options)  # [zero-output]
        return _result(ran, x, options)
    result = _result(ran, x, options)  # [states]
    if mask is None or initial is None:
        return result
    other = _result(_with_initial_output(ran, mask, options, initial, x, working), x, options)
    return AnyOf((result, other))  # [leading]


def run_layer(
    cell: str,
    weights: list[Array],
    x: Array,
    mask: Array | None,
    options: Option,
    initial: list[Array] | None,
    working: Working,
) -> Run:
    """The recurrence in the order of computing."""
    kernel, recurrent, bias = weights
    valid = np.ones(x.shape[:2], bool) if mask is None else mask  # [no-mask]
    if options["go_backwards"]:
        x, valid = x[:, ::-1], valid[:, ::-1]  # [backwards]
    two = cell == "GRU" and options["reset_after"]
    given = Weights(kernel, recurrent, (bias[0],), (bias[1],)) if two else Weights(kernel, recurrent, (bias,))
    states = 2 if cell == "LSTM" else 1
    if initial is None:
        initial = [np.zeros((len(x), given.units), x.dtype)] * states
    steps: dict[str, Cell] = {
        "SimpleRNN": cells.simple,
        "linear": cells.linear,
        "LSTM": cells.lstm,
        "GRU": cells.gru("zrn", options["reset_after"]),
    }
    return cells.run(Arithmetic(x.dtype, working), steps[cell], given, x, valid, initial)


def in_order(mask: Array, options: Option) -> Array:
    """The mask in the order of computing."""
    return mask[:, ::-1] if options["go_backwards"] else mask


def zero_where_masked(ran: Run, mask: Array, options: Option) -> Run:
    """The outputs with zeros at the masked steps."""
    valid = in_order(mask, options)
    outputs = [
        Rounded(np.where(valid[:, [t]], one.value, 0), np.where(valid[:, [t]], one.error, 0))
        for t, one in enumerate(ran.outputs)
    ]
    return Run(outputs, ran.states)


def _with_initial_output(
    ran: Run, mask: Array, options: Option, initial: list[Array], x: Array, working: Working
) -> Run:
    """The outputs with the first initial state before the first valid step."""
    seen = np.logical_or.accumulate(in_order(mask, options), axis=1)
    arithmetic = Arithmetic(x.dtype, working)
    first = arithmetic.exact(initial[0])
    outputs = [arithmetic.where(seen[:, [t]], one, first) for t, one in enumerate(ran.outputs)]
    return Run(outputs, ran.states)


def _result(ran: Run, x: Array, options: Option) -> list[Bounded]:
    """The output, and the last states if they are asked for."""
    if options["return_sequences"]:
        value = np.stack([one.value for one in ran.outputs], axis=1)
        output = Rounded(value, np.stack([one.error for one in ran.outputs], axis=1))
    else:
        output = ran.outputs[-1]
    states = ran.states if options["return_state"] else []
    return [one.bounded(x.dtype) for one in (output, *states)]
