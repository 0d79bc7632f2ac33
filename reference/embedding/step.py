"""One step of an optimizer: which rows of the table may change, and to what."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.clause import reading
from reference.embedding.gradient import gradient, uses
from reference.embedding.origins import KERAS_2_2, KERAS_3, TORCH, Array
from reference.outcomes import ORACLE, Bounded, Working
from reference.sources import Source, keras, tf_keras, torch

Options = dict[str, float]

_KERAS_OPTIMIZERS: tuple[Source, ...] = (
    KERAS_3,
    keras("v3.15.1", "optimizers/sgd.py", "SGD.update_step"),
    keras("v3.15.1", "optimizers/adam.py", "Adam.update_step"),
)
_TORCH_OPTIMIZERS: tuple[Source, ...] = (
    *TORCH,
    torch("optim/sgd.py", "SGD"),
    torch("optim/adam.py", "Adam"),
)

_ADAM_ROUNDINGS = 16
"""Roundings of one update of Adam, relative to the update.

Two powers, at most 2 each; their distance from 1, at most 2 more each with the dyadic rates of the
laws; a square root, a product and a quotient for the rate; a product, a square root, a sum and a
quotient for the element; one for the difference. The moments of whole gradients are exact.
"""


def descend(table: Array, ids: Array, upstream: Array, learning_rate: float, working: Working) -> Bounded:
    """The table after one step of plain SGD."""
    pull = gradient(table, ids, upstream, working=working)
    rate = np.asarray(learning_rate, working.dtype)
    start = table.astype(working.dtype)
    times = uses(table, ids)[:, None]
    return Bounded(
        start - rate * pull.value,
        np.abs(start) + rate * pull.magnitude,
        np.where(times > 0, times + 2, 0),
        table.dtype,
    )


@reading(
    "embedding.step", "keras-2.2", source=(KERAS_2_2, keras("2.2.5", "optimizers.py", "Adam.get_updates"))
)
@reading(
    "embedding.step",
    "keras-2",
    source=(
        tf_keras("optimizers/sgd.py", "SGD.update_step"),
        tf_keras("optimizers/adam.py", "Adam.update_step"),
    ),
)
@reading("embedding.step", "keras-3", source=_KERAS_OPTIMIZERS)
def step_keras(
    table: Array,
    ids: list[Array],
    upstream: list[Array],
    optimizer: str,
    options: Options,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A step of an optimizer changes the rows that were looked up; Adam also those of earlier steps.

    table: finite (vocabulary, dimension). ids: list of legal ids, one array a step.
    upstream: list of whole numbers, ids.shape + (dimension,), the gradient that arrives at the output.
    optimizer: "sgd" or "adam". options: learning_rate, and for Adam beta_1, beta_2 and epsilon.
    Returns the table after the last step.

    [untouched] A row that no step has named so far MUST stay as it is, bit for bit.
    [sgd] With SGD, a step MUST subtract learning_rate times the gradient of the row.
    [adam] With Adam, a step MUST subtract alpha · m ÷ (√v + epsilon), where m and v are the moving
        averages of the gradient and of its square, after duplicates are summed, and alpha is
        learning_rate · √(1 − beta_2^t) ÷ (1 − beta_1^t).
    [momentum] A row that only an earlier step has named MUST move on with Adam, and stay with SGD.
    """
    if optimizer == "sgd":
        return _descend_all(table, ids, upstream, options["learning_rate"], working)  # [sgd] [untouched]
    return _adam(table, ids, upstream, options, working, rescaled=False)  # [adam] [momentum] [untouched]


@reading("embedding.step", "torch", source=_TORCH_OPTIMIZERS)
def step_torch(
    table: Array,
    ids: list[Array],
    upstream: list[Array],
    optimizer: str,
    options: Options,
    *,
    working: Working = ORACLE,
) -> Bounded:
    """A step of an optimizer changes the rows that were looked up; Adam also those of earlier steps.

    table: finite (vocabulary, dimension). ids: list of legal ids, one array a step.
    upstream: list of whole numbers, ids.shape + (dimension,), the gradient that arrives at the output.
    optimizer: "sgd" or "adam". options: learning_rate, and for Adam beta_1, beta_2 and epsilon.
    Returns the table after the last step.

    [untouched] A row that no step has named so far MUST stay as it is, bit for bit.
    [sgd] With SGD, a step MUST subtract learning_rate times the gradient of the row.
    [adam] With Adam, a step MUST subtract learning_rate · m̂ ÷ (√v̂ + epsilon), where m̂ and v̂ are the
        moving averages of the gradient and of its square, after duplicates are summed, divided by
        1 − beta_1^t and 1 − beta_2^t.
    [momentum] A row that only an earlier step has named MUST move on with Adam, and stay with SGD.
    """
    if optimizer == "sgd":
        return _descend_all(table, ids, upstream, options["learning_rate"], working)  # [sgd] [untouched]
    return _adam(table, ids, upstream, options, working, rescaled=True)  # [adam] [momentum] [untouched]


@reading(
    "embedding.lazy-step",
    "torch",
    source=(torch("optim/sparse_adam.py", "SparseAdam"), torch("optim/_functional.py", "sparse_adam")),
)
def lazy_step(
    table: Array, ids: list[Array], upstream: list[Array], options: Options, *, working: Working = ORACLE
) -> Bounded:
    """SparseAdam changes only the rows that this step has named, and only their averages.

    table: finite (vocabulary, dimension). ids: list of legal ids, one array a step, none empty.
    upstream: list of whole numbers, ids.shape + (dimension,), the gradient that arrives at the output.
    options: learning_rate, beta_1, beta_2 and epsilon. The gradient of the table is a sparse tensor.
    Returns the table after the last step.

    [untouched] A row that no step has named MUST stay as it is, bit for bit.
    [lazy] A row that only an earlier step has named MUST stay, and its averages do not decay.
    [adam] A row that the step names MUST lose alpha · m ÷ (√v + epsilon), with alpha of the number of
        all steps.
    """
    return _adam(
        table, ids, upstream, options, working, rescaled=False, lazy=True
    )  # [untouched] [lazy] [adam]


def _descend_all(
    table: Array, ids: list[Array], upstream: list[Array], rate: float, working: Working
) -> Bounded:
    state = Bounded(table, np.abs(table), np.zeros((len(table), 1), np.int64), table.dtype)
    for step_ids, arriving in zip(ids, upstream, strict=True):
        after = descend(state.value, step_ids, arriving, rate, working)
        change = after.magnitude - np.abs(state.value.astype(working.dtype))
        magnitude = state.magnitude.astype(working.dtype) + change
        state = Bounded(after.value, magnitude, state.roundings + after.roundings, table.dtype)
    return state


def _adam(
    table: Array,
    ids: list[Array],
    upstream: list[Array],
    options: Options,
    working: Working,
    *,
    rescaled: bool,
    lazy: bool = False,
) -> Bounded:
    """Adam; `rescaled` puts epsilon beside the corrected √v̂, `lazy` skips rows that a step does not name."""
    number: Any = working.dtype.type
    rate, epsilon = number(options["learning_rate"]), number(options["epsilon"])
    decay_1, decay_2 = number(options["beta_1"]), number(options["beta_2"])
    one = number(1)
    value = table.astype(working.dtype)
    magnitude, roundings = np.abs(value), np.zeros((len(table), 1), np.int64)
    mean, square = np.zeros_like(value), np.zeros_like(value)
    for time, (step_ids, arriving) in enumerate(zip(ids, upstream, strict=True), 1):
        named = uses(table, step_ids)[:, None] > 0
        moves = named if lazy else np.ones_like(named)
        pull = gradient(table, step_ids, arriving, working=working).value
        mean = np.where(moves, decay_1 * mean + (one - decay_1) * pull, mean)
        square = np.where(moves, decay_2 * square + (one - decay_2) * pull * pull, square)
        scale, root = one - decay_1**time, np.sqrt(one - decay_2**time)
        if rescaled:
            update = rate / scale * mean / (np.sqrt(square) / root + epsilon)
        else:
            update = rate * root / scale * mean / (np.sqrt(square) + epsilon)
        update = np.where(moves, update, 0).astype(working.dtype)
        value, magnitude = value - update, magnitude + np.abs(update)
        roundings = roundings + np.where(update != 0, _ADAM_ROUNDINGS, 0)
    return Bounded(value, magnitude, roundings, table.dtype)
