"""The paths a user takes from weights to a number: calls, batches, epochs, metrics, outputs, a step.

The model of this module gives back its input, so that what it predicts is exact: one Dense unit
without bias whose kernel is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.clause import reading
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import keras, tf_keras
from reference.tracked import Tracked, track
from reference.weighting.objective import weighted_keras_2_2, weighted_keras_2_3
from reference.weighting.parts import fitted

Array = np.ndarray[Any, Any]
Objective = Callable[..., Any]

WHOLE = ("call", "train_on_batch", "test_on_batch")
"""Routes on which everything is one batch."""

_TRAINER = keras("v3.15.1", "trainers/trainer.py", "Trainer.fit")


@reading("weighting.paths", "keras-2.2", source=keras("2.2.5", "engine/training_arrays.py", "test_loop"))
@np.errstate(all="ignore")
def paths_keras_2_2(
    x: Array, y: Array, weights: Array | None, batch: int, route: str, *, working: Working = ORACLE
) -> Bounded:
    """Every path reports the mean over batches of their losses, each as often as it has samples.

    x, y: float32 (samples, 1) or (samples, time, 1); y also (samples,). weights: float32 (samples,), or
    (samples, time) with temporal weights, or None. batch: samples a batch. route: "call", "train_on_batch",
    "test_on_batch", "fit" or "evaluate", each also with "-generator" or "-dataset" for what it is
    given instead of arrays, or "validation".
    Returns the loss that is reported, a float32 scalar; nothing is shuffled and nothing learned.

    [one-batch] On the first three routes everything MUST be one batch, whatever `batch` says.
    [last-batch] On the others the last batch MUST be what remains.
    [weighted] A batch's loss MUST count as often as the batch has samples, whatever their weights.
    [per-batch] A batch's loss MUST be that of its own weights: so batches of unequal counts of zero
        weights make the result another than that of one batch.
    [per-sample] Weights (samples,) MUST belong to the samples, for losses of any rank.
    [flat] Targets (samples,) MUST be those of the samples, on every route but the first; what a loss
        that is called alone makes of them beside predictions (samples, 1), losses.distance says.
    """
    return _over_batches(weighted_keras_2_2, x, _column(y), weights, batch, route, working)  # [flat]


@reading("weighting.paths", "keras-2.3", source=tf_keras("engine/training.py", "Model.evaluate"))
@reading("weighting.paths", "keras-3", since="3.2", source=_TRAINER)
@np.errstate(all="ignore")
def paths_keras_2_3(
    x: Array, y: Array, weights: Array | None, batch: int, route: str, *, working: Working = ORACLE
) -> Bounded:
    """Every path reports the mean over batches of their losses, each as often as it has samples.

    x, y: float32 (samples, 1) or (samples, time, 1); y also (samples,). weights: float32 (samples,) or
    (samples, time), or None. batch: samples a batch. route: "call", "train_on_batch", "test_on_batch",
    "fit" or "evaluate", each also with "-generator" or "-dataset" for what it is given instead of
    arrays, or "validation".
    Returns the loss that is reported, a float32 scalar; nothing is shuffled and nothing learned.

    [one-batch] On the first three routes everything MUST be one batch, whatever `batch` says.
    [last-batch] On the others the last batch MUST be what remains.
    [weighted] A batch's loss MUST count as often as the batch has samples, whatever their weights.
    [same] So without a mask every route MUST report the same, which is the loss of one batch.
    [per-sample] Weights (samples,) MUST belong to the samples, for losses of any rank.
    [flat] Targets (samples,) MUST be those of the samples, on every route but the first; what a loss
        that is called alone makes of them beside predictions (samples, 1), losses.distance says.
    """
    return _over_batches(weighted_keras_2_3, x, _column(y), weights, batch, route, working)  # [same] [flat]


def _column(y: Array) -> Array:
    """Flat targets as a column."""
    return y[:, None] if y.ndim == 1 else y


def _over_batches(
    objective: Objective, x: Array, y: Array, weights: Array | None, batch: int, route: str, working: Working
) -> Bounded:
    whole = track(np.zeros(()), x.dtype, working)
    total, count = whole, 0
    size = len(x) if route in WHOLE else batch  # [one-batch]
    for start in range(0, len(x), size):
        part = slice(start, start + size)  # [last-batch]
        own = None if weights is None else weights[part]  # [per-sample]
        loss = _tracked(objective(y[part], x[part], own, None, working=working)[0], whole)  # [per-batch]
        samples = len(x[part])
        total, count = total + loss * float(samples), count + samples  # [weighted]
    return (total / float(count)).bounded()


def _tracked(bounded: Bounded, like: Tracked) -> Tracked:
    """A result of another reading as a number to go on with."""
    assert bounded.error is not None
    parts = bounded.value, bounded.error, bounded.magnitude
    return Tracked(*parts, like.form, like.working, bounded.flags)


@reading("weighting.step", "keras-2.2", source=keras("2.2.5", "optimizers.py", "SGD"))
@np.errstate(all="ignore")
def step_keras_2_2(
    x: Array, y: Array, weights: Array | None, rate: float, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded]:
    """One step of gradient descent moves the kernel by what the weighted loss says.

    x, y: float32 (samples, 1) or (samples, time, 1). weights: as for weighting.paths. rate: float > 0.
    Returns the loss that train_on_batch reports and the kernel afterwards, (1, 1), 1 before.

    [before] The reported loss MUST be that of the kernel before the step.
    [step] The kernel MUST move by −rate times Σ x·(gradient of the weighted loss).
    """
    return _stepped(weighted_keras_2_2, x, y, weights, rate, working)


@reading("weighting.step", "keras-2.3", source=(tf_keras("engine/training.py", "Model.train_step"), _TRAINER))
@np.errstate(all="ignore")
def step_keras_2_3(
    x: Array, y: Array, weights: Array | None, rate: float, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded]:
    """One step of gradient descent moves the kernel by what the weighted loss says.

    x, y: float32 (samples, 1) or (samples, time, 1). weights: as for weighting.paths. rate: float > 0.
    Returns the loss that train_on_batch reports and the kernel afterwards, (1, 1), 1 before.

    [before] The reported loss MUST be that of the kernel before the step.
    [step] The kernel MUST move by −rate times Σ x·(gradient of the weighted loss): a sample moves it
        by just as much more as it weighs more.
    """
    return _stepped(weighted_keras_2_3, x, y, weights, rate, working)


def _stepped(
    objective: Objective, x: Array, y: Array, weights: Array | None, rate: float, working: Working
) -> tuple[Bounded, Bounded]:
    loss, slope = objective(y, x, weights, None, working=working)  # [before]
    given = track(x, x.dtype, working)
    gradient = (_tracked(slope, given) * given).sum()
    kernel = given.constant(1.0) - gradient * given.constant(rate)  # [step]
    return loss, kernel.reshape((1, 1)).bounded()


@reading("weighting.metrics", "keras-2.2", source=keras("2.2.5", "engine/training.py", "Model.compile"))
@np.errstate(all="ignore")
def metrics_keras_2_2(
    x: Array, y: Array, weights: Array, batch: int, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded, Bounded]:
    """A metric is an objective of its own, without the weights or with them.

    x, y: float32 (samples, 1). weights: float32 (samples,). batch: samples a batch.
    Returns what evaluate reports: the loss, the plain and the weighted squared error.

    [plain] `metrics` MUST ignore the weights.
    [weighted] `weighted_metrics` MUST be the weighted objective of each batch, averaged as the loss is.
    """
    loss = _over_batches(weighted_keras_2_2, x, y, weights, batch, "evaluate", working)
    plain = _over_batches(weighted_keras_2_2, x, y, None, batch, "evaluate", working)  # [plain]
    return loss, plain, loss  # [weighted]


@reading(
    "weighting.metrics",
    "keras-2",
    source=(
        tf_keras("engine/compile_utils.py", "MetricsContainer.update_state"),
        keras("v3.15.1", "trainers/compile_utils.py", "CompileMetrics.update_state"),
    ),
)
@np.errstate(all="ignore")
def metrics_keras_2(
    x: Array, y: Array, weights: Array, batch: int, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded, Bounded]:
    """Metrics ignore weights, weighted metrics divide by their sum, and the loss does neither.

    x, y: float32 (samples, 1). weights: float32 (samples,). batch: samples a batch.
    Returns what evaluate reports: the loss, the plain and the weighted squared error.

    [plain] `metrics` MUST ignore the weights: the mean over all samples of all batches.
    [weighted] `weighted_metrics` MUST be the sum over all batches of weight times value, divided by
        the sum of the weights, and 0 if that is 0.
    [loss] The loss MUST be the weighted sum divided by the number of samples: another number.
    """
    loss = _over_batches(weighted_keras_2_3, x, y, weights, batch, "evaluate", working)  # [loss]
    plain = _over_batches(weighted_keras_2_3, x, y, None, batch, "evaluate", working)  # [plain]
    error = track(x, x.dtype, working) - track(y, x.dtype, working)
    given = fitted(weights, error)
    total, weight = ((error * error).mean(-1) * given).sum(), given.sum()
    weighted = total.constant(0.0) if weight.value == 0 else total / weight  # [weighted]
    return loss, plain, weighted.bounded()


@reading("weighting.outputs", "keras-2.2", source=keras("2.2.5", "engine/training.py", "Model.compile"))
@np.errstate(all="ignore")
def outputs_keras_2_2(
    x: Array,
    targets: list[Array],
    weights: list[Array] | None,
    loss_weights: list[float] | None,
    *,
    working: Working = ORACLE,
) -> tuple[Bounded, ...]:
    """The loss of a model is the sum of the losses of its outputs, each times its loss weight.

    x: float32 (samples, 1), which both outputs give back. targets: two of the shape of x.
    weights: two of shape (samples,), or None. loss_weights: two numbers, or None.
    Returns what test_on_batch reports: the total and the loss of each output.

    [sum] The total MUST be the sum of loss weight times loss; a loss weight is 1 if none is given.
    [report] The loss of an output MUST be reported before its loss weight.
    [own] Each output MUST have its own weights.
    """
    return _outputs(weighted_keras_2_2, x, targets, weights, loss_weights, working)


@reading(
    "weighting.outputs",
    "keras-2.3",
    source=(
        tf_keras("engine/compile_utils.py", "LossesContainer.__call__"),
        keras("v3.15.1", "trainers/compile_utils.py", "CompileLoss.call"),
    ),
)
@np.errstate(all="ignore")
def outputs_keras_2_3(
    x: Array,
    targets: list[Array],
    weights: list[Array] | None,
    loss_weights: list[float] | None,
    *,
    working: Working = ORACLE,
) -> tuple[Bounded, ...]:
    """The loss of a model is the sum of the losses of its outputs, each times its loss weight.

    x: float32 (samples, 1), which both outputs give back. targets: two of the shape of x.
    weights: two of shape (samples,), or None. loss_weights: two numbers, or None.
    Returns what test_on_batch reports: the total and the loss of each output.

    [sum] The total MUST be the sum of loss weight times loss; a loss weight is 1 if none is given.
    [report] The loss of an output MUST be reported before its loss weight.
    [own] Each output MUST have its own weights.
    """
    return _outputs(weighted_keras_2_3, x, targets, weights, loss_weights, working)


def _outputs(
    objective: Objective,
    x: Array,
    targets: list[Array],
    weights: list[Array] | None,
    loss_weights: list[float] | None,
    working: Working,
) -> tuple[Bounded, ...]:
    total = track(np.zeros(()), x.dtype, working)
    reported: list[Bounded] = []
    for index, target in enumerate(targets):
        own = None if weights is None else weights[index]  # [own]
        loss = objective(target, x, own, None, working=working)[0]
        reported.append(loss)  # [report]
        share = 1.0 if loss_weights is None else loss_weights[index]
        total = total + _tracked(loss, total) * share  # [sum]
    return total.bounded(), *reported
