"""A miniature of the chapter initializers that keeps the form of the answer's function and not its chance."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from conformance.miniatures import Miniature
from reference import initializers
from reference.outcomes import Coins


class RecipeWithoutChance(Miniature):
    """The function of the answer always gives zeros."""

    dialect = "keras-3"
    clause = "initializers.recipe"
    law = "test_the_function_of_the_answer_throws_fair_coins"
    notice = "a layer that starts from coins starts from nothing, and never learns"

    @operation("initializers.recipe")
    def drawn(self, shape: tuple[int, ...], dtype: str, seed: int) -> Any:
        said = initializers.recipe(shape, dtype, seed)
        return Coins(1, said.shape, dtype, said.values, 0.0, seed)
