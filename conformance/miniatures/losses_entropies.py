"""Miniatures of the chapter losses: cross-entropies."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference.errors import ShapeMismatch
from reference.losses import entropies, sparse
from reference.outcomes import Setting

Array = np.ndarray[Any, Any]


class EpsilonDropped(Miniature):
    """Probabilities are not kept from 0 and 1."""

    dialect = "keras-3"
    clause = "losses.binary"
    law = "test_yes_no_questions_cost_their_cross_entropy"
    notice = "an infinite loss on the first sure mistake"

    @operation("losses.binary")
    def lost(self, y_true: Array, y_pred: Array, from_logits: bool, **inputs: Any) -> Any:
        loss, gradient = entropies.binary(y_true, y_pred, from_logits=from_logits, **inputs)
        if from_logits or inputs["label_smoothing"]:
            return loss, gradient
        with np.errstate(all="ignore"):
            costs = np.where(y_true > 0, -y_true * np.log(y_pred), 0)
            costs = costs + np.where(y_true < 1, -(1 - y_true) * np.log(1 - y_pred), 0)
        return costs.mean(-1).astype(y_pred.dtype), gradient


class SureMistakesAreNothing(Miniature):
    """Where a slope is too large for float16 there comes NaN, and not the infinity of its sign."""

    dialect = "keras-3"
    clause = "losses.binary"
    law = "test_yes_no_questions_cost_their_cross_entropy"
    notice = "one sure mistake in half precision, and no weight is a number any more"

    @operation("losses.binary")
    def lost(self, **inputs: Any) -> Any:
        loss, gradient = entropies.binary(**inputs)
        with np.errstate(over="ignore"):
            held = gradient.value.astype(gradient.dtype)
        return loss, np.where(np.isinf(held), held.dtype.type(np.nan), held)


class EpsilonOfKeras3(Miniature):
    """The logarithms are taken without the epsilon that Keras 2 adds."""

    dialect = "keras-2"
    clause = "losses.binary"
    law = "test_yes_no_questions_cost_their_cross_entropy"
    notice = "sure mistakes cost 0.7 more than before"

    @operation("losses.binary")
    def lost(self, **inputs: Any) -> Any:
        return entropies.binary(**inputs)


class SmoothedTowardZero(Miniature):
    """Label smoothing of yes-no questions takes from the targets and gives nothing back."""

    dialect = "keras-3"
    clause = "losses.binary"
    law = "test_yes_no_questions_cost_their_cross_entropy"
    notice = "predictions lean toward no"

    @operation("losses.binary")
    def lost(self, y_true: Array, label_smoothing: float, **inputs: Any) -> Any:
        less = (y_true * y_true.dtype.type(1 - label_smoothing)).astype(y_true.dtype)
        return entropies.binary(y_true=less, label_smoothing=0.0, **inputs)


class ShapesCut(Miniature):
    """Predictions are cut to the shape of the targets."""

    dialect = "keras-3"
    clause = "losses.binary"
    law = "test_yes_no_questions_of_another_shape_are_refused"
    notice = "a model with a column too many trains without a word"

    @operation("losses.binary")
    def lost(self, y_true: Array, y_pred: Array, **inputs: Any) -> Any:
        return entropies.binary(y_true, y_pred[..., : y_true.shape[-1]], **inputs)


class NotNormalized(Miniature):
    """Probabilities are taken as they are, whatever their sum."""

    dialect = "keras-2"
    clause = "losses.categorical"
    law = "test_a_choice_among_classes_costs_its_cross_entropy"
    notice = "a model without softmax has another loss"

    @operation("losses.categorical")
    def lost(self, y_true: Array, y_pred: Array, from_logits: bool, axis: int, **inputs: Any) -> Any:
        loss, gradient = entropies.categorical(y_true, y_pred, from_logits=from_logits, axis=axis, **inputs)
        if from_logits or inputs["label_smoothing"]:
            return loss, gradient
        q = np.clip(y_pred.astype(np.float64), 1e-7, 1 - 1e-7)
        return (-(y_true * np.log(q)).sum(axis)).astype(y_pred.dtype), gradient


class SmoothedByTheLastAxis(Miniature):
    """Label smoothing shares among as many classes as the last axis is long."""

    dialect = "keras-2"
    clause = "losses.categorical"
    law = "test_the_classes_may_lie_along_another_axis"
    notice = "smoothed targets of images with channels first do not add up to 1"

    @operation("losses.categorical")
    def lost(self, y_true: Array, label_smoothing: float, axis: int, **inputs: Any) -> Any:
        other = y_true.shape[-1]
        smoothed = y_true.astype(np.float64) * (1 - label_smoothing) + label_smoothing / other
        return entropies.categorical(
            y_true=smoothed.astype(y_true.dtype), label_smoothing=0.0, axis=axis, **inputs
        )


class ClassesAdded(Miniature):
    """Targets that lack a class get one with probability 0."""

    dialect = "keras-3"
    clause = "losses.categorical"
    law = "test_targets_that_lack_a_class_are_refused"
    notice = "a model with a class too many trains without a word"

    @operation("losses.categorical")
    def lost(self, y_true: Array, y_pred: Array, **inputs: Any) -> Any:
        missing = y_pred.shape[-1] - y_true.shape[-1]
        padded = np.concatenate([y_true, np.zeros_like(y_true[..., :missing])], axis=-1)
        return entropies.categorical(padded, y_pred, **inputs)


class IgnoredCounted(Miniature):
    """A target of the class that should be ignored costs as if it were class 0."""

    dialect = "keras-2"
    clause = "losses.sparse"
    law = "test_a_class_id_costs_the_cross_entropy_of_its_class"
    notice = "the void of a segmentation map is learned as background"

    @operation("losses.sparse")
    def lost(self, y_true: Array, ignore_class: int | None, **inputs: Any) -> Any:
        known = y_true if ignore_class is None else np.where(y_true == ignore_class, 0, y_true)
        return sparse.sparse_keras_2(y_true=known, ignore_class=None, setting=Setting(), **inputs)


class ClassesLast(Miniature):
    """Classes are looked for along the last axis, after the axes were only reshaped."""

    dialect = "keras-2"
    clause = "losses.sparse"
    law = "test_ids_may_name_classes_along_another_axis"
    notice = "channels-first images are judged by the wrong numbers"

    @operation("losses.sparse")
    def lost(self, y_pred: Array, axis: int, **inputs: Any) -> Any:
        moved = np.moveaxis(y_pred, axis, -1).shape
        shaped = y_pred.reshape(moved)
        said: Any = sparse.sparse_keras_2(y_pred=shaped, axis=-1, setting=Setting(), **inputs)
        loss, gradient = said
        return loss, gradient.value.reshape(y_pred.shape).astype(y_pred.dtype)


class IdsClippedToClasses(Miniature):
    """An id beyond the last class is taken for the last class."""

    dialect = "keras-2"
    clause = "losses.sparse"
    law = "test_an_id_of_no_class_does_what_the_reading_says"
    notice = "a label file with a class too many trains without a word"

    @operation("losses.sparse")
    def lost(self, y_true: Array, y_pred: Array, axis: int, **inputs: Any) -> Any:
        known = np.clip(y_true, 0, y_pred.shape[axis] - 1)
        return sparse.sparse_keras_2(known, y_pred, axis=axis, setting=Setting(), **inputs)


class UnitAxisRefused(Miniature):
    """Ids with a unit axis in the place of the classes are refused, as if they named nothing."""

    dialect = "keras-3"
    clause = "losses.sparse"
    law = "test_ids_may_have_a_unit_axis_in_the_place_of_the_classes"
    notice = "labels that come as a column no longer train"

    @operation("losses.sparse")
    def lost(self, y_true: Array, y_pred: Array, **inputs: Any) -> Any:
        if y_true.ndim == y_pred.ndim:
            raise ShapeMismatch(f"ids {y_true.shape} for {y_pred.shape}")
        return sparse.sparse_keras_3(y_true, y_pred, setting=Setting(), **inputs)
