"""Miniatures of the chapter masking: recurrent layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.behaviors.masking import unrolled_zeros_not_reversed
from conformance.miniatures import Miniature
from reference.masking.directions import bidirectional, packed
from reference.masking.recurrent import recurrent_keras_3

Array = np.ndarray[Any, Any]


def _right(**case: Any) -> Any:
    """What a correct backend gives."""
    return settle(recurrent_keras_3(**case))


class MaskNotReversed(Miniature):
    """With go_backwards the input is reversed, and the mask is not."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_a_linear_recurrence_of_whole_numbers_is_exact"
    notice = "the backward half of a Bidirectional layer reads padding"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        if case["options"]["go_backwards"] and case["mask"] is not None:
            case = case | {"mask": case["mask"][:, ::-1]}
        return _right(**case)


class ZeroesWithoutTheOption(Miniature):
    """A masked step gives zero, although nobody asked for it."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_a_recurrent_layer_skips_masked_steps"
    notice = "the last output of a sequence that is padded on the right is zero"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        given = case["options"] | {"zero_output_for_mask": True}
        return _right(**(case | {"options": given}))


class StateForgotten(Miniature):
    """A masked step sets the state back to the beginning."""

    dialect = "keras-2"
    clause = "masking.recurrent"
    law = "test_a_linear_recurrence_of_whole_numbers_is_exact"
    notice = "what came before a gap is forgotten"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        mask = case["mask"]
        if mask is None or case["cell"] != "linear" or case["options"]["go_backwards"] or case["initial"]:
            return _right(**case)
        x, weights = case["x"], [w.astype(np.float64) for w in case["weights"]]
        state = np.zeros((len(x), len(weights[1])))
        steps = []
        for t in range(x.shape[1]):
            new = x[:, t] @ weights[0] + state @ weights[1] + weights[2]
            state = np.where(mask[:, [t]], new, 0)
            steps.append(state)
        output = np.stack(steps, axis=1) if case["options"]["return_sequences"] else steps[-1]
        states = [state] if case["options"]["return_state"] else []
        return [one.astype(x.dtype) for one in (output, *states)]


class PaddingRead(Miniature):
    """The mask is handed on and not looked at."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_a_recurrent_layer_skips_masked_steps"
    notice = "the result depends on how long the padding is"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        return _right(**(case | {"mask": None}))


class MultipliedByTheMask(Miniature):
    """States are mixed by products with the mask, so that NaN at a masked step enters them."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_nan_at_a_masked_step_has_no_influence"
    notice = "NaN in padding makes the outputs NaN"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        outputs, mask = _right(**case), case["mask"]
        if mask is None:
            return outputs
        spoiled = (~np.isfinite(case["x"].astype(np.float64)) & ~mask[..., None]).any(axis=(1, 2))
        for output in outputs:
            output[spoiled] = np.nan
        return outputs


class CarryNotMasked(Miniature):
    """The hidden state of an LSTM stays at a masked step, its carry state does not."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_a_recurrent_layer_skips_masked_steps"
    notice = "long padding slowly changes what comes behind it"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        outputs = _right(**case)
        if case["cell"] == "LSTM" and case["mask"] is not None and case["options"]["return_state"]:
            outputs[2] = outputs[2] * np.where(case["mask"].all(axis=1), 1, 0.5)[:, None].astype(
                outputs[2].dtype
            )
        return outputs


class NeighborsMasked(Miniature):
    """A step is skipped in every row as soon as it is masked in the first."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_a_linear_recurrence_of_whole_numbers_is_exact"
    notice = "a sequence gives another result in another batch"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        mask = case["mask"]
        if mask is not None:
            case = case | {"mask": np.repeat(mask[:1], len(mask), axis=0)}
        return _right(**case)


class LastStepRegardless(Miniature):
    """A final state is that of the last step only if padding is on the left."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_left_and_right_padding_end_in_the_same_state"
    notice = "padding on the right gives other predictions than padding on the left"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        outputs, mask = _right(**case), case["mask"]
        if mask is not None and not case["options"]["return_sequences"]:
            last = mask[:, 0] if case["options"]["go_backwards"] else mask[:, -1]
            outputs[0] = np.where(last[:, None], outputs[0], np.zeros((), outputs[0].dtype))
        return outputs


class ZerosNotReversed(Miniature):
    """In an unrolled recurrence with go_backwards the zeros stand at the wrong end."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_zero_output_for_mask_gives_zeros_at_masked_steps"
    notice = "valid outputs are zero, and padding is not"
    report = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/rnn.py"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        return settle(unrolled_zeros_not_reversed(**case))


class InitialStateKeptOut(Miniature):
    """The initial states are left out if there is a mask."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_initial_states_last_until_the_first_valid_step"
    notice = "a decoder forgets its encoder when its input is padded"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        return _right(**(case if case["mask"] is None else case | {"initial": None}))


class BackwardOutputsNotAligned(Miniature):
    """The outputs of the second direction are not turned back into the order of time."""

    dialect = "keras-3"
    clause = "masking.bidirectional"
    law = "test_both_directions_skip_the_padding"
    notice = "the two halves of the features speak of different steps"

    @operation("masking.bidirectional")
    def ran(self, **case: Any) -> Any:
        both = settle(bidirectional(**(case | {"merge_mode": None})))
        if case["options"]["return_sequences"]:
            both[1] = both[1][:, ::-1]
        if case["merge_mode"] == "concat":
            return [np.concatenate(both, axis=-1)]
        return [both[0] + both[1]] if case["merge_mode"] == "sum" else both


class PackedFromThePadding(Miniature):
    """The reverse direction of a packed sequence begins in the padding."""

    dialect = "torch"
    clause = "masking.packed"
    law = "test_a_packed_sequence_ends_at_its_length"
    notice = "the backward states depend on the longest sequence of the batch"

    @operation("masking.packed")
    def ran(self, **case: Any) -> Any:
        said = settle(packed(**case))
        if not case["reverse"]:
            return said
        longest = int(case["lengths"].max())
        full = settle(packed(**(case | {"lengths": np.full_like(case["lengths"], longest)})))
        inside = np.arange(longest) < case["lengths"][:, None]
        return [np.where(inside[..., None], full[0], np.zeros((), full[0].dtype)), *full[1:]]
