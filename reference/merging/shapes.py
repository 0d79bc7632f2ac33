"""The shape of what a merge layer returns: what it promises before it runs, and what comes."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import LengthMismatch
from reference.merging.alignment import Shape, merged_shape
from reference.merging.concatenation import concatenate
from reference.merging.dot import dot
from reference.sources import keras, tf_keras

_KERAS_2_2 = keras("2.2.5", "layers/merge.py", "_Merge.compute_output_shape")
_LATER = (
    keras("v2.15.0", "layers/merging/base_merge.py", "_Merge.compute_output_shape"),
    tf_keras("layers/merging/base_merge.py", "_Merge.compute_output_shape"),
    keras("v3.15.1", "layers/merging/base_merge.py", "Merge.compute_output_shape"),
)


@reading("merging.shape", "keras-2.2", source=_KERAS_2_2)
def shape_keras_2_2(layer: str, options: dict[str, Any], shapes: list[Shape]) -> tuple[Shape, Shape]:
    """The shape that a merge layer promises for symbolic inputs is the shape that it gives.

    layer: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate or Dot.
    options: the layer's own, {"axis": …} or {"axes": …}. shapes: of the inputs, batch first, all known.
    Returns the promised shape and the shape at run time.

    [one] A single input MUST be refused.
    [promised] The promised shape MUST be the broadcast shape, lower ranks aligned behind the batch;
        for Concatenate and Dot the shape of their value.
    [empty] An axis of size 0 MUST stay one.
    [kept] The shape at run time MUST be the promised one.
    [refused] Inputs that the layer does not take MUST be refused.
    """
    if len(shapes) == 1:
        raise LengthMismatch("a merge layer takes at least 2 inputs, this is 1")  # [one]
    return shape_keras_2(layer, options, shapes)  # [promised] [empty] [kept] [refused]


@reading("merging.shape", "keras-2", source=_LATER)
def shape_keras_2(layer: str, options: dict[str, Any], shapes: list[Shape]) -> tuple[Shape, Shape]:
    """The shape that a merge layer promises for symbolic inputs is the shape that it gives.

    layer: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate or Dot.
    options: the layer's own, {"axis": …} or {"axes": …}. shapes: of the inputs, batch first, all known.
    Returns the promised shape and the shape at run time.

    [one] A single input MUST keep its shape.
    [promised] The promised shape MUST be the broadcast shape, lower ranks aligned behind the batch;
        for Concatenate and Dot the shape of their value.
    [empty] An axis of size 0 MUST stay one.
    [kept] The shape at run time MUST be the promised one.
    [refused] Inputs that the layer does not take MUST be refused.
    """
    if layer == "Subtract" and len(shapes) != 2:
        raise LengthMismatch(f"Subtract takes exactly 2 inputs, these are {len(shapes)}")  # [refused]
    empty = [np.zeros(shape) for shape in shapes]
    if layer == "Concatenate":
        shape = concatenate(empty, options["axis"]).shape
    elif layer == "Dot":
        shape = dot(empty, options["axes"], False).value.shape
    else:
        shape = merged_shape(shapes)  # [one] [promised] [empty]
    return shape, shape  # [kept]
