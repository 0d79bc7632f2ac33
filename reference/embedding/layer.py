"""What a Keras layer does with its table: loss, constraint, freezing and place."""

from __future__ import annotations

import numpy as np

from reference.clause import reading
from reference.embedding.origins import KERAS_2, KERAS_2_2, KERAS_3, Array
from reference.embedding.step import descend
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import keras, tf_keras


@reading(
    "embedding.regularizer",
    "keras-2.2",
    source=(KERAS_2_2, keras("2.2.5", "engine/base_layer.py", "Layer.add_weight")),
)
@reading(
    "embedding.regularizer",
    "keras-2",
    source=(*KERAS_2, tf_keras("engine/base_layer.py", "Layer._handle_weight_regularization")),
)
@reading(
    "embedding.regularizer",
    "keras-3",
    source=(KERAS_3, keras("v3.15.1", "layers/layer.py", "Layer._get_weight_regularization_losses")),
)
def regularizer(
    table: Array, ids: list[Array], factor: float, *, working: Working = ORACLE
) -> tuple[int, Bounded]:
    """The regularizer adds one loss, of the whole table, however often the layer is called.

    table: finite (vocabulary, dimension). ids: list of integer arrays, one a call of the layer.
    factor: of an L2 regularizer. Returns the number of losses and their sum, a scalar.

    [once] There MUST be one loss, before the first call and after any number of calls.
    [whole] It MUST be factor times the sum of the squares of all rows, looked up or not.
    """
    terms = table.astype(working.dtype).reshape(-1) ** 2
    total = np.zeros((), working.dtype)
    for index in working.order(terms.size):
        total = np.asarray(total + terms[index])  # [whole]
    value = np.asarray(total * np.asarray(factor, working.dtype))
    roundings = np.asarray(terms.size + 1)
    return 1, Bounded(value, np.abs(value), roundings, table.dtype)  # [once]


@reading(
    "embedding.constraint",
    "keras-2.2",
    source=(KERAS_2_2, keras("2.2.5", "optimizers.py", "SGD.get_updates")),
)
@reading(
    "embedding.constraint",
    "keras-2",
    source=(*KERAS_2, tf_keras("optimizers/optimizer.py", "Optimizer.apply_gradients")),
)
@reading(
    "embedding.constraint",
    "keras-3",
    source=(KERAS_3, keras("v3.15.1", "optimizers/base_optimizer.py", "BaseOptimizer.apply")),
)
def constraint(
    table: Array, ids: Array, upstream: Array, learning_rate: float, *, working: Working = ORACLE
) -> Bounded:
    """After a step the constraint is applied to every row of the table.

    table: finite (vocabulary, dimension). ids: legal ids. upstream: whole numbers, ids.shape +
    (dimension,), the gradient that arrives at the output. learning_rate: of plain SGD.
    The constraint is that no element is negative: what is below 0 becomes 0.
    Returns the table after one step.

    [rows] Rows that were not looked up MUST be constrained as well.
    [order] The constraint MUST see the updated table: the step comes first.
    """
    stepped = descend(table, ids, upstream, learning_rate, working)
    return Bounded(
        np.maximum(stepped.value, 0), stepped.magnitude, stepped.roundings, table.dtype
    )  # [rows] [order]


@reading(
    "embedding.place",
    "keras-3",
    source=(KERAS_3, keras("v3.15.1", "backend/common/backend_utils.py", "device")),
)
def place(
    table: Array,
    ids: Array,
    upstream: Array,
    learning_rate: float,
    place: str | None,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A layer that is built under the name of a device learns as one that is built without.

    table: finite (vocabulary, dimension). ids: legal ids. upstream: whole numbers, ids.shape +
    (dimension,), the gradient that arrives at the output. learning_rate: of plain SGD.
    place: what keras.device is given while the layer is built, "cpu:0", or None for nothing.
    Returns the table after one step.

    [learns] The step MUST subtract learning_rate times the gradient, whatever the place.
    """
    return descend(table, ids, upstream, learning_rate, working)  # [learns]


@reading(
    "embedding.trainable",
    "keras-2.2",
    source=(KERAS_2_2, keras("2.2.5", "engine/base_layer.py", "Layer.trainable_weights")),
)
def trainable(settings: list[bool], build_after: int) -> tuple[int, int]:
    """A layer that is not trainable keeps its table among the weights that no step changes.

    settings: what `trainable` is set to, one after another; the first is given to the constructor.
    build_after: the layer is built after so many settings, 1 … len(settings).
    Returns how many weights are trainable and how many are not.

    [last] The last setting MUST decide, whether it came before or after the layer was built.
    [count] The number of weights MUST be 1 in any case.
    """
    return (1, 0) if settings[-1] else (0, 1)  # [last] [count]
