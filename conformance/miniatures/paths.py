"""Miniatures of the chapter weighting: paths, steps, metrics, outputs, classes and labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from conformance.miniatures.losses import first, scaled
from reference.weighting import classes, labels, paths
from reference.weighting.objective import weighted_keras_2_3

Array = np.ndarray[Any, Any]


def _value(bounded: Any) -> float:
    return float(bounded.value)


class MeanOfBatchMeans(Miniature):
    """An epoch reports the plain mean of its batches, uneven last batch or not."""

    dialect = "keras-3"
    clause = "weighting.paths"
    law = "test_every_path_reports_the_loss_of_its_batches"
    notice = "the last, small batch counts as much as the others"
    report = "https://github.com/keras-team/keras/pull/19393"

    @operation("weighting.paths")
    def told(self, x: Array, y: Array, weights: Array | None, batch: int, route: str) -> Any:
        size = len(x) if route in paths.WHOLE else batch
        parts = [slice(start, start + size) for start in range(0, len(x), size)]
        losses = [
            _value(paths.paths_keras_2_3(x[p], y[p], None if weights is None else weights[p], size, route))
            for p in parts
        ]
        return np.asarray(np.mean(losses), np.float32)


class LastBatchDropped(Miniature):
    """An incomplete last batch is left out."""

    dialect = "keras-2"
    clause = "weighting.paths"
    law = "test_every_path_reports_the_loss_of_its_batches"
    notice = "some samples are never judged"

    @operation("weighting.paths")
    def told(self, x: Array, y: Array, weights: Array | None, batch: int, route: str) -> Any:
        kept = len(x) if route in paths.WHOLE else len(x) // batch * batch
        own = None if weights is None else weights[:kept]
        return paths.paths_keras_2_3(x[:kept], y[:kept], own, batch, route)


class BatchesByWeight(Miniature):
    """A batch counts as often as its weights add up to."""

    dialect = "keras-2.2"
    clause = "weighting.paths"
    law = "test_every_path_reports_the_loss_of_its_batches"
    notice = "evaluate reports another loss than the log of the batches says"

    @operation("weighting.paths")
    def told(self, x: Array, y: Array, weights: Array | None, batch: int, route: str) -> Any:
        whole = "call" if weights is not None and weights.any() else route
        return paths.paths_keras_2_2(x, y, weights, batch, whole)


class DatasetUnweighted(Miniature):
    """The weights that stand in a dataset are not looked at."""

    dialect = "keras-3"
    clause = "weighting.paths"
    law = "test_every_path_reports_the_loss_of_its_batches"
    notice = "a pipeline of a dataset learns something else than the arrays it was made of"

    @operation("weighting.paths")
    def told(self, weights: Array | None, route: str, **inputs: Any) -> Any:
        own = None if route.endswith("dataset") else weights
        return paths.paths_keras_2_3(weights=own, route=route, **inputs)


class FlatTargetsBroadcast(Miniature):
    """Targets (samples,) and predictions (samples, 1) are broadcast to (samples, samples)."""

    dialect = "keras-3"
    clause = "weighting.paths"
    law = "test_flat_targets_are_those_of_a_column_of_predictions"
    notice = "a model learns the mean of its targets and nothing else"

    @operation("weighting.paths")
    def told(self, y: Array, **inputs: Any) -> Any:
        every = np.full((len(y), 1), y.mean(), y.dtype) if y.ndim == 1 else y
        return paths.paths_keras_2_3(y=every, **inputs)


class GeneratorUnweighted(Miniature):
    """The third thing that a generator yields is not looked at."""

    dialect = "keras-3"
    clause = "weighting.paths"
    law = "test_every_path_reports_the_loss_of_its_batches"
    notice = "weights work with arrays and not with a generator"

    @operation("weighting.paths")
    def told(self, weights: Array | None, route: str, **inputs: Any) -> Any:
        own = None if route.endswith("generator") else weights
        return paths.paths_keras_2_3(weights=own, route=route, **inputs)


class ValidationUnweighted(Miniature):
    """The weights of validation data are not looked at."""

    dialect = "keras-2"
    clause = "weighting.paths"
    law = "test_every_path_reports_the_loss_of_its_batches"
    notice = "the validation loss cannot be compared with the loss"

    @operation("weighting.paths")
    def told(self, weights: Array | None, route: str, **inputs: Any) -> Any:
        own = None if route == "validation" else weights
        return paths.paths_keras_2_3(weights=own, route=route, **inputs)


class WeightsAlongTime(Miniature):
    """Weights (samples,) are aligned to time where that fits."""

    dialect = "keras-3"
    clause = "weighting.paths"
    law = "test_a_weight_belongs_to_its_sample_on_every_path"
    notice = "the first step of every sample has the first sample's weight"

    @operation("weighting.paths")
    def told(self, x: Array, weights: Array | None, **inputs: Any) -> Any:
        if weights is not None and weights.ndim == 1 and x.shape[1:2] == weights.shape:
            weights = np.broadcast_to(weights, x.shape[:2]).copy()
        return paths.paths_keras_2_3(x=x, weights=weights, **inputs)


class StepUnweighted(Miniature):
    """The step follows the gradient of the loss without weights."""

    dialect = "keras-2"
    clause = "weighting.step"
    law = "test_heavy_samples_move_the_kernel_by_their_weight"
    notice = "weights change what is reported and not what is learned"

    @operation("weighting.step")
    def stepped(self, weights: Array | None, **inputs: Any) -> Any:
        loss, _ = paths.step_keras_2_3(weights=weights, **inputs)
        return loss, paths.step_keras_2_3(weights=None, **inputs)[1]


class MetricWeighted(Miniature):
    """A metric of `metrics=` is weighted."""

    dialect = "keras-2"
    clause = "weighting.metrics"
    law = "test_only_weighted_metrics_are_weighted"
    notice = "accuracy changes with the weights"

    @operation("weighting.metrics")
    def told(self, **inputs: Any) -> Any:
        loss, _, weighted = paths.metrics_keras_2(**inputs)
        return loss, weighted, weighted


class WeightedMetricByCount(Miniature):
    """A weighted metric divides by the number of samples, as the loss does."""

    dialect = "keras-3"
    clause = "weighting.metrics"
    law = "test_only_weighted_metrics_are_weighted"
    notice = "a weighted accuracy above 1"

    @operation("weighting.metrics")
    def told(self, **inputs: Any) -> Any:
        loss, plain, _ = paths.metrics_keras_2(**inputs)
        return loss, plain, loss


class OutputsUnweighted(Miniature):
    """The losses of the outputs are added without their loss weights."""

    dialect = "keras-2"
    clause = "weighting.outputs"
    law = "test_the_losses_of_all_outputs_add_up"
    notice = "an auxiliary output drowns the main one"

    @operation("weighting.outputs")
    def told(self, loss_weights: Any, **inputs: Any) -> Any:
        return paths.outputs_keras_2_3(loss_weights=None, **inputs)


class FirstWeightsForAll(Miniature):
    """Every output has the weights of the first."""

    dialect = "keras-3"
    clause = "weighting.outputs"
    law = "test_the_losses_of_all_outputs_add_up"
    notice = "the weights of the second output have no effect"

    @operation("weighting.outputs")
    def told(self, weights: list[Array] | None, **inputs: Any) -> Any:
        return paths.outputs_keras_2_3(weights=None if weights is None else [weights[0]] * 2, **inputs)


class ReportedAfterLossWeights(Miniature):
    """The loss of an output is reported after its loss weight."""

    dialect = "keras-2"
    clause = "weighting.outputs"
    law = "test_the_losses_of_all_outputs_add_up"
    notice = "the parts add up, and are no losses"

    @operation("weighting.outputs")
    def told(self, loss_weights: list[float] | None, **inputs: Any) -> Any:
        total, *parts = paths.outputs_keras_2_3(loss_weights=loss_weights, **inputs)
        shares = loss_weights or [1.0, 1.0]
        return total, *(scaled(part, share) for part, share in zip(parts, shares, strict=True))


class ClassOfTheFirstColumn(Miniature):
    """The class of a one-hot row is read from its first column."""

    dialect = "keras-2"
    clause = "weighting.class-weight"
    law = "test_a_class_weight_weighs_every_sample_of_its_class"
    notice = "one-hot targets get the weights of the classes 0 and 1"

    @operation("weighting.class-weight")
    def told(self, y_true: Array, y_pred: Array, class_weight: Any, sample_weight: Any) -> Any:
        wrong = np.roll(y_true, 1, axis=1) if y_true.shape[1] > 1 else y_true
        right, ids = classes._classes(y_true), classes._classes(wrong)
        known = all(int(i) in class_weight for i in (*right, *ids))
        swap = {int(r): class_weight[int(i)] for r, i in zip(right, ids, strict=True)} if known else {}
        return classes.class_weight_keras_2(y_true, y_pred, class_weight | swap, sample_weight)


class ClassOfTheFirstStep(Miniature):
    """All steps of a sample are weighted by the class of its first."""

    dialect = "keras-2"
    clause = "weighting.class-weight"
    law = "test_a_class_weight_weighs_every_step_of_its_class"
    notice = "rare labels in a sequence are learned as if they were common"

    @operation("weighting.class-weight")
    def told(self, y_true: Array, y_pred: Array, class_weight: Any, sample_weight: Any) -> Any:
        said = classes.class_weight_keras_2(y_true, y_pred, class_weight, sample_weight)
        if y_true.ndim == 2:
            return said
        ids = np.repeat(classes._classes(y_true)[:, :1], y_true.shape[1], axis=1)
        weights = classes._weights(ids, class_weight, sample_weight)
        return weighted_keras_2_3(y_true, y_pred, weights, None)[0]


class MissingClassWeighsNothing(Miniature):
    """A class without a weight weighs 0."""

    dialect = "keras-3"
    clause = "weighting.class-weight"
    law = "test_a_class_weight_weighs_every_sample_of_its_class"
    notice = "a class that was forgotten is never learned"

    @operation("weighting.class-weight")
    def told(self, y_true: Array, class_weight: dict[int, float], **inputs: Any) -> Any:
        complete = {int(i): 0.0 for i in classes._classes(y_true)} | class_weight
        return classes.class_weight_keras_3(y_true=y_true, class_weight=complete, **inputs)


class ClassWeightReplaces(Miniature):
    """Class weights take the place of sample weights."""

    dialect = "keras-2"
    clause = "weighting.class-weight"
    law = "test_a_class_weight_weighs_every_sample_of_its_class"
    notice = "samples that were given no weight are learned again"

    @operation("weighting.class-weight")
    def told(self, sample_weight: Array | None, **inputs: Any) -> Any:
        return classes.class_weight_keras_2(sample_weight=None, **inputs)


class IgnoredLabelCounted(Miniature):
    """A token with the label -100 counts as one of class 0."""

    dialect = "transformers"
    clause = "weighting.token-labels"
    law = "test_a_label_of_minus_100_does_not_count"
    notice = "padding is learned"

    @operation("weighting.token-labels")
    def told(self, labels: Array, **inputs: Any) -> Any:
        return _token_labels(labels=np.where(labels == -100, 0, labels), **inputs)


class MeanOfSequences(Miniature):
    """The loss is averaged over each sequence first, then over the sequences."""

    dialect = "transformers"
    clause = "weighting.token-labels"
    law = "test_a_label_of_minus_100_does_not_count"
    notice = "tokens of short sequences count more"

    @operation("weighting.token-labels")
    def told(self, labels: Array, logits: Array, **inputs: Any) -> Any:
        rows = [
            _value(_token_labels(labels=labels[i : i + 1], logits=logits[i : i + 1], **inputs))
            for i in range(len(labels))
        ]
        known = [row for row in rows if not np.isnan(row)]
        return np.asarray(np.mean(known) if known else np.nan, np.float32)


class LabelsUnshifted(Miniature):
    """A causal model is judged by the label at the position, not by the next."""

    dialect = "transformers"
    clause = "weighting.token-labels"
    law = "test_a_label_of_minus_100_does_not_count"
    notice = "the model learns to repeat its input"

    @operation("weighting.token-labels")
    def told(self, task: str, **inputs: Any) -> Any:
        return _token_labels(task="masked-lm", **inputs)


class AttentionDropsLabels(Miniature):
    """A token that is not attended to does not count."""

    dialect = "transformers"
    clause = "weighting.token-labels"
    law = "test_a_label_of_minus_100_does_not_count"
    notice = "labels of padding are forgiven, and the loss of other releases is not reproduced"

    @operation("weighting.token-labels")
    def told(self, labels: Array, attention_mask: Array | None, **inputs: Any) -> Any:
        kept = labels if attention_mask is None else np.where(attention_mask == 1, labels, -100)
        return _token_labels(labels=kept, attention_mask=None, **inputs)


class NegativeLabelsIgnored(Miniature):
    """Every label that names no class is ignored."""

    dialect = "transformers"
    clause = "weighting.token-labels"
    law = "test_a_label_of_no_class_is_refused"
    notice = "a label of -1 goes unseen"

    @operation("weighting.token-labels")
    def told(self, labels: Array, logits: Array, **inputs: Any) -> Any:
        legal = (labels >= 0) & (labels < logits.shape[-1])
        return _token_labels(labels=np.where(legal, labels, -100), logits=logits, **inputs)


def _token_labels(**inputs: Any) -> Any:
    with np.errstate(all="ignore"):
        return first(labels.token_labels(**inputs))
