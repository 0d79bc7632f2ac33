"""Miniatures of the chapter losses: distances, hinges and directions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference.losses import distances, entropies
from reference.losses.shapes import mean_last, pair
from reference.outcomes import ORACLE, AnyOf, Bounded

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


class HuberBroadcast(Miniature):
    """Huber's loss of targets (batch,) and predictions (batch, 1) is broadcast to (batch, batch)."""

    dialect = "keras-3"
    clause = "losses.huber"
    law = "test_hubers_loss_aligns_ranks_as_the_reading_says"
    notice = "every target pulls at every prediction"

    @operation("losses.huber")
    def lost(self, y_true: Array, y_pred: Array, upstream: Array, delta: float) -> Any:
        target, prediction = pair(y_true, y_pred, ORACLE)
        elements, slope = distances.huber_elements(target, prediction, delta)
        value, gradient = mean_last(elements, slope, upstream, y_pred)
        return value.bounded(), gradient.bounded()


class LogCoshBroadcast(Miniature):
    """Log cosh of targets (batch,) and predictions (batch, 1) is broadcast, as Keras 2 does it."""

    dialect = "keras-3"
    clause = "losses.log-cosh"
    law = "test_the_logarithm_of_the_hyperbolic_cosine_aligns_ranks"
    notice = "every target pulls at every prediction"

    @operation("losses.log-cosh")
    def lost(self, **inputs: Any) -> Any:
        return distances.log_cosh(**inputs)


class DirectionsOfTheBatch(Miniature):
    """Targets (batch,) and predictions (batch, 1) are taken as two vectors as long as the batch."""

    dialect = "keras-3"
    clause = "losses.cosine"
    law = "test_directions_with_a_unit_axis_more_are_aligned"
    notice = "one number for a whole batch"

    @operation("losses.cosine")
    def lost(self, y_true: Array, y_pred: Array) -> Any:
        if y_true.ndim + y_pred.ndim == 3:
            return entropies.cosine_keras_3(y_true.ravel(), y_pred.ravel())
        return entropies.cosine_keras_3(y_true, y_pred)


class LeastNormOfKeras2(Miniature):
    """A vector is divided by no less than 1e-6, and not by no less than 1e-7."""

    dialect = "keras-3"
    clause = "losses.cosine"
    law = "test_the_same_direction_costs_minus_one"
    notice = "very short vectors count for less than their direction"

    @operation("losses.cosine")
    def lost(self, y_true: Array, y_pred: Array) -> Any:
        return entropies.cosine_keras_2(y_true, y_pred)


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
