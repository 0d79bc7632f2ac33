"""The laws of the chapter initializers.

Laws on random outcomes are of three kinds: form and support, exactly; shares, with enough draws to
catch a coin of 0.51; and independence along every axis. `conformance.statistics` says at which rates.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given

from conformance.law import law
from conformance.strategies import initializers as structures
from conformance.strategies.initializers import Binary, Draws, Given, Kernel, Recipe, Returned
from conformance.trial import Trial


@law("initializers.binary", "shape", "dtype", "support", structures=40)
@given(structure=structures.binaries)
def test_every_entry_is_one_of_the_two_values(backend: Trial, structure: Binary) -> None:
    backend.agrees(structure)


@law("initializers.binary", "probability", structures=10)
@given(structure=structures.large_binaries)
def test_the_upper_value_comes_with_its_probability(backend: Trial, structure: Binary) -> None:
    """Some 400,000 draws a structure: a coin of 0.51 is caught where 0.5 is claimed."""
    backend.draws(structure, "shares")


@law("initializers.binary", "independence", "calls", structures=12)
@given(structure=structures.grids)
def test_rows_columns_neighbors_and_calls_are_independent(backend: Trial, structure: Binary) -> None:
    """Constant, alternating, copied and too even entries are caught, along every axis and across calls."""
    backend.draws(structure, "dependence")


@law("initializers.recipe", "matrix", "vector", "kernel", structures=20)
@given(structure=structures.recipes)
def test_the_function_of_the_answer_serves_matrices_alone(backend: Trial, structure: Recipe) -> None:
    backend.agrees(structure)


@law("initializers.recipe", "matrix", structures=4)
@given(structure=structures.large_recipes)
def test_the_function_of_the_answer_throws_fair_coins(backend: Trial, structure: Recipe) -> None:
    """Some 400,000 draws a structure, as of any binary initializer."""
    backend.draws(structure, "shares")


@law("initializers.kernel", "shape", "binary", "forward", "step", structures=16)
@given(structure=structures.kernels)
def test_a_kernel_is_binary_until_the_first_step(backend: Trial, structure: Kernel) -> None:
    backend.agrees(structure)


@law("initializers.call", "once", "arguments", "class", "no-dtype", "array", "unknown", structures=40)
@given(structure=structures.givens)
def test_a_layer_calls_what_it_is_given_once(backend: Trial, structure: Given) -> None:
    backend.agrees(structure)


@law("initializers.weight", "kept")
@given(structure=structures.kept_returns)
def test_what_an_initializer_returns_becomes_the_weight(backend: Trial, structure: Returned) -> None:
    """Bit for bit, where shape and dtype are those that were asked for."""

    def as_returned(inputs: dict[str, Any]) -> Any:
        return {"value": inputs["returned"], "shape": inputs["shape"], "dtype": inputs["dtype"]}

    backend.gives(structure, as_returned)


@law("initializers.weight", "shape", "dtype", "says")
@given(structure=structures.odd_returns)
def test_a_weight_holds_what_it_says_it_holds(backend: Trial, structure: Returned) -> None:
    """Whatever the initializer returned: refused, or a weight that is as it says."""
    backend.agrees(structure)


@law(
    "initializers.seed",
    "global",
    "custom",
    "one-object",
    "unseeded",
    "other-seed",
    "same-seed",
    structures=40,
)
@given(structure=structures.seeded_draws)
def test_draws_coincide_just_where_the_dialect_says(backend: Trial, structure: Draws) -> None:
    backend.agrees(structure)


@law("initializers.generator", "state", "seed", structures=24)
@given(structure=structures.generator_draws)
def test_a_generator_goes_on_and_starts_alike(backend: Trial, structure: Draws) -> None:
    backend.agrees(structure)
