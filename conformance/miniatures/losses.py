"""Miniatures of the chapter losses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference.losses import distances, entropies, reduced, sparse
from reference.outcomes import AnyOf, Bounded, Setting

Array = np.ndarray[Any, Any]


def scaled(bounded: Bounded, factor: Any) -> Bounded:
    """A result times a number."""
    with np.errstate(all="ignore"):
        return replace(bounded, value=np.asarray(bounded.value * factor))


def first(said: Any) -> Any:
    """One of the outcomes that a reading leaves open."""
    return first(said.allowed[0]) if isinstance(said, AnyOf) else said


class SumForMean(Miniature):
    """The errors of a row are added and not averaged."""

    dialect = "keras-2"
    clause = "losses.distance"
    law = "test_the_error_is_averaged_over_the_last_axis"
    notice = "wider outputs learn faster"

    @operation("losses.distance")
    def lost(self, y_true: Array, y_pred: Array, **inputs: Any) -> Any:
        loss, gradient = distances.distance_keras_2(y_true=y_true, y_pred=y_pred, **inputs)
        return scaled(loss, y_pred.shape[-1]), scaled(gradient, y_pred.shape[-1])


class SlopeWithoutTwo(Miniature):
    """The gradient of the squared error lacks its factor 2."""

    dialect = "keras-2"
    clause = "losses.distance"
    law = "test_the_error_is_averaged_over_the_last_axis"
    notice = "half the learning rate, with the right loss"

    @operation("losses.distance")
    def lost(self, loss: str, **inputs: Any) -> Any:
        value, gradient = distances.distance_keras_2(loss, **inputs)
        return value, scaled(gradient, 0.5) if loss == "mean_squared_error" else gradient


class RanksBroadcast(Miniature):
    """Targets (batch,) and predictions (batch, 1) are broadcast to (batch, batch)."""

    dialect = "keras-3"
    clause = "losses.distance"
    law = "test_targets_with_a_unit_axis_more_or_less_do_what_the_reading_says"
    notice = "a model learns the mean of its targets and nothing else"

    @operation("losses.distance")
    def lost(self, **inputs: Any) -> Any:
        return distances.distance_keras_2(**inputs)


class HuberWithWholeSquare(Miniature):
    """Beyond delta Huber's line is too low by half the square of delta."""

    dialect = "keras-3"
    clause = "losses.huber"
    law = "test_hubers_loss_is_a_parabola_and_then_a_line"
    notice = "the loss jumps where parabola and line should meet"

    @operation("losses.huber")
    def lost(self, y_true: Array, y_pred: Array, delta: float, **inputs: Any) -> Any:
        loss, gradient = distances.huber_keras_3(y_true, y_pred, delta=delta, **inputs)
        far = np.abs(y_pred.astype(float) - y_true.astype(float)) > delta
        return replace(loss, value=loss.value - 0.5 * delta**2 * far.mean(-1)), gradient


class LogCoshOverflows(Miniature):
    """log cosh is computed as it is written."""

    dialect = "keras-3"
    clause = "losses.log-cosh"
    law = "test_the_logarithm_of_the_hyperbolic_cosine_is_stable"
    notice = "infinite losses for large errors under mixed precision"

    @operation("losses.log-cosh")
    def lost(self, y_true: Array, y_pred: Array, upstream: Array) -> Any:
        _, gradient = distances.log_cosh(y_true, y_pred, upstream)
        with np.errstate(all="ignore"):
            error = y_pred - y_true
            return np.log(np.cosh(error)).mean(-1).astype(y_pred.dtype), gradient


class ZeroLabelsKept(Miniature):
    """Labels of 0 and 1 are not taken as -1 and 1."""

    dialect = "keras-3"
    clause = "losses.hinge"
    law = "test_what_is_beyond_the_margin_costs_nothing"
    notice = "negative samples cost 1, whatever is predicted"

    @operation("losses.hinge")
    def lost(self, **inputs: Any) -> Any:
        return distances.hinge_keras_2_2(**inputs)


class DivergenceUnclipped(Miniature):
    """The divergence is computed without an epsilon."""

    dialect = "keras-2"
    clause = "losses.kl-divergence"
    law = "test_the_divergence_is_that_of_the_clipped_numbers"
    notice = "NaN as soon as a probability is 0"

    @operation("losses.kl-divergence")
    def lost(self, y_true: Array, y_pred: Array, upstream: Array) -> Any:
        _, gradient = entropies.kl_divergence(y_true, y_pred, upstream)
        with np.errstate(all="ignore"):
            return (y_true * np.log(y_true / y_pred)).sum(-1).astype(y_pred.dtype), gradient


class CosinePositive(Miniature):
    """The loss is the cosine, not its negative."""

    dialect = "keras-2"
    clause = "losses.cosine"
    law = "test_the_same_direction_costs_minus_one"
    notice = "training drives vectors apart"

    @operation("losses.cosine")
    def lost(self, **inputs: Any) -> Any:
        return scaled(entropies.cosine_keras_2(**inputs), -1.0)


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


class MeanOverBatch(Miniature):
    """A mean divides by the number of samples, not of elements."""

    dialect = "torch"
    clause = "losses.reduced-distance"
    law = "test_errors_are_reduced_over_all_elements"
    notice = "wider outputs learn faster"

    @operation("losses.reduced-distance")
    def lost(self, y_pred: Array, reduction: str, **inputs: Any) -> Any:
        loss, gradient = reduced.reduced_distance(y_pred=y_pred, reduction=reduction, **inputs)
        times = y_pred[0].size if reduction == "mean" and len(y_pred) else 1
        return scaled(loss, times), scaled(gradient, times)


class SmoothAsHuber(Miniature):
    """SmoothL1Loss is not divided by its beta."""

    dialect = "torch"
    clause = "losses.reduced-distance"
    law = "test_errors_are_reduced_over_all_elements"
    notice = "box losses change with beta"

    @operation("losses.reduced-distance")
    def lost(self, loss: str, **inputs: Any) -> Any:
        return reduced.reduced_distance("HuberLoss" if loss == "SmoothL1Loss" else loss, **inputs)


class UnitAxisDropped(Miniature):
    """(batch,) against (batch, 1) is compared element by element."""

    dialect = "torch"
    clause = "losses.reduced-distance"
    law = "test_different_shapes_are_broadcast"
    notice = "the loss is another than the documented one, if a more useful one"

    @operation("losses.reduced-distance")
    def lost(self, y_true: Array, y_pred: Array, **inputs: Any) -> Any:
        same = y_true.size == y_pred.size
        return reduced.reduced_distance(
            y_true=y_true.reshape(y_pred.shape) if same else y_true, y_pred=y_pred, **inputs
        )


class MeanByWeights(Miniature):
    """The mean of weighted yes-no questions divides by the sum of the weights."""

    dialect = "torch"
    clause = "losses.reduced-binary"
    law = "test_weights_scale_yes_no_questions_and_no_mean_divides_by_them"
    notice = "weights only shift the balance, and do not change the size of the loss"

    @operation("losses.reduced-binary")
    def lost(self, y_pred: Array, weight: Array | None, reduction: str, **inputs: Any) -> Any:
        loss, gradient = reduced.reduced_binary(y_pred=y_pred, weight=weight, reduction=reduction, **inputs)
        if weight is None or reduction != "mean" or not weight.any() or not y_pred.size:
            return loss, gradient
        return scaled(loss, 1 / float(np.broadcast_to(weight, y_pred.shape).mean())), gradient


class PosWeightOfNegatives(Miniature):
    """pos_weight weighs the negative targets."""

    dialect = "torch"
    clause = "losses.reduced-binary"
    law = "test_weights_scale_yes_no_questions_and_no_mean_divides_by_them"
    notice = "the rare class is learned even less"

    @operation("losses.reduced-binary")
    def lost(self, y_true: Array, y_pred: Array, pos_weight: Array | None, **inputs: Any) -> Any:
        if pos_weight is None:
            return reduced.reduced_binary(y_true=y_true, y_pred=y_pred, pos_weight=None, **inputs)
        turned = (1 - y_true).astype(y_true.dtype)
        loss, gradient = reduced.reduced_binary(
            y_true=turned, y_pred=-y_pred, pos_weight=pos_weight, **inputs
        )
        return loss, scaled(gradient, -1.0)


class ProbabilitiesClipped(Miniature):
    """A prediction outside 0 … 1 is clipped, and targets of another size are cut."""

    dialect = "torch"
    clause = "losses.reduced-binary"
    law = "test_what_is_no_probability_or_of_another_size_is_refused"
    notice = "logits handed to BCELoss train without a word"

    @operation("losses.reduced-binary")
    def lost(self, y_true: Array, y_pred: Array, **inputs: Any) -> Any:
        legal = np.clip(y_pred, 0, 1).astype(y_pred.dtype)
        return reduced.reduced_binary(y_true=y_true[:, : y_pred.shape[1]], y_pred=legal, **inputs)


class MeanByCount(Miniature):
    """The mean over class ids divides by their number, not by their weights."""

    dialect = "torch"
    clause = "losses.reduced-classes"
    law = "test_the_mean_over_ids_divides_by_the_weights_of_the_targets"
    notice = "class weights change the size of the loss"

    @operation("losses.reduced-classes")
    def lost(self, y_true: Array, reduction: str, ignore_index: int, **inputs: Any) -> Any:
        mean = reduction == "mean" and y_true.dtype == np.int64
        loss, gradient = reduced.reduced_classes(
            y_true=y_true, reduction="sum" if mean else reduction, ignore_index=ignore_index, **inputs
        )
        return (scaled(loss, 1 / max(1, int((y_true != ignore_index).sum()))) if mean else loss), gradient


class IgnoredInDivisor(Miniature):
    """Ignored targets still count in the divisor of the mean."""

    dialect = "torch"
    clause = "losses.reduced-classes"
    law = "test_the_mean_over_ids_divides_by_the_weights_of_the_targets"
    notice = "padded batches have smaller losses"

    @operation("losses.reduced-classes")
    def lost(self, y_true: Array, reduction: str, ignore_index: int, **inputs: Any) -> Any:
        loss, gradient = reduced.reduced_classes(
            y_true=y_true, reduction=reduction, ignore_index=ignore_index, **inputs
        )
        share = float((y_true != ignore_index).mean()) if y_true.size else 1.0
        ids = reduction == "mean" and y_true.dtype == np.int64 and share
        return (scaled(loss, share), scaled(gradient, share)) if ids else (loss, gradient)


class DistributionsByWeights(Miniature):
    """The mean over distributions divides by the weights of their classes."""

    dialect = "torch"
    clause = "losses.reduced-classes"
    law = "test_the_mean_over_distributions_divides_by_their_number"
    notice = "one-hot targets and class ids have the same loss, which the documentation denies"

    @operation("losses.reduced-classes")
    def lost(self, y_true: Array, weight: Array | None, reduction: str, **inputs: Any) -> Any:
        loss, gradient = reduced.reduced_classes(y_true=y_true, weight=weight, reduction=reduction, **inputs)
        if weight is None or reduction != "mean" or y_true.dtype == np.int64:
            return loss, gradient
        return scaled(loss, 1 / max(float(weight.mean()), 0.125)), gradient


class AnyIntegerTaken(Miniature):
    """Ids of any integer type and any value are taken, modulo the number of classes."""

    dialect = "torch"
    clause = "losses.reduced-classes"
    law = "test_ids_of_no_class_or_of_int32_are_refused"
    notice = "wrong labels train without a word"

    @operation("losses.reduced-classes")
    def lost(self, y_true: Array, y_pred: Array, ignore_index: int, **inputs: Any) -> Any:
        if y_true.dtype.kind == "i":
            legal = np.where(y_true == ignore_index, ignore_index, y_true % y_pred.shape[1])
            y_true = legal.astype(np.int64)
        return reduced.reduced_classes(y_true=y_true, y_pred=y_pred, ignore_index=ignore_index, **inputs)
