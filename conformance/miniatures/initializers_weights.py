"""Miniatures of the chapter initializers: the function of the answer, and what a weight keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import operation
from conformance.miniatures import Miniature
from reference import initializers
from reference.outcomes import Coins

Array = np.ndarray[Any, Any]


class RecipeForEveryShape(Miniature):
    """The function of the answer serves vectors and kernels of more axes as well."""

    dialect = "keras-2"
    clause = "initializers.recipe"
    law = "test_the_function_of_the_answer_serves_matrices_alone"
    notice = "nothing: it is better than the function that it claims to be"

    @operation("initializers.recipe")
    def drawn(self, shape: tuple[int, ...], dtype: str, seed: int) -> Any:
        return Coins(1, shape, dtype, (0, 1), 0.5, seed)


class RecipeTransposed(Miniature):
    """The function of the answer draws shape[0] classes for each of shape[1] rows."""

    dialect = "keras-3"
    clause = "initializers.recipe"
    law = "test_the_function_of_the_answer_serves_matrices_alone"
    notice = "only square kernels can be built"

    @operation("initializers.recipe")
    def drawn(self, shape: tuple[int, ...], dtype: str, seed: int) -> Any:
        said = initializers.recipe(shape, dtype, seed)
        return Coins(1, said.shape[::-1], dtype, said.values, said.probability, seed)


class WeightThroughUnits(Miniature):
    """A returned array becomes the weight column by column."""

    dialect = "keras-3"
    clause = "initializers.weight"
    law = "test_what_an_initializer_returns_becomes_the_weight"
    notice = "a table that was made by hand is shuffled"

    @operation("initializers.weight")
    def stored(self, shape: tuple[int, int], dtype: str, returned: Array, holder: str) -> Any:
        if returned.shape != shape:
            return initializers.weight(shape, dtype, returned, holder)
        return {"value": returned.T.reshape(shape).astype(dtype), "shape": shape, "dtype": dtype}
