"""Sequences that are run in both directions, and sequences that are packed."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import LengthMismatch
from reference.masking import cells
from reference.masking.cells import Cell, Weights
from reference.masking.recurrent import Option, run_layer, zero_where_masked
from reference.outcomes import ORACLE, Bounded, Working
from reference.rounded import Arithmetic, Rounded
from reference.sources import keras, tf_keras, torch

Array = np.ndarray[Any, Any]


@reading("masking.bidirectional", "keras-2.2", source=keras("2.2.5", "layers/wrappers.py", "Bidirectional"))
def bidirectional_keras_2_2(
    cell: str,
    forward: list[Array],
    backward: list[Array],
    x: Array,
    mask: Array | None,
    options: Option,
    merge_mode: str | None,
    *,
    working: Working = ORACLE,
) -> list[Bounded]:
    """Bidirectional runs a sequence from both ends, each with the mask, and puts the two outputs together.

    cell, x, mask, options: as in `masking.recurrent`. forward, backward: the weights of the two layers.
    merge_mode: "concat", "sum", or None for two outputs.
    Returns the outputs in a list.

    [reversed] The second layer MUST get x and mask reversed together.
    [aligned] With return_sequences its outputs MUST be reversed again, so that both stand in the order
        of time.
    [padding] On either side of the padding a direction MUST skip it: neither ends nor begins in it.
    [repeated] At a masked step each direction MUST give its output of the step before it, in its order.
    [concat] "concat" MUST put the features side by side, forward first.
    [sum] "sum" MUST add the outputs.
    [apart] None MUST give both outputs.
    """
    # [reversed] [aligned] [padding] [repeated] [concat] [sum] [apart]
    return _both(cell, forward, backward, x, mask, options, merge_mode, working, zeros=False)


@reading(
    "masking.bidirectional", "keras-2", source=tf_keras("layers/rnn/bidirectional.py", "Bidirectional.call")
)
@reading(
    "masking.bidirectional",
    "keras-3",
    source=keras("v3.15.1", "layers/rnn/bidirectional.py", "Bidirectional.call"),
)
def bidirectional(
    cell: str,
    forward: list[Array],
    backward: list[Array],
    x: Array,
    mask: Array | None,
    options: Option,
    merge_mode: str | None,
    *,
    working: Working = ORACLE,
) -> list[Bounded]:
    """Bidirectional runs a sequence from both ends, each with the mask, and puts the two outputs together.

    cell, x, mask, options: as in `masking.recurrent`. forward, backward: the weights of the two layers.
    merge_mode: "concat", "sum", or None for two outputs.
    Returns the outputs in a list.

    [reversed] The second layer MUST get x and mask reversed together.
    [aligned] With return_sequences its outputs MUST be reversed again, so that both stand in the order
        of time.
    [padding] On either side of the padding a direction MUST skip it: neither ends nor begins in it.
    [zero-output] With return_sequences both outputs MUST be zero at a masked step, whatever the layers'
        own zero_output_for_mask is.
    [concat] "concat" MUST put the features side by side, forward first.
    [sum] "sum" MUST add the outputs.
    [apart] None MUST give both outputs.
    """
    # [reversed] [aligned] [padding] [zero-output] [concat] [sum] [apart]
    return _both(cell, forward, backward, x, mask, options, merge_mode, working, zeros=True)


def _both(
    cell: str,
    forward: list[Array],
    backward: list[Array],
    x: Array,
    mask: Array | None,
    options: Option,
    merge_mode: str | None,
    working: Working,
    *,
    zeros: bool,
) -> list[Bounded]:
    """The outputs of both directions, put together."""
    outputs = []
    for weights, go_backwards in ((forward, False), (backward, True)):
        given = options | {"go_backwards": go_backwards}
        ran = run_layer(cell, weights, x, mask, given, None, working)  # [reversed] [padding]
        if mask is not None and zeros and options["return_sequences"]:
            ran = zero_where_masked(ran, mask, given)  # [zero-output]
        steps = ran.outputs[::-1] if go_backwards else ran.outputs  # [aligned]
        outputs.append(_stacked(steps) if options["return_sequences"] else ran.outputs[-1])
    if merge_mode == "sum":
        outputs = [Arithmetic(x.dtype, working).plus(*outputs)]  # [sum]
    elif merge_mode == "concat":
        values = np.concatenate([one.value for one in outputs], axis=-1)
        outputs = [Rounded(values, np.concatenate([one.error for one in outputs], axis=-1))]  # [concat]
    return [one.bounded(x.dtype) for one in outputs]  # [apart]


def _stacked(steps: list[Rounded]) -> Rounded:
    """Outputs of single steps as one, with an axis of time."""
    value = np.stack([one.value for one in steps], axis=1)
    return Rounded(value, np.stack([one.error for one in steps], axis=1))


@reading(
    "masking.packed",
    "torch",
    source=(torch("nn/modules/rnn.py", "RNNBase"), torch("nn/utils/rnn.py", "pack_padded_sequence")),
)
def packed(
    cell: str, weights: list[Array], x: Array, lengths: Array, reverse: bool, *, working: Working = ORACLE
) -> list[Bounded]:
    """A packed sequence ends where its length says: what stands behind it does not happen.

    cell: "RNN", "LSTM" or "GRU". weights: (gates · units, features), (gates · units, units), and two
    biases (gates · units). x: (batch, time, features), padded on the right. lengths: int64 (batch,).
    reverse: whether each sequence is run from its last valid step to its first, as the second
    direction of a bidirectional module does.
    Returns the padded outputs, (batch, longest length, units), in the order of time, and the last states.

    [empty] A length below 1 MUST be refused.
    [step] Within its length each sequence MUST go through the steps of the cell.
    [zero-output] Behind the end of a sequence its output MUST be zero.
    [longest] The outputs MUST have as many steps as the longest sequence.
    [states] The last states MUST be those after the last valid step of each sequence.
    [reversed] The reverse direction MUST begin at the last valid step, not at the padding.
    [no-influence] What stands in x behind the end, NaN and infinities included, MUST NOT matter.
    """
    if len(lengths) == 0 or lengths.min() < 1:
        raise LengthMismatch(
            f"lengths must be above 0, these are {lengths.tolist()}", shows_as=("RuntimeError",)
        )  # [empty]
    kernel, recurrent, *biases = weights
    given = Weights(kernel.T, recurrent.T, (biases[0],), (biases[1],))
    steps: dict[str, Cell] = {"RNN": cells.simple, "LSTM": cells.lstm, "GRU": cells.gru("rzn", True)}
    longest = int(lengths.max())
    valid = np.arange(longest) < lengths[:, None]
    rows = x[:, :longest]  # [longest]
    if reverse:
        rows, valid = rows[:, ::-1], valid[:, ::-1]  # [reversed]
    initial = [np.zeros((len(x), given.units), x.dtype)] * (2 if cell == "LSTM" else 1)
    ran = cells.run(
        Arithmetic(x.dtype, working), steps[cell], given, rows, valid, initial
    )  # [step] [no-influence]
    outputs = ran.outputs[::-1] if reverse else ran.outputs
    in_time = valid[:, ::-1] if reverse else valid
    padded, inside = _stacked(outputs), in_time[..., None]
    value = np.where(inside, padded.value, 0)  # [zero-output]
    output = Rounded(value, np.where(inside, padded.error, 0))
    return [one.bounded(x.dtype) for one in (output, *ran.states)]  # [states]
