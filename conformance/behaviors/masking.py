"""Named behaviors of the chapter masking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.tolerance import unit_roundoff
from reference.errors import TypeRefused
from reference.masking.pooling import multiplied, pooling
from reference.masking.producing import produce_by_selection
from reference.masking.recurrent import recurrent_keras_3
from reference.masking.traveling import unsupported
from reference.outcomes import AnyOf, Bounded

Array = np.ndarray[Any, Any]
Case = dict[str, Any]


def recurrent_products_in_float32(**case: Any) -> Any:
    """In float64 the matrix products of a recurrent layer are computed in float32.

    The bound is that of the reading with the unit roundoff of float32, doubled, since each factor of a
    product is rounded as well, and an output has more than two terms.
    """
    said = recurrent_keras_3(**case)
    if case["x"].dtype != np.float64:
        return said
    ratio = 2 * unit_roundoff(np.dtype(np.float32)) / unit_roundoff(np.dtype(np.float64))
    return _each(said, lambda one: replace(one, magnitude=one.magnitude * ratio))


def last_output_zeroed(**case: Any) -> Any:
    """zero_output_for_mask acts without return_sequences too: a masked last step gives zero."""
    said = recurrent_keras_3(**case)
    if not case["options"]["zero_output_for_mask"] or case["options"]["return_sequences"]:
        return said
    return said if case["mask"] is None else _zeroed(said, case)


def unrolled_backwards_refused(**case: Any) -> Any:
    """An unrolled recurrence with go_backwards and a mask fails with an AttributeError."""
    options = case["options"]
    if options["unroll"] and options["go_backwards"] and case["mask"] is not None:
        raise TypeRefused("a tuple of masks cannot be reversed", shows_as=("AttributeError",))
    return recurrent_keras_3(**case)


def unrolled_zeros_not_reversed(**case: Any) -> Any:
    """In an unrolled recurrence with go_backwards the zeros of zero_output_for_mask stand in reverse."""
    options = case["options"]
    wanted = options["unroll"] and options["go_backwards"] and options["zero_output_for_mask"]
    if not wanted or case["mask"] is None or not options["return_sequences"]:
        return recurrent_keras_3(**case)
    plain = recurrent_keras_3(**(case | {"options": options | {"zero_output_for_mask": False}}))
    mask = case["mask"][..., None]

    def zeroed(one: Bounded) -> Bounded:
        return replace(one, value=np.where(mask, one.value, 0), magnitude=np.where(mask, one.magnitude, 0))

    return [zeroed(plain[0]), *plain[1:]] if isinstance(plain, list) else plain


def unrolled_zeros_ignored(**case: Any) -> Any:
    """An unrolled recurrence ignores zero_output_for_mask."""
    options = case["options"]
    if options["unroll"]:
        case = case | {"options": options | {"zero_output_for_mask": False}}
    return recurrent_keras_3(**case)


def multiplied_by_the_mask(x: Array, mask: Array | None, data_format: str, keepdims: bool) -> Bounded:
    """The features are multiplied by the mask, so that NaN and infinities at a masked step give NaN."""
    valid = np.ones((len(x), x.shape[2 if data_format == "channels_first" else 1]), bool)
    return multiplied(x, valid if mask is None else mask, data_format, keepdims)


def same_array_keeps_mask(layer: Case, x: Array, mask: Array | None, route: str) -> Any:
    """A layer that changes nothing gives the very array that came in, with its mask.

    So do Reshape to the shape that is there already, and Cropping1D by nothing.
    """
    options = layer["options"]
    reshaped = layer["layer"] == "Reshape" and tuple(options["target_shape"]) == x.shape[1:]
    cropped = layer["layer"] == "Cropping1D" and not any(options["cropping"])
    return [mask] if reshaped or cropped else unsupported(layer, x, mask, route)


def mask_value_through_float32(x: Array, mask_value: Any) -> Any:
    """The mask value is rounded to float32, and compared with x in the wider of the two dtypes."""
    mask = np.any(x.astype(np.float64) != np.float64(np.float32(mask_value)), axis=-1)
    return np.where(mask[..., None], x, np.zeros((), x.dtype)), mask


def masking_int64_through_int32(x: Array, mask_value: Any) -> Any:
    """An int64 becomes an int32 as it enters; a mask value beyond int32 is refused."""
    if x.dtype == np.int64:
        x = x.astype(np.int32)
        if not -(2**31) <= mask_value < 2**31:
            raise TypeRefused("too large for int32", shows_as=("OverflowError",))
    return produce_by_selection(x, mask_value)


def mean_in_float32(x: Array, mask: Array | None, data_format: str, keepdims: bool) -> Any:
    """The mean of float64 is computed in float32, and stored in float64."""
    said = pooling(x, mask, data_format, keepdims)
    if x.dtype != np.float64:
        return said
    ratio = 2 * unit_roundoff(np.dtype(np.float32)) / unit_roundoff(np.dtype(np.float64))
    return _each(said, lambda one: replace(one, magnitude=one.magnitude * ratio))


def _each(said: Any, change: Any) -> Any:
    """The outcome with every bounded value changed."""
    if isinstance(said, AnyOf):
        return AnyOf(tuple(_each(one, change) for one in said.allowed))
    if isinstance(said, list):
        return [_each(one, change) for one in said]
    return change(said)


def _zeroed(said: Any, case: Case) -> Any:
    """The outcome with zero in the rows of the first output whose last step is masked."""
    if isinstance(said, AnyOf):
        return AnyOf(tuple(_zeroed(one, case) for one in said.allowed))
    mask = case["mask"][:, ::-1] if case["options"]["go_backwards"] else case["mask"]
    valid, output = mask[:, -1:], said[0]
    value, magnitude = np.where(valid, output.value, 0), np.where(valid, output.magnitude, 0)
    return [replace(output, value=value, magnitude=magnitude), *said[1:]]


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "recurrent-products-in-float32": recurrent_products_in_float32,
    "last-output-zeroed": last_output_zeroed,
    "unrolled-backwards-refused": unrolled_backwards_refused,
    "unrolled-zeros-not-reversed": unrolled_zeros_not_reversed,
    "unrolled-zeros-ignored": unrolled_zeros_ignored,
    "same-array-keeps-mask": same_array_keeps_mask,
    "mask-value-through-float32": mask_value_through_float32,
    "masking-int64-through-int32": masking_int64_through_int32,
    "mean-in-float32": mean_in_float32,
    "multiplied-by-the-mask": multiplied_by_the_mask,
}
