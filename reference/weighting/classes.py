"""Class weights: a weight for every sample, from the class of its target."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.errors import IndexOutOfRange, Refused
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import keras, tf_keras
from reference.weighting.objective import weighted_keras_2_2, weighted_keras_2_3

Array = np.ndarray[Any, Any]


@reading(
    "weighting.class-weight",
    "keras-2.2",
    source=keras("2.2.5", "engine/training_utils.py", "standardize_weights"),
)
def class_weight_keras_2_2(
    y_true: Array,
    y_pred: Array,
    class_weight: dict[int, float],
    sample_weight: Array | None,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A class weight is the weight of every sample of the class, and multiplies the sample's own.

    y_true: float32 (batch, 1), the class as a number, or (batch, classes), one-hot; with steps,
    (batch, time, 1) or (batch, time, classes). y_pred: the same shape. class_weight: from class to
    weight. sample_weight: floating (batch,) or, with steps, (batch, time), or None.
    Returns the loss of a training batch, squared error, a float32 scalar.

    [argmax] The class of a row MUST be its largest column, the first of equals.
    [column] The class in a single column MUST be its value.
    [missing] A class of a target without a weight MUST be refused; keys that are no class do nothing.
    [temporal] Targets with steps MUST be refused.
    [product] Class weight and sample weight MUST be multiplied.
    [divisor] The loss MUST be that of these weights: the sum divided by how many are not 0.
    """
    if y_true.ndim > 2:
        raise Refused(f"class_weight is for targets of one class a sample, got {y_true.shape}")  # [temporal]
    ids = _classes(y_true)  # [argmax] [column]
    if missing := {int(i) for i in ids.ravel()} - set(class_weight):
        raise Refused(f"class_weight lacks the classes {sorted(missing)}")  # [missing]
    weights = _weights(ids, class_weight, sample_weight)  # [product]
    return weighted_keras_2_2(y_true, y_pred, weights, None, working=working)[0]  # [divisor]


@reading(
    "weighting.class-weight",
    "keras-2",
    source=tf_keras("engine/data_adapter.py", "_make_class_weight_map_fn"),
)
def class_weight_keras_2(
    y_true: Array,
    y_pred: Array,
    class_weight: dict[int, float],
    sample_weight: Array | None,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A class weight is the weight of every sample of the class, and multiplies the sample's own.

    y_true: float32 (batch, 1), the class as a number, or (batch, classes), one-hot; with steps,
    (batch, time, 1) or (batch, time, classes). y_pred: the same shape. class_weight: from class to
    weight. sample_weight: floating (batch,) or, with steps, (batch, time), or None.
    Returns the loss of a training batch, squared error, a float32 scalar.

    [argmax] The class of a row MUST be its largest column, the first of equals.
    [column] The class in a single column MUST be its value.
    [missing] Keys that are not just 0 … K − 1 MUST be refused, and on a CPU a class from K on as well.
    [temporal] Of targets with steps, every step MUST be weighted by its own class.
    [product] Class weight and sample weight MUST be multiplied; one a sample counts for all its steps.
    [divisor] The loss MUST be that of these weights: the sum divided by the number of samples.
    """
    ids = _classes(y_true)  # [argmax] [column]
    if sorted(class_weight) != list(range(len(class_weight))):
        raise Refused(f"the keys of class_weight are not 0 … K − 1: {sorted(class_weight)}")  # [missing]
    if (ids >= len(class_weight)).any():
        raise IndexOutOfRange(f"class {ids.max()} has no weight")
    weights = _weights(ids, class_weight, sample_weight)  # [product] [temporal]
    return weighted_keras_2_3(y_true, y_pred, weights, None, working=working)[0]  # [divisor]


@reading(
    "weighting.class-weight",
    "keras-3",
    source=(
        keras("v3.15.1", "trainers/data_adapters/data_adapter_utils.py", "class_weight_to_sample_weights"),
        keras("v3.15.1", "trainers/trainer.py", "Trainer.fit"),
    ),
)
def class_weight_keras_3(
    y_true: Array,
    y_pred: Array,
    class_weight: dict[int, float],
    sample_weight: Array | None,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A class weight is the weight of every sample of the class.

    y_true: float32 (batch, 1), the class as a number, or (batch, classes), one-hot; with steps,
    (batch, time, 1) or (batch, time, classes). y_pred: the same shape. class_weight: from class to
    weight. sample_weight: floating (batch,) or, with steps, (batch, time), or None.
    Returns the loss of a training batch, squared error, a float32 scalar.

    [argmax] The class of a row MUST be its largest column, the first of equals.
    [column] The class in a single column MUST be its value.
    [missing] A class of a target without a weight MUST weigh 1; keys that are no class do nothing.
    [temporal] Of targets with steps, every step MUST be weighted by its own class.
    [product] Class weight together with sample weight MUST be refused.
    [divisor] The loss MUST be that of these weights: the sum divided by the number of samples.
    """
    if sample_weight is not None:
        raise Refused("class_weight and sample_weight cannot be given together")  # [product]
    ids = _classes(y_true)  # [argmax] [column]
    complete = {int(i): 1.0 for i in ids.ravel()} | class_weight  # [missing]
    weights = _weights(ids, complete, None)  # [temporal]
    return weighted_keras_2_3(y_true, y_pred, weights, None, working=working)[0]  # [divisor]


def _classes(y_true: Array) -> Array:
    if y_true.shape[-1] > 1:
        return np.asarray(np.argmax(y_true, axis=-1))
    return np.asarray(np.rint(y_true[..., 0]), np.int64)


def _weights(ids: Array, class_weight: dict[int, float], sample_weight: Array | None) -> Array:
    by_class = np.array([class_weight[int(i)] for i in ids.ravel()], np.float32).reshape(ids.shape)
    if sample_weight is None:
        return by_class
    own = sample_weight.reshape(sample_weight.shape + (1,) * (ids.ndim - sample_weight.ndim))
    return np.asarray(by_class * own, np.float32)
