"""Named behaviors: what a backend does instead of what its dialect says, as functions.

An expectation names one with `behaves-as`, so that any other disagreement is still found.
A behavior takes a case's inputs and returns or raises what a reading would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance import loss_behaviors
from conformance.tolerance import unit_roundoff
from reference.embedding import equivalence
from reference.outcomes import Bounded

Array = np.ndarray[Any, Any]


def products_in_float32(table: Array, ids: Array, upstream: Array, route: str) -> Any:
    """Matrix products of float64 operands are computed in float32, and their result stays float32.

    The output is float32; the gradient of the table goes through float32 and is float64 again.
    """
    value, gradient = equivalence(table, ids, upstream, route)
    if table.dtype != np.float64 or route == "lookup":
        return value, gradient
    single = np.dtype(np.float32)
    ratio = unit_roundoff(single) / unit_roundoff(np.dtype(np.float64))
    return (
        Bounded(value.value, value.magnitude, np.ones((), np.int64), single),
        Bounded(gradient.value, gradient.magnitude * ratio, gradient.roundings + 1, gradient.dtype),
    )


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "products-in-float32": products_in_float32,
    **loss_behaviors.BEHAVIORS,
}
"""Every behavior, by the name that an expectation uses."""
