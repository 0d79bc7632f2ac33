"""Miniatures of the chapter masking: masks that wrappers and models lose, and their edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from backends.numpy_control import settle
from conformance.miniatures import Miniature
from reference.masking import nesting, traveling
from reference.masking.directions import packed
from reference.masking.recurrent import recurrent_keras_3
from reference.masking.traveling import Layer

Array = np.ndarray[Any, Any]


class IdentityLoses(Miniature):
    """Identity and Rescaling lose the mask."""

    dialect = "keras-3"
    clause = "masking.propagate"
    law = "test_identity_and_rescaling_hand_masks_on"
    notice = "a layer that does nothing makes padding count"

    @operation("masking.propagate")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        if layer["layer"] in traveling.KEEPING_FROM_3:
            return [None]
        return traveling.propagate_keras_3(layer, x, mask, route)


class OneDirectionMasked(Miniature):
    """Bidirectional hands on no mask."""

    dialect = "keras-3"
    clause = "masking.propagate"
    law = "test_bidirectional_hands_on_the_mask_with_its_sequences"
    notice = "the second of two bidirectional layers reads padding"

    @operation("masking.propagate")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        said = settle(traveling.propagate_keras_3(layer, x, mask, route))
        return [None] * len(said) if layer["layer"] == "Bidirectional" else said


class PooledKeepsMask(Miniature):
    """Pooling and Lambda hand on the mask that comes in."""

    dialect = "keras-3"
    clause = "masking.propagate"
    law = "test_lambda_pooling_and_masking_follow_their_own_rules"
    notice = "a mask of steps that are no longer there"

    @operation("masking.propagate")
    def handed_on(self, layer: Layer, x: Array, mask: Array | None, route: str) -> Any:
        if layer["layer"] in ("GlobalAveragePooling1D", "Lambda"):
            return [mask]
        return traveling.propagate_keras_3(layer, x, mask, route)


class SubclassLoses(Miniature):
    """The output of a subclassed model bears no mask."""

    dialect = "keras-3"
    clause = "masking.nested"
    law = "test_masks_go_through_subclassed_models_as_the_reading_says"
    notice = "padding enters the loss once a model is written as a class"

    @operation("masking.nested")
    def seen(self, model: Layer, x: Array, mask: Array | None) -> Any:
        return nesting.nested_keras_2_2(model, x, mask)


class RecurrentInSingle(Miniature):
    """A recurrent layer of float64 computes in float32."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_a_recurrent_layer_in_float64_computes_in_float64"
    notice = "half of the digits are lost in a model that was set to float64"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        said = settle(recurrent_keras_3(**case))
        with np.errstate(over="ignore"):
            return [a.astype(np.float32).astype(a.dtype) if a.dtype == np.float64 else a for a in said]


class MaskSlowsDown(Miniature):
    """A mask, even one that is all true, takes the first step away."""

    dialect = "keras-3"
    clause = "masking.recurrent"
    law = "test_a_mask_of_all_true_changes_nothing"
    notice = "a batch without padding scores otherwise as soon as it has a mask"

    @operation("masking.recurrent")
    def ran(self, **case: Any) -> Any:
        mask = case["mask"]
        if mask is not None and mask.size:
            later = np.arange(mask.shape[1]) > 0
            case = case | {"mask": mask & later}
        return settle(recurrent_keras_3(**case))


class EmptySequencePacked(Miniature):
    """A length of 0 is taken for a length of 1."""

    dialect = "torch"
    clause = "masking.packed"
    law = "test_an_empty_sequence_cannot_be_packed"
    notice = "an empty text has the state of its padding"

    @operation("masking.packed")
    def ran(self, **case: Any) -> Any:
        return packed(**(case | {"lengths": np.maximum(case["lengths"], 1)}))
