"""Miniatures of the chapter losses: reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from conformance.miniatures.losses import scaled
from reference.losses import reduced

Array = np.ndarray[Any, Any]


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
