"""The faults of models that people have met: each is a miniature, and all of them are many."""

from __future__ import annotations

import pytest

from conformance.miniatures import gallery

MINIATURES = {
    mini.__name__: mini
    for mini in gallery()
    if mini.__module__.startswith("conformance.miniatures.composition")
}

MET = {
    "trainable is read at the wrong time": ("ReadInStep", "ReadAtMaking", "RecipeReadLate"),
    "frozen batch statistics still move": ("StatisticsMove",),
    "a shared gradient is counted wrongly": ("GradientPerUse", "MeanGradient"),
    "a dict is taken by sorted order": ("SortedKeys",),
    "an extra key is taken for an input": ("ExtraKey",),
    "a clone shares at depth two": ("DeepCloneShares",),
    "a loaded model has lost its sharing": ("SharingLost",),
    "a disconnected output is found only at call": ("FoundAtCall",),
    "a regularizer counts the uses of a weight": ("RegularizedPerUse",),
    "a regularizer counts one use of an activity": ("ActivityOnce",),
}


def test_there_are_twenty_five_at_least() -> None:
    assert len(MINIATURES) >= 25


@pytest.mark.parametrize("fault", MET)
def test_a_fault_that_was_met_is_a_miniature(fault: str) -> None:
    assert set(MET[fault]) <= set(MINIATURES)
    clauses = {MINIATURES[name].clause for name in MET[fault]}
    assert all(clause.startswith("composition.") for clause in clauses)
