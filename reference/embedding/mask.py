"""The mask: which positions are padding."""

from __future__ import annotations

import numpy as np

from reference.clause import reading
from reference.embedding.origins import KERAS_2, KERAS_2_2, KERAS_3, Array
from reference.errors import TypeRefused
from reference.outcomes import AnyOf


@reading("embedding.mask", "keras-2.2", source=KERAS_2_2)
@reading("embedding.mask", "keras-2", source=KERAS_2)
@reading("embedding.mask", "keras-3", source=KERAS_3)
def mask(ids: Array, mask_zero: bool, incoming: Array | None = None) -> Array | AnyOf | None:
    """With `mask_zero` an embedding layer masks the positions whose id is 0.

    ids: (batch, ...), integer, bool or floating. mask_zero: the layer's option.
    incoming: a mask that the ids already carry, bool, shape of the ids, or None.
    Returns a mask of the shape of the ids, or None.

    [off] Without `mask_zero` the mask MUST be None.
    [zero] With it the mask MUST be False where the id is 0 and True elsewhere, negative ids included.
    [incoming] A mask that comes in MUST have no influence: it is neither passed on nor merged.
    [as-received] The ids MUST be compared as they were given, before any cast: 0.5 is valid,
        although it looks up row 0.
    [edges] NaN, an infinity, the smallest normal numbers and 2**32 MUST be valid, -0.0 masked.
    [bool] What bool ids give is OPEN: a refusal, or False where the id is False.

    >>> mask(np.array([[0, 3, -1]]), True)
    array([[False,  True,  True]])
    """
    if not mask_zero:
        return None  # [off] [incoming]
    valid = np.asarray(ids != 0)  # [zero] [as-received] [edges] [incoming]
    if ids.dtype == np.bool_:
        return AnyOf((TypeRefused("ids are numbers, these are bool"), valid))  # [bool]
    return valid
