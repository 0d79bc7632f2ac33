"""Behaviors of the chapter initializers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def weight_says_the_shape_asked_for(shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Any:
    """A weight holds values of the shape that its initializer returned, and says another one."""
    return {"value": returned.astype(dtype), "shape": shape, "dtype": dtype}


def weight_says_the_dtype_asked_for(shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Any:
    """A weight holds values of the dtype that its initializer returned, and says another one."""
    return {"value": returned.copy(), "shape": returned.shape, "dtype": dtype}


BEHAVIORS: dict[str, Callable[..., Any]] = {
    "weight-says-the-shape-asked-for": weight_says_the_shape_asked_for,
    "weight-says-the-dtype-asked-for": weight_says_the_dtype_asked_for,
}
