"""The laws of the chapter losses."""

from __future__ import annotations

from hypothesis import example, given

from conformance.law import law
from conformance.strategies import entropies, losses, reductions
from conformance.strategies.entropies import Binary, Categorical, Sparse
from conformance.strategies.losses import Pair, Unaligned
from conformance.strategies.reductions import Reduced
from conformance.trial import Trial


@law("losses.distance", "squared", "absolute", "kink", "last-axis", "gradient", "dtype", structures=30)
@given(structure=losses.distances)
@example(structure=losses.far)
@example(structure=losses.far_in_bfloat16)
@example(structure=losses.near_in_bfloat16)
def test_the_error_is_averaged_over_the_last_axis(backend: Trial, structure: Pair) -> None:
    backend.agrees(structure)


@law("losses.huber", "parabola", "line", "gradient", "dtype", structures=30)
@given(structure=losses.hubers)
@example(structure=losses.steep)
def test_hubers_loss_is_a_parabola_and_then_a_line(backend: Trial, structure: Pair) -> None:
    backend.agrees(structure)


@law("losses.log-cosh", "stable", "gradient", "dtype", structures=30)
@given(structure=losses.errors)
@example(structure=losses.far_errors)
def test_the_logarithm_of_the_hyperbolic_cosine_is_stable(backend: Trial, structure: Pair) -> None:
    backend.agrees(structure)


@law("losses.hinge", "margin", "binary", "gradient", "dtype", structures=30)
@given(structure=losses.hinges)
def test_what_is_beyond_the_margin_costs_nothing(backend: Trial, structure: Pair) -> None:
    backend.agrees(structure)


@law("losses.kl-divergence", "clip", "sum", "gradient", "beyond", structures=30)
@given(structure=losses.divergences)
def test_the_divergence_is_that_of_the_clipped_numbers(backend: Trial, structure: Pair) -> None:
    backend.agrees(structure)


@law("losses.cosine", "normalized", "negative", "zero", structures=30)
@given(structure=losses.directions)
def test_the_same_direction_costs_minus_one(backend: Trial, structure: Pair) -> None:
    backend.agrees(structure)


@law(
    "losses.binary",
    "clip",
    "probabilities",
    "logits",
    "smoothing",
    "gradient",
    "half",
    "beyond",
    structures=30,
)
@given(structure=entropies.binaries)
@example(structure=entropies.mistaken)
@example(structure=entropies.unlikely)
def test_yes_no_questions_cost_their_cross_entropy(backend: Trial, structure: Binary) -> None:
    backend.agrees(structure)


@law("losses.binary", "shape", structures=6)
@given(structure=entropies.misfits)
def test_yes_no_questions_of_another_shape_are_refused(backend: Trial, structure: Binary) -> None:
    backend.agrees(structure)


@law(
    "losses.categorical",
    "normalized",
    "clip",
    "probabilities",
    "logits",
    "smoothing",
    "gradient",
    "beyond",
    structures=30,
)
@given(structure=entropies.categories)
def test_a_choice_among_classes_costs_its_cross_entropy(backend: Trial, structure: Categorical) -> None:
    backend.agrees(structure)


@law("losses.categorical", "axis", "smoothing", structures=40)
@given(structure=entropies.categories_first)
def test_the_classes_may_lie_along_another_axis(backend: Trial, structure: Categorical) -> None:
    backend.agrees(structure)


@law("losses.categorical", "shape", structures=6)
@given(structure=entropies.category_misfits)
def test_targets_that_lack_a_class_are_refused(backend: Trial, structure: Categorical) -> None:
    backend.agrees(structure)


@law(
    "losses.sparse",
    "clip",
    "probabilities",
    "order",
    "logits",
    "ignored",
    "gradient",
    "beyond",
    "dtype",
    structures=30,
)
@given(structure=entropies.sparse)
def test_a_class_id_costs_the_cross_entropy_of_its_class(backend: Trial, structure: Sparse) -> None:
    backend.agrees(structure)


@law("losses.sparse", "axis", structures=20)
@given(structure=entropies.sparse_first)
def test_ids_may_name_classes_along_another_axis(backend: Trial, structure: Sparse) -> None:
    backend.agrees(structure)


@law("losses.sparse", "shape", structures=20)
@given(structure=entropies.sparse_forms)
def test_ids_may_have_a_unit_axis_in_the_place_of_the_classes(backend: Trial, structure: Sparse) -> None:
    """And no other axis more, and no sample more."""
    backend.agrees(structure)


@law("losses.sparse", "range", "device", structures=40)
@given(structure=entropies.sparse_outside)
def test_an_id_of_no_class_does_what_the_reading_says(backend: Trial, structure: Sparse) -> None:
    backend.agrees(structure)


@law("losses.distance", "ranks", "last-axis", structures=20)
@given(structure=losses.unaligned)
def test_targets_with_a_unit_axis_more_or_less_do_what_the_reading_says(
    backend: Trial, structure: Unaligned
) -> None:
    backend.agrees(structure)


@law("losses.huber", "ranks", "broadcast", "parabola", "line", structures=20)
@given(structure=losses.unaligned_hubers)
def test_hubers_loss_aligns_ranks_as_the_reading_says(backend: Trial, structure: Unaligned) -> None:
    backend.agrees(structure)


@law("losses.log-cosh", "ranks", "broadcast", "stable", structures=20)
@given(structure=losses.unaligned_errors)
def test_the_logarithm_of_the_hyperbolic_cosine_aligns_ranks(backend: Trial, structure: Unaligned) -> None:
    backend.agrees(structure)


@law("losses.cosine", "ranks", "negative", "zero", structures=20)
@given(structure=losses.unaligned_directions)
def test_directions_with_a_unit_axis_more_are_aligned(backend: Trial, structure: Unaligned) -> None:
    backend.agrees(structure)


@law(
    "losses.reduced-distance",
    "squared",
    "absolute",
    "huber",
    "smooth",
    "reduction",
    "gradient",
    structures=60,
)
@given(structure=reductions.reduced_distances)
def test_errors_are_reduced_over_all_elements(backend: Trial, structure: Reduced) -> None:
    backend.agrees(structure)


@law("losses.reduced-distance", "broadcast", structures=30)
@given(structure=reductions.broadcast_distances)
def test_different_shapes_are_broadcast(backend: Trial, structure: Reduced) -> None:
    backend.agrees(structure)


@law("losses.reduced-binary", "clamp", "edge", "logits", "reduction", "gradient", structures=60)
@given(structure=reductions.reduced_binaries)
def test_weights_scale_yes_no_questions_and_no_mean_divides_by_them(
    backend: Trial, structure: Reduced
) -> None:
    backend.agrees(structure)


@law("losses.reduced-binary", "shape", "domain", structures=20)
@given(structure=reductions.refused_binaries)
def test_what_is_no_probability_or_of_another_size_is_refused(backend: Trial, structure: Reduced) -> None:
    backend.agrees(structure)


@law(
    "losses.reduced-classes",
    "ids",
    "ignored",
    "smoothing",
    "sum",
    "mean-ids",
    "weightless",
    "gradient",
    structures=80,
)
@given(structure=reductions.reduced_classes)
def test_the_mean_over_ids_divides_by_the_weights_of_the_targets(backend: Trial, structure: Reduced) -> None:
    backend.agrees(structure)


@law("losses.reduced-classes", "distributions", "no-ignoring", "mean-distributions", structures=30)
@given(structure=reductions.reduced_distributions)
def test_the_mean_over_distributions_divides_by_their_number(backend: Trial, structure: Reduced) -> None:
    backend.agrees(structure)


@law("losses.reduced-classes", "ids-dtype", "range", structures=20)
@given(structure=reductions.refused_classes)
def test_ids_of_no_class_or_of_int32_are_refused(backend: Trial, structure: Reduced) -> None:
    backend.agrees(structure)
