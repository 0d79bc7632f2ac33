"""Miniatures of the chapter merging."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import merging


class AndForOr(Miniature):
    """Masks are merged with AND where the dialect says OR."""

    dialect = "keras-3"
    clause = "merging.mask"
    law = "test_merging_gives_the_mask_of_the_reading"
    notice = "steps that one input still has are dropped from the loss"
    report = "https://github.com/keras-team/keras/pull/19787"

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        said = merging.mask_keras_3_4(layer, inputs, masks)
        return np.logical_and.reduce(masks) if isinstance(said, np.ndarray) else said


class OrForAnd(Miniature):
    """Masks are merged with OR where the dialect says AND."""

    dialect = "keras-2"
    clause = "merging.mask"
    law = "test_merging_gives_the_mask_of_the_reading"
    notice = "padding of one input enters the loss"

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        said = merging.mask_keras_2(layer, inputs, masks)
        if not isinstance(said, np.ndarray):
            return said
        return np.logical_or.reduce([mask for mask in masks if mask is not None])


class AbsentMaskIgnored(Miniature):
    """An input without a mask is left out where it should lift the mask of all."""

    dialect = "keras-3"
    clause = "merging.mask"
    law = "test_an_input_without_a_mask_counts_as_the_reading_says"
    notice = "a mask survives although one input has none"

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        if (
            isinstance(masks, (list, tuple))
            and isinstance(inputs, (list, tuple))
            and len(masks) == len(inputs)
        ):
            present = [mask for mask in masks if mask is not None]
            return np.logical_or.reduce(present) if present else None
        return merging.mask_keras_3_4(layer, inputs, masks)


class AbsentMaskLiftsAll(Miniature):
    """One input without a mask lifts the mask of all where it should be left out."""

    dialect = "keras-2"
    clause = "merging.mask"
    law = "test_an_input_without_a_mask_counts_as_the_reading_says"
    notice = "padding is no longer masked once an unmasked input is merged in"

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        said = merging.mask_keras_2(layer, inputs, masks)
        return None if said is None or any(mask is None for mask in masks) else said


class FirstMaskWins(Miniature):
    """The mask of the first input that has one is the mask of the result."""

    dialect = "keras-2"
    clause = "merging.mask"
    law = "test_merging_gives_the_mask_of_the_reading"
    notice = "the result depends on the order of the inputs"

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        said = merging.mask_keras_2(layer, inputs, masks)
        return next(mask for mask in masks if mask is not None) if isinstance(said, np.ndarray) else said


class UnequalMasksBroadcast(Miniature):
    """Masks of one step are stretched to the length of the others."""

    dialect = "keras-2"
    clause = "merging.mask"
    law = "test_masks_of_unequal_shapes_do_what_the_reading_says"
    notice = "inputs of other lengths are merged, and one step's mask holds for all"

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        one_each = isinstance(masks, (list, tuple)) and len(masks) == len(inputs)
        present = [mask for mask in masks if mask is not None] if one_each else []
        if len({mask.shape for mask in present}) > 1 and any(mask.shape[1] == 1 for mask in present):
            return np.logical_and.reduce(np.broadcast_arrays(*present))
        return merging.mask_keras_2(layer, inputs, masks)


class UnequalMasksCut(Miniature):
    """Masks of unequal lengths are cut to the shortest."""

    dialect = "keras-3"
    clause = "merging.mask"
    law = "test_masks_of_unequal_shapes_do_what_the_reading_says"
    notice = "a sequence that was cut by mistake is merged all the same"

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        one_each = isinstance(masks, (list, tuple)) and len(masks) == len(inputs)
        if not one_each or any(mask is None for mask in masks):
            return merging.mask_keras_3_4(layer, inputs, masks)
        steps = min(mask.shape[1] for mask in masks)
        return np.logical_or.reduce([mask[:, :steps] for mask in masks])
