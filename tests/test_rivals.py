"""Rival readings are found, by the reference alone, and laws meet what tells them apart."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.rivals import pairs, parted, rivals
from reference.clause import READINGS, clauses

CHAPTER = [clause for clause in clauses() if clause.startswith("merging.") and pairs(clause)]


@pytest.mark.parametrize("clause", CHAPTER)
def test_laws_meet_what_tells_two_readings_apart_in_20_of_100_structures(clause: str) -> None:
    """For every two readings there is a smallest case, and a law that meets such cases often."""
    found = rivals(clause, structures=100, fills=4)
    assert {(one.first, one.second) for one in found} == set(pairs(clause))
    shares = {(one.first.name, one.second.name): max(one.met.values()) for one in found}
    assert {pair: share for pair, share in shares.items() if share < 0.2} == {}
    for one in found:
        assert one.case is not None and parted(one.first, one.second, one.case)


def test_and_and_or_are_told_apart_by_one_position() -> None:
    (one,) = (
        one
        for one in rivals("merging.mask", structures=100, fills=4)
        if {one.first.name, one.second.name} == {"keras-2", "keras-3 from 3.4"}
    )
    assert one.case is not None
    assert sum(mask.size for mask in one.case["masks"] if mask is not None) <= 2


def test_a_reading_does_not_part_from_itself() -> None:
    masks = [np.array([[True]]), np.array([[False]])]
    inputs = [np.zeros((1, 1, 1), np.float32)] * 2
    for reading in READINGS["merging.mask"]:
        assert not parted(reading, reading, {"layer": "Add", "inputs": inputs, "masks": masks})
