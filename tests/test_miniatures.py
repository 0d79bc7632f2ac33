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
    # Whether a subnormal number is flushed is OPEN.
    "test_a_subnormal_feature_is_a_number_or_zero",
    # Where no step is valid, NaN and 0 are both allowed: OPEN.
    "test_a_mean_over_no_steps_is_nan_or_zero",
    # The same of merging: OPEN.
    "test_a_row_without_a_valid_step_gives_nan_or_zero",
    # What an empty batch gives is OPEN.
    "test_an_empty_batch_does_what_the_reading_says",
    "test_no_embeddings_do_what_the_reading_says",
    # What a number or a list of numbers asks for is OPEN.
    "test_entries_asked_for_by_number_do_what_the_reading_says",
}
"""Laws that hold no MUST point of a law that a miniature is caught by, with the reason."""
