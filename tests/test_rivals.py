"""Rival readings are found, by the reference alone, and laws meet what tells them apart."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.law import load_laws
from conformance.rivals import meetings, pairs, parted, smallest
from reference.clause import READINGS, clauses

CHAPTER = [clause for clause in clauses() if clause.startswith("merging.")]


def names(clause: str) -> list[str]:
    return [f"{first.name} and {second.name}" for first, second in pairs(clause)]


def test_the_smallest_case_of_two_mask_rules_is_one_position() -> None:
    found = {f"{one.first.name} and {one.second.name}": one for one in smallest("merging.mask", structures=60)}
    rivals = next(one for name, one in found.items() if "keras-2 and keras-3 from 3.4" in name or (
        "keras-3 from 3.4" in name and "keras-2.2" not in name))
    masks = [mask for mask in rivals.case["masks"] if mask is not None]
    assert sum(mask.size for mask in masks) <= 2


@pytest.mark.parametrize("clause", CHAPTER)
def test_a_case_is_found_for_every_two_readings_that_part(clause: str) -> None:
    """Readings stated by different functions part somewhere, and the laws' structures hold the place."""
    found = smallest(clause, structures=100)
    assert {(one.first.name, one.second.name) for one in found} == {
        (first.name, second.name) for first, second in pairs(clause)
    } - SAME
    for one in found:
        assert parted(one.first, one.second, one.case)


SAME = {
    # Before 3.4 the values are those of Keras 2, but for masks of unequal shape, which do not arrive.
}


@pytest.mark.parametrize("clause", CHAPTER)
def test_a_run_of_100_structures_meets_what_tells_readings_apart_20_times(clause: str) -> None:
    """For every two readings some law meets, in 100 structures, at least 20 on which they part."""
    laws = [law for law in load_laws().values() if law.clause == clause]
    poor = {}
    for first, second in pairs(clause):
        counts = [meetings(law, first, second) for law in laws if law.structures is None or law.structures >= 20]
        best = max(met / of for met, of in counts if of)
        if best < 0.2:
            poor[first.name, second.name] = best
    assert poor == {}


def test_a_reading_does_not_part_from_itself() -> None:
    for reading in READINGS["merging.mask"]:
        masks = [np.array([[True]]), np.array([[False]])]
        inputs = [np.zeros((1, 1, 1), np.float32)] * 2
        assert not parted(reading, reading, {"layer": "Add", "inputs": inputs, "masks": masks})
