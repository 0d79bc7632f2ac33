"""Rival readings are found, by the reference alone, and laws meet what tells them apart."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.rivals import pairs, parted, rivals, unlike
from reference.clause import READINGS, clauses

CLAUSES = [clause for clause in clauses() if clause.startswith(("masking.", "merging.")) and pairs(clause)]

ALIKE = {
    # What Keras 3 adds are layers of which Keras 2 states, in masking.unsupported, that they lose the mask.
    ("masking.propagate", "keras-2", "keras-3"),
    ("masking.propagate", "keras-2.2", "keras-3"),
}
"""Readings by different functions that say the same wherever both say something, with the reason."""


@pytest.mark.parametrize("clause", CLAUSES)
def test_laws_meet_what_tells_two_readings_apart_in_one_of_five_structures(clause: str) -> None:
    """For every two readings there is a smallest case, and a law that meets such cases often."""
    fills = 2 if clause == "masking.recurrent" else 4  # its readings are the slowest of all
    found = rivals(clause, structures=50, fills=fills)
    assert {(one.first, one.second) for one in found} == set(pairs(clause))
    if any(one.case is None for one in found):  # Then one of the two leaves open what the other defines.
        open_ones = rivals(clause, structures=50, fills=fills, apart=unlike)
        found = [one if one.case is not None else other for one, other in zip(found, open_ones, strict=True)]
    shares = {(clause, one.first.name, one.second.name): max(one.met.values()) for one in found}
    assert {pair for pair, share in shares.items() if share < 0.2} == {p for p in ALIKE if p[0] == clause}
    for one in found:
        assert one.case is None or unlike(one.first, one.second, one.case)


MODELS = [clause for clause in clauses() if clause.startswith("composition.") and pairs(clause)]

SAME = {
    # What a release divides by the batch size is all that tells the four readings of Keras apart.
    ("composition.sharing", "keras-3 from 3.14", "keras-2"),
    ("composition.sharing", "keras-3 before 3.14", "keras-2.2"),
}
"""Readings of models by different functions that say the same of every case, with the reason."""


@pytest.mark.parametrize("clause", MODELS)
def test_readings_of_models_part_on_one_of_ten_structures_of_some_law(clause: str) -> None:
    """Models are dear, and large in what can differ: a law may meet a pair of readings less often."""
    # The readings of the GAN are the slowest of all; sequences of actions differ most from each other.
    structures = {"composition.gan": 15, "composition.actions": 150}.get(clause, 50)
    found = rivals(clause, structures, fills=1, apart=unlike)
    assert {(one.first, one.second) for one in found} == set(pairs(clause))
    shares = {(clause, one.first.name, one.second.name): max(one.met.values()) for one in found}
    assert {pair for pair, share in shares.items() if share < 0.1} == {p for p in SAME if p[0] == clause}


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
