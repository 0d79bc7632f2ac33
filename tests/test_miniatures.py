"""Every miniature, a backend that is wrong on purpose, is caught by the law that it names."""

from __future__ import annotations

import pytest

from backends import choose
from conformance import minimize
from conformance.examine import Options, examine
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.miniatures import Miniature, gallery
from conformance.verdict import State
from reference.clause import find

GALLERY = gallery()
LAWS = {law.name: law for law in load_laws().values()}


@pytest.mark.parametrize("miniature", GALLERY, ids=lambda miniature: miniature.__name__)
@pytest.mark.parametrize("seed", [0])
def test_a_miniature_is_caught(
    miniature: type[Miniature], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minimize, "TRIES", 0)  # that it is caught is all that counts here
    handle = LocalHandle(choose(miniature.target()), "cpu")
    verdict, _ = examine(LAWS[miniature.law], handle, Options(seed=seed, shrinking=0.0))
    assert verdict.state is State.FAIL, verdict.reason
    assert not verdict.expected
    assert verdict.divergence is not None
    assert verdict.divergence["clause"] == miniature.clause


@pytest.mark.parametrize("miniature", GALLERY, ids=lambda miniature: miniature.__name__)
def test_a_miniature_says_what_is_wrong_with_it(miniature: type[Miniature]) -> None:
    assert miniature.fault().endswith(".")
    assert miniature.notice.strip()
    assert LAWS[miniature.law].clause == miniature.clause
    reading = find(miniature.clause, miniature.dialect)
    assert reading is not None, "its dialect states the clause"
    held = {point.label: point.strength for point in reading.points}
    assert "MUST" in [held[point] for point in LAWS[miniature.law].points if point in held]
    assert set(miniature.operations) == {miniature.clause}, "one fault, in one operation"


def test_a_law_that_no_miniature_breaks_is_known_and_their_number_may_only_shrink() -> None:
    points = {(mini.clause, point) for mini in GALLERY for point in LAWS[mini.law].points}
    unbroken = {
        law.name
        for law in LAWS.values()
        if law.test.__module__.startswith("conformance.laws.")
        and not any((law.clause, point) in points for point in law.points)
    }
    assert not unbroken - UNBROKEN, "give each of these laws a miniature"
    assert not UNBROKEN - unbroken, "these have a miniature by now: take them out of the list"


UNBROKEN = {
    "test_a_given_table_learns_or_not_as_the_dialect_says",
    "test_a_layer_built_under_the_name_of_a_device_learns",
    "test_a_lazy_step_changes_only_the_rows_that_it_names",
    "test_a_new_table_is_zero_in_its_padding_row_alone",
    "test_a_resized_model_keeps_the_rows_that_it_had",
    "test_a_size_that_is_no_positive_int_does_what_the_reading_says",
    "test_a_table_given_to_the_constructor_is_the_table",
    "test_a_tied_model_has_one_table",
    "test_an_embedding_holds_one_table_and_nothing_else",
    "test_an_id_outside_the_table_has_no_one_hot_row",
    "test_bags_that_make_no_sense_are_refused",
    "test_ids_in_an_array_or_a_list_are_what_the_reading_says",
    "test_lookup_one_hot_product_and_dense_are_one_function",
    "test_masks_of_unequal_shapes_do_what_the_reading_says",
    "test_one_hot_is_the_hashing_trick_with_the_hash_of_python",
    "test_rows_without_ids_are_empty_bags",
    "test_the_function_of_the_answer_serves_matrices_alone",
    "test_the_initializer_is_asked_once_for_the_whole_table",
    "test_the_last_setting_of_trainable_decides",
    "test_what_an_initializer_returns_becomes_the_weight",
}
"""Laws that hold no point of a law that a miniature is caught by. This list may only shrink."""
