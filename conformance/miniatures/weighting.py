"""Miniatures of the chapter weighting: the objective and its reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from conformance.miniatures.losses import first, scaled
from reference.errors import Refused
from reference.weighting import objective, reductions

Array = np.ndarray[Any, Any]


class _Whole(Miniature):
    """The base: the loss of weighting.weighted and its gradient, times a number of the case."""

    clause = "weighting.weighted"

    def share(self, weights: Array | None, mask: Array | None, losses: int) -> float:
        """The number by which the loss is wrong."""
        raise NotImplementedError

    def wrong(self, reading: Any, y_pred: Array, weights: Any, mask: Any, y_true: Array) -> Any:
        loss, gradient = first(reading(y_true, y_pred, weights, mask))
        share = self.share(weights, mask, max(1, y_pred.size // y_pred.shape[-1]))
        return scaled(loss, share), scaled(gradient, share)


class ByWeights(_Whole):
    """The weighted sum is divided by the sum of the weights."""

    dialect = "keras-2"
    law = "test_weights_and_a_mask_do_what_the_reading_says"
    notice = "a batch of light samples moves the model as far as one of heavy samples"

    def share(self, weights: Array | None, mask: Array | None, losses: int) -> float:
        total = 0.0 if weights is None else float(weights.mean(dtype=np.float64))
        return 1 / total if total else 1.0

    @operation("weighting.weighted")
    def weighed(self, **inputs: Any) -> Any:
        return self.wrong(objective.weighted_keras_2, **inputs)


class ByNonzero(_Whole):
    """The weighted sum is divided by the number of weights that are not 0."""

    dialect = "keras-3"
    law = "test_a_weight_for_each_step_weighs_the_step"
    notice = "samples of weight 0 no longer make the loss smaller, as it was in Keras 2.2"

    def share(self, weights: Array | None, mask: Array | None, losses: int) -> float:
        counted = 0.0 if weights is None else float((weights != 0).mean())
        return 1 / counted if counted else 1.0

    @operation("weighting.weighted")
    def weighed(self, **inputs: Any) -> Any:
        return self.wrong(objective.weighted_keras_3, **inputs)


class ByCount(_Whole):
    """The weighted sum is divided by the number of samples."""

    dialect = "keras-2.2"
    law = "test_a_weight_for_each_sample_weighs_the_sample"
    notice = "samples of weight 0 make the loss smaller, as it is from Keras 2.3 on"

    def share(self, weights: Array | None, mask: Array | None, losses: int) -> float:
        return 1.0 if weights is None or not weights.any() else float((weights != 0).mean())

    @operation("weighting.weighted")
    def weighed(self, **inputs: Any) -> Any:
        return self.wrong(objective.weighted_keras_2_2, **inputs)


class MaskedCounted(_Whole):
    """With a mask the sum is divided by the number of all losses."""

    dialect = "keras-2"
    law = "test_a_mask_changes_the_divisor_as_the_reading_says"
    notice = "the loss of a padded batch is too small"

    def share(self, weights: Array | None, mask: Array | None, losses: int) -> float:
        return 1.0 if mask is None or not mask.any() else float(mask.mean())

    @operation("weighting.weighted")
    def weighed(self, **inputs: Any) -> Any:
        return self.wrong(objective.weighted_keras_2, **inputs)


class ByUnmasked(_Whole):
    """With a mask the sum is divided by the number of what is valid."""

    dialect = "keras-2.3"
    law = "test_a_mask_changes_the_divisor_as_the_reading_says"
    notice = "the loss of a padded batch is what it is from tf.keras 2.11 on"

    def share(self, weights: Array | None, mask: Array | None, losses: int) -> float:
        return 1.0 if mask is None or not mask.any() else 1 / float(mask.mean())

    @operation("weighting.weighted")
    def weighed(self, **inputs: Any) -> Any:
        return self.wrong(objective.weighted_keras_2_3, **inputs)


class MaskAfterTheMean(_Whole):
    """The losses are averaged before the mask, which then takes its share of the mean."""

    dialect = "keras-2.2"
    law = "test_a_mask_changes_the_divisor_as_the_reading_says"
    notice = "padding enters the loss"

    @operation("weighting.weighted")
    def weighed(self, y_true: Array, y_pred: Array, weights: Any, mask: Any) -> Any:
        loss, gradient = objective.weighted_keras_2_2(y_true, y_pred, weights, None)
        return (loss, gradient) if mask is None or mask.any() else (scaled(loss, 0), scaled(gradient, 0))


class MeanWithoutEpsilon(Miniature):
    """The mean of the mask is divided by without an epsilon."""

    dialect = "keras-2.2"
    clause = "weighting.weighted"
    law = "test_a_mask_changes_the_divisor_as_the_reading_says"
    notice = "a batch in which everything is masked makes every weight of the model NaN"

    @operation("weighting.weighted")
    def weighed(self, **inputs: Any) -> Any:
        return objective.weighted_keras_2_2_4(**inputs)


class GuardDropped(Miniature):
    """Everything masked gives NaN, as in Keras 2."""

    dialect = "keras-3"
    clause = "weighting.weighted"
    law = "test_a_mask_changes_the_divisor_as_the_reading_says"
    notice = "a batch in which everything is masked makes every weight of the model NaN"

    @operation("weighting.weighted")
    def weighed(self, **inputs: Any) -> Any:
        loss, gradient = first(objective.weighted_keras_3(**inputs))
        mask = inputs["mask"]
        spoiled = np.nan if mask is not None and not mask.any() else 1.0
        return scaled(loss, spoiled), scaled(gradient, spoiled)


class WeightsAlignedToTime(Miniature):
    """Weights (batch,) are aligned to the last axis where that fits."""

    dialect = "keras-2"
    clause = "weighting.weighted"
    law = "test_a_weight_for_each_sample_weighs_the_sample"
    notice = "where batch and time are as long, every sample's first step has the first sample's weight"

    @operation("weighting.weighted")
    def weighed(self, y_true: Array, y_pred: Array, weights: Any, mask: Any) -> Any:
        losses = y_pred.shape[:-1]
        if weights is not None and weights.ndim == 1 and len(losses) == 2 and len(weights) == losses[1]:
            weights = np.broadcast_to(weights, losses).copy()
        return objective.weighted_keras_2(y_true, y_pred, weights, mask)


class AbsoluteWeights(Miniature):
    """Negative weights are taken as positive ones."""

    dialect = "keras-2"
    clause = "weighting.weighted"
    law = "test_a_weight_for_each_step_weighs_the_step"
    notice = "a penalty becomes a reward"

    @operation("weighting.weighted")
    def weighed(self, weights: Array | None, **inputs: Any) -> Any:
        return objective.weighted_keras_2(weights=None if weights is None else np.abs(weights), **inputs)


class WeightsBroadcastToo(Miniature):
    """Weights that do not fit are cut to the losses."""

    dialect = "keras-2"
    clause = "weighting.weighted"
    law = "test_weights_that_do_not_fit_are_refused"
    notice = "weights of another data set are used without a word"

    @operation("weighting.weighted")
    def weighed(self, y_pred: Array, weights: Array, **inputs: Any) -> Any:
        return objective.weighted_keras_2(y_pred=y_pred, weights=weights[: len(y_pred)], **inputs)


class NanSelectedAway(Miniature):
    """A loss of NaN does not count where its weight is 0."""

    dialect = "keras-2"
    clause = "weighting.weighted"
    law = "test_a_loss_of_nan_is_not_hidden_by_a_weight_of_zero"
    notice = "broken samples go unseen"

    @operation("weighting.weighted")
    def weighed(self, y_pred: Array, **inputs: Any) -> Any:
        return objective.weighted_keras_2(y_pred=np.nan_to_num(y_pred), **inputs)


class GradientUnweighted(Miniature):
    """The gradient is that of the loss without weights."""

    dialect = "keras-2"
    clause = "weighting.weighted"
    law = "test_weights_and_a_mask_do_what_the_reading_says"
    notice = "the loss that is shown is weighted, and the training is not"

    @operation("weighting.weighted")
    def weighed(self, weights: Array | None, **inputs: Any) -> Any:
        loss, _ = first(objective.weighted_keras_2(weights=weights, **inputs))
        _, gradient = first(objective.weighted_keras_2(weights=None, **inputs))
        return loss, gradient


class FirstSampleTwice(Miniature):
    """The first sample counts twice."""

    dialect = "keras-2"
    clause = "weighting.weighted"
    law = "test_the_order_of_the_samples_does_not_matter"
    notice = "the loss depends on the order of the samples"

    @operation("weighting.weighted")
    def weighed(self, weights: Array | None, y_pred: Array, **inputs: Any) -> Any:
        heavier = np.ones(y_pred.shape[:-1], y_pred.dtype) if weights is None else weights.copy()
        heavier[:1] = heavier[:1] * heavier.dtype.type(2)
        return objective.weighted_keras_2(weights=heavier, y_pred=y_pred, **inputs)


class MeanWithSampleWeightOverCount(Miniature):
    """The reduction by sample weights divides by the number of losses."""

    dialect = "keras-3"
    clause = "weighting.reduction"
    law = "test_a_reduction_keeps_adds_or_averages"
    notice = "the reduction that divides by the weights does not"

    @operation("weighting.reduction")
    def reduced(self, reduction: str | None, **inputs: Any) -> Any:
        other = "mean" if reduction == "mean_with_sample_weight" else reduction
        return reductions.reduction_keras_3(reduction=other, **inputs)


class UnreducedUnmasked(Miniature):
    """Without a reduction the mask is forgotten."""

    dialect = "keras-2"
    clause = "weighting.reduction"
    law = "test_a_reduction_keeps_adds_or_averages"
    notice = "a custom training loop learns the padding"

    @operation("weighting.reduction")
    def reduced(self, reduction: str | None, mask: Array | None, **inputs: Any) -> Any:
        kept = None if reduction == "none" else mask
        return reductions.reduction_keras_2(reduction=str(reduction), mask=kept, **inputs)


class UnknownReductionIsMean(Miniature):
    """A reduction that does not exist is taken for the default."""

    dialect = "keras-3"
    clause = "weighting.reduction"
    law = "test_a_reduction_keeps_adds_or_averages"
    notice = "a misspelled reduction goes unseen"

    @operation("weighting.reduction")
    def reduced(self, reduction: str | None, **inputs: Any) -> Any:
        try:
            return reductions.reduction_keras_3(reduction=reduction, **inputs)
        except Refused:
            return reductions.reduction_keras_3(reduction="mean", **inputs)


class TenRoundoffs(Miniature):
    """A sum is wrong by ten unit roundoffs, relative to it."""

    dialect = "keras-3"
    clause = "weighting.reduction"
    law = "test_a_sum_of_ten_terms_errs_by_nine_roundings_at_most"
    notice = "sums of ten numbers lose a digit"

    @operation("weighting.reduction")
    def reduced(self, y_pred: Array, **inputs: Any) -> Any:
        said = first(reductions.reduction_keras_3(y_pred=y_pred, **inputs))
        step = np.spacing(said.value.astype(y_pred.dtype)).astype(np.float64)
        upward = np.abs(said.value) > 0
        return (said.value + np.where(upward, 10 * step, 0)).astype(y_pred.dtype)


class EmptyMeansNan(Miniature):
    """The mean of no losses is NaN."""

    dialect = "keras-2"
    clause = "weighting.reduction"
    law = "test_no_losses_give_what_the_reading_says"
    notice = "an empty batch makes every weight of the model NaN"

    @operation("weighting.reduction")
    def reduced(self, y_pred: Array, reduction: str, **inputs: Any) -> Any:
        said = reductions.reduction_keras_2(y_pred=y_pred, reduction=reduction, **inputs)
        return scaled(said, np.nan if not y_pred.size and reduction != "sum" else 1.0)
