"""Miniatures of the chapter masking: where masks come from, and how they travel."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference.masking import nesting, pooling, producing, traveling
from reference.outcomes import AnyOf

Array = np.ndarray[Any, Any]
Layer = dict[str, Any]


class AnyFeatureMasks(Miniature):
    """Masking masks a step as soon as one of its features equals the mask value."""

    dialect = "keras-3"
    clause = "masking.produce"
    law = "test_masking_masks_the_steps_that_equal_the_mask_value"
    notice = "steps with a single zero in them vanish from the sequence"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        mask = (x != np.asarray(mask_value).astype(x.dtype)).all(axis=-1)
        return np.where(mask[..., None], x, np.zeros((), x.dtype)), mask


class FirstFeatureDecides(Miniature):
    """Masking looks at the first feature of a step alone."""

    dialect = "keras-2"
    clause = "masking.produce"
    law = "test_the_order_of_the_features_does_not_matter_to_the_mask"
    notice = "the mask changes when columns are reordered"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        said = producing.produce_by_selection(x, mask_value)
        if isinstance(said, AnyOf):
            return said
        mask = (x != np.asarray(mask_value).astype(x.dtype))[..., 0]
        return np.where(mask[..., None], x, np.zeros((), x.dtype)), mask


class MaskValueInDouble(Miniature):
    """The mask value is compared in double precision, so that 0.1 is never found in float16."""

    dialect = "keras-3"
    clause = "masking.produce"
    law = "test_a_mask_value_in_half_precision_is_found"
    notice = "a mask value such as 0.1 masks nothing"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        kind = x.dtype if x.dtype.kind in "iu" else np.dtype(np.float64)
        mask = (x.astype(kind) != np.asarray(mask_value)).any(axis=-1)
        return np.where(mask[..., None], x, np.zeros((), x.dtype)), mask


class NanIsFound(Miniature):
    """A mask value of NaN masks the steps that are NaN."""

    dialect = "keras-3"
    clause = "masking.produce"
    law = "test_masking_masks_the_steps_that_equal_the_mask_value"
    notice = "missing measurements that are NaN are skipped here, and nowhere else"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        if x.dtype.kind in "iu":
            return producing.produce_by_selection(x, mask_value)
        sought = np.asarray(mask_value).astype(x.dtype)
        mask = ((x != sought) & ~(np.isnan(x) & np.isnan(sought))).any(axis=-1)
        return np.where(mask[..., None], x, np.zeros((), x.dtype)), mask


class MaskedStepsKept(Miniature):
    """Masking leaves the values of a masked step as they are."""

    dialect = "keras-3"
    clause = "masking.produce"
    law = "test_masking_masks_the_steps_that_equal_the_mask_value"
    notice = "a mask value of -1 enters every sum behind a layer that ignores masks"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        mask = (x != np.asarray(mask_value).astype(x.dtype)).any(axis=-1)
        return x.copy(), mask


class InfinityMultiplied(Miniature):
    """Masking multiplies by the mask, so that a masked infinity becomes NaN."""

    dialect = "keras-3"
    clause = "masking.produce"
    law = "test_masked_infinities_become_what_the_reading_says"
    notice = "NaN in the sums behind Masking(inf)"
    report = "https://github.com/keras-team/keras/blob/v3.14.1/keras/src/layers/core/masking.py"

    @operation("masking.produce")
    def produced(self, x: Array, mask_value: Any) -> Any:
        mask = (x != np.asarray(mask_value).astype(x.dtype)).any(axis=-1)
        with np.errstate(invalid="ignore"):
            return x * mask[..., None].astype(x.dtype), mask


class CustomForwards(Miniature):
    """A layer that says nothing about masks hands them on."""

    dialect = "keras-3"
    clause = "masking.unsupported"
    law = "test_a_layer_that_does_not_support_masks_hands_none_on"
    notice = "after Flatten or Reshape a mask of the wrong steps goes on"

    @operation("masking.unsupported")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        return [mask]


class OperatorForwards(Miniature):
    """A plain operator hands on the mask of its operand."""

    dialect = "keras-3"
    clause = "masking.unsupported"
    law = "test_a_plain_operator_hands_no_mask_on"
    notice = "x[:, 1:] bears a mask that is one step too long"

    @operation("masking.unsupported")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        if layer["layer"] in traveling.OPERATORS:
            return [mask]
        return traveling.unsupported(layer, x, mask, route)


class ActivationDrops(Miniature):
    """Activation layers lose the mask in a functional model."""

    dialect = "keras-2"
    clause = "masking.propagate"
    law = "test_a_layer_that_supports_masks_hands_them_on"
    notice = "padding is no longer skipped once an activation stands in between"

    @operation("masking.propagate")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        if layer["layer"] in ("Activation", "ReLU") and route == "functional":
            return [None]
        return traveling.propagate(layer, x, mask, route)


class LastOutputKeepsMask(Miniature):
    """A recurrent layer hands on its mask although it returns the last output alone."""

    dialect = "keras-3"
    clause = "masking.propagate"
    law = "test_a_recurrent_layer_hands_on_the_mask_with_the_sequence"
    notice = "the layer behind gets a mask with an axis of time that its input lacks"

    @operation("masking.propagate")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        said = traveling.propagate_keras_3(layer, x, mask, route)
        if layer["layer"] in traveling.RECURRENT and isinstance(said, list):
            return [mask, *said[1:]]
        return said


class StatesBearMasks(Miniature):
    """The states of a recurrent layer bear the mask of the sequence."""

    dialect = "keras-3"
    clause = "masking.propagate"
    law = "test_a_recurrent_layer_hands_on_the_mask_with_the_sequence"
    notice = "a decoder that starts from the states of an encoder masks its own steps"

    @operation("masking.propagate")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        said = traveling.propagate_keras_3(layer, x, mask, route)
        if layer["layer"] in traveling.RECURRENT and isinstance(said, list):
            return [said[0]] * len(said)
        return said


class MaskRecomputedAsIncoming(Miniature):
    """A layer that computes a mask of its own hands on the incoming one."""

    dialect = "keras-3"
    clause = "masking.propagate"
    law = "test_a_layer_that_shortens_time_hands_on_the_mask_it_computes"
    notice = "the mask is longer than the sequence"

    @operation("masking.propagate")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        return (
            [mask] if layer["layer"] == "Shortening" else traveling.propagate_keras_3(layer, x, mask, route)
        )


class LostInNested(Miniature):
    """A model inside a model begins without a mask."""

    dialect = "keras-3"
    clause = "masking.nested"
    law = "test_masks_go_through_models_inside_models"
    notice = "a model that skips padding stops skipping it once it is a part of another"

    @operation("masking.nested")
    def seen(self, model: Layer, x: Array, mask: Array | None) -> Any:
        parts = [part for part in model["layers"] if "layers" not in part]
        if len(parts) == len(model["layers"]):
            return nesting.nested(model, x, mask)
        inner = next(part for part in model["layers"] if "layers" in part)
        return [*self.seen(inner, x, None)[:-1], nesting.nested(model, x, mask)[-1]]


class LostBehindNested(Miniature):
    """The output of a sequential model inside another bears no mask."""

    dialect = "keras-2"
    clause = "masking.nested"
    law = "test_nesting_a_model_changes_no_mask"
    notice = "padding enters the loss when the network is split into two models"

    @operation("masking.nested")
    def seen(self, model: Layer, x: Array, mask: Array | None) -> Any:
        said = nesting.nested(model, x, mask)
        inside = any("layers" in part for part in model["layers"])
        return [*said[:-1], None] if inside else said


class ExplicitIgnored(Miniature):
    """The mask of the input goes before the one that the call is given."""

    dialect = "keras-3"
    clause = "masking.explicit"
    law = "test_an_explicit_mask_goes_before_the_one_of_the_input"
    notice = "passing mask= changes nothing behind an Embedding with mask_zero"

    @operation("masking.explicit")
    def seen(self, attached: Array | None, explicit: Array | None, given: bool, supports: bool) -> Any:
        mask = explicit if attached is None else attached
        return mask, (mask if supports else None)


class ExplicitNotHandedOn(Miniature):
    """An explicit mask is used by the call, and the one of the input is handed on."""

    dialect = "keras-3"
    clause = "masking.explicit"
    law = "test_an_explicit_mask_goes_before_the_one_of_the_input"
    notice = "the layer and those behind it mask different steps"
    report = "https://github.com/keras-team/keras/blob/v3.10.0/keras/src/layers/layer.py"

    @operation("masking.explicit")
    def seen(self, attached: Array | None, explicit: Array | None, given: bool, supports: bool) -> Any:
        return traveling.explicit_for_call_alone(attached, explicit, given, supports)


class InnerMaskAsked(Miniature):
    """TimeDistributed asks the layer inside where the dialect hands on the incoming mask."""

    dialect = "keras-3"
    clause = "masking.time-distributed"
    law = "test_time_distributed_gives_the_mask_of_the_reading"
    notice = "a mask appears out of TimeDistributed(Masking())"

    @operation("masking.time-distributed")
    def seen(self, inner: Layer, x: Array, mask: Array | None) -> Any:
        return nesting.time_distributed_keras_2(inner, x, mask)


class MeanOverAllSteps(Miniature):
    """Pooling sums the valid steps and divides by the number of all."""

    dialect = "keras-3"
    clause = "masking.pooling"
    law = "test_pooling_takes_the_mean_over_the_valid_steps"
    notice = "short sequences have small means"

    @operation("masking.pooling")
    def pooled(self, x: Array, mask: Array | None, data_format: str, keepdims: bool) -> Any:
        axis = 2 if data_format == "channels_first" else 1
        valid = True if mask is None else np.expand_dims(mask, 3 - axis)
        kept = np.where(valid, x, np.zeros((), x.dtype)).astype(np.float64)
        return kept.mean(axis=axis, keepdims=keepdims).astype(x.dtype)


class PooledByProduct(Miniature):
    """Pooling multiplies by the mask, so that NaN at a masked step spoils the mean."""

    dialect = "keras-3"
    clause = "masking.pooling"
    law = "test_what_stands_at_a_masked_step_does_not_enter_the_mean"
    notice = "NaN in padding makes the whole mean NaN"
    report = "https://github.com/keras-team/keras/blob/v3.14.1/keras/src/layers/pooling/global_average_pooling1d.py"

    @operation("masking.pooling")
    def pooled(self, x: Array, mask: Array | None, data_format: str, keepdims: bool) -> Any:
        if mask is None:
            return pooling.pooling(x, mask, data_format, keepdims)
        return pooling.multiplied(x, mask, data_format, keepdims)
