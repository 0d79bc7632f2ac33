"""`max_norm`: rows that are scaled down as they are looked up."""

from __future__ import annotations

import numpy as np

from reference.clause import reading
from reference.embedding.origins import TORCH, Array, native
from reference.outcomes import ORACLE, Bounded, Working

_FUZZ = 1e-7


@reading("embedding.max-norm", "torch", source=(*TORCH, native("Embedding.cpp", "embedding_renorm_cpu_")))
def max_norm(
    table: Array, ids: Array, max_norm: float, norm_type: float, *, working: Working = ORACLE
) -> tuple[Bounded, Bounded]:
    """With `max_norm` every row that is looked up and is longer is first scaled down, in the table itself.

    table: whole numbers (vocabulary, dimension). ids: legal ids. max_norm: above 0.
    norm_type: the p of the p-norm, 1, 2, 3 or infinity.
    Returns the output, and the table afterwards.

    [scaled] A row that occurs among the ids and has a norm above max_norm MUST be multiplied by
        max_norm ÷ (norm + 1e-7), once, however often it occurs.
    [kept] All other rows MUST stay as they are, one whose norm is max_norm included.
    [in-place] The table itself MUST be changed.
    [output] The output MUST be the rows of the changed table.

    >>> output, table = max_norm(np.array([[3.0, 4.0], [6.0, 8.0]]), np.array([1, 1]), 5.0, 2.0)
    >>> table.value.round(4)
    array([[3., 4.],
           [3., 4.]])
    """
    rows = table.astype(working.dtype)
    magnitudes = np.abs(rows)
    if np.isinf(norm_type):
        norms = magnitudes.max(axis=1)
    else:
        power = working.dtype.type(norm_type)
        norms = (magnitudes**power).sum(axis=1) ** (working.dtype.type(1) / power)
    occurs = np.isin(np.arange(len(table)), ids)
    long = occurs & (norms > max_norm)  # [scaled] [kept]
    factors = np.where(long, max_norm / (norms.astype(np.float64) + _FUZZ), 1.0).astype(working.dtype)
    changed = rows * factors[:, None]  # [in-place]
    roundings = np.where(long, 2 * table.shape[1] + 8, 0)[:, None]
    after = Bounded(changed, np.abs(changed), roundings, table.dtype)
    taken = np.broadcast_to(roundings, table.shape)[ids]
    return Bounded(changed[ids], np.abs(changed[ids]), taken, table.dtype), after  # [output]
