"""How a mask travels: what a layer hands on of the mask that its input bears.

A layer is written as plain data, {"layer": name, "options": {...}}: the name of the class, and the
arguments that it is made with. A wrapper has a third entry, "inner", the layer inside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import NotStated, TypeRefused
from reference.outcomes import AnyOf
from reference.sources import keras, tf_keras

Array = np.ndarray[Any, Any]
Layer = dict[str, Any]
Masks = list[Array | None]

RECURRENT = ("SimpleRNN", "LSTM", "GRU")

KEEPING_2_2 = (
    "Dense",
    "Dropout",
    "GaussianNoise",
    "GaussianDropout",
    "ActivityRegularization",
    "Activation",
    "LeakyReLU",
    "BatchNormalization",
)
"""Layers that hand on the mask as it is, in every Keras."""

KEEPING = (*KEEPING_2_2, "ReLU", "PReLU", "ELU", "LayerNormalization", "UnitNormalization")
"""The same with those that came after Keras 2.2."""

KEEPING_FROM_3 = ("Identity", "Rescaling")
"""Layers that hand on the mask from Keras 3 on, and lose it before."""

LOSING = (
    "Reshape",
    "Flatten",
    "Permute",
    "RepeatVector",
    "Conv1D",
    "MaxPooling1D",
    "AveragePooling1D",
    "GlobalMaxPooling1D",
    "ZeroPadding1D",
    "Cropping1D",
    "UpSampling1D",
    "Custom",
)
"""Layers that do not say what becomes of a mask. Custom: one of the user's, with nothing but `call`."""

OPERATORS = ("x + x", "x * 2", "x[:, 1:]", "x[:, -1]")
"""Plain operators on tensors, as names of layers."""

_GUIDE = keras("v3.15.1", "guides/understanding_masking_and_padding.py", "Opting-in to mask propagation")
_BASE_2 = tf_keras("engine/base_layer.py", "Layer._set_mask_metadata")
_BASE_3 = keras("v3.15.1", "layers/layer.py", "Layer._set_mask_metadata")


@reading(
    "masking.propagate", "keras-2.2", source=keras("2.2.5", "engine/base_layer.py", "Layer.compute_mask")
)
@reading(
    "masking.propagate", "keras-2", source=(_BASE_2, tf_keras("layers/rnn/base_rnn.py", "RNN.compute_mask"))
)
def propagate(layer: Layer, x: Array, mask: Array | None, route: str) -> Masks | AnyOf:
    """A layer that supports masks hands on the mask of its input, as long as there are steps to mask.

    layer: a layer as plain data. x: (batch, time, features). mask: bool (batch, time) or None.
    route: "eager", the layers called on tensors, or "functional", in a functional model.
    Returns the mask of each output, bool (batch, time) or None.

    [kept] A layer that works on each step by itself MUST hand on the mask as it is.
    [opted-in] A custom layer that says that it supports masking MUST hand on the mask as it is.
    [computed] A custom layer that computes a mask MUST hand on what it computes.
    [own] Masking MUST hand on the mask that it makes, whatever came in.
    [sequences] A recurrent layer with return_sequences MUST hand on the mask as it is.
    [backwards] With go_backwards beside it the steps of the output stand in reverse, and the mask is
        OPEN: as it is, or in reverse too.
    [last] Without return_sequences there MUST be no mask.
    [states] A state MUST bear no mask.
    [both-directions] Bidirectional MUST hand on the mask as it is with return_sequences, once for each
        of its outputs, and none without.
    [averaged] GlobalAveragePooling1D MUST hand on no mask.
    [lambda] Lambda MUST hand on what its argument `mask` says: None if there is none, a function of
        inputs and mask by its result. Nothing is refused.
    [absent] Without a mask of the input there MUST be none of the output, unless the layer makes one.
    """
    name, options = layer["layer"], layer["options"]
    if name == "Masking":
        return [np.asarray((x != options["mask_value"]).any(axis=-1))]  # [own]
    if name == "Shortening":
        return [None if mask is None else mask[:, 1:]]  # [computed]
    if name == "GlobalAveragePooling1D":
        return [None]  # [averaged]
    if name == "Lambda":
        return [mask if options.get("mask") == "handed on" else None]  # [lambda]
    if name == "Bidirectional":
        return _both_directions(layer, mask)  # [both-directions]
    if name in RECURRENT:
        states: Masks = (
            [None] * (2 if name == "LSTM" else 1) if options.get("return_state") else []
        )  # [states]
        if not options.get("return_sequences"):
            return [None, *states]  # [last]
        if mask is not None and options.get("go_backwards"):
            return AnyOf(([mask, *states], [mask[:, ::-1].copy(), *states]))  # [backwards]
        return [mask, *states]  # [sequences]
    if name not in KEEPING and name != "Supporting":
        raise NotStated(f"no point speaks of {name}")
    return [mask]  # [kept] [opted-in] [absent]


@reading(
    "masking.propagate",
    "keras-3",
    source=(_BASE_3, keras("v3.15.1", "layers/rnn/rnn.py", "RNN.compute_mask")),
)
def propagate_keras_3(layer: Layer, x: Array, mask: Array | None, route: str) -> Masks | AnyOf:
    """A layer that supports masks hands on the mask of its input, as long as there are steps to mask.

    layer: a layer as plain data. x: (batch, time, features). mask: bool (batch, time) or None.
    route: "eager", the layers called on tensors, or "functional", in a functional model.
    Returns the mask of each output, bool (batch, time) or None.

    [kept] A layer that works on each step by itself MUST hand on the mask as it is.
    [preprocessing] So MUST Identity and Rescaling, which lost it before.
    [opted-in] A custom layer that says that it supports masking MUST hand on the mask as it is.
    [computed] A custom layer that computes a mask MUST hand on what it computes.
    [own] Masking MUST hand on the mask that it makes, whatever came in.
    [sequences] A recurrent layer with return_sequences MUST hand on the mask as it is.
    [backwards] With go_backwards beside it the steps of the output stand in reverse, and the mask is
        OPEN: as it is, or in reverse too.
    [last] Without return_sequences there MUST be no mask.
    [states] A state MUST bear no mask.
    [both-directions] Bidirectional MUST hand on the mask as it is with return_sequences, once for each
        of its outputs, and none without.
    [averaged] GlobalAveragePooling1D MUST hand on no mask.
    [lambda] Lambda MUST hand on what its argument `mask` says: None if there is none, a function of
        inputs and mask by its result. Nothing is refused.
    [absent] Without a mask of the input there MUST be none of the output, unless the layer makes one.
    """
    if layer["layer"] in KEEPING_FROM_3:
        return [mask]  # [preprocessing]
    # [kept] [opted-in] [computed] [own] [sequences] [backwards] [last] [states] [both-directions]
    return propagate(layer, x, mask, route)  # [averaged] [lambda] [absent]


def _both_directions(layer: Layer, mask: Array | None) -> Masks:
    inner = layer["inner"]
    sequences = inner["options"].get("return_sequences")
    outputs = 2 if layer["options"].get("merge_mode", "concat") is None else 1
    states = 2 * (2 if inner["layer"] == "LSTM" else 1) if inner["options"].get("return_state") else 0
    return [mask if sequences else None] * outputs + [None] * states


@reading(
    "masking.unsupported", "keras-2.2", source=keras("2.2.5", "engine/base_layer.py", "Layer.compute_mask")
)
def unsupported_keras_2_2(layer: Layer, x: Array, mask: Array | None, route: str) -> Masks:
    """A layer that does not support masks refuses a masked input.

    layer: a layer as plain data. x: (batch, time, features). mask: bool (batch, time) or None.
    route: "eager", the layers called on tensors, or "functional", in a functional model.
    Returns the mask of each output, which is None.

    [masked] An input with a mask MUST be refused.
    [operators] So MUST a plain operator in a model: what it gives is no Keras tensor.
    [absent] An input without a mask MUST be taken, and the output has none.
    """
    if layer["layer"] in OPERATORS:
        raise TypeRefused("a model is made of layers, this is an operator")  # [operators]
    if mask is not None:
        raise TypeRefused(f"{layer['layer']} does not support masking", shows_as=("TypeError",))  # [masked]
    return [None]  # [absent]


@reading(
    "masking.unsupported", "keras-2", source=(_BASE_2, _GUIDE, tf_keras("layers/core/masking.py", "Masking"))
)
@reading(
    "masking.unsupported",
    "keras-3",
    source=(_BASE_3, _GUIDE, keras("v3.15.1", "layers/core/masking.py", "Masking")),
)
def unsupported(layer: Layer, x: Array, mask: Array | None, route: str) -> Masks | AnyOf:
    """A layer that does not support masks hands none on.

    layer: a layer as plain data. x: (batch, time, features). mask: bool (batch, time) or None.
    route: "eager", the layers called on tensors, or "functional", in a functional model.
    Returns the mask of each output, which is None.

    [masked] An input with a mask is OPEN: a refusal, as the documentation of Masking has it, or an output
        without a mask, as the guide has it. The mask is not handed on.
    [operators] What a plain operator gives MUST bear no mask, and nothing is refused.
    [absent] An input without a mask MUST be taken, and the output has none.
    """
    if mask is None or layer["layer"] in OPERATORS:
        return [None]  # [absent] [operators]
    return AnyOf(([None], TypeRefused(f"{layer['layer']} does not support masking")))  # [masked]


@reading("masking.explicit", "keras-2.2", source=keras("2.2.5", "engine/base_layer.py", "Layer.__call__"))
@reading(
    "masking.explicit", "keras-3", before="3.11", source=keras("v3.10.0", "layers/layer.py", "Layer.__call__")
)
def explicit_for_call_alone(
    attached: Array | None, explicit: Array | None, given: bool, supports: bool
) -> tuple[Array | None, Array | None] | AnyOf:
    """A layer whose `call` takes a mask gets the one it is called with, or else that of its input.

    attached: the mask of the input, bool (batch, time), or None. explicit: the argument `mask` of the
    call. given: whether there is such an argument. supports: whether the layer supports masking.
    Returns the mask that `call` sees, and the mask of the output.

    [attached] Without the argument `call` MUST see the mask of the input.
    [explicit] With it `call` MUST see the argument.
    [none] If the argument is None, what `call` sees is OPEN: None, or the mask of the input.
    [output] A layer that supports masking MUST hand on the mask of the input, not the argument.
    [opt-in] A layer that does not MUST hand on none, although it saw one.
    """
    output = attached if supports else None  # [output] [opt-in]
    if given and explicit is None and attached is not None:
        return AnyOf(((None, output), (attached, output)))  # [none]
    return (explicit if given else attached), output  # [explicit] [attached]


@reading(
    "masking.explicit", "keras-2", source=(tf_keras("engine/base_layer.py", "Layer._get_input_masks"), _GUIDE)
)
@reading(
    "masking.explicit",
    "keras-3",
    since="3.11",
    source=(keras("v3.11.0", "layers/layer.py", "Layer.__call__"), _GUIDE),
)
def explicit(
    attached: Array | None, explicit: Array | None, given: bool, supports: bool
) -> tuple[Array | None, Array | None] | AnyOf:
    """A layer whose `call` takes a mask gets the one it is called with, or else that of its input.

    attached: the mask of the input, bool (batch, time), or None. explicit: the argument `mask` of the
    call. given: whether there is such an argument. supports: whether the layer supports masking.
    Returns the mask that `call` sees, and the mask of the output.

    [attached] Without the argument `call` MUST see the mask of the input.
    [explicit] With it `call` MUST see the argument.
    [none] If the argument is None, both are OPEN: None, or the mask of the input.
    [output] A layer that supports masking MUST hand on the mask that `call` saw.
    [opt-in] A layer that does not MUST hand on none, although it saw one.
    """
    if given and explicit is None and attached is not None:
        return AnyOf(tuple((seen, seen if supports else None) for seen in (None, attached)))  # [none]
    seen = explicit if given else attached  # [explicit] [attached]
    return seen, (seen if supports else None)  # [output] [opt-in]
